"""Look at one process in full, and change nothing.

The process is held while it is read, so that all of it is of one and the same. What is read under the lock of its
memory is not waited for without end. Its command line stands in that memory, and is left alone where it may be in swap.
"""

from __future__ import annotations

import os
import time
from contextlib import closing

from ..errors import Guard, Refused
from . import addresses, figures, inspected, match
from .cgroups import limits_of
from .inspected import Inspection
from .process import Process
from .search import user_name
from .selected import select, wait_for
from .signals import Handle
from .table import Denied, Gone, Stat, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    from .addresses import Mapping
    from .inspected import Person
    from .selector import Selector
    from .table import View

    T = TypeVar("T")

_MOST_LISTED = 20


def inspect(selector: Selector, *, interval: float = 0.0, args: bool = False) -> Inspection:
    """Return all about the one process that *selector* means.

    *interval*: count page faults for so many seconds; *args*: read the command line even if that can bring swapped
    pages back. Raises Refused if there is no such process, or it ends meanwhile, and Guard if there are several, which
    it lists, or ``/proc`` is that of another PID namespace.
    """
    with closing(Table()) as table:
        pid = _one(selector, table)
        try:
            return _Reader(table, pid, args=args).read(interval)
        except Gone:
            raise Refused(f"process {pid} ended while it was looked at") from None
        except Denied as error:
            raise Refused(f"process {pid}: {error}", hint="run it as root") from error


def _one(selector: Selector, table: Table) -> int:
    found = select(selector, table)
    if not found.pids:
        doubts = [
            *(["/proc hides the processes of others (hidepid)"] if table.partial else []),
            *([f"{found.unknown} could not be looked at for lack of permission"] if found.unknown else []),
            *([f"{found.silent} gave no answer: the memory is locked"] if found.silent else []),
        ]
        what = f"there is no process {', '.join(selector.pid)}" if selector.pid else "no process matches"
        raise Refused("; ".join([what, *doubts]), hint="swapctl ps shows which there are")
    if len(found.pids) > 1:
        some = f", the first {_MOST_LISTED} are listed" if len(found.pids) > _MOST_LISTED else ""
        raise Guard(
            f"{len(found.pids)} processes match{some}, and one is looked at",
            hint="choose by --newest, --oldest or a process id",
            processes=tuple(_listed(found.pids, table)),
        )
    return found.pids[0]


def _listed(pids: tuple[int, ...], table: Table) -> Iterator[dict[str, object]]:
    for pid in sorted(pids)[:_MOST_LISTED]:
        view = table.view(pid)
        try:
            stat = view.stat
            process = Process(
                pid,
                stat.comm,
                parent=stat.parent,
                uid=view.uid,
                user=user_name(view.uid),
                state=stat.state,
                session=stat.session,
                threads=stat.threads,
                age=table.age(stat),
                rss=view.memory("VmRSS"),
                swap=view.memory("VmSwap"),
            )
        except (Gone, Denied):
            continue
        # Its command line is not read: whoever asks for one process does not disturb all that match.
        yield {name: value for name, value in process.to_dict().items() if name not in {"command", "argv"}}


