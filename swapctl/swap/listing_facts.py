"""Find what has areas come back at boot: the entries of fstab, and systemd's units. Changes nothing, runs nothing."""

from __future__ import annotations

import os
import stat

from .. import host as hosts
from ..errors import Refused
from ..naming import temporary_name
from . import tag_facts, units
from .active_facts import identity_at
from .area import TAGS
from .facts import FSTAB, Fstab
from .fstab import swap_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..host import LocalHost
    from . import filesystem
    from .facts import Target
    from .fstab import Line
    from .unit_facts import SwapUnits


class Listing:
    """fstab and the swap units of one machine, and which of it is about an area."""

    def __init__(self, host: LocalHost, mounts: Iterable[filesystem.Mount], swap_units: SwapUnits) -> None:
        self.host = host
        self.mounts = mounts
        self.units = swap_units
        self.text = host.read_text(FSTAB)

    def fstab(self) -> Fstab:
        """Return fstab, and what stands against replacing it."""
        real = self.host.locate(FSTAB, follow=True)
        directory = self.host.inside(real).rpartition("/")[0] or "/"
        if self.host.stat(directory) is None:
            return Fstab(self.text, obstacle=f"the directory {directory} does not exist")
        obstacle = ""
        leftover = self.host.inside(temporary_name(real, "new"))
        there = self.host.stat(leftover)
        if there and not (stat.S_ISREG(there.st_mode) and there.st_uid == os.geteuid()):
            obstacle = f"{leftover} is in the way and not from an earlier run"
        if self.host.free(directory)[1]:
            obstacle = f"{directory} is read-only"
        for name in (self.host.inside(real), directory):
            if self.host.flags(name) & (hosts.IMMUTABLE | hosts.APPEND_ONLY):
                obstacle = f"{name} is immutable or append-only (chattr +i, +a)"
        return Fstab(self.text, any(mount.point == real for mount in self.mounts), obstacle)

    def listed(self, target: Target) -> Target:
        """Return *target* with what has it come back at boot."""
        lines = swap_lines(self.text or "")
        about = tuple(line for line in lines if self.is_about(line.entry.spec, target))
        names = {units.name_of(spec) for spec in (target.spec, target.path, *(line.entry.spec for line in about))}
        found = [
            unit for unit in self.units.all if unit.name in names or (unit.what and self.is_about(unit.what, target))
        ]
        names |= {unit.name for unit in found}
        return target.replace(
            lines=about,
            units=tuple(unit for unit in found if not unit.comes_from_fstab),
            drop_ins=tuple(one for name in sorted(names) for one in self.units.drop_ins(name)),
        )

    def dangling(self, targets: list[Target]) -> Iterator[Line]:
        """Yield the entries whose UUID or label nothing bears."""
        for line in swap_lines(self.text or ""):
            spec = line.entry.spec
            if not spec.startswith(TAGS) or any(self.is_about(spec, target) for target in targets):
                continue
            if not tag_facts.device_with(self.host, spec):
                yield line

    def is_about(self, spec: str, target: Target) -> bool:
        """Whether *spec*, a path or a tag, leads to what stands at *target*, or would."""
        if spec == target.spec:
            return True
        name, equals, value = spec.partition("=")
        if equals and name in tag_facts.DIRECTORIES:
            return self._is_tag_of(name, value.strip('"'), target)
        if not spec.startswith("/"):
            return False
        try:
            identity = identity_at(self.host, spec)
        except Refused:  # this process may not look where it leads
            return spec == target.path
        if identity or target.identity:
            return identity == target.identity
        return self._place(spec) == self._place(target.path)

    def _is_tag_of(self, name: str, value: str, target: Target) -> bool:
        device = tag_facts.by_tag(self.host, name, value)
        if device:
            return identity_at(self.host, device) == target.identity
        if not tag_facts.bears(target.header, name, value):
            return False
        # A file may bear the tag of a device that it was copied from: then the device is meant.
        return target.kind == "device" or not tag_facts.by_header(self.host, name, value)

    def _place(self, path: str) -> tuple[str, str]:
        """Return where *path* would be, if there is nothing yet: its real directory, and its name."""
        directory, _separator, name = path.rpartition("/")
        return self.host.locate(directory or "/", follow=True), name
