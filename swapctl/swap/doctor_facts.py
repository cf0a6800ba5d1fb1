"""Look at what `doctor` has to know of a host besides its areas. Changes nothing, runs nothing."""

from __future__ import annotations

import os
import re

from ..naming import KINDS
from . import blocks, crypttab, memory
from .condition import Condition, Ground
from .facts import BRIDGE_DIRECTORIES
from .gather import gather
from .hibernation_facts import disks, extents, gather_hibernation, place
from .target_facts import SUBVOLUME
from .tuning import overridden
from .tuning_facts import gather_tuning
from .zswap_facts import is_enabled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..host import LocalHost
    from .facts import Facts, Target


_LEFT = re.compile(rf"\.(.+)\.swapctl-(?:{'|'.join(KINDS)})", re.DOTALL)
_VALUES = {"swappiness": "/proc/sys/vm/swappiness", "overcommit": "/proc/sys/vm/overcommit_memory"}


def gather_condition(host: LocalHost, found: Facts) -> Condition:
    """Return what there is to know about *host* besides *found*, the facts about all its areas."""
    condition = Condition(
        grounds=tuple(_grounds(host, found)),
        strays=tuple(_strays(host, found)),
        hibernation=gather_hibernation(host, found),
        crypttab=tuple(line.entry for line in crypttab.parse(host.text(crypttab.CRYPTTAB))),
        overridden=overridden(gather_tuning(host)),
    )
    if not host.live:
        return condition
    pressure = memory.parse_pressure(host.text(memory.PRESSURE))
    return condition.replace(
        zram=tuple(_zram(host)),
        zswap=is_enabled(host) is True,
        pressure=pressure["some"]["avg60"] if pressure else None,
        **{name: _number(host.text(path)) for name, path in _VALUES.items()},
    )


def _grounds(host: LocalHost, found: Facts) -> Iterator[tuple[str, Ground]]:
    for target in found.targets:
        if target.identity and target.kind in {"file", "device"}:
            yield target.path, _ground(host, target, found.page_size)


def _ground(host: LocalHost, target: Target, page_size: int) -> Ground:
    at = place(host, target, page_size)
    below = sorted(disks(host, [at.device])) if at else []
    ground = Ground(tuple(below), any(host.text(f"/sys/block/{name}/queue/rotational") == "1\n" for name in below))
    if target.kind == "device":
        return ground
    ground = ground.replace(shared=any(extent.shared for extent in extents(host, target.path)))
    if not target.filesystem or target.filesystem.type != "btrfs":
        return ground
    directory = os.path.dirname(target.path)
    answer = host.query(directory, blocks.FILE_SYSTEM, bytes(1024))
    return ground.replace(devices=blocks.devices(answer) if answer else 1, crowded=_is_crowded(host, directory))


def _is_crowded(host: LocalHost, directory: str) -> bool:
    """Whether the btrfs subvolume of *directory* holds more than swap files: then somebody makes snapshots of it."""
    status = host.stat(directory, follow=True)
    if not status or status.st_ino != SUBVOLUME:
        return True
    paths = (f"{directory.rstrip('/')}/{name}" for name in host.list(directory))
    return not all(target.header or target.unreadable for target in gather(host, paths, groups=False).targets)


def _strays(host: LocalHost, found: Facts) -> Iterator[Target]:
    """Yield the places that are not known as areas, and at which an interrupted run left something."""
    known = {target.path for target in found.targets}
    directories = [os.path.dirname(target.path) for target in found.targets if target.kind == "file"]
    left = {left.path for target in found.targets for left in target.leftovers}
    for directory in dict.fromkeys((*directories, *BRIDGE_DIRECTORIES)):
        names = [name for name in host.list(directory) if _LEFT.fullmatch(name)]
        paths = {f"{directory.rstrip('/')}/{name}" for name in names} - left - known
        owners = {f"{os.path.dirname(path).rstrip('/')}/{_owner(path)}" for path in paths} - known
        yield from gather(host, sorted(owners), groups=False).targets if owners else ()


def _owner(path: str) -> str:
    match = _LEFT.fullmatch(os.path.basename(path))
    return match.group(1) if match else ""


def _zram(host: LocalHost) -> Iterator[tuple[str, int]]:
    for name in host.list("/sys/block"):
        size = _number(host.text(f"/sys/block/{name}/disksize")) if name.startswith("zram") else None
        if size:
            yield f"/dev/{name}", size


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdigit() else None
