"""Find the swap units that systemd knows, and where new ones would go. Changes nothing, asks systemd nothing."""

from __future__ import annotations

from .. import host as hosts
from . import units
from .drop_ins import KINDS, DropIn, directories
from .settings import in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..host import LocalHost


class SwapUnits:
    """The .swap units of *host*, of those with one name the one that counts; *links* start them at boot."""

    def __init__(self, host: LocalHost, links: dict[str, list[tuple[str, str]]]) -> None:
        self._host = host
        listed = [f"{directory}/{name}" for directory in units.DIRECTORIES for name in host.list(directory)]
        self._drop_ins = {path for path in listed if path.endswith((".swap.d", f"/{KINDS}"))}
        found: dict[str, units.Unit] = {}
        for path in listed:
            name = path.rpartition("/")[2]
            if name.endswith(".swap") and name not in found:
                found[name] = _unit(host, name, path, links.get(name, []), self.drop_ins(name))
        self.all = tuple(found.values())

    def drop_ins(self, name: str) -> tuple[DropIn, ...]:
        """Return what is added to the unit *name*, in the order in which systemd reads it, whoever makes the unit."""
        own = directories(name) if self._drop_ins else []
        places = [f"{directory}/{one}" for directory in units.DIRECTORIES for one in own]
        places += [f"{directory}/{KINDS}" for directory in units.DIRECTORIES]
        paths = (
            tuple(f"{place}/{file}" for file in self._host.list(place)) for place in places if place in self._drop_ins
        )
        texts = ((path, self._text(path)) for path in in_order(paths))
        return tuple(DropIn(name, path, text) for path, text in texts if text is not None)

    def _text(self, path: str) -> str | None:
        if self._host.read_link(path) == units.NOWHERE:  # it hides others of its name, and says nothing
            return None
        return self._host.read_text(path)


def surroundings(host: LocalHost) -> tuple[units.Surroundings, dict[str, list[tuple[str, str]]]]:
    """Return what writing units depends on, and by their units the links that have swap units started at boot."""
    names = host.list(units.DIRECTORY)
    directories = [f"{units.DIRECTORY}/{name}" for name in names if name.endswith((".wants", ".requires", ".d"))]
    contents = {directory: tuple(host.list(directory)) for directory in directories}
    started = [
        (name, f"{directory}/{name}")
        for directory, inner in contents.items()
        if not directory.endswith(".d")
        for name in inner
    ]
    links: dict[str, list[tuple[str, str]]] = {}
    for name, path in started:
        if name.endswith(".swap"):
            links.setdefault(name, []).append((path, host.read_link(path) or ""))
    files = (f"{units.DIRECTORY}/{name}" for name in names if name.endswith((".swap", ".service")))
    changeable = (units.DIRECTORY, *directories, *files)
    around = units.Surroundings(
        runs=host.live and host.stat("/run/systemd/system") is not None,
        is_there=host.stat(units.DIRECTORY) is not None,
        directories=tuple(directories),
        contents=tuple(contents.items()),
        fixed=tuple(path for path in changeable if host.flags(path) & (hosts.IMMUTABLE | hosts.APPEND_ONLY)),
        enabled=tuple(dict.fromkeys(name for name, _path in started)),
        masked=tuple(name for name in names if _is_masked(host, name)),
        timeouts=tuple(_timeouts(host, directories)),
    )
    return around, links


def _is_masked(host: LocalHost, name: str) -> bool:
    return name.endswith((".swap", ".service")) and host.read_link(f"{units.DIRECTORY}/{name}") == units.NOWHERE


def _timeouts(host: LocalHost, directories: list[str]) -> Iterator[tuple[str, str]]:
    for directory in directories:
        path = f"{directory}/{units.TIMEOUT_FILE}"
        text = host.read_text(path) if directory.endswith(".device.d") else None
        if text is not None:
            yield path, text


def _unit(
    host: LocalHost, name: str, path: str, links: list[tuple[str, str]], drop_ins: tuple[DropIn, ...]
) -> units.Unit:
    if host.read_link(path) == units.NOWHERE:
        return units.Unit(name, path, "", links=tuple(links), masked=True)
    status = host.stat(path, follow=True)
    text = host.read_text(path) if status else None
    return units.parse(name, path, text or "", links, drop_ins)
