"""All that planning needs to know of a machine: areas, what stands at the wanted paths, fstab, memory. Pure.

Areas are told apart by device and inode, never by the name the kernel prints: that name belongs to whoever ran swapon,
perhaps in another mount namespace.
"""

from __future__ import annotations

from ..record import Record
from . import crypttab, filesystem, fstab, header, partitions, signatures, table, units
from .memory import Promised

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .drop_ins import DropIn
    from .filesystem import Filesystem
    from .fstab import Line
    from .memory import Group, Memory
    from .zram_device import Device

    Identity = tuple[str, int, int]

FSTAB = "/etc/fstab"
# Where a bridge goes when there is no room beside the area.
BRIDGE_DIRECTORIES = ("/var/tmp", "/")  # noqa: S108 (a file there is made with O_EXCL)


class Active(Record):
    """One active area: the kernel's entry for it, and what its name leads to here, if it leads anywhere.

    *is_hidden*: this process may not look where it leads.
    """

    entry: table.Entry
    identity: Identity | None = None
    is_hidden: bool = False


class Leftover(Record):
    """A file that an interrupted run made, or not *ours* but with that name: *kind* as in `temporary_name`."""

    path: str
    kind: str
    allocated: int
    ours: bool = True
    header: header.Header | None = None
    active: table.Entry | None = None
    identity: Identity | None = None


class Target(Record):
    """What stands at one path. Sizes in bytes; *path* is the wanted one with a tag or link to a device followed."""

    spec: str
    path: str
    kind: str = "missing"
    identity: Identity | None = None
    size: int = 0
    allocated: int = 0
    mode: int = 0o600
    uid: int = 0
    gid: int = 0
    header: header.Header | None = None
    foreign: tuple[signatures.Signature, ...] = ()
    empty: bool = False  # there is no byte of data in it
    flags: int = 0
    other_names: int = 0  # hard links of a file, but for those that an interrupted run made
    active: table.Entry | None = None
    unreadable: str = ""  # why its content could not be read, or nothing
    in_use: str = ""
    read_only: bool = False
    partition: partitions.Partition | None = None
    within: Identity | None = None  # the disk that it is a partition of
    mapped: str = ""  # the name that the device mapper has for it
    crypt: crypttab.Lower | None = None  # what it is encrypted on
    filesystem: filesystem.Filesystem | None = None  # of the directory
    directory: tuple[int, int] | None = None  # device and inode, of what is not there
    directory_flags: int = 0
    is_subvolume: bool = False  # the directory is the top of a btrfs subvolume
    above: Filesystem | None = None  # of what would hold the directory, which is not there
    lines: tuple[fstab.Line, ...] = ()
    units: tuple[units.Unit, ...] = ()
    drop_ins: tuple[DropIn, ...] = ()  # of all units that could be its own, whether there are any or not
    zram: Device | None = None
    leftovers: tuple[Leftover, ...] = ()

    @property
    def place(self) -> object:
        """What tells it from everything else, whatever it is called: two names may lead to one directory."""
        if self.identity is None and self.directory:
            return (*self.directory, self.path.rpartition("/")[2])
        return self.identity or self.path

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is active and was turned on in another mount namespace, so that its name leads nowhere here."""
        return self.active is not None and self.identity is None and not self.unreadable

    @property
    def listed_discard(self) -> str:
        """How fstab, or a unit, says the area is to discard."""
        options = [option for line in self.lines for option in line.entry.options]
        options += [option for unit in self.units for option in unit.options]
        values = [option.partition("=")[2] for option in options if option.partition("=")[0] == "discard"]
        return (values[0] or "both") if values else "none"


class Fstab(Record):
    """fstab: its *text*, None if there is no such file, and what stands against replacing it."""

    text: str | None
    is_mount_point: bool = False
    obstacle: str = ""


class Room(Record):
    """A directory that could hold a bridge."""

    directory: str
    filesystem: filesystem.Filesystem | None


class Facts(Record):
    """All that planning needs to know."""

    live: bool
    targets: tuple[Target, ...]
    active: tuple[Active, ...]
    fstab: Fstab
    memory: Memory
    promised: Promised = Promised()
    dangling: tuple[Line, ...] = ()  # swap entries of fstab whose UUID or label nothing bears
    groups: tuple[Group, ...] = ()
    page_size: int = 4096
    kernel: tuple[int, ...] = ()
    no_swapon: str = ""  # why this process may not call swapon, or nothing
    uid: int = 0
    rooms: tuple[Room, ...] = ()
    systemd: units.Surroundings = units.Surroundings()
    texts: tuple[tuple[str, str | None], ...] = ()  # of further configuration files that the wanted areas depend on

    @property
    def runs_systemd(self) -> bool:
        """Whether systemd runs here, and has to be told of what changes."""
        return self.systemd.runs

    def text(self, path: str) -> str | None:
        """Return the text of a configuration file that was asked for, None if there is no such file."""
        return dict(self.texts).get(path)

    def target(self, spec: str) -> Target:
        """Return what stands at the wanted path *spec*."""
        return next(target for target in self.targets if target.spec == spec)
