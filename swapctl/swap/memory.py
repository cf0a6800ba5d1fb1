"""Whether what an area holds fits elsewhere. Pure. All amounts are bytes.

Turning an area off moves its pages into memory and, where that is full, into the other areas. When neither has room the
kernel kills processes, swapoff first (swapoff(2), and ``mm/oom_kill.c``), so this is settled beforehand.
"""

from __future__ import annotations

from ..record import Record
from ..sizes import MIB

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

PRESSURE = "/proc/pressure/memory"
EVENTS = "/proc/vmstat"

_SMALLEST_MARGIN = 16 * MIB
_MARGIN_SHARE = 50


class Memory(Record):
    """The host's memory, from ``/proc/meminfo``."""

    total: int
    available: int
    swap_total: int = 0
    swap_free: int = 0

    @property
    def margin(self) -> int:
        """What is left alone, because available memory is the kernel's estimate and the host goes on working."""
        return max(self.total // _MARGIN_SHARE, _SMALLEST_MARGIN)


class Promised(Record):
    """The memory that programs were promised, and the *limit* that counts where vm.overcommit_memory is 2."""

    amount: int = 0
    limit: int = 0


class Group(Record):
    """A memory cgroup: what it has in *swap*, how much more memory it may take, and the groups in it."""

    swap: int
    headroom: int | None = None
    children: tuple[Group, ...] = ()

    @property
    def overflow(self) -> int:
        """What would not fit if all its swapped pages came back: its limit makes the kernel kill in it."""
        own = 0 if self.headroom is None else max(self.swap - self.headroom, 0)
        return max(own, sum(child.overflow for child in self.children))


def displaced(used: int, memory: Memory, groups: Iterable[Group]) -> int:
    """Return how much of *used* bytes of swap has no room in memory and must go to another area."""
    if not used:
        return 0
    beyond_memory = used + memory.margin - memory.available
    beyond_limits = min(used, sum(group.overflow for group in groups))
    return max(beyond_memory, beyond_limits, 0)


def parse(text: str) -> Memory:
    """Return the memory described by *text*, that of ``/proc/meminfo``; what it does not tell is 0."""
    return Memory(*_amounts(text, "MemTotal", "MemAvailable", "SwapTotal", "SwapFree"))


def parse_promised(text: str) -> Promised:
    """Return what *text*, that of ``/proc/meminfo``, says of memory that is promised."""
    return Promised(*_amounts(text, "Committed_AS", "CommitLimit"))


def _amounts(text: str, *names: str) -> tuple[int, ...]:
    pairs = (line.partition(":")[::2] for line in text.split("\n") if ":" in line)
    kib = {name: int(value.split()[0]) for name, value in pairs if value.split()}
    return tuple(kib.get(name, 0) * 1024 for name in names)


def parse_pressure(text: str) -> dict[str, dict[str, float]] | None:
    """Return what *text*, that of ``/proc/pressure/memory``, says of some and of all tasks; None if it says nothing."""
    rows = [line.split() for line in text.split("\n") if line]
    told = {row[0]: {name: _figure(value) for name, value in (field.split("=") for field in row[1:])} for row in rows}
    return told or None


def parse_events(text: str) -> dict[str, int]:
    """Return the counters in *text*, that of ``/proc/vmstat``."""
    pairs = (line.partition(" ")[::2] for line in text.split("\n"))
    return {name: int(value) for name, value in pairs if value.isdecimal()}


def _figure(text: str) -> float:
    return float(text) if "." in text else int(text)
