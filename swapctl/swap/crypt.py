"""A swap area on a device that is encrypted with a new random key at each boot: plain dm-crypt, through crypttab. Pure.

What was swapped out cannot be read any more once the power is off, and nobody has to type a passphrase. So there is no
way back from hibernation either, and neither a UUID nor a label on the device below: its first bytes are as random as
the rest. How it is known to be ours, then: by the line in crypttab, which has each boot overwrite it. That line is
written before anything else.
"""

from __future__ import annotations

import re

from ..errors import InvalidInput, Refused
from . import guards
from .actions import Wipe
from .area import Area, Existing
from .crypttab import CRYPTTAB, Entry
from .mappings import Close, Open
from .units import TIMEOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from .action import Action
    from .crypttab import Line, Lower
    from .facts import Target

CIPHER, KEY_BITS = "aes-xts-plain64", 512  # two keys of 256 bits: XTS has one for the places

_MAPPINGS = "/dev/mapper/"
_LONGEST_NAME = 110  # of 127 bytes; the UUID has the name in it
_NAME = re.compile(r"[A-Za-z0-9#+.:=@_][A-Za-z0-9#+.:=@_-]*")
_ERASED = ("UUID=", "LABEL=", "/dev/disk/by-uuid/", "/dev/disk/by-label/")
_OTHER_NAMES = "name it by /dev/disk/by-partuuid/, by-id/ or by-path/, or as a logical volume"


