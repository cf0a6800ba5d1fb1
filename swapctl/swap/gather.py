"""Look at the machine: all the facts that planning needs, together. Changes nothing, runs nothing."""

from __future__ import annotations

import os

from ..errors import Refused
from ..host import LocalHost
from . import crypttab, device_facts, filesystem, memory, unit_facts
from .active_facts import active_areas
from .facts import BRIDGE_DIRECTORIES, Facts, Room, Target
from .fstab import swap_lines
from .group_facts import groups as groups_of
from .listing_facts import Listing
from .target_facts import Places

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .facts import Active

_CAP_SYS_ADMIN = 21


def gather(
    host: LocalHost | None = None,
    paths: Iterable[str] | None = None,
    *,
    groups: bool = True,
    texts: Iterable[str] = (),
    lower: Mapping[str, str] | None = None,
) -> Facts:
    """Return the facts about *host* and what stands at *paths*; without paths: at all that is active or listed.

    *groups*: look at every memory cgroup, too, which matters only to what will be turned off, and takes a while.
    *texts*: further configuration files to read. *lower*: what the devices at some of the paths are to be made of.
    """
    return _Look(host or LocalHost()).facts(paths, groups=groups, texts=texts, lower=lower or {})


class _Look:
    """One look at one machine; what several facts need is read once."""

    def __init__(self, host: LocalHost) -> None:
        self.host = host
        self.mounts = filesystem.parse_mounts(LocalHost().read_text("/proc/self/mountinfo") or "")
        self.active = active_areas(host)
        self.systemd, links = unit_facts.surroundings(host)
        self.places = Places(host, self.mounts, self.active)
        self.listing = Listing(host, self.mounts, unit_facts.SwapUnits(host, links))

    def facts(
        self, specs: Iterable[str] | None, *, groups: bool, texts: Iterable[str], lower: Mapping[str, str]
    ) -> Facts:
        host = self.host
        found = list(self._all_targets() if specs is None else map(self.places.target, specs))
        found = [self._with_lower(one, lower[one.spec]) if one.spec in lower else one for one in found]
        meminfo = self._meminfo()
        used = any(target.active and target.active.used for target in found)
        used = used or any(left.active for target in found for left in target.leftovers)
        return Facts(
            live=host.live,
            targets=tuple(self.listing.listed(target) for target in found),
            dangling=tuple(self.listing.dangling(found)),
            active=self._active_with(found),
            fstab=self.listing.fstab(),
            memory=memory.parse(meminfo),
            promised=memory.parse_promised(meminfo),
            groups=groups_of(host, self.mounts) if used and groups else (),
            page_size=os.sysconf("SC_PAGE_SIZE"),
            kernel=host.kernel,
            no_swapon=_no_swapon(host) if host.live else "",
            uid=os.geteuid(),
            rooms=tuple(Room(name, self.places.filesystem(name)) for name in BRIDGE_DIRECTORIES) if used else (),
            systemd=self.systemd,
            texts=tuple((path, host.read_text(path)) for path in dict.fromkeys(texts)),
        )

    def _meminfo(self) -> str:
        text = self.host.read_text("/proc/meminfo")
        if text is None and self.host.live:
            message = "/proc/meminfo is not there, so what there is of memory and swap cannot be seen"
            raise Refused(message, hint="mount a whole proc, without subset=pid: mount -t proc proc /proc")
        return text or ""

    def _active_with(self, targets: list[Target]) -> tuple[Active, ...]:
        """Return the active areas, those that only *targets* could tell by another name among them."""
        known = {target.active: target.identity for target in targets if target.active}
        return tuple(one.replace(identity=one.identity or known.get(one.entry)) for one in self.active)

    def _all_targets(self) -> Iterator[Target]:
        seen: set[object] = set()
        for one in self.active:
            path = one.entry.path
            seen.add(path if one.is_hidden else one.identity)
            if one.is_hidden:
                yield self.places.target(path)
            elif one.identity is None:  # its name is of another mount namespace, or gone
                yield Target(path, path, active=one.entry)
            else:
                yield self.places.target(path if self.host.stat(path, follow=True) else one.entry.surviving_path)
        listed = [line.entry.spec for line in swap_lines(self.listing.text or "")]
        listed += [unit.what for unit in self.listing.units.all if unit.acts_at_boot and unit.what]
        for spec in listed:
            target = self.places.target(spec)
            if target.place not in seen:
                seen.add(target.place)
                yield target

    def _with_lower(self, target: Target, spec: str) -> Target:
        """Return *target* with what it is encrypted on, or is to be."""
        device = self.listing.listed(self.places.target(spec))
        name = target.spec.rpartition("/")[2]
        lines = (
            line.replace(is_of_device=self.listing.is_about(line.entry.device, device))
            for line in crypttab.parse(self.host.read_text(crypttab.CRYPTTAB) or "")
        )
        own = f"/sys/dev/block/{device_facts.number_of(target)}"
        below = self.host.list(f"{own}/slaves") if target.mapped else []
        uuid = device_facts.value(self.host, f"{own}/dm/uuid") if target.mapped else ""
        numbers = {device_facts.value(self.host, f"{own}/slaves/{one}/dev") for one in below}
        return target.replace(
            crypt=crypttab.Lower(
                device,
                device_facts.stable_name(self.host, device),
                tuple(line for line in lines if line.is_of_device or line.entry.name == name),
                uuid=uuid or ("a mapping without a UUID" if target.mapped else ""),
                mapped=f"/dev/{below[0].replace('!', '/')}" if below else "",
                is_mapped=numbers == {device_facts.number_of(device)},
                has_driver=bool(target.mapped) or device_facts.has_module(self.host, "dm-crypt"),
            )
        )


def _no_swapon(host: LocalHost) -> str:
    status = host.read_text("/proc/self/status") or ""
    capabilities = next((line.split()[1] for line in status.split("\n") if line.startswith("CapEff:")), "0")
    if not int(capabilities, 16) >> _CAP_SYS_ADMIN & 1:
        return "this process has no CAP_SYS_ADMIN"
    mapped = (host.read_text("/proc/self/uid_map") or "").split()
    if mapped and mapped != ["0", "0", "4294967295"]:
        return "this process runs in a user namespace, whose CAP_SYS_ADMIN does not count"
    return ""
