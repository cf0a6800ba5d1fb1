"""Tell what stands on a device or in a file, so that it is not overwritten. Pure: bytes in, names out.

mkswap is no such guard: without ``-f`` it overwrites ext4 and LUKS and reports success. Magic numbers and their places
are those of util-linux's libblkid superblock probes and of each format's own specification.
"""

from __future__ import annotations

from ..record import Record
from .header import PAGE_SIZES

HEAD = 256 * 1024  # how much of the beginning scan() wants to see: the furthest magic is ZFS's first uberblocks
TAIL = 128 * 1024  # how much of the end: RAID 0.90 stands in its last aligned 64 KiB


class Signature(Record):
    """One magic: *name* of what it marks, and the *length* bytes at *offset* that make it so."""

    name: str
    offset: int
    length: int


_HIBERNATION = "a hibernation image"

_FIXED: tuple[tuple[str, int, bytes], ...] = (
    ("an XFS file system", 0, b"XFSB"),
    ("LUKS encryption", 0, b"LUKS\xba\xbe"),
    ("LUKS encryption", 0x4000, b"SKUL\xba\xbe"),
    ("a BitLocker volume", 3, b"-FVE-FS-"),
    ("an NTFS file system", 3, b"NTFS    "),
    ("an exFAT file system", 3, b"EXFAT   "),
    ("a FAT file system", 0x36, b"FAT1"),
    ("a FAT file system", 0x52, b"FAT32   "),
    ("a squashfs file system", 0, b"hsqs"),
    ("a Ceph BlueStore device", 0, b"bluestore block device"),
    ("a GPT partition table", 512, b"EFI PART"),
    ("a GPT partition table", 4096, b"EFI PART"),
    ("a DOS partition table", 510, b"\x55\xaa"),
    ("an ext2, ext3 or ext4 file system", 0x438, b"\x53\xef"),
    ("an F2FS file system", 0x400, b"\x10\x20\xf5\xf2"),
    ("an EROFS file system", 0x400, b"\xe2\xe1\xf5\xe0"),
    ("a NILFS2 file system", 0x406, b"\x34\x34"),
    ("an HFS+ file system", 0x400, b"H+"),
    ("a RAID member (md 1.1)", 0, b"\xfc\x4e\x2b\xa9"),
    ("a RAID member (md 1.2)", 4096, b"\xfc\x4e\x2b\xa9"),
    ("a bcache device", 0x1018, b"\xc6\x85\x73\xf6\x4e\x1a\x45\xca"),
    ("a bcachefs file system", 0x1018, b"\xc6\x85\x73\xf6\x66\xce\x90\xa9"),
    ("an ISO 9660 file system", 0x8001, b"CD001"),
    ("a JFS file system", 0x8000, b"JFS1"),
    ("a btrfs file system", 0x10040, b"_BHRfS_M"),
    ("a ReiserFS file system", 0x10034, b"ReIsEr"),
    ("a GFS2 file system", 0x10000, b"\x01\x16\x19\x70"),
    *((_HIBERNATION, page - 10, magic)
      for page in PAGE_SIZES for magic in (b"S1SUSPEND", b"S2SUSPEND", b"ULSUSPEND", b"LINHIB0001")),
    *(("an LVM physical volume", sector * 512, b"LABELONE") for sector in range(4)),
)  # fmt: skip

_RAID = b"\xfc\x4e\x2b\xa9"
_RAID_BIG_ENDIAN = _RAID[::-1]
_ZFS = (b"\x0c\xb1\xba\0\0\0\0\0", b"\0\0\0\0\0\xba\xb1\x0c")  # 0x00bab10c in 64 bits, of either byte order


def scan(head: bytes, tail: bytes, size: int) -> tuple[Signature, ...]:
    """Return every signature but that of a swap area, found in the first *head* and last *tail* of *size* bytes."""
    fixed = [Signature(name, at, len(magic)) for name, at, magic in _FIXED if head[at : at + len(magic)] == magic]
    return (*fixed, *_zfs(head), *_at_the_end(tail, size))


def before_header(head: bytes) -> tuple[Signature, ...]:
    """Return what stands before the header of a swap file, where mkswap leaves nothing."""
    return (Signature("data before its swap header", 0, 1024),) if head[:1024].strip(b"\0") else ()


def is_blank(head: bytes, tail: bytes) -> bool:
    """Whether nothing but zeros stands at the beginning and the end."""
    return not head.strip(b"\0") and not tail.strip(b"\0")


def _zfs(head: bytes) -> list[Signature]:
    first_uberblock, step = 128 * 1024, 1024
    places = range(first_uberblock, len(head), step)
    return [Signature("a ZFS pool member", at, 8) for at in places if head[at : at + 8] in _ZFS]


def _at_the_end(tail: bytes, size: int) -> list[Signature]:
    aligned = size // 65536 * 65536
    old_raid = aligned - 65536
    new_raid = (size // 512 - 16) // 8 * 8 * 512
    places = (
        ("a RAID member (md 0.90)", old_raid, (_RAID, _RAID_BIG_ENDIAN)),
        ("a RAID member (md 1.0)", new_raid, (_RAID,)),
        ("a GPT partition table (its backup)", size - 512, (b"EFI PART",)),
        ("a GPT partition table (its backup)", size - 4096, (b"EFI PART",)),
        ("a DDF RAID member", size - 512, (b"\xde\x11\xde\x11",)),
    )
    start = size - len(tail)
    return [
        Signature(name, at, len(magic))
        for name, at, magics in places
        for magic in magics
        if at >= start and tail[at - start : at - start + len(magic)] == magic
    ]
