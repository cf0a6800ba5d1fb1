"""Selectors: what was asked for, checked."""

from __future__ import annotations

from typing import Any

import pytest

from swapctl.errors import Guard, InvalidInput
from swapctl.process.match import Pattern
from swapctl.process.selector import Selector

PIDS = "allowed are whole numbers from 1, or PID:INODE as find shows it"
TIMES = "allowed are seconds, or a number with ms, s, m, h, d or w, such as 1h30m"
SIZES = "allowed are bytes from 1, or a number with K, M, G or T"
STATES = "allowed are the letters R S D T t Z I, several together or with commas"

EVERYTHING: dict[str, Any] = {
    "pattern": "worker",
    "name": "python",
    "regex": True,
    "exact": True,
    "ignore_case": True,
    "invert": True,
    "user": ("app", "1000"),
    "group": ("app",),
    "parent": (1, 2),
    "ancestor": (3,),
    "session": (4,),
    "tty": ("pts/3", "none"),
    "state": "S,D",
    "older_than": 90.0,
    "younger_than": 0.1,
    "cgroup": ("/system.slice",),
    "unit": ("nginx", "app@1.service"),
    "exe": ("/usr/bin/python3",),
    "pid": ("4711", "4712:99"),
    "pidfile": "/run/worker.pid",
    "env": ("HOME", "A=b"),
    "port": (80, 443),
    "min_swap": 64 << 20,
    "min_rss": 1,
    "newest": True,
}


def test_a_selector_holds_what_it_was_given():
    expected = dict.fromkeys(("glob", "oldest"), False)
    assert Selector(**EVERYTHING).__dict__ == {**EVERYTHING, **expected}


