"""Processes for one test, all with a mark that nothing else on this machine bears, and swapctl to find them.

Whatever the tests start, and what that starts in turn, has a limit that is a number of its own (RLIMIT_RTTIME: only
real-time programs take notice). By that number the rest is found in the end, without reading anybody's memory.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Union

import pytest

from tests.support import ROOT, missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Word = Union[str, bytes, Path]

NOBODY = 65534
KERNEL = tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])

# A victim's program stands behind this. It ends with this process, whatever becomes of it.
PRELUDE = """\
import ctypes, os, signal, sys, time

libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def say(text="ready"):
    os.write(1, f"{text}\\n".encode())


def sleep():
    say()
    while True:
        time.sleep(60)


def become(user, group=None):
    os.setgroups([])
    os.setresgid(*[user if group is None else group] * 3)
    os.setresuid(user, user, user)
    libc.prctl(4, 1)  # PR_SET_DUMPABLE
    libc.prctl(1, signal.SIGKILL)


def name(raw):
    libc.prctl(15, raw)  # PR_SET_NAME


def start(*argv):  # with nothing of it on this process's own command line
    pid = os.fork()
    if not pid:
        libc.prctl(1, signal.SIGKILL)
        os.execv(argv[0], argv)
    return pid


"""
SLEEP = "sleep()"

_LIMIT = uuid.uuid4().int >> 66  # less than the largest that there is, 2 ** 63
_SWAPCTL = ("-S", "-m", "swapctl")  # -S: the standard library has to do
_PATIENCE = 30.0


class Run(NamedTuple):
    """A swapctl that has ended."""

    code: int
    out: str
    err: str
    elapsed: float

    @property
    def json(self) -> Any:
        """What it printed."""
        return json.loads(self.out)

    @property
    def pids(self) -> list[int]:
        """The processes that it found, or dealt with, in order."""
        return [one["pid"] for one in self.json["processes"]]

    @property
    def only(self) -> dict[str, Any]:
        """The one process that it found, or dealt with."""
        (one,) = self.json["processes"]
        return one  # type: ignore[no-any-return]


class Victim:
    """A process of the test. It is reaped when it ends, at once, unless the test wants it to stay a zombie."""

    def __init__(self, process: subprocess.Popen[bytes], *, reap: bool) -> None:
        self.pid = process.pid
        self._process = process
        self._descriptor = os.pidfd_open(process.pid)
        self._reaper = threading.Thread(target=self._reap, daemon=True)
        self._output = b""
        if reap:
            self._reaper.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return not _readable(self._descriptor, 0)

    @property
    def inode(self) -> int:
        """The number that no other process ever has."""
        return os.fstat(self._descriptor).st_ino

    @property
    def status(self) -> int:
        """Its exit code, or the negative number of the signal that ended it."""
        self._reaper.join(_PATIENCE)
        assert self._process.returncode is not None, f"{self.pid} has not ended"
        return self._process.returncode

    def send(self, number: int) -> None:
        """Send a signal."""
        signal.pidfd_send_signal(self._descriptor, number)

    def heard(self) -> str:
        """Return the next line that it says."""
        deadline = time.monotonic() + _PATIENCE
        output = self._process.stdout
        assert output
        while b"\n" not in self._output:
            assert _readable(output.fileno(), deadline - time.monotonic()), f"{self.pid} says nothing"
            part = os.read(output.fileno(), 4096)
            assert part, f"{self.pid} has ended and said only {self._output!r}"
            self._output += part
        line, _newline, self._output = self._output.partition(b"\n")
        return line.decode()

    def tell(self) -> None:
        """Have it go on."""
        assert self._process.stdin
        self._process.stdin.write(b"\n")

    def close(self) -> None:
        """Reap it, and give back what it is held by."""
        if self._reaper.ident is None:
            self._reaper.start()
        self._reaper.join(_PATIENCE)
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()
        os.close(self._descriptor)

    def _reap(self) -> None:  # in its thread alone: the policy stays, and whatever is started then inherits it
        with contextlib.suppress(OSError):  # so that it is soon enough, however busy the machine is
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
        self._process.wait()


class Stage:
    """See the module."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.mark = f"m{uuid.uuid4().hex[:11]}"  # fits into a name of the kernel's
        self._victims: list[Victim] = []
        self._public: Path | None = None
        self._scripts = 0

    # victims

    def script(self, source: str) -> Path:
        """Return a file that holds a program."""
        self._scripts += 1
        path = self.directory / f"program-{self._scripts}.py"
        path.write_text(PRELUDE + textwrap.dedent(source), encoding="utf-8")
        return path

    def victim(
        self,
        source: str = SLEEP,
        *arguments: Word,
        marked: bool = True,
        env: Mapping[str, str] | None = None,
        new_session: bool = False,
        reap: bool = True,
    ) -> Victim:
        """Start a program and wait until it says that it is ready; *marked*: the mark is its first argument."""
        mark = (self.mark,) if marked else ()
        argv = (sys.executable, "-S", self.script(source), *mark, *arguments)
        victim = self.start(*argv, env=env, new_session=new_session, reap=reap)
        assert victim.heard() == "ready"
        return victim

    def start(
        self,
        *argv: Word,
        executable: Word | None = None,
        env: Mapping[str, str] | None = None,
        new_session: bool = False,
        reap: bool = True,
    ) -> Victim:
        """Start any program, and do not wait for it to say something."""
        with _limited():
            process = subprocess.Popen(
                argv,
                executable=executable,
                env={**_environment(), **(env or {})},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                start_new_session=new_session,
            )
        victim = Victim(process, reap=reap)
        self._victims.append(victim)
        return victim

    # swapctl

    def swapctl(
        self,
        *arguments: Word,
        wrapper: tuple[Word, ...] = (),
        nobody: bool = False,
        env: Mapping[str, str] | None = None,
        text: bool = False,
    ) -> Run:
        """Run swapctl; what it finds comes as JSON, or as *text*."""
        command = self.command(nobody=nobody)
        return self.run(*wrapper, *command, *arguments, *(() if text else ("--json",)), env=env)

    def command(self, *, nobody: bool = False) -> tuple[Word, ...]:
        """Return the words that start swapctl, as root or as *nobody*."""
        return self._as_nobody() if nobody else (sys.executable, *_SWAPCTL)

    @property
    def environment(self) -> dict[str, str]:
        """What swapctl is started with."""
        return {**_environment(), "PYTHONPATH": str(self._public or ROOT)}

    def run(self, *argv: Word, env: Mapping[str, str] | None = None, given: str = "") -> Run:
        """Run a program that runs swapctl; *given* is its input."""
        began = time.monotonic()
        with _limited():
            process = subprocess.Popen(
                argv,
                cwd=self._public or ROOT,
                env={**self.environment, **(env or {})},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        try:
            out, err = process.communicate(given.encode(), timeout=2 * _PATIENCE)
        finally:
            process.kill()
            process.wait()
        elapsed = time.monotonic() - began
        said, complained = (text.decode("utf-8", "surrogateescape") for text in (out, err))
        run = Run(process.returncode, said, complained, elapsed)
        assert "Traceback" not in run.err, run.err
        return run

    def find(self, *arguments: Word, **how: Any) -> list[int]:
        """Return the processes that swapctl finds; *arguments* without a pattern: among those with the mark."""
        run = self.swapctl("find", self.mark, *arguments, **how)
        assert run.code == (0 if run.pids else 1), run.err
        assert run.json["unknown"] == []
        return run.pids

    def _as_nobody(self) -> tuple[Word, ...]:
        """Return how an ordinary user runs swapctl, who may be able to read neither this checkout nor this Python."""
        need("setpriv")
        if self._public is None:
            self._public = Path(tempfile.mkdtemp(prefix="swapctl-"))
            self._public.chmod(0o755)
            shutil.copytree(ROOT / "swapctl", self._public / "swapctl", ignore=shutil.ignore_patterns("__pycache__"))
            for path in self._public.rglob("*"):
                path.chmod(0o755)
        user = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
        for python in (sys.executable, "/usr/bin/python3"):
            works = subprocess.run([*user, "sh", "-c", '"$0" -c ""', python], check=False, capture_output=True)
            if not works.returncode:  # setpriv itself may run it
                return (*user, python, *_SWAPCTL)
        return missing("no Python that an ordinary user can run")

    # the end

    def close(self) -> None:
        """Kill what the test has started; what that has started dies with it, or is swept up."""
        for victim in self._victims:
            with contextlib.suppress(ProcessLookupError):
                victim.send(signal.SIGKILL)
        for victim in self._victims:  # now that none is traced any more
            victim.close()
        if self._public:
            shutil.rmtree(self._public)


def sweep() -> None:
    """Kill all that is left of what was started here, wherever it went."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        left = [pid for pid in map(int, filter(str.isdecimal, os.listdir("/proc"))) if _has_the_limit(pid)]
        killed = [_kill(pid) for pid in left if pid != os.getpid()]
        if not any(killed):
            break
        assert time.monotonic() < deadline, f"{left} do not end"


def _kill(pid: int) -> bool:
    """Kill one that has the limit; return whether there was one."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:  # it has ended, or is just ending
        return False
    try:
        if not _has_the_limit(pid) or _readable(descriptor, 0):
            return False
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        _readable(descriptor, 1)
    except ProcessLookupError:
        return False
    finally:
        os.close(descriptor)
    return True


def _has_the_limit(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:
            return f" {_LIMIT} " in file.read()
    except OSError:
        return False


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_RTTIME)
    resource.setrlimit(resource.RLIMIT_RTTIME, (_LIMIT, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_RTTIME, before)


def need(*programs: str) -> None:
    """Leave the test, or fail it where everything must be there, if a program is not installed."""
    absent = [name for name in programs if not shutil.which(name)]
    if absent:
        missing(f"not installed: {', '.join(absent)}")


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until *condition* holds."""
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"after {_PATIENCE:g} s still not: {what}", pytrace=False)
        time.sleep(0.005)


def stat(pid: int | str) -> list[str]:
    """Return what proc(5) says of a process, or of a thread given as PID/task/TID: state, parent, group, session ..."""
    raw = Path(f"/proc/{pid}/stat").read_bytes()
    return raw[raw.rindex(b")") + 2 :].decode().split()


def state(pid: int | str) -> str:
    """Return the letter of a process's state."""
    return stat(pid)[0]


def told(status: int) -> int | None:
    """Return what swapctl knows of a *status*: before Linux 6.15, only a parent is told."""
    return status if KERNEL >= (6, 15) else None


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SSH_"))}
    return {**kept, "LC_ALL": "C.UTF-8"}


def _readable(descriptor: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(0, seconds) * 1000))
