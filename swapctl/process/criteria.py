"""Turn a selector into questions to a process, in the order of what their answers cost.

Names of users, terminals, files and ports are looked up once, here; then each question needs one file of the process
at most, and a process that fails a cheap one is never asked a dear one.
"""

from __future__ import annotations

import os
import stat
import time

from ..errors import Guard, InvalidInput
from . import match
from .cgroups import Hierarchies, is_within, unit_names
from .signals import Handle
from .table import Denied, Gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .match import Pattern
    from .selector import Selector
    from .table import Table, View

    Question = tuple[str, Callable[[View], bool]]

_LISTENS = {
    "tcp": "0A",
    "tcp6": "0A",
    "udp": "07",
    "udp6": "07",
}  # net/tcp_states.h: listening, or bound
_NO_PIDFILE = "find the process by its name, or delete the file"
_SLACK = 0.1  # seconds; a process's start and a file's time are known to 10 ms


class Criteria:
    """The questions that one selector asks."""

    def __init__(self, selector: Selector, table: Table) -> None:
        self.selector = selector
        self._table = table
        self.pids = _pids(selector, table)
        self.users = frozenset(_user(name) for name in selector.user)
        self._questions = _questions(selector, table, self.users)

    def judge(self, view: View) -> tuple[bool, tuple[str, ...]]:
        """Return whether a process is not ruled out, and the names of the questions it could not be asked."""
        unknown = []
        for name, holds in self._questions:
            try:
                if not holds(view):
                    return False, ()
            except Denied:
                unknown.append(name)
        return True, tuple(unknown)


def _questions(selector: Selector, table: Table, users: frozenset[int]) -> list[Question]:
    return [
        *_of_stat(selector, table),
        *_of_status(selector, users),
        *_of_cgroup(selector, table),
        *_of_texts(selector),
        *_of_memory(selector),
        *_of_descriptors(selector, table),
    ]


def _of_stat(selector: Selector, table: Table) -> list[Question]:
    questions: list[Question] = []
    if selector.parent:
        questions.append(("parent", lambda view: view.stat.parent in selector.parent))
    if selector.session:
        questions.append(("session", lambda view: view.stat.session in selector.session))
    if selector.tty:
        terminals = {_terminal(name) for name in selector.tty}
        questions.append(("tty", lambda view: view.stat.tty in terminals))
    if selector.state is not None:
        letters = set(selector.state)
        questions.append(("state", lambda view: view.stat.state in letters))
    older, younger = selector.older_than, selector.younger_than
    if older is not None:
        questions.append(("older_than", lambda view: table.age(view.stat) > older))
    if younger is not None:
        questions.append(("younger_than", lambda view: table.age(view.stat) < younger))
    if selector.ancestor:
        family = _Family(table)
        questions.append(("ancestor", lambda view: family.has(view, selector.ancestor)))
    return questions


def _of_status(selector: Selector, users: frozenset[int]) -> list[Question]:
    questions: list[Question] = []
    if users:
        questions.append(("user", lambda view: view.uid in users))
    if selector.group:
        groups = {_group(name) for name in selector.group}
        questions.append(("group", lambda view: view.gid in groups))
    return questions


def _of_cgroup(selector: Selector, table: Table) -> list[Question]:
    questions: list[Question] = []
    if selector.cgroup:
        groups = [Hierarchies(table).path(name) for name in selector.cgroup]
        questions.append(("cgroup", lambda view: any(is_within(path, groups) for path in view.cgroups)))
    if selector.unit:
        units = unit_names(selector.unit)
        questions.append(("unit", lambda view: any(units.intersection(path.split("/")) for path in view.cgroups)))
    return questions


def _of_texts(selector: Selector) -> list[Question]:
    whole, name = selector.patterns()
    wanted = not selector.invert
    questions: list[Question] = []
    if whole:
        matches = _in_command_or_name(whole)
        questions.append(("pattern", lambda view: matches(view) is wanted))
    if name:
        is_comm, goes_by = name.test(), name.test_name()
        questions.append(("name", lambda view: (is_comm(view.comm) or goes_by(view.comm, view.cmdline)) is wanted))
    return questions


