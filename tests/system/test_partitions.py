"""The type of a partition is set in the table of its disk, on the running kernel, and set back when the run fails."""

from __future__ import annotations

import contextlib
import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.system.machine import MIB, Machine, need

if TYPE_CHECKING:
    from collections.abc import Iterator

SWAP = {"dos": "82", "gpt": "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F"}
LINUX = {"dos": "83", "gpt": "0FC63DAF-8483-4772-8E79-3D69D8477DE4"}


def layout(table: str, *, logical: bool) -> str:
    """Return what sfdisk makes two partitions of type Linux of, the second perhaps a logical one."""
    lines = [f"label: {table}", f"size=8MiB, type={LINUX[table]}"]
    lines += (
        ["type=5", "size=4MiB, type=83", "size=24MiB, type=83"] if logical else [f"size=24MiB, type={LINUX[table]}"]
    )
    return "\n".join(lines)


@contextlib.contextmanager
def disk(machine: Machine, script: str) -> Iterator[str]:
    """Give a disk with partitions, which the kernel knows."""
    need("sfdisk", "partx")
    image = machine.area.with_suffix(".img")
    with machine.real(image).open("xb") as file:
        file.truncate(48 * MIB)
    subprocess.run(["sfdisk", "--quiet", machine.real(image)], input=script, text=True, check=True)
    device = machine.loop(image)
    machine.run("partx", "--add", device)
    try:
        yield device
    finally:
        for number in ("2", "6"):
            machine.run("swapoff", f"{device}p{number}", check=False)
        machine.run("partx", "--delete", device, check=False)


def kind(machine: Machine, device: str, number: int) -> str:
    return machine.run("sfdisk", "--part-type", device, str(number)).out.strip()


def priorities(machine: Machine) -> dict[str, str]:
    """Return the active areas and their priorities."""
    rows = machine.run("swapon", "--noheadings", "--raw", "--show=NAME,PRIO").out.splitlines()
    return dict(row.split() for row in rows)


def table(machine: Machine, device: str) -> str:
    return machine.run("sfdisk", "--dump", device).out


@pytest.mark.parametrize(
    ("label", "number"),
    [
        pytest.param("dos", 2, id="DOS"),
        pytest.param("dos", 6, id="DOS-logical"),
        pytest.param("gpt", 2, id="GPT"),
    ],
)
def test_a_partition_gets_the_type_and_nothing_else_of_the_table_changes(machine: Machine, label: str, number: int):
    with disk(machine, layout(label, logical=number > 4)) as device:
        path = f"{device}p{number}"
        before = table(machine, device)
        wanted = ("ensure", path, "--set-type", "--persist", "none", "--priority", "7")

        planned = machine.swapctl(*wanted, "--dry-run")
        assert planned.names == ["format", "swapon", "set-type"]
        assert table(machine, device) == before
        done = machine.swapctl(*wanted)
        assert done.json["actions"] == planned.json["actions"]

        assert kind(machine, device, number).upper() == SWAP[label]
        changed = [
            (old, new) for old, new in zip(before.splitlines(), table(machine, device).splitlines()) if old != new
        ]
        assert changed == [(old, old.replace(f"type={LINUX[label]}", f"type={SWAP[label]}")) for old, _new in changed]
        assert len(changed) == 1
        assert priorities(machine)[path] == "7"
        assert machine.run("sfdisk", "--verify", device).out.count("No errors detected")

        again = machine.swapctl(*wanted, wrapper=machine.without("sfdisk"))
        assert not again.json["changed"]
        assert machine.swapctl("remove", path).names == ["swapoff"]
        assert kind(machine, device, number).upper() == SWAP[label]


@pytest.mark.parametrize("label", ["dos", "gpt"])
def test_the_type_is_set_back_when_the_run_fails(machine: Machine, label: str):
    with disk(machine, layout(label, logical=False)) as device:
        before = table(machine, device)
        # fstab comes behind the type: a directory is in the way of its new text.
        machine.fake("sfdisk", '"$REAL" "$@" && mkdir -p /etc/.fstab.swapctl-new')
        run = machine.swapctl("ensure", f"{device}p2", "--set-type", check=False)
        machine.run("rmdir", "/etc/.fstab.swapctl-new")
        assert (run.code, run.json["error"]) == (1, "RolledBack")
        assert table(machine, device) == before
        assert f"{device}p2" not in priorities(machine)


def test_a_whole_disk_has_no_type(machine: Machine):
    image = machine.area.with_suffix(".img")
    with machine.real(image).open("xb") as file:
        file.truncate(8 * MIB)
    device = machine.loop(image)
    run = machine.swapctl("ensure", device, "--set-type", check=False)
    assert run.json["message"].startswith(f"the type of {device} cannot be set: it is a whole disk")
    assert run.json["hint"] == "leave --set-type out"
    assert not machine.active(device)


def test_a_table_that_changed_behind_the_kernel_is_not_touched(machine: Machine):
    with disk(machine, layout("dos", logical=False)) as device:
        script = "label: dos\nsize=4MiB, type=83\nsize=24MiB, type=83\n"
        subprocess.run(
            ["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", device], input=script, text=True, check=True
        )
        before = table(machine, device)
        run = machine.swapctl("ensure", f"{device}p2", "--set-type", "--persist", "none", check=False)
        assert "something else than what the kernel goes by" in run.json["message"]
        assert table(machine, device) == before


def test_a_disk_and_its_partition_are_never_two_areas(machine: Machine):
    """Even by force, and by other names: each would overwrite the other."""
    with disk(machine, layout("gpt", logical=False)) as device:
        before = table(machine, device)
        link = machine.directory / "disk"
        link.symlink_to(device)
        for wanted in ([device, f"{device}p2"], [f"{device}p2", str(link)]):
            areas = [{"path": path, "force": True, "persist": "none"} for path in wanted]
            file = machine.directory / "layout.json"
            file.write_text(json.dumps({"swap": {"areas": areas}}))
            run = machine.swapctl("apply", file, check=False)
            assert (run.code, run.json["error"]) == (1, "Refused")
            assert run.json["message"] == f"{device}p2 is a part of {device}: there is room for one area"
        assert table(machine, device) == before
        assert not {device, f"{device}p2"} & set(priorities(machine))
