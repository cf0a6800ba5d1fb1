"""Look at what the host wakes up from after hibernation, and at where its areas are. Changes nothing, runs nothing."""

from __future__ import annotations

import os
import stat

from . import blocks, hibernation
from .hibernation import Place, Resume

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..host import LocalHost
    from .facts import Facts, Target

_DRACUT = ("/etc/dracut.conf.d", "/usr/lib/dracut/dracut.conf.d")
_TAGS = {"UUID": "uuid", "LABEL": "label", "PARTUUID": "partuuid", "PARTLABEL": "partlabel"}


def gather_hibernation(host: LocalHost, found: Facts) -> hibernation.Hibernation | None:
    """Return what *host* wakes up from, compared with the areas of *found*; None if it does not."""
    resume = configured(host)
    if not resume:
        return None
    if not host.live:  # its devices are not here
        return hibernation.Hibernation(resume.source, resume.device, resume.offset)
    places = [place for target in found.targets if (target.header or target.active) for place in _places(host, target)]
    return hibernation.hibernation(resume, _configured_device(host, resume.device, found), places)


def configured(host: LocalHost) -> Resume | None:
    """Return what *host* is told to wake up from: by its kernel, or else by what makes its initial RAM disk."""
    return next(filter(None, _configured(host)), None)


def extents(host: LocalHost, path: str) -> Iterator[blocks.Extent]:
    """Yield the extents of a file in their order, none where the file system does not tell."""
    start = 0
    while True:
        answer = host.query(path, blocks.EXTENTS, blocks.extents_question(start))
        found = blocks.extents(answer) if answer else ()
        yield from found
        if not found or found[-1].last:
            return
        start = found[-1].offset + found[-1].length


def place(host: LocalHost, target: Target, page_size: int) -> Place | None:
    """Return where the area at *target* is, its offset None where this user or this file system cannot tell."""
    if target.kind == "device" and target.identity:
        return _at(host, target.path, target.identity[1], 0)
    status = host.stat(target.path)
    if not status:
        return None
    first = next(extents(host, target.path), None)
    is_btrfs = target.filesystem is not None and target.filesystem.type == "btrfs"
    if not is_btrfs:
        return _at(host, target.path, status.st_dev, _pages(first.place, page_size) if first else None)
    directory = os.path.dirname(target.path)
    mapped = _through_chunks(host, target.path, first.place) if first else None
    number, byte = mapped or (_only_device(host, directory), None)
    answer = host.query(directory, blocks.DEVICE, blocks.device_question(number)) if number else None
    device = host.stat(blocks.device_path(answer), follow=True) if answer else None
    return _at(host, target.path, device.st_rdev, None if byte is None else _pages(byte, page_size)) if device else None


def _pages(place: int, page_size: int) -> int:
    """Return the page at *place*; of blocks smaller than a page, the kernel takes those from the next whole one on."""
    return -(-place // page_size)


def _configured(host: LocalHost) -> Iterator[Resume | None]:
    if host.live:
        text = host.read_text(hibernation.COMMAND_LINE) or ""
        if "noresume" in text.split():
            return
        yield hibernation.from_command_line(text)
        yield hibernation.from_kernel(host.text(hibernation.DEVICE), host.text(hibernation.OFFSET))
    yield hibernation.from_initramfs(host.text(hibernation.INITRAMFS))
    names = ["/etc/dracut.conf", *(f"{place}/{name}" for place in _DRACUT for name in host.list(place))]
    for name in names:
        yield hibernation.from_dracut(name, host.text(name))


def _places(host: LocalHost, target: Target) -> Iterator[Place]:
    found = place(host, target, os.sysconf("SC_PAGE_SIZE")) if target.identity else None
    if found:
        yield found


def _through_chunks(host: LocalHost, path: str, address: int) -> tuple[int, int] | None:
    start = 0
    while True:
        answer = host.query(path, blocks.TREE, blocks.chunks_question(start))
        known = blocks.chunks(answer) if answer else ()
        mapped = blocks.on_device(address, known)
        if mapped or not known:
            return mapped
        start = known[-1].start + 1


def _only_device(host: LocalHost, directory: str) -> int:
    """Return the number of the device of a btrfs that has one; more than that only root is told."""
    answer = host.query(directory, blocks.FILE_SYSTEM, bytes(1024))
    return blocks.largest_number(answer) if answer and blocks.devices(answer) == 1 else 0


def _configured_device(host: LocalHost, spec: str, found: Facts) -> Place | None:
    numbers = hibernation.parse_number(spec)
    if numbers:
        known = host.stat(f"/sys/dev/block/{spec}", follow=True) is not None
        return _at(host, spec, os.makedev(*numbers), 0) if known else None
    area = next((target for target in found.targets if target.kind == "device" and spec == target.spec), None)
    tag, equals, value = spec.partition("=")
    path = f"/dev/disk/by-{_TAGS[tag]}/{value}" if equals and tag in _TAGS else area.path if area else spec
    status = host.stat(path, follow=True) if path.startswith("/") else None
    return _at(host, spec, status.st_rdev, 0) if status and stat.S_ISBLK(status.st_mode) else None


def _at(host: LocalHost, path: str, number: int, offset: int | None) -> Place:
    device = f"{os.major(number)}:{os.minor(number)}"
    lines = host.text(f"/sys/dev/block/{device}/uevent").split("\n")
    name = next((line.partition("=")[2] for line in lines if line.startswith("DEVNAME=")), "")
    return Place(path, device, f"/dev/{name}" if name else device, offset)


def disks(host: LocalHost, devices: Iterable[str]) -> set[str]:
    """Return the names of the whole disks below *devices*, each MAJOR:MINOR."""
    found: set[str] = set()
    for device in devices:
        directory = f"/sys/dev/block/{device}"
        below = host.list(f"{directory}/slaves")
        if below:
            found |= disks(host, (host.text(f"{directory}/slaves/{name}/dev").strip() for name in below))
        elif host.stat(directory):
            real = host.locate(directory, follow=True)
            parent = os.path.dirname(real) if host.stat(f"{directory}/partition") else real
            found.add(os.path.basename(parent))
    return found
