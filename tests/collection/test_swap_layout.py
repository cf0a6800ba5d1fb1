"""The module ``swapctl.linux.swap_layout``, through Ansible."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.kernel import kept
from tests.system.machine import MIB, OTHERS, PAGE, Entry


def layout(**options: object) -> dict[str, object]:
    """Return a task with the module."""
    return {"swapctl.linux.swap_layout": options}


@pytest.fixture
def areas(machine):
    one, two = (machine.area.with_name(f"{name}-{machine.token}") for name in ("one", "two"))
    return [
        {"path": str(one), "size": "16M", "priority": 3},
        {"path": str(two), "size": "8M", "nofail": True, "persist": "systemd"},
    ]


def test_a_task_brings_all_areas_about_as_check_mode_said(machine, controller, areas):
    task = layout(areas=areas)
    before = machine.snapshot()
    (planned,) = controller.tasks(task, flags=("--check",)).results
    assert machine.snapshot() == before
    done, again = controller.tasks(task, task).results
    assert (done["changed"], done["actions"]) == (True, planned["actions"])
    assert (again["changed"], again["actions"], again["before"]) == (False, [], done["after"])
    one, two = (area["path"] for area in areas)
    assert machine.swaps() == {one: Entry(16 * MIB - PAGE, 3), two: Entry(8 * MIB - PAGE, None)}
    assert machine.fstab.read_text() == f"{OTHERS}{one} none swap sw,pri=3 0 0\n"
    assert [area["unit"] is None for area in done["after"]["areas"]] == [True, False]


def test_diff_mode_shows_every_file_that_changes(controller, areas):
    played = controller.tasks(layout(areas=areas), flags=("--check", "--diff"))
    one, two = (area["path"] for area in areas)
    shown = [line.split("after: ")[1] for line in played.text.splitlines() if line.startswith("+++ after: ")]
    assert shown[:3] == [one, two, "/etc/fstab"]
    assert shown[3].startswith("/etc/systemd/system/")
    assert f"+What={two}" in played.text


def test_an_area_that_moves_takes_one_task(machine, controller, areas):
    one, two = areas
    del two["persist"]
    (_made, moved) = controller.tasks(layout(areas=[one]), layout(areas=[{**one, "state": "absent"}, two])).results
    names = [action["name"] for action in moved["actions"]]
    assert names.index("swapon") < names.index("swapoff")
    assert list(machine.swaps()) == [two["path"]]


def test_one_area_that_cannot_be_had_leaves_the_others_as_they_were(machine, controller, areas):
    before = machine.snapshot()
    played = controller.tasks(layout(areas=[*areas, {"path": "/etc"}]))
    assert played.results[0]["msg"].startswith("/etc is a directory, not a swap file or block device")
    assert machine.snapshot() == before


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        pytest.param({"areas": [{"size": "1G"}]}, "swap.areas[0] has neither path nor zram", id="no-name"),
        pytest.param({"areas": [{"path": "x"}]}, "swap.areas[0]: path 'x' is not absolute", id="not-absolute"),
        pytest.param({"areas": [{"path": "/x", "sise": 1}]}, "Supported parameters include", id="unknown-key"),
        pytest.param({"tuning": {"swappiness": 201}}, "swap.tuning: swappiness 201 is outside 0..200", id="range"),
        pytest.param({"zswap": {"compressor": "lzo"}}, "enabled", id="missing"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_done(machine, controller, options, complaint):
    before = machine.snapshot()
    played = controller.tasks(layout(**options))
    assert played.code != 0
    assert complaint in played.results[0]["msg"]
    assert machine.snapshot() == before


def test_tuning_is_set_now_and_at_boot_and_what_says_otherwise_is_named(machine, controller):
    with kept(Path("/proc/sys/vm"), ("swappiness",)) as values:
        wanted = 41 if values["swappiness"] != "41" else 42
        other = machine.real("/etc/sysctl.d/99-zz.conf")
        other.write_text("vm.swappiness = 7\n")
        task = layout(tuning={"swappiness": wanted})
        first, second = (controller.tasks(task) for _run in range(2))
        assert [run.results[0]["changed"] for run in (first, second)] == [True, False]
        assert Path("/proc/sys/vm/swappiness").read_text().strip() == str(wanted)
        assert f"vm.swappiness = {wanted}" in machine.real("/etc/sysctl.d/99-swapctl.conf").read_text()
        assert "99-zz.conf" in first.text
