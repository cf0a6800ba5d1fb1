"""Find all descendants of processes that are held, also while they fork.

That a process has a parent's number says nothing when that number may be somebody else's by now. So each child is held
first and then asked for its parent, and it counts only if that parent, which is held too, is still there afterwards.
The same goes for a session: only descendants of its leader are in it, also those whose parents have ended (setsid(2)).

What grows while it is looked at is suspended, top down, until nothing new comes; then each is asked for the rest.
"""

from __future__ import annotations

import time

from ..errors import Guard
from .signals import Handle
from .surroundings import reason_by_place
from .table import Denied, Gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .plan import Limits
    from .process import Process
    from .search import Hit, Searcher
    from .signals import Suspension
    from .surroundings import Surroundings
    from .table import Table

_PASSES = 2  # after which what still grows is suspended, so that it cannot outrun us
_LARGE = 50  # processes; more of them are suspended at once, for they take longer to look at than to fork
_PATIENCE = 3.0  # seconds until what outruns us all the same is dealt with as far as it is known


class _Member:
    """A process of the tree; *barred*: neither it nor what descends from it is to be stopped; *idle*: it is stopped."""

    __slots__ = ("barred", "handle", "idle", "session")

    def __init__(self, handle: Handle, session: int, *, barred: bool, idle: bool) -> None:
        self.handle = handle
        self.session = session
        self.barred = barred
        self.idle = idle

    @property
    def there(self) -> bool:
        return not self.handle.closed and not self.handle.reaped


class Tree:
    """The descendants of processes."""

    def __init__(
        self, searcher: Searcher, table: Table, around: Surroundings, limits: Limits, suspension: Suspension
    ) -> None:
        self._searcher = searcher
        self._table = table
        self._around = around
        self._limits = limits
        self._room = searcher.room
        self._suspension = suspension
        self._members: dict[int, _Member] = {}

    def grow(self, roots: Iterable[Hit], *, suspend: bool) -> list[Hit]:
        """Return the descendants that are not known yet, each held; *suspend* those that fork and fork (SIGSTOP)."""
        for root in roots:
            if root.handle:
                self._members.setdefault(root.process.pid, self._root(root.handle, root.process))
        found: list[_Member] = []
        suspended: set[_Member] = set()
        deadline = time.monotonic() + _PATIENCE
        passes = 0
        while time.monotonic() < deadline:
            new = self._pass()
            found += new
            passes += 1
            grows = bool(new) and passes >= _PASSES
            if suspend and (suspended or grows or len(self._members) > _LARGE):
                for member in set(self._members.values()) - suspended:
                    if member.there and not member.barred and not member.idle:
                        self._suspension.add(member.handle)
                        new.append(member)
                suspended.update(self._members.values())
            if not new or (grows and not suspend):
                break
        return self._searcher.describe([member.handle for member in found])

    @staticmethod
    def _root(handle: Handle, process: Process) -> _Member:
        return _Member(handle, process.session, barred=False, idle=process.state == "T")

    def _pass(self) -> list[_Member]:
        children, sessions = self._links()
        queue = list(self._members.items())
        found = []
        seen: set[int] = set()  # sessions, each of which is looked through once
        while queue:
            number, member = queue.pop()
            if member.barred:
                continue
            near = [(pid, "parent", number) for pid in children.get(number, ())]
            if member.session in self._members and member.session not in seen and member.there:
                seen.add(member.session)
                near += [(pid, "session", member.session) for pid in sessions.get(member.session, ())]
            for pid, field, value in near:
                new = self._take(pid, field, value, member)
                if new:
                    found.append(new)
                    queue.append((pid, new))
        return found

    def _links(self) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
        children: dict[int, list[int]] = {}
        sessions: dict[int, list[int]] = {}
        for pid in self._table.pids():
            try:
                stat = self._table.view(pid).stat
            except (Gone, Denied):
                continue
            children.setdefault(stat.parent, []).append(pid)
            sessions.setdefault(stat.session, []).append(pid)
        return children, sessions

    def _take(self, pid: int, field: str, value: int, relative: _Member) -> _Member | None:
        """Hold a process, and make it a member if its *field* has this *value* while the relative is there."""
        known = self._members.get(pid)
        if known and known.there:
            return None
        if len(self._members) >= self._room:
            message = f"the tree has more than {self._room} processes"
            raise Guard(message, hint="raise the limit with ulimit -n, or stop its control group with --cgroup")
        try:
            with self._table.pinned(pid) as (view, directory):
                handle = Handle(pid, directory)
                stat = view.stat
        except (Gone, Denied):
            return None
        again = known and known.handle.inode is not None and known.handle.inode == handle.inode
        if again or getattr(stat, field) != value or not relative.there:
            handle.close()
            return None
        barred = self._limits.protects(reason_by_place(stat, pid, self._around))
        self._members[pid] = _Member(handle, stat.session, barred=barred, idle=stat.state == "T")
        return self._members[pid]


def unprotected(hits: Sequence[Hit], limits: Limits) -> list[Hit]:
    """Return those that may be stopped: a descendant in a PID namespace of its own was asked for with its ancestor."""
    return [hit for hit in hits if hit.protection == "namespace" or not limits.protects(hit.protection)]
