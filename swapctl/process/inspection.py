"""Look at one process in full, and change nothing.

The process is held while it is read, so that all of it is of one and the same. What is read under the lock of its
memory is not waited for without end. Its command line stands in that memory, and is left alone where it may be in swap.
"""

from __future__ import annotations

import time
from contextlib import closing

from ..errors import Guard, Refused
from . import addresses, inspected, match
from .cgroups import limits_of
from .inspected import Inspection
from .process import Process
from .search import user_name
from .selected import select, wait_for
from .signals import Handle
from .table import Denied, Gone, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar

    from .addresses import Mapping
    from .inspected import Numbers, Person
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
        raise Guard(
            f"{len(found.pids)} processes match, and one is looked at",
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
        yield process.to_dict()


class _Reader:
    """Reads one process; what cannot be read is a doubt."""

    def __init__(self, table: Table, pid: int, *, args: bool) -> None:
        self._table = table
        self._pid = pid
        self._args = args
        self._locked = False
        self._doubts: list[str] = []

    def read(self, interval: float) -> Inspection:
        """Return all about it; Gone."""
        with self._table.pinned(self._pid) as (view, directory):
            handle = Handle(self._pid, directory)
            handle.close()
            return self._inspection(view, handle.inode, interval)

    def _inspection(self, view: View, inode: int | None, interval: float) -> Inspection:
        first, since = inspected.numbers(view.read("stat")), time.monotonic()
        stat = view.stat
        threads = tuple(_threads(view))
        parents = tuple(self._parents(stat.parent))
        tracer = self._person(int(view.status.get("TracerPid", "0")))
        wchan = _wchan(view)
        # Where its first thread has ended, another one shows the memory that they share.
        at = view.thread_with_memory() if stat.state == "Z" else ""
        status = _status(view, at)
        memory, mappings, exe, argv = None, None, None, None
        if "VmSize" in status:
            exe = self._told("its program", lambda: view.link(f"{at}exe"))
            mappings = self._mappings(view, at, exe or "")
            memory = inspected.memory(status, mappings)
            argv = self._argv(view, at, status, mappings)
        orphan, descent = self._descent(view, parents)
        numbers, rates = self._later(view, first, since, interval)
        names = view.status.get("NSpid", "").split()
        age = self._table.age(stat)
        return Inspection(
            self._pid,
            stat.comm,
            inode,
            stat.state,
            inspected.state_in_words(
                stat.state,
                parent=parents[0] if parents else None,
                tracer=tracer,
                wchan=wchan,
                others=stat.threads - 1,
            ),
            time.time() - age,
            age,
            view.uid,
            user_name(view.uid),
            exe=exe,
            argv=argv,
            kernel=stat.kernel,
            namespace_pid=int(names[-1]) if len(names) > 1 else None,
            session=stat.session,
            group=stat.group,
            parents=parents,
            orphan=orphan,
            descent=descent,
            tracer=tracer,
            wchan=wchan,
            threads=threads,
            open_files=self._told("its open files", lambda: len(view.list(f"{at}fd"))) if memory else None,
            limits=dict(inspected.limits(match.decode(view.read("limits")))),
            cgroup=limits_of(self._table, view),
            memory=memory,
            minor=numbers.minor,
            major=numbers.major,
            rates=rates,
            oom_score=int(view.read("oom_score")) if memory else None,
            oom_adjustment=int(view.read("oom_score_adj")),
            mappings=mappings,
            doubts=tuple(self._doubts),
        )

    def _told(self, what: str, question: Callable[[], T]) -> T | None:
        try:
            return question()
        except Denied:
            self._doubts.append(f"no permission to learn {what}")
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
            self._doubts.append(f"no permission to learn {what}")
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

    def _argv(
        self, view: View, at: str, status: dict[str, str], mappings: tuple[Mapping, ...] | None
    ) -> tuple[str, ...] | None:
        arguments = inspected.numbers(view.read(f"{at}stat")).arguments
        if not self._args and inspected.holds_swap(arguments, status, mappings):
            self._doubts.append("its command line was not read, as it may be in swap; --args reads it")
            return None
        if self._locked:
            return None
        raw = self._patiently("its command line", lambda: view.read_memory(f"{at}cmdline"))
        return None if raw is None else match.split(raw)

    def _later(
        self, view: View, first: Numbers, since: float, interval: float
    ) -> tuple[Numbers, tuple[float, float] | None]:
        """Return the present numbers, and how many faults a second there were for *interval* seconds."""
        if not interval:
            return first, None
        # What was asked for: the rate of faults is counted over this time.
        time.sleep(max(0.0, since + interval - time.monotonic()))
        last, seconds = inspected.numbers(view.read("stat")), time.monotonic() - since
        return last, ((last.minor - first.minor) / seconds, (last.major - first.major) / seconds)

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
            comm, state = _comm_and_state(view.read(f"task/{tid}/stat"))
        except (Gone, Denied):
            continue
        yield tid, comm, state


def _comm_and_state(stat: bytes) -> tuple[str, str]:
    begin, end = stat.index(b"("), stat.rindex(b")")
    return match.decode(stat[begin + 1 : end]), stat[end + 2 : end + 3].decode()


def _status(view: View, at: str) -> dict[str, str]:
    if not at:
        return view.status
    lines = match.decode(view.read(f"{at}status")).split("\n")
    return {key: rest.strip() for key, _colon, rest in (line.partition(":") for line in lines)}


def _wchan(view: View) -> str:
    try:
        text = view.read("wchan").decode("ascii", "replace").strip("\0\n")
    except Denied:
        return ""
    return "" if text == "0" else text
