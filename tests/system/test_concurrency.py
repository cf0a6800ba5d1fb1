"""Two runs at once do not interleave: one waits, looks again, and finds what the other one did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.system.machine import MIB, OTHERS, PAGE, Entry, Machine, Run

if TYPE_CHECKING:
    import subprocess

_WANTED = ("--size", "16M", "--priority", "5")


@pytest.fixture(autouse=True)
def _slow(machine: Machine):
    """Have each run take so long that the others come while it is at work."""
    machine.fake("mkswap", 'sleep 0.5; exec "$REAL" "$@"')
    machine.fake("swapon", 'sleep 0.2; exec "$REAL" "$@"')


def test_the_same_wish_at_once(machine: Machine):
    runs = [_result(process) for process in [machine.start("ensure", machine.area, *_WANTED) for _run in range(3)]]
    assert [run["changed"] for run in runs].count(True) == 1
    assert all(run["after"] == runs[0]["after"] for run in runs)
    assert machine.active(machine.area) == Entry(16 * MIB - PAGE, 5)
    assert machine.listed() == [(str(machine.area), "sw,pri=5")]
    assert [path.name for path in machine.area.parent.iterdir()] == [machine.area.name]


def test_different_areas_at_once(machine: Machine):
    areas = [machine.area.with_name(f"{machine.area.name}-{number}") for number in range(3)]
    runs = [_result(process) for process in [machine.start("ensure", area, *_WANTED) for area in areas]]
    assert all(run["changed"] for run in runs)
    assert sorted(machine.listed()) == [(str(area), "sw,pri=5") for area in areas]
    assert machine.fstab.read_text().startswith(OTHERS)
    assert sorted(machine.swaps()) == [str(area) for area in areas]


def test_opposite_wishes_at_once(machine: Machine):
    """Whoever comes last gets its way, whole."""
    wishes = [("ensure", machine.area, *_WANTED), ("remove", machine.area), ("ensure", machine.area, "--size", "8M")]
    for process in [machine.start(*wish) for wish in wishes * 2]:
        _result(process)
    machine.unfake()
    if machine.area.exists():
        size = machine.area.stat().st_size
        assert machine.is_whole_area(machine.area, size)
        assert machine.active(machine.area)
        assert [path for path, _options in machine.listed()] == [str(machine.area)]
    else:
        assert machine.swaps() == {}
        assert machine.fstab.read_text() == OTHERS
    assert {path.name for path in machine.area.parent.iterdir()} <= {machine.area.name}


def _result(process: subprocess.Popen[str]) -> dict[str, object]:
    out, complaint = process.communicate(timeout=60)
    run = Run(process.returncode, out, complaint)
    assert run.code == 0, run.err
    result = run.json
    assert isinstance(result, dict)
    return result
