"""Builders for tests: swap headers as bytes, and the facts that a plan is made from."""

from __future__ import annotations

import struct
import uuid as uuids
from typing import TYPE_CHECKING, Any

from swapctl.sizes import GIB, KIB, MIB
from swapctl.swap import fstab
from swapctl.swap.facts import Active, Facts, Fstab, Target
from swapctl.swap.filesystem import Filesystem
from swapctl.swap.header import Header
from swapctl.swap.memory import Memory
from swapctl.swap.table import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = 4 * KIB
UUID = "0f3b2a1c-1111-4222-8333-944455556666"
OTHER_UUID = "77777777-8888-4999-aaaa-bbbbbbbbbbbb"
PUBLIC = "/var/tmp"  # a directory where anybody may make files, and a place for bridges


def header_bytes(
    pages: int,
    *,
    page_size: int = PAGE,
    uuid: str = "",
    label: bytes = b"",
    order: str = "<",
    version: int = 1,
    magic: bytes = b"SWAPSPACE2",
) -> bytes:
    """Return the first page of a swap area of *pages* pages, as mkswap writes it."""
    names = struct.pack("16s16s", uuids.UUID(uuid).bytes if uuid else b"", label)
    page = bytes(1024) + struct.pack(f"{order}III", version, pages - 1, 0) + names
    return page.ljust(page_size - len(magic), b"\0") + magic


def entry(path: str = "/swapfile", size: int = GIB, *, used: int = 0, priority: int = -2, type: str = "file") -> Entry:  # noqa: A002
    """Return the kernel's entry for an active area that spans *size* bytes with its header page."""
    return Entry(path, type, size - PAGE, used, priority)


def ext4(free: int = 100 * GIB, **changes: Any) -> Filesystem:
    """Return a file system with *free* bytes of room."""
    return Filesystem("ext4", free).replace(**changes)


def lines_of(text: str, *specs: str) -> tuple[fstab.Line, ...]:
    """Return the swap lines of *text* that name one of *specs*."""
    return tuple(line for line in fstab.swap_lines(text) if line.entry.spec in specs)


def missing(path: str = "/swapfile", **changes: Any) -> Target:
    """Return a path at which nothing stands, in a directory on ext4."""
    return Target(path, path, filesystem=ext4()).replace(**changes)


def swap_file(path: str = "/swapfile", size: int = GIB, **changes: Any) -> Target:
    """Return a sound swap file of *size* bytes that is not in use."""
    header = Header(PAGE, size // PAGE, UUID)
    target = Target(
        path, path, "file", ("file", 1, hash(path)), size=size, allocated=size, header=header, filesystem=ext4()
    )
    return target.replace(**changes)


def active_file(
    path: str = "/swapfile", size: int = GIB, *, used: int = 0, priority: int = -2, **changes: Any
) -> Target:
    """Return a sound swap file of *size* bytes that is in use."""
    return swap_file(path, size, active=entry(path, size, used=used, priority=priority)).replace(**changes)


def device(path: str = "/dev/vdb", size: int = GIB, **changes: Any) -> Target:
    """Return a block device of *size* bytes that bears a swap area as large as itself, not in use."""
    header = Header(PAGE, size // PAGE, UUID)
    return Target(path, path, "device", ("device", hash(path), 0), size=size, mode=0o660, gid=6, header=header).replace(
        **changes
    )


def blank_device(path: str = "/dev/vdb", size: int = GIB, **changes: Any) -> Target:
    """Return a block device with nothing on it."""
    return device(path, size, header=None, empty=True).replace(**changes)


def facts(*targets: Target, text: str | None = "", others: Iterable[Entry] = (), **changes: Any) -> Facts:
    """Return the facts about a live machine with plenty of memory, with *text* in its fstab and root at work.

    Each of *targets* is in use if it says so and listed where *text* names it; *others* are in use too.
    """
    listed = tuple(
        target if target.lines else target.replace(lines=lines_of(text or "", target.spec, target.path))
        for target in targets
    )
    active = [Active(target.active, target.identity) for target in targets if target.active]
    active += [Active(one, ("file", 2, number)) for number, one in enumerate(others)]
    found = Facts(
        live=True,
        targets=listed,
        active=tuple(active),
        fstab=Fstab(text),
        memory=Memory(8 * GIB, 6 * GIB),
        page_size=PAGE,
        kernel=(6, 1),
    )
    return found.replace(**changes)


def short_of_memory(available: int = 64 * MIB) -> Memory:
    """Return the memory of a host with 1 GiB of RAM, *available* of it free."""
    return Memory(GIB, available)
