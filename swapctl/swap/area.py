"""What is wanted of one swap area. Pure: checks the request, looks at nothing."""

from __future__ import annotations

import re

from .. import sizes
from ..errors import InvalidInput
from ..record import Record
from . import bringers, units
from .header import LABEL_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from . import crypttab
    from .action import Action
    from .facts import Facts, Target
    from .state import Zram

STATES = ("present", "absent")
PERSISTS = ("fstab", "systemd", "none", "keep")
DISCARDS = ("none", "once", "pages", "both")
LARGEST_PRIORITY = 32767
TAGS = ("UUID=", "LABEL=", "PARTUUID=")

_CONTROL = re.compile(r"[\0-\x08\x0a-\x1f\x7f]")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OWN_OPTIONS = {"pri": "priority", "discard": "discard", "nofail": "nofail"}


class Area(Record):
    """One swap area as it should be; InvalidInput if that makes no sense.

    *path* is absolute, or for a device also ``UUID=``, ``LABEL=`` or ``PARTUUID=``. *size*: text for `sizes.parse`, or
    bytes; None keeps what is there. *active*: in use by the kernel now; None leaves that as it is. *persist*: ``fstab``
    lists it there, ``systemd`` gives it a unit of its own, ``none`` takes it out of both, ``keep`` leaves both alone.
    *priority* None: the kernel chooses. *label* and *uuid* None: kept when the area is rebuilt, else new. *options*:
    further fstab options. *force*: overwrite a foreign signature, on a block device only.
    *set_type*: give the partition the type of a swap area. *subvolume*: have the directory of the file be a btrfs
    subvolume, made if it is not there.
    """

    path: str
    state: str = "present"
    size: sizes.Size | str | int | None = None
    active: bool | None = True
    persist: str = "fstab"
    priority: int | None = None
    discard: str = "none"
    nofail: bool = False
    label: str | None = None
    uuid: str | None = None
    options: tuple[str, ...] = ()
    force: bool = False
    set_type: bool = False
    subvolume: bool = False

    @property
    def is_tag(self) -> bool:
        """Whether the path names a device by what it bears."""
        return self.path.startswith(TAGS)

    @property
    def wanted_size(self) -> sizes.Size | None:
        """The size, parsed."""
        return self.size if isinstance(self.size, sizes.Size) or self.size is None else sizes.parse(self.size)

    # What a kind of area whose device is made first has to say of that device; see plan.py.

    reads: ClassVar[tuple[str, ...]] = ()  # configuration files that it depends on
    makes_device: ClassVar[bool] = False
    keeps_names: ClassVar[bool] = True  # label and UUID, when what they stood on is made anew
    device_timeout: ClassVar[str] = "30s"  # how long the boot waits for it with nofail

    @property
    def lower(self) -> str:
        """The device that the area's own is made of, or nothing."""
        return ""

    def owns(self, target: Target) -> bool:  # noqa: ARG002
        """Whether what stands there is known to be nobody else's, by something else than its header."""
        return False

    def gives_up(self, target: Target) -> Target | None:  # noqa: ARG002
        """Return the device that is no area of its own any more, because this one's is made of it."""
        return None

    def table_change(self, target: Target) -> tuple[tuple[crypttab.Line, ...], crypttab.Entry | None]:  # noqa: ARG002
        """Return which lines of crypttab go, and which one comes in their place."""
        return (), None

    def is_ready(self, target: Target) -> bool:  # noqa: ARG002
        """Whether the device below is as wanted, so that the area on it can stay."""
        return True

    def falls_with_swapoff(self, target: Target) -> bool:  # noqa: ARG002
        """Whether somebody takes the device away as soon as its area is turned off."""
        return False

    def device_size(self, target: Target, memory: int) -> int:  # noqa: ARG002
        """Return how large the device is, or will be on a host with *memory* bytes of RAM."""
        return target.size

    def setup(self, target: Target, size: int) -> list[Action]:  # noqa: ARG002
        """Return what makes the device, of *size* bytes, before it is formatted."""
        return []

    def teardown(self, target: Target) -> list[Action]:  # noqa: ARG002
        """Return what takes the device away, when no area is active on it."""
        return []

    def adjust(self, target: Target) -> list[Action]:  # noqa: ARG002
        """Return what is changed in a device that is ready, with the area on it in use."""
        return []

    def expected_zram(self, target: Target, was: Zram | None) -> Zram | None:  # noqa: ARG002
        """Return what will be known of the zram device below."""
        return was

    def comes_otherwise(self, target: Target) -> bool:  # noqa: ARG002
        """Whether ``persist: systemd`` is done by `configuration` alone, without a swap unit of ours."""
        return False

    def units_to_change(self, target: Target) -> tuple[units.Unit, ...]:
        """Return the swap units that persistence is about."""
        return target.units

    def configuration(self, target: Target, facts: Facts) -> list[Action]:  # noqa: ARG002
        """Return what has the device made at boot, or no longer, besides fstab and swap units."""
        return []

    @classmethod
    def _checked(cls, fields: dict[str, Any]) -> dict[str, Any]:
        size, path = fields["size"], _path(fields["path"])
        if fields["persist"] == "systemd":
            _check_unit_options(fields["options"])
            _check_unit_path(path)
        return {
            **fields,
            "path": path,
            "state": _choice("state", fields["state"], STATES),
            "size": size if size is None or isinstance(size, sizes.Size) else sizes.parse(size),
            "active": fields["active"] if fields["active"] is None else _boolean("active", fields["active"]),
            "persist": _choice("persist", fields["persist"], PERSISTS),
            "priority": _priority(fields["priority"]),
            "discard": _choice("discard", fields["discard"], DISCARDS),
            "nofail": _boolean("nofail", fields["nofail"]),
            "label": _label(fields["label"]),
            "uuid": _uuid(fields["uuid"]),
            "options": _options(fields["options"]),
            "force": _boolean("force", fields["force"]),
            "set_type": _boolean("set_type", fields["set_type"]),
            "subvolume": _boolean("subvolume", fields["subvolume"]),
        }


