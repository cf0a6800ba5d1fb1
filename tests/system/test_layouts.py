"""A whole host in one layout, on the real kernel."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from tests.system.machine import MIB, OTHERS, PAGE, Entry, Machine, need, without_inodes


def layout(machine: Machine, *areas: dict[str, object], **more: object) -> Path:
    """Write a layout; return its file."""
    path = machine.directory / "layout.json"
    path.write_text(json.dumps({"swap": {"areas": areas, **more}}))
    return path


def names(machine: Machine, *words: str) -> list[Path]:
    return [machine.area.with_name(f"{word}-{machine.token}") for word in words]


def test_all_areas_come_about_in_one_run_and_a_second_has_nothing_to_do(machine: Machine):
    one, two = names(machine, "one", "two")
    file = layout(
        machine, {"path": str(one), "size": "16M", "priority": 4}, {"path": str(two), "size": "8M", "nofail": True}
    )
    planned = machine.swapctl("apply", file, "--dry-run").json["actions"]
    assert machine.swapctl("apply", file).json["actions"] == planned
    assert machine.swaps() == {str(one): Entry(16 * MIB - PAGE, 4), str(two): Entry(8 * MIB - PAGE, None)}
    assert machine.listed() == [(str(one), "sw,pri=4"), (str(two), "sw,nofail")]
    before = machine.snapshot()
    assert machine.swapctl("apply", file).names == []
    assert machine.snapshot() == before


def test_what_is_exported_changes_nothing(machine: Machine):
    one, two, three = names(machine, "one", "two", "three")
    machine.make_area(one, active=True, options=("--priority", "7"), label="mine")
    machine.make_area(two)
    machine.make_area(three, active=True)
    machine.list_in_fstab(f"{one} none swap sw,pri=7 0 0", f"{two} swap swap defaults,nofail 0 0")
    exported = machine.swapctl("export").json
    areas = {area["path"]: area for area in exported["swap"]["areas"] if machine.token in area["path"]}
    assert areas == {
        str(one): {"path": str(one), "size": "32M", "priority": 7, "persist": "fstab"},
        str(two): {"path": str(two), "size": "32M", "active": False, "persist": "fstab", "nofail": True},
        str(three): {"path": str(three), "size": "32M", "persist": "none"},
    }
    before = machine.snapshot()
    assert machine.swapctl("apply", layout(machine, *areas.values())).names == []
    assert machine.snapshot() == before


class Watch:
    """Reads /proc/swaps all the time, and keeps the least that the test's areas ever had."""

    def __init__(self, machine: Machine) -> None:
        self._token = machine.token
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.least, self.looks = 1 << 62, 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.is_set():
            lines = [line for line in Path("/proc/swaps").read_text().splitlines() if self._token in line]
            self.least = min(self.least, sum(int(line.split()[2]) * 1024 for line in lines))
            self.looks += 1
            time.sleep(0.001)


def test_an_area_that_moves_leaves_no_moment_with_less_swap(machine: Machine):
    old, new = names(machine, "old", "new")
    machine.swapctl("ensure", old, "--size", "32M")
    file = layout(machine, {"path": str(old), "state": "absent"}, {"path": str(new), "size": "24M"})
    with Watch(machine) as watch:
        machine.swapctl("apply", file)
    assert watch.looks > 10
    assert watch.least == 24 * MIB - PAGE
    assert machine.swaps() == {str(new): Entry(24 * MIB - PAGE, None)}
    assert machine.listed() == [(str(new), "sw")]
    assert not old.exists()


def test_a_file_becomes_the_new_one_where_there_is_no_room_for_both(machine: Machine):
    need("mkfs.ext4")
    point = machine.mount("ext4", 64 * MIB, "-b", "4096")
    (machine.real(point) / "srv").mkdir()
    old, new = point / f"old-{machine.token}", point / "srv" / f"new-{machine.token}"
    machine.swapctl("ensure", old, "--size", "32M")
    done = machine.swapctl(
        "apply", layout(machine, {"path": str(new), "size": "40M"}, {"path": str(old), "state": "absent"})
    )
    assert done.names == ["swapoff", "rename", "resize", "format", "rename", "swapon", "fstab"]
    assert machine.is_whole_area(new, 40 * MIB)
    assert not machine.real(old).exists()
    assert machine.swaps() == {str(new): Entry(40 * MIB - PAGE, None)}
    assert machine.listed() == [(str(new), "sw")]


def test_a_device_takes_the_place_of_a_file(machine: Machine):
    (old,) = names(machine, "old")
    backing = machine.directory / "disk"
    with backing.open("wb") as file:
        file.truncate(16 * MIB)
    device = machine.loop(backing)
    machine.swapctl("ensure", old, "--size", "32M")
    done = machine.swapctl(
        "apply", layout(machine, {"path": str(old), "state": "absent"}, {"path": device, "priority": 9})
    )
    assert done.names == ["format", "swapon", "swapoff", "fstab", "delete"]
    assert machine.swaps() == {device: Entry(16 * MIB - PAGE, 9)}


