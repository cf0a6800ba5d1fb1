"""Who uses memory and swap: each process, or all of a program, user or unit together. Looks, and changes nothing.

Of all processes one file is read, the one with what they are sorted by; the rest is read only of those that are shown.
Nothing is read from a process's own memory, which could bring swapped pages back, unless command lines are asked for.
"""

from __future__ import annotations

from contextlib import closing

from .. import host as hosts
from ..errors import InvalidInput
from ..record import Record
from ..swap import memory
from . import figures, match
from .inquiry import FILES, MOST, ask
from .search import Searcher, user_name
from .signals import room
from .table import TICKS, Denied, Gone, Stat, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from .selector import Selector
    from .table import View

SORTS = ("swap", "rss", "pss", "faults", "age", "cpu")
GROUPS = ("program", "user", "unit")
LIMIT = 20

_UNIT_KINDS = (".service", ".scope", ".socket", ".swap", ".mount")


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

    What is used and not known belongs to shared memory and tmpfs, which no process is told to have, to the kernel, and
    to processes that are hidden or in other PID namespaces. *denied*: of how many processes not all could be read;
    *silent*: how many did not answer; *partial*: processes of others are hidden (hidepid).
    """

    rows: tuple[Usage, ...]
    total: int
    used: int
    known: int | None = None
    denied: int = 0
    silent: int = 0
    partial: bool = False

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        return {
            "rows": [row.to_dict() for row in self.rows],
            "total": self.total,
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
    with closing(Table()) as table:
        return _Survey(table, selector).run(sort, limit, by, pss=pss or sort == "pss", args=args)


def _check(name: str, value: str | None, allowed: tuple[str | None, ...]) -> None:
    if value not in allowed:
        raise InvalidInput(f"{name} {value!r} is not one of {', '.join(filter(None, allowed))}")


class _Survey:
    def __init__(self, table: Table, selector: Selector | None) -> None:
        self._table = table
        self._selector = selector
        self._denied: set[int] = set()
        self._silent = 0
        self._users: dict[int, str] = {}

    def run(self, sort: str, limit: int | None, by: str | None, *, pss: bool, args: bool) -> Survey:
        pids = self._pids()
        if by:
            rows = self._groups(pids, by, pss=pss)
            found, known = len(rows), sum(row.swap for row in rows)
            rows = sorted(rows, key=_order(sort))[:limit]
        else:
            first = self._first_look(pids, sort)
            found = len(first)
            known = sum(row.swap for row in first) if sort in {"swap", "rss"} else -1
            chosen = [row.pid for row in sorted(first, key=_order(sort))[:limit] if row.pid is not None]
            asks = self._asked if pss or args else self._each  # of the others nobody's memory has to be waited for
            rows = sorted(asks(chosen, lambda pid: self._whole(pid, pss=pss, args=args)), key=_order(sort))
        meminfo = memory.parse(hosts.LocalHost().read_text("/proc/meminfo") or "")
        is_all = self._selector is None and known >= 0
        return Survey(
            tuple(rows),
            found,
            meminfo.swap_total - meminfo.swap_free,
            known if is_all else None,
            len(self._denied),
            self._silent,
            self._table.partial,
        )

    def _pids(self) -> list[int]:
        if self._selector is None:
            return self._table.pids()
        return [hit.process.pid for hit in Searcher(self._selector, self._table).search().live]

    def _first_look(self, pids: Iterable[int], sort: str) -> list[Usage]:
        """Return what the processes are sorted by, and little else."""
        if sort == "pss":
            return list(self._asked(pids, lambda pid: self._whole(pid, pss=True, args=False)))
        sketch = _by_status if sort in {"swap", "rss"} else _by_stat
        return list(self._each(pids, lambda pid: sketch(self._table.view(pid))))

    def _whole(self, pid: int, *, pss: bool, args: bool) -> Usage | None:
        try:
            with self._table.pinned(pid) as (view, _descriptor):
                return self._filled(view, pss=pss, args=args)
        except Gone:
            return None
        except Denied:
            self._denied.add(pid)
            return None

    def _filled(self, view: View, *, pss: bool, args: bool) -> Usage:
        raw = view.read("stat")
        row, stat, faults = _by_status(view), Stat(raw), figures.faults(raw)
        return row.replace(
            user=self._user(row.uid),
            state=stat.state,
            age=self._table.age(stat),
            minor=faults.minor,
            major=faults.major,
            cpu=figures.ticks(raw) / TICKS,
            shares=self._shares(view) if pss else None,
            argv=view.argv if args else (),
        )

    def _shares(self, view: View) -> figures.Shares | None:
        try:
            return figures.shares(view.read_memory("smaps_rollup"))
        except Gone:  # it has no memory any more
            return None
        except Denied:
            self._denied.add(view.pid)
            return None

    def _groups(self, pids: Iterable[int], by: str, *, pss: bool) -> list[Usage]:
        groups: dict[str, Usage] = {}
        for name, row in self._asked(pids, lambda pid: self._keyed(pid, by, pss=pss)):
            groups[name] = _sum(groups[name], row) if name in groups else row.replace(name=name, pid=None)
        return list(groups.values())

    def _keyed(self, pid: int, by: str, *, pss: bool) -> tuple[str, Usage] | None:
        view = self._table.view(pid)
        try:
            row = _by_status(view)
            faults = figures.faults(view.read("stat"))
            row = row.replace(minor=faults.minor, major=faults.major, shares=self._shares(view) if pss else None)
            return self._key(view, row, by), row.replace(uid=None, state="")
        except Gone:
            return None
        except Denied:
            self._denied.add(pid)
            return None

    def _key(self, view: View, row: Usage, by: str) -> str:
        if by == "program":
            return row.name
        if by == "user":
            return self._user(row.uid) or "-"
        names = (name for path in view.cgroups for name in reversed(path.split("/")) if name.endswith(_UNIT_KINDS))
        return next(names, "-")

    def _user(self, uid: int | None) -> str:
        if uid is not None and uid not in self._users:
            self._users[uid] = user_name(uid)
        return self._users.get(uid, "") if uid is not None else ""

    def _each(self, pids: Iterable[int], look: Callable[[int], Usage | None]) -> Iterator[Usage]:
        for pid in pids:
            try:
                row = look(pid)
                if row:
                    yield row
            except Gone:
                pass
            except Denied:
                self._denied.add(pid)

    def _asked(self, pids: Iterable[int], question: Callable[[int], Any]) -> list[Any]:
        """Ask what may have to wait for a process's memory, and wait for none without end."""
        most = max(1, min(MOST, room() // 2 // FILES))
        answers, silent = ask(list(pids), question, most=most, locked=self._table.locked)
        self._silent += len(silent)
        return answers


def _by_status(view: View) -> Usage:
    status = view.read("status")
    uids = figures.field(status, b"Uid").split()
    return Usage(
        match.decode(figures.field(b"\n" + status, b"Name")),
        view.pid,
        uid=int(uids[1]) if uids else None,
        threads=int(figures.field(status, b"Threads") or b"1"),
        rss=figures.kibibytes(status, b"VmRSS"),
        swap=figures.kibibytes(status, b"VmSwap"),
    )


def _by_stat(view: View) -> Usage:
    raw = view.read("stat")
    stat, faults = Stat(raw), figures.faults(raw)
    return Usage(
        stat.comm,
        view.pid,
        age=-float(stat.start),  # enough to sort by
        minor=faults.minor,
        major=faults.major,
        cpu=figures.ticks(raw) / TICKS,
    )


def _order(sort: str) -> Callable[[Usage], tuple[float, int, int]]:
    def key(row: Usage) -> tuple[float, int, int]:
        shares = row.shares or figures.Shares(rss=row.rss, pss=row.rss)
        amounts = {
            "swap": shares.swap_pss if row.shares and row.pid is None else row.swap,
            "rss": row.rss,
            "pss": shares.pss,
            "faults": row.major,
            "age": row.age or 0.0,
            "cpu": row.cpu,
        }
        return -float(amounts[sort]), -row.rss, row.pid or 0

    return key


def _sum(one: Usage, other: Usage) -> Usage:
    shares = None
    if one.shares and other.shares:
        pairs = zip(one.shares.__dict__.values(), other.shares.__dict__.values())
        shares = figures.Shares(*(mine + theirs for mine, theirs in pairs))
    return one.replace(
        count=one.count + other.count,
        threads=one.threads + other.threads,
        rss=one.rss + other.rss,
        swap=one.swap + other.swap,
        minor=one.minor + other.minor,
        major=one.major + other.major,
        shares=shares or one.shares or other.shares,
    )
