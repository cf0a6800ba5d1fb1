"""What changes between two looks."""

from __future__ import annotations

from swapctl.process.rates import Moment, Rate, key, rates
from swapctl.process.usage import Survey, Usage

OLD = Usage("a", 1, major=10, swap=5000, cpu=1.0)


def moment(at, *rows, **counted):
    return Moment(at, Survey(rows, len(rows), 0), **counted)


def test_what_was_counted_is_told_a_second():
    before = moment(10.0, OLD, swapped_in=100, swapped_out=50, major=7)
    now = moment(12.0, OLD.replace(major=14, swap=4000), swapped_in=300, swapped_out=50, major=11)
    changed = rates(before, now)
    assert (changed.swapped_in, changed.swapped_out, changed.major) == (100.0, 0.0, 2.0)
    assert changed.rows == {(1, "a"): Rate(2.0, -500.0)}


def test_of_who_was_not_there_nothing_is_told():
    assert rates(moment(1.0, OLD), moment(2.0, OLD.replace(pid=2))).rows == {}


def test_who_has_counted_less_than_before_is_another_process():
    assert rates(moment(1.0, OLD), moment(2.0, OLD.replace(major=9))).rows == {}
    assert rates(moment(1.0, OLD), moment(2.0, OLD.replace(cpu=0.5))).rows == {}


def test_two_looks_at_the_same_time_are_no_division_by_zero():
    assert rates(moment(1.0, OLD), moment(1.0, OLD)).rows == {key(OLD): Rate(0.0, 0.0)}
