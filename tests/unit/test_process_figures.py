"""What is read of a process's memory and faults, whatever its name holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swapctl.process import figures
from swapctl.process.figures import Shares
from swapctl.process.usage import Usage, _known, _order, _together

STATUS = b"""Name:\tsome worker
Umask:\t0022
State:\tS (sleeping)
Uid:\t1000\t1001\t1002\t1003
VmPeak:\t  300 kB
VmRSS:\t    1234 kB
RssAnon:\t     900 kB
VmSwap:\t      56 kB
Threads:\t3
"""
ROLLUP = b"""5601-7ffe ---p 00000000 00:00 0                          [rollup]
Rss:                 900 kB
Pss:                 450 kB
Pss_Dirty:           111 kB
Private_Dirty:       300 kB
Swap:                 80 kB
SwapPss:              40 kB
Locked:                0 kB
"""
STAT = b"77 (a) S (b) R 1 77 77 0 -1 4194304 101 5 7 3 250 125 0 0 20 0 3 0 4711 0 308 18446744073709551615"


@pytest.mark.parametrize(
    ("name", "value"),
    [(b"VmRSS", 1234 << 10), (b"VmSwap", 56 << 10), (b"VmPeak", 300 << 10), (b"Vm", 0), (b"RSS", 0), (b"VmLck", 0)],
)
def test_a_line_of_status_is_found_by_its_whole_name(name, value):
    assert figures.kibibytes(STATUS, name) == value


def test_text_is_found_as_well():
    assert figures.field(STATUS, b"Uid") == b"1000\t1001\t1002\t1003"
    assert figures.field(b"\n" + STATUS, b"Name") == b"some worker"


@given(st.binary(max_size=20).filter(lambda name: b"\n" not in name))
def test_a_name_that_looks_like_another_line_is_none(name):
    status = b"Name:\t" + name.replace(b"\\", b"\\\\") + b"\nState:\tS\nVmSwap:\t  8 kB\n"
    assert figures.kibibytes(status, b"VmSwap") == 8 << 10


def test_what_is_shared_out():
    assert Shares(*figures.amounts(ROLLUP)) == Shares(900 << 10, 450 << 10, 300 << 10, 80 << 10, 40 << 10)


def test_a_process_without_memory_shares_nothing():
    assert Shares(*figures.amounts(b"")) == Shares()


@given(st.binary(max_size=15))
def test_faults_and_time_are_found_behind_any_name(name):
    stat = b"77 (" + name + STAT[STAT.rindex(b")") :]
    assert figures.counts(stat) == (name, "R", 101, 7, 375, 3, 4711)


@given(st.binary(max_size=15))
@pytest.mark.parametrize(("sort", "amount"), [("faults", -7), ("age", 4711), ("cpu", -375)])
def test_rank_by_stat(sort, amount, name):
    stat = b"77 (" + name + STAT[STAT.rindex(b")") :]
    assert figures.rank_by_stat(stat, sort, 77) == (amount, -308, 77, 0)


@pytest.mark.parametrize(("sort", "amount"), [("swap", -56 << 10), ("rss", -1234 << 10), ("pss", -1234 << 10)])
def test_rank_by_status(sort, amount):
    assert figures.rank_by_status(STATUS, sort, 77) == (amount, -1234 << 10, 77, 56 << 10)


def test_a_zombie_and_a_thread_of_the_kernel_have_nothing():
    assert figures.rank_by_status(b"Name:\ta\nState:\tZ (zombie)\nThreads:\t1\n", "swap", 77) == (0, 0, 77, 0)


def row(**changes):
    return Usage("a", 1, rss=100, swap=10, major=3, cpu=1.0, age=5.0).replace(**changes)


@pytest.mark.parametrize("sort", ["swap", "rss", "faults", "age", "cpu", "pss"])
def test_who_has_most_comes_first(sort):
    field = {"faults": "major", "pss": "rss"}.get(sort, sort)
    more = row(pid=2, **{field: 1000})
    assert sorted([row(), more], key=_order(sort)) == [more, row()]


def test_of_equals_the_larger_and_then_the_older_number_comes_first():
    rows = [row(pid=3), row(pid=2), row(pid=1, rss=50), row(pid=9, rss=200)]
    assert [one.pid for one in sorted(rows, key=_order("swap"))] == [9, 2, 3, 1]


OLDEST, OLDER, OLD = (300, 1, 50, 5, 1, 1, 200), (400, 1, 50, 5, 1, 1, 200), (500, 3, 100, 10, 7, 3, 100)


def test_what_several_have_is_summed_and_the_oldest_tells_the_age():
    told = _together(
        "worker", [("", OLD, (10, 5, 1, 4, 2)), ("", OLDEST, (0, 0, 0, 0, 0)), ("", OLDER, (1, 1, 1, 1, 1))]
    )
    assert (told.name, told.count, told.threads, told.rss, told.swap) == ("worker", 3, 5, 200, 20)
    assert (told.minor, told.major, told.cpu, told.shares) == (9, 5, 5.0, Shares(11, 6, 2, 5, 3))
    assert told.age > _together("worker", [("", OLD, None)]).age


def test_what_is_shared_out_by_some_alone_is_not_told_of_all():
    assert _together("worker", [("", OLD, (10, 5, 1, 4, 2)), ("", OLDEST, None)]).shares is None


@pytest.mark.parametrize(("sort", "field"), [("pss", "pss"), ("swap", "swap_pss")])
def test_what_is_shared_out_decides(sort, field):
    less, more = row(pid=1, rss=900, swap=900, shares=Shares()), row(pid=2, shares=Shares(**{field: 1}))
    assert sorted([less, more], key=_order(sort)) == [more, less]


@pytest.mark.parametrize(
    ("status", "lacks"),
    [
        (b"Name:\ta\nState:\tZ (zombie)\nThreads:\t2\n", True),
        (b"Name:\ta\nState:\tZ (zombie)\nThreads:\t1\n", False),
        (b"Name:\ta\nState:\tI (idle)\nThreads:\t1\n", False),
        (STATUS, False),
    ],
    ids=["first-thread-ended", "zombie", "of-the-kernel", "ordinary"],
)
def test_whether_the_first_thread_has_ended(status, lacks):
    assert figures.lacks_first_thread(status) is lacks


def test_swap_that_several_share_is_known_once_where_it_was_asked_for():
    assert _known([row(), row()]) == 20
    assert _known([row(shares=Shares(swap=10, swap_pss=5)), row(shares=Shares(swap=10, swap_pss=5))]) == 10
