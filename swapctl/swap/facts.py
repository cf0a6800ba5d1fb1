"""Look at the machine: active areas, what stands at the wanted paths, fstab, memory. Changes nothing, runs nothing.

Areas are told apart by device and inode, never by the name the kernel prints: that name belongs to whoever ran swapon,
perhaps in another mount namespace.
"""

from __future__ import annotations

import os
import re
import stat

from .. import host as hosts
from ..naming import temporary_name
from ..record import Record
from . import crypttab, filesystem, fstab, header, memory, partitions, signatures, table, unit_facts, units, zram_facts
from .area import TAGS
from .memory import Group, Memory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..host import LocalHost
    from .filesystem import Filesystem
    from .fstab import Line
    from .zram_device import Device

    Identity = tuple[str, int, int]

FSTAB = "/etc/fstab"
# Where a bridge goes when there is no room beside the area.
BRIDGE_DIRECTORIES = ("/var/tmp", "/")  # noqa: S108 (a file there is made with O_EXCL)

_TAG_DIRECTORIES = {
    "UUID": "/dev/disk/by-uuid",
    "LABEL": "/dev/disk/by-label",
    "PARTUUID": "/dev/disk/by-partuuid",
    "PARTLABEL": "/dev/disk/by-partlabel",
}
_KINDS = (
    (stat.S_ISREG, "file"),
    (stat.S_ISBLK, "device"),
    (stat.S_ISDIR, "directory"),
    (stat.S_ISLNK, "symbolic link"),
    (stat.S_ISFIFO, "FIFO"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "character device"),
)
_NUMBERED = re.compile(r"/dev/dm-[0-9]+")
_CAP_SYS_ADMIN = 21
SUBVOLUME = 256  # the inode of the top directory of every btrfs subvolume
_NO_DATA = 6  # ENXIO of lseek(2) with SEEK_DATA
_STEP = 1 << 20


class Active(Record):
    """One active area: the kernel's entry for it, and what its name leads to here, if it leads anywhere."""

    entry: table.Entry
    identity: Identity | None = None


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
    mapped: str = ""  # the name that the device mapper has for it
    crypt: crypttab.Lower | None = None  # what it is encrypted on
    filesystem: filesystem.Filesystem | None = None  # of the directory
    directory: tuple[int, int] | None = None  # device and inode, of what is not there
    directory_flags: int = 0
    is_subvolume: bool = False  # the directory is the top of a btrfs subvolume
    above: Filesystem | None = None  # of what would hold the directory, which is not there
    lines: tuple[fstab.Line, ...] = ()
    units: tuple[units.Unit, ...] = ()
    zram: Device | None = None
    leftovers: tuple[Leftover, ...] = ()

    @property
    def place(self) -> object:
        """What tells it from everything else, whatever it is called: two names may lead to one directory."""
        if self.identity is None and self.directory:
            return (*self.directory, self.path.rpartition("/")[2])
        return self.identity or self.path

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
    return _Look(host or hosts.LocalHost()).facts(paths, groups=groups, texts=texts, lower=lower or {})


def active_areas(host: LocalHost) -> tuple[Active, ...]:
    """Return the areas that the kernel swaps to now; none on a tree whose kernel does not run."""
    if not host.live:
        return ()
    entries = table.parse(host.read_text("/proc/swaps") or "")
    return tuple(Active(entry, _identity_of(host, entry)) for entry in entries)


def active_at(host: LocalHost, path: str) -> table.Entry | None:
    """Return the kernel's entry for the area at *path*, if it is active."""
    status = host.stat(path, follow=True)
    return _entry_of(host, path, status, active_areas(host)) if status else None


