"""Ladders: signals in order, and times as people write them."""

from __future__ import annotations

import signal
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swapctl.errors import InvalidInput
from swapctl.process import ladder, times
from swapctl.process.ladder import Rung

RTMIN, RTMAX = int(signal.SIGRTMIN), int(signal.SIGRTMAX)
TIMES = "allowed are seconds, or a number with ms, s, m, h, d or w, such as 1h30m"
SIGNALS = "allowed are TERM, KILL, HUP, USR1, ... or a number from 1 to 64"


@pytest.mark.parametrize(
    ("text", "rungs"),
    [
        ("TERM:10s,KILL:5s", (Rung(15, 10.0), Rung(9, 5.0))),
        ("TERM", (Rung(15, 5.0),)),
        ("TERM,KILL", (Rung(15, 5.0), Rung(9, 5.0))),
        ("term:1m30s,sigkill:500ms", (Rung(15, 90.0), Rung(9, 0.5))),
        (" INT : 2 ,\tHUP ", (Rung(2, 2.0), Rung(1, 5.0))),
        ("15:1,9:0", (Rung(15, 1.0), Rung(9, 0.0))),
        ("TERM:1,TERM:2,KILL:3", (Rung(15, 1.0), Rung(15, 2.0), Rung(9, 3.0))),
        ("RTMIN+3:1", (Rung(RTMIN + 3, 1.0),)),
        ("STOP:0.5,KILL", (Rung(19, 0.5), Rung(9, 5.0))),
    ],
)
def test_a_ladder(text, rungs):
    assert ladder.parse(text) == rungs


def test_the_usual_ladder_asks_first():
    assert ladder.parse(ladder.DEFAULT) == (Rung(15, 10.0), Rung(9, 5.0))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", f"signal '' is unknown; hint: {SIGNALS}"),
        ("TERM,", f"signal '' is unknown; hint: {SIGNALS}"),
        (",TERM", f"signal '' is unknown; hint: {SIGNALS}"),
        (":5s", f"signal '' is unknown; hint: {SIGNALS}"),
        ("TERM;KILL", f"signal 'TERM;KILL' is unknown; hint: {SIGNALS}"),
        ("TERM KILL", f"signal 'TERM KILL' is unknown; hint: {SIGNALS}"),
        ("TERM:5s,BOOM:1s", f"signal 'BOOM' is unknown; hint: {SIGNALS}"),
        ("TERM:", f"ladder: '' is not a time; hint: {TIMES}"),
        ("TERM:soon", f"ladder: 'soon' is not a time; hint: {TIMES}"),
        ("TERM:-5s", f"ladder: '-5s' is not a time; hint: {TIMES}"),
        ("TERM:5s:KILL", f"ladder: '5s:KILL' is not a time; hint: {TIMES}"),
    ],
)
def test_what_is_no_ladder_is_refused_with_what_is_allowed(text, complaint):
    with pytest.raises(InvalidInput) as caught:
        ladder.parse(text)
    assert str(caught.value) == complaint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("TERM", 15),
        ("SIGTERM", 15),
        ("sigTerm", 15),
        (" kill ", 9),
        ("9", 9),
        (9, 9),
        (signal.SIGKILL, 9),
        ("64", 64),
        ("CHLD", 17),
        ("CLD", 17),
        ("RTMIN", RTMIN),
        ("SIGRTMIN+1", RTMIN + 1),
        ("RTMAX", RTMAX),
        ("RTMAX-1", RTMAX - 1),
        (f"RTMIN+{RTMAX - RTMIN}", RTMAX),
        (f"RTMAX-{RTMAX - RTMIN}", RTMIN),
    ],
    ids=repr,
)
def test_a_signal_by_name_or_number(text, number):
    assert ladder.signal_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SIG",
        "BOOM",
        "SIGSIGTERM",
        "_IGN",
        "TERM+1",
        "0",
        0,
        "-9",
        -9,
        "65",
        "999999",
        "9" * 5000,
        "9.0",
        9.0,
        "٩",
        True,
        None,
        "RTMIN-1",
        f"RTMIN+{RTMAX - RTMIN + 1}",
        "RTMAX+1",
        f"RTMAX-{RTMAX - RTMIN + 1}",
        "RTMIN+",
    ],
    ids=lambda text: repr(text)[:20],
)
def test_an_unknown_signal_is_refused_with_what_is_allowed(text):
    with pytest.raises(InvalidInput) as caught:
        ladder.signal_number(text)
    assert str(caught.value) == f"signal {text!r} is unknown; hint: {SIGNALS}"