class _Reader:
    """Reads one process; what cannot be read is a doubt."""

    def __init__(self, table: Table, pid: int, *, args: bool) -> None:
        self._table = table
        self._pid = pid
        self._args = args
        self._locked = False
        self._denied: list[str] = []
        self._doubts: list[str] = []

    def read(self, interval: float) -> Inspection:
        """Return all about it; Gone."""
        with self._table.pinned(self._pid) as (view, directory):
            handle = Handle(self._pid, directory)
            handle.close()
            return self._inspection(view, handle.inode, interval)

    def _inspection(self, view: View, inode: int | None, interval: float) -> Inspection:
        first, since = view.read("stat"), time.monotonic()
        known = {
            **self._identity(view),
            **self._state(view),
            **self._memory(view),
            "limits": dict(inspected.limits(match.decode(view.read("limits")))),
            "cgroup": limits_of(self._table, view),
            "oom_adjustment": int(view.read("oom_score_adj")),
            **self._faults(view, first, since, interval),
        }
        return Inspection(inode=inode, doubts=(*self._doubts, *self._forbidden()), **known)

    def _identity(self, view: View) -> dict[str, Any]:
        stat, age = view.stat, self._table.age(view.stat)
        names = view.status.get("NSpid", "").split()
        return {
            "pid": self._pid,
            "name": stat.comm,
            "began": time.time() - age,
            "age": age,
            "uid": view.uid,
            "user": user_name(view.uid),
            "kernel": stat.kernel,
            "namespace_pid": int(names[-1]) if len(names) > 1 else None,
            "session": stat.session,
            "group": stat.group,
        }

    def _state(self, view: View) -> dict[str, Any]:
        """Return what it does, and who has to do with that."""
        stat = view.stat
        parents = tuple(self._parents(stat.parent))
        tracer = self._person(int(view.status.get("TracerPid", "0")))
        wchan = _wchan(view)
        said = inspected.state_in_words(
            stat.state, parent=parents[0] if parents else None, tracer=tracer, wchan=wchan, others=stat.threads - 1
        )
        orphan, descent = self._descent(view, parents)
        return {
            "state": stat.state,
            "said": said,
            "wchan": wchan,
            "threads": tuple(_threads(view)),
            "parents": parents,
            "tracer": tracer,
            "orphan": orphan,
            "descent": descent,
        }

    def _memory(self, view: View) -> dict[str, Any]:
        """Return what it has of memory, and what can be known only as long as it has some."""
        # Where its first thread has ended, another one shows the memory that they share.
        at = view.thread_with_memory() if view.stat.state == "Z" else ""
        status = view.status_of(at) if at else view.status
        if "VmSize" not in status:
            return {}
        exe = self._told("its program", lambda: view.link(f"{at}exe"))
        mappings = self._mappings(view, at, exe or "")
        return {
            "exe": exe,
            "mappings": mappings,
            "memory": inspected.memory(status, mappings, b"" if mappings is None else self._rollup(view, at)),
            "argv": self._argv(view, at, status, mappings),
            "open_files": self._told("its open files", lambda: len(view.list(f"{at}fd"))),
            "oom_score": int(view.read("oom_score")),
        }

    def _forbidden(self) -> Iterator[str]:
        if self._denied:
            remedy = "; run it as root" if os.geteuid() else ""
            yield f"no permission to learn {', '.join(self._denied)}{remedy}"

    def _told(self, what: str, question: Callable[[], T]) -> T | None:
        try:
            return question()
        except Denied:
            self._denied.append(what)
            return None

    def _patiently(self, what: str, question: Callable[[], T]) -> T | None:
        """Return what is read under the lock of the process's memory."""
        answers: list[T | Gone | Denied]

        def ask(_pid: int) -> T | Gone | Denied:
            try:
                return question()
            except (Gone, Denied) as error:
                return error

        answers, silent = wait_for([self._pid], ask, self._table)
        if silent:
            self._locked = True
            self._doubts.append(f"no answer when asked for {what}: its memory is locked")
            return None
        (answer,) = answers
        if isinstance(answer, Gone):
            raise answer
        if isinstance(answer, Denied):
            self._denied.append(what)
            return None
        return answer

    def _mappings(self, view: View, at: str, exe: str) -> tuple[Mapping, ...] | None:
        try:
            raw = self._patiently("its address space", lambda: view.read_memory(f"{at}smaps", whole=False))
        except Gone:
            view.read("stat")  # it has ended altogether, or just lost its memory
            self._doubts.append("it gave up its memory while it was looked at")
            return None
        return None if raw is None else addresses.parse(raw, exe)

    def _rollup(self, view: View, at: str) -> bytes:
        """Return the text of ``smaps_rollup``; a thread has none, and Linux before 4.14."""
        try:
            return self._patiently("its address space", lambda: view.read_memory(f"{at}smaps_rollup")) or b""
        except Gone:
            return b""

    def _argv(
        self, view: View, at: str, status: dict[str, str], mappings: tuple[Mapping, ...] | None
    ) -> tuple[str, ...] | None:
        arguments = inspected.arguments(view.read(f"{at}stat"))
        if not self._args and inspected.holds_swap(arguments, status, mappings):
            self._doubts.append("its command line was not read, as it may be in swap; --args reads it")
            return None
        if self._locked:
            return None
        raw = self._patiently("its command line", lambda: view.read_memory(f"{at}cmdline"))
        return None if raw is None else match.split(raw)

    def _faults(self, view: View, first: bytes, since: float, interval: float) -> dict[str, Any]:
        """Return the page faults, and how many a second there were for *interval* seconds after *first*."""
        _name, _state, minor, major, *_rest = figures.counts(first)
        if not interval:
            return {"minor": minor, "major": major}
        # What was asked for: the rate of faults is counted over this time.
        time.sleep(max(0.0, since + interval - time.monotonic()))
        last, seconds = figures.counts(view.read("stat")), time.monotonic() - since
        rates = (last[2] - minor) / seconds, (last[3] - major) / seconds
        return {"minor": last[2], "major": last[3], "rates": rates}

    def _parents(self, pid: int) -> Iterator[Person]:
        seen = set()
        while pid and pid not in seen:
            seen.add(pid)
            view = self._table.view(pid)
            try:
                yield pid, view.stat.comm
                pid = view.stat.parent
            except (Gone, Denied):
                return

    def _person(self, pid: int) -> Person | None:
        if not pid:
            return None
        try:
            return pid, self._table.view(pid).comm
        except (Gone, Denied):
            return pid, ""

    def _descent(self, view: View, parents: tuple[Person, ...]) -> tuple[bool | None, str]:
        if not parents or view.stat.kernel:
            return False, ""
        parent = self._table.view(parents[0][0])
        try:
            # The first process of a namespace adopts what is in it.
            is_init = parent.pid == 1 or parent.status.get("NSpid", "").split()[-1:] == ["1"]
            return inspected.descent(
                self._pid, view.stat.session, parents[0], parent.stat.session, parent_is_init=is_init
            )
        except (Gone, Denied):
            return None, ""


def _threads(view: View) -> Iterator[tuple[int, str, str]]:
    for tid in sorted(map(int, view.list("task"))):
        try:
            stat = Stat(view.read(f"task/{tid}/stat"))
        except (Gone, Denied):
            continue
        yield tid, stat.comm, stat.state


def _wchan(view: View) -> str:
    try:
        text = view.read("wchan").decode("ascii", "replace").strip("\0\n")
    except Denied:
        return ""
    return "" if text == "0" else text
