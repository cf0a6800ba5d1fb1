"""What one area needs, in the light of what stands at its path. Pure."""

from __future__ import annotations

import re

from ..errors import Refused
from ..record import Record
from . import guards
from .area import Existing, Unlisted
from .fstab import Entry, is_right
from .header import usable_size
from .units import TIMEOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .area import Area
    from .facts import Facts, Target
    from .fstab import Line
    from .header import Header

_SAME_ENOUGH = 50  # a size relative to RAM is right within a fiftieth: a new kernel shows a little more or less RAM
_NUMBERED = re.compile(r"/dev/(dm-[0-9]+|block/[0-9]+:[0-9]+)")


class Need(Record):
    """One wanted area beside what is there, and the questions that planning asks of the two."""

    area: Area
    target: Target
    facts: Facts

    @property
    def is_made(self) -> bool:
        """Whether the area needs a new header, and a file new blocks."""
        if isinstance(self.area, Existing):
            return False
        target, header = self.target, self.target.header
        if not header or target.foreign or not self.area.is_ready(target) or self._falls:
            return True
        return (
            header.page_size != self.facts.page_size
            or header.size > target.size
            or not self._has_size(header)
            or header.label != self.label
            or header.uuid != self.uuid
            or (target.kind == "file" and not self._stays_on and not (self.is_nocow and self.has_no_holes))
        )

    @property
    def has_device(self) -> bool:
        """Whether the device below can stay as it is."""
        return self.area.is_ready(self.target) and not (self.leaves and self.area.falls_with_swapoff(self.target))

    @property
    def _falls(self) -> bool:
        """Whether the device goes because the area is turned off, if only for a moment."""
        goes_off = self.target.active is not None and (not self.comes_back or self.is_reactivated)
        return goes_off and self.area.falls_with_swapoff(self.target)

    @property
    def is_reactivated(self) -> bool:
        """Whether the active area must be turned off and on: the kernel does not change one that is in use."""
        active, area = self.target.active, self.area
        if not active or area.active is None or not self.facts.live:
            return False
        has_priority = active.priority < 0 if area.priority is None else active.priority == area.priority
        # The kernel does not tell how it discards. What fstab says is what it was told, or will be at the next boot.
        is_listed = area.persist in {"fstab", "systemd"} and bool(self.target.lines or self.target.units)
        return not has_priority or (is_listed and self.target.listed_discard != area.discard)

    @property
    def _stays_on(self) -> bool:
        """Whether the kernel, which took the file's blocks as they are, need not take them once more."""
        return self.target.active is not None and self.comes_back and not self.is_reactivated

    @property
    def gets_smaller(self) -> bool:
        """Whether a file is to have fewer blocks than it has."""
        is_file = self.target.kind == "file" and self.area.state == "present" and self.is_made
        return is_file and self.size < self.target.allocated

    @property
    def is_device(self) -> bool:
        """Whether the area is on a block device, if only on one that is made first."""
        return self.target.kind == "device" or self.area.makes_device

    @property
    def adds(self) -> bool:
        """Whether the area is not in use now, and will be."""
        return self.facts.live and not self.target.active and self.comes_back and self.area.active is True

    @property
    def leaves(self) -> bool:
        """Whether the area is active and must be turned off, if only for a moment."""
        if not self.target.active:
            return False
        return not self.comes_back or self.is_made or self.is_reactivated

    @property
    def comes_back(self) -> bool:
        """Whether the area is in use at the end if it is now."""
        return self.area.state == "present" and self.area.active is not False

    @property
    def is_nocow(self) -> bool:
        """Whether the file's blocks are overwritten in place, as the kernel's swapping needs."""
        place = self.target.filesystem
        return place is None or not place.copies_on_write or bool(self.target.flags & guards.NOCOW)

    @property
    def has_no_holes(self) -> bool:
        """Whether every block of the file is there."""
        return self.target.allocated >= self.target.size

    @property
    def size(self) -> int:
        """The size, in bytes and whole pages, that the area is to have."""
        amount = self._amount()
        if not amount and self.target.kind == "file":
            message = f"{self.target.path} is empty, and no size is given to make an area of it"
            raise Refused(message, hint="give --size, such as 2G")
        return usable_size(amount, self.facts.page_size)

    @property
    def below(self) -> Need | None:
        """The device that is given up for this one's, as what it then is: off, and listed nowhere."""
        device = self.area.gives_up(self.target)
        return (
            Need(Unlisted(device.spec, active=False, persist=_nowhere(self.area)), device, self.facts)
            if device
            else None
        )

    def overlap(self, other: Need) -> str:
        """Return what the area's device is to that of *other*, whose blocks it has, or nothing."""
        if self is other or any(one.area.state == "absent" or isinstance(one.area, Unlisted) for one in (self, other)):
            return ""
        theirs = {device.identity for device in other._devices} - {None}
        if any(device.within in theirs for device in self._devices):
            return "a part of"
        return "the same device as" if any(device.identity in theirs for device in self._devices) else ""

    @property
    def _devices(self) -> tuple[Target, ...]:
        below = self.target.crypt
        return (self.target, below.device) if self.area.lower and below else (self.target,)

    @property
    def label(self) -> str:
        """The label that the area is to have."""
        header = self._known_header()
        return self.area.label if self.area.label is not None else header.label if header else ""

    @property
    def uuid(self) -> str:
        """The UUID that the area is to have, empty for a new one."""
        header = self._known_header()
        return self.area.uuid if self.area.uuid is not None else header.uuid if header else ""

    @property
    def entry(self) -> Entry | None:
        """What fstab is to say of the area, None for nothing."""
        return self._listing if self.area.persist == "fstab" else None

    @property
    def unit_entry(self) -> Entry | None:
        """What a unit of systemd's is to say of the area, None for nothing."""
        return self._listing if self.area.persist == "systemd" else None

    @property
    def _listing(self) -> Entry | None:
        return None if self.area.state == "absent" else Entry(self._spec(), self._options())

    @property
    def is_listed(self) -> bool:
        """Whether fstab says just that already, if in other words."""
        return self.entry is not None and is_right(self.lines, self.entry)

    @property
    def lines(self) -> tuple[Line, ...]:
        """What fstab says of the area now, or will when it bears the UUID or label that it is to have."""
        return (*self.target.lines, *(line for line in self.facts.dangling if self._will_bear(line.entry.spec)))

    def _will_bear(self, tag: str) -> bool:
        name, _separator, quoted = tag.partition("=")
        value = quoted.strip('"')
        return (name == "UUID" and value.lower() == self.uuid != "") or (name == "LABEL" and value == self.label != "")

    def _amount(self) -> int:
        wanted, target = self.area.wanted_size, self.target
        memory = self.facts.memory.total
        if self.area.makes_device:
            return self.area.device_size(target, memory)
        whole_device = wanted is not None and wanted.relative and not wanted.percent and target.kind == "device"
        if whole_device or (wanted is None and target.kind == "device" and not target.header):
            return target.size
        if wanted is None:
            kept = target.header.size if target.header else 0
            return min(kept, target.size) if target.kind == "device" else kept
        if wanted.relative and not memory:
            message = f"{self.area.path}: how much RAM the host will have is not known here"
            raise Refused(message, hint="give the size in bytes, K, M, G or T")
        return wanted.bytes(memory)

    def _has_size(self, header: Header) -> bool:
        wanted = self.area.wanted_size
        if wanted is None:
            return True
        follows_memory = wanted.relative and (bool(wanted.percent) or self.target.kind == "file")
        allowed = header.size // _SAME_ENOUGH if follows_memory else 0
        too_long = self.target.kind == "file" and self.target.size - header.size >= self.facts.page_size
        return abs(header.size - self.size) <= allowed and not too_long

    def _known_header(self) -> Header | None:
        """Return the header whose names are kept: the area's or, after an interrupted run, of what is left of it."""
        if not self.area.keeps_names and not self.area.is_ready(self.target):
            return None
        if self.target.header or self.target.kind != "missing":
            return self.target.header
        return next((left.header for left in self.target.leftovers if left.header and left.kind != "bridge"), None)

    def _spec(self) -> str:
        """Return the name for fstab: as asked for, but a stable name that is there is not given up for /dev/sdX."""
        area = self.area
        if not self.is_device or area.is_tag or area.makes_device or area.path.startswith("/dev/disk/"):
            return area.path
        names = {"UUID": self.uuid, "LABEL": self.label}
        for line in self.lines:
            name, equals, quoted = line.entry.spec.partition("=")
            value = quoted.strip('"')
            if equals and line.readable and names.get(name, value).lower() == value.lower():
                return line.entry.spec
        return self._stable_path()

    def _stable_path(self) -> str:
        """Return the device's path as asked for, but a mapped device by name: each boot may give it another number."""
        if not self.target.mapped or not _NUMBERED.fullmatch(self.area.path):
            return self.area.path
        listed = (line.entry.spec for line in self.lines if line.readable and line.entry.spec.startswith("/"))
        return next((spec for spec in listed if not _NUMBERED.fullmatch(spec)), f"/dev/mapper/{self.target.mapped}")

    def _options(self) -> tuple[str, ...]:
        area = self.area
        priority = [] if area.priority is None else [f"pri={area.priority}"]
        discard = {"none": [], "both": ["discard"]}.get(area.discard, [f"discard={area.discard}"])
        nofail = ["nofail"] if area.nofail else []
        # Without it a missing device holds up the boot for 90 s, nofail or not (systemd.swap(5)).
        is_device = area.is_tag or self.is_device
        has_timeout = any(option.startswith(f"{TIMEOUT}=") for option in area.options)
        timeout = [f"{TIMEOUT}={area.device_timeout}"] if area.nofail and is_device and not has_timeout else []
        return ("sw", *priority, *discard, *nofail, *timeout, *area.options)


def _nowhere(area: Area) -> str:
    return "keep" if area.persist == "keep" else "none"
