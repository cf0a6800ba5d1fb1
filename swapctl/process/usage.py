"""Who uses memory and swap: each process, or all of a program, user or unit together. Looks, and changes nothing.

Of all processes one file is read, the one with what they are sorted by; the rest is read only of those that are shown.
Nothing is read from a process's own memory, which could bring swapped pages back, unless command lines are asked for.
"""

from __future__ import annotations

import time
from contextlib import closing

from ..errors import InvalidInput
from ..record import Record
from . import figures, match
from .cgroups import unit_of
from .search import user_name
from .selected import Selected, select, wait_for
from .table import TICKS, Denied, Gone, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .selector import Selector
    from .table import View

    _Part = tuple[str, tuple[int, ...], tuple[int, ...] | None]

SORTS = ("swap", "rss", "pss", "faults", "age", "cpu")
GROUPS = ("program", "user", "unit")
LIMIT = 20

_OF_STATUS = {"swap", "rss", "pss"}  # what is read from another file than the rest
_FIELDS = {"faults": "major"}
_NOTHING = (0, 0, 0, 0, 0)


class Usage(Record):
    """What one process uses, or *count* of them together, of which only the *name* is told.

    Sizes are bytes, *age* and *cpu* seconds. *rss* counts pages that several processes share once for each. *shares*
    divides them up; None where that was not asked for, or may not be known.
    """

    name: str
    pid: int | None = None
    uid: int | None = None
    user: str = ""
    state: str = ""
    count: int = 1
    threads: int = 1
    age: float | None = None
    rss: int = 0
    swap: int = 0
    minor: int = 0
    major: int = 0
    cpu: float = 0.0
    argv: tuple[str, ...] = ()
    shares: figures.Shares | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        fields = {name: value for name, value in self.__dict__.items() if name not in {"argv", "shares", "age", "cpu"}}
        return {
            **fields,
            "age": None if self.age is None else round(self.age, 2),
            "cpu": round(self.cpu, 2),
            "argv": list(self.argv),
            "pss": self.shares.pss if self.shares else None,
            "private_dirty": self.shares.private_dirty if self.shares else None,
            "swap_pss": self.shares.swap_pss if self.shares else None,
        }


class Survey(Record):
    """What was found: *rows*, sorted, the first of *total*; in bytes how much swap is *used*, and *known* whose it is.

    The processes have at most what is *known*: what several share is counted for each whose memory was not shared out.
    The rest belongs to shared memory and tmpfs, which no process is told to have, to the kernel, and to processes that
    are hidden or in other PID namespaces. *size*: how much swap there is; both None where /proc is of processes alone,
    and *known* where not all were looked at. *denied*: of how many
    processes not all could be read; *silent*: how many did not answer; *partial*: processes of others are hidden
    (hidepid).
    """

    rows: tuple[Usage, ...]
    total: int
    used: int | None
    known: int | None = None
    denied: int = 0
    silent: int = 0
    partial: bool = False
    size: int | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        return {
            "rows": [row.to_dict() for row in self.rows],
            "total": self.total,
            "swap_total": self.size,
            "swap_used": self.used,
            "swap_known": self.known,
            "denied": self.denied,
            "silent": self.silent,
            "partial": self.partial,
        }


def usage(
    selector: Selector | None = None,
    *,
    sort: str = "swap",
    limit: int | None = LIMIT,
    by: str | None = None,
    pss: bool = False,
    args: bool = False,
) -> Survey:
    """Return who uses most, *limit* of them, None for all: processes that *selector* means, or all.

    *by* sums what is used by a program, user or unit. *pss*: read what shares out memory that several have together,
    which takes the kernel about 30 microseconds and more for large processes. *args*: read command lines, which reads
    the processes' own memory. Raises InvalidInput, and Guard as `look` does.
    """
    _check("sort", sort, SORTS)
    _check("by", by, (*GROUPS, None))
    if limit is not None and limit < 1:
        raise InvalidInput(f"limit {limit} is less than 1")
    with closing(Table()) as table:
        return _Survey(table, sort, pss=pss or sort == "pss", args=args).run(selector, limit, by)


