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

    from .table import Table

_FIXED_FIELDS = 6  # of a line of mountinfo, before its optional ones


class Hierarchies:
    """Where control groups are mounted."""

    def __init__(self, table: Table) -> None:
        self._mounts = []
        for fields in table.mounts():
            kind = fields[fields.index("-", _FIXED_FIELDS) + 1]
            if kind in {"cgroup", "cgroup2"}:
                self._mounts.append((kind, fields[4], fields[3].rstrip("/")))

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


def is_within(path: str, groups: Iterable[str]) -> bool:
    """Whether a group is one of *groups* or below one."""
    return any(path == group or path.startswith(f"{group.rstrip('/')}/") for group in groups)


def unit_names(names: Iterable[str]) -> frozenset[str]:
    """Return systemd's names of units: a bare one means a service (systemd.unit(5))."""
    kinds = (".service", ".scope", ".slice", ".socket", ".mount", ".swap", ".timer")
    return frozenset(name if name.endswith(kinds) else f"{name}.service" for name in names)


def of_unit(path: str, units: frozenset[str]) -> str | None:
    """Return the part of a group's path that ends with one of *units*, or None."""
    parts = path.split("/")
    ends = [number for number, part in enumerate(parts) if part in units]
    return "/".join(parts[: ends[0] + 1]) if ends else None


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
