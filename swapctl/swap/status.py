"""All areas of a host, active or listed in fstab, with its memory and memory pressure."""

from __future__ import annotations

from ..host import LocalHost
from ..record import Record
from . import memory as memories
from .diagnosis import Diagnosis, diagnose
from .gather import gather
from .hibernation_facts import gather_hibernation
from .state import State, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .hibernation import Hibernation
    from .memory import Memory


class Status(Record):
    """What swap a host has, sizes in bytes.

    *pressure* is the share of time in percent, and in total microseconds, that some or all tasks waited for memory;
    None where the kernel does not measure it (``Documentation/accounting/psi.rst``). *hibernation*: what the host wakes
    up from, None if it does not.
    """

    areas: tuple[State, ...]
    memory: Memory
    pressure: dict[str, dict[str, float]] | None
    hibernation: Hibernation | None = None
    diagnosis: Diagnosis | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        return {
            "areas": [{**area.to_dict(), "reachable": area.reachable} for area in self.areas],
            "memory": dict(self.memory.__dict__),
            "pressure": self.pressure,
            "hibernation": self.hibernation.to_dict() if self.hibernation else None,
            **(self.diagnosis.to_dict() if self.diagnosis else {}),
        }


def status(host: LocalHost | None = None, *, checks: bool = False) -> Status:
    """Return the status of *host*; what this user may not read, such as a label, is None. *checks*: `diagnose` it."""
    host = host or LocalHost()
    found = gather(host)
    text = host.read_text(memories.PRESSURE) if host.live else None
    areas = tuple(state(target, found) for target in found.targets)
    return Status(
        areas,
        found.memory,
        memories.parse_pressure(text or ""),
        gather_hibernation(host, found),
        diagnose(host) if checks else None,
    )
