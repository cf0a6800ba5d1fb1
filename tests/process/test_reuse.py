"""Never the wrong process: a number is given to somebody else just when swapctl is about to act on it.

Each case is played in a PID namespace of its own, by reuse.py, with swapctl held at the system call in question. That the
number changes hands at that call, and what it means, is shown first: whoever signals by number hits the innocent one.
"""

from __future__ import annotations

import json
import platform
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.process.reuse import NUMBERS
from tests.process.stage import Stage, need, told
from tests.support import missing

if TYPE_CHECKING:
    from pathlib import Path

_ALONE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
_TRIES = 40

_BY_NUMBER = """\
wanted, careful = sys.argv[1:]


def field(pid, name):
    with open(f"/proc/{pid}/{name}", "rb") as file:
        return file.read()


def start(pid):
    return field(pid, "stat").rpartition(b")")[2].split()[19]


pids = [name for name in os.listdir("/proc") if name.isdigit()]
victims = [(pid, start(pid)) for pid in pids if field(pid, "comm").decode().strip() == wanted]
for pid, began in victims:
    if careful == "no" or start(pid) == began:
        os.kill(int(pid), signal.SIGTERM)
"""


class Played(NamedTuple):
    """How a case has ended."""

    pid: int
    same_tick: bool
    innocent_lives: bool
    code: int
    out: str

    @property
    def json(self) -> Any:
        """What swapctl printed."""
        return json.loads(self.out)


def play(stage: Stage, moment: str, *program: str | Path, **case: Any) -> Played:
    """Play a case: when *program* reaches the *moment*, the number of its victim is given to another process."""
    need("unshare")
    if "openat" not in NUMBERS:
        missing(f"the numbers of system calls on {platform.machine()} are not known")
    given = json.dumps({"name": stage.mark, "moment": moment, "program": [str(word) for word in program], **case})
    run = stage.run(*_ALONE, sys.executable, "-S", "-m", "tests.process.reuse", given=given)
    assert run.code == 0, run.err
    return Played(**json.loads(run.out))


def play_until_same_tick(stage: Stage, moment: str, *program: str | Path) -> Played:
    """Play a case until the innocent process began in the very same tick of the clock as the victim."""
    for _try in range(_TRIES):
        played = play(stage, moment, *program)
        if played.same_tick:
            return played
    pytest.fail(f"the machine was too busy for {_TRIES} tries to start two processes in 10 ms")


def swapctl_kill(stage: Stage, *arguments: str) -> tuple[str, ...]:
    return tuple(str(word) for word in (*stage.command(), "kill", *arguments, "--json"))


def test_by_number_the_innocent_is_hit(stage: Stage):
    played = play(stage, "kill", sys.executable, "-S", stage.script(_BY_NUMBER), stage.mark, "no")
    assert not played.innocent_lives


def test_by_number_and_start_time_the_innocent_is_hit(stage: Stage):
    """The kernel tells when a process began, but only to 10 ms."""
    program = (sys.executable, "-S", stage.script(_BY_NUMBER), stage.mark, "yes")
    assert not play_until_same_tick(stage, "kill", *program).innocent_lives


@pytest.mark.parametrize("moment", ["pin", "pidfd_open", "TERM"])
@pytest.mark.parametrize("selectors", [(), ("--user", "0", "--state", "RS")], ids=["little-read", "all-read"])
def test_given_away(stage: Stage, moment: str, selectors: tuple[str, ...]):
    """When the pidfd is opened, there may be nothing left to read that would tell that it is another one's."""
    played = play(stage, moment, *swapctl_kill(stage, stage.mark, *selectors))
    assert played.innocent_lives
    (one,) = played.json["processes"]
    assert (one["pid"], one["name"], one["outcome"], one["signals"]) == (played.pid, stage.mark, "vanished", [])
    assert (played.json["changed"], played.code) == (False, 0)


@pytest.mark.parametrize("moment", ["pin", "pidfd_open"])
def test_given_away_in_the_same_tick(stage: Stage, moment: str):
    played = play_until_same_tick(stage, moment, *swapctl_kill(stage, stage.mark))
    assert played.innocent_lives
    assert [one["outcome"] for one in played.json["processes"]] == ["vanished"]
    assert (played.json["changed"], played.code) == (False, 0)


def test_given_away_between_two_signals(stage: Stage):
    played = play(stage, "KILL", *swapctl_kill(stage, stage.mark), ignores=[15])
    assert played.innocent_lives
    (one,) = played.json["processes"]
    assert (one["outcome"], one["signals"], one["status"]) == ("exited", ["TERM"], told(-9))
    assert (played.json["changed"], played.code) == (True, 0)


@pytest.mark.parametrize("moment", ["pin", "pidfd_open"])
def test_given_away_by_a_child(stage: Stage, moment: str):
    """With --tree, the number of a descendant is looked up anew."""
    played = play(stage, moment, *swapctl_kill(stage, stage.mark, "--tree"), child=True)
    assert played.innocent_lives
    assert [(one["name"], one["outcome"]) for one in played.json["processes"]] == [(stage.mark, "exited")]
    assert played.code == 0


def test_given_away_before(stage: Stage):
    played = play(stage, "before", *swapctl_kill(stage, "--pid", "PID:INODE"))
    assert played.innocent_lives
    assert (played.json["processes"], played.json["changed"], played.code) == ([], False, 1)


@pytest.mark.parametrize("moment", ["pin", "pidfd_open", "TERM"])
def test_given_to_nobody(stage: Stage, moment: str):
    """It is gone, which is what was wanted; but nobody has done it."""
    played = play(stage, moment, *swapctl_kill(stage, stage.mark), reuse=False)
    (one,) = played.json["processes"]
    assert (one["pid"], one["name"], one["outcome"], one["signals"]) == (played.pid, stage.mark, "vanished", [])
    assert (played.json["changed"], played.code) == (False, 0)