class _Look:
    """One look at one machine; what several facts need is read once."""

    def __init__(self, host: LocalHost) -> None:
        self.host = host
        self.mounts = filesystem.parse_mounts(hosts.LocalHost().read_text("/proc/self/mountinfo") or "")
        self.active = active_areas(host)
        self.text = host.read_text(FSTAB)
        self.systemd, links = unit_facts.surroundings(host)
        self.units = unit_facts.swap_units(host, links)

    def facts(
        self, specs: Iterable[str] | None, *, groups: bool, texts: Iterable[str], lower: Mapping[str, str]
    ) -> Facts:
        host = self.host
        found = list(self._all_targets() if specs is None else map(self._target, specs))
        found = [self._with_lower(one, lower[one.spec]) if one.spec in lower else one for one in found]
        meminfo = memory.parse(host.read_text("/proc/meminfo") or "")
        used = any(target.active and target.active.used for target in found)
        used = used or any(left.active for target in found for left in target.leftovers)
        return Facts(
            live=host.live,
            targets=tuple(self._listed(target) for target in found),
            dangling=tuple(self._dangling(found)),
            active=self._active_with(found),
            fstab=self._fstab(),
            memory=meminfo,
            groups=self._groups() if used and groups else (),
            page_size=os.sysconf("SC_PAGE_SIZE"),
            kernel=host.kernel,
            no_swapon=self._no_swapon() if host.live else "",
            uid=os.geteuid(),
            rooms=tuple(Room(name, self._filesystem(name)) for name in BRIDGE_DIRECTORIES) if used else (),
            systemd=self.systemd,
            texts=tuple((path, host.read_text(path)) for path in dict.fromkeys(texts)),
        )

    # what stands at a path

    def _active_with(self, targets: list[Target]) -> tuple[Active, ...]:
        """Return the active areas, those that only *targets* could tell by another name among them."""
        known = {target.active: target.identity for target in targets if target.active}
        return tuple(one.replace(identity=one.identity or known.get(one.entry)) for one in self.active)

    def _all_targets(self) -> Iterator[Target]:
        seen: set[object] = set()
        for one in self.active:
            seen.add(one.identity)
            path = one.entry.path
            if one.identity is None:  # its name is of another mount namespace, or gone
                yield Target(path, path, active=one.entry)
            else:
                yield self._target(path if self.host.stat(path, follow=True) else one.entry.surviving_path)
        listed = [line.entry.spec for line in fstab.swap_lines(self.text or "")]
        listed += [unit.what for unit in self.units if unit.acts_at_boot and unit.what]
        for spec in listed:
            target = self._target(spec)
            if target.place not in seen:
                seen.add(target.place)
                yield target

    def _target(self, spec: str) -> Target:
        path = self._device_with(spec) if spec.startswith(TAGS) else self._through_link_to_device(spec)
        status = self.host.stat(path) if path else None
        if not path or not status:
            return self._with_surroundings(Target(spec, path or spec))
        kind = next(name for test, name in _KINDS if test(status.st_mode))
        target = Target(
            spec,
            path,
            kind,
            identity=_identity(status),
            size=status.st_size,
            allocated=status.st_blocks * 512,
            mode=stat.S_IMODE(status.st_mode),
            uid=status.st_uid,
            gid=status.st_gid,
            other_names=status.st_nlink - 1,
            active=_entry_of(self.host, path, status, self.active),
        )
        if kind in {"file", "device"}:
            target = self._with_content(target)
        if kind == "device" and self.host.live:
            target = self._with_place(target)
        return self._with_surroundings(target)

    def _through_link_to_device(self, path: str) -> str:
        status = self.host.stat(path)
        if not status or not stat.S_ISLNK(status.st_mode):
            return path
        followed = self.host.stat(path, follow=True)
        is_device = followed is not None and stat.S_ISBLK(followed.st_mode)
        return self.host.inside(self.host.locate(path, follow=True)) if is_device else path

    def _with_content(self, target: Target) -> Target:
        try:
            with self.host.opened(target.path) as descriptor:
                size = os.lseek(descriptor, 0, os.SEEK_END)
                head = self.host.read_at(descriptor, 0, signatures.HEAD if not target.active else header.PAGE_SIZES[-1])
                tail_length = min(signatures.TAIL, size)
                tail = b"" if target.active else self.host.read_at(descriptor, size - tail_length, tail_length)
                found = header.parse(head)
                empty = not found and signatures.is_blank(head, tail)
                empty = empty and (target.kind == "device" or _has_no_data(descriptor))
        except OSError as error:
            return target.replace(unreadable=error.strerror or str(error))
        target = target.replace(
            size=size,
            header=found,
            foreign=() if target.active else self._foreign(target, head, tail, size),
            empty=empty,
            flags=self.host.flags(target.path),
        )
        if target.active:
            return target
        if target.kind == "device":
            return target.replace(in_use=self._use_of(target), read_only=self._is_read_only(target))
        return target.replace(in_use=self._use_of_file(target))

    def _foreign(self, target: Target, head: bytes, tail: bytes, size: int) -> tuple[signatures.Signature, ...]:
        found = signatures.scan(head, tail, size)
        if found or target.kind == "device" or not header.parse(head):
            return found
        return signatures.before_header(head)  # on a device, that is a boot loader's place

    def _use_of_file(self, target: Target) -> str:
        real = self.host.locate(target.path)
        if any(mount.point == real for mount in self.mounts):
            return "a mount point"
        for name in self.host.list("/sys/block") if self.host.live else ():
            backing = name.startswith("loop") and self.host.read_text(f"/sys/block/{name}/loop/backing_file")
            if backing and self._identity_at(backing.rstrip("\n")) == target.identity:
                return f"in use as /dev/{name}"
        return ""

    def _use_of(self, target: Target) -> str:
        if not self.host.live or not self.host.busy(target.path):
            return ""
        number = _device_number(target)
        mount = next((mount for mount in self.mounts if mount.device == number), None)
        if mount:
            return f"mounted at {mount.point}"
        holders = self.host.list(f"/sys/dev/block/{number}/holders")
        return f"part of {', '.join(holders)}" if holders else "in use by the kernel"

    def _with_place(self, target: Target) -> Target:
        """Return the device with what sysfs says of where it lies: on a disk, or mapped to others."""
        own = f"/sys/dev/block/{_device_number(target)}"
        name = self._value(f"{own}/dm/name")
        number = self._value(f"{own}/partition")
        known = f"/dev/mapper/{name}"
        if name and self._identity_at(known) == target.identity:
            target = target.replace(path=known)  # it means something to people, and the next boot keeps it
        return target.replace(mapped=name, partition=self._partition(own, int(number)) if number else None)

    def _partition(self, own: str, number: int) -> partitions.Partition:
        above = self.host.locate(own, follow=True).rpartition("/")[0]
        disk = f"/dev/{above.rpartition('/')[2].replace('!', '/')}"
        start, sector = self._value(f"{own}/start"), self._value(f"{above}/queue/logical_block_size")
        try:
            with self.host.opened(disk) as descriptor:
                if self._value(f"{above}/dev") != _number_of(os.fstat(descriptor).st_rdev):
                    return partitions.Partition(disk, number, obstacle=f"{disk} is not the disk that it is on")

                def read(offset: int, length: int) -> bytes:
                    return self.host.read_at(descriptor, offset, length).ljust(length, b"\0")

                return partitions.find(disk, number, int(start), int(sector), read)
        except OSError as error:
            return partitions.Partition(disk, number, obstacle=f"{disk} cannot be read: {error.strerror}")

    def _with_lower(self, target: Target, spec: str) -> Target:
        """Return *target* with what it is encrypted on, or is to be."""
        device = self._listed(self._target(spec))
        name = target.spec.rpartition("/")[2]
        lines = (
            line.replace(is_of_device=self._is_about(line.entry.device, device))
            for line in crypttab.parse(self.host.read_text(crypttab.CRYPTTAB) or "")
        )
        own = f"/sys/dev/block/{_device_number(target)}"
        below = self.host.list(f"{own}/slaves") if target.mapped else []
        numbers = {self._value(f"{own}/slaves/{one}/dev") for one in below}
        return target.replace(
            crypt=crypttab.Lower(
                device,
                self._stable_name(device),
                tuple(line for line in lines if line.is_of_device or line.entry.name == name),
                uuid=(self._value(f"{own}/dm/uuid") or "a mapping without a UUID") if target.mapped else "",
                mapped=f"/dev/{below[0].replace('!', '/')}" if below else "",
                is_mapped=numbers == {_device_number(device)},
                has_driver=bool(target.mapped) or self._has_module("dm-crypt"),
            )
        )

    def _has_module(self, name: str) -> bool:
        """Whether the kernel has a module, in it or to load."""
        if self.host.stat(f"/sys/module/{name.replace('-', '_')}"):
            return True
        modules = f"/lib/modules/{os.uname().release}"
        return any(
            f"/{name}.ko" in (self.host.read_text(f"{modules}/modules.{kind}") or "") for kind in ("builtin", "dep")
        )

    def _stable_name(self, device: Target) -> str:
        """Return a name by which the next boot finds the same device: as asked for, or a surer link of udev's."""
        if device.mapped or device.spec.startswith("/dev/disk/"):
            return f"/dev/mapper/{device.mapped}" if _NUMBERED.fullmatch(device.spec) else device.spec
        for directory in ("by-partuuid", "by-id", "by-path"):
            for name in self.host.list(f"/dev/disk/{directory}"):
                link = f"/dev/disk/{directory}/{name}"
                if "\\" not in name and device.identity and self._identity_at(link) == device.identity:
                    return link
        return device.path

    def _value(self, path: str) -> str:
        return (self.host.read_text(path) or "").rstrip("\n")

    def _is_read_only(self, target: Target) -> bool:
        return (self.host.read_text(f"/sys/dev/block/{_device_number(target)}/ro") or "").strip() == "1"

    def _with_surroundings(self, target: Target) -> Target:
        if not target.path.startswith("/"):
            return target
        directory = target.path.rpartition("/")[0] or "/"
        is_device = target.kind == "device"
        leftovers = tuple(self._leftovers(target, directory))
        own_names = sum(left.identity == target.identity for left in leftovers)
        return target.replace(
            directory=None if target.identity else self._directory(directory),
            other_names=max(target.other_names - own_names, 0) if target.kind == "file" else 0,
            filesystem=None if is_device else self._filesystem(directory),
            is_subvolume=not is_device and self._is_subvolume(directory),
            above=self._above(directory),
            directory_flags=0 if is_device else self.host.flags(directory),
            zram=zram_facts.gather_zram(self.host, target.path),
            leftovers=leftovers,
        )

    def _directory(self, directory: str) -> tuple[int, int] | None:
        status = self.host.stat(directory, follow=True)
        return (status.st_dev, status.st_ino) if status else None

    def _is_subvolume(self, directory: str) -> bool:
        status = self.host.stat(directory, follow=True)
        return status is not None and status.st_ino == SUBVOLUME

    def _above(self, directory: str) -> filesystem.Filesystem | None:
        is_there = self.host.stat(directory, follow=True) is not None
        return None if is_there else self._filesystem(directory.rpartition("/")[0] or "/")

    def _filesystem(self, directory: str) -> filesystem.Filesystem | None:
        status = self.host.stat(directory, follow=True)
        if not status or not stat.S_ISDIR(status.st_mode):
            return None
        mount = filesystem.holding(self.mounts, self.host.locate(directory, follow=True))
        free, read_only = self.host.free(directory)
        return filesystem.Filesystem(mount.type if mount else "", free, read_only, status.st_dev)

    def _leftovers(self, target: Target, directory: str) -> Iterator[Leftover]:
        beside = [] if target.kind == "device" else [directory]
        for place in dict.fromkeys((*beside, *BRIDGE_DIRECTORIES)):
            name = target.path.rpartition("/")[2]
            for kind in ("new", "old", "bridge") if place in beside else ("bridge",):
                path = temporary_name(f"{place.rstrip('/')}/{name}", kind)
                status = self.host.stat(path)
                if status:
                    entry = _entry_of(self.host, path, status, self.active)
                    ours = bool(entry) or self._is_made_by_a_run(path, status)
                    allocated = status.st_blocks * 512
                    yield Leftover(path, kind, allocated, ours, self._header(path), entry, _identity(status))

    def _is_made_by_a_run(self, path: str, status: os.stat_result) -> bool:
        """Whether a file is a swap area, or was to become one and holds nothing yet."""
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            return False
        content = self._with_content(Target(path, path, "file"))
        return not content.unreadable and not content.foreign and (content.header is not None or content.empty)

    def _header(self, path: str) -> header.Header | None:
        try:
            with self.host.opened(path) as descriptor:
                return header.parse(self.host.read_at(descriptor, 0, header.PAGE_SIZES[-1]))
        except OSError:
            return None

    # what has it come back at boot

    def _fstab(self) -> Fstab:
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

    def _listed(self, target: Target) -> Target:
        lines = fstab.swap_lines(self.text or "")
        about = tuple(line for line in lines if self._is_about(line.entry.spec, target))
        names = {units.name_of(spec) for spec in (target.spec, target.path, *(line.entry.spec for line in about))}
        found = (unit for unit in self.units if unit.name in names or (unit.what and self._is_about(unit.what, target)))
        return target.replace(lines=about, units=tuple(unit for unit in found if not unit.comes_from_fstab))

    def _dangling(self, targets: list[Target]) -> Iterator[fstab.Line]:
        for line in fstab.swap_lines(self.text or ""):
            spec = line.entry.spec
            is_tag = spec.startswith(TAGS)
            if is_tag and not any(self._is_about(spec, target) for target in targets) and not self._device_with(spec):
                yield line

    def _is_about(self, spec: str, target: Target) -> bool:
        if spec == target.spec:
            return True
        name, equals, value = spec.partition("=")
        if equals and name in _TAG_DIRECTORIES:
            return self._is_tag_of(name, value.strip('"'), target)
        if not spec.startswith("/"):
            return False
        identity = self._identity_at(spec)
        if identity or target.identity:
            return identity == target.identity
        return self._place(spec) == self._place(target.path)

    def _is_tag_of(self, name: str, value: str, target: Target) -> bool:
        device = self._by_tag(name, value)
        if device:
            return self._identity_at(device) == target.identity
        if not _bears(target.header, name, value):
            return False
        # A file may bear the tag of a device that it was copied from: then the device is meant.
        return target.kind == "device" or not self._by_header(name, value)

    def _place(self, path: str) -> tuple[str, str]:
        """Return where *path* would be, if there is nothing yet: its real directory, and its name."""
        directory, _separator, name = path.rpartition("/")
        return self.host.locate(directory or "/", follow=True), name

    def _identity_at(self, path: str) -> Identity | None:
        status = self.host.stat(path, follow=True)
        return _identity(status) if status else None

    # devices by what they bear

    def _device_with(self, tag: str) -> str:
        name, _separator, quoted = tag.partition("=")
        value = quoted.strip('"')
        return self._by_tag(name, value) or self._by_header(name, value)

    def _by_tag(self, name: str, value: str) -> str:
        value = value.lower() if name in {"UUID", "PARTUUID"} else value
        link = f"{_TAG_DIRECTORIES[name]}/{units.udev_name(value)}"
        status = self.host.stat(link, follow=True)
        return self.host.inside(self.host.locate(link, follow=True)) if status else ""

    def _by_header(self, name: str, value: str) -> str:
        """Look for a swap area that bears the tag on every block device: a container has no udev to tell."""
        if not self.host.live:
            return ""
        rows = (self.host.read_text("/proc/partitions") or "").split("\n")[2:]
        devices = (f"/dev/{row.split()[3]}" for row in rows if row)
        return next((device for device in devices if _bears(self._header(device), name, value)), "")

    # limits

    def _no_swapon(self) -> str:
        status = self.host.read_text("/proc/self/status") or ""
        capabilities = next((line.split()[1] for line in status.split("\n") if line.startswith("CapEff:")), "0")
        if not int(capabilities, 16) >> _CAP_SYS_ADMIN & 1:
            return "this process has no CAP_SYS_ADMIN"
        mapped = (self.host.read_text("/proc/self/uid_map") or "").split()
        if mapped and mapped != ["0", "0", "4294967295"]:
            return "this process runs in a user namespace, whose CAP_SYS_ADMIN does not count"
        return ""

    def _groups(self) -> tuple[Group, ...]:
        for mount in self.mounts:
            if mount.type in {"cgroup", "cgroup2"} and _has_memory_files(self.host, mount):
                return (_group(self.host, mount.point, _FILES[mount.type]),)
        return ()


