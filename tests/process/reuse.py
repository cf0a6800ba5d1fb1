"""Give the number of a process to another one just when a program is about to act on it (ptrace(2)).

It runs in a PID namespace of its own, where nobody else takes a number:
unshare --pid --fork --mount-proc python3 -m tests.process.reuse. The case is read as JSON, so that no command line bears
the victim's name; in its program's arguments PID:INODE stands for the victim's. What became of all is printed as JSON.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import signal
import struct
import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.restype = ctypes.c_long
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

# linux/ptrace.h
_TRACEME, _SYSCALL, _SETOPTIONS, _GET_SYSCALL_INFO = 0, 24, 0x4200, 0x420E
_TRACESYSGOOD, _TRACECLONE, _TRACEEXEC, _EXITKILL = 1, 8, 0x10, 0x100000
_ENTRY = 1
_INFO = struct.Struct("=B3xIQQ7Q")
_WALL = 0x40000000
_SET_NAME = 15

# Newer calls have the same number on every machine.
NUMBERS = {
    "x86_64": {"openat": 257, "getdents64": 217, "kill": 62},
    "aarch64": {"openat": 56, "getdents64": 61, "kill": 129},
}.get(platform.machine(), {})
NUMBERS |= {"pidfd_open": 434, "pidfd_send_signal": 424}

_TICK = 1 / os.sysconf("SC_CLK_TCK")


class Call(NamedTuple):
    """A system call that a thread of the program is about to make."""

    thread: int
    number: int
    args: tuple[int, ...]

    def path(self, address: int) -> bytes:
        """Return a text in the program's memory."""
        with open(f"/proc/{self.thread}/mem", "rb", buffering=0) as memory:
            memory.seek(address)
            return memory.read(64).partition(b"\0")[0]


# When the number changes hands: at the call that a condition holds for.
MOMENTS: dict[str, tuple[str, Callable[[Call, int], bool]]] = {
    "list": ("getdents64", lambda call, _pid: os.readlink(f"/proc/{call.thread}/fd/{call.args[0]}") == "/proc"),
    "pin": ("openat", lambda call, pid: call.path(call.args[1]) == str(pid).encode()),
    "pidfd_open": ("pidfd_open", lambda call, pid: call.args[0] == pid),
    "TERM": ("pidfd_send_signal", lambda call, _pid: call.args[1] == signal.SIGTERM),
    "KILL": ("pidfd_send_signal", lambda call, _pid: call.args[1] == signal.SIGKILL),
    "kill": ("kill", lambda call, pid: call.args[0] == pid),
}


class Program:
    """A program that is held at each of its system calls."""

    def __init__(self, argv: list[str], output: int) -> None:
        self.code: int | None = None
        self._leader = os.fork()
        if not self._leader:
            os.dup2(output, 1)
            _ptrace(_TRACEME, 0)
            os.kill(os.getpid(), signal.SIGSTOP)
            os.execv(argv[0], argv)  # noqa: S606 (no shell is what is wanted)
        os.waitpid(self._leader, 0)
        _ptrace(_SETOPTIONS, self._leader, 0, _TRACESYSGOOD | _TRACECLONE | _TRACEEXEC | _EXITKILL)
        self._threads = {self._leader}
        self._held = self._leader

    def run_to(self, moment: str, pid: int) -> bool:
        """Let it run until it is about to make the call; False if it ends without."""
        name, condition = MOMENTS[moment]
        return self._run(lambda call: call.number == NUMBERS[name] and condition(call, pid))

    def finish(self) -> int:
        """Let it run to its end; return its exit status."""
        self._run(lambda _call: False)
        assert self.code is not None
        return self.code

    def _run(self, stop: Callable[[Call], bool]) -> bool:
        self._go_on(self._held)
        while self.code is None:
            thread, status = os.waitpid(-1, _WALL)
            if not os.WIFSTOPPED(status):
                self._ended(thread, status)
                continue
            number = os.WSTOPSIG(status)
            if number == signal.SIGTRAP | 0x80:
                call = _call(thread)
                if call and stop(call):
                    self._held = thread
                    return True
                number = 0
            elif number == signal.SIGTRAP or thread not in self._threads:  # an event, and where a thread begins
                number = 0
            self._threads.add(thread)
            self._go_on(thread, number)
        return False

    def _go_on(self, thread: int, number: int = 0) -> None:
        with contextlib.suppress(ProcessLookupError):
            _ptrace(_SYSCALL, thread, 0, number)

    def _ended(self, thread: int, status: int) -> None:
        self._threads.discard(thread)
        if thread == self._leader:
            self.code = os.waitstatus_to_exitcode(status)


