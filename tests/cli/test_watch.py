"""``swapctl ps --watch`` on a terminal: until somebody has seen enough, and with the terminal as it was."""

from __future__ import annotations

import shlex
import sys

import pytest

from tests.support import ROOT
from tests.terminal import Terminal

WATCH = [sys.executable, "-m", "swapctl", "ps", "--watch"]
THEN = ["sh", "-c", 'trap : INT; "$@"; echo "status $?"; stty -a', "sh"]
FOOT = "q ends"


@pytest.fixture(autouse=True)
def _rich():
    pytest.importorskip("rich")


@pytest.mark.parametrize(("keys", "status"), [("q", 0), ("\x03", 130)])
def test_it_ends_on_a_key_and_leaves_the_terminal_as_it_was(environment, keys, status):
    with Terminal([*THEN, *WATCH], environment) as terminal:
        shown = terminal.read(FOOT)
        assert "MAJFLT/S" in shown
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


def test_told_to_end_it_does(environment):
    with Terminal(WATCH, environment) as terminal:
        terminal.read(FOOT)
        terminal.process.terminate()
        assert terminal.end() == 143
        assert "Traceback" not in terminal.output


def test_nobody_there_is_shown_as_nobody(environment):
    with Terminal([*WATCH, "swapctl-tests-match-nothing"], environment) as terminal:
        terminal.read("0 of 0;")
        terminal.type("q")
        assert terminal.end() == 0


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("--watch", "--watch needs a terminal; hint: leave it out, or have --json again and again"),
        ("--watch --json", "--watch and --json do not go together; hint: leave one of them out"),
        ("--interval 1s", "--interval is of use with --watch alone; hint: leave it out, or add --watch"),
        ("--watch --interval 1ms", "--interval '1ms' is less than 0.1 seconds"),
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
