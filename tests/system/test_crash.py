"""Whatever instant it is killed at, a second run converges, and what has the final name was always a whole area.

SIGINT and SIGTERM instead are taken back, and said.
"""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.system import scenarios
from tests.system.injection import changing_calls, inject, watched_calls
from tests.system.machine import OTHERS, without_inodes
from tests.system.scenarios import Fresh, Larger, LargerWithoutRoom, Removed, Scenario

if TYPE_CHECKING:
    from pathlib import Path

    from tests.system.machine import Machine


@pytest.mark.parametrize("kind", scenarios.ALL)
def test_killed_at_any_change(machine: Machine, kind: type[Scenario]):
    scenario = kind(machine)
    scenario.arrange()
    calls = [call for call in changing_calls(machine, *scenario.words) if scenario.tries.match(call.text)]
    assert scenario.is_done()
    assert calls
    for call in calls:
        scenario.arrange()
        assert inject(machine, call, "signal=KILL", *scenario.words).code in {-signal.SIGKILL, 128 + signal.SIGKILL}
        assert scenario.has_whole_area(), call
        assert machine.fstab.read_text().startswith(OTHERS), call
        machine.swapctl(*scenario.words)
        assert scenario.is_done(), call


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("program", ["mkswap", "swapon", "swapoff"])
def test_killed_beside_a_program(machine: Machine, program: str, when: str):
    scenario = Larger(machine)
    scenario.arrange()
    kill, real = 'kill -9 "$PPID"', '"$REAL" "$@"'
    machine.fake(program, f"{kill}; sleep 0.1; exec false" if when == "before" else f"{real}; {kill}")
    killed = machine.swapctl(*scenario.words, check=False)
    assert killed.code in {-signal.SIGKILL, 128 + signal.SIGKILL}
    assert scenario.has_whole_area()
    machine.unfake()
    machine.swapctl(*scenario.words)
    assert scenario.is_done()


@pytest.mark.parametrize("program", ["mkswap", "swapon", "swapoff"])
def test_killed_while_a_program_goes_on(machine: Machine, program: str):
    """The next run comes while the program that the killed one started is still at work."""
    scenario = Larger(machine)
    scenario.arrange()
    began = machine.directory / "began"
    machine.fake(program, f'touch "{began}"; sleep 1; exec "$REAL" "$@"')
    process = machine.start(*scenario.words)
    _wait_for(began)
    process.kill()
    process.communicate()
    machine.unfake()
    machine.swapctl(*scenario.words)
    time.sleep(1.2)
    assert scenario.is_done()
    assert not machine.swapctl(*scenario.words).json["changed"]


@pytest.mark.parametrize(("kind", "name"), [(Fresh, "INT"), (LargerWithoutRoom, "TERM"), (Removed, "INT")])
def test_interrupted_at_any_change(machine: Machine, kind: type[Scenario], name: str):
    scenario = kind(machine)
    scenario.arrange()
    code = 128 + signal.Signals[f"SIG{name}"]
    for call in changing_calls(machine, *scenario.words):
        scenario.arrange()
        before = machine.snapshot()
        run = inject(machine, call, f"signal={name}", *scenario.words)
        if run.code == 0 or "not tidied up" in run.err:  # it came too late to stop anything
            machine.swapctl(*scenario.words)
            assert scenario.is_done(), call
            continue
        assert run.code == code, (call, run.err)
        assert f"interrupted by SIG{name}" in run.err, call
        assert "the machine is as it was" in run.err
        assert without_inodes(machine.snapshot()) == without_inodes(before), call


@pytest.mark.parametrize("name", ["INT", "TERM"])
def test_interrupted_when_all_is_done(machine: Machine, name: str):
    """The last look at the machine comes after the last change: that run is not taken back, and does not say so."""
    scenario = Fresh(machine)
    scenario.arrange()
    last = [call for call in watched_calls(machine, *scenario.words) if call.name == "openat"][-1]
    assert "O_CREAT" not in last.text
    scenario.arrange()
    run = inject(machine, last, f"signal={name}", *scenario.words)
    assert run.code == 0
    assert run.json["changed"]
    assert scenario.is_done()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("program", ["mkswap", "swapon", "swapoff"])
def test_interrupted_while_a_program_runs(machine: Machine, program: str, number: signal.Signals):
    scenario = Larger(machine)
    scenario.arrange()
    before = machine.snapshot()
    began = machine.directory / "began"
    machine.fake(program, f'[ -e "{began}" ] && exec "$REAL" "$@"; touch "{began}"; exec sleep 30')
    process = machine.start(*scenario.words)
    _wait_for(began)
    start = time.monotonic()
    process.send_signal(number)
    _out, complaint = process.communicate(timeout=20)
    assert time.monotonic() - start < 10, "the program was waited for"
    assert process.returncode == 128 + number
    assert f"interrupted by {number.name}" in complaint
    assert "the machine is as it was" in complaint
    assert machine.snapshot() == before


def test_a_hangup_that_nohup_has_ignored_stays_so(machine: Machine):
    scenario = Larger(machine)
    scenario.arrange()
    began = machine.directory / "began"
    machine.fake("swapon", f'touch "{began}"; sleep 0.5; exec "$REAL" "$@"')
    process = machine.start(*scenario.words, wrapper=("env", "--ignore-signal=HUP"))
    _wait_for(began)
    process.send_signal(signal.SIGHUP)
    _out, complaint = process.communicate(timeout=20)
    assert process.returncode == 0, complaint
    assert scenario.is_done()


def test_ctrl_c_while_it_waits_for_the_lock(machine: Machine):
    scenario = Fresh(machine)
    with machine.locked():
        process = machine.start(*scenario.words)
        time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        _out, complaint = process.communicate(timeout=5)
    assert process.returncode == 130
    assert "nothing was changed" in complaint
    assert not machine.area.exists()


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + 10
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.01)
