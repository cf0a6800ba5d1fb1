"""What is refused before anything is done, each by its name and with a way out. Pure."""

from __future__ import annotations

from ..errors import Refused
from ..sizes import human
from . import units
from .actions import SwapOff, SwapOn
from .area import Existing
from .drop_ins import overridden, values
from .header import LARGEST_PAGES, SMALLEST_PAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .action import Action
    from .area import Area
    from .facts import Facts, Fstab, Target
    from .fstab import Entry
    from .needs import Need

# ioctl_iflags(2); the same numbers as in host.py, which pure files do not import
# Directories in /dev that are no volume groups.
_DIRECTORIES_OF_DEVICES = {
    "block",
    "bus",
    "char",
    "cpu",
    "disk",
    "dri",
    "input",
    "loop",
    "mapper",
    "md",
    "net",
    "pts",
    "shm",
    "snd",
    "zvol",
}

APPEND_ONLY, IMMUTABLE, NOCOW = 0x20, 0x10, 0x00800000
_MOST_AREAS = 32  # MAX_SWAPFILES, of which a kernel keeps some for itself (swapon(2), NOTES)


def check_kind(area: Area, target: Target) -> None:
    """Refuse what is neither a file nor a block device, and what is not there and cannot be made."""
    if target.kind in {"file", "device"}:
        if target.unreadable:
            raise Refused(f"{target.path}: {target.unreadable}", hint="run as root; if you do, see dmesg")
        return
    if target.kind != "missing":
        raise Refused(
            f"{target.path} is a {target.kind}, not a swap file or block device",
            hint="name another path, or move away what is there",
        )
    if area.state == "absent":
        return
    if area.is_tag:
        raise Refused(f"no block device bears {area.path}", hint="see lsblk -o NAME,UUID,LABEL,PARTUUID")
    if isinstance(area, Existing):
        raise Refused(f"{area.path} does not exist", hint="swapctl status lists the areas that are known here")
    if area.path.startswith("/dev/") and not area.path.startswith("/dev/shm/"):  # noqa: S108 (files are there, if in memory)
        raise Refused(f"{area.path} does not exist", hint=_where_devices_are(area.path))
    if area.size is None:
        raise Refused(f"{area.path} does not exist, and no size is given to make it", hint="give --size, such as 2G")
    if target.filesystem is None:
        directory = target.path.rpartition("/")[0] or "/"
        raise Refused(f"the directory {directory} does not exist", hint=f"mkdir -p {directory}")


def _where_devices_are(path: str) -> str:
    group, _separator, name = path.removeprefix("/dev/").partition("/")
    if name and "/" not in name and group not in _DIRECTORIES_OF_DEVICES:
        return f"lvcreate --name {name} --size SIZE {group} makes it, if it is not only inactive (vgchange -ay {group})"
    if group == "mapper":
        return "see dmsetup ls for the mapped devices, and lvs for logical volumes"
    return "see lsblk for the devices that do"


def check_ours(area: Area, target: Target) -> None:
    """Refuse content that is not a swap area, unless it is nothing at all or, on a device, *force* is given."""
    if target.kind == "missing" or target.active:
        return
    forced = area.force and target.kind == "device" and area.state == "present"
    if target.foreign and not forced:
        names = " and ".join(dict.fromkeys(one.name for one in target.foreign))
        raise Refused(f"{target.path} holds {names}", hint=_way_out(area, target))
    if not target.header and not target.empty and not forced:
        raise Refused(f"{target.path} holds data that is no swap area", hint=_way_out(area, target))
    if not target.header and isinstance(area, Existing):
        raise Refused(f"{target.path} is no swap area", hint="swapctl ensure makes one of it")
    if not target.header and area.state == "absent" and target.kind == "file":
        raise Refused(f"{target.path} is an empty file, not a swap area", hint="delete it yourself if it is not needed")


def check_subvolume(target: Target) -> None:
    """Refuse to have a subvolume where there can be none, or where there is a directory that is none."""
    directory = target.path.rpartition("/")[0] or "/"
    place = target.filesystem or target.above
    if place and place.type != "btrfs":
        raise Refused(f"{directory} is on {place.type}, which has no subvolumes", hint="leave subvolume out")
    if target.filesystem and not target.above and not target.is_subvolume:
        raise Refused(
            f"{directory} is a directory, not a subvolume",
            hint="name a path in a directory that is not there yet, and it is made as one",
        )


