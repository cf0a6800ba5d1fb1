"""crypttab is edited like fstab: what is not ours keeps its bytes and its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swapctl.swap import crypttab
from swapctl.swap.crypttab import Entry, Line

NEW = Entry("swap0", "/dev/vdb2", "/dev/urandom", ("plain", "swap"))
WRITTEN = "swap0 /dev/vdb2 /dev/urandom plain,swap"


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        pytest.param(WRITTEN, NEW, id="all-fields"),
        pytest.param("\t swap0\t/dev/vdb2  /dev/urandom plain,swap  \r", NEW, id="any-blanks"),
        pytest.param(
            "data UUID=12 none luks,discard", Entry("data", "UUID=12", "none", ("luks", "discard")), id="LUKS"
        ),
        pytest.param("data /dev/vdb2", Entry("data", "/dev/vdb2"), id="two-fields"),
        pytest.param("data /dev/vdb2 /etc/key", Entry("data", "/dev/vdb2", "/etc/key"), id="three-fields"),
        pytest.param("# data /dev/vdb2 none luks", None, id="comment"),
        pytest.param("data", None, id="too-few-fields"),
        pytest.param("", None, id="empty"),
    ],
)
def test_a_line_is_read(line, entry):
    assert crypttab.parse(f"# first\n{line}\n") == ((Line(1, entry),) if entry else ())


@pytest.mark.parametrize(
    ("line", "makes_swap"),
    [
        (WRITTEN, True),
        ("a /dev/b /dev/random swap,cipher=aes-cbc-essiv:sha256", True),
        ("a /dev/b /dev/urandom plain", False),
        ("a /dev/b /etc/key swap", False),
        ("a /dev/b none luks,swap", False),
        ("a /dev/b /dev/urandom noswap,tmp=ext4", False),
    ],
)
def test_only_a_random_key_makes_swap_of_a_device_at_each_boot(line, makes_swap):
    ((found),) = crypttab.parse(line)
    assert found.entry.makes_swap is makes_swap


@pytest.mark.parametrize(
    ("text", "old", "after"),
    [
        pytest.param("", (), f"{WRITTEN}\n", id="empty"),
        pytest.param("# a\n", (), f"# a\n{WRITTEN}\n", id="at-the-end"),
        pytest.param("# a", (), f"# a\n{WRITTEN}\n", id="behind-an-unterminated-line"),
        pytest.param("a b c d\nx y\n", (0,), f"{WRITTEN}\nx y\n", id="in-place"),
        pytest.param("a b\n#\nc d\n", (0, 2), f"{WRITTEN}\n#\n", id="several"),
    ],
)
def test_an_entry_stands_where_its_line_was(text, old, after):
    lines = [line for line in crypttab.parse(text) if line.number in old]
    assert crypttab.edit(text, [(lines, NEW)]) == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (f"{WRITTEN}\n", ""),
        (f"# a\n{WRITTEN}\n", "# a\n"),
        (f"# a\n{WRITTEN}", "# a\n"),
        (f"{WRITTEN}\n\n# b\n", "\n# b\n"),
    ],
)
def test_a_line_is_taken_out(text, after):
    assert crypttab.edit(text, [(crypttab.parse(text), None)]) == after


TEXTS = st.lists(
    st.one_of(
        st.sampled_from(["", "# comment", "data UUID=1 none luks", "  # \t", WRITTEN, "half"]),
        st.text(alphabet=st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=30),
    ),
    max_size=6,
).map("\n".join)


@given(TEXTS)
def test_every_other_line_keeps_its_bytes(text):
    ours = [line for line in crypttab.parse(text) if line.entry.name == "swap0"]
    others = [line for number, line in enumerate(text.split("\n")) if number not in {one.number for one in ours}]
    added = crypttab.edit(text, [(ours, NEW)])
    assert [line for line in added.split("\n") if line != str(NEW) and line] == [line for line in others if line]
    assert [line.entry for line in crypttab.parse(added) if line.entry.name == "swap0"] == [NEW]
    again = crypttab.edit(added, [([line for line in crypttab.parse(added) if line.entry.name == "swap0"], None)])
    assert [line for line in again.split("\n") if line] == [line for line in others if line]
