"""``swapctl ps --watch`` on a terminal: until somebody has seen enough, and with the terminal as it was."""

from __future__ import annotations

import re
import shlex
import sys

import pytest

from tests.support import ROOT
from tests.terminal import Terminal

WATCH = [sys.executable, "-m", "swapctl", "ps", "--watch"]
THEN = ["sh", "-c", 'trap : INT; "$@"; echo "status $?"; stty -a', "sh"]
FOOT = "q ends"
WITHIN = re.compile(r" {2,}")


@pytest.fixture(autouse=True)
def _rich():
    pytest.importorskip("rich")


@pytest.fixture
def environment(environment):
    """Give an environment that does not say how wide the terminal is."""
    return {name: value for name, value in environment.items() if name != "COLUMNS"}


@pytest.mark.parametrize(("keys", "status"), [("q", 0), ("\x03", 130)])
def test_it_ends_on_a_key_and_leaves_the_terminal_as_it_was(environment, keys, status):
    with Terminal([*THEN, *WATCH], environment) as terminal:
        shown = terminal.read(f"{FOOT}(?s:.*)MAJFLT/S")
        assert "memory pressure:" in shown
        terminal.type(keys)
        after = terminal.read(r"status \d+(?s:.*)icanon").split("status ")[1]
        assert after.startswith(f"{status}\r\n")
        assert "-icanon" not in after
        assert "Traceback" not in after


def test_any_other_key_shows_it_at_once(environment):
    with Terminal([*WATCH, "--interval", "1h"], environment) as terminal:
        terminal.read(FOOT)
        terminal.type(" ")
        terminal.read(f"{FOOT}(?s:.*){FOOT}")
        assert "major faults/s" in terminal.output  # the second look knows what has changed
        terminal.type("q")
        assert terminal.end() == 0


def test_suspended_it_leaves_the_terminal_to_the_shell_and_goes_on_in_the_foreground(environment):
    with Terminal(["bash", "--norc", "--noprofile", "-i"], {**environment, "PS1": "> "}) as terminal:
        terminal.type(f"{shlex.join(WATCH)}\n")
        terminal.read(FOOT)
        terminal.type("\x1a")
        terminal.read(r"Stopped(?s:.*)> $")
        terminal.type("stty -a\n")
        assert "-icanon" not in terminal.read(r"Stopped(?s:.*)icanon").split("Stopped")[1]
        terminal.type("fg\n")
        terminal.read(f"Stopped(?s:.*){FOOT}")
        terminal.type("q")
        terminal.read(f"{FOOT}[^>]*> $")
        terminal.type("echo status $?; exit\n")
        assert terminal.end() == 0
        assert "status 0" in terminal.output
        assert "Traceback" not in terminal.output


@pytest.mark.parametrize("options", [[], ["--pss"], ["--by", "user", "--pss"]], ids=["plain", "shares", "users"])
@pytest.mark.parametrize("columns", [60, 80])
def test_on_a_narrow_terminal_some_columns_give_way_and_no_figure_is_cut(environment, columns, options):
    with Terminal([*WATCH, "--sort", "rss", *options], environment, columns=columns) as terminal:
        lines = terminal.read(r"SWAP/S.*\r\n.*[0-9].*\r\n").split("\r\n")
        terminal.type("q")
    heading = next(number for number, line in enumerate(lines) if "SWAP/S" in line)
    names, row = (WITHIN.split(line.strip()) for line in lines[heading : heading + 2])
    assert (names[0], names[-1]) == (("USER", "SWAP/S") if "--by" in options else ("PID", "COMMAND"))
    told = dict(zip(names, row))
    assert len(row) == len(names)
    assert re.fullmatch(r"[0-9.]+ ([KMGT]i)?B|-", told["SWAP-PSS" if "--pss" in options else "SWAP"])
    assert [name for name, text in told.items() if "…" in text] in ([], ["COMMAND"])


def test_another_size_is_seen_at_once(environment):
    with Terminal([*WATCH, "--interval", "1h"], environment, columns=70) as terminal:
        assert "MAJFLT " not in terminal.read(FOOT)
        terminal.resize(200)
        terminal.read("MAJFLT ")
        terminal.type("q")
        assert terminal.end() == 0


def test_without_a_keyboard_it_says_what_ends_it(environment):
    with Terminal(["sh", "-c", '"$@" < /dev/null', "sh", *WATCH], environment) as terminal:
        assert FOOT not in terminal.read("Ctrl-C ends")


def test_a_terminal_that_has_no_cursor_to_move_is_refused(environment):
    with Terminal(WATCH, {**environment, "TERM": "dumb"}) as terminal:
        assert terminal.end() == 2
        assert "--watch needs a terminal whose cursor can be moved" in terminal.output


def test_told_to_end_it_does(environment):
    with Terminal(WATCH, environment) as terminal:
        terminal.read(FOOT)
        terminal.process.terminate()
        assert terminal.end() == 143
        assert "Traceback" not in terminal.output


def test_nobody_there_is_shown_as_nobody(environment):
    with Terminal([*WATCH, "swapctl-tests-match-nothing"], environment) as terminal:
        terminal.read("0 in all;")
        terminal.type("q")
        assert terminal.end() == 0


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("--watch", "--watch needs a terminal; hint: leave it out, or have --json again and again"),
        ("--watch --json", "--watch and --json do not go together; hint: leave one of them out"),
        ("--interval 1s", "--interval is of use with --watch alone; hint: leave it out, or add --watch"),
        ("--watch --interval 2d", "--interval '2d' is not between 0.1 seconds and a day"),
        ("--watch --interval 1ms", "--interval '1ms' is not between 0.1 seconds and a day"),
        (
            "--watch --interval soon",
            "--interval: 'soon' is not a time; hint: allowed are seconds, or a number with ms, s, m, h, d or w, such as 1h30m",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(swapctl, options, complaint):
    done = swapctl("ps", *options.split())
    assert done.stderr.replace("\nswapctl: hint: ", "; hint: ") == f"swapctl: {complaint}\n"
    assert done.returncode == 2
    assert done.stdout == "" or "--json" in options


def test_without_rich_it_says_so(environment, tmp_path):
    (tmp_path / "rich.py").write_text("raise ImportError('rich is not here')\n", encoding="utf-8")
    with Terminal(WATCH, {**environment, "PYTHONPATH": f"{tmp_path}:{ROOT}"}) as terminal:
        assert terminal.end() == 2
        assert "--watch needs the Python package rich; hint: install it, or: watch swapctl ps" in terminal.output
