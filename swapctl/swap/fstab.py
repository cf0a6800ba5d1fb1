"""Find and edit the swap entries of ``/etc/fstab``. Pure: text in, text out. Format: fstab(5), read as libmount does.

Every line that is not ours keeps its bytes and its place.
"""

from __future__ import annotations

import re

from ..record import Record
from . import lines, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# Lines end with a newline and nothing else: str.splitlines() would also cut at form feeds and U+2028. libmount drops a
# carriage return before it.
_BLANKS = re.compile(r"[ \t]+")
_NUMBER = re.compile(r"[-+]?[0-9]+")
_NEUTRAL = {"sw", "defaults"}
_NOWHERE = {"none", "swap"}  # both are in use, and no reader looks at either
_ESCAPED = {" ": r"\040", "\t": r"\011", "\n": r"\012", "\\": r"\134"}
_FIELDS = 6
_LEAST_FIELDS = 3


class Entry(Record):
    """One swap entry. *spec* is unescaped; *rest* is what stands behind the six fields, which readers ignore."""

    spec: str
    options: tuple[str, ...] = ("sw",)
    file: str = "none"
    rest: str = ""

    def __str__(self) -> str:
        fields = (_escape(self.spec), self.file, "swap", ",".join(self.options), "0", "0", self.rest)
        return " ".join(field for field in fields if field)

    def option(self, name: str) -> str | None:
        """Return the last value of option *name*, empty if it has none, None if it is not there."""
        values = [option.partition("=")[2] for option in self.options if option.partition("=")[0] == name]
        return values[-1] if values else None

    def means(self, other: Entry) -> bool:
        """Whether both ask for the same, however their options are ordered, and whatever stands for no mount point."""
        mine, theirs = (sorted(set(entry.options) - _NEUTRAL) for entry in (self, other))
        files = {self.file, other.file}
        return self.spec == other.spec and (len(files) == 1 or files <= _NOWHERE) and mine == theirs


class Line(Record):
    """A swap entry where it stands: *number* counts from 0; a line not *readable* is skipped by the boot."""

    number: int
    entry: Entry
    readable: bool = True


def swap_lines(text: str) -> tuple[Line, ...]:
    """Return the lines of *text* that are, or try to be, swap entries."""
    parsed = (_line(number, line) for number, line in enumerate(text.split("\n")))
    return tuple(line for line in parsed if line)


def misspelt(text: str) -> tuple[tuple[int, str, str], ...]:
    """Return the number, the area and the type of lines of *text* that nobody takes for swap: the case counts."""
    found = []
    for number, line in enumerate(text.split("\n")):
        fields = _BLANKS.split(line.removesuffix("\r").strip(" \t"), _LEAST_FIELDS)
        is_entry = len(fields) >= _LEAST_FIELDS and not fields[0].startswith("#")
        if is_entry and fields[2] != "swap" and fields[2].lower() == "swap":
            found.append((number, table.unescape(fields[0]), fields[2]))
    return tuple(found)


def edit(text: str, changes: Iterable[tuple[Collection[Line], Entry | None]]) -> str:
    """Return *text* in which, for each change, one new entry stands at the place of the first of its old lines.

    The other old lines go; a new entry without old lines goes to the end; None only removes. An old line that is alone
    and already says the same stays as it is.
    """
    return lines.edit(text, (_change(old, new) for old, new in changes if not is_right(old, new)))


def _change(old: Collection[Line], new: Entry | None) -> tuple[list[int], str | None]:
    first = min(old, key=lambda line: line.number, default=None)
    new = new.replace(rest=first.entry.rest) if new and first else new
    return [line.number for line in old], str(new) if new else None


def is_right(old: Collection[Line], new: Entry | None) -> bool:
    """Whether the *old* lines already say *new* and nothing else, so that `edit` leaves them alone."""
    if new is None or len(old) != 1:
        return not old and new is None
    (line,) = old
    return line.readable and line.entry.means(new)


def _line(number: int, text: str) -> Line | None:
    stripped = text.removesuffix("\r").strip(" \t")
    if not stripped or stripped.startswith("#"):
        return None
    fields = _BLANKS.split(stripped, _FIELDS)
    if len(fields) < _LEAST_FIELDS or fields[2] != "swap":
        return None
    options = fields[3] if len(fields) > _LEAST_FIELDS else "defaults"
    words = (place for place, field in enumerate(fields[4:_FIELDS], 4) if not _NUMBER.fullmatch(field))
    behind = next(words, _FIELDS)
    rest = "".join(_BLANKS.split(stripped, behind)[behind:])
    entry = Entry(table.unescape(fields[0]), tuple(options.split(",")), table.unescape(fields[1]), rest)
    return Line(number, entry, readable=behind == _FIELDS)


def _escape(field: str) -> str:
    return "".join(_ESCAPED.get(character, character) for character in field)
