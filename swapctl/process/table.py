"""Read ``/proc``: which processes there are, and what each one tells of itself. Format: proc(5).

Nothing here decides. Each file is opened only when somebody asks for what it holds, and once: reading ``cmdline`` or
``environ`` reads the process's own memory, which can bring swapped pages back and wait for the process.

A `View` reads either under ``/proc/PID/``, which belongs to whoever has that number now, or, once pinned, through one
descriptor of that directory, which never shows another process: when the process is gone, every read fails (ESRCH).
"""

from __future__ import annotations

import errno
import os
import time
from contextlib import contextmanager

from ..errors import Guard
from . import figures, match

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = 4096
_KERNEL_THREAD = 0x00200000  # PF_KTHREAD
_GONE = {errno.ENOENT, errno.ESRCH}
_DENIED = {errno.EACCES, errno.EPERM}
_SEES_ALL = 1 << 19  # CAP_SYS_PTRACE


class Gone(Exception):
    """The process is no more."""


class Denied(Exception):
    """The kernel does not let this user know."""


class Stat:
    """What ``/proc/PID/stat`` holds."""

    __slots__ = ("comm", "flags", "group", "parent", "session", "start", "state", "threads", "tty")

    def __init__(self, raw: bytes) -> None:
        name, fields = figures.split(raw, 20)
        self.comm = match.decode(name)
        self.state = fields[0].decode()
        self.parent = int(fields[1])
        self.group = int(fields[2])
        self.session = int(fields[3])
        self.tty = int(fields[4])
        self.flags = int(fields[6])
        self.threads = int(fields[17])
        self.start = int(fields[19])

    @property
    def kernel(self) -> bool:
        """Whether it is a thread of the kernel."""
        return bool(self.flags & _KERNEL_THREAD)

    @property
    def zombie(self) -> bool:
        """Whether the whole process has ended; the state letter alone is that of its first thread."""
        return self.state in "ZX" and self.threads <= 1


