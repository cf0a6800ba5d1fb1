"""Look at what memory cgroups hold in swap, and what they may take. Changes nothing, runs nothing."""

from __future__ import annotations

import os

from .memory import Group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..host import LocalHost
    from . import filesystem

# Where a memory cgroup tells of itself: what it takes, its limit, and its swap, for cgroup v1 and v2.
_FILES = {
    "cgroup": ("memory.usage_in_bytes", "memory.limit_in_bytes", ""),
    "cgroup2": ("memory.current", "memory.max", "memory.swap.current"),
}
_UNLIMITED = 1 << 60


def groups(host: LocalHost, mounts: Iterable[filesystem.Mount]) -> tuple[Group, ...]:
    """Return the tree of memory cgroups, none where there is no controller for memory."""
    for mount in mounts:
        if mount.type in {"cgroup", "cgroup2"} and _has_memory_files(host, mount):
            return (_group(host, mount.point, _FILES[mount.type]),)
    return ()


def _has_memory_files(host: LocalHost, mount: filesystem.Mount) -> bool:
    if mount.type == "cgroup":
        return host.stat(f"{mount.point}/memory.usage_in_bytes") is not None
    return "memory" in (host.read_text(f"{mount.point}/cgroup.controllers") or "").split()


def _group(host: LocalHost, path: str, files: tuple[str, str, str]) -> Group:
    usage_name, limit_name, swap_name = files
    numbers = dict(line.split()[:2] for line in (host.read_text(f"{path}/memory.stat") or "").split("\n") if line)
    limit = _number(host.read_text(f"{path}/{limit_name}"))
    swap = _number(host.read_text(f"{path}/{swap_name}")) if swap_name else _number(numbers.get("total_swap"))
    headroom = None
    if limit is not None and limit < _UNLIMITED:
        cached = _number(numbers.get("total_inactive_file", numbers.get("inactive_file"))) or 0
        headroom = max(limit - (_number(host.read_text(f"{path}/{usage_name}")) or 0) + cached, 0)
    inner = [f"{path}/{name}" for name in host.list(path)]
    children = (one for one in inner if os.path.isdir(one))
    return Group(swap or 0, headroom, tuple(_group(host, child, files) for child in children))


def _number(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdigit() else None