@pytest.mark.parametrize(
    ("number", "name"),
    [(1, "HUP"), (9, "KILL"), (15, "TERM"), (RTMIN, "RTMIN"), (RTMIN + 1, "RTMIN+1"), (RTMAX, "RTMAX")],
)
def test_the_name_of_a_signal(number, name):
    assert ladder.signal_name(number) == name
    assert Rung(number).name == name


def test_every_signal_is_known_by_its_name_and_by_its_number():
    numbers = sorted(map(int, signal.valid_signals()))
    assert [ladder.signal_number(ladder.signal_name(number)) for number in numbers] == numbers
    assert [ladder.signal_number(str(number)) for number in numbers] == numbers


def test_the_signals_that_suspend_a_process():
    assert {Rung(number).name for number in range(1, 32) if Rung(number).stops} == {"STOP", "TSTP", "TTIN", "TTOU"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("90", 90.0),
        (90, 90.0),
        (1.5, 1.5),
        ("1.5", 1.5),
        ("500ms", 0.5),
        ("10s", 10.0),
        ("5m", 300.0),
        ("5min", 300.0),
        ("2h", 7200.0),
        ("1d", 86400.0),
        ("1w", 604800.0),
        ("1.5h", 5400.0),
        ("1h30m", 5400.0),
        ("1d2h3m4s", 93784.0),
        ("1s500ms", 1.5),
        ("30m1h", 5400.0),
        ("1m1m", 120.0),
        (" 10s ", 10.0),
    ],
    ids=repr,
)
def test_a_time_in_seconds_or_with_units(text, seconds):
    assert times.duration(text, "older") == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "s",
        "10S",
        "10x",
        "10 s",
        "1h 30m",
        "1h30",
        "-5",
        -5,
        "+5",
        "1e3",
        "5.s",
        ".5s",
        "1,5s",
        "0x10",
        "٣s",
        "1234567890123",
        "nan",
        float("nan"),
        float("inf"),
        True,
        None,
    ],
    ids=repr,
)
def test_what_is_no_time_is_refused_with_what_is_allowed(text):
    with pytest.raises(InvalidInput) as caught:
        times.duration(text, "--older-than")
    assert str(caught.value) == f"--older-than: {text!r} is not a time; hint: {TIMES}"


@pytest.mark.parametrize("text", ["99999999999d", "36500d1ms", 3153600001, 1e12], ids=repr)
def test_a_time_that_nobody_waits_for_is_refused_with_the_most_that_is_allowed(text):
    with pytest.raises(InvalidInput) as caught:
        times.duration(text, "--interval")
    assert str(caught.value) == f"--interval: {text!r} is too long; hint: allowed are up to 36500d"


def test_the_longest_time_can_be_waited_for():
    assert times.duration("36500d", "x") + 36500 * 86400 < threading.TIMEOUT_MAX


NUMBERS = st.integers(0, 5214)  # as many weeks as are allowed
FACTORS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}


@given(NUMBERS, st.sampled_from(sorted(FACTORS)))
def test_a_whole_number_of_a_unit_counts_exactly(number, unit):
    assert times.duration(f"{number}{unit}", "x") == number * FACTORS[unit]


@given(st.integers(0, 1000), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_a_time_is_the_sum_of_its_parts(days, hours, minutes, seconds):
    written = f"{days}d{hours}h{minutes}m{seconds}s"
    assert times.duration(written, "x") == ((days * 24 + hours) * 60 + minutes) * 60 + seconds


@given(st.floats(0, 36500 * 86400) | NUMBERS)
def test_seconds_that_are_a_number_already_are_taken_as_they_are(seconds):
    assert times.duration(seconds, "x") == seconds


@given(
    st.decimals(0, 5214, places=4).map(str) | NUMBERS.map(str),
    st.sampled_from(["", "ms", *sorted(FACTORS)]),
)
def test_a_time_that_was_read_can_be_read_again(number, unit):
    seconds = times.duration(number + unit, "x")
    assert times.duration(seconds, "x") == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0s"),
        (0.9, "0s"),
        (59.9, "59s"),
        (60, "1m00s"),
        (61.5, "1m01s"),
        (3599, "59m59s"),
        (3600, "1h00m"),
        (86399, "23h59m"),
        (86400, "1d00h"),
        (100 * 86400 + 3600, "100d01h"),
    ],
)
def test_a_time_for_a_person(seconds, text):
    assert times.human(seconds) == text