def _check(name: str, value: str | None, allowed: tuple[str | None, ...]) -> None:
    if value not in allowed:
        raise InvalidInput(f"{name} {value!r} is not one of {', '.join(filter(None, allowed))}")


class _Survey:
    def __init__(self, table: Table, sort: str, *, pss: bool, args: bool) -> None:
        self._table = table
        self._sort = sort
        self._pss = pss
        self._args = args
        self._read = table.reader()
        self._users: dict[int, str] = {}
        self._denied: set[int] = set()
        self._now = time.clock_gettime(time.CLOCK_BOOTTIME)

    def run(self, selector: Selector | None, limit: int | None, by: str | None) -> Survey:
        chosen = Selected(tuple(self._table.pids())) if selector is None else select(selector, self._table)
        if by:
            rows, silent = self._groups(chosen.pids, by)
            total, known = len(rows), _known(rows)
        elif limit is None:
            rows, silent = self._rows(chosen.pids)
            total, known = len(rows), _known(rows)
        else:
            ranked = sorted(self._ranked(chosen.pids))
            rows, silent = self._first(ranked, limit)
            total = len(ranked)
            shown = {row.pid for row in rows}
            known = _known(rows) + sum(swap for *_order, pid, swap in ranked if pid not in shown)
        size, used = self._swap()
        is_known = selector is None and used is not None and (by or limit is None or self._sort in _OF_STATUS)
        return Survey(
            tuple(sorted(rows, key=_order(self._sort))[:limit]),
            total,
            used,
            min(known, used or 0) if is_known else None,
            len(self._denied) + chosen.unknown,
            len(silent) + chosen.silent,
            self._table.partial,
            size,
        )

    def _swap(self) -> tuple[int | None, int | None]:
        """Return how much swap there is, and is used."""
        try:
            meminfo = self._read("meminfo")
        except Gone:  # mounted with subset=pid
            return None, None
        size = figures.kibibytes(meminfo, b"SwapTotal")
        return size, size - figures.kibibytes(meminfo, b"SwapFree")

    def _ranked(self, pids: Sequence[int]) -> list[tuple[int, int, int, int]]:
        """Return what the processes are sorted by, from one file of each."""
        of_status = self._sort in _OF_STATUS
        rank = figures.rank_by_status if of_status else figures.rank_by_stat
        read = self._table.statuses() if of_status else lambda pid: self._read(f"{pid}/stat")
        ranked, sort = [], self._sort
        for pid in pids:
            try:
                ranked.append(rank(read(pid), sort, pid))
            except Gone:
                pass
            except Denied:
                self._denied.add(pid)
        return ranked

    def _first(self, ranked: Sequence[tuple[int, int, int, int]], limit: int) -> tuple[list[Usage], list[int]]:
        """Return rows among which the first *limit* are: a process's share is never more than it is *ranked* by."""
        rows: list[Usage] = []
        silent: list[int] = []
        is_share = self._pss and self._sort in {"swap", "pss"}
        order = _order(self._sort)
        begin, end = 0, limit
        while begin < len(ranked):
            if len(rows) >= limit and not (is_share and ranked[begin][0] < sorted(map(order, rows))[limit - 1][0]):
                break
            more, without = self._rows([pid for _amount, _rss, pid, _swap in ranked[begin:end]])
            rows += more
            silent += without
            begin, end = end, 2 * end
        return rows, silent

    def _rows(self, pids: Sequence[int]) -> tuple[list[Usage], list[int]]:
        return self._asked(pids, lambda pid, memory: self._row(pid, memory=memory))

    def _groups(self, pids: Sequence[int], by: str) -> tuple[list[Usage], list[int]]:
        parts, silent = self._asked(pids, lambda pid, memory: self._part(pid, by, memory=memory))
        groups: dict[str, list[_Part]] = {}
        for part in parts:
            groups.setdefault(part[0], []).append(part)
        return [_together(name, members) for name, members in groups.items()], silent

    def _asked(self, pids: Sequence[int], question: Callable[[int, bool], Any]) -> tuple[list[Any], list[int]]:
        """Ask all; of those whose memory is locked, what can be known without it."""

        def ask(pid: int, *, memory: bool = True) -> object:
            try:
                return question(pid, memory)
            except Gone:
                return None
            except Denied:
                self._denied.add(pid)
                return None

        if not (self._pss or self._args):
            return [answer for answer in map(ask, pids) if answer], []
        answers, silent = wait_for(pids, ask, self._table)
        without = (ask(pid, memory=False) for pid in silent)
        return [*answers, *(answer for answer in without if answer)], silent

    def _row(self, pid: int, *, memory: bool) -> Usage:
        with self._table.pinned(pid) as (view, _descriptor):
            comm, state, minor, major, ticks, threads, start = figures.counts(view.read("stat"))
            status, at = _status(view)
            uid = int(figures.field(status, b"Uid").split()[1])
            shares = self._shares(view, at) if self._pss and memory else None
            return Usage(
                match.decode(comm),
                pid,
                uid,
                self._user(uid),
                state,
                1,
                threads,
                max(0.0, self._now - start / TICKS),
                figures.kibibytes(status, b"VmRSS"),
                figures.kibibytes(status, b"VmSwap"),
                minor,
                major,
                ticks / TICKS,
                view.argv if self._args and memory else (),
                figures.Shares(*shares) if shares else None,
            )

    def _part(self, pid: int, by: str, *, memory: bool) -> _Part:
        """Return what one process is counted under, and its figures, as `_together` takes them."""
        view = self._table.view(pid)
        comm, _state, minor, major, ticks, threads, start = figures.counts(view.read("stat"))
        status, at = _status(view)
        if by == "program":
            name = match.decode(comm)
        elif by == "user":
            name = self._user(int(figures.field(status, b"Uid").split()[1]))
        else:
            name = unit_of(view.cgroups) or "-"
        rss, swap = figures.kibibytes(status, b"VmRSS"), figures.kibibytes(status, b"VmSwap")
        shares = self._shares(view, at) if self._pss and memory else None
        return name, (start, threads, rss, swap, minor, major, ticks), shares

    def _shares(self, view: View, at: str) -> tuple[int, ...] | None:
        try:
            return figures.amounts(view.read_memory(f"{at}smaps_rollup"))
        except Gone:  # it has no memory, or none any more
            return _NOTHING
        except Denied:
            self._denied.add(view.pid)
            return None

    def _user(self, uid: int) -> str:
        if uid not in self._users:
            self._users[uid] = user_name(uid)
        return self._users[uid]