def check_apart(need: Need, other: Need) -> None:
    """Refuse two areas of which each would overwrite the other."""
    overlap = need.overlap(other)
    if overlap:
        one, two = (each.area.lower or each.target.path for each in (need, other))
        raise Refused(f"{one} is {overlap} {two}: there is room for one area", hint="name one of them alone")


def check_free(target: Target) -> None:
    """Refuse what something else uses, whoever asks."""
    if target.in_use:
        another = "take another device" if target.kind == "device" else "name another path"
        raise Refused(f"{target.path} is {target.in_use}", hint=f"{another}, or stop its use first")


def check_only_name(target: Target) -> None:
    """Refuse to replace or delete a file that would stay there under another name."""
    if target.other_names:
        raise Refused(
            f"{target.path} has {target.other_names} more names (hard links)",
            hint=f"keep one of those that find -samefile {target.path} tells",
        )


def check_device_is_free(target: Target) -> None:
    """Refuse a device that cannot be formatted, whoever asks."""
    check_free(target)
    if target.read_only:
        raise Refused(f"{target.path} is read-only", hint="see blockdev --getro and --setrw")


def check_partition(target: Target) -> None:
    """Refuse to set the type of what is no partition, or is in no table that is known."""
    partition = target.partition
    if partition and partition.table:
        return
    what = f"is a {target.kind}"
    if target.kind == "device":
        what = "is a whole disk"
        if target.mapped:
            what = f"is {target.mapped} of the device mapper"
    why = partition.obstacle if partition else f"it {what}, and only a partition of a disk has one"
    raise Refused(f"the type of {target.path} cannot be set: {why}", hint="leave --set-type out")


def check_size(target: Target, size: int, page_size: int, room: int = 0) -> None:
    """Refuse a size that no swap area can have, or that a device, which has *room*, does not have."""
    if size < SMALLEST_PAGES * page_size:
        smallest = SMALLEST_PAGES * page_size
        raise Refused(f"{target.path}: {size} bytes are too few for an area", hint=f"give {smallest} or more")
    if size > LARGEST_PAGES * page_size:
        raise Refused(f"{target.path}: {human(size)} are too many for an area", hint="make several areas")
    if target.kind == "device" and size > room:
        raise Refused(
            f"{target.path} has {human(room)}, which is less than the {human(size)} wanted",
            hint="leave --size out to use all of it",
        )


def check_suitable(target: Target, facts: Facts) -> None:
    """Refuse a file system on which no swap file works; an image may be unpacked anywhere before it goes to a disk."""
    if facts.live and target.filesystem and target.filesystem.unsuitable:
        raise Refused(f"{target.path}: {target.filesystem.unsuitable}", hint="name a path on ext4, XFS or btrfs")


def check_directory(target: Target) -> None:
    """Refuse a directory in which nothing can be made, renamed or deleted."""
    directory = target.path.rpartition("/")[0] or "/"
    for left in target.leftovers:
        if not left.ours and left.kind != "bridge":  # a bridge can be elsewhere
            raise Refused(f"{left.path} is in the way and not from an earlier run", hint="move it away")
    if target.filesystem and target.filesystem.read_only:
        raise Refused(f"{directory} is read-only", hint="remount it: mount -o remount,rw")
    if target.directory_flags & (IMMUTABLE | APPEND_ONLY):
        raise Refused(f"{directory} is immutable or append-only", hint=f"chattr -i -a {directory}")


def check_mutable(target: Target) -> None:
    """Refuse a file that the kernel will not let anybody change, activate or deactivate."""
    if target.flags & (IMMUTABLE | APPEND_ONLY):
        raise Refused(f"{target.path} is immutable or append-only", hint=f"chattr -i -a {target.path}")