def _in_command_or_name(pattern: Pattern) -> Callable[[View], bool]:
    in_command, in_name, in_names = pattern.test_command(), pattern.test(), pattern.test_name()
    if pattern.exact:
        return lambda view: in_command(view.cmdline) or in_names(view.comm, view.cmdline)

    fits_comm = pattern.fits_comm

    def matches(view: View) -> bool:
        raw = view.cmdline
        if in_command(raw):
            return True
        # Only a thread of the kernel can have a longer name than a comm holds; it has no command line.
        return (fits_comm or not raw) and in_name(view.comm)

    return matches


def _of_memory(selector: Selector) -> list[Question]:
    swap, rss = selector.min_swap, selector.min_rss
    questions: list[Question] = []
    if swap is not None:
        questions.append(("min_swap", lambda view: view.memory("VmSwap") >= swap))
    if rss is not None:
        questions.append(("min_rss", lambda view: view.memory("VmRSS") >= rss))
    return questions


def _of_descriptors(selector: Selector, table: Table) -> list[Question]:
    questions: list[Question] = []
    if selector.exe:
        programs = [_Program(path) for path in selector.exe]
        questions.append(("exe", lambda view: any(program.runs_in(view) for program in programs)))
    if selector.env:
        wanted = [match.encode(one) for one in selector.env]
        questions.append(("env", lambda view: _has_variable(view.read_memory("environ"), wanted)))
    if selector.port:
        sockets = _bound(table, selector.port)
        questions.append(("port", lambda view: bool(sockets) and not sockets.isdisjoint(view.sockets())))
    return questions


class _Family:
    """Who descends from whom."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._parents: dict[int, int] = {}

    def has(self, view: View, ancestors: Sequence[int]) -> bool:
        parent, seen = view.stat.parent, {view.pid}
        while parent and parent not in seen:
            if parent in ancestors:
                return True
            seen.add(parent)
            parent = self._parent(parent)
        return False

    def _parent(self, pid: int) -> int:
        if pid not in self._parents:
            try:
                self._parents[pid] = self._table.view(pid).stat.parent
            except Gone:
                return 0
        return self._parents[pid]


class _Program:
    """An executable file, also after it was deleted or replaced."""

    def __init__(self, path: str) -> None:
        self._path = os.path.realpath(path)
        try:
            found = os.stat(self._path)
        except OSError:
            self._identity = None
        else:
            self._identity = (found.st_dev, found.st_ino)

    def runs_in(self, view: View) -> bool:
        try:
            found = view.identity("exe")
            target = view.link("exe")
        except Gone:  # a thread of the kernel has no program, and what has ended has none any more
            return False
        if (found.st_dev, found.st_ino) == self._identity:
            return True
        # Only a file without a name is a deleted one: the words can be part of a real name.
        return not found.st_nlink and target == f"{self._path} (deleted)"


def _pids(selector: Selector, table: Table) -> list[tuple[int, int | None]] | None:
    """Return the processes that are asked for by number, each with its inode if that was given; None if none is."""
    if not selector.pid and selector.pidfile is None:
        return None
    wanted = [_identity(text) for text in selector.pid]
    for pid, _inode in wanted:
        _refuse_thread(table, pid)
    if selector.pidfile is None:
        return wanted
    listed = _listed_in(selector.pidfile, table)
    if listed is None:
        return []
    pid, _inode = listed
    return [listed for one in wanted if one[0] == pid][:1] if wanted else [listed]


def _identity(text: str) -> tuple[int, int | None]:
    pid, _colon, inode = text.partition(":")
    return int(pid), int(inode) if inode else None


def _refuse_thread(table: Table, pid: int) -> None:
    try:
        leader = int(table.view(pid).status["Tgid"])
    except (Gone, Denied):
        return
    if leader != pid:
        message = f"{pid} is a thread of process {leader}, and no process"
        raise Guard(message, hint=f"a signal to it would reach the whole process: give {leader} if that is meant")


def _listed_in(path: str, table: Table) -> tuple[int, int | None] | None:
    """Return the process that a pidfile names; None if there is no such file, Guard if it cannot be trusted."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Guard(f"pidfile {path}: {error.strerror}", hint=_NO_PIDFILE) from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Guard(f"pidfile {path} is not a regular file", hint=_NO_PIDFILE)
        words = os.read(descriptor, 1 << 12).split()
    finally:
        os.close(descriptor)
    if not words:
        raise Guard(f"pidfile {path} is empty", hint=_NO_PIDFILE)
    if len(words) > 1 or not words[0].isdigit() or not 0 < int(words[0]) <= 1 << 22:
        raise Guard(
            f"pidfile {path} holds {match.decode(b' '.join(words))[:40]!r}, which is no process id",
            hint=_NO_PIDFILE,
        )
    pid = int(words[0])
    _refuse_thread(table, pid)
    return pid, _checked_inode(path, pid, found, table)


