"""The type of a partition is found in any table that the kernel reads, and nowhere else."""

from __future__ import annotations

import binascii
import struct
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swapctl.swap import partitions
from swapctl.swap.partitions import SWAP_TYPES, Partition

DISK = "/dev/vda"
LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"


def record(*entries: tuple[int, int, int]) -> bytes:
    """Return a boot record with up to four entries: type, first sector, sectors."""
    table = b"".join(struct.pack("<4xB3xII", kind, start, size) for kind, start, size in entries)
    return bytes(446) + table.ljust(64, b"\0") + b"\x55\xaa"


def gpt(entries: dict[int, tuple[str, int]], *, sector: int = 512, size: int = 128, first: int = 2) -> dict[int, bytes]:
    """Return a GPT, as bytes by sector, that lists type and first sector by number."""
    table = bytearray(128 * size)
    for number, (kind, start) in entries.items():
        place = (number - 1) * size
        table[place : place + 40] = uuid.UUID(kind).bytes_le + b"u" * 16 + start.to_bytes(8, "little")
    fields = (0, 1, 9999, 34, 9000, b"d" * 16, first, 128, size, binascii.crc32(table))
    header = struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, *fields)
    header = header[:16] + struct.pack("<I", binascii.crc32(header)) + header[20:]
    return {0: record((0xEE, 1, 0xFFFFFFFF)), 1: header.ljust(sector, b"\0"), first: bytes(table)}


def find(sectors: dict[int, bytes], number: int, start: int, *, sector: int = 512) -> Partition:
    """Look for the partition that the kernel has at *start*, in 512 bytes, on a disk with these *sectors*."""
    length = max(place * sector + len(data) for place, data in sectors.items())
    disk = bytearray(length)
    for place, data in sectors.items():
        disk[place * sector : place * sector + len(data)] = data

    def read(offset: int, length: int) -> bytes:
        return bytes(disk[offset : offset + length]).ljust(length, b"\0")

    return partitions.find(DISK, number, start, sector, read)


LOGICAL = {
    0: record((0x83, 64, 100), (0x05, 1000, 5000), (0x82, 7000, 10)),
    1000: record((0x83, 8, 100), (0x05, 500, 300)),
    1500: record((0x82, 16, 100), (0x0F, 2000, 300)),
    3000: record((0x8E, 32, 100)),
}


@pytest.mark.parametrize(
    ("number", "start", "kind"),
    [
        pytest.param(1, 64, "83", id="primary"),
        pytest.param(3, 7000, "82", id="primary-behind-the-extended-one"),
        pytest.param(2, 1000, "5", id="extended"),
        pytest.param(5, 1008, "83", id="first-logical"),
        pytest.param(6, 1516, "82", id="second-logical"),
        pytest.param(7, 3032, "8e", id="third-logical"),
    ],
)
def test_a_dos_table_is_followed_through_its_logical_partitions(number, start, kind):
    assert find(LOGICAL, number, start) == Partition(DISK, number, "DOS", kind)


@pytest.mark.parametrize(
    ("number", "start"),
    [
        pytest.param(1, 65, id="starts-elsewhere"),
        pytest.param(4, 64, id="empty-entry"),
        pytest.param(5, 1016, id="logical-starts-elsewhere"),
        pytest.param(8, 3032, id="behind-the-last"),
    ],
)
def test_a_dos_table_that_says_something_else_than_the_kernel_is_not_believed(number, start):
    found = find(LOGICAL, number, start)
    assert (found.table, found.type) == ("", "")
    assert "something else than what the kernel goes by" in found.obstacle


def test_a_chain_that_bites_its_tail_ends():
    ring = {
        0: record((0x05, 1000, 5000)),
        1000: record((0x83, 8, 1), (0x05, 500, 1)),
        1500: record((0, 0, 0), (5, 500, 1)),
    }
    assert find(ring, 99, 1).table == ""


def test_a_chain_that_leads_to_no_boot_record_ends():
    assert find({0: record((0x05, 1000, 5000)), 1000: bytes(512)}, 5, 1008).table == ""


@pytest.mark.parametrize("sector", [512, 4096])
@pytest.mark.parametrize("size", [128, 256])
def test_a_gpt_is_read_whatever_the_size_of_sectors_and_entries(sector, size):
    table = gpt({1: (ESP, 2048), 3: (LINUX, 4096), 128: (SWAP_TYPES["GPT"], 8000)}, sector=sector, size=size, first=5)
    times = sector // 512
    assert find(table, 1, 2048 * times, sector=sector) == Partition(DISK, 1, "GPT", ESP)
    assert find(table, 3, 4096 * times, sector=sector) == Partition(DISK, 3, "GPT", LINUX)
    last = find(table, 128, 8000 * times, sector=sector)
    assert last.type == last.swap_type == "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F"


HEADER = gpt({1: (LINUX, 2048)})[1]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param({1: bytes(512)}, "no GPT", id="no-header"),
        pytest.param({1: b"EFI PART" + bytes(504)}, "damaged", id="empty-header"),
        pytest.param({1: HEADER[:80] + b"\x7f" + HEADER[81:]}, "damaged", id="wrong-checksum"),
        pytest.param({2: bytes(512)}, "the kernel goes by", id="no-entry"),
        pytest.param({0: bytes(512)}, "neither DOS nor GPT", id="no-boot-record"),
    ],
)
def test_a_gpt_that_is_damaged_is_not_believed(change, complaint):
    found = find({**gpt({1: (LINUX, 2048)}), **change}, 1, 2048)
    assert found.table == ""
    assert complaint in found.obstacle


@pytest.mark.parametrize(("number", "start"), [(1, 2049), (2, 2048), (129, 2048)])
def test_a_gpt_that_says_something_else_than_the_kernel_is_not_believed(number, start):
    assert "the kernel goes by" in find(gpt({1: (LINUX, 2048)}), number, start).obstacle


def test_beside_a_protective_entry_a_dos_table_does_not_count():
    hybrid = {**gpt({1: (LINUX, 2048)}), 0: record((0xEE, 1, 2047), (0x82, 2048, 100))}
    assert find(hybrid, 1, 2048).table == "GPT"


@given(st.binary(max_size=2048), st.integers(1, 140), st.integers(0, 1 << 40), st.sampled_from([512, 4096]))
def test_any_bytes_give_an_answer(data, number, start, sector):
    whole = data.ljust(510, b"\0")[:510] + b"\x55\xaa" + data
    found = find({0: whole}, number, start, sector=sector)
    assert bool(found.table) != bool(found.obstacle)
