"""Control groups: what they are called, where they are mounted, and how to end one as a whole (cgroups(7)).

``cgroup.kill`` (Linux 5.14, version 2) sends SIGKILL to everything in a group and below it, also to what is forked
meanwhile: no list of processes can do that.
"""

from __future__ import annotations

import os
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .table import Table, View

_UNIT_KINDS = (".service", ".scope", ".slice", ".socket", ".mount", ".swap", ".timer")
_FIXED_FIELDS = 6  # of a line of mountinfo, before its optional ones


class Hierarchies:
    """Where control groups are mounted."""

    def __init__(self, table: Table) -> None:
        self._mounts = []
        self._memory: tuple[str, str, str] | None = None
        for fields in table.mounts():
            kind = fields[fields.index("-", _FIXED_FIELDS) + 1]
            if kind in {"cgroup", "cgroup2"}:
                self._mounts.append((kind, fields[4], fields[3].rstrip("/")))
                if kind == "cgroup" and "memory" in fields[-1].split(","):
                    self._memory = self._mounts[-1]

    def path(self, name: str) -> str:
        """Return a group's path as ``/proc/PID/cgroup`` shows it; *name* may be its directory, too."""
        for _kind, point, root in self._mounts:
            if name == point or name.startswith(f"{point}/"):
                return f"{root}/{name[len(point) :].strip('/')}"
        return "/" + name.strip("/")

    def directory(self, path: str) -> str | None:
        """Return the directory of a group of version 2, or None where that is not mounted."""
        for kind, point, root in self._mounts:
            if kind == "cgroup2" and is_within(path, [root]):
                return point + path[len(root) :]
        return None

    def memory_directory(self, path: str) -> str | None:
        """Return the directory of a group of version 1 that limits memory, or None where that is not mounted."""
        if not self._memory:
            return None
        _kind, point, root = self._memory
        return point + path[len(root) :] if is_within(path, [root]) else None


def is_within(path: str, groups: Iterable[str]) -> bool:
    """Whether a group is one of *groups* or below one."""
    return any(path == group or path.startswith(f"{group.rstrip('/')}/") for group in groups)


def unit_names(names: Iterable[str]) -> frozenset[str]:
    """Return systemd's names of units: a bare one means a service (systemd.unit(5))."""
    return frozenset(name if name.endswith(_UNIT_KINDS) else f"{name}.service" for name in names)


def unit_of(paths: Iterable[str]) -> str:
    """Return the innermost unit of systemd's that a process with the groups *paths* is in, empty if it is in none.

    A slice holds others, so it counts where there is nothing else. Of the hierarchies of version 1 some know less.
    """
    parts = [part for path in paths for part in enumerate(path.split("/"))]
    found = [(depth, name) for depth, name in parts if name.endswith(_UNIT_KINDS)]
    units = [one for one in found if not one[1].endswith(".slice")] or found
    return max(units, key=lambda one: one[0], default=(0, ""))[1]


def of_unit(path: str, units: frozenset[str]) -> str | None:
    """Return the part of a group's path that ends with one of *units*, or None."""
    parts = path.split("/")
    ends = [number for number, part in enumerate(parts) if part in units]
    return "/".join(parts[: ends[0] + 1]) if ends else None


_LIMITS_2 = {
    "memory": "memory.current",
    "memory_max": "memory.max",
    "memory_high": "memory.high",
    "swap": "memory.swap.current",
    "swap_max": "memory.swap.max",
}
_LIMITS_1 = {
    "memory": "memory.usage_in_bytes",
    "memory_max": "memory.limit_in_bytes",
    "memory_and_swap": "memory.memsw.usage_in_bytes",
    "memory_and_swap_max": "memory.memsw.limit_in_bytes",
}
_NO_LIMIT = 1 << 62  # version 1 has the largest number there is instead of a word


def limits_of(table: Table, view: View) -> dict[str, object] | None:
    """Return the group that limits a process's memory, what it has and may have, in bytes: None is no limit.

    A limit is the lowest one of the group's and those above it. None instead of all where no group limits memory.
    """
    mounted = Hierarchies(table)
    path = view.memory_cgroup
    directory = mounted.memory_directory(path) if path is not None else None
    if directory is not None:
        return limits_in(1, path or "", directory)
    directory = mounted.directory(view.unified_cgroup) if view.unified_cgroup else None
    if directory is not None and path is None:
        return limits_in(2, view.unified_cgroup, directory)
    return None


def limits_in(version: int, path: str, directory: str) -> dict[str, object]:
    """Return what `limits_of` tells of the group *path*, whose files are in *directory*."""
    told: dict[str, object] = {"version": version, "path": path}
    for name, file in (_LIMITS_1 if version == 1 else _LIMITS_2).items():
        is_limit = name.endswith(("_max", "_high"))
        told[name] = _lowest(directory, file) if is_limit else _number(f"{directory}/{file}")
    return told


def _lowest(directory: str, file: str) -> int | None:
    found = []
    while os.path.exists(f"{directory}/cgroup.procs"):
        found.append(_number(f"{directory}/{file}"))
        directory = os.path.dirname(directory)
    return min((one for one in found if one is not None), default=None)


def _number(path: str) -> int | None:
    try:
        with open(path, "rb") as file:
            text = file.read()
    except OSError:  # the root has none, and a group may be gone
        return None
    number = None if text.startswith(b"max") else int(text)
    return None if number is None or number >= _NO_LIMIT else number


class Group:
    """One control group of version 2, held by a descriptor: another one of the same name is not it."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self._descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._descriptor)

    def pids(self) -> set[int]:
        """Return the processes in the group and below; 0 is one that this PID namespace does not show."""
        found: set[int] = set()
        for _path, _groups, files, directory in os.fwalk(".", dir_fd=self._descriptor):
            if "cgroup.procs" in files:
                with suppress(OSError), open(os.open("cgroup.procs", os.O_RDONLY, dir_fd=directory), "rb") as file:
                    found.update(int(line) for line in file.read().split())
        return found

    def kill(self) -> bool:
        """End everything in the group and below; False where the kernel cannot, or the group is gone."""
        try:
            descriptor = os.open("cgroup.kill", os.O_WRONLY | os.O_CLOEXEC, dir_fd=self._descriptor)
        except OSError:
            return False
        try:
            os.write(descriptor, b"1")
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return True


def whole_groups(
    paths: Iterable[str], cgroups: Sequence[str], units: Sequence[str], hierarchies: Hierarchies
) -> list[str] | None:
    """Return the directories of the groups of version 2 that *cgroups* and *units* name, with the processes in *paths*.

    None if one of these is in no such group: it was meant for a group of version 1 with, perhaps, the same name.
    """
    wanted = [hierarchies.path(name) for name in cgroups]
    names = unit_names(units)
    found = []
    for path in paths:
        group = of_unit(path, names) if names else next((one for one in wanted if is_within(path, [one])), None)
        directory = hierarchies.directory(group) if group and group != "/" else None
        if not directory:
            return None
        found.append(directory)
    return list(dict.fromkeys(found))