class Existing(Area):
    """An area to turn on or off as it stands: never made, and changed in nothing but whether the kernel uses it."""


class Unlisted(Existing):
    """An area that is to be off now and after a boot, and whose file or device is nobody's to change.

    Nothing need be there at all: what is listed may be long gone.
    """

    reads: ClassVar[tuple[str, ...]] = bringers.READS

    def configuration(self, target: Target, facts: Facts) -> list[Action]:
        """Return what keeps services from bringing it back."""
        return bringers.masks(target, facts)


def _check_unit_options(options: object) -> None:
    for option in options if isinstance(options, (tuple, list)) else ():
        if str(option).startswith("x-") and not str(option).startswith(f"{units.TIMEOUT}="):
            message = f"options holds {option!r}, which means something in fstab alone"
            raise InvalidInput(message, hint="leave it out, or take persist fstab")


def _check_unit_path(path: str) -> None:
    obstacle = units.obstacle(path)
    if obstacle:
        message = f"path {path!r} cannot have a unit of systemd's: {obstacle}"
        raise InvalidInput(message, hint="take another path, or persist none")


def _path(path: object) -> str:
    if not isinstance(path, str) or not path:
        message = f"path {path!r} is not a path"
        raise InvalidInput(message, hint="give the absolute path of a swap file or block device")
    if _CONTROL.search(path):
        message = f"path {path!r} has a control character in it"
        raise InvalidInput(message, hint="allowed are tabs, spaces and everything printable")
    try:
        path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        message = f"path {path!r} has half a character in it"
        raise InvalidInput(message, hint="a surrogate stands for no bytes, and a path is bytes") from None
    if path.startswith(TAGS):
        return _tag(path)
    if not path.startswith("/"):
        message = f"path {path!r} is not absolute"
        raise InvalidInput(message, hint=f"begin it with / or, for a device, with {', '.join(TAGS)}")
    names = [name for name in path.split("/") if name not in {"", "."}]
    if ".." in names or not names:
        message = f"path {path!r} does not name a file or device by itself"
        raise InvalidInput(message, hint="write it without .. and let it be more than /")
    return "/" + "/".join(names)


def _tag(path: str) -> str:
    name, _separator, value = path.partition("=")
    value = value.strip('"')
    if not value:
        message = f"path {path!r} names no device"
        raise InvalidInput(message, hint=f"write {name}= and the value that the device bears")
    return f"{name}={value}"


def _choice(field: str, value: object, allowed: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in allowed:
        message = f"{field} {value!r} is not one of {', '.join(allowed)}"
        raise InvalidInput(message)
    return value


def _boolean(field: str, value: object) -> bool:
    if not isinstance(value, bool):
        message = f"{field} {value!r} is neither true nor false"
        raise InvalidInput(message)
    return value


def _priority(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_PRIORITY:
        message = f"priority {value!r} is outside 0..{LARGEST_PRIORITY}"
        raise InvalidInput(message, hint="leave it out and the kernel chooses, below all that are set")
    return value


def _label(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value.isprintable():
        message = f"label {value!r} is not printable text"
        raise InvalidInput(message)
    if len(value.encode("utf-8", "surrogateescape")) > LABEL_BYTES:
        message = f"label {value!r} has more than {LABEL_BYTES} bytes"
        raise InvalidInput(message, hint="mkswap would cut it, and LABEL= would never match")
    return value


def _uuid(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _UUID.fullmatch(value.lower()):
        message = f"uuid {value!r} is not a UUID"
        raise InvalidInput(message, hint="write it as 01234567-89ab-cdef-0123-456789abcdef")
    if not value.strip("0-"):
        message = f"uuid {value!r} is the one that means none"
        raise InvalidInput(message, hint="leave it out, and a new area gets a random one")
    return value.lower()


def _options(value: object) -> tuple[str, ...]:
    if isinstance(value, str) or not isinstance(value, (tuple, list)):
        message = f"options {value!r} is not a list of fstab options"
        raise InvalidInput(message)
    for option in value:
        if not isinstance(option, str) or not option or any(mark in option for mark in ", \t\n\\#"):
            message = f"options holds {option!r}, which is not one fstab option"
            raise InvalidInput(message, hint="give each by itself, without blanks, commas, # and backslashes")
        name = option.partition("=")[0]
        if name in _OWN_OPTIONS:
            message = f"options holds {option!r}"
            raise InvalidInput(message, hint=f"say it with {_OWN_OPTIONS[name]}")
    return tuple(option for option in value if option not in {"sw", "defaults"})
