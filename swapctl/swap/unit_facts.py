"""Find the swap units that systemd knows, and where new ones would go. Changes nothing, asks systemd nothing."""

from __future__ import annotations

from . import units

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..host import LocalHost


def swap_units(host: LocalHost, links: dict[str, list[tuple[str, str]]]) -> tuple[units.Unit, ...]:
    """Return the .swap units of *host*, of those with one name the one that counts; *links* start them at boot."""
    found: dict[str, units.Unit] = {}
    for directory in units.DIRECTORIES:
        for name in host.list(directory):
            path = f"{directory}/{name}"
            if name.endswith(".swap") and name not in found:
                found[name] = _unit(host, name, path, links.get(name, []))
    return tuple(found.values())


def surroundings(host: LocalHost) -> tuple[units.Surroundings, dict[str, list[tuple[str, str]]]]:
    """Return what writing units depends on, and by their units the links that have swap units started at boot."""
    names = host.list(units.DIRECTORY)
    directories = [f"{units.DIRECTORY}/{name}" for name in names if name.endswith((".wants", ".requires", ".d"))]
    started = [
        (name, f"{directory}/{name}")
        for directory in directories
        if not directory.endswith(".d")
        for name in host.list(directory)
    ]
    links: dict[str, list[tuple[str, str]]] = {}
    for name, path in started:
        if name.endswith(".swap"):
            links.setdefault(name, []).append((path, host.read_link(path) or ""))
    around = units.Surroundings(
        runs=host.live and host.stat("/run/systemd/system") is not None,
        is_there=host.stat(units.DIRECTORY) is not None,
        directories=tuple(directories),
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


def _unit(host: LocalHost, name: str, path: str, links: list[tuple[str, str]]) -> units.Unit:
    if host.read_link(path) == units.NOWHERE:
        return units.Unit(name, path, "", links=tuple(links), masked=True)
    status = host.stat(path, follow=True)
    text = host.read_text(path) if status else None
    return units.parse(name, path, text or "", links)
