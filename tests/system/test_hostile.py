"""What a careless or hostile hand leaves around an area: nothing that is not provably ours is lost by it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from tests.system.machine import MIB, SWAPCTL

if TYPE_CHECKING:
    from pathlib import Path

    from tests.system.machine import Machine

UUID = "0c4c8e2a-6f0e-4b53-9d0c-2b8f9a1f5d11"


def _refused(machine: Machine, *arguments: str | Path) -> str:
    """Return why swapctl refuses, having seen that it changes nothing, and that the dry run says the same."""
    before = machine.snapshot()
    run = machine.swapctl(*arguments, check=False)
    assert run.code == 1
    assert run.json["error"] == "Refused"
    assert machine.snapshot() == before
    assert machine.swapctl(*arguments, "--dry-run", check=False).err == run.err
    message: str = run.json["message"]
    return message


@pytest.mark.parametrize("kind", ["new", "old"])
def test_data_under_a_temporary_name_is_spared(machine: Machine, kind: str):
    other = machine.area.parent / f".{machine.area.name}.swapctl-{kind}"
    machine.real(other).write_bytes(b"precious" * 10_000)
    assert (
        _refused(machine, "ensure", machine.area, "--size", "8M")
        == f"{other} is in the way and not from an earlier run"
    )


def test_data_before_a_header_is_spared(machine: Machine):
    machine.make_area(size=8 * MIB)
    with machine.real(machine.area).open("r+b") as file:
        file.write(b"precious")
    for verb, *options in (["ensure", "--size", "16M"], ["remove"]):
        assert _refused(machine, verb, machine.area, *options) == f"{machine.area} holds data before its swap header"


def test_a_device_keeps_its_lines_when_a_file_bears_its_names(machine: Machine):
    backing = machine.directory / "disk"
    machine.make_area(backing, size=8 * MIB)
    device = machine.loop(backing)
    machine.mkswap(device, uuid=UUID, label="twice")
    lines = ["LABEL=twice none swap sw 0 0", f"UUID={UUID} none swap sw,pri=3 0 0"]
    machine.list_in_fstab(*lines)
    before = machine.fstab.read_text()
    words = ("ensure", machine.area, "--size", "8M", "--label", "twice", "--uuid", UUID)
    machine.swapctl(*words)
    assert machine.fstab.read_text() == f"{before}{machine.area} none swap sw 0 0\n"
    assert not machine.swapctl(*words).json["changed"]
    machine.swapctl("remove", machine.area)
    assert machine.fstab.read_text() == before


@pytest.mark.parametrize("words", [["remove"], ["ensure", "--size", "16M"], ["ensure"]], ids=" ".join)
def test_the_file_behind_a_loop_device_is_spared(machine: Machine, words: list[str]):
    device = machine.loop(machine.make_area(size=8 * MIB))
    assert _refused(machine, words[0], machine.area, *words[1:]) == f"{machine.area} is in use as {device}"


@pytest.mark.parametrize("words", [["remove"], ["ensure", "--size", "16M"]], ids=" ".join)
def test_a_file_with_another_name_is_neither_replaced_nor_deleted(machine: Machine, words: list[str]):
    machine.make_area(size=8 * MIB)
    os.link(machine.area, machine.area.with_name("another"))
    message = _refused(machine, words[0], machine.area, *words[1:])
    assert message == f"{machine.area} has 1 more names (hard links)"


def test_a_file_with_another_name_is_turned_on_and_off(machine: Machine):
    machine.make_area(size=8 * MIB)
    os.link(machine.area, machine.area.with_name("another"))
    assert machine.swapctl("ensure", machine.area, "--priority", "4").names == ["swapon", "fstab"]
    assert machine.swapctl("off", machine.area).names == ["swapoff"]


@pytest.mark.parametrize("words", [["remove"], ["ensure", "--size", "16M"]], ids=" ".join)
def test_a_mount_point_is_neither_replaced_nor_deleted(machine: Machine, words: list[str]):
    machine.make_area(size=8 * MIB)
    machine.run("mount", "--bind", machine.area, machine.area)
    assert _refused(machine, words[0], machine.area, *words[1:]) == f"{machine.area} is a mount point"


def test_a_device_that_was_turned_on_in_another_namespace_is_known(machine: Machine):
    backing = machine.directory / "disk"
    machine.make_area(backing, size=8 * MIB)
    device = machine.loop(backing)
    machine.mkswap(device)
    # A /dev of its own, as a container has it: the kernel's name for the area is gone with it.
    script = f'mkdir -p "$1" && mount -t tmpfs none "$1" && cp -a {device} "$1" && swapon -p 5 "$1/${{2##*/}}"'
    where = machine.directory / "dev"
    machine.run("unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", where, device)
    try:
        assert not machine.swapctl("ensure", device, "--priority", "5", "--persist", "none").json["changed"]
        assert machine.swapctl("off", device).names == ["swapoff"]
        assert machine.swapctl("off", device).names == []
    finally:
        machine.run("swapoff", device, check=False)


@pytest.mark.parametrize("kind", ["symlink", "directory", "fifo"])
def test_what_is_in_the_way_of_a_new_fstab_is_found_beforehand(machine: Machine, kind: str):
    way = machine.fstab.with_name(".fstab.swapctl-new")
    make = {"symlink": lambda: way.symlink_to("/nowhere"), "directory": way.mkdir, "fifo": lambda: os.mkfifo(way)}
    make[kind]()
    message = _refused(machine, "ensure", machine.area, "--size", "8M")
    assert "/etc/.fstab.swapctl-new is in the way" in message


def test_an_fstab_that_is_a_fifo_keeps_nobody_waiting(machine: Machine):
    machine.fstab.unlink()
    os.mkfifo(machine.fstab)
    run = machine.run("timeout", "20", *SWAPCTL, "ensure", machine.area, "--size", "8M", check=False)
    assert (run.code, run.err) == (
        1,
        "swapctl: /etc/fstab is not a regular file; hint: move away what is there\n",
    )
    assert stat.S_ISFIFO(machine.fstab.stat().st_mode)