class View:
    """One process, read as far as somebody asks."""

    __slots__ = ("_cmdline", "_comm", "_directory", "_groups", "_locked", "_prefix", "_stat", "_status", "pid")

    def __init__(self, pid: int, directory: int, prefix: str, locked: set[int] | None = None) -> None:
        self.pid = pid
        self._locked = set() if locked is None else locked
        self._directory = directory
        self._prefix = prefix
        self._comm: str | None = None
        self._stat: Stat | None = None
        self._status: dict[str, str] | None = None
        self._cmdline: bytes | None = None
        self._groups: tuple[tuple[str, str], ...] | None = None

    def read(self, name: str, *, whole: bool = True) -> bytes:
        """Return all of one file; Gone or Denied. *whole*: the kernel gives all that fits at once."""
        try:
            descriptor = os.open(self._prefix + name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._directory)
            try:
                data = os.read(descriptor, _PAGE)
                if len(data) == _PAGE or (data and not whole):  # a list comes in less than pages
                    data = b"".join((data, *iter(lambda: os.read(descriptor, 1 << 20), b"")))
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _translated(error) from error
        return data

    def read_memory(self, name: str, *, whole: bool = True) -> bytes:
        """Return a file that is read from the process's own memory, as `read` does; that can take for ever."""
        self._locked.add(self.pid)
        try:
            return self.read(name, whole=whole)
        finally:
            self._locked.discard(self.pid)

    def link(self, name: str) -> str:
        """Return what a symbolic link says; Gone or Denied."""
        try:
            return os.readlink(self._prefix + name, dir_fd=self._directory)
        except OSError as error:
            raise _translated(error) from error

    def identity(self, name: str) -> os.stat_result:
        """Return what a link leads to; Gone or Denied."""
        try:
            return os.stat(self._prefix + name, dir_fd=self._directory)
        except OSError as error:
            raise _translated(error) from error

    def list(self, name: str) -> list[str]:
        """Return the names in a directory; Gone or Denied."""
        try:
            descriptor = os.open(
                self._prefix + name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._directory
            )
            try:
                return os.listdir(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _translated(error) from error

    @property
    def comm(self) -> str:
        """The name that the kernel has."""
        if self._comm is None:
            self._comm = match.decode(self.read("comm")[:-1])
        return self._comm

    @property
    def stat(self) -> Stat:
        """What is cheap to know of any process."""
        if self._stat is None:
            self._stat = Stat(self.read("stat"))
        return self._stat

    @property
    def status(self) -> dict[str, str]:
        """The fields of ``/proc/PID/status``."""
        if self._status is None:
            self._status = self.status_of("")
        return self._status

    def status_of(self, thread: str) -> dict[str, str]:
        """Return the same of one of its threads, such as ``task/4711/``."""
        lines = match.decode(self.read(f"{thread}status")).split("\n")
        return {key: rest.strip() for key, _colon, rest in (line.partition(":") for line in lines)}

    @property
    def cmdline(self) -> bytes:
        """The command line as it stands in memory; where the first thread has ended, another one tells it."""
        if self._cmdline is None:
            raw = self.read_memory("cmdline")
            if not raw and self.stat.state == "Z" and not self.stat.zombie:
                raw = self._cmdline_of_a_thread()
            self._cmdline = raw
        return self._cmdline

    @property
    def argv(self) -> tuple[str, ...]:
        """The arguments."""
        return match.split(self.cmdline)

    @property
    def cgroups(self) -> tuple[str, ...]:
        """The paths of its control groups, in all hierarchies."""
        return tuple(dict.fromkeys(path for _number, path in self._cgroups))

    @property
    def unified_cgroup(self) -> str:
        """The path of its control group of version 2, empty where there is none."""
        return next((path for number, path in self._cgroups if number == "0"), "")

    @property
    def memory_cgroup(self) -> str | None:
        """The path of its control group of version 1 that limits memory, None where that is not in use."""
        lines = (line.split(":", 2) for line in match.decode(self.read("cgroup")).split("\n") if line)
        return next((path for _number, controllers, path in lines if "memory" in controllers.split(",")), None)

    @property
    def _cgroups(self) -> tuple[tuple[str, str], ...]:
        if self._groups is None:
            lines = match.decode(self.read("cgroup")).split("\n")  # a name can hold what ends other lines
            parts = (line.split(":", 2) for line in lines if line)
            self._groups = tuple((number, path) for number, _controllers, path in parts)
        return self._groups

    @property
    def uid(self) -> int:
        """The effective user."""
        return int(self.status["Uid"].split()[1])

    @property
    def gid(self) -> int:
        """The effective group."""
        return int(self.status["Gid"].split()[1])

    @property
    def remembered(self) -> tuple[str, bytes]:
        """The name and the command line as far as they were read while the process was there."""
        return self._comm or "", self._cmdline or b""

    def memory(self, field: str) -> int:
        """Return a figure of ``status`` in bytes; what has no memory of its own has none."""
        return int(self.status.get(field, "0 kB").split()[0]) << 10

    def sockets(self) -> frozenset[str]:
        """Return what its descriptors that are sockets are called."""
        found = set()
        for number in self.list("fd"):
            try:
                target = self.link(f"fd/{number}")
            except Gone:  # this one was closed meanwhile
                continue
            if target.startswith("socket:"):
                found.add(target)
        return frozenset(found)

    def thread_with_memory(self) -> str:
        """Return a thread that has memory, such as ``task/12/``: the first one may have ended before others."""
        for thread in sorted(map(int, self.list("task"))):
            try:
                if b"\nVmSize:" in self.read(f"task/{thread}/status"):
                    return f"task/{thread}/"
            except (Gone, Denied):
                continue
        return ""

    def _cmdline_of_a_thread(self) -> bytes:
        for thread in self.list("task"):
            try:
                raw = self.read_memory(f"task/{thread}/cmdline")
            except Gone:
                continue
            if raw:
                return raw
        return b""


class Table:
    """The processes that one ``/proc`` shows."""

    def __init__(self, proc: str = "/proc") -> None:
        self.proc = proc
        self.locked: set[int] = set()  # those whose memory is being read
        try:
            self._directory = os.open(proc, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            message = f"{proc}: {error.strerror}"
            raise Guard(message, hint="mount proc there; without it no process can be seen") from error
        try:
            self._refuse_foreign()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the directory back."""
        os.close(self._directory)

    def pids(self) -> list[int]:
        """Return the number of every process that can be seen."""
        return [int(name) for name in os.listdir(self._directory) if name.isdecimal()]

    def view(self, pid: int) -> View:
        """Return the process that has the number *pid* whenever something is read."""
        return View(pid, self._directory, f"{pid}/", self.locked)

    @contextmanager
    def pinned(self, pid: int) -> Iterator[tuple[View, int]]:
        """Give the one process that has the number *pid* now, and the descriptor that stands for it; or Gone."""
        try:
            descriptor = os.open(str(pid), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._directory)
        except OSError as error:
            raise _translated(error) from error
        try:
            yield View(pid, descriptor, "", self.locked), descriptor
        finally:
            os.close(descriptor)

    def reader(self) -> Callable[[str], bytes]:
        """Return what reads a file below it, such as ``4711/stat``; Gone or Denied. For one of each of very many."""
        return View(0, self._directory, "").read

    def statuses(self) -> Callable[[int], bytes]:
        """Return what reads a process's ``status``, of a thread that has memory; Gone or Denied. For very many."""
        read = self.reader()

        def status(pid: int) -> bytes:
            told = read(f"{pid}/status")
            return (
                read(f"{pid}/{self.view(pid).thread_with_memory()}status") if figures.lacks_first_thread(told) else told
            )

        return status

    def text(self, path: str) -> str:
        """Return a file that is not of one process, empty if there is none."""
        try:
            return match.decode(View(0, self._directory, "").read(path, whole=False))
        except (Gone, Denied):
            return ""

    def mounts(self) -> list[list[str]]:
        """Return the fields of each line of mountinfo: of what can end one, only blank, tab and newline are escaped."""
        return [line.split(" ") for line in self.text("self/mountinfo").split("\n") if line]

    @property
    def partial(self) -> bool:
        """Whether processes of others are hidden from this user: the mount option hidepid, or gid, proc(5)."""
        option = ""
        for fields in self.mounts():
            if fields[4] == self.proc:
                options = f"{fields[5]},{fields[-1]}".split(",")
                hidden = [one.partition("=")[2] for one in options if one.startswith("hidepid=")]
                groups = [int(one.partition("=")[2]) for one in options if one.startswith("gid=")]
                exempt = bool(groups) and groups[0] in {os.getegid(), *os.getgroups()}
                option = hidden[0] if hidden and (not exempt or hidden[0] in {"4", "ptraceable"}) else ""
        status = View(0, self._directory, "self/").status
        return option not in {"", "0", "off"} and not int(status["CapEff"], 16) & _SEES_ALL

    def age(self, stat: Stat) -> float:
        """Return how long ago a process began, in seconds."""
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - stat.start / TICKS)

    def _refuse_foreign(self) -> None:
        try:
            me = os.readlink("self", dir_fd=self._directory)
        except OSError:
            me = ""
        if me != str(os.getpid()):
            message = f"{self.proc} does not show this PID namespace: it calls this process {me or 'nothing'}"
            raise Guard(message, hint="mount a proc of this namespace: mount -t proc proc /proc")


def _translated(error: OSError) -> Exception:
    if error.errno in _GONE:
        return Gone()
    return Denied(error.strerror) if error.errno in _DENIED else error