class CryptArea(Area):
    """A swap area on /dev/mapper/*name*, which is *device* with a new key at each boot.

    *path* follows from *name*, and that from *device* when left out. It takes all of the device.
    """

    path: str = ""
    device: str = ""
    name: str = ""

    reads: ClassVar[tuple[str, ...]] = (CRYPTTAB,)
    makes_device: ClassVar[bool] = True
    keeps_names: ClassVar[bool] = False
    # It is given up at once with the device below, which has 30 s; after that come cryptsetup, mkswap and udev.
    device_timeout: ClassVar[str] = "60s"

    @property
    def lower(self) -> str:
        """The device below."""
        return self.device

    @classmethod
    def _checked(cls, fields: dict[str, Any]) -> dict[str, Any]:
        device = _device(fields["device"])
        name = _name(fields["name"] or f"cryptswap-{device.rpartition('/')[2].rpartition('=')[2]}")
        if fields["path"] not in {"", _MAPPINGS + name}:
            message = f"path {fields['path']!r} is not that of the encrypted device, {_MAPPINGS}{name}"
            raise InvalidInput(message, hint="leave it out, and give the device below as device")
        for key in ("size", "label", "uuid", "set_type"):
            if fields[key]:
                message = f"{key} {fields[key]!r} cannot be had with encryption: random"
                raise InvalidInput(message, hint="each boot makes the area anew, on all of the device")
        return super()._checked({**fields, "path": _MAPPINGS + name, "device": device, "name": name})

    @classmethod
    def takes(cls, device: str) -> bool:
        """Whether crypttab's *device* is one that outlives a boot, as those that are made here are."""
        return device.startswith("/") and not device.startswith(_ERASED)

    # see plan.py

    def is_ready(self, target: Target) -> bool:
        """Whether the mapping is there, with a swap area in it."""
        lower = target.crypt
        is_there = lower is not None and lower.is_plain and lower.is_mapped
        return is_there and (target.header is not None or target.active is not None)

    def owns(self, target: Target) -> bool:
        """Whether crypttab has each boot overwrite what is there. What bears another mark is spared all the same."""
        return not target.foreign and bool(self._own_lines(target))

    def gives_up(self, target: Target) -> Target | None:
        """Return the device below, which is no area of its own any more."""
        return target.crypt.device if target.crypt and self.state == "present" else None

    def device_size(self, target: Target, memory: int) -> int:  # noqa: ARG002
        """Return the size of the device below: nothing of it is taken for a header."""
        return target.crypt.device.size if target.crypt else target.size

    def setup(self, target: Target, size: int) -> list[Action]:  # noqa: ARG002
        """Return what opens the mapping; Refused if the device below is not there for that."""
        lower = _lower(target)
        below, plain = lower.device, Area(self.device, force=self.force)
        if not lower.has_driver:
            raise Refused("the kernel has no dm-crypt", hint="install the package with the rest of its modules")
        if below.foreign or not self.owns(target):
            guards.check_ours(plain, below)
        if not lower.is_mapped:
            guards.check_device_is_free(below)
        wipe: list[Action] = [Wipe(below.path, below.foreign)] if below.foreign else []
        discards = self.discard != "none"
        return [*wipe, Open(self.path, below.path, self.name, CIPHER, KEY_BITS, discards)]

    def teardown(self, target: Target) -> list[Action]:
        """Return what closes the mapping, if there is one."""
        lower = _lower(target)
        if not lower.uuid:
            return []
        if not lower.is_plain:
            raise Refused(f"{self.path} is another mapping ({lower.uuid})", hint="choose another name")
        return [Close(self.path, lower.mapped, self.name, CIPHER, KEY_BITS, self.discard != "none", target.size)]

    def table_change(self, target: Target) -> tuple[tuple[Line, ...], Entry | None]:
        """Return the lines of crypttab that go, and the one that comes; Refused if they are about something else."""
        lower = _lower(target)
        if self.state == "present":
            guards.check_kind(Existing(self.device), lower.device)
            if lower.device.kind != "device":
                raise Refused(f"{self.device} is a {lower.device.kind}", hint="this takes a block device")
        named = [line for line in lower.lines if line.entry.name == self.name]
        for line in lower.lines:
            entry = line.entry
            if line in named and not entry.makes_swap:
                raise Refused(f"{CRYPTTAB} has {entry.name} for something else: {entry}", hint="choose another name")
            if line not in named and self.state == "present":
                what = "an encrypted swap area named" if entry.makes_swap else "in use for"
                raise Refused(
                    f"{self.device} is {what} {entry.name} in {CRYPTTAB}", hint="give that name, or remove it"
                )
        if self.state == "absent":
            return tuple(named), None
        if len(named) == 1 and named[0].is_of_device and set(self._asked_for) <= set(named[0].entry.options):
            return (), None
        options = ("plain", "swap", f"cipher={CIPHER}", f"size={KEY_BITS}", *self._asked_for)
        return tuple(named), Entry(self.name, lower.stable, "/dev/urandom", options)

    @property
    def _asked_for(self) -> tuple[str, ...]:
        discard = ["discard"] if self.discard != "none" else []
        timeouts = [option for option in self.options if option.startswith(f"{TIMEOUT}=")]
        nofail = ["nofail", *(timeouts or [f"{TIMEOUT}={Area.device_timeout}"])] if self.nofail else timeouts
        return (*discard, *nofail)

    def _own_lines(self, target: Target) -> list[Line]:
        lines = target.crypt.lines if target.crypt else ()
        return [line for line in lines if line.entry.name == self.name and line.is_of_device and line.entry.makes_swap]


def _lower(target: Target) -> Lower:
    if target.crypt is None:
        message = f"the facts about {target.path} were gathered without the device below"
        raise ValueError(message)
    return target.crypt


def _device(device: object) -> str:
    if not isinstance(device, str) or not device:
        message = f"path {device!r} is not a path"
        raise InvalidInput(message, hint="give the block device below as /dev/disk/by-id/..., for instance")
    if device.startswith(_ERASED):
        message = f"path {device!r} names what the encryption erases: each boot begins with a new key"
        raise InvalidInput(message, hint=_OTHER_NAMES)
    return Area(device).path


def _name(name: object) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        message = f"name {name!r} is no name of a mapping"
        raise InvalidInput(message, hint=f"take letters, digits and #+-.:=@_, at most {_LONGEST_NAME}")
    return name
