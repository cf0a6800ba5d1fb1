"""Look at block devices: where they lie, who uses them, how they are found. Changes nothing, runs nothing."""

from __future__ import annotations

import os
import re

from . import partitions
from .active_facts import identity_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..host import LocalHost
    from . import filesystem
    from .facts import Identity, Target

_NUMBERED = re.compile(r"/dev/dm-[0-9]+")


def with_place(host: LocalHost, target: Target) -> Target:
    """Return the device with what sysfs says of where it lies: on a disk, or mapped to others."""
    own = f"/sys/dev/block/{number_of(target)}"
    name = value(host, f"{own}/dm/name")
    number = value(host, f"{own}/partition")
    known = f"/dev/mapper/{name}"
    if name and identity_at(host, known) == target.identity:
        target = target.replace(path=known)  # it means something to people, and the next boot keeps it
    target = target.replace(mapped=name)
    if not number:
        return target
    above = host.locate(own, follow=True).rpartition("/")[0]
    return target.replace(partition=_partition(host, own, above, int(number)), within=_identity(host, above))


def use_of(host: LocalHost, target: Target, mounts: Iterable[filesystem.Mount]) -> str:
    """Return how the device is in use, or nothing."""
    if not host.live or not host.busy(target.path):
        return ""
    number = number_of(target)
    mount = next((mount for mount in mounts if mount.device == number), None)
    if mount:
        return f"mounted at {mount.point}"
    holders = host.list(f"/sys/dev/block/{number}/holders")
    return f"part of {', '.join(holders)}" if holders else "in use by the kernel"


def is_read_only(host: LocalHost, target: Target) -> bool:
    """Whether the kernel takes nothing for the device."""
    return (host.read_text(f"/sys/dev/block/{number_of(target)}/ro") or "").strip() == "1"


def stable_name(host: LocalHost, device: Target) -> str:
    """Return a name by which the next boot finds the same device: as asked for, or a surer link of udev's."""
    if device.mapped or device.spec.startswith("/dev/disk/"):
        return f"/dev/mapper/{device.mapped}" if _NUMBERED.fullmatch(device.spec) else device.spec
    for directory in ("by-partuuid", "by-id", "by-path"):
        for name in host.list(f"/dev/disk/{directory}"):
            link = f"/dev/disk/{directory}/{name}"
            if "\\" not in name and device.identity and identity_at(host, link) == device.identity:
                return link
    return device.path


def has_module(host: LocalHost, name: str) -> bool:
    """Whether the kernel has a module, in it or to load."""
    if host.stat(f"/sys/module/{name.replace('-', '_')}"):
        return True
    modules = f"/lib/modules/{os.uname().release}"
    return any(f"/{name}.ko" in (host.read_text(f"{modules}/modules.{kind}") or "") for kind in ("builtin", "dep"))


def number_of(target: Target) -> str:
    """Return the device's number, as sysfs has it."""
    return _number(target.identity[1] if target.identity else 0)


def _number(device: int) -> str:
    return f"{os.major(device)}:{os.minor(device)}"


def _identity(host: LocalHost, directory: str) -> Identity | None:
    major, _colon, minor = value(host, f"{directory}/dev").partition(":")
    return ("device", os.makedev(int(major), int(minor)), 0) if minor else None


def _partition(host: LocalHost, own: str, above: str, number: int) -> partitions.Partition:
    disk = f"/dev/{above.rpartition('/')[2].replace('!', '/')}"
    start, sector = value(host, f"{own}/start"), value(host, f"{above}/queue/logical_block_size")
    try:
        with host.opened(disk) as descriptor:
            if value(host, f"{above}/dev") != _number(os.fstat(descriptor).st_rdev):
                return partitions.Partition(disk, number, obstacle=f"{disk} is not the disk that it is on")

            def read(offset: int, length: int) -> bytes:
                return host.read_at(descriptor, offset, length).ljust(length, b"\0")

            return partitions.find(disk, number, int(start), int(sector), read)
    except OSError as error:
        return partitions.Partition(disk, number, obstacle=f"{disk} cannot be read: {error.strerror}")


def value(host: LocalHost, path: str) -> str:
    """Return the value in a file of sysfs, nothing if there is no such file."""
    return (host.read_text(path) or "").rstrip("\n")
