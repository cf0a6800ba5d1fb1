"""What ``swapctl status`` says, beside what the kernel, free(1) and blkid(8) say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.system.machine import MIB, PAGE, SWAPCTL

if TYPE_CHECKING:
    from tests.system.machine import Machine

_UUID = "3f2c1e0d-5b6a-4978-8899-aabbccddeeff"


def _areas(machine: Machine) -> dict[str, dict[str, Any]]:
    return {area["path"]: area for area in machine.swapctl("status").json["areas"]}


def test_an_area_in_use(machine: Machine):
    machine.make_area(size=8 * MIB, active=True, options=("--priority", "3"), label="mine", uuid=_UUID)
    machine.list_in_fstab(f"{machine.area} none swap sw,pri=3,nofail 0 0")
    assert _areas(machine)[str(machine.area)] == {
        "path": str(machine.area),
        "type": "file",
        "size": 8 * MIB,
        "usable": 8 * MIB - PAGE,
        "priority": 3,
        "active": True,
        "persistent": True,
        "label": "mine",
        "uuid": _UUID,
        "options": ["sw", "pri=3", "nofail"],
        "unit": None,
        "zram": None,
        "reachable": True,
    }


def test_an_area_that_is_only_listed(machine: Machine):
    machine.make_area(size=8 * MIB)
    missing = machine.area.with_name("missing")
    machine.list_in_fstab(f"{machine.area} none swap noauto 0 0", f"{missing} none swap sw 0 0")
    areas = _areas(machine)
    mine = areas[str(machine.area)]
    assert (mine["active"], mine["persistent"], mine["size"], mine["priority"]) == (False, False, 8 * MIB, None)
    gone = areas[str(missing)]
    assert (gone["active"], gone["persistent"], gone["size"], gone["type"]) == (False, True, None, None)


def test_one_area_is_shown_once(machine: Machine):
    """However many names it has."""
    machine.make_area(size=8 * MIB, active=True, uuid=_UUID)
    link = machine.directory / "link"
    link.symlink_to("areas")
    lines = (str(machine.area), f"{link}/{machine.area.name}")
    machine.list_in_fstab(*(f"{spec} none swap sw 0 0" for spec in lines))
    assert [path for path in _areas(machine) if machine.token in path] == [str(machine.area)]


def test_a_user_is_told_of_what_lies_where_the_user_may_not_look(machine: Machine):
    machine.make_area(size=8 * MIB, active=True, options=("--priority", "3"))
    other = machine.area.with_name("other")
    machine.list_in_fstab(*(f"{path} none swap sw,pri=3 0 0" for path in (machine.area, other)))
    machine.area.parent.chmod(0o700)
    told = json.loads(machine.swapctl("status", nobody=True).out)["areas"]
    areas = {area["path"]: area for area in told}
    mine = areas[str(machine.area)]
    assert (mine["active"], mine["persistent"], mine["size"], mine["priority"]) == (True, True, 8 * MIB, 3)
    assert mine["reachable"]
    assert (areas[str(other)]["active"], areas[str(other)]["persistent"]) == (False, True)
    doctor = machine.swapctl("doctor", check=False, nobody=True).json
    assert f"{machine.area}: Permission denied" in doctor["unchecked"]
    assert not [one for one in doctor["findings"] if one["subject"] in areas and machine.token in one["subject"]]
    refused = machine.swapctl("off", machine.area, check=False, nobody=True)
    assert refused.code == 1
    assert f"{machine.area}: Permission denied; hint: run as root" in " ".join(refused.err.split())


def test_the_memory_is_that_of_free(machine: Machine):
    machine.make_area(size=8 * MIB, active=True)
    memory = machine.swapctl("status").json["memory"]
    rows = [line.split() for line in machine.run("free", "--bytes").out.splitlines()]
    total, swap = (next(int(row[1]) for row in rows if row[0] == name) for name in ("Mem:", "Swap:"))
    assert memory["total"] == total
    assert abs(memory["swap_total"] - swap) <= 64 * MIB  # another test may have come or gone
    assert 0 < memory["available"] < total


def test_the_pressure_is_that_of_the_kernel(machine: Machine):
    file = Path("/proc/pressure/memory")
    pressure = machine.swapctl("status").json["pressure"]
    if not file.exists():
        assert pressure is None
        return
    assert sorted(pressure) == sorted(line.split()[0] for line in file.read_text().splitlines())
    assert sorted(pressure["some"]) == ["avg10", "avg300", "avg60", "total"]


def test_people_get_a_table(machine: Machine):
    machine.make_area(size=8 * MIB, active=True, label="mine")
    run = machine.run(*SWAPCTL, "status")
    head = run.out.splitlines()[0].split()
    row = next(line for line in run.out.splitlines() if line.startswith(f"{machine.area} "))
    assert head[:3] == ["PATH", "TYPE", "SIZE"]
    assert {"file", "mine", "yes", "no"} <= set(row.split())
    assert run.err == ""
