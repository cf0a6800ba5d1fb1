"""The header that mkswap writes."""

from __future__ import annotations

import pytest

from swapctl.swap import header
from swapctl.swap.header import Header
from tests.builders import PAGE, UUID, header_bytes


@pytest.mark.parametrize("order", [pytest.param("<", id="little-endian"), pytest.param(">", id="big-endian")])
@pytest.mark.parametrize("page_size", [4096, 8192, 16384, 32768, 65536])
def test_a_header_of_any_machine_is_read(page_size, order):
    page = header_bytes(256, page_size=page_size, uuid=UUID, label=b"swap", order=order)
    assert header.parse(page.ljust(65536, b"\0")) == Header(page_size, 256, UUID, "swap")


@pytest.mark.parametrize(
    ("label", "text"),
    [
        pytest.param(b"", "", id="none"),
        pytest.param(b"fifteen-letters\0", "fifteen-letters", id="longest"),
        pytest.param(b"sixteen-letters!", "sixteen-letters!", id="without-end"),
        pytest.param(b"a\0rest", "a", id="ends-at-nul"),
        pytest.param("schön".encode(), "schön", id="utf-8"),
        pytest.param(b"\xff", "\udcff", id="not-utf-8"),
    ],
)
def test_the_label_ends_at_its_first_nul(label, text):
    assert header.parse(header_bytes(256, label=label)) == Header(PAGE, 256, "", text)


def test_the_uuid_is_read_in_its_usual_form():
    assert header.parse(header_bytes(256, uuid=UUID)) == Header(PAGE, 256, UUID)


def test_a_uuid_is_written_where_it_is_read():
    page = bytearray(header_bytes(256))
    page[header.UUID_OFFSET : header.UUID_OFFSET + 16] = header.uuid_bytes(UUID)
    assert header.parse(bytes(page)) == Header(PAGE, 256, UUID)


def test_a_uuid_of_zeros_is_none():
    assert header.parse(header_bytes(256)) == Header(PAGE, 256, "")


@pytest.mark.parametrize("order", ["<", ">"])
def test_ten_pages_are_the_fewest(order):
    assert header.parse(header_bytes(10, order=order)) == Header(PAGE, 10)
    assert header.parse(header_bytes(9, order=order)) is None


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"", id="empty"),
        pytest.param(bytes(65536), id="zeros"),
        pytest.param(bytes(4086) + b"SWAPSPACE", id="cut-short"),
        pytest.param(header_bytes(256)[:4095], id="page-cut-short"),
        pytest.param(header_bytes(256, magic=b"SWAPSPACE3"), id="other-magic"),
        pytest.param(header_bytes(256, version=0), id="version-0"),
        pytest.param(header_bytes(256, version=2), id="version-2"),
        pytest.param(b"\0" + header_bytes(256), id="out-of-place"),
    ],
)
def test_what_is_no_header_is_none(head):
    assert header.parse(head) is None


def test_the_size_counts_the_header_page():
    assert Header(PAGE, 256).size == 1 << 20


@pytest.mark.parametrize(
    ("size", "usable"),
    [(1 << 20, 1 << 20), ((1 << 20) + 4095, 1 << 20), (4095, 0), (0, 0)],
)
def test_a_part_of_a_page_is_not_used(size, usable):
    assert header.usable_size(size, PAGE) == usable
