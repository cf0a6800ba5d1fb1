"""Find the areas that the kernel swaps to, and what their names lead to here. Changes nothing, runs nothing."""

from __future__ import annotations

import stat

from ..errors import Refused
from . import table
from .facts import Active

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from ..host import LocalHost
    from .facts import Identity


def active_areas(host: LocalHost) -> tuple[Active, ...]:
    """Return the areas that the kernel swaps to now; none on a tree whose kernel does not run."""
    if not host.live:
        return ()
    entries = table.parse(host.read_text("/proc/swaps") or "")
    return tuple(_active(host, entry) for entry in entries)


def active_at(host: LocalHost, path: str) -> table.Entry | None:
    """Return the kernel's entry for the area at *path*, if it is active."""
    status = host.stat(path, follow=True)
    return entry_of(host, path, status, active_areas(host)) if status else None


def entry_of(host: LocalHost, path: str, status: os.stat_result, active: Iterable[Active]) -> table.Entry | None:
    """Return the entry of *active* for what stands at *path*, even if the kernel has another name for it."""
    own = identity(status)
    known = next((one.entry for one in active if one.identity == own), None)
    nameless = [one.entry for one in active if one.identity is None and not one.is_hidden]
    if known or not nameless:
        return known
    if stat.S_ISBLK(status.st_mode):
        node = path.rpartition("/")[2]  # what is left of a device's name when its mount namespace is gone
        namesake = next((entry for entry in nameless if entry.path.rpartition("/")[2] == node), None)
        return namesake if namesake and host.busy(path) else None
    files = [entry for entry in nameless if entry.type == "file"]
    if not files or not stat.S_ISREG(status.st_mode) or not host.is_swap(path):
        return None
    return min(files, key=lambda entry: abs(entry.size - status.st_size))


def identity(status: os.stat_result) -> Identity:
    """Return what tells a file or device from all others, whatever it is called."""
    return ("device", status.st_rdev, 0) if stat.S_ISBLK(status.st_mode) else ("file", status.st_dev, status.st_ino)


def identity_at(host: LocalHost, path: str) -> Identity | None:
    """Return what tells from all others what *path* leads to, None if that is nothing."""
    status = host.stat(path, follow=True)
    return identity(status) if status else None


def _active(host: LocalHost, entry: table.Entry) -> Active:
    try:
        return Active(entry, _identity_of(host, entry))
    except Refused:
        return Active(entry, is_hidden=True)


def _identity_of(host: LocalHost, entry: table.Entry) -> Identity | None:
    for path in dict.fromkeys((entry.path, entry.surviving_path)):
        status = host.stat(path, follow=True)
        if status and stat.S_ISBLK(status.st_mode):
            return identity(status)
        # In another mount namespace the name may be that of another file, which stands here as well.
        if status and stat.S_ISREG(status.st_mode) and host.is_swap(path) is not False:
            return identity(status)
    return None