# Where a memory cgroup tells of itself: what it takes, its limit, and its swap, for cgroup v1 and v2.
_FILES = {
    "cgroup": ("memory.usage_in_bytes", "memory.limit_in_bytes", ""),
    "cgroup2": ("memory.current", "memory.max", "memory.swap.current"),
}
_UNLIMITED = 1 << 60


def _identity_of(host: LocalHost, entry: table.Entry) -> Identity | None:
    for path in dict.fromkeys((entry.path, entry.surviving_path)):
        status = host.stat(path, follow=True)
        if status and stat.S_ISBLK(status.st_mode):
            return _identity(status)
        # In another mount namespace the name may be that of another file, which stands here as well.
        if status and stat.S_ISREG(status.st_mode) and host.is_swap(path) is not False:
            return _identity(status)
    return None


def _entry_of(host: LocalHost, path: str, status: os.stat_result, active: Iterable[Active]) -> table.Entry | None:
    """Return the entry of *active* for what stands at *path*, even if the kernel has another name for it."""
    identity = _identity(status)
    known = next((one.entry for one in active if one.identity == identity), None)
    nameless = [one.entry for one in active if one.identity is None]
    if known or not nameless:
        return known
    if stat.S_ISBLK(status.st_mode):
        node = path.rpartition("/")[2]  # what is left of a device's name when its mount namespace is gone
        namesake = next((entry for entry in nameless if entry.path.rpartition("/")[2] == node), None)
        return namesake if namesake and host.busy(path) else None
    files = [entry for entry in nameless if entry.type == "file"]
    if not files or not stat.S_ISREG(status.st_mode) or not host.is_swap(path):
        return None
    return min(files, key=lambda entry: abs(entry.size - status.st_size))


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


def _identity(status: os.stat_result) -> Identity:
    return ("device", status.st_rdev, 0) if stat.S_ISBLK(status.st_mode) else ("file", status.st_dev, status.st_ino)


def _device_number(target: Target) -> str:
    return _number_of(target.identity[1] if target.identity else 0)


def _number_of(device: int) -> str:
    return f"{os.major(device)}:{os.minor(device)}"


def _has_no_data(descriptor: int) -> bool:
    """Whether every byte is zero. SEEK_DATA alone does not tell: reserved blocks that were read once count as data."""
    end = 0
    try:
        while True:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
            end = os.lseek(descriptor, start, os.SEEK_HOLE)
            for offset in range(start, end, _STEP):
                if os.pread(descriptor, min(_STEP, end - offset), offset).strip(b"\0"):
                    return False
    except OSError as error:
        if error.errno == _NO_DATA:
            return True
        raise


def _bears(found: header.Header | None, name: str, value: str) -> bool:
    if not found or not value:
        return False
    return (name == "UUID" and found.uuid == value.lower()) or (name == "LABEL" and found.label == value)
