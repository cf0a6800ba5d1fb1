"""What is wrong with a host: each finding by its name, with how grave it is and what to do about it. Pure."""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .facts import Target

ERROR, WARNING, INFO = SEVERITIES = ("error", "warning", "info")

# Every finding that there is, in the order of the manual, with how grave it is.
FINDINGS = {
    # the entries of fstab
    "fstab-unreadable": ERROR,
    "fstab-type": ERROR,
    "fstab-missing": ERROR,  # with nofail a warning
    "fstab-no-area": ERROR,
    "fstab-tag-of-file": ERROR,
    "fstab-masked": ERROR,
    "fstab-duplicate": WARNING,
    "fstab-and-unit": WARNING,
    "fstab-priority": WARNING,
    "fstab-discard": WARNING,
    "fstab-timeout": WARNING,
    "fstab-device-name": INFO,
    "unit-missing": ERROR,
    "unit-drop-in": WARNING,
    # the areas
    "area-inactive": WARNING,
    "area-not-persistent": WARNING,
    "area-priority": WARNING,
    "area-mode": WARNING,
    "area-owner": WARNING,
    "area-immutable": ERROR,
    "area-holes": ERROR,
    "area-copy-on-write": ERROR,
    "area-shared": ERROR,
    "area-truncated": ERROR,
    "area-longer": INFO,
    "area-page-size": ERROR,
    "area-foreign": WARNING,
    "area-file-system": ERROR,
    "area-of-others": INFO,
    "area-random-key": INFO,
    "btrfs-devices": WARNING,
    "btrfs-subvolume": INFO,
    "bridge-active": WARNING,
    "leftover": WARNING,
    # the host
    "priority-inversion": WARNING,
    "priority-tie": WARNING,
    "priority-one-disk": INFO,
    "zram-and-zswap": WARNING,
    "zram-too-large": WARNING,
    "zswap-alone": INFO,
    "swap-none": WARNING,
    "swap-too-much": WARNING,
    "swap-full": ERROR,
    "overcommit": WARNING,
    "swappiness-low": WARNING,
    "swappiness-high": WARNING,
    "tuning-overridden": WARNING,
    "resume-stale": ERROR,
}


class Finding(Record):
    """Something that is wrong with *subject*, and the *remedy*: a thing to do, mostly a command.

    *fixable*: `repairs` knows a safe way. *spec*: the area to repair, and *repair*: what of it.
    """

    id: str
    severity: str
    subject: str
    message: str
    remedy: str
    fixable: bool = False
    spec: str = ""
    repair: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        return {name: self.__dict__[name] for name in ("id", "severity", "subject", "message", "remedy", "fixable")}


def finding(kind: str, subject: str, message: str, remedy: str, repair: tuple[Target, str] | None = None) -> Finding:
    """Return a finding; *repair*: the area, and what of it can be repaired, or nothing."""
    target, what = repair or (None, "")
    return Finding(kind, FINDINGS[kind], subject, message, remedy, spec=target.spec if target else "", repair=what)
