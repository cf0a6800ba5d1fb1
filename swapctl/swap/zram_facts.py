"""Look at one zram device, and at what has it made at boot. Changes nothing, runs nothing.

Adding a device is done by *reading* a file, so that one is not among those read here.
"""

from __future__ import annotations

import os

from . import memory, units, zram_config
from .zram_config import CONTROL, sys_path
from .zram_device import MODULE, Boot, Device, Usage, number_of, parse_algorithms, parse_usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..host import LocalHost

    Texts = tuple[tuple[str, str], ...]

_RUNS = "/run/systemd/system"


def gather_zram(host: LocalHost, path: str) -> Device | None:
    """Return what there is to know of the zram device *path*, there or not; None if the path is not one's."""
    number = number_of(path)
    if number is None:
        return None
    boot = _boot(host, number)
    here = Device(
        number,
        boot=boot,
        page_size=os.sysconf("SC_PAGE_SIZE"),
        ram=memory.parse(host.read_text("/proc/meminfo") or "").total,
    )
    if not host.live:
        return here
    there = [name for name in host.list("/sys/block") if number_of(f"/dev/{name}") is not None]
    loaded = bool(there) or host.stat(CONTROL) is not None
    device = here.replace(
        algorithms=_offered(host, there),
        loaded=loaded,
        loadable=loaded or _is_loadable(host),
        services=_services(host, number, boot),
    )
    return device.replace(exists=True, **_state(host, number)) if f"zram{number}" in there else device


def _state(host: LocalHost, number: int) -> dict[str, object]:
    directory = sys_path(number)
    algorithm, algorithms = parse_algorithms(host.read_text(f"{directory}/comp_algorithm") or "")
    statistics = host.read_text(f"{directory}/mm_stat")
    backing = (host.read_text(f"{directory}/backing_dev") or "").strip()
    return {
        "disksize": int(host.read_text(f"{directory}/disksize") or 0),
        "algorithm": algorithm,
        "algorithms": algorithms,
        "usage": parse_usage(statistics) if statistics else Usage(),
        "backing": "" if backing == "none" else backing,
    }


def _offered(host: LocalHost, names: list[str]) -> tuple[str, ...]:
    """Return the algorithms of any device that is there: the kernel offers the same to all."""
    texts = (host.read_text(f"/sys/block/{name}/comp_algorithm") for name in names)
    return next((parse_algorithms(text)[1] for text in texts if text), ())


def _is_loadable(host: LocalHost) -> bool:
    """Whether the kernel's modules have zram among them."""
    listed = host.read_text(f"/lib/modules/{os.uname().release}/modules.dep") or ""
    return any(line.partition(":")[0].rpartition("/")[2].partition(".")[0] == MODULE for line in listed.split("\n"))


def _services(host: LocalHost, number: int, boot: Boot) -> tuple[str, ...]:
    """Return the units that may have set the device up at boot, and would reset it when they are stopped."""
    if host.stat(_RUNS) is None:
        return ()
    is_generated = host.stat(f"/run/systemd/generator/dev-zram{number}.swap") is not None
    by_generator = [zram_config.generator_service(number)] if is_generated else []
    return (*by_generator, *([zram_config.service_name(number)] if boot.service is not None else []))


def _boot(host: LocalHost, number: int) -> Boot:
    before, after = _fragments(host, number)
    service = zram_config.service_name(number)
    requires = f"{units.DIRECTORY}/dev-zram{number}.swap.requires"
    return Boot(
        generator=_has_generator(host),
        fragments=before,
        later=after,
        own=host.read_text(zram_config.own_path(number)),
        service=host.read_text(f"{units.DIRECTORY}/{service}"),
        link=host.read_link(f"{requires}/{service}"),
        owners=tuple(_owners(host, number)),
        directories=tuple(one for one in (zram_config.OWN_DIRECTORY, requires) if host.stat(one) is not None),
    )


def _has_generator(host: LocalHost) -> bool:
    paths = (f"{directory}/{zram_config.GENERATOR}" for directory in zram_config.GENERATORS)
    path = next((path for path in paths if host.stat(path) is not None), None)
    return path is not None and host.read_link(path) != units.NOWHERE


def _fragments(host: LocalHost, number: int) -> tuple[Texts, Texts]:
    """Return the generator's configuration, by path and text: what ours overrides, and what overrides ours."""
    files = (f"{place}/{zram_config.FILE}" for place in zram_config.PLACES)
    main = next(([path] for path in files if host.stat(path, follow=True) is not None), [])
    by_name = {
        name: f"{place}/{zram_config.FILE}.d/{name}"
        for place in reversed(zram_config.PLACES)
        for name in host.list(f"{place}/{zram_config.FILE}.d")
        if name.endswith(".conf")
    }
    ordered = [(name, path) for name, path in sorted(by_name.items()) if path != zram_config.own_path(number)]
    before = [path for name, path in ordered if name < zram_config.own_name(number)]
    after = [path for name, path in ordered if name >= zram_config.own_name(number)]
    return _texts(host, [*main, *before]), _texts(host, after)


def _texts(host: LocalHost, paths: list[str]) -> Texts:
    regular = [path for path in paths if host.read_link(path) != units.NOWHERE]  # which is how one is switched off
    read = ((path, host.read_text(path)) for path in regular)
    return tuple((path, text) for path, text in read if text is not None)


def _owners(host: LocalHost, number: int) -> list[str]:
    """Return the services of others that are enabled and make this device."""
    enabled = {
        name
        for directory in host.list(units.DIRECTORY)
        if directory.endswith((".wants", ".requires"))
        for name in host.list(f"{units.DIRECTORY}/{directory}")
    }
    return [
        f"{name} ({what})"
        for name, (what, first_alone) in zram_config.OWNERS.items()
        if name in enabled and (number == 0 or not first_alone)
    ]
