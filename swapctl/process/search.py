"""Find the processes that a selector means, and hold them.

The table is read twice: quickly, by number, to rule out nearly all; then each process that is left is opened, and what
it answers through that descriptor is what counts. A number that belongs to another process by then is not held.
"""

from __future__ import annotations

import _thread
import os
import time

from ..errors import Guard
from ..record import Record
from . import match
from .criteria import Criteria
from .process import Process, Unknown
from .signals import Handle, room
from .surroundings import is_foreign, reason_to_protect
from .table import TICKS, Denied, Gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .selector import Selector
    from .surroundings import Surroundings
    from .table import Table, View

    Evaluate = Callable[[int], "Hit | Unknown | None"]

_PATIENCE = 3.0  # seconds that one process may take to tell of itself
_LOOK = 0.5


class Hit(Record):
    """A process that is meant. *handle* is None when it was gone before it could be held; *protection* says why not."""

    process: Process
    handle: Handle | None
    protection: str = ""
    cgroups: tuple[str, ...] = ()


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
        self._room = room() if around else 0

    @property
    def users(self) -> frozenset[int]:
        """The users whose processes alone are meant; none if anybody's are."""
        return self._criteria.users

    def search(self) -> Found:
        """Return what is there now; the handles are the caller's to close."""
        wanted = self._criteria.pids
        pids = self._table.pids() if wanted is None else [pid for pid, _inode in wanted]
        inodes = dict(wanted or ())
        held: list[Handle] = []
        me = os.getpid()

        def evaluate(pid: int) -> Hit | Unknown | None:
            return None if pid == me else self._evaluate(pid, inodes.get(pid), held)

        answers, silent = _patiently(pids, evaluate)
        hits = [answer for answer in answers if isinstance(answer, Hit)]
        unknown = [answer for answer in answers if isinstance(answer, Unknown)]
        unknown += [Unknown(pid, "", "it does not answer: its memory is locked") for pid in silent]
        return Found(self._chosen(hits), tuple(unknown), self._table.partial)

    def hit(self, pid: int, accept: Callable[[View], bool]) -> Hit | None:
        """Hold one process, if *accept* says so of it once it is held; Gone or Denied."""
        with self._table.pinned(pid) as (view, directory):
            handle = Handle(pid, directory)
            if not accept(view):
                handle.close()
                return None
            return self._described(view, handle)

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
            hit = self._described(view, handle)
        self._keep(handle, held)
        return hit

    def _described(self, view: View, handle: Handle) -> Hit:
        process = _describe(view, self._table, handle.inode)
        protection = reason_to_protect(view, self._table, self._around) if self._around else ""
        return Hit(process, handle, protection, view.cgroups if self.selector.cgroup or self.selector.unit else ())

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
        there = sorted(
            (hit for hit in hits if not hit.protection), key=lambda hit: (hit.process.started, hit.process.pid)
        )
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
        user=_user_name(view.uid),
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


def _user_name(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


class _Turn:
    """Ask processes one after the other, in a thread of its own, which can be left behind with one that is silent."""

    def __init__(self, pids: Sequence[int], first: int, evaluate: Evaluate) -> None:
        self._pids = pids
        self._evaluate = evaluate
        self._done = _thread.allocate_lock()
        self._left = False
        self._answers: list[Hit | Unknown] = []
        self._error: BaseException | None = None
        self.at = first

    def run(self) -> list[Hit | Unknown]:
        """Return the answers up to the end, or up to a process that is silent: then *at* is its place."""
        self._done.acquire()
        _thread.start_new_thread(self._work, ())
        at, since = self.at, time.monotonic()
        while not self._done.acquire(timeout=_LOOK):
            if self.at != at:
                at, since = self.at, time.monotonic()
            elif time.monotonic() - since > _PATIENCE:
                self._left = True
                break
        if self._error:
            raise self._error
        return list(self._answers)

    def _work(self) -> None:
        try:
            while self.at < len(self._pids) and not self._left:
                answer = self._evaluate(self._pids[self.at])
                if answer is not None and not self._left:
                    self._answers.append(answer)
                self.at += not self._left
        except BaseException as error:  # noqa: BLE001 (raised again in the thread that waits)
            self._error = error
        finally:
            self._done.release()


def _patiently(pids: Sequence[int], evaluate: Evaluate) -> tuple[list[Hit | Unknown], list[int]]:
    """Return what *evaluate* says of each process, and those that did not answer.

    Reading a command line waits for whoever holds the process's memory, without end (mmap_lock).
    """
    answers: list[Hit | Unknown] = []
    silent = []
    at = 0
    while at < len(pids):
        turn = _Turn(pids, at, evaluate)
        answers += turn.run()
        if turn.at < len(pids):
            silent.append(pids[turn.at])
        at = turn.at + 1
    return answers, silent
