"""What a stranger did to break it, each thing once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.process import test_selectors
from tests.process.stage import SLEEP, need, state, until
from tests.support import ROOT
from tests.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.process.stage import Stage

group = test_selectors.group

MANY = """\
for number in range(60):
    if not os.fork():
        libc.prctl(1, signal.SIGKILL)
        signal.pause()
        signal.pause()
sleep()
"""


def outcomes(run):
    return {one["pid"]: one["outcome"] for one in run.json["processes"]}


def test_relatives_are_certain_processes(stage: Stage):
    """The number by which they are told can be somebody else's when the rest is looked for."""
    source = "while True:\n    child = start(sys.executable, '-S', sys.argv[2], sys.argv[1])\n    say()\n    os.waitpid(child, 0)"
    parent = stage.victim(source, stage.script("time.sleep(60)"))
    until(lambda: stage.find("--parent", str(parent.pid)), "it has a child")
    run = stage.swapctl("kill", "--parent", str(parent.pid), "--ladder", "TERM:2s")
    assert (run.code, run.only["outcome"]) == (0, "exited")
    assert parent.heard() == "ready"  # the next child, which is nobody's business


def test_a_group_with_swapctl_in_it_is_not_killed_as_a_whole(stage: Stage, group: tuple[Path, str]):
    directory, path = group
    victim = stage.victim(
        "signal.signal(signal.SIGTERM, lambda *anything: None)\nwhile True:\n    say()\n    time.sleep(60)"
    )
    (directory / "cgroup.procs").write_text(str(victim.pid), encoding="ascii")
    join = f'echo $$ > {directory}/cgroup.procs; exec "$@"'
    run = stage.swapctl("kill", "--cgroup", path, "--ladder", "TERM:0.3s,KILL:2s", wrapper=("sh", "-c", join, "sh"))
    assert (run.code, outcomes(run)) == (0, {victim.pid: "exited"})
    assert run.only["signals"] == ["TERM", "KILL"]


def test_what_a_group_has_in_another_namespace_is_not_killed_with_it(stage: Stage, group: tuple[Path, str]):
    need("unshare")
    directory, path = group
    outer = stage.victim()
    (directory / "cgroup.procs").write_text(str(outer.pid), encoding="ascii")
    inner = str(stage.script("signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsleep()"))
    program = f"""\
echo $$ > {directory}/cgroup.procs
"$1" -S {inner} {stage.mark} > /dev/null & echo 0 > {directory}/../cgroup.procs
shift; sleep 0.5; exec "$@"
"""
    alone = ("unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", program, "sh", sys.executable)
    run = stage.swapctl("kill", "--cgroup", path, "--ladder", "TERM:0.3s,KILL:2s", wrapper=alone)
    assert [one["signals"][-1] for one in run.json["processes"]] == ["KILL"]
    assert outer.running


@pytest.mark.parametrize("line", ["| cat | tee {log}", "2>&1 | grep -v nothing | tee {log}"])
def test_readers_further_down_a_pipeline(stage: Stage, line: str):
    victim = stage.victim()
    log = stage.directory / f"{stage.mark}.log"
    words = " ".join(str(word) for word in stage.command())
    run = stage.run("sh", "-c", f"{words} kill {stage.mark} -v {line.format(log=log)}; echo alive")
    assert run.out.endswith("alive\n")
    assert str(victim.pid) in log.read_text(encoding="utf-8")
    assert not victim.running


def test_stop_leaves_them_stopped(stage: Stage):
    root = stage.victim(MANY, new_session=True)
    run = stage.swapctl("kill", "--pid", str(root.pid), "--tree", "--max", "100", "--signal", "STOP")
    pids = list(outcomes(run))
    assert len(pids) == 61
    until(lambda: {state(pid) for pid in pids} == {"T"}, "all are stopped")


