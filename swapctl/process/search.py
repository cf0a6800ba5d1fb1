"""Find the processes that a selector means, and hold them.

The table is read twice: quickly, by number, to rule out nearly all; then each process that is left is opened, and what
it answers through that descriptor is what counts. A number that belongs to another process by then is not held.
"""

from __future__ import annotations

import os
import time
from contextlib import nullcontext

from ..errors import Guard
from ..record import Record
from . import match
from .criteria import Criteria
from .inquiry import FILES, MOST, ask
from .process import Process, Unknown
from .signals import Handle, killable, room
from .surroundings import is_foreign, reason_by_place, reason_to_protect
from .table import TICKS, Denied, Gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .selector import Selector
    from .signals import Suspension
    from .surroundings import Surroundings
    from .table import Table, View


class Hit(Record):
    """A process that is meant. *handle* is None when it was gone before it could be held; *protection* says why not."""

    process: Process
    handle: Handle | None
    protection: str = ""
    cgroup: str = ""


_ENOUGH = 1.0  # seconds for words about processes that are known well enough to be stopped
_SILENT = "its memory is locked, and it was not waited for any longer"


class Found(Record):
    """What a search finds. *partial*: processes of others are hidden, so there may be more."""

    hits: tuple[Hit, ...]
    unknown: tuple[Unknown, ...]
    partial: bool

    @property
    def live(self) -> tuple[Hit, ...]:
        """Those that were there to be held."""
        return tuple(hit for hit in self.hits if hit.handle)

    def close(self) -> None:
        """Let go of all."""
        for hit in self.live:
            if hit.handle:
                hit.handle.close()


