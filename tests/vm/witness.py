"""What a guest's kernel, its systemd and util-linux say of its swap. None of it is asked of swapctl."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.vm.guest import Guest

# Each answer ends in a NUL. The first waits until the boot is finished.
_QUESTIONS = (
    "systemctl is-system-running --wait",
    "systemctl --failed --plain --no-legend",
    "systemctl is-active swap.target",
    "systemctl list-units --all --type=swap --plain --no-legend --full",
    "tail -n +2 /proc/swaps",
    "findmnt --fstab --evaluate --types swap --json --output SOURCE,OPTIONS",
    "findmnt --fstab --types swap --noheadings --output SOURCE",
    "cat /etc/fstab",
    "find / -xdev -maxdepth 1 -name '*swap*' -printf '%f\\n'",
    "blkid --probe --output value --match-tag UUID /dev/vdb",
)


class Look(NamedTuple):
    """What there is at one moment; a priority is the one that /proc/swaps shows."""

    system: str
    failed: list[str]
    target: str
    units: dict[str, str]  # .swap units that systemd has loaded, and their state
    active: dict[str, int]  # areas, and their priority
    listed: dict[str, str]  # what the entries of fstab lead to, and their options
    named: list[str]  # how fstab names them
    fstab: str
    files: list[str]  # in the root directory
    header: str  # the UUID in the swap header of the second disk


def look(guest: Guest) -> Look:
    """Return what there is when the boot is finished."""
    answers = guest.run("\n".join(f"{question}; printf '\\0'" for question in _QUESTIONS), check=False).split("\0")
    system, failed, target, units, swaps, listed, named, fstab, files, header = answers[: len(_QUESTIONS)]
    return Look(
        system.strip(),
        failed.splitlines(),
        target.strip(),
        {fields[0]: fields[2] for fields in map(str.split, units.splitlines())},
        {fields[0]: int(fields[4]) for fields in map(str.split, swaps.splitlines())},
        {one["source"]: one["options"] for one in json.loads(listed or '{"filesystems": []}')["filesystems"]},
        named.split(),
        fstab,
        sorted(files.split()),
        header.strip(),
    )


def boot_seconds(guest: Guest) -> float:
    """Return how long its systemd took to boot, by its own clock."""
    words = guest.run("systemctl show --value --property=UserspaceTimestampMonotonic,FinishTimestampMonotonic").split()
    start, end = sorted(map(int, words))
    return (end - start) / 1e6