def test_what_is_left_out_says_nothing():
    nothing = dict.fromkeys(("name", "state", "older_than", "younger_than", "pidfile", "min_swap", "min_rss"))
    switches = dict.fromkeys(("regex", "glob", "exact", "ignore_case", "invert", "newest", "oldest"), False)
    lists = dict.fromkeys(
        ("user", "group", "parent", "ancestor", "session", "tty", "cgroup", "unit", "exe", "pid", "env", "port"), ()
    )
    assert Selector("worker").__dict__ == {"pattern": "worker", **nothing, **switches, **lists}


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        pytest.param({"user": "app"}, "user", ("app",), id="one-is-a-list"),
        pytest.param({"user": ["app", "web"]}, "user", ("app", "web"), id="list"),
        pytest.param({"user": {"app"}}, "user", ("app",), id="set"),
        pytest.param({"user": 1000}, "user", ("1000",), id="user-by-number"),
        pytest.param({"user": 0}, "user", ("0",), id="root-by-number"),
        pytest.param({"group": [0, "app"]}, "group", ("0", "app"), id="group-by-number"),
        pytest.param({"pid": 4711}, "pid", ("4711",), id="pid-number"),
        pytest.param({"pid": " 4711:99 "}, "pid", ("4711:99",), id="pid-and-inode"),
        pytest.param({"pid": [1, "4194304"]}, "pid", ("1", "4194304"), id="the-first-and-the-last-pid"),
        pytest.param({"parent": "1"}, "parent", (1,), id="parent-text"),
        pytest.param({"ancestor": ["7", 8]}, "ancestor", (7, 8), id="ancestors"),
        pytest.param({"port": ["80", 65535]}, "port", (80, 65535), id="ports"),
        pytest.param({"older_than": "1h30m"}, "older_than", 5400.0, id="time"),
        pytest.param({"younger_than": 5}, "younger_than", 5.0, id="seconds"),
        pytest.param({"younger_than": 0.1 + 0.2}, "younger_than", 0.1 + 0.2, id="seconds-of-many-digits"),
        pytest.param({"older_than": "0.3ms"}, "older_than", 0.3 * 0.001, id="a-part-of-a-millisecond"),
        pytest.param({"min_swap": "64M"}, "min_swap", 64 << 20, id="size"),
        pytest.param({"min_rss": 4096}, "min_rss", 4096, id="bytes"),
        pytest.param({"state": "S"}, "state", "S", id="one-state"),
        pytest.param({"state": "Tt, Z"}, "state", "Tt, Z", id="several-states"),
    ],
)
def test_what_is_given_is_brought_into_one_form(given, field, value):
    selector = Selector("worker", **given)
    assert selector == Selector("worker").replace(**{field: value})
    assert getattr(selector, field) == value


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(EVERYTHING, id="everything"),
        pytest.param({"older_than": "0.7d"}, id="a-part-of-a-day"),
        pytest.param({"younger_than": "0.3ms"}, id="a-part-of-a-millisecond"),
        pytest.param({"older_than": "36500d"}, id="ages"),
    ],
)
def test_a_checked_selector_stays_as_it_is_when_it_is_checked_again(given):
    assert Selector(**given).replace() == Selector(**given)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"pattern": 5}, "pattern 5 is not a text"),
        ({"pattern": b"a"}, "pattern b'a' is not a text"),
        ({"name": ["a"]}, "name ['a'] is not a text"),
        ({"state": 1}, "state 1 is not a text"),
        ({"pidfile": 1}, "pidfile 1 is not a text"),
        ({"parent": 0}, "--parent: 0 is outside 1 to 4194304; hint: give a whole number"),
        ({"ancestor": "init"}, "--ancestor: 'init' is outside 1 to 4194304; hint: give a whole number"),
        ({"session": [1, -1]}, "--session: -1 is outside 1 to 4194304; hint: give a whole number"),
        ({"session": "9:77"}, "--session: '9:77' is outside 1 to 4194304; hint: give a whole number"),
        ({"pid": 0}, f"0 is not a process id; hint: {PIDS}"),
        ({"pid": "-1"}, f"'-1' is not a process id; hint: {PIDS}"),
        ({"pid": "1.0"}, f"'1.0' is not a process id; hint: {PIDS}"),
        ({"pid": ""}, f"'' is not a process id; hint: {PIDS}"),
        ({"pid": "1:"}, f"'1:' is not a process id; hint: {PIDS}"),
        ({"pid": ":1"}, f"':1' is not a process id; hint: {PIDS}"),
        ({"pid": "1 2"}, f"'1 2' is not a process id; hint: {PIDS}"),
        ({"pid": "٣"}, f"'٣' is not a process id; hint: {PIDS}"),
        ({"pid": True}, f"True is not a process id; hint: {PIDS}"),
        ({"pid": "4194306"}, f"'4194306' is not a process id; hint: {PIDS}"),
        ({"pid": "9" * 5000}, f"{'9' * 5000!r} is not a process id; hint: {PIDS}"),
        ({"port": 0}, "--port: 0 is outside 1 to 65535; hint: give a whole number"),
        ({"port": 65536}, "--port: 65536 is outside 1 to 65535; hint: give a whole number"),
        ({"port": "ssh"}, "--port: 'ssh' is outside 1 to 65535; hint: give a whole number"),
        ({"port": "-1"}, "--port: '-1' is outside 1 to 65535; hint: give a whole number"),
        ({"port": "0x50"}, "--port: '0x50' is outside 1 to 65535; hint: give a whole number"),
        ({"port": "٣"}, "--port: '٣' is outside 1 to 65535; hint: give a whole number"),
        ({"port": True}, "--port: True is outside 1 to 65535; hint: give a whole number"),
        ({"port": "9" * 5000}, f"--port: {'9' * 5000!r} is outside 1 to 65535; hint: give a whole number"),
        ({"older_than": "soon"}, f"--older-than: 'soon' is not a time; hint: {TIMES}"),
        ({"older_than": -1}, f"--older-than: -1 is not a time; hint: {TIMES}"),
        ({"younger_than": ""}, f"--younger-than: '' is not a time; hint: {TIMES}"),
        ({"min_swap": "much"}, f"--min-swap: 'much' is not a size; hint: {SIZES}"),
        ({"min_swap": ""}, f"--min-swap: '' is not a size; hint: {SIZES}"),
        ({"min_swap": 0}, f"--min-swap: 0 is not a size; hint: {SIZES}"),
        ({"min_swap": "0K"}, f"--min-swap: '0K' is not a size; hint: {SIZES}"),
        ({"min_swap": -1}, f"--min-swap: -1 is not a size; hint: {SIZES}"),
        ({"min_rss": "50%"}, f"--min-rss: '50%' is not a size; hint: {SIZES}"),
        ({"min_rss": "5000%"}, f"--min-rss: '5000%' is not a size; hint: {SIZES}"),
        ({"min_rss": "auto"}, f"--min-rss: 'auto' is not a size; hint: {SIZES}"),
        ({"min_rss": True}, f"--min-rss: True is not a size; hint: {SIZES}"),
        ({"state": "Q"}, f"--state: 'Q' has no such letter; hint: {STATES}"),
        ({"state": "S;D"}, f"--state: 'S;D' has no such letter; hint: {STATES}"),
        ({"state": "z"}, f"--state: 'z' has no such letter; hint: {STATES}"),
        ({"state": ""}, f"--state: '' has no such letter; hint: {STATES}"),
        ({"state": ", "}, f"--state: ', ' has no such letter; hint: {STATES}"),
        ({"user": ""}, "--user is empty; hint: name one, or leave --user out"),
        ({"group": ["app", " "]}, "--group is empty; hint: name one, or leave --group out"),
        ({"tty": ""}, "--tty is empty; hint: name one, or leave --tty out"),
        ({"cgroup": ""}, "--cgroup is empty; hint: name one, or leave --cgroup out"),
        ({"unit": ""}, "--unit is empty; hint: name one, or leave --unit out"),
        ({"exe": ""}, "--exe is empty; hint: name one, or leave --exe out"),
        ({"env": ""}, "--env is empty; hint: name one, or leave --env out"),
        ({"pidfile": ""}, "--pidfile is empty; hint: name a file, or leave --pidfile out"),
        ({}, "nothing says which processes are meant; hint: give a PATTERN, or a selector such as --user or --pidfile"),
        (
            {"user": [], "newest": True},
            "nothing says which processes are meant; hint: give a PATTERN, or a selector such as --user or --pidfile",
        ),
        (
            {"user": "app", "invert": True},
            "invert has no pattern to invert; hint: give a PATTERN, or leave --invert out",
        ),
        (
            {"user": "app", "newest": True, "oldest": True},
            "newest and oldest cannot both be meant; hint: give --newest or --oldest",
        ),
        (
            {"pattern": "a", "regex": True, "glob": True},
            "pattern 'a' cannot be both a regular expression and a glob; hint: give --regex or --glob",
        ),
        (
            {"name": "(", "regex": True},
            (
                "pattern '(' is not a regular expression: missing ), unterminated subpattern at position 0;"
                " hint: leave --regex out to search for the text as it stands"
            ),
        ),
    ],
    ids=lambda case: str(case)[:50] if isinstance(case, dict) else "",
)
def test_what_makes_no_sense_is_refused_with_what_is_allowed(given, complaint):
    with pytest.raises(InvalidInput) as caught:
        Selector(**given)
    assert str(caught.value) == complaint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "given",
    [
        {"pattern": ""},
        {"pattern": " "},
        {"pattern": "--"},
        {"pattern": ".*", "regex": True},
        {"pattern": "*", "glob": True},
        {"name": ""},
        {"name": ".", "regex": True},
        {"pattern": "", "user": "app"},
        {"pattern": "worker", "name": ""},
        {"pattern": "", "invert": True},
    ],
    ids=str,
)
def test_a_pattern_that_says_nothing_is_refused_whatever_else_is_said(given):
    with pytest.raises(Guard) as caught:
        Selector(**given)
    assert caught.value.hint == "give a part of the name or of the command line that only the ones to find have"
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("selector", "patterns"),
    [
        pytest.param(Selector("worker"), (Pattern("worker"), None), id="pattern"),
        pytest.param(Selector(name="worker"), (None, Pattern("worker")), id="name"),
        pytest.param(Selector(user=("app",)), (None, None), id="neither"),
        pytest.param(
            Selector("w.*", name="p.*", regex=True, exact=True),
            (Pattern("w.*", regex=True, exact=True), Pattern("p.*", regex=True, exact=True)),
            id="both-are-read-alike",
        ),
        pytest.param(
            Selector("w*", glob=True, ignore_case=True), (Pattern("w*", glob=True, ignore_case=True), None), id="glob"
        ),
    ],
)
def test_the_patterns_of_a_selector(selector, patterns):
    assert selector.patterns() == patterns


