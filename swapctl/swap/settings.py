"""Values of the kernel's that are no areas: how they are and how they are to be, now and at boot. Pure."""

from __future__ import annotations

from ..record import Record
from .texts import MakeDirectory, SetValue, WriteText

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .action import Action

    Value = int | bool | str
    Pairs = tuple[tuple[str, Value], ...]  # of a layout's key and its value

HEADER = "# Made by swapctl, which writes it anew and removes it: see LAYOUTS in swapctl(8).\n"


class Values(Record):
    """Those that the kernel has now, *running*, and those that our file sets at boot, *persistent*."""

    running: Pairs = ()
    persistent: Pairs = ()

    def to_dict(self) -> dict[str, dict[str, Value]]:
        """Return the documented JSON form."""
        return {"running": dict(self.running), "persistent": dict(self.persistent)}


class Settings(Record):
    """What one key of a layout, *name*, leads to. *place*: the directory in which the kernel has the values."""

    name: str
    place: str
    before: Values
    after: Values
    actions: tuple[Action, ...] = ()
    warnings: tuple[str, ...] = ()

    def diff(self) -> Iterator[dict[str, str]]:
        """Yield how the kernel's values change, in the form that Ansible prints; files are shown by their own."""
        if self.before.running != self.after.running:
            yield {
                "before_header": self.place,
                "after_header": self.place,
                "before": _lines(self.before.running),
                "after": _lines(self.after.running),
            }


class File(Record):
    """A configuration file, as one that counts."""

    path: str
    text: str

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield number and text of each line that is no comment."""
        for number, line in enumerate(self.text.split("\n"), 1):
            stripped = line.strip()
            if stripped and not stripped.startswith(("#", ";")):
                yield number, stripped


class OwnFile(Record):
    """The file of ours that sets values at boot: its *text*, None if there is none, and whether its directory is."""

    text: str | None = None
    has_directory: bool = True

    def changes(self, path: str, text: str | None) -> Iterator[Action]:
        """Yield what makes it hold *text*; with None there is to be no such file."""
        if text == self.text:
            return
        if not self.has_directory:
            yield MakeDirectory(path.rpartition("/")[0])
        yield WriteText(self.text, text, path)


def in_order(files: Iterable[tuple[str, ...]]) -> list[str]:
    """Return the paths of what counts of *files*, given as the names in each directory, in the order of reading.

    They are ordered by their names, and of equals the first directory's counts: sysctl.d(5), tmpfiles.d(5).
    """
    found: dict[str, str] = {}
    for paths in files:
        for path in paths:
            name = path.rpartition("/")[2]
            if name.endswith(".conf"):
                found.setdefault(name, path)
    return [found[name] for name in sorted(found)]


def set_values(place: str, wanted: Iterable[tuple[str, str, str]]) -> Iterator[Action]:
    """Yield what sets each of *wanted*, name, value and what it is, where it differs."""
    for name, value, before in wanted:
        if value != before:
            yield SetValue(f"{place}/{name}", value, before)


def _lines(pairs: Pairs) -> str:
    return "".join(f"{key}: {str(value).lower() if isinstance(value, bool) else value}\n" for key, value in pairs)
