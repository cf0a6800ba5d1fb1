"""The kernel's table of active areas."""

from __future__ import annotations

import pytest

from swapctl.errors import Unreadable
from swapctl.swap import table
from swapctl.swap.table import Entry

HEADING = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"


def row(path: str) -> str:
    return f"{path:<40}file\t\t1020\t\t4\t\t-2\n"


def test_each_row_is_an_entry_in_bytes_in_the_kernels_order():
    text = (
        HEADING
        + "/dev/dm-1                               partition\t1998844\t\t512\t\t-2\n"
        + "/swapfile                               file\t\t1020\t\t0\t\t10\n"
    )
    assert table.parse(text) == (
        Entry("/dev/dm-1", "partition", 1998844 * 1024, 512 * 1024, -2),
        Entry("/swapfile", "file", 1020 * 1024, 0, 10),
    )


@pytest.mark.parametrize("text", ["", HEADING, HEADING.rstrip("\n")], ids=["missing", "heading", "no-newline"])
def test_a_table_without_rows_has_no_entries(text):
    assert table.parse(text) == ()


@pytest.mark.parametrize(
    ("written", "path"),
    [
        pytest.param(r"/my\040swap", "/my swap", id="space"),
        pytest.param(r"/my\011swap", "/my\tswap", id="tab"),
        pytest.param(r"/my\012swap", "/my\nswap", id="newline"),
        pytest.param(r"/my\134swap", "/my\\swap", id="backslash"),
        pytest.param(r"/my\134040swap", r"/my\040swap", id="backslash-before-digits"),
        pytest.param('/my"#swap', '/my"#swap', id="raw"),
        pytest.param("/schöne/swap", "/schöne/swap", id="utf-8"),
        pytest.param("/my\udcffswap", "/my\udcffswap", id="not-utf-8"),
        pytest.param("/my\u00a0swap", "/my\u00a0swap", id="no-break-space"),
        pytest.param("/my\u2028swap", "/my\u2028swap", id="line-separator"),
        pytest.param("/my\x0c\rswap", "/my\x0c\rswap", id="form-feed-and-carriage-return"),
    ],
)
def test_a_path_is_read_as_the_kernel_escapes_it(written, path):
    assert table.parse(HEADING + row(written)) == (Entry(path, "file", 1020 * 1024, 4096, -2),)


@pytest.mark.parametrize(
    ("path", "surviving"),
    [
        pytest.param(r"/swapfile\040(deleted)", "/swapfile", id="deleted"),
        pytest.param("/swapfile", "/swapfile", id="there"),
        pytest.param("/swapfile(deleted)", "/swapfile(deleted)", id="a-name-that-ends-so"),
        pytest.param(r"/swapfile\040(deleted)\040(deleted)", "/swapfile (deleted)", id="marked-once"),
    ],
)
def test_the_mark_of_a_deleted_name_is_told_from_the_name(path, surviving):
    (entry,) = table.parse(HEADING + row(path))
    assert entry.surviving_path == surviving


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("/swapfile file 1020 0", "this line does not have 5 fields: '/swapfile file 1020 0'"),
        ("/swap file file 1020 0 -2", "this line does not have 5 fields: '/swap file file 1020 0 -2'"),
        ("/swapfile file big 0 -2", "this line holds a number that is none: '/swapfile file big 0 -2'"),
    ],
    ids=["too-few", "too-many", "no-number"],
)
def test_a_row_of_another_form_is_an_error_that_quotes_it(line, complaint):
    with pytest.raises(Unreadable) as caught:
        table.parse(f"{HEADING}{line}\n")
    assert str(caught.value) == f"/proc/swaps: {complaint}"


@pytest.mark.parametrize(
    ("field", "plain"),
    [
        (r"a\303\244", "aä"),
        (r"a\377", "a\udcff"),
        (r"a\8b", r"a\8b"),
        (r"a\04", r"a\04"),
        (r"a\999", r"a\999"),
        ("plain", "plain"),
    ],
    ids=["two-bytes", "not-utf-8", "no-octal-digit", "too-short", "no-octal-number", "nothing"],
)
def test_unescape_reads_three_octal_digits_as_a_byte(field, plain):
    assert table.unescape(field) == plain
