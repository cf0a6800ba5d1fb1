"""What is wanted of an area in compressed RAM, and what that takes. Pure."""

from __future__ import annotations

import re

from .. import sizes
from ..errors import InvalidInput, Refused
from . import bringers, units, zram_config
from .area import Area
from .state import Zram
from .texts import Link, MakeDirectory, Unlink, WriteText
from .zram_actions import AddZram, LimitZram, LoadZram, RemoveZram, ResetZram, SetUpZram
from .zram_device import Device, number_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, ClassVar

    from .action import Action
    from .facts import Facts, Target

PERSISTS = ("systemd", "none", "keep")
PRIORITY = 100  # before areas on disks, as systemd-zram-generator has it
HALF = sizes.Size(percent=50.0)

_ALGORITHM = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_SAME_ENOUGH = 50  # as for other areas: a share of RAM is right within a fiftieth


class ZramArea(Area):
    """One area on a zram device, which is made for it; *path* is ``zram0`` or ``/dev/zram0``.

    *size* is that of the device, before compression: None keeps what is there, and is half of RAM for a new one, as is
    ``auto``. *algorithm*: how it compresses; None leaves that to the kernel. *memory_limit*: how much RAM it may take,
    None for any amount. *persist*: ``systemd`` has systemd-zram-generator make it at boot or, where that is not
    installed or cannot do it, a unit of ours; ``none`` has nobody make it, ``keep`` leaves that as it is.
    """

    persist: str = "systemd"
    priority: int | None = PRIORITY
    algorithm: str | None = None
    memory_limit: sizes.Size | str | int | None = None

    makes_device: ClassVar[bool] = True

    @classmethod
    def _checked(cls, fields: dict[str, Any]) -> dict[str, Any]:
        persist, options = fields["persist"], fields["options"]
        if persist not in PERSISTS:
            raise InvalidInput(f"persist {persist!r} is not one of {', '.join(PERSISTS)}")
        if options:
            raise InvalidInput(f"options {options!r} are for fstab", hint="an area on zram is not listed there")
        if fields["set_type"]:
            raise InvalidInput("set_type is for partitions", hint="leave it out")
        checked = super()._checked({**fields, "path": _path(fields["path"])})
        return {
            **checked,
            "algorithm": _algorithm(fields["algorithm"]),
            "memory_limit": _limit(fields["memory_limit"]),
        }

    # the device now

    def is_ready(self, target: Target) -> bool:
        """Whether the device has the wanted size and algorithm."""
        device = _device(target)
        has_size = device.disksize > 0 and self._is_near(device.disksize, self._size(device))
        return has_size and self.algorithm in {None, device.algorithm}

    def falls_with_swapoff(self, target: Target) -> bool:
        """Whether the device has to be made anew after its area was turned off."""
        return _device(target).falls_with_swapoff

    def device_size(self, target: Target, memory: int) -> int:  # noqa: ARG002
        """Return the size that the device is to have; the one that it has, if that is near enough to a share of RAM."""
        device = _device(target)
        wanted = self._size(device)
        return device.disksize if device.disksize and self._is_near(device.disksize, wanted) else wanted

    def setup(self, target: Target, size: int) -> list[Action]:
        """Return what makes the device."""
        device, path = _device(target), self.path
        _check_there(target, device)
        self._check_offered(device)
        load = [] if device.loaded else [LoadZram()]
        add = [] if device.exists or (load and not device.number) else [AddZram(path)]
        return [*load, *add, SetUpZram(path, size, self.algorithm or "", self._memory_limit(device))]

    def teardown(self, target: Target) -> list[Action]:
        """Return what takes away what the device holds and, if it is to be absent and is not the first, the device."""
        device = _device(target)
        if device.backing:
            message = f"{self.path} writes back to {device.backing}, which a reset would end"
            raise Refused(message, hint="take another number, or reset it yourself")
        reset = [ResetZram(self.path, device, target.header)] if device.disksize else []
        gone = self.state == "absent" and device.exists and device.number > 0
        return [*reset, *([RemoveZram(self.path)] if gone else [])]

    def adjust(self, target: Target) -> list[Action]:
        """Return what is changed in a device that can stay."""
        device = _device(target)
        limit = self._memory_limit(device)
        return [] if limit == device.usage.limit else [LimitZram(self.path, limit, device.usage.limit)]

    def expected_zram(self, target: Target, was: Zram | None) -> Zram | None:
        """Return what will be known of it: what a new one holds, only the run can tell."""
        device = _device(target)
        if was and self.is_ready(target):
            return was.replace(memory_limit=self._memory_limit(device) or None)
        return Zram(
            self.algorithm or (device.algorithm if not device.disksize else "") or None,
            self._memory_limit(device) or None,
        )

    # the device after a boot

    def comes_otherwise(self, target: Target) -> bool:
        """Whether systemd-zram-generator makes it at boot, and no swap unit is needed."""
        return self._is_persistent and self._generator_can(_device(target))

    def units_to_change(self, target: Target) -> tuple[units.Unit, ...]:
        """Return the swap units for the device but for the generator's, which follow its configuration."""
        return tuple(unit for unit in target.units if unit.maker != zram_config.GENERATOR)

    def configuration(self, target: Target, facts: Facts) -> list[Action]:
        """Return what has the device made at boot, or no longer."""
        device = _device(target)
        if self.persist == "keep":
            return []
        if device.boot.owners:
            owner = device.boot.owners[0]
            message = f"{owner} makes {self.path} at boot, too"
            hint = f"systemctl disable --now {owner.split()[0]}, or take persist keep"
            raise Refused(message, hint=hint)
        return self._boot_changes(device, target, facts)

    def _boot_changes(self, device: Device, target: Target, facts: Facts) -> list[Action]:
        generated = self.comes_otherwise(target)
        return [
            *self._fragment_changes(device, facts, generated=generated),
            *self._service_changes(device, facts, wanted=self._is_persistent and not generated),
        ]

    @property
    def _is_persistent(self) -> bool:
        return self.state == "present" and self.persist == "systemd"

    def _generator_can(self, device: Device) -> bool:
        """Whether the generator is there, and can do all that is wanted."""
        return device.boot.generator and not (self.memory_limit or self.label is not None or self.uuid is not None)

    def _fragment_changes(self, device: Device, facts: Facts, *, generated: bool) -> Iterator[Action]:
        boot, section = device.boot, device.name
        theirs = zram_config.combined((text for _path, text in boot.fragments), section)
        for path, text in boot.later:
            if zram_config.settings(text, section):
                raise Refused(f"{path} overrides what is set for {section}", hint=f"take [{section}] out of it")
        values = None
        if generated:
            self._check_fragments(boot.fragments, section)
            values = self._values(device, theirs or {}, zram_config.settings(boot.own or "", section) or {})
        elif boot.generator and theirs is not None:
            values = {"zram-size": "0"}  # which is how the generator is told to make none
        after = zram_config.edit(boot.own, section, values) if boot.own or values else boot.own
        if after != boot.own:
            if zram_config.OWN_DIRECTORY not in boot.directories:
                yield MakeDirectory(zram_config.OWN_DIRECTORY)
            yield WriteText(boot.own, after, zram_config.own_path(device.number), reload=facts.runs_systemd)

    def _check_fragments(self, fragments: tuple[tuple[str, str], ...], section: str) -> None:
        for path, text in fragments:
            odd = [key for key in zram_config.ELSEWISE if (zram_config.settings(text, section) or {}).get(key)]
            if odd:
                message = f"{path} has {odd[0]} for {section}, which is more than a swap area of a size"
                raise Refused(message, hint="take that out of it, or take another number")

    def _values(self, device: Device, theirs: dict[str, str], own: dict[str, str]) -> dict[str, str]:
        size = self.wanted_size
        if size is None and own.get("zram-size", "0") != "0":
            amount = own["zram-size"]
        else:
            amount = zram_config.expression(size or (sizes.Size(device.disksize) if device.disksize else HALF))
        algorithm = {"compression-algorithm": self.algorithm} if self.algorithm else {}
        discard = {"none": "", "both": "discard"}.get(self.discard, f"discard={self.discard}")
        return {
            "zram-size": amount,
            **algorithm,
            "swap-priority": str(-1 if self.priority is None else self.priority),
            "options": discard,
            **{key: "none" for key in zram_config.LIMITS if theirs.get(key, "none") != "none"},
        }

    def _service_changes(self, device: Device, facts: Facts, *, wanted: bool) -> Iterator[Action]:
        boot, name = device.boot, zram_config.service_name(device.number)
        path, reload = f"{units.DIRECTORY}/{name}", facts.runs_systemd
        link = f"{units.DIRECTORY}/dev-{device.name}.swap.requires/{name}"
        text = self._service(device) if wanted else None
        if text != boot.service:
            yield WriteText(boot.service, text, path, reload=reload)
        if text is not None and boot.link != path:
            directory = link.rpartition("/")[0]
            if directory not in boot.directories:
                yield MakeDirectory(directory)
            yield Link(link, path, boot.link, reload=reload)
        if text is None and boot.link is not None:
            yield Unlink(link, boot.link, reload=reload)

    def _service(self, device: Device) -> str:
        present = zram_config.service_size(device.boot.service or "")
        size = self._size(device)
        if present and self._is_near(present, size):
            size = present
        return zram_config.service(
            device.number,
            size,
            algorithm=self.algorithm or "",
            limit=self._memory_limit(device),
            label=self.label or "",
            uuid=self.uuid or "",
        )

    # what it comes to

    def _size(self, device: Device) -> int:
        """Return the size, for which a share of RAM is taken of this host's."""
        size = self.wanted_size
        if size is None and device.disksize:
            return device.disksize
        return device.whole_pages(self._bytes(size or HALF, device))

    def _memory_limit(self, device: Device) -> int:
        limit = self.memory_limit
        return device.whole_pages(self._bytes(limit, device)) if isinstance(limit, sizes.Size) else 0

    def _bytes(self, size: sizes.Size, device: Device) -> int:
        if size.relative and not device.ram:
            message = f"{self.path}: how much RAM the host will have is not known here"
            raise Refused(message, hint="give the size in bytes, K, M, G or T")
        return (HALF if size.relative and not size.percent else size).bytes(device.ram)

    def _is_near(self, present: int, wanted: int) -> bool:
        size = self.wanted_size
        return abs(present - wanted) <= (wanted // _SAME_ENOUGH if size and size.relative else 0)

    def _check_offered(self, device: Device) -> None:
        if not device.loadable:
            raise Refused("this kernel has no zram", hint="take a swap file, or a kernel with its modules")
        if self.algorithm and device.algorithms and self.algorithm not in device.algorithms:
            raise Refused(
                f"{self.path}: the kernel does not offer the algorithm {self.algorithm}",
                hint=f"it offers {', '.join(device.algorithms)}",
            )


class UnlistedZram(ZramArea):
    """An area on zram that is to be gone, whoever makes it at boot."""

    state: str = "absent"
    reads: ClassVar[tuple[str, ...]] = bringers.READS

    def configuration(self, target: Target, facts: Facts) -> list[Action]:
        """Return what has nobody make the device."""
        return [*bringers.masks(target, facts), *self._boot_changes(_device(target), target, facts)]


def _device(target: Target) -> Device:
    return target.zram or Device(number_of(target.path) or 0)


def _check_there(target: Target, device: Device) -> None:
    if device.exists and target.kind == "missing":
        message = f"{target.path} is not in /dev, though the kernel has the device"
        raise Refused(message, hint="run it on the host: a container has a /dev of its own")


def _path(path: object) -> str:
    whole = path if not isinstance(path, str) or path.startswith("/") else f"/dev/{path}"
    if not isinstance(whole, str) or number_of(whole) is None:
        raise InvalidInput(f"path {path!r} is no zram device", hint="allowed are zram0, zram1 and so on")
    return whole


def _algorithm(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _ALGORITHM.fullmatch(value):
        raise InvalidInput(
            f"algorithm {value!r} is no name of one",
            hint="see /sys/block/zram0/comp_algorithm for those that the kernel offers",
        )
    return value


def _limit(value: sizes.Size | str | int | None) -> sizes.Size | None:
    if value is None:
        return None
    limit = value if isinstance(value, sizes.Size) else sizes.parse(value)
    if limit.relative and not limit.percent:
        raise InvalidInput(f"memory_limit {value!r} is no amount", hint="give bytes, K, M, G, T or a share of RAM")
    return limit
