"""A process whose command line cannot be read holds nothing up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.process.silent import LONGEST

if TYPE_CHECKING:
    from tests.process.stage import Stage, Victim


def test_find_tells_of_it_and_finds_the_others(stage: Stage, silent: Victim):
    pids = [stage.victim().pid for _number in range(3)]
    run = stage.swapctl("find", stage.mark)
    why = "its memory is locked, and it was not waited for any longer"
    assert {"pid": silent.pid, "name": "silent one", "reason": why} in run.json["unknown"]
    assert (run.pids, run.code) == (sorted(pids), 0)
    assert run.elapsed < LONGEST


def test_kill_stops_the_others_and_owns_up(stage: Stage, silent: Victim):
    victims = [stage.victim() for _number in range(3)]
    run = stage.swapctl("kill", stage.mark)
    assert [one["outcome"] for one in run.json["processes"]] == ["exited"] * 3
    assert silent.pid in [one["pid"] for one in run.json["unknown"]]
    assert (run.code, [one.status for one in victims], silent.running) == (4, [-15] * 3, True)
    assert run.elapsed < LONGEST


def test_kill_stops_it_where_its_command_line_does_not_matter(stage: Stage, silent: Victim):
    run = stage.swapctl("kill", "--pid", f"{silent.pid}:{silent.inode}")
    one = run.only
    assert (one["pid"], one["name"], one["outcome"], one["signals"]) == (silent.pid, "silent one", "exited", ["TERM"])
    assert (run.code, run.json["unknown"], silent.status) == (0, [], -15)
    assert run.elapsed < LONGEST
