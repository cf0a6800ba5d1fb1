"""What swap units say, drop-ins and all. Pure: text in, values out. Formats: systemd.unit(5), systemd.syntax(7)."""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

KINDS = "swap.d"  # drop-ins in a directory of this name are for every swap unit

_SECTION = "[Swap]"
_PRIORITIES = range(-1, 32768)  # what is outside is passed over
# Of the options those that say nothing, or that systemd or a key of its own has already heard.
_NO_MATTER = {"", "sw", "defaults", "nofail", "noauto"}


class DropIn(Record):
    """A file that adds to the unit of the name *unit*, or overrides it."""

    unit: str
    path: str
    text: str


class Values(Record):
    """What a unit says of its area: *what* it is, its *priority* but for the options, and the *options*."""

    what: str = ""
    own_priority: int | None = None
    options: tuple[str, ...] = ()

    @property
    def priority(self) -> int | None:
        """The priority that the area gets: ``pri=`` among the options counts before ``Priority=`` (systemd.swap(5))."""
        given = [option.partition("=")[2] for option in self.options if option.startswith("pri=")]
        return int(given[-1]) if given and given[-1].isdecimal() else self.own_priority

    @property
    def further(self) -> frozenset[str]:
        """The options that are left for swapon."""
        return frozenset(one for one in self.options if not one.startswith(("pri=", "x-"))) - _NO_MATTER

    def means(self, other: Values) -> bool:
        """Whether both turn the same area on in the same way."""
        return (self.what, self.priority, self.further) == (other.what, other.priority, other.further)

    def __str__(self) -> str:
        options = ",".join(self.options)
        parts = [("What", self.what), ("Priority", self.own_priority), ("Options", options)]
        return " ".join(f"{key}={value}" for key, value in parts if value not in {None, ""})


def directories(unit: str) -> list[str]:
    """Return the names of the directories with drop-ins for *unit* alone, or for units whose names begin like its."""
    stem = unit.removesuffix(".swap")
    dashes = [place for place, letter in enumerate(stem) if letter == "-" and place < len(stem) - 1]
    return [f"{unit}.d", *(f"{stem[: place + 1]}.swap.d" for place in reversed(dashes))]


def values(texts: Iterable[str], start: Values | None = None) -> Values:
    """Return what *texts* say one after the other: the last word on each key counts, and an empty one takes it back."""
    found = start or Values()
    for text in texts:
        for key, value in _assignments(text):
            if key == "What":
                found = found.replace(what=_plain(value))
            elif key == "Options":
                found = found.replace(options=tuple(one.strip() for one in _plain(value).split(",") if one.strip()))
            elif key == "Priority" and not value:
                found = found.replace(own_priority=None)
            elif key == "Priority" and value.lstrip("-").isdecimal() and int(value) in _PRIORITIES:
                found = found.replace(own_priority=int(value) if int(value) >= 0 else None)
    return found


def overridden(wanted: Values, drop_ins: Iterable[DropIn]) -> tuple[str, str] | None:
    """Return the path of what has systemd not do as *wanted*, and what it says; None if nothing does."""
    now, culprit = wanted, None
    for one in drop_ins:
        before, now = now, values([one.text], now)
        if now.means(wanted):
            culprit = None
        elif not now.means(before):
            culprit = (one.path, str(values([one.text])) or "an empty value")
    return culprit


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in _lines(text):
        if line.startswith("["):
            section = line
            continue
        key, equals, value = line.partition("=")
        if equals and section == _SECTION:
            yield key.strip(), value.strip()


def _lines(text: str) -> Iterator[str]:
    """Yield lines without comments, those that end in a backslash joined with what follows."""
    whole = ""
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped.startswith(("#", ";")):
            continue
        if (len(stripped) - len(stripped.rstrip("\\"))) % 2:
            whole += f"{stripped[:-1]} "
            continue
        yield whole + stripped
        whole = ""
    yield whole


def _plain(value: str) -> str:
    return value.replace("%%", "%")