def test_what_is_suspended_goes_on_when_the_run_is_told_to_end(stage: Stage):
    need("strace")
    root = stage.victim(MANY, new_session=True)
    until(lambda: len(stage.find()) == 61, "all are there")
    pids = stage.find()
    slowly = ("strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "inject=pidfd_send_signal:delay_enter=5000")
    words = (*slowly, *stage.command(), "kill", "--pid", str(root.pid), "--tree", "--ladder", "URG:60s")
    process = subprocess.Popen(
        [str(word) for word in words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )
    until(lambda: "T" in {state(pid) for pid in pids}, "one is suspended")
    process.terminate()
    assert process.wait(30) == 130
    assert {state(pid) for pid in pids} == {"S"}


def test_no_to_the_question_leaves_a_stopped_one_stopped(stage: Stage):
    root = stage.victim(MANY, new_session=True)
    pids = stage.find()
    until(lambda: len(stage.find()) == 61, "all are there")
    pids = stage.find()
    os.kill(pids[-1], signal.SIGSTOP)
    until(lambda: state(pids[-1]) == "T", "it is stopped")
    words = [str(word) for word in (*stage.command(), "kill", "--pid", str(root.pid), "--tree")]
    with Terminal(words, {**os.environ, "PYTHONPATH": str(ROOT)}) as terminal:
        terminal.read(r"\[y/N\]")
        assert [state(pid) for pid in pids] == ["S"] * 60 + ["T"]
        terminal.type("n\n")
        assert terminal.end() == 3
    assert [state(pid) for pid in pids] == ["S"] * 60 + ["T"]


def test_a_tree_tells_what_it_leaves_out_and_includes_what_is_asked_for(stage: Stage):
    sshd = stage.directory / "sshd"
    sshd.symlink_to("/bin/sleep")
    root = stage.victim(f"start({str(sshd)!r}, '60')\nsleep()")
    until(lambda: stage.swapctl("find", str(sshd)).pids, "it has a child")
    (child,) = stage.swapctl("find", str(sshd)).pids
    tree = ("kill", "--pid", str(root.pid), "--tree", "--ladder", "TERM:2s")
    planned = stage.swapctl(*tree, "--dry-run")
    assert [(one["pid"], one["reason"]) for one in planned.json["protected"]] == [(child, "sshd")]
    run = stage.swapctl(*tree, "--include", "sshd")
    assert (run.code, set(outcomes(run))) == (0, {root.pid, child})
    assert set(outcomes(run).values()) <= {"exited", "zombie"}


def test_a_dry_run_knows_what_would_be_denied(stage: Stage):
    victim = stage.victim()
    run = stage.swapctl("kill", stage.mark, "--dry-run", nobody=True)
    assert (run.code, run.json["changed"], outcomes(run)) == (4, False, {victim.pid: "denied"})


def test_no_input_is_no_terminal(stage: Stage):
    victim = stage.victim()
    words = " ".join(str(word) for word in stage.command())
    run = stage.run("sh", "-c", f"{words} kill {stage.mark} <&-")
    assert run.code == 0, run.err
    assert not victim.running


def test_a_user_who_may_have_no_more_processes(stage: Stage):
    need("prlimit")
    run = stage.swapctl("find", stage.mark, nobody=True, wrapper=("prlimit", "--nproc=1"))
    assert (run.code, run.pids) == (1, [])


def test_a_pattern_that_takes_for_ever_can_be_interrupted(stage: Stage):
    stage.victim(SLEEP, "a" * 50 + "!")
    command = [str(word) for word in (*stage.command(), "kill", "--regex", f"{stage.mark} (a+)+$")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)})
    time.sleep(1.5)
    assert process.poll() is None
    process.terminate()
    assert process.wait(10) == -signal.SIGTERM


def test_a_rung_ends_as_soon_as_all_that_are_left_ignore_it(stage: Stage):
    stage.victim("signal.signal(signal.SIGTERM, signal.SIG_IGN)\nsleep()")
    stage.victim("signal.signal(signal.SIGTERM, lambda *anything: (time.sleep(0.6), os._exit(0)))\nsleep()")
    run = stage.swapctl("kill", stage.mark, "--ladder", "TERM:30s,KILL:2s")
    assert run.code == 0
    assert run.elapsed < 15


def test_no_descriptors_are_left_open(stage: Stage):
    stage.victim()
    program = f"""\
import json, os
from swapctl import process
from swapctl.errors import Guard
def count(): return len(os.listdir("/proc/self/fd"))
before = count()
for number in range(20):
    process.find(process.Selector({stage.mark!r}))
    process.stop(process.Selector({stage.mark!r}), dry_run=True, tree=True)
    try:
        process.stop(process.Selector({stage.mark!r}), expect=7)
    except Guard:
        pass
print(json.dumps([before, count()]))
"""
    run = stage.run(sys.executable, "-S", "-c", program)
    before, after = json.loads(run.out)
    assert before == after


def test_nobody_is_stopped_who_was_not_shown(stage: Stage):
    shown = stage.victim()
    words = [str(word) for word in (*stage.command(), "kill", stage.mark)]
    with Terminal(words, {**os.environ, "PYTHONPATH": str(ROOT)}) as terminal:
        terminal.read(r"\[y/N\]")
        later = stage.victim()
        terminal.type("y\n")
        assert terminal.end() == 4
        assert "respawned" in terminal.output
    assert not shown.running
    assert later.running


def test_a_tree_that_grows_beyond_what_can_be_held_is_told_with_what_was_done(stage: Stage):
    need("prlimit")
    source = """\
    def grow(*anything):
        for number in range(150):
            if not os.fork():
                signal.pause()


    become(65534)
    signal.signal(signal.SIGTERM, grow)
    say()
    while True:
        time.sleep(60)
    """
    root = stage.victim(source, new_session=True)
    limited = ("prlimit", "--nofile=160:160")
    run = stage.swapctl(
        "kill", "--pid", str(root.pid), "--tree", "--ladder", "TERM:1s,KILL:1s", wrapper=limited, nobody=True
    )
    assert (run.code, run.json["changed"]) == (4, True)
    assert [(one["pid"], one["signals"]) for one in run.json["processes"]] == [(root.pid, ["TERM", "KILL"])]
    assert "ulimit -n" in run.json["trouble"]
    assert not root.running
