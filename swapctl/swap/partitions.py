"""Find the type of a partition in its disk's table. Pure: what reads a disk in, an answer out.

Formats: the DOS table with its chain of logical partitions, as the kernel's ``block/partitions/msdos.c`` reads it, and
GPT as in the UEFI specification, chapter 5.
"""

from __future__ import annotations

import binascii
import struct

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Read = Callable[[int, int], bytes]  # offset and length in bytes

SWAP_TYPES = {"DOS": "82", "GPT": "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F"}

_SECTOR = 512  # the unit in which the kernel tells where a partition starts, whatever the disk has
_BOOT_RECORD = 512
_ENTRIES, _ENTRY = 446, 16
_MAGIC = b"\x55\xaa"
_PROTECTIVE = 0xEE
_EXTENDED = frozenset((0x05, 0x0F, 0x85))
_PRIMARIES = 4
_MOST_LOGICAL = 256

_GPT_MAGIC = b"EFI PART"
_GPT_HEADER = struct.Struct("<8sIIIIQQQQ16sQIII")
_GPT_LARGEST_HEADER = 512
_GPT_SMALLEST_ENTRY = 128


class Partition(Record):
    """A partition: its *disk* and *number* there, the *table* that lists it, DOS or GPT, and the *type* that it has.

    *table* empty: *obstacle* says why its type is not known.
    """

    disk: str
    number: int
    table: str = ""
    type: str = ""
    obstacle: str = ""

    @property
    def swap_type(self) -> str:
        """The type that a partition with a swap area has in such a table."""
        return SWAP_TYPES[self.table]


def find(disk: str, number: int, start: int, sector: int, read: Read) -> Partition:
    """Return the partition *number* of *disk*, whose sectors have *sector* bytes; *start* is where the kernel has it.

    The kernel has read the table at some time before. Where it says something else now, what stands there is not the
    partition that is in use.
    """
    record = read(0, _BOOT_RECORD)
    if record[510:512] != _MAGIC:
        return Partition(disk, number, obstacle="the partition table is neither DOS nor GPT")
    place = start * _SECTOR // sector
    types = [kind for kind, _start, _size in _entries(record)]
    if _PROTECTIVE in types:
        return _in_gpt(Partition(disk, number), place, sector, read)
    found = _in_dos(number, place, sector, read)
    if found is None:
        return Partition(disk, number, obstacle=_OTHERWISE)
    return Partition(disk, number, "DOS", f"{found:x}")


_OTHERWISE = "the partition table says something else than what the kernel goes by (see partx -l and partprobe)"


def _in_dos(number: int, place: int, sector: int, read: Read) -> int | None:
    primaries = _entries(read(0, _BOOT_RECORD))
    if number <= _PRIMARIES:
        kind, start, size = primaries[number - 1]
        return kind if size and start == place else None
    base = next((start for kind, start, size in primaries if size and kind in _EXTENDED), 0)
    here, count = base, _PRIMARIES
    for _turn in range(_MOST_LOGICAL if base else 0):
        record = read(here * sector, _BOOT_RECORD)
        if record[510:512] != _MAGIC:
            return None
        entries = _entries(record)
        for kind, start, size in entries:
            if size and kind not in _EXTENDED:
                count += 1
                if count == number:
                    return kind if here + start == place else None
        link = next((start for kind, start, size in entries if size and kind in _EXTENDED), 0)
        if not link:
            return None
        here = base + link
    return None


def _entries(record: bytes) -> list[tuple[int, int, int]]:
    """Return type, first sector and number of sectors of the four entries of a boot record."""
    found = []
    for offset in range(_ENTRIES, _ENTRIES + _PRIMARIES * _ENTRY, _ENTRY):
        start, size = struct.unpack_from("<II", record, offset + 8)
        found.append((record[offset + 4], start, size))
    return found


def _in_gpt(partition: Partition, place: int, sector: int, read: Read) -> Partition:
    raw = read(sector, _GPT_LARGEST_HEADER)
    fields = _GPT_HEADER.unpack_from(raw)
    magic, length, checksum, entries_at, count, size = (fields[place] for place in (0, 2, 3, 10, 11, 12))
    if magic != _GPT_MAGIC:
        return partition.replace(obstacle="the disk has a protective DOS table, but no GPT")
    whole = raw[:16] + bytes(4) + raw[20:length]
    if not _GPT_HEADER.size <= length <= len(raw) or binascii.crc32(whole) != checksum or size < _GPT_SMALLEST_ENTRY:
        return partition.replace(obstacle="the header of the GPT is damaged (see sgdisk --verify)")
    entry = read(entries_at * sector + (partition.number - 1) * size, 40) if partition.number <= count else bytes(40)
    if int.from_bytes(entry[32:40], "little") != place or not any(entry[:16]):
        return partition.replace(obstacle=_OTHERWISE)
    return partition.replace(table="GPT", type=_guid(entry[:16]))


def _guid(raw: bytes) -> str:
    """Return a GUID as text: its first three numbers are little-endian."""
    first, second, third = struct.unpack_from("<IHH", raw)
    rest = raw[8:].hex()
    return f"{first:08x}-{second:04x}-{third:04x}-{rest[:4]}-{rest[4:]}".upper()
