"""Examine a host: look, find what is wrong, and repair what is safe to repair, by converging.

What only that needs is loaded when it is asked for: every command imports this file.
"""

from __future__ import annotations

from ..host import LOCK_TIMEOUT, LocalHost
from ..record import Record
from .converge import Result, converge
from .finding import INFO, Finding
from .gather import gather

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .transaction import Progress


class Diagnosis(Record):
    """What is wrong with a host, the gravest first, and what is *unchecked*, for it could not be looked at."""

    findings: tuple[Finding, ...]
    unchecked: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing has to be done: what is only worth knowing does not count."""
        return all(finding.severity == INFO for finding in self.findings)

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        return {"findings": [one.to_dict() for one in self.findings], "unchecked": list(self.unchecked)}


def diagnose(host: LocalHost | None = None) -> Diagnosis:
    """Return what is wrong with *host*; it changes nothing and starts no program."""
    from . import doctor
    from .doctor_facts import gather_condition

    host = host or LocalHost()
    found = gather(host, groups=False)
    return Diagnosis(doctor.examine(found, gather_condition(host, found)), doctor.unchecked(found))


def repair(
    host: LocalHost | None = None,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
    lock_timeout: float = LOCK_TIMEOUT,
    backup: bool = False,
    fstab_in_place: bool = False,
) -> Result:
    """Repair what of *host* is safe to repair, all of it or nothing; the arguments are those of `converge`."""
    from . import doctor
    from .doctor_facts import gather_condition

    host = host or LocalHost()
    found = gather(host, groups=False)
    condition = gather_condition(host, found)
    return converge(
        doctor.repairs(doctor.examine(found, condition), found, condition),
        dry_run=dry_run,
        host=host,
        progress=progress,
        lock_timeout=lock_timeout,
        backup=backup,
        fstab_in_place=fstab_in_place,
    )
