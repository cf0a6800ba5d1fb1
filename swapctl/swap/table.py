"""Read the kernel's table of active swap areas. Pure: the text of ``/proc/swaps`` in, entries out. See proc(5)."""

from __future__ import annotations

import re

from ..errors import Unreadable
from ..record import Record

_FIELDS = 5
_DELETED = " (deleted)"
# What the kernel pads with. It escapes these in a path, but no other white space, at which str.split() would cut too.
_BLANKS = re.compile(r"[ \t]+")


class Entry(Record):
    """One active area, as the kernel shows it: sizes in bytes, *size* without the header page."""

    path: str
    type: str
    size: int
    used: int
    priority: int

    @property
    def surviving_path(self) -> str:
        """The name without the mark that the kernel puts behind a name that is gone from its directory."""
        return self.path.removesuffix(_DELETED)


def parse(text: str) -> tuple[Entry, ...]:
    """Return the entries of *text* in the kernel's order; an empty or missing table has none."""
    return tuple(_entry(line) for line in text.split("\n")[1:] if line)


def unescape(field: str) -> str:
    """Return *field* with its octal escapes (a backslash and three digits) as the bytes they stand for."""
    if "\\" not in field:
        return field
    raw = field.encode("utf-8", "surrogateescape")
    plain = re.sub(rb"\\([0-3][0-7]{2})", lambda match: bytes([int(match.group(1), 8)]), raw)
    return plain.decode("utf-8", "surrogateescape")


def _entry(line: str) -> Entry:
    fields = _BLANKS.split(line.strip(" \t"))
    if len(fields) != _FIELDS:
        message = f"/proc/swaps: this line does not have {_FIELDS} fields: {line!r}"
        raise Unreadable(message)
    path, kind, size, used, priority = fields
    try:
        return Entry(unescape(path), kind, int(size) * 1024, int(used) * 1024, int(priority))
    except ValueError as error:
        message = f"/proc/swaps: this line holds a number that is none: {line!r}"
        raise Unreadable(message) from error
