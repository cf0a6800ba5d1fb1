"""The role ``swapctl.linux.swap`` and the playbooks, by their full names."""

from __future__ import annotations

import json

import pytest

from tests.system.machine import MIB, OTHERS


def role(machine, tasks_from="main", **variables):
    """Write a playbook that applies the role; return its path."""
    playbook = machine.directory / "role.yml"
    use = {"name": "swapctl.linux.swap", "tasks_from": tasks_from}
    task = {"ansible.builtin.import_role": use, "vars": variables}
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]), encoding="utf-8")
    return playbook


def active(machine):
    """Return size and priority of each area as the kernel shows them."""
    return {path: (entry.size, entry.priority) for path, entry in machine.swaps().items()}


def changed(played):
    """Return whether anything was changed. The first task is Ansible's check of the variables."""
    assert played.code == 0, played.text
    (task,) = played.tasks[1:]
    return task.result["changed"]


@pytest.fixture
def areas(machine):
    one, two = (machine.area.with_name(f"{name}-{machine.token}") for name in ("one", "two"))
    return [
        {"path": str(one), "size": "32M", "priority": 3},
        {"path": str(two), "size": "40M", "nofail": True, "options": ["x-one=1"]},
    ]


def test_brings_a_list_of_areas_about_once(machine, controller, areas):
    playbook = role(machine, swap_areas=areas)
    assert changed(controller.play(playbook))
    one, two = (area["path"] for area in areas)
    assert active(machine) == {one: (32 * MIB - 4096, 3), two: (40 * MIB - 4096, None)}
    assert machine.fstab.read_text() == (
        f"{OTHERS}{one} none swap sw,pri=3 0 0\n{two} none swap sw,nofail,x-one=1 0 0\n"
    )
    assert not changed(controller.play(playbook))


def test_takes_one_area_as_plain_variables(machine, controller):
    playbook = role(machine, swap_path=str(machine.area), swap_size="32M", swap_priority=5, swap_backup=True)
    played = controller.play(playbook)
    assert changed(played)
    assert active(machine) == {str(machine.area): (32 * MIB - 4096, 5)}
    assert machine.real(played.results[1]["backup_file"]).read_text() == OTHERS


def test_plain_variables_hold_where_an_area_says_nothing(machine, controller, areas):
    for area in areas:
        del area["size"]
    assert changed(controller.play(role(machine, swap_areas=areas, swap_size="48M", swap_priority=9)))
    one, two = (area["path"] for area in areas)
    assert active(machine) == {one: (48 * MIB - 4096, 3), two: (48 * MIB - 4096, 9)}


def test_does_nothing_without_areas(machine, controller):
    before = machine.snapshot()
    assert not changed(controller.play(role(machine)))
    assert machine.snapshot() == before


def test_check_mode_changes_nothing(machine, controller, areas):
    before = machine.snapshot()
    assert changed(controller.play(role(machine, swap_areas=areas), "--check"))
    assert machine.snapshot() == before


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        pytest.param({"swap_areas": [{"path": "/x", "sise": "1G"}]}, "sise", id="unknown-key"),
        pytest.param({"swap_areas": {"path": "/x"}}, "swap_areas", id="no-list"),
        pytest.param({"swap_path": "/x", "swap_persist": "boot"}, "swap_persist", id="choice"),
        pytest.param({"swap_path": "/x", "swap_priority": "high"}, "swap_priority", id="no-number"),
    ],
)
def test_wrong_variables_are_named_before_anything_is_done(machine, controller, variables, name):
    (task,) = controller.play(role(machine, **variables)).tasks
    assert task.status == "fatal"
    assert name in task.result["msg"]


def test_the_playbooks_bring_areas_and_take_them_away(machine, controller, areas):
    before = machine.snapshot()
    assert changed(controller.play("swapctl.linux.swap", swap_areas=areas))
    assert set(active(machine)) == {area["path"] for area in areas}
    assert changed(controller.play("swapctl.linux.swap_off", swap_areas=areas))
    assert machine.snapshot() == before
    assert not changed(controller.play("swapctl.linux.swap_off", swap_areas=areas))


def test_off_is_off_whatever_else_is_said(machine, controller):
    machine.swapctl("ensure", machine.area, "--size", "32M")
    area = {"path": str(machine.area), "state": "present", "persist": "keep", "size": "nonsense"}
    assert changed(controller.play("swapctl.linux.swap_off", swap_areas=[area], swap_state="present"))
    assert active(machine) == {}
    assert not machine.area.exists()
    assert machine.fstab.read_text() == OTHERS


def test_the_playbooks_reach_only_the_hosts_named(machine, controller):
    played = controller.play("swapctl.linux.swap", swap_path=str(machine.area), swap_size="32M", swap_hosts="web")
    assert "Could not match supplied host pattern, ignoring: web" in played.text
    assert active(machine) == {}