@pytest.mark.parametrize(
    ("options", "selector"),
    [
        pytest.param({"pattern": "worker", "name": False}, Selector("worker"), id="pattern"),
        pytest.param({"pattern": "worker", "name": True}, Selector(name="worker"), id="name"),
        pytest.param(
            {"pattern": "w", "name": True, "exact": True, "user": ["app"], "expect": 4, "json": True},
            Selector(name="w", exact=True, user=("app",)),
            id="options-of-others-are-theirs",
        ),
        pytest.param(
            {"pattern": None, "user": None, "pid": ["7"], "min_swap": "1M", "regex": False},
            Selector(pid=("7",), min_swap=1 << 20),
            id="what-was-left-out",
        ),
    ],
)
def test_a_selector_from_options(options, selector):
    assert Selector.from_options(options) == selector


@pytest.mark.parametrize(
    ("options", "error", "complaint"),
    [
        pytest.param(
            {"name": True, "user": ["app"]},
            InvalidInput,
            "name says how to read a pattern, and there is none; hint: give a pattern",
            id="a-name-without-a-pattern",
        ),
        pytest.param(
            {"pattern": "", "name": True},
            Guard,
            "the pattern is empty and would match every process;"
            " hint: give a part of the name or of the command line that only the ones to find have",
            id="an-empty-pattern",
        ),
        pytest.param(
            {"user": ["app"], "pidfile": ""},
            InvalidInput,
            "--pidfile is empty; hint: name a file, or leave --pidfile out",
            id="an-empty-pidfile",
        ),
    ],
)
def test_options_that_make_no_sense(options, error, complaint):
    with pytest.raises(error) as caught:
        Selector.from_options(options)
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("selector", "narrowing"),
    [
        (Selector("worker", name="w", exact=True, invert=True, newest=True), ()),
        (Selector("worker", unit=("app",)), ("unit",)),
        (Selector(pidfile="/run/a.pid", user=("app",), min_swap=1), ("user", "pidfile", "min_swap")),
        (Selector(older_than=0), ("older_than",)),
    ],
    ids=["patterns", "one", "several", "zero-seconds"],
)
def test_the_fields_that_narrow_the_choice(selector, narrowing):
    assert selector.narrowing == narrowing


@pytest.mark.parametrize(
    ("selector", "named"),
    [
        (Selector("worker", user=("app",)), False),
        (Selector(pid=("7",)), True),
        (Selector(pidfile="/run/a.pid"), True),
        (Selector("worker", newest=True), True),
        (Selector("worker", oldest=True), True),
    ],
    ids=["whatever-matches", "pid", "pidfile", "newest", "oldest"],
)
def test_whether_certain_processes_are_meant(selector, named):
    assert selector.named is named
