"""Ask a file system where a file's blocks are. Pure: what is asked and what is answered, as bytes of ioctl(2).

A file system answers FIEMAP with places on its device (``Documentation/filesystems/fiemap.rst``). Not so btrfs, which
has addresses of its own and a tree of chunks that says where on which device they are (``struct btrfs_chunk`` in
``include/uapi/linux/btrfs_tree.h``).
"""

from __future__ import annotations

import struct

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EXTENTS = 0xC020660B  # FS_IOC_FIEMAP
TREE = 0xD0009411  # BTRFS_IOC_TREE_SEARCH
DEVICE = 0xD000941E  # BTRFS_IOC_DEV_INFO
FILE_SYSTEM = 0x8400941F  # BTRFS_IOC_FS_INFO

_QUESTION = "=QQIIII"
_EXTENT = "=QQQQQIIII"
_SHARED, _LAST, _UNKNOWN = 0x2000, 0x1, 0x2
_MANY = 128
_WHOLE = (1 << 64) - 1

_ANSWER = 4096
_KEY = "=QQQQQQQIIIIQQQQ"
_KEY_ITEMS = 4 * 16  # where in it the number of items stands
_ITEM = "=QQQII"
_CHUNK_TREE, _FIRST_CHUNK, _CHUNK_ITEM = 3, 256, 228
_CHUNK = "=QQQQIIIHH"
_STRIPE = "=QQ"
_DEVICE_PATH = 3072


class Extent(Record):
    """A part of a file: where it is on the device, or for btrfs at which of its addresses. In bytes."""

    offset: int
    place: int
    length: int
    shared: bool = False
    last: bool = False


class Chunk(Record):
    """A range of btrfs' addresses, and where its first copy is: the number of the device and the byte there."""

    start: int
    length: int
    device: int
    place: int


def extents_question(start: int = 0) -> bytes:
    """Return what to ask by EXTENTS for the extents of a file from byte *start*."""
    return struct.pack(_QUESTION, start, _WHOLE - start, 0, 0, _MANY, 0) + bytes(_MANY * struct.calcsize(_EXTENT))


def extents(answer: bytes) -> tuple[Extent, ...]:
    """Return the extents in *answer*; those whose place is not settled yet are none."""
    number, size = struct.unpack_from(_QUESTION, answer)[3], struct.calcsize(_EXTENT)
    found = []
    for index in range(number):
        offset, place, length, _one, _two, flags, *_rest = struct.unpack_from(
            _EXTENT, answer, struct.calcsize(_QUESTION) + index * size
        )
        if not flags & _UNKNOWN:
            found.append(Extent(offset, place, length, bool(flags & _SHARED), bool(flags & _LAST)))
    return tuple(found)


def chunks_question(start: int = 0) -> bytes:
    """Return what to ask by TREE for the chunks from address *start*."""
    key = struct.pack(
        _KEY, _CHUNK_TREE, _FIRST_CHUNK, _FIRST_CHUNK, start, _WHOLE, 0, _WHOLE,
        _CHUNK_ITEM, _CHUNK_ITEM, _WHOLE & 0xFFFFFFFF, 0, 0, 0, 0, 0,
    )  # fmt: skip
    return key.ljust(_ANSWER, b"\0")


def chunks(answer: bytes) -> tuple[Chunk, ...]:
    """Return the chunks in *answer*, in the order of their addresses."""
    return tuple(_chunks(answer))


def device_question(number: int) -> bytes:
    """Return what to ask by DEVICE for the path of device *number*."""
    return struct.pack("=Q", number).ljust(_ANSWER, b"\0")


def device_path(answer: bytes) -> str:
    """Return the path in *answer*."""
    return answer[_DEVICE_PATH:].split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def devices(answer: bytes) -> int:
    """Return how many devices a file system has, from what FILE_SYSTEM answers to 1024 zeros."""
    number: int = struct.unpack_from("=QQ", answer)[1]
    return number


def largest_number(answer: bytes) -> int:
    """Return the largest number that a device of a file system has, from the same answer."""
    number: int = struct.unpack_from("=QQ", answer)[0]
    return number


def on_device(place: int, known: Iterable[Chunk]) -> tuple[int, int] | None:
    """Return the number of the device and the byte on it for an address of btrfs'."""
    for chunk in known:
        if chunk.start <= place < chunk.start + chunk.length:
            return chunk.device, chunk.place + place - chunk.start
    return None


def _chunks(answer: bytes) -> Iterator[Chunk]:
    (number,) = struct.unpack_from("=I", answer, _KEY_ITEMS)
    position = struct.calcsize(_KEY)
    for _each in range(number):
        _transaction, _object, start, kind, length = struct.unpack_from(_ITEM, answer, position)
        position += struct.calcsize(_ITEM)
        if kind == _CHUNK_ITEM:
            span = struct.unpack_from(_CHUNK, answer, position)[0]
            device, place = struct.unpack_from(_STRIPE, answer, position + struct.calcsize(_CHUNK))
            yield Chunk(start, span, device, place)
        position += length
