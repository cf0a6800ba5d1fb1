"""Find all descendants of processes that are held, also while they fork.

That a process has a parent's number says nothing when that number may be somebody else's by now. So each child is held
first and then asked for its parent, and it counts only if that parent, which is held too, is still there afterwards.
The same goes for a session: only descendants of its leader are in it, also those whose parents have ended (setsid(2)).
"""

from __future__ import annotations

import signal
import time

from ..errors import Guard
from .table import Denied, Gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .search import Hit, Searcher
    from .signals import Handle
    from .table import Table, View

_PASSES = 2  # after which what still grows is stopped, so that it cannot outrun us
_PATIENCE = 3.0  # seconds until what outruns us all the same is dealt with as far as it is known


class Tree:
    """The descendants of processes; *room*: how many can be held."""

    def __init__(self, searcher: Searcher, table: Table, room: int) -> None:
        self._searcher = searcher
        self._table = table
        self._room = room
        self._members: dict[int, Hit] = {}
        self.suspended: list[Handle] = []

    def grow(self, roots: Iterable[Hit], *, suspend: bool) -> list[Hit]:
        """Return the descendants that are not known yet, each held; *suspend* those that fork and fork (SIGSTOP)."""
        for root in roots:
            self._members.setdefault(root.process.pid, root)
        found: list[Hit] = []
        deadline = time.monotonic() + _PATIENCE
        passes = 0
        while time.monotonic() < deadline:
            new = self._pass()
            found += new
            passes += 1
            if not new or (passes >= _PASSES and not suspend):
                break
            if passes >= _PASSES:
                self._suspend(self._members.values() if passes == _PASSES else new)
        return found

    def resume(self) -> None:
        """Let those that were suspended go on; to one that was signalled meanwhile, that is when the signal comes."""
        for handle in self.suspended:
            try:
                handle.reopen()
                handle.send(signal.SIGCONT)
            except (Gone, Denied):
                continue
        self.suspended.clear()

    def _suspend(self, hits: Iterable[Hit]) -> None:
        for hit in hits:
            if hit.handle and not hit.handle.closed and not hit.protection:
                try:
                    hit.handle.send(signal.SIGSTOP)
                except (Gone, Denied):
                    continue
                self.suspended.append(hit.handle)

    def _pass(self) -> list[Hit]:
        children, sessions = self._links()
        queue = list(self._members.values())
        found = []
        while queue:
            member = queue.pop()
            if member.protection or not member.handle:
                continue
            near = [(pid, member, "parent") for pid in children.get(member.process.pid, ())]
            if member.process.session in self._members:
                near += [(pid, member, "session") for pid in sessions.get(member.process.session, ())]
            for pid, relative, kind in near:
                hit = self._take(pid, relative, kind)
                if hit:
                    found.append(hit)
                    queue.append(hit)
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

    def _take(self, pid: int, relative: Hit, kind: str) -> Hit | None:
        known = self._members.get(pid)
        if known and known.handle and not known.handle.closed and not known.handle.reaped:
            return None
        if len(self._members) >= self._room:
            message = f"the tree has more than {self._room} processes"
            raise Guard(message, hint="raise the limit with ulimit -n, or stop its control group with --cgroup")

        def belongs(view: View) -> bool:
            number = view.stat.parent if kind == "parent" else view.stat.session
            expected = relative.process.pid if kind == "parent" else relative.process.session
            return number == expected and relative.handle is not None and not relative.handle.reaped

        try:
            hit = self._searcher.hit(pid, belongs)
        except (Gone, Denied):
            return None
        if not hit or (known and known.process.inode == hit.process.inode):
            return None
        self._members[pid] = hit
        return hit


def unprotected(hits: Sequence[Hit]) -> list[Hit]:
    """Return those that may be stopped: a descendant in a PID namespace of its own was asked for with its ancestor."""
    return [hit for hit in hits if hit.protection in {"", "namespace"}]