class Actor:
    """A child that answers as long as it lives."""

    def __init__(self, name: str, number: int | None = None, *, ignores: tuple[int, ...] = ()) -> None:
        asked, asks = os.pipe()
        answers, answer = os.pipe()
        self.pid = _fork(number)
        if not self.pid:
            os.close(asks)
            os.close(answers)
            _act(name, asked, answer, ignores)
        os.close(asked)
        os.close(answer)
        self._asks, self._answers = asks, answers
        assert self.lives()
        self.start = _start(self.pid)

    def lives(self) -> bool:
        """Whether it answers: what a signal has killed does not, even if it is still there for a moment."""
        try:
            os.write(self._asks, b"?")
        except BrokenPipeError:
            return False
        return os.read(self._answers, 1) == b"!"

    def end(self) -> None:
        """Kill it, and give its number back."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


class Child:
    """The child of a child, which takes the name; it has none itself."""

    def __init__(self, name: str) -> None:
        answers, answer = os.pipe()
        if not os.fork():
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # it reaps at once
            child = os.fork()
            if child:
                _set_name(name)
                os.write(answer, str(child).encode())
            while True:
                signal.pause()
        self.pid = int(os.read(answers, 16))
        self.start = _start(self.pid)

    def end(self) -> None:
        """Kill it, and wait until its number is free."""
        os.kill(self.pid, signal.SIGKILL)
        while os.path.exists(f"/proc/{self.pid}"):
            pass


def main(case: dict[str, Any]) -> dict[str, Any]:
    """Play one case."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    output = os.memfd_create("output")
    name, moment = case["name"], case["moment"]
    if moment == "before":
        victim: Actor | Child = Actor(name)
        words = {"PID:INODE": f"{victim.pid}:{_inode(victim.pid)}"}
        innocent = _replace(victim)
        program = Program([words.get(word, word) for word in case["program"]], output)
    else:
        program = Program(case["program"], output)
        assert program.run_to("list", 0), "it lists no processes"
        _wait_for_a_fresh_tick()
        victim = Child(name) if case.get("child") else Actor(name, ignores=tuple(case.get("ignores", ())))
        assert program.run_to(moment, victim.pid), f"it ends before {moment}"
        innocent = _replace(victim, reuse=case.get("reuse", True))
    code = program.finish()
    return {
        "pid": victim.pid,
        "same_tick": innocent is not None and innocent.start == victim.start,
        "innocent_lives": innocent is not None and innocent.lives(),
        "code": code,
        "out": os.pread(output, 1 << 20, 0).decode(),
    }


def _replace(victim: Actor | Child, *, reuse: bool = True) -> Actor | None:
    victim.end()
    return Actor("innocent", victim.pid) if reuse else None


def _fork(number: int | None) -> int:
    """Fork a child with that number."""
    while True:
        if number:
            with open("/proc/sys/kernel/ns_last_pid", "w", encoding="ascii") as file:
                file.write(str(number - 1))
        pid = os.fork()
        if number in {None, pid} or not pid:
            return pid
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _act(name: str, asked: int, answer: int, ignores: tuple[int, ...]) -> NoReturn:
    _set_name(name)
    for number in ignores:
        signal.signal(number, signal.SIG_IGN)
    while os.read(asked, 1):
        os.write(answer, b"!")
    os._exit(0)


def _set_name(name: str) -> None:
    _libc.prctl(_SET_NAME, name.encode())


def _call(thread: int) -> Call | None:
    buffer = ctypes.create_string_buffer(_INFO.size)
    _ptrace(_GET_SYSCALL_INFO, thread, _INFO.size, ctypes.addressof(buffer))
    kind, _arch, _ip, _sp, number, *args = _INFO.unpack(buffer.raw)
    return Call(thread, number, tuple(args)) if kind == _ENTRY else None


def _ptrace(request: int, pid: int, address: int = 0, data: int = 0) -> None:
    if _libc.ptrace(request, pid, address, data) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _start(pid: int) -> int:
    with open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[19])


def _inode(pid: int) -> str:
    descriptor = os.pidfd_open(pid)
    try:
        return str(os.fstat(descriptor).st_ino)
    finally:
        os.close(descriptor)


def _wait_for_a_fresh_tick() -> None:
    while time.clock_gettime(time.CLOCK_BOOTTIME) % _TICK > _TICK / 20:
        pass


if __name__ == "__main__":
    json.dump(main(json.load(sys.stdin)), sys.stdout)
