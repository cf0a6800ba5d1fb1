"""What a file system can do for a swap file. Pure: names and numbers in, answers out.

Facts: swapon(8) NOTES, and what each file system's ``swap_activate`` in the kernel accepts.
"""

from __future__ import annotations

from ..record import Record
from . import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_NETWORK = "swapping over the network can hang the machine"
_NO_BLOCKS = "it has no blocks of its own on a disk"

_UNSUITABLE = {
    "tmpfs": "it lives in memory",
    "ramfs": "it lives in memory",
    "devtmpfs": "it lives in memory",
    "overlay": _NO_BLOCKS,
    "aufs": _NO_BLOCKS,
    "ecryptfs": _NO_BLOCKS,
    "zfs": "swap files on ZFS deadlock under memory shortage",
    "bcachefs": "its kernel driver takes no swap files",
    "nfs": _NETWORK,
    "nfs4": _NETWORK,
    "cifs": _NETWORK,
    "smb3": _NETWORK,
    "9p": _NETWORK,
    "ceph": _NETWORK,
    "virtiofs": _NO_BLOCKS,
    "vfat": "it keeps no permissions, so the area could not be kept secret, and ends files at 4 GiB",
    "msdos": "it keeps no permissions, so the area could not be kept secret, and ends files at 4 GiB",
    "exfat": "it keeps no permissions, so the area could not be kept secret",
    "ntfs": "its driver takes no swap files",
    "ntfs3": "its driver takes no swap files",
    "squashfs": "it is read-only",
    "iso9660": "it is read-only",
    "erofs": "it is read-only",
    "proc": _NO_BLOCKS,
    "sysfs": _NO_BLOCKS,
    "cgroup2": _NO_BLOCKS,
}

# Preallocated space that was never written counts as a hole elsewhere: there, every block is written.
_PREALLOCATES = {"ext4", "btrfs", "f2fs"}
_XFS_SINCE = (4, 18)


class Mount(Record):
    """One mounted file system."""

    point: str
    type: str
    device: str  # MAJOR:MINOR
    root: str = "/"  # the directory of it that is mounted there


class Filesystem(Record):
    """The file system that holds, or would hold, a file: *free* bytes for an ordinary user, its *type* by name.

    *device* is the number by which stat(2) tells it from others, 0 if that is not known.
    """

    type: str
    free: int
    read_only: bool = False
    device: int = 0

    @property
    def unsuitable(self) -> str:
        """Why no swap file can be on it, or nothing."""
        reason = _UNSUITABLE.get(self.type) or (_NO_BLOCKS if self.type.startswith("fuse") else "")
        return f"{self.type} holds no swap files: {reason}" if reason else ""

    @property
    def copies_on_write(self) -> bool:
        """Whether a swap file must be marked NOCOW while it is still empty (btrfs(5))."""
        return self.type == "btrfs"


def preallocates(filesystem: str, kernel: tuple[int, ...]) -> bool:
    """Whether the kernel takes a swap file whose blocks were reserved but not written, on *filesystem*."""
    return filesystem in _PREALLOCATES or (filesystem == "xfs" and kernel >= _XFS_SINCE)


def parse_mounts(text: str) -> tuple[Mount, ...]:
    """Return the mounts listed in *text*, that of ``/proc/self/mountinfo``. See proc(5)."""
    return tuple(_mount(line) for line in text.split("\n") if " - " in line)


def holding(mounts: Iterable[Mount], path: str) -> Mount | None:
    """Return the mount that *path*, free of symbolic links, lies on: the longest mount point, the last of equals."""
    over = [mount for mount in mounts if mount.point == "/" or f"{path}/".startswith(f"{mount.point}/")]
    return max(reversed(over), key=lambda mount: len(mount.point), default=None)


def _mount(line: str) -> Mount:
    left, _separator, right = line.partition(" - ")
    fields = left.split(" ")
    return Mount(table.unescape(fields[4]), right.split(" ")[0], fields[2], table.unescape(fields[3]))
