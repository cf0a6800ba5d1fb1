"""What must not be overwritten is known by its magic number and that number's place."""

from __future__ import annotations

import pytest

from swapctl.swap import signatures
from swapctl.swap.signatures import HEAD, TAIL, Signature
from tests.builders import header_bytes

SIZE = 10 * 1024 * 1024 + 512 * 7  # no multiple of 64 KiB, so that "near the end" is tested as such
END_OF_64K = SIZE // 65536 * 65536

MAGICS = [
    ("an XFS file system", 0, b"XFSB"),
    ("LUKS encryption", 0, b"LUKS\xba\xbe"),
    ("LUKS encryption", 0x4000, b"SKUL\xba\xbe"),
    ("a BitLocker volume", 3, b"-FVE-FS-"),
    ("an NTFS file system", 3, b"NTFS    "),
    ("an exFAT file system", 3, b"EXFAT   "),
    ("a FAT file system", 0x36, b"FAT12   "),
    ("a FAT file system", 0x36, b"FAT16   "),
    ("a FAT file system", 0x52, b"FAT32   "),
    ("a squashfs file system", 0, b"hsqs"),
    ("a Ceph BlueStore device", 0, b"bluestore block device\n"),
    ("a GPT partition table", 512, b"EFI PART"),
    ("a GPT partition table", 4096, b"EFI PART"),
    ("a GPT partition table (its backup)", SIZE - 512, b"EFI PART"),
    ("a GPT partition table (its backup)", SIZE - 4096, b"EFI PART"),
    ("a DOS partition table", 510, b"\x55\xaa"),
    ("an ext2, ext3 or ext4 file system", 1024 + 56, b"\x53\xef"),
    ("an F2FS file system", 1024, b"\x10\x20\xf5\xf2"),
    ("an EROFS file system", 1024, b"\xe2\xe1\xf5\xe0"),
    ("a NILFS2 file system", 1024 + 6, b"\x34\x34"),
    ("an HFS+ file system", 1024, b"H+\0\x04"),
    ("a RAID member (md 1.1)", 0, b"\xfc\x4e\x2b\xa9"),
    ("a RAID member (md 1.2)", 4096, b"\xfc\x4e\x2b\xa9"),
    ("a RAID member (md 1.0)", (SIZE // 512 - 16) // 8 * 8 * 512, b"\xfc\x4e\x2b\xa9"),
    ("a RAID member (md 0.90)", END_OF_64K - 65536, b"\xfc\x4e\x2b\xa9"),
    ("a RAID member (md 0.90)", END_OF_64K - 65536, b"\xa9\x2b\x4e\xfc"),
    ("a DDF RAID member", SIZE - 512, b"\xde\x11\xde\x11"),
    ("a bcache device", 4096 + 24, bytes.fromhex("c68573f64e1a45ca8265f57f48ba6d81")),
    ("a bcachefs file system", 4096 + 24, bytes.fromhex("c68573f666ce90a9d96a60cf803df7ef")),
    ("an ISO 9660 file system", 32768 + 1, b"CD001"),
    ("a JFS file system", 32768, b"JFS1"),
    ("a btrfs file system", 65536 + 64, b"_BHRfS_M"),
    ("a ReiserFS file system", 65536 + 52, b"ReIsEr2Fs"),
    ("a GFS2 file system", 65536, b"\x01\x16\x19\x70"),
    ("a ZFS pool member", 128 * 1024, (0x00BAB10C).to_bytes(8, "little")),
    ("a ZFS pool member", 128 * 1024, (0x00BAB10C).to_bytes(8, "big")),
    ("a ZFS pool member", 255 * 1024, (0x00BAB10C).to_bytes(8, "little")),
    ("an LVM physical volume", 0, b"LABELONE"),
    ("an LVM physical volume", 512, b"LABELONE"),
    ("an LVM physical volume", 1024, b"LABELONE"),
    ("an LVM physical volume", 1536, b"LABELONE"),
    ("a hibernation image", 4096 - 10, b"S1SUSPEND\0"),
    ("a hibernation image", 4096 - 10, b"S2SUSPEND\0"),
    ("a hibernation image", 4096 - 10, b"ULSUSPEND\0"),
    ("a hibernation image", 4096 - 10, b"LINHIB0001"),
    ("a hibernation image", 65536 - 10, b"S1SUSPEND\0"),
]


def ends(*parts: tuple[int, bytes], size: int = SIZE) -> tuple[bytes, bytes, int]:
    """Return the beginning, the end and the size of a device that is all zeros but for *parts*, each at its offset."""
    whole = bytearray(size)
    for offset, data in parts:
        whole[offset : offset + len(data)] = data
    return bytes(whole[:HEAD]), bytes(whole[-TAIL:]), size


@pytest.mark.parametrize(("name", "offset", "magic"), MAGICS, ids=[f"{name}-{at}" for name, at, _magic in MAGICS])
def test_what_stands_there_is_known_by_name_and_place(name, offset, magic):
    (found,) = signatures.scan(*ends((offset, magic)))
    assert (found.name, found.offset) == (name, offset)


def test_every_name_has_a_test():
    known = {name for name, _at, _magic in signatures._FIXED}
    assert known <= {name for name, _at, _magic in MAGICS}


@pytest.mark.parametrize(("name", "offset", "magic"), MAGICS, ids=[f"{name}-{at}" for name, at, _magic in MAGICS])
def test_without_the_bytes_of_its_signature_nothing_is_known(name, offset, magic):  # noqa: ARG001
    head, tail, size = ends((offset, magic))
    (found,) = signatures.scan(head, tail, size)
    kept = magic[found.length :]
    assert signatures.scan(*ends((offset + found.length, kept))) == ()


def test_all_that_stands_there_is_named():
    found = signatures.scan(*ends((0, b"XFSB"), (510, b"\x55\xaa"), (SIZE - 512, b"EFI PART")))
    assert found == (
        Signature("an XFS file system", 0, 4),
        Signature("a DOS partition table", 510, 2),
        Signature("a GPT partition table (its backup)", SIZE - 512, 8),
    )


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((), id="zeros"),
        pytest.param(((0, header_bytes(256)),), id="swap-header"),
        pytest.param(((0, header_bytes(256, page_size=65536)),), id="swap-header-of-large-pages"),
        pytest.param(((5, b"XFSB"),), id="magic-out-of-place"),
        pytest.param(((200_001, b"\x0c\xb1\xba\0\0\0\0\0"),), id="uberblock-out-of-place"),
    ],
)
def test_nothing_foreign_is_seen_where_there_is_nothing(parts):
    assert signatures.scan(*ends(*parts)) == ()


@pytest.mark.parametrize("size", [0, 1, 511, 512, 4096, 40960, 65536, 131072])
def test_a_small_device_is_looked_at_without_trouble(size):
    assert signatures.scan(*ends(size=size)) == ()


def test_a_small_device_that_is_all_in_both_parts_is_known():
    names = [one.name for one in signatures.scan(*ends((0, b"XFSB"), size=64 * 1024))]
    assert names == ["an XFS file system"]


@pytest.mark.parametrize(
    ("head", "tail", "blank"),
    [
        pytest.param(b"", b"", True, id="nothing"),
        pytest.param(bytes(HEAD), bytes(TAIL), True, id="zeros"),
        pytest.param(bytes(HEAD - 1) + b"x", bytes(TAIL), False, id="at-the-beginning"),
        pytest.param(bytes(HEAD), bytes(TAIL - 1) + b"x", False, id="at-the-end"),
    ],
)
def test_blank_is_what_is_all_zeros(head, tail, blank):
    assert signatures.is_blank(head, tail) is blank
