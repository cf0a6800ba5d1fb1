"""All areas of a host, active or listed in fstab, with its memory and memory pressure."""

from __future__ import annotations

from ..host import LocalHost
from ..record import Record
from .facts import gather
from .state import State, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .memory import Memory

PRESSURE = "/proc/pressure/memory"


class Status(Record):
    """What swap a host has, sizes in bytes.

    *pressure* is the share of time in percent, and in total microseconds, that some or all tasks waited for memory;
    None where the kernel does not measure it (``Documentation/accounting/psi.rst``).
    """

    areas: tuple[State, ...]
    memory: Memory
    pressure: dict[str, dict[str, float]] | None

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        return {
            "areas": [{**area.to_dict(), "reachable": area.reachable} for area in self.areas],
            "memory": dict(self.memory.__dict__),
            "pressure": self.pressure,
        }


def status(host: LocalHost | None = None) -> Status:
    """Return the status of *host*; what this user may not read, such as a label, is None."""
    host = host or LocalHost()
    found = gather(host)
    text = host.read_text(PRESSURE) if host.live else None
    areas = tuple(state(target, found) for target in found.targets)
    return Status(areas, found.memory, _pressure(text) if text else None)


def _pressure(text: str) -> dict[str, dict[str, float]]:
    rows = (line.split() for line in text.split("\n") if line)
    return {row[0]: {name: _number(value) for name, value in (field.split("=") for field in row[1:])} for row in rows}


def _number(text: str) -> float:
    return float(text) if "." in text else int(text)
