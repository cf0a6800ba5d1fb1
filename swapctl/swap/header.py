"""Read the header that mkswap writes into the first page of an area. Pure: bytes in.

The layout is ``union swap_header`` of the kernel's ``include/linux/swap.h``: 1024 bytes for a boot block, then version,
last page and number of bad pages, the UUID and the label; ``SWAPSPACE2`` ends the first page. The page is that of the
machine that made the area, and so is the byte order.
"""

from __future__ import annotations

import struct

from ..record import Record

PAGE_SIZES = (4096, 8192, 16384, 32768, 65536)
LABEL_BYTES = 15  # of 16; mkswap ends the field with a NUL
SMALLEST_PAGES = 10
LARGEST_PAGES = (1 << 32) - 1

_MAGICS = (b"SWAPSPACE2", b"SWAP-SPACE")
_INFO = 1024
_VERSION = 1

UUID_OFFSET = _INFO + 12


class Header(Record):
    """What a swap area says of itself. *pages* counts the header page; *uuid* and *label* are empty when not set."""

    page_size: int
    pages: int
    uuid: str = ""
    label: str = ""

    @property
    def size(self) -> int:
        """The bytes that the area spans, header page included."""
        return self.pages * self.page_size


def parse(head: bytes) -> Header | None:
    """Return the header found in *head*, the first bytes of a file or device (65536 to know every page size)."""
    for page_size in PAGE_SIZES:
        if head[page_size - 10 : page_size] in _MAGICS:
            return _header(head, page_size)
    return None


def usable_size(size: int, page_size: int) -> int:
    """Return *size* without the part that does not fill a page: what mkswap makes of a file of *size* bytes."""
    return size - size % page_size


def uuid_bytes(uuid: str) -> bytes:
    """Return the bytes that stand at `UUID_OFFSET` for *uuid*, which has the form that `parse` returns."""
    return bytes.fromhex(uuid.replace("-", ""))


def _header(head: bytes, page_size: int) -> Header | None:
    for order in "<>":
        version, last_page = struct.unpack_from(f"{order}II", head, _INFO)
        if version == _VERSION and last_page >= SMALLEST_PAGES - 1:
            return Header(page_size, last_page + 1, _uuid(head), _label(head))
    return None


def _uuid(head: bytes) -> str:
    raw = head[UUID_OFFSET : UUID_OFFSET + 16]
    if not any(raw):
        return ""
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _label(head: bytes) -> str:
    raw = head[_INFO + 28 : _INFO + 44]
    return raw.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
