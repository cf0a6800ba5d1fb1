"""Processes that come faster than they go: a run ends within its ladder, and tells the truth."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from tests.process.stage import need, state, until

if TYPE_CHECKING:
    from tests.process.stage import Run, Stage

LADDER = "TERM:4s,KILL:4s"
SECONDS = 8
# To start Python on a busy machine, to look at all processes before the ladder, and once more after it.
AROUND = 10

# Some hundred a second come and go, as long as this one lives.
STORM = """\
say()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    if not os.fork():
        time.sleep(0.05)
        os._exit(0)
    time.sleep(0.003)
"""

# Each one forks, and what it has forked forks in turn, until no token is left; half of them leave orphans.
BOMB = """\
say()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
tokens, theirs = os.pipe()
os.write(theirs, bytes(300))
os.close(theirs)
while True:
    if not os.read(tokens, 1):
        time.sleep(60)
    elif not os.fork() and os.getpid() % 2:
        if os.fork():
            os._exit(0)
    time.sleep(0.002)
"""

# Each of two starts the other one anew when that is gone.
PAIR = """\
import subprocess


def other():
    return subprocess.Popen([sys.executable, *sys.argv[:2], str(os.getpid())], start_new_session=True).pid


signal.signal(signal.SIGCHLD, signal.SIG_IGN)
peer = int(sys.argv[2]) if sys.argv[2:] else other()
say()
while True:
    try:
        os.kill(peer, 0)
    except ProcessLookupError:
        peer = other()
    time.sleep(0.005)
