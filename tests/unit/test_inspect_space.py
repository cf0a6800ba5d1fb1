"""The address space as text: on a narrow terminal no figure is cut, and of a path the end is there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swapctl.cli import space
from swapctl.process.addresses import GAP, KERNEL, Mapping
from swapctl.sizes import human

MIB = 1 << 20
LIBRARY = "/usr/lib/x86_64-linux-gnu/libc.so.6"
MAPPINGS = (
    Mapping(0, 0x5581E0A40000, GAP, size=0x5581E0A40000, count=0),
    Mapping(0x5581E0A40000, 0x5581E0A41000, "text", "r-xp", path="/usr/bin/python3.11", size=4096, resident=4096),
    Mapping(0x7F0000000000, 0x7F0004000000, "anonymous", "rw-p", size=64 * MIB, resident=42887, swap=42 * MIB + 42887),
    Mapping(0x7F0010000000, 0x7F00100FFC00, "file", "r--p r-xp rw-p", path=LIBRARY, size=1023 << 10, count=5),
    Mapping(0x7FFF00000000, 0x7FFF00021000, "stack", "rw-p", path="[stack]", size=132 << 10, resident=12 << 10),
    Mapping(1 << 63, 1 << 64, KERNEL, count=0),
    Mapping(0xFFFFFFFFFF600000, 0xFFFFFFFFFF601000, "vsyscall", "--xp", path="[vsyscall]", size=4096),
)


def shown(mappings, width):
    return [line.text for line in space.lines(mappings, width)]


def figures(one):
    """Return what is always to be there in full, in order."""
    if one.kind == KERNEL:
        return [f"{one.begin:012x}", one.kind]
    return [f"{one.begin:012x}", one.kind, *map(human, (one.size, *((one.resident, one.swap) if one.count else ())))]


def test_all_is_there_where_nobody_looks():
    legend, heading, *lines = shown(MAPPINGS, None)
    assert legend.endswith("a bar that is longer by one stands for twice the size")
    assert heading.split() == list(space.COLUMNS)
    assert re.split("  +", lines[2]) == [
        *("7f0000000000", "anonymous", "64 MiB", "41.9 KiB", "42 MiB", "rw-p", "#~~~~~~~~~~...."),
        "memory of its own, of no file",
    ]
    assert lines[3].endswith(f"r--p,r-xp,rw-p  ........         {LIBRARY} (5 mappings)")


@pytest.mark.parametrize("width", [58, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal_and_no_figure_is_cut(width):
    lines = shown(MAPPINGS, width)
    assert max(map(len, lines)) <= width
    for one in MAPPINGS:
        pattern = " +".join(map(re.escape, figures(one)))
        assert [line for line in lines if re.match(rf"{pattern}(?: |$)", line)], (figures(one), lines)
    assert len([line for line in lines if "libc.so.6" in line]) == 1


@pytest.mark.parametrize(
    ("width", "access", "longest", "said"),
    [
        pytest.param(131, True, 15, f"{LIBRARY} (5 mappings)", id="all"),
        pytest.param(118, True, 15, LIBRARY, id="all-but-for-the-number"),
        pytest.param(117, True, 8, LIBRARY, id="a-shorter-bar"),
        pytest.param(105, False, 15, LIBRARY, id="no-access"),
        pytest.param(96, False, 8, LIBRARY, id="no-access-and-a-shorter-bar"),
        pytest.param(80, False, 5, f" …{LIBRARY[-19:]}", id="the-end-of-a-path"),
        pytest.param(60, False, 5, f"{LIBRARY} (5 mappings)", id="a-line-of-its-own"),
    ],
)
def test_what_gives_way_first(width, access, longest, said):
    lines = [*space.lines(MAPPINGS, width)]
    assert ("r-xp" in "".join(line.text for line in lines)) == access
    assert max(line.end - line.begin for line in lines) == longest
    assert [line.text for line in lines if line.text.endswith(said)], [line.text for line in lines]


def test_what_a_shorter_bar_stands_for_is_said():
    assert "stands for 8 times the size" in " ".join(shown(MAPPINGS, 80)[:2])


def test_a_path_is_cut_where_it_can_be_seen():
    path = f"/srv/{'x' * 300}/\x1b[31m.so"
    lines = shown([Mapping(4096, 8192, "file", "r--p", path=path, size=4096)], 80)
    assert lines[-1].endswith("x/\\x1b[31m.so")
    assert "…xxx" in lines[-1]
    assert len(lines[-1]) == 80


@given(
    st.lists(
        st.builds(
            Mapping,
            st.integers(0, 1 << 47),
            st.just(1 << 48),
            st.sampled_from(["anonymous", "file", "heap", GAP]),
            st.sampled_from(["rw-p", "r--p r-xp rw-p", "---p r--p r-xp rw-p"]),
            path=st.sampled_from(["", LIBRARY, "/x y", "[heap]"]),
            size=st.integers(0, 1 << 47),
            resident=st.integers(0, 1 << 40),
            swap=st.integers(0, 1 << 40),
            count=st.integers(0, 9),
        ),
        min_size=1,
        max_size=5,
    ),
    st.integers(58, 220),
)
def test_any_address_space_fits_any_terminal(mappings, width):
    lines = [*space.lines(mappings, width)]
    assert max(len(line.text) for line in lines) <= width
    assert all(set(line.text[line.begin : line.end]) <= set("#~.") for line in lines)
    told = "\n".join(line.text for line in lines)
    assert all(re.search(" +".join(map(re.escape, figures(one))), told) for one in mappings)
