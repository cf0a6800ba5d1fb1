"""The module ``swapctl.linux.swap_info``, through Ansible."""

from __future__ import annotations

import json

from tests.collection.controller import swap
from tests.system.machine import MIB, OTHERS

INFO: dict[str, object] = {"swapctl.linux.swap_info": {}}


def test_shows_what_swap_made_and_what_fstab_lists(machine, controller):
    machine.fstab.write_bytes(OTHERS.encode() + b"/not/th\xe9re none swap sw,noauto 0 0\n")
    made, info = controller.tasks(swap(path=str(machine.area), size="32M", priority=7), INFO).results
    assert set(info) == {"changed", "areas", "memory", "pressure", "hibernation"}
    assert info["changed"] is False
    assert [area for area in info["areas"] if machine.token in area["path"]] == [{**made["after"], "reachable": True}]
    (absent,) = (area for area in info["areas"] if area["path"].startswith("/not/"))
    assert absent == {
        "path": "/not/th\\xe9re", "type": None, "size": None, "usable": None, "used": 0, "priority": None,
        "active": False, "persistent": False, "label": None, "uuid": None, "options": ["sw", "noauto"],
        "unit": None, "zram": None, "reachable": True,
    }  # fmt: skip


def test_tells_memory_and_pressure_in_numbers(machine, controller):
    (info,) = controller.tasks(INFO, flags=("--check",)).results
    assert set(info["memory"]) == {"total", "available", "swap_total", "swap_free"}
    assert 0 < info["memory"]["available"] < info["memory"]["total"]
    if machine.real("/proc/pressure/memory").exists():
        averages = {"avg10", "avg60", "avg300", "total"}
        assert {name: set(values) for name, values in info["pressure"].items()} == {"some": averages, "full": averages}
    else:
        assert info["pressure"] is None


def test_tells_what_is_wrong_when_asked(machine, controller):
    machine.fstab.write_text(f"{OTHERS}{machine.area} none swap sw # ours\n", encoding="utf-8")
    machine.make_area(size=2 << 20)
    info = {"swapctl.linux.swap_info": {"checks": True}}
    (found,) = controller.tasks(info, flags=("--check",)).results
    ours = [one for one in found["findings"] if one["subject"] == str(machine.area)]
    assert [(one["id"], one["severity"], one["fixable"]) for one in ours] == [("fstab-unreadable", "error", True)]
    assert found["changed"] is False
    assert isinstance(found["unchecked"], list)


def test_a_play_is_warned_that_the_host_would_not_wake_up(machine, controller):
    point = machine.mount("ext4", 100 * MIB)
    area = point / f"swap-{machine.token}"
    machine.swapctl("ensure", area, "--size", "8M")
    line = machine.directory / "cmdline"
    line.write_text(f"resume={machine.run('findmnt', '-no', 'SOURCE', '--target', area).out.strip()} resume_offset=1\n")
    machine.run("mount", "--bind", line, "/proc/cmdline")
    offset = json.loads(machine.swapctl("status").out)["hibernation"]["expected_offset"]
    line.write_text(line.read_text().replace("offset=1", f"offset={offset}"))
    done = controller.tasks(swap(path=str(area), size="16M"), flags=("--check",))
    said = "".join(done.text.split())  # Ansible cuts it into lines
    assert f"[WARNING]:thehostwakesupfrom{area}afterhibernation,atoffset{offset}," in said
