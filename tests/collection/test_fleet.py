"""The playbooks over twenty hosts, as their operator sees it: two cannot be done, the others are.

The plays are run once, in the order of the story. Each test tells of one part of it.
"""

from __future__ import annotations

import os
from typing import NamedTuple

import pytest

from tests.fleet import PRIORITY, RESERVE, SIZE, Fleet, Look, Played
from tests.support import missing
from tests.system.machine import PAGE, need

SILENT = "node03"  # nothing listens at its address
REFUSES = "node14"  # something else stands where its swap file should be
DATA = b"the only copy\n"
PLAYBOOK = "swapctl.linux.swap"


class Step(NamedTuple):
    """A play, and what the hosts have after it."""

    played: Played
    looks: dict[str, Look | None]


class Story(NamedTuple):
    """See `story`."""

    at_first: dict[str, Look | None]
    check: Step
    first: Step
    second: Step
    data: bytes
    to_retry: str
    again: Step
    off: Step
    left: list[str]


@pytest.fixture(scope="module")
def fleet(disk, collections_path):
    if os.geteuid() != 0:
        missing("hosts with areas of their own need root")
    need("findmnt", "mkswap", "swapon", "swapoff", "blkid")
    fleet = Fleet(disk, collections_path, down=SILENT)
    try:
        fleet.open()
        yield fleet
    finally:
        fleet.close()


@pytest.fixture(scope="module")
def story(fleet):
    """Run all the plays, and mend the two hosts before the last but one; return what came of them."""

    def play(playbook, *flags):
        return Step(fleet.play(playbook, *flags), fleet.looks())

    area = fleet[REFUSES].area
    area.write_bytes(DATA)
    at_first = fleet.looks()
    check, first, second = play(fleet.rolling, "--check"), play(PLAYBOOK), play(PLAYBOOK)
    data, to_retry = area.read_bytes(), fleet.retry_file.read_text(encoding="utf-8")
    fleet.machine.run("swapoff", "--", area, check=False)  # a run that made an area of it must not end the story here
    area.rename(fleet.machine.directory / "moved-away")
    fleet[SILENT].start()
    fleet[SILENT].wait()
    again, off = play(PLAYBOOK, "--limit", f"@{fleet.retry_file}"), play("swapctl.linux.swap_off")
    left = [*fleet.machine.swaps(), *os.listdir(area.parent)]
    return Story(at_first, check, first, second, data, to_retry, again, off, left)


def others(fleet):
    """Return the hosts with which nothing is wrong."""
    return [host for host in fleet.hosts if host.name not in {SILENT, REFUSES}]


def wanted(host):
    """Return how a host looks that is as it should be."""
    active = None if host.name in RESERVE else (SIZE - PAGE, PRIORITY)
    return Look(active, True, f"{host.first_fstab}{host.area} none swap sw,pri={PRIORITY} 0 0\n")


def ended(fleet, played):
    """Return how often each host was changed, not reached and not brought about; the recap has to name each."""
    assert sorted(played.recap) == [host.name for host in fleet.hosts], played.text
    return {name: line[1:] for name, line in played.recap.items()}


@pytest.mark.parametrize("run", ["check", "first", "second"])
def test_the_end_of_the_output_names_the_two_that_were_not_done(fleet, story, run):
    played = getattr(story, run).played
    changed = 0 if run == "second" else 1
    failures = {SILENT: (0, 1, 0), REFUSES: (0, 0, 1)}
    assert ended(fleet, played) == {**{host.name: (changed, 0, 0) for host in others(fleet)}, **failures}, played.text
    assert played.code != 0


@pytest.mark.parametrize("run", ["check", "first", "second"])
def test_the_output_says_why_they_were_not_done(fleet, story, run):
    played = getattr(story, run).played
    assert played.said[REFUSES]["msg"].startswith(f"{fleet[REFUSES].area} holds data that is no swap area")
    assert played.said[REFUSES]["hint"] == "name another path, or move away what is there"
    (line,) = [line for line in played.text.splitlines() if line.startswith(f"fatal: [{SILENT}]: UNREACHABLE!")]
    assert "Connection refused" in line


@pytest.mark.parametrize("run", ["first", "second"])
def test_every_other_host_has_what_it_should_have(fleet, story, run):
    looks = getattr(story, run).looks
    assert {host.name: looks[host.name] for host in others(fleet)} == {
        host.name: wanted(host) for host in others(fleet)
    }


@pytest.mark.parametrize("run", ["check", "first", "second"])
def test_nothing_is_done_to_the_one_that_refuses(story, run):
    assert getattr(story, run).looks[REFUSES] == story.at_first[REFUSES]
    assert story.data == DATA


def test_five_at_a_time_a_dry_run_goes_on_past_those_two(story):
    assert story.check.played.text.count("\nPLAY [") == 4
    assert story.check.looks == story.at_first


def test_a_dry_run_names_exactly_the_actions_of_the_run(fleet, story):
    planned = story.check.played.actions
    assert sorted(planned) == [host.name for host in others(fleet)]
    assert all(planned.values())
    assert planned == story.first.played.actions


def test_a_second_run_has_nothing_to_do(fleet, story):
    assert story.second.played.actions == {host.name: [] for host in others(fleet)}


def test_the_two_once_mended_are_brought_about_alone(fleet, story):
    assert story.to_retry.split() == [SILENT, REFUSES]
    again = story.again
    assert again.played.recap.keys() == {SILENT, REFUSES}, again.played.text
    assert {line[1:] for line in again.played.recap.values()} == {(1, 0, 0)}
    assert again.played.code == 0
    assert again.looks == {host.name: wanted(host) for host in fleet.hosts}


def test_off_leaves_every_host_as_it_was_at_first(fleet, story):
    assert ended(fleet, story.off.played) == {host.name: (1, 0, 0) for host in fleet.hosts}
    assert story.off.played.code == 0
    assert story.off.looks == {host.name: Look(None, False, host.first_fstab) for host in fleet.hosts}
    assert story.left == []
