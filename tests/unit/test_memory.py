"""Whether what an area holds fits elsewhere."""

from __future__ import annotations

import pytest

from swapctl.sizes import GIB, KIB, MIB
from swapctl.swap import memory
from swapctl.swap.memory import Group, Memory

MEMINFO = """MemTotal:        8000000 kB
MemFree:          100000 kB
MemAvailable:    6000000 kB
SwapTotal:       2097148 kB
SwapFree:        2000000 kB
HugePages_Total:       0
Hugetlb:               0 kB
"""


def test_memory_is_read_from_meminfo():
    expected = Memory(8000000 * KIB, 6000000 * KIB, swap_total=2097148 * KIB, swap_free=2000000 * KIB)
    assert memory.parse(MEMINFO) == expected


@pytest.mark.parametrize("text", ["", "MemTotal:\n", "nothing of the kind\n"])
def test_what_meminfo_does_not_tell_is_zero(text):
    assert memory.parse(text) == Memory(0, 0, 0, 0)


@pytest.mark.parametrize(
    ("total", "margin"),
    [
        pytest.param(256 * MIB, 16 * MIB, id="at-least-16-mib"),
        pytest.param(800 * MIB, 16 * MIB, id="where-both-are-equal"),
        pytest.param(50 * GIB, GIB, id="a-fiftieth"),
    ],
)
def test_the_margin(total, margin):
    assert Memory(total, 0).margin == margin


HOST = Memory(800 * MIB, 116 * MIB)  # of which 16 MiB are the margin


@pytest.mark.parametrize(
    ("used", "displaced"),
    [
        pytest.param(0, 0, id="nothing-to-move"),
        pytest.param(99 * MIB, 0, id="fits"),
        pytest.param(100 * MIB, 0, id="fits-exactly"),
        pytest.param(100 * MIB + 1, 1, id="one-byte-too-many"),
        pytest.param(400 * MIB, 300 * MIB, id="most-does-not-fit"),
    ],
)
def test_what_has_no_room_in_memory_is_displaced(used, displaced):
    assert memory.displaced(used, HOST, ()) == displaced


def test_an_unused_area_is_turned_off_however_little_memory_there_is():
    assert memory.displaced(0, Memory(GIB, 0), (Group(GIB, 0),)) == 0


@pytest.mark.parametrize(
    ("group", "overflow"),
    [
        pytest.param(Group(100), 0, id="no-limit"),
        pytest.param(Group(100, 100), 0, id="fits-exactly"),
        pytest.param(Group(100, 30), 70, id="too-much-for-its-limit"),
        pytest.param(Group(0, 0), 0, id="at-its-limit-but-nothing-swapped"),
        pytest.param(Group(100, None, (Group(60, 10), Group(40, 15))), 75, id="sum-of-the-inner-ones"),
        pytest.param(Group(100, 10, (Group(60, 10), Group(40, 40))), 90, id="the-outer-limit-is-tighter"),
        pytest.param(Group(100, 80, (Group(60, 10), Group(40, 0))), 90, id="the-inner-limits-are-tighter"),
        pytest.param(Group(100, None, (Group(100, None, (Group(100, 1),)),)), 99, id="three-deep"),
    ],
)
def test_a_group_overflows_when_its_pages_would_exceed_its_limit(group, overflow):
    assert group.overflow == overflow


ROOMY = Memory(8 * GIB, 6 * GIB)


@pytest.mark.parametrize(
    ("used", "groups", "displaced"),
    [
        pytest.param(50, (Group(100, 70),), 30, id="the-overflow"),
        pytest.param(20, (Group(100, 70),), 20, id="never-more-than-is-in-use"),
        pytest.param(90, (Group(50, 20), Group(40, 30)), 40, id="of-all-groups"),
    ],
)
def test_a_limit_displaces_what_memory_would_hold(used, groups, displaced):
    assert memory.displaced(used, ROOMY, groups) == displaced


def test_the_larger_of_both_needs_counts():
    assert memory.displaced(150 * MIB, HOST, (Group(150 * MIB, 140 * MIB),)) == 50 * MIB
    assert memory.displaced(150 * MIB, HOST, (Group(150 * MIB, 70 * MIB),)) == 80 * MIB
