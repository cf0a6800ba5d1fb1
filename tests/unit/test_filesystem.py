"""What a file system can do for a swap file."""

from __future__ import annotations

import pytest

from swapctl.swap import filesystem
from swapctl.swap.filesystem import Filesystem, Mount

MOUNTINFO = r"""22 27 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw
27 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
30 27 0:27 / /my\040disk rw master:1 propagate_from:2 - xfs /dev/vdb rw
31 27 0:28 / /srv/a\134b - btrfs /dev/vdc rw,subvol=/
32 27 254:1 /some\040where /bound rw - ext4 /dev/vda1 rw
"""


def test_mounts_are_read_from_mountinfo():
    assert filesystem.parse_mounts(MOUNTINFO) == (
        Mount("/sys", "sysfs", "0:21"),
        Mount("/", "ext4", "254:1"),
        Mount("/my disk", "xfs", "0:27"),
        Mount(r"/srv/a\b", "btrfs", "0:28"),
        Mount("/bound", "ext4", "254:1", "/some where"),
    )


@pytest.mark.parametrize("text", ["", "\n"])
def test_no_mountinfo_is_no_mounts(text):
    assert filesystem.parse_mounts(text) == ()


ROOT = Mount("/", "ext4", "254:1")
SRV = Mount("/srv", "xfs", "254:2")
DEEPER = Mount("/srv/data", "btrfs", "254:3")
OVER_SRV = Mount("/srv", "tmpfs", "0:40")


@pytest.mark.parametrize(
    ("mounts", "path", "holding"),
    [
        pytest.param((ROOT, SRV), "/", ROOT, id="the-root-itself"),
        pytest.param((ROOT, SRV), "/var/swapfile", ROOT, id="only-the-root"),
        pytest.param((SRV, ROOT), "/srv/swapfile", SRV, id="longest-in-any-order"),
        pytest.param((ROOT, SRV), "/srv", SRV, id="the-mount-point-itself"),
        pytest.param((ROOT, SRV, DEEPER), "/srv/data/x/y", DEEPER, id="deepest"),
        pytest.param((ROOT, SRV, DEEPER), "/srv/database", SRV, id="not-by-half-a-name"),
        pytest.param((ROOT, SRV, OVER_SRV), "/srv/swapfile", OVER_SRV, id="the-last-of-equals-hides-the-others"),
        pytest.param((), "/srv/swapfile", None, id="no-mounts"),
    ],
)
def test_a_path_lies_on_the_longest_mount_point(mounts, path, holding):
    assert filesystem.holding(mounts, path) == holding


@pytest.mark.parametrize(
    "name",
    [
        "tmpfs", "ramfs", "devtmpfs", "overlay", "aufs", "ecryptfs", "zfs", "bcachefs", "nfs", "nfs4", "cifs", "smb3",
        "9p", "ceph", "virtiofs", "vfat", "msdos", "exfat", "ntfs", "ntfs3", "squashfs", "iso9660", "erofs", "proc",
        "sysfs", "cgroup2", "fuse", "fuseblk", "fuse.sshfs",
    ],
)  # fmt: skip
def test_an_unsuitable_file_system_is_refused_by_name_with_the_reason(name):
    name_said, _separator, reason = Filesystem(name, 0).unsuitable.partition(" holds no swap files: ")
    assert (name_said, bool(reason)) == (name, True)


@pytest.mark.parametrize("name", ["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "jfs", "never-heard-of", ""])
def test_others_are_for_the_kernel_to_judge(name):
    assert Filesystem(name, 0).unsuitable == ""


@pytest.mark.parametrize(
    ("name", "kernel", "enough"),
    [
        ("ext4", (), True),
        ("btrfs", (), True),
        ("f2fs", (), True),
        ("xfs", (4, 18), True),
        ("xfs", (6, 1), True),
        ("xfs", (4, 9), False),
        ("xfs", (), False),
        ("ext3", (6, 1), False),
        ("", (6, 1), False),
    ],
)
def test_where_preallocated_space_is_no_hole(name, kernel, enough):
    assert filesystem.preallocates(name, kernel) is enough


@pytest.mark.parametrize(("name", "copies"), [("btrfs", True), ("ext4", False), ("xfs", False)])
def test_btrfs_alone_copies_on_write(name, copies):
    assert Filesystem(name, 0).copies_on_write is copies
