"""Finding and editing the swap entries of fstab: every line that is not ours keeps its bytes and its place."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swapctl.swap import fstab
from swapctl.swap.fstab import Entry, Line

SWAP = Entry("/swapfile")
OURS = "/swapfile none swap sw 0 0"


def ours(text: str, spec: str = "/swapfile") -> list[Line]:
    return [line for line in fstab.swap_lines(text) if line.entry.spec == spec]


def listed(text: str, new: Entry | None = SWAP) -> str:
    """Return *text* with *new* in the place of all lines for its area."""
    return fstab.edit(text, [(ours(text, new.spec if new else "/swapfile"), new)])


# reading


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        pytest.param("/swapfile none swap sw 0 0", Entry("/swapfile"), id="usual"),
        pytest.param("/swapfile\t none\t\tswap   sw,pri=5\t0 0", Entry("/swapfile", ("sw", "pri=5")), id="odd-blanks"),
        pytest.param("  \t/swapfile none swap sw 0 0 \t", Entry("/swapfile"), id="blanks-around"),
        pytest.param("/swapfile none swap sw", Entry("/swapfile"), id="four-fields"),
        pytest.param("/swapfile none swap sw 0", Entry("/swapfile"), id="five-fields"),
        pytest.param("/swapfile none swap", Entry("/swapfile", ("defaults",)), id="three-fields"),
        pytest.param("/swapfile swap swap sw 0 0", Entry("/swapfile", ("sw",), "swap"), id="swap-swap"),
        pytest.param(r"/my\040swap none swap sw 0 0", Entry("/my swap"), id="space"),
        pytest.param(r"/my\011swap none swap sw 0 0", Entry("/my\tswap"), id="tab"),
        pytest.param(r"/my\134swap none swap sw 0 0", Entry("/my\\swap"), id="backslash"),
        pytest.param(r"/my\134040swap none swap sw 0 0", Entry(r"/my\040swap"), id="escaped-backslash"),
        pytest.param(r"\057swapfile none swap sw 0 0", Entry("/swapfile"), id="needlessly-escaped"),
        pytest.param("UUID=1-2 none swap sw 0 0", Entry("UUID=1-2"), id="uuid"),
        pytest.param('LABEL="a" none swap sw 0 0', Entry('LABEL="a"'), id="quotes-are-kept"),
        pytest.param("/schön none swap sw 0 0", Entry("/schön"), id="utf-8"),
        pytest.param("/a\udcff none swap sw 0 0", Entry("/a\udcff"), id="not-utf-8"),
        pytest.param("/a\u00a0b none swap sw 0 0", Entry("/a\u00a0b"), id="no-break-space"),
        pytest.param("/a\x0cb\u2028c none swap sw 0 0", Entry("/a\x0cb\u2028c"), id="form-feed-and-line-separator"),
        pytest.param("/swapfile none swap sw 0 0 # big", Entry("/swapfile", rest="# big"), id="text-behind-six-fields"),
        pytest.param("/swapfile none swap sw 0 0\r", Entry("/swapfile"), id="crlf"),
        pytest.param("/swapfile none swap sw\r", Entry("/swapfile"), id="crlf-behind-four-fields"),
    ],
)
def test_a_swap_entry_is_read_as_libmount_reads_it(line, entry):
    assert fstab.swap_lines(f"# first\n{line}\n") == (Line(1, entry),)


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        pytest.param("/swapfile none swap sw # big", "# big", id="behind-four-fields"),
        pytest.param("/swapfile none swap sw 0 # big", "# big", id="behind-five-fields"),
        pytest.param("/swapfile none swap sw #1 2 3 4 5", "#1 2 3 4 5", id="long"),
        pytest.param("/swapfile none swap sw zero 0", "zero 0", id="no-number"),
        pytest.param("/swapfile none swap sw 0 \u0660", "\u0660", id="a-digit-that-is-none-to-libmount"),
    ],
)
def test_text_where_numbers_belong_makes_a_line_unreadable(line, rest):
    assert fstab.swap_lines(line) == (Line(0, Entry("/swapfile", rest=rest), readable=False),)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="empty"),
        pytest.param(" \t ", id="blank"),
        pytest.param("#/swapfile none swap sw 0 0", id="comment"),
        pytest.param(" \t# /swapfile none swap sw 0 0", id="indented-comment"),
        pytest.param("/dev/vda1 / ext4 defaults 0 1", id="other-mount"),
        pytest.param("/swapfile none SWAP sw 0 0", id="capitals"),
        pytest.param("/swapfile none swap,auto sw 0 0", id="list-of-types"),
        pytest.param("/swapfile swap", id="two-fields"),
        pytest.param("/srv/swap /swap none bind 0 0", id="swap-elsewhere-in-the-line"),
        pytest.param("# a\x0c/swapfile none swap sw 0 0", id="form-feed-in-a-comment"),
        pytest.param("# a\u2028/swapfile none swap sw 0 0", id="line-separator-in-a-comment"),
        pytest.param("# a\r/swapfile none swap sw 0 0", id="carriage-return-in-a-comment"),
    ],
)
def test_what_is_no_swap_entry_is_none(line):
    assert fstab.swap_lines(f"{line}\n") == ()


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        (("sw", "pri=5"), "pri", "5"),
        (("pri=5", "pri=7"), "pri", "7"),
        (("discard",), "discard", ""),
        (("discard=once",), "discard", "once"),
        (("sw",), "pri", None),
        (("priority=5",), "pri", None),
    ],
)
def test_the_last_value_of_an_option_counts(options, name, value):
    assert Entry("/swapfile", options).option(name) == value


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(Entry("/s"), Entry("/s"), True, id="equal"),
        pytest.param(Entry("/s", ("sw", "pri=5", "nofail")), Entry("/s", ("nofail", "pri=5")), True, id="order"),
        pytest.param(Entry("/s", ("defaults",)), Entry("/s", ("sw",)), True, id="options-that-say-nothing"),
        pytest.param(Entry("/s", rest="# text"), Entry("/s"), True, id="text-behind"),
        pytest.param(Entry("/s", ("pri=5",)), Entry("/s", ("pri=6",)), False, id="priority"),
        pytest.param(Entry("/s", ("noauto",)), Entry("/s"), False, id="option"),
        pytest.param(Entry("/s", file="swap"), Entry("/s"), True, id="second-field"),
        pytest.param(Entry("/s", file="/s"), Entry("/s"), False, id="odd-second-field"),
        pytest.param(Entry("/s"), Entry("/t"), False, id="path"),
    ],
)
def test_two_entries_mean_the_same_when_a_boot_does_the_same_with_them(one, other, same):
    assert one.means(other) is same
    assert other.means(one) is same


# writing


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        pytest.param(Entry("/swapfile"), "/swapfile none swap sw 0 0", id="usual"),
        pytest.param(
            Entry("/s", ("sw", "pri=5", "nofail")), "/s none swap sw,pri=5,nofail 0 0", id="options-in-their-order"
        ),
        pytest.param(Entry("/a b\tc\\d\ne"), r"/a\040b\011c\134d\012e none swap sw 0 0", id="escapes"),
        pytest.param(Entry('/a"#b'), '/a"#b none swap sw 0 0', id="quotes-and-hashes-as-they-are"),
        pytest.param(Entry("/schön"), "/schön none swap sw 0 0", id="utf-8"),
        pytest.param(Entry("/s", rest="# big"), "/s none swap sw 0 0 # big", id="text-behind-six-fields"),
    ],
)
def test_an_entry_is_written_as_fstab_5_says(entry, line):
    assert str(entry) == line


# editing

OTHERS = "# static\n/dev/vda1 / ext4 defaults 0 1\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", "{}\n", id="empty"),
        pytest.param("\n", "\n{}\n", id="one-empty-line"),
        pytest.param(OTHERS, OTHERS + "{}\n", id="goes-to-the-end"),
        pytest.param("# keep\n/dev/vda1 / ext4", "# keep\n/dev/vda1 / ext4\n{}\n", id="no-final-newline"),
        pytest.param("# keep\n  ", "# keep\n  \n{}\n", id="blanks-without-final-newline"),
        pytest.param(f"{OURS}\n{OTHERS}", f"{{}}\n{OTHERS}", id="right-already"),
        pytest.param(f"{OTHERS}{OURS}", f"{OTHERS}{{}}", id="right-already-without-final-newline"),
        pytest.param("/swapfile\tnone\tswap\tsw\t0\t0\n", "/swapfile\tnone\tswap\tsw\t0\t0\n", id="right-with-tabs"),
        pytest.param("/swapfile none swap defaults\n", "/swapfile none swap defaults\n", id="right-in-other-words"),
        pytest.param(f"{OURS}\r\n", f"{OURS}\r\n", id="right-with-crlf"),
        pytest.param(f"{OURS} # big\n", "{} # big\n", id="right-with-text-behind-six-fields"),
        pytest.param("/swapfile none swap pri=5 0 0\n# end\n", "{}\n# end\n", id="other-options-in-its-place"),
        pytest.param("/swapfile swap swap sw 0 0\n", "/swapfile swap swap sw 0 0\n", id="swap-swap"),
        pytest.param("/swapfile /swapfile swap sw 0 0\n# end\n", "{}\n# end\n", id="odd-second-field"),
        pytest.param("/swapfile none swap sw # big\n", "{} # big\n", id="text-behind-four-fields-is-made-harmless"),
        pytest.param(f"{OURS}\n# mid\n{OURS}\n", "{}\n# mid\n", id="duplicate"),
        pytest.param(f"/swapfile none swap pri=5\n# mid\n{OURS}\n# end\n", "{}\n# mid\n# end\n", id="first-place"),
        pytest.param(f"#{OURS}\n", f"#{OURS}\n{{}}\n", id="commented-line-stays"),
        pytest.param(f"# a\x0cb\u2028c\rd\n{OURS}\n", "# a\x0cb\u2028c\rd\n{}\n", id="odd-characters-in-a-comment"),
        pytest.param("# \udcff\udc80\n", "# \udcff\udc80\n{}\n", id="not-utf-8"),
        pytest.param("# dos\r\n/dev/vda1 / ext4\r\n", "# dos\r\n/dev/vda1 / ext4\r\n{}\n", id="crlf"),
        pytest.param("/swapfile2 none swap sw 0 0\n", "/swapfile2 none swap sw 0 0\n{}\n", id="a-longer-name"),
    ],
)
def test_an_area_is_listed_exactly_once(before, after):
    assert listed(before) == after.format(OURS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", "", id="empty"),
        pytest.param(OTHERS, OTHERS, id="not-there"),
        pytest.param(f"{OURS}\n", "", id="the-only-line"),
        pytest.param(OURS, "", id="the-only-line-without-newline"),
        pytest.param(f"# a\n{OURS}\n# b\n", "# a\n# b\n", id="in-the-middle"),
        pytest.param(f"# a\n{OURS}\n", "# a\n", id="at-the-end"),
        pytest.param(f"# a\n{OURS}", "# a\n", id="at-the-end-without-newline"),
        pytest.param(f"{OURS}\n# a", "# a", id="before-a-line-without-newline"),
        pytest.param(f"{OURS}\n# a\n/swapfile swap swap sw # x\n", "# a\n", id="all-of-them"),
        pytest.param(f"#{OURS}\n\n", f"#{OURS}\n\n", id="comments-and-blank-lines-stay"),
    ],
)
def test_an_area_is_taken_out_altogether(before, after):
    assert listed(before, None) == after


def test_several_areas_are_edited_at_once_each_in_its_place():
    before = "/a none swap sw 0 0\n# one\n/b none swap sw 0 0\n# two\n"
    changes = [(ours(before, "/b"), Entry("/b", ("sw", "pri=5"))), (ours(before, "/a"), None), ([], SWAP)]
    assert fstab.edit(before, changes) == f"# one\n/b none swap sw,pri=5 0 0\n# two\n{OURS}\n"


# for any fstab

# What a path can be, read with surrogateescape: any text, and any bytes that are none, not even next to each other.
ANY_BYTES = st.characters(exclude_characters="/\0", exclude_categories=["Cs"]) | st.characters(
    min_codepoint=0xDC80, max_codepoint=0xDCFF
)
ANY_PATH = st.text(ANY_BYTES, min_size=1, max_size=12).map(lambda name: os.fsdecode(os.fsencode(f"/{name}")))
BLANKS = st.text(" \t", min_size=1, max_size=3)
INDENT = st.text(" \t", max_size=2)
IN_A_LINE = st.characters(exclude_characters="\n", exclude_categories=["Cs"])
ANY_TEXT = st.text(IN_A_LINE, max_size=20)
OPTIONS = st.lists(
    st.sampled_from(["sw", "defaults", "pri=5", "nofail", "x-a=1", "discard=once"]), min_size=1, max_size=3
)
OUR_SPELLINGS = st.sampled_from(["/our swap", "UUID=0-1", '/our"swap'])
OUR_SPECS = ("/our swap", "UUID=0-1", '/our"swap')


SECOND_FIELD = st.sampled_from(["none", "swap"])
BEHIND = st.sampled_from([[], ["0"], ["0", "0"], ["0", "0", "# text"], ["# text"], ["0", "text"]])
END = st.sampled_from(["", "", "\r"])


@st.composite
def swap_line(draw, specs):
    fields = [
        str(Entry(draw(specs))).split(" ", maxsplit=1)[0],
        draw(SECOND_FIELD),
        "swap",
        ",".join(draw(OPTIONS)),
        *draw(BEHIND),
    ]
    line = draw(INDENT) + fields[0]
    for field in fields[1:]:
        line += draw(BLANKS) + field
    return line + draw(INDENT) + draw(END)


COMMENT = st.builds("{}#{}".format, INDENT, ANY_TEXT)
MOUNT = st.sampled_from(
    [
        "/dev/vda1 / ext4 defaults 0 1",
        "tmpfs\t/tmp  tmpfs rw",
        "/srv/swap none none bind",
        r"/dev/vdb /my\040disk xfs",
        "proc /proc proc defaults 0 0\r",
        "garbage",
    ]
)
FOREIGN = swap_line(st.sampled_from(["/other", "/our swap2", "LABEL=our"]))
OTHER_LINE = st.one_of(COMMENT, INDENT, MOUNT, FOREIGN)
OUR_LINE = swap_line(OUR_SPELLINGS)


MARKED_LINES = st.lists(
    st.one_of(OTHER_LINE.map(lambda line: (False, line)), OUR_LINE.map(lambda line: (True, line))), max_size=8
)
ENDED = st.booleans()


@st.composite
def fstabs(draw):
    """Draw an fstab as (is it ours, line) pairs, and whether its last line ends."""
    return draw(MARKED_LINES), draw(ENDED)


def text_of(lines: list[tuple[bool, str]], *, ended: bool) -> str:
    return "\n".join(line for _is_ours, line in lines) + ("\n" if ended and lines else "")


def all_of_ours(text: str) -> list[Line]:
    return [line for line in fstab.swap_lines(text) if line.entry.spec in OUR_SPECS]


NEW = st.builds(Entry, OUR_SPELLINGS, st.builds(tuple, OPTIONS))


@given(fstabs(), NEW)
def test_every_other_line_keeps_its_bytes_and_its_order(made, new):
    lines, ended = made
    before = text_of(lines, ended=ended)
    after = fstab.edit(before, [(all_of_ours(before), new)])
    numbers = {line.number for line in all_of_ours(after)}
    kept = [line for number, line in enumerate(after.split("\n")) if number not in numbers]
    others = [line for is_ours, line in lines if not is_ours]
    assert kept[: len(others)] == others
    assert not any(kept[len(others) :])


@given(fstabs(), NEW)
def test_exactly_one_line_is_ours_and_it_says_what_is_wanted(made, new):
    lines, ended = made
    before = text_of(lines, ended=ended)
    (line,) = all_of_ours(fstab.edit(before, [(all_of_ours(before), new)]))
    assert line.readable
    assert line.entry.means(new)


@given(fstabs(), NEW)
def test_our_line_stays_where_the_first_of_ours_was(made, new):
    lines, ended = made
    before = text_of(lines, ended=ended)
    after = fstab.edit(before, [(all_of_ours(before), new)])
    first = next((number for number, (is_ours, _line) in enumerate(lines) if is_ours), None)
    (line,) = all_of_ours(after)
    if first is not None:
        assert line.number == first


@given(fstabs(), NEW)
def test_a_second_edit_changes_nothing(made, new):
    lines, ended = made
    before = text_of(lines, ended=ended)
    once = fstab.edit(before, [(all_of_ours(before), new)])
    assert fstab.edit(once, [(all_of_ours(once), new)]) == once


@given(fstabs())
def test_removing_leaves_the_others_byte_by_byte(made):
    lines, ended = made
    before = text_of(lines, ended=ended)
    after = fstab.edit(before, [(all_of_ours(before), None)])
    last_is_ours = bool(lines) and lines[-1][0]
    others = [pair for pair in lines if not pair[0]]
    assert after == text_of(others, ended=ended or last_is_ours)


@given(fstabs(), NEW)
def test_adding_and_removing_leads_back(made, new):
    lines, _entry = made
    before = text_of([pair for pair in lines if not pair[0]], ended=True)
    added = fstab.edit(before, [([], new)])
    assert fstab.edit(added, [(all_of_ours(added), None)]) == before


@given(ANY_PATH, st.builds(tuple, OPTIONS))
def test_what_is_written_is_read_back_whatever_the_path(path, options):
    entry = Entry(path, options)
    assert fstab.swap_lines(str(entry)) == (Line(0, entry),)


@given(ANY_PATH, ANY_PATH, st.booleans())
def test_any_two_paths_are_listed_side_by_side(one, other, ended):
    text = f"{Entry(one)}\n{Entry(other)}" + "\n" * ended
    if one != other:
        assert (
            listed(text, Entry(other, ("sw", "pri=5")))
            == f"{Entry(one)}\n{Entry(other, ('sw', 'pri=5'))}" + "\n" * ended
        )