def _together(name: str, parts: Sequence[_Part]) -> Usage:
    """Return what several processes have together; what they share out is known if it is of each of them."""
    _names, all_figures, all_shares = zip(*parts)
    starts, threads, rss, swap, minor, major, ticks = zip(*all_figures)
    return Usage(
        name,
        count=len(parts),
        threads=sum(threads),
        age=max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - min(starts) / TICKS),
        rss=sum(rss),
        swap=sum(swap),
        minor=sum(minor),
        major=sum(major),
        cpu=sum(ticks) / TICKS,
        shares=None if None in all_shares else figures.Shares(*map(sum, zip(*all_shares))),
    )


def _status(view: View) -> tuple[bytes, str]:
    """Return a process's ``status``, of its first thread that has memory, and where that is."""
    status = view.read("status")
    if not figures.lacks_first_thread(status):
        return status, ""
    at = view.thread_with_memory()
    return view.read(f"{at}status"), at


def _known(rows: Sequence[Usage]) -> int:
    """Return how much swap *rows* are known to have: what several share once, where that was asked for."""
    return sum(row.shares.swap_pss if row.shares else row.swap for row in rows)


def _order(sort: str) -> Callable[[Usage], tuple[float, int, int]]:
    def key(row: Usage) -> tuple[float, int, int]:
        if sort == "pss":
            amount: float = row.shares.pss if row.shares else row.rss
        elif sort == "swap" and row.shares:
            amount = row.shares.swap_pss
        else:
            amount = getattr(row, _FIELDS.get(sort, sort)) or 0
        return -amount, -row.rss, row.pid or 0

    return key
