"""Find and edit lines of ``/etc/crypttab``. Pure: text in, text out. Format: crypttab(5), systemd's and Debian's.

Every line that is not ours keeps its bytes and its place.
"""

from __future__ import annotations

import re

from ..record import Record
from . import lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .facts import Target

CRYPTTAB = "/etc/crypttab"

_KIND = "CRYPT-PLAIN-"  # how the device mapper's UUID of a mapping without a header begins
_BLANKS = re.compile(r"[ \t]+")
_FIELDS = 4
_LEAST_FIELDS = 2
_KEYS = ("/dev/urandom", "/dev/random", "/dev/hwrng")  # what gives another key each time


class Entry(Record):
    """One mapping to set up at boot: *device* with *key* is to be /dev/mapper/*name*."""

    name: str
    device: str
    key: str = "none"
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.name, self.device, self.key, ",".join(self.options)))

    @property
    def makes_swap(self) -> bool:
        """Whether each boot makes a swap area of the device, with a new key: nothing on it outlives that."""
        return self.key in _KEYS and "swap" in self.options


class Line(Record):
    """An entry where it stands: *number* counts from 0. *is_of_device*: it leads to the device that is asked about."""

    number: int
    entry: Entry
    is_of_device: bool = False


class Lower(Record):
    """The device below, and what is known of the mapping to it.

    *stable* is its name for crypttab. *lines* are those of crypttab that have the mapping's name or lead to the device.
    *uuid* is what the device mapper says of the mapping that has the name now, empty if none has; *mapped* is what that
    lies on, and *is_mapped* whether this device is that.
    """

    device: Target
    stable: str
    lines: tuple[Line, ...] = ()
    uuid: str = ""
    mapped: str = ""
    is_mapped: bool = False
    has_driver: bool = True  # whether the kernel has, or can load, dm-crypt

    @property
    def is_plain(self) -> bool:
        """Whether the mapping is one of plain dm-crypt."""
        return self.uuid.startswith(_KIND)


def parse(text: str) -> tuple[Line, ...]:
    """Return the entries of *text*."""
    parsed = (_line(number, line) for number, line in enumerate(text.split("\n")))
    return tuple(line for line in parsed if line)


def edit(text: str, changes: Iterable[tuple[Collection[Line], Entry | None]]) -> str:
    """Return *text* in which, for each change, one new entry stands at the place of the first of its old lines.

    The other old lines go; a new entry without old lines goes to the end; None only removes.
    """
    return lines.edit(text, (([line.number for line in old], str(new) if new else None) for old, new in changes))


def _line(number: int, text: str) -> Line | None:
    stripped = text.strip(" \t\r")
    fields = _BLANKS.split(stripped, _FIELDS)
    if not stripped or stripped.startswith("#") or len(fields) < _LEAST_FIELDS:
        return None
    key = fields[2] if len(fields) > _LEAST_FIELDS else "none"
    options = tuple(fields[3].split(",")) if len(fields) >= _FIELDS else ()
    return Line(number, Entry(fields[0], fields[1], key, options))