def check_space(target: Target, needed: int, free: int) -> None:
    """Refuse what does not fit on the file system."""
    if needed > free:
        raise Refused(
            f"{target.path} needs {human(needed)} more on its file system, which has {human(free)} free",
            hint="make room there, or take a smaller size or another file system",
        )


def check_units(facts: Facts) -> None:
    """Refuse to write a unit where nobody would read it."""
    if not facts.systemd.is_there:
        raise Refused(f"{units.DIRECTORY} does not exist: this host has no systemd", hint="take persist fstab")


def check_unit_path(entry: Entry) -> None:
    """Refuse an entry of which systemd can make no unit."""
    obstacle = units.obstacle(entry.spec)
    if obstacle:
        message = f"systemd would not turn {entry.spec!r} on at boot: {obstacle}"
        raise Refused(message, hint="take another path, or persist none")


def check_not_fixed(changes: Iterable[Action], facts: Facts) -> None:
    """Refuse to change units and links that nobody can change."""
    paths = [path for path in (getattr(change, "path", "") for change in changes) if path]
    touched = {name for path in paths for name in (path, path.rpartition("/")[0])}
    for name in facts.systemd.fixed:
        if name in touched:
            raise Refused(f"{name} is immutable or append-only", hint=f"chattr -i -a {name}")


def check_count(changes: Iterable[Action], facts: Facts) -> None:
    """Refuse more areas at once than any kernel takes."""
    count = most = len(facts.active)
    for change in changes:
        count += isinstance(change, SwapOn) - isinstance(change, SwapOff)
        most = max(most, count)
    if most > _MOST_AREAS:
        message = f"there would be {most} areas at once, and no kernel takes more than {_MOST_AREAS}"
        raise Refused(message, hint="make fewer and larger ones")


def check_drop_ins(target: Target, entry: Entry, *, by_unit: bool) -> None:
    """Refuse to list an area where something has systemd go by something else."""
    wanted = values([units.swap_unit(entry)]) if by_unit else units.listed(entry)
    name = units.name_of(entry.spec)
    found = overridden(wanted, (one for one in target.drop_ins if one.unit == name))
    if found:
        path, says = found
        raise Refused(
            f"{path} says {says}, which wins at boot over {wanted}", hint="take that out of it, or ask for the same"
        )


def check_fstab(fstab: Fstab, *, in_place: bool) -> None:
    """Refuse to replace an fstab that cannot be replaced."""
    if fstab.obstacle:
        raise Refused(f"/etc/fstab cannot be changed: {fstab.obstacle}", hint="--persist keep leaves it alone")
    if fstab.is_mount_point and not in_place:
        raise Refused(
            "/etc/fstab is a mount point (bind-mounted into a container?), so it cannot be replaced in one step",
            hint="--fstab-in-place writes it where it stands; a crash meanwhile can leave it half written",
        )


def check_live(facts: Facts, what: str) -> None:
    """Refuse what only the running kernel of the system can do."""
    if not facts.live:
        raise Refused(f"{what} needs the running system, not the tree of another one", hint="leave --root out")


def check_rights(facts: Facts, *, kernel: bool) -> None:
    """Refuse what this process may not do on a live system; *kernel*: swapon or swapoff is among it."""
    if facts.live and facts.uid != 0:
        raise Refused("changing swap needs root", hint="run it as root")
    if kernel and facts.no_swapon:
        raise Refused(
            f"the kernel will not turn swap on or off here: {facts.no_swapon}",
            hint="run it on the host, or give the container CAP_SYS_ADMIN",
        )


def does_not_fit(path: str, used: int, facts: Facts, *, elsewhere: int, displaced: int, hint: str) -> Refused:
    """Return the refusal to turn off an area whose content has no place to go, with both figures."""
    room = max(used + elsewhere - displaced, 0)
    return Refused(
        f"{path} holds {human(used)}, but memory and the other areas have room for only {human(room)} of it"
        f" (available memory is {human(facts.memory.available)}, of which {human(facts.memory.margin)} stay free)",
        hint=hint,
    )


def _way_out(area: Area, target: Target) -> str:
    if area.state == "absent":
        return "nothing is removed but swap areas"
    if target.kind == "device":
        return "take another device; --force overwrites what is there"
    return "name another path, or move away what is there"