"""


def outcomes(run: Run) -> set[str]:
    return {one["outcome"] for one in run.json["processes"]}


def living(stage: Stage) -> list[int]:
    return [one["pid"] for one in stage.swapctl("find", stage.mark).json["processes"] if one["state"] != "Z"]


def test_a_storm_of_short_lived_processes(stage: Stage):
    storm = stage.victim(STORM)
    run = stage.swapctl("kill", stage.mark, "--max", "100000", "--ladder", LADDER)
    assert run.elapsed < SECONDS + AROUND
    assert run.code == 0, run.json
    assert outcomes(run) <= {"exited", "zombie", "vanished"}
    assert storm.status == -signal.SIGTERM
    assert living(stage) == []


def test_a_storm_that_somebody_else_makes(stage: Stage):
    """What does not match goes on; whether one of its children is there at the end is as the result says."""
    child = str(stage.script("time.sleep(0.2)"))
    source = f"""\
    say()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        start({sys.executable!r}, "-S", {child!r}, sys.argv[1][::-1])
        time.sleep(0.01)
    """
    storm = stage.victim(source, stage.mark[::-1], marked=False)
    run = stage.swapctl("kill", stage.mark, "--max", "100000", "--ladder", "TERM:1s,KILL:1s")
    assert run.elapsed < 2 + AROUND
    assert run.code == (4 if outcomes(run) & {"respawned", "survived"} else 0 if run.json["processes"] else 1)
    assert storm.running


@pytest.mark.parametrize("ladder", [LADDER, "KILL:4s"])
def test_a_fork_bomb_with_its_tree(stage: Stage, ladder: str):
    bomb = stage.victim(BOMB, new_session=True)
    until(lambda: len(living(stage)) > 40, "the bomb goes off")
    run = stage.swapctl("kill", "--pid", str(bomb.pid), "--tree", "--ladder", ladder)
    assert run.elapsed < SECONDS + AROUND
    assert run.code == 0, run.json
    assert outcomes(run) <= {"exited", "zombie", "vanished"}
    assert living(stage) == []


def test_a_fork_bomb_in_a_pid_namespace(stage: Stage):
    need("unshare")
    script = stage.script(BOMB)
    outer = stage.start("unshare", "--pid", "--fork", sys.executable, "-S", script, stage.mark)
    assert outer.heard() == "ready"
    until(lambda: len(living(stage)) > 40, "the bomb goes off")
    run = stage.swapctl("kill", "--pid", str(outer.pid), "--tree", "--ladder", LADDER)
    assert run.elapsed < SECONDS + AROUND
    assert run.code == 0, run.json
    assert living(stage) == []


def test_a_fork_bomb_by_its_pattern(stage: Stage):
    stage.victim(BOMB)
    until(lambda: len(living(stage)) > 40, "the bomb goes off")
    run = stage.swapctl("kill", stage.mark, "--max", "100000", "--ladder", LADDER)
    assert run.elapsed < SECONDS + AROUND
    left = living(stage)
    assert run.code == (4 if left else 0), run.json
    assert set(left) <= {one["pid"] for one in run.json["processes"] if one["outcome"] in {"respawned", "survived"}}


def test_two_that_start_each_other_anew(stage: Stage):
    stage.victim(PAIR)
    run = stage.swapctl("kill", stage.mark, "--ladder", LADDER)
    assert run.elapsed < SECONDS + AROUND
    left = living(stage)
    assert run.code == (4 if left else 0), run.json
    assert set(left) <= {one["pid"] for one in run.json["processes"] if one["outcome"] == "respawned"}


def test_no_more_than_the_maximum_is_stopped_of_what_comes_anew(stage: Stage):
    source = """\
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    say()
    while True:
        child = start(sys.executable, "-S", sys.argv[1], sys.argv[2][::-1])
        while os.path.exists(f"/proc/{child}"):
            time.sleep(0.005)
    """
    child = stage.script("signal.signal(signal.SIGTERM, signal.SIG_DFL)\nsleep()")
    supervisor = stage.victim(source, child, stage.mark[::-1], marked=False)
    until(lambda: living(stage), "it has started one")
    run = stage.swapctl("kill", stage.mark, "--max", "3", "--ladder", "TERM:20s")
    assert run.code in {0, 4}
    assert len([one for one in run.json["processes"] if one["signals"]]) <= 4
    assert {one["parent"]["pid"] for one in run.json["processes"] if one["outcome"] == "respawned"} <= {supervisor.pid}
    assert supervisor.running


def test_what_was_suspended_goes_on_when_the_run_is_told_to_end(stage: Stage):
    """Whoever matches anew is suspended while the others are looked for; here the run is told to end before it signals."""
    bomb = stage.victim(BOMB, new_session=True)
    until(lambda: len(living(stage)) > 100, "the bomb goes off")
    first, *others = living(stage)
    run = stage.run(
        "timeout", "--signal", "TERM", "0.6", *stage.command(), "kill", "--pid", str(bomb.pid), "--tree", "--ladder", "URG:60s", "--json"
    )  # fmt: skip
    assert run.code in {124, 130}
    until(lambda: all(state(pid) != "T" for pid in living(stage)), "nobody is suspended any longer")
    assert first
    assert others


@pytest.mark.parametrize("user", ["root", "nobody"])
def test_more_targets_than_open_files_are_allowed(stage: Stage, user: str):
    """An ordinary user cannot have more, and all end the same."""
    source = """\
    if sys.argv[2] == "nobody":
        become(65534)
    for number in range(400):
        if not os.fork():
            signal.pause()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *anything: os._exit(0))
    sleep()
    """
    stage.victim(source, user, new_session=True)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    limited = ("prlimit", "--nofile=256:256")
    need("prlimit")
    run = stage.swapctl(
        "kill", stage.mark, "--max", "1000", "--ladder", "TERM:20s,KILL:5s", wrapper=limited, nobody=user == "nobody"
    )
    assert run.code == 0, run.err
    assert len(run.json["processes"]) == 401
    assert outcomes(run) <= {"exited", "zombie"}
    assert {tuple(one["signals"]) for one in run.json["processes"]} == {("TERM",)}
    assert living(stage) == []
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == limits


def test_a_library_that_has_few_files_gets_its_limit_back(stage: Stage):
    stage.victim()
    program = f"""\
import json, os, resource
from swapctl import process
resource.setrlimit(resource.RLIMIT_NOFILE, (200, 400))
result = process.stop(process.Selector({stage.mark!r}))
limit = resource.getrlimit(resource.RLIMIT_NOFILE)
print(json.dumps([result.exit_status, limit, len(os.listdir("/proc/self/fd")), os.sched_getscheduler(0)]))
"""
    run = stage.run(sys.executable, "-S", "-c", program)
    status, limit, files, policy = json.loads(run.out)
    assert (status, limit) == (0, [200, 400])
    assert files == 4  # its three streams, and the directory that is listed
    assert policy == os.SCHED_OTHER
