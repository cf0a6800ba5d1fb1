"""Which processes a selector means, by number: for those who only look, and so need hold none of them.

A search for `find` and `stop` opens each one and tells all of it, its command line too. Here nothing is read but what
the selector asks for.
"""

from __future__ import annotations

import os
from contextlib import nullcontext

from ..record import Record
from .criteria import Criteria
from .inquiry import FILES, MOST, ask
from .signals import Handle, killable, room
from .table import Denied, Gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .selector import Selector
    from .table import Table


class Selected(Record):
    """The numbers of those that are meant, of how many it is *unknown*, and how many were *silent*."""

    pids: tuple[int, ...]
    unknown: int = 0
    silent: int = 0


def select(selector: Selector, table: Table) -> Selected:
    """Return the processes that *selector* means, this one left out: a pattern stands on its own command line, too."""
    criteria = Criteria(selector, table)
    listed = criteria.pids
    inodes = dict(listed or ())
    me = os.getpid()

    def evaluate(pid: int) -> tuple[int, bool, int] | None:
        view = table.view(pid)
        try:
            fits, unknown = criteria.judge(view)
            if pid == me or not fits or not _is_same(table, pid, inodes.get(pid)):
                return None
            start = view.stat.start
        except Gone:
            return None
        except Denied:
            return 0, False, pid
        return start, not unknown, pid

    with killable() if selector.regex else nullcontext():  # an expression can take for ever, and hold the interpreter
        answers, silent = wait_for(table.pids() if listed is None else inodes, evaluate, table)
    known = sorted((start, pid) for start, is_known, pid in answers if is_known)
    if selector.newest or selector.oldest:
        known = known[-1:] if selector.newest else known[:1]
    unknown = sum(not is_known for _start, is_known, _pid in answers)
    return Selected(tuple(pid for _start, pid in known), unknown, len(silent))


def wait_for(pids: Iterable[int], question: Callable[[int], Any], table: Table) -> tuple[list[Any], list[int]]:
    """Return the answers to what may have to wait for a process's memory, and who gave none; see `ask`."""
    most = max(1, min(MOST, room() // 2 // FILES))
    return ask(list(pids), question, most=most, locked=table.locked)


def _is_same(table: Table, pid: int, inode: int | None) -> bool:
    if inode is None:
        return True
    with table.pinned(pid) as (_view, directory):
        handle = Handle(pid, directory)
        try:
            return handle.inode == inode
        finally:
            handle.close()