class Searcher:
    """Find processes again and again; *around* when they are to be signalled, so that some are protected."""

    def __init__(self, selector: Selector, table: Table, around: Surroundings | None = None) -> None:
        self.selector = selector
        self._table = table
        self._around = around
        self._criteria = Criteria(selector, table)
        self._askers = max(1, min(MOST, room() // 2 // FILES))
        self._room = max(1, room() - self._askers * FILES)
        self._begun: dict[int, Hit] = {}
        self._silent: set[int] = set()
        self._suspension: Suspension | None = None

    @property
    def room(self) -> int:
        """How many processes can be held at once, beside what a search needs."""
        return self._room

    @property
    def users(self) -> frozenset[int]:
        """The users whose processes alone are meant; none if anybody's are."""
        return self._criteria.users

    def search(self, suspension: Suspension | None = None, *, first: bool = True) -> Found:
        """Return what is there now; the handles are the caller's to close. *suspension*: what may be stopped is.

        *first*: nothing has been signalled yet, so what holds the search up may end this process.
        """
        self._begun = {}
        self._suspension = suspension
        wanted = self._criteria.pids
        listed = self._table.pids() if wanted is None else dict(wanted)
        pids = [pid for pid in listed if pid not in self._silent]
        inodes = dict(wanted or ())
        held: list[Handle] = []
        me = os.getpid()

        def evaluate(pid: int) -> Hit | Unknown | None:
            return None if pid == me else self._evaluate(pid, inodes.get(pid), held)

        with killable() if self.selector.regex and first else nullcontext():
            answers, silent = ask(pids, evaluate, most=self._askers, locked=self._table.locked)
        hits = [answer for answer in answers if isinstance(answer, Hit)]
        unknown = [answer for answer in answers if isinstance(answer, Unknown)]
        self._silent.update(silent)  # once is enough to wait for them
        for pid in silent:
            if pid in self._begun:
                hits.append(self._begun[pid])
            else:
                unknown.append(Unknown(pid, _name(self._table.view(pid)), _SILENT))
        return Found(self._chosen(hits), tuple(unknown), self._table.partial)

    def protection(self, pid: int) -> str:
        """Return why a process is protected, if it is; nothing of one that is gone."""
        try:
            return reason_to_protect(self._table.view(pid), self._table, self._around) if self._around else ""
        except (Gone, Denied):
            return ""

    def describe(self, handles: Sequence[Handle]) -> list[Hit]:
        """Return what there is to say of processes that are held already; of those that do not answer soon, less."""
        begun: dict[int, Hit] = {}

        def tell(number: int) -> Hit | None:
            handle = handles[number]
            view = self._table.view(handle.pid)
            try:
                begun[number] = self._sketched(view, handle)
                hit = self._described(view, handle)
            except (Gone, Denied):
                return begun.get(number) or Hit(Process(handle.pid, ""), handle)
            return Hit(Process(handle.pid, ""), handle) if handle.reaped else hit

        answers, silent = ask(range(len(handles)), tell, most=self._askers, locked=self._table.locked, limit=_ENOUGH)
        return answers + [
            begun.get(number, Hit(Process(handles[number].pid, ""), handles[number])) for number in silent
        ]

    def _evaluate(self, pid: int, inode: int | None, held: list[Handle]) -> Hit | Unknown | None:
        view = self._table.view(pid)
        before = time.clock_gettime(time.CLOCK_BOOTTIME)
        try:
            fits, unknown = self._criteria.judge(view)
        except Gone:
            return None
        if not fits:
            return None
        if unknown:
            return Unknown(pid, _name(view), f"no permission to learn its {', '.join(unknown)}")
        try:
            return self._pinned(pid, inode, held, before)
        except Gone:
            return Hit(_sketch(view), None)
        except Denied as error:
            return Unknown(pid, _name(view), str(error))

    def _pinned(self, pid: int, inode: int | None, held: list[Handle], before: float) -> Hit | None:
        with self._table.pinned(pid) as (view, directory):
            fits, _unknown = self._criteria.judge(view)
            if not fits:
                if view.stat.start / TICKS > before - 1 / TICKS:
                    raise Gone  # another one has got its number
                return None
            handle = Handle(pid, directory)
            if inode is not None and handle.inode != inode:
                handle.close()
                return None
            try:
                self._begun[pid] = self._sketched(view, handle)
                hit = self._described(view, handle)
            except BaseException:
                self._begun.pop(pid, None)
                handle.close()
                raise
        if self._suspension and not hit.protection and hit.process.state != "T":
            self._suspension.add(handle)
        self._keep(handle, held)
        return hit

    def _sketched(self, view: View, handle: Handle) -> Hit:
        """Return what there is to say of a process without reading its memory, should that be locked."""
        protection = reason_by_place(view.stat, view.pid, self._around) if self._around else ""
        if self._around and not protection and is_foreign(view):
            protection = "namespace"
        stat = view.stat
        process = Process(
            view.pid,
            stat.comm,
            inode=handle.inode,
            parent=stat.parent,
            state=stat.state,
            session=stat.session,
            started=stat.start / TICKS,
        )
        return Hit(process, handle, protection)

    def _described(self, view: View, handle: Handle) -> Hit:
        process = _describe(view, self._table, handle.inode)
        protection = reason_to_protect(view, self._table, self._around) if self._around else ""
        return Hit(
            process, handle, protection, view.unified_cgroup if self.selector.cgroup or self.selector.unit else ""
        )

    def _keep(self, handle: Handle, held: list[Handle]) -> None:
        if not self._around:
            handle.close()
        elif len(held) < self._room:
            held.append(handle)
        elif handle.inode is not None:
            handle.close()  # it is opened again when its turn comes
        else:
            for one in (*held, handle):
                one.close()
            message = f"more than {self._room} processes match, and this kernel needs an open file for each"
            raise Guard(message, hint="raise the limit with ulimit -n, or narrow the choice")

    def _chosen(self, hits: list[Hit]) -> tuple[Hit, ...]:
        if not (self.selector.newest or self.selector.oldest):
            return tuple(sorted(hits, key=lambda hit: hit.process.pid))
        free = [hit for hit in hits if hit.handle and not hit.protection]
        there = sorted(free, key=lambda hit: (hit.process.started, hit.process.pid))
        chosen = there[-1:] if self.selector.newest else there[:1]
        for hit in hits:
            if hit.handle and hit not in chosen:
                hit.handle.close()
        return tuple(chosen)


def _describe(view: View, table: Table, inode: int | None) -> Process:
    stat = view.stat
    return Process(
        view.pid,
        match.full_name(stat.comm, view.cmdline),
        inode=inode,
        parent=stat.parent,
        argv=view.argv,
        uid=view.uid,
        user=user_name(view.uid),
        state=stat.state,
        session=stat.session,
        threads=stat.threads,
        age=table.age(stat),
        started=stat.start / TICKS,
        rss=view.memory("VmRSS"),
        swap=view.memory("VmSwap"),
        kernel=stat.kernel,
        foreign=is_foreign(view),
    )


def _sketch(view: View) -> Process:
    """Return what was learnt of a process before it was gone."""
    comm, raw = view.remembered
    return Process(view.pid, comm or next(iter(match.names("", raw)[1:]), ""), argv=match.split(raw))


def _name(view: View) -> str:
    try:
        return view.comm
    except (Gone, Denied):
        return ""


def user_name(uid: int) -> str:
    """Return what the user *uid* is called here, or the number."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