@pytest.mark.parametrize("program", ["mkswap", "swapon"])
def test_all_of_it_or_nothing(machine: Machine, program: str):
    one, two = names(machine, "one", "two")
    machine.swapctl("ensure", one, "--size", "16M")
    before = machine.snapshot()
    machine.fake(program, 'case "$*" in *two-*) exit 1;; esac; exec "$REAL" "$@"')
    file = layout(machine, {"path": str(one), "size": "24M", "priority": 3}, {"path": str(two), "size": "8M"})
    done = machine.swapctl("apply", file, check=False)
    assert (done.code, done.json["error"]) == (1, "RolledBack")
    assert without_inodes(machine.snapshot()) == without_inodes(before)
    assert machine.fstab.read_text() == f"{OTHERS}{one} none swap sw 0 0\n"
    assert machine.is_whole_area(one, 16 * MIB)


def test_a_unit_of_systemds_takes_over_from_fstab_and_back(machine: Machine):
    """The units are files here: a guest that boots shows what systemd makes of them."""
    (area,) = names(machine, "one")
    need("systemd-analyze", "systemd-escape")
    units = machine.real("/etc/systemd/system")
    name = machine.run("systemd-escape", "--path", "--suffix=swap", area).out.strip()
    file = layout(machine, {"path": str(area), "size": "8M", "priority": 4, "persist": "systemd"})
    machine.swapctl("ensure", area, "--size", "8M", "--priority", "4")
    assert machine.swapctl("apply", file).names[0] == "fstab"
    assert machine.listed() == []
    assert f"What={area}" in (units / name).read_text().splitlines()
    verified = machine.run("systemd-analyze", "verify", "--man=no", f"/etc/systemd/system/{name}", check=False)
    assert verified.code == 0, verified.err
    assert (units / "swap.target.requires" / name).is_symlink()
    assert machine.swapctl("apply", file).names == []
    assert [one["unit"] for one in machine.swapctl("status").json["areas"] if one["path"] == str(area)] == [name]
    machine.swapctl("ensure", area, "--size", "8M", "--priority", "4")
    assert machine.listed() == [(str(area), "sw,pri=4")]
    assert not (units / name).exists()


@pytest.mark.parametrize("fails", [False, True], ids=["as-wanted", "or-as-before"])
def test_on_a_full_disk_one_area_grows_into_what_another_gives_up(machine: Machine, *, fails: bool):
    point = machine.mount("ext4", 96 * MIB, "-b", str(PAGE))  # of smaller blocks the kernel leaves some out
    grows, shrinks = point / f"grows-{machine.token}", point / f"shrinks-{machine.token}"
    machine.swapctl(
        "apply", layout(machine, {"path": str(grows), "size": "16M"}, {"path": str(shrinks), "size": "40M"})
    )
    free = shutil.disk_usage(machine.real(point)).free
    with machine.real(point / "data").open("xb") as data:
        os.posix_fallocate(data.fileno(), 0, free - 10 * MIB)
    before = machine.snapshot()
    file = layout(machine, {"path": str(grows), "size": "40M"}, {"path": str(shrinks), "size": "16M"})
    if fails:
        machine.fake("mkswap", 'case "$*" in *grows*) exit 1;; esac; exec "$REAL" "$@"')
        run = machine.swapctl("apply", file, check=False)
        assert run.json["error"] == "RolledBack"
        assert without_inodes(machine.snapshot()) == without_inodes(before)
        assert set(machine.swaps()) == {str(grows), str(shrinks)}
        return
    assert machine.swapctl("apply", file).names == ["swapoff", "rename", "resize", "format", "rename", "swapon"] * 2
    assert machine.is_whole_area(grows, 40 * MIB)
    assert machine.is_whole_area(shrinks, 16 * MIB)
    assert {path: entry.size for path, entry in machine.swaps().items()} == {
        str(grows): 40 * MIB - PAGE,
        str(shrinks): 16 * MIB - PAGE,
    }
    assert machine.swapctl("apply", file).names == []


@pytest.mark.parametrize("what", ["unit", "directory of units", "directory of links"])
def test_units_that_nobody_can_change_are_refused_beforehand(machine: Machine, what: str):
    (area,) = names(machine, "one")
    units = Path("/etc/systemd/system")
    name = machine.run("systemd-escape", "--path", "--suffix=swap", area).out.strip()
    machine.swapctl("ensure", area, "--size", "8M", "--persist", "systemd")
    fixed = {"unit": units / name, "directory of units": units, "directory of links": units / "swap.target.requires"}[
        what
    ]
    machine.run("chattr", "+i", fixed)
    try:
        run = machine.swapctl("ensure", area, "--size", "8M", check=False)
        assert (run.json["error"], run.json["message"]) == ("Refused", f"{fixed} is immutable or append-only")
        assert run.json["hint"] == f"chattr -i -a {fixed}"
        assert machine.swapctl("ensure", area, "--size", "8M", "--persist", "systemd").names == []
    finally:
        machine.run("chattr", "-i", fixed)
    assert machine.swapctl("ensure", area, "--size", "8M").names[-1] == "rmdir"
    assert not machine.real(units / "swap.target.requires").exists()


def test_a_file_that_cannot_be_changed_is_named_with_the_cause(machine: Machine):
    ours = "/etc/sysctl.d/99-swapctl.conf"
    machine.real(ours).write_text("vm.swappiness = 1\n")
    machine.run("chattr", "+i", ours)
    try:
        file = layout(machine, tuning={})
        run = machine.swapctl("apply", file, check=False)
    finally:
        machine.run("chattr", "-i", ours)
    assert run.json["error"] == "RolledBack"
    assert f"{ours} is immutable or append-only" in run.json["message"]
    assert run.json["hint"] == f"chattr -i -a {ours}"
