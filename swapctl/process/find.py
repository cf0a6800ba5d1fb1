"""Find processes, and change nothing."""

from __future__ import annotations

from contextlib import closing

from ..record import Record
from .search import Searcher
from .table import Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .process import Process, Unknown
    from .selector import Selector


class Listing(Record):
    """The processes that were found. *unknown*: not told whether meant. *partial*: processes of others are hidden."""

    processes: tuple[Process, ...]
    unknown: tuple[Unknown, ...] = ()
    partial: bool = False

    @property
    def exit_status(self) -> int:
        """0 if there is one, else 1."""
        return 0 if self.processes else 1

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        return {
            "processes": [one.to_dict() for one in self.processes],
            "unknown": [one.to_dict() for one in self.unknown],
            "partial": self.partial,
        }


def look(selector: Selector) -> Listing:
    """Return the processes that *selector* means, this one left out, with what could not be learnt.

    Raises InvalidInput (nothing was looked at) and Guard (``/proc`` is that of another PID namespace).
    """
    with closing(Table()) as table:
        found = Searcher(selector, table).search()
    return Listing(tuple(hit.process for hit in found.live), found.unknown, found.partial)


def find(selector: Selector) -> list[Process]:
    """Return the processes that *selector* means, this one left out; `look` tells as well what could not be learnt."""
    return list(look(selector).processes)
