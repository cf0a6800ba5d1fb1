"""``--root`` makes file and entry in the tree of an image, for an ordinary user too, and never calls the kernel's swap."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from tests.system.machine import MIB, NOBODY, OTHERS, Machine, need

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def name(machine: Machine) -> str:
    """Return a name in the image that would do no harm in the root of this machine."""
    return f"/swap-{machine.token}"


@pytest.fixture
def wanted(name: str) -> tuple[str, ...]:
    """Return what is asked for."""
    return ("ensure", name, "--size", "4M", "--priority", "5")


@pytest.fixture
def image(machine: Machine) -> Path:
    """Return the root of an image that belongs to an ordinary user."""
    root = machine.directory / "image"
    for directory in ("", "etc", "var", "data"):
        (root / directory).mkdir()
    (root / "etc" / "fstab").write_text(OTHERS)
    for path in [root, *root.rglob("*")]:
        os.chown(path, NOBODY, NOBODY)
    machine.directory.chmod(0o755)
    return root


@pytest.mark.parametrize("nobody", [True, False], ids=["nobody", "root"])
def test_an_image(machine: Machine, image: Path, name: str, wanted: tuple[str, ...], *, nobody: bool):
    log = _log(machine)
    run = machine.swapctl(*wanted, "--root", image, nobody=nobody, wrapper=_watched(log))
    assert run.names == ["create", "format", "rename", "fstab"]
    assert machine.is_whole_area(image / name[1:], 4 * MIB)
    assert (image / "etc" / "fstab").read_text() == f"{OTHERS}{name} none swap sw,pri=5 0 0\n"
    assert not machine.swapctl(*wanted, "--root", image, nobody=nobody, wrapper=_watched(log)).json["changed"]
    assert _kernel_calls(log) == []

    assert machine.swapctl("remove", name, "--root", image, nobody=nobody, wrapper=_watched(log)).names == [
        "fstab", "delete",
    ]  # fmt: skip
    assert sorted(path.name for path in image.iterdir()) == ["data", "etc", "var"]
    assert [path.name for path in (image / "etc").iterdir()] == ["fstab"]
    assert (image / "etc" / "fstab").read_text() == OTHERS
    assert _kernel_calls(log) == []
    assert machine.fstab.read_text() == OTHERS


def test_an_area_of_this_machine_is_not_one_of_the_image(machine: Machine, image: Path, name: str):
    """What is active here by some name is not what has that name there."""
    inner = image / name[1:]
    machine.make_area(inner, size=8 * MIB, active=True)
    machine.run("swapoff", inner)
    assert machine.swapctl("status", "--root", image).json["areas"] == []
    state = machine.swapctl("ensure", name, "--root", image, "--dry-run").json["before"]
    assert state["active"] is False


def test_absolute_links_stay_inside(machine: Machine, image: Path):
    outside = machine.directory / "outside"
    outside.mkdir()
    trap = machine.directory / "data"  # where /data would lead if the image's root were forgotten
    (image / "swap").symlink_to("/data")
    (image / "up").symlink_to("../../../../../../../data")
    (image / "etc" / "fstab").rename(image / "etc" / "fstab.real")
    (image / "etc" / "fstab").symlink_to("/etc/fstab.real")

    machine.swapctl("ensure", "/swap/area", "--size", "4M", "--root", image, nobody=True)
    machine.swapctl("ensure", "/up/second", "--size", "4M", "--root", image, nobody=True)
    assert machine.is_whole_area(image / "data" / "area", 4 * MIB)
    assert machine.is_whole_area(image / "data" / "second", 4 * MIB)
    assert not trap.exists()
    assert not machine.real("/data/area").exists()
    assert (image / "etc" / "fstab").is_symlink()
    assert (
        image / "etc" / "fstab.real"
    ).read_text() == f"{OTHERS}/swap/area none swap sw 0 0\n/up/second none swap sw 0 0\n"
    assert machine.fstab.read_text() == OTHERS
    assert not machine.swapctl("ensure", "/swap/area", "--size", "4M", "--root", image).json["changed"]


def test_a_link_to_a_file_outside_is_refused(machine: Machine, image: Path, name: str):
    victim = machine.make_area(size=4 * MIB)
    (image / name[1:]).symlink_to(victim)
    before = machine.snapshot()
    for verb in ("ensure", "remove"):
        assert "symbolic link" in machine.swapctl(verb, name, "--root", image, check=False).err
    assert machine.snapshot() == before


def test_data_in_an_image_is_spared(machine: Machine, image: Path, name: str, wanted: tuple[str, ...]):
    (image / name[1:]).write_text("precious")
    refused = machine.swapctl(*wanted, "--root", image, check=False)
    assert refused.code == 1
    assert "data that is no swap area" in refused.err
    assert (image / name[1:]).read_text() == "precious"
    assert (image / "etc" / "fstab").read_text() == OTHERS


def test_an_image_without_fstab(machine: Machine, image: Path, name: str, wanted: tuple[str, ...]):
    (image / "etc" / "fstab").unlink()
    machine.swapctl(*wanted, "--root", image)
    assert (image / "etc" / "fstab").read_text() == f"{name} none swap sw,pri=5 0 0\n"
    listed = machine.run(
        "findmnt", "--tab-file", image / "etc" / "fstab", "--noheadings", "--output", "SOURCE,FSTYPE"
    ).out
    assert listed.split() == [name, "swap"]


def test_on_a_file_system_where_it_could_not_be_used(machine: Machine, image: Path):
    """An image is unpacked anywhere before it goes to a disk."""
    machine.run("mount", "-t", "tmpfs", "-o", "size=32M", "tmpfs", image / "data")
    machine.swapctl("ensure", "/data/area", "--size", "4M", "--root", image)
    assert machine.is_whole_area(image / "data" / "area", 4 * MIB)


def test_no_such_root(machine: Machine, wanted: tuple[str, ...]):
    refused = machine.swapctl(*wanted, "--root", machine.directory / "missing", check=False)
    assert refused.code == 1
    assert "is not a directory" in refused.err


def _log(machine: Machine) -> Path:
    need("strace")
    log = machine.directory / "strace.log"
    log.touch()
    log.chmod(0o666)
    return log


def _watched(log: Path) -> tuple[str | Path, ...]:
    return ("strace", "-f", "-A", "-o", log, "-e", "trace=swapon,swapoff,mount,execve")


def _kernel_calls(log: Path) -> list[str]:
    lines = log.read_text().splitlines()
    assert any("execve" in line for line in lines)
    return [line for line in lines if re.search(r"\b(swapon|swapoff|mount)\(", line)]