def _checked_inode(path: str, pid: int, file: os.stat_result, table: Table) -> int | None:
    """Return what tells the process that a pidfile names from others to come; Guard if it is stale or not trusted."""
    hint = "delete the file, or find the process by its name"
    try:
        with table.pinned(pid) as (view, directory):
            age, uid = table.age(view.stat), view.uid
            handle = Handle(pid, directory)
            handle.close()
    except (Gone, Denied):
        raise Guard(f"pidfile {path} is stale: there is no process {pid}", hint=hint) from None
    if time.time() - age > file.st_mtime + _SLACK:
        raise Guard(f"pidfile {path} is stale: process {pid} began after the file was written", hint=hint)
    trusted = {0, os.geteuid()}
    if file.st_uid not in {*trusted, uid} or (file.st_mode & stat.S_IWOTH):
        raise Guard(
            f"pidfile {path} can be written by others than the owner of process {pid}, which it names",
            hint=f"give --pid {pid} if that is the one",
        )
    return handle.inode


def _user(name: str) -> int:
    import pwd

    if name.isascii() and name.isdigit():
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise InvalidInput(f"there is no user {name!r}", hint="give a name or a number of this host") from None


def _group(name: str) -> int:
    import grp

    if name.isascii() and name.isdigit():
        return int(name)
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise InvalidInput(f"there is no group {name!r}", hint="give a name or a number of this host") from None


def _terminal(name: str) -> int:
    """Return a terminal as ``stat`` shows it: the minor number around the major one; 0 is none."""
    if name in {"?", "-", "none"}:
        return 0
    path = name if name.startswith("/") else f"/dev/{name}"
    try:
        found = os.stat(path)
    except OSError:
        found = None
    if not found or not stat.S_ISCHR(found.st_mode):
        raise InvalidInput(f"there is no terminal {name!r}", hint="give one such as pts/3 or tty1, or none")
    major, minor = os.major(found.st_rdev), os.minor(found.st_rdev)
    return (minor & 0xFF) | (major << 8) | ((minor & ~0xFF) << 12)


def _has_variable(environ: bytes, wanted: Sequence[bytes]) -> bool:
    return any(one in wanted or one.partition(b"=")[0] in wanted for one in environ.split(b"\0"))


def _bound(table: Table, ports: Sequence[int]) -> frozenset[str]:
    """Return the sockets, as descriptors call them, that wait for others at one of *ports*."""
    wanted = {f"{port:04X}" for port in ports}
    found = set()
    for kind, state in _LISTENS.items():
        for line in table.text(f"self/net/{kind}").splitlines()[1:]:
            fields = line.split()
            if fields[3] == state and fields[1].rpartition(":")[2] in wanted:
                found.add(f"socket:[{fields[9]}]")
    return frozenset(found)
