"""The same guarantees where mkswap, swapon and swapoff are BusyBox's, which know fewer options than util-linux's.

The witnesses are util-linux's blkid and the kernel.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.system.machine import MIB, PAGE, Entry, Machine, need

if TYPE_CHECKING:
    from pathlib import Path

UUID = "3f2c1e0d-5b6a-4978-8899-aabbccddeeff"
SIZE = 32 * MIB


@pytest.fixture
def small(machine: Machine) -> Machine:
    """Give a machine whose tools for swap are BusyBox's."""
    need("busybox")
    busybox = str(shutil.which("busybox"))
    for name in ("mkswap", "swapon", "swapoff"):
        machine.substitute(name, busybox)
    return machine


def test_busybox_is_what_runs(small: Machine) -> None:
    assert "BusyBox" in small.run("swapon", "--help", check=False).err


def test_a_file_is_made_with_all_that_is_asked_for(small: Machine) -> None:
    run = small.swapctl(
        *("ensure", small.area, "--size", "32M", "--priority", "7"), *("--label", "blue", "--uuid", UUID)
    )

    assert run.names == ["create", "format", "rename", "swapon", "fstab"]
    assert small.is_whole_area(small.area, SIZE)
    assert small.active(small.area) == Entry(SIZE - PAGE, 7)
    assert (small.signature(small.area)["LABEL"], small.signature(small.area)["UUID"]) == ("blue", UUID)
    assert small.listed() == [(str(small.area), "sw,pri=7")]
    assert not small.swapctl("ensure", small.area, "--size", "32M", "--priority", "7").json["changed"]


def test_a_resize_keeps_label_and_uuid(small: Machine) -> None:
    small.swapctl("ensure", small.area, "--size", "32M", "--label", "blue")
    before = small.signature(small.area)

    small.swapctl("ensure", small.area, "--size", "48M")

    after = small.signature(small.area)
    assert small.is_whole_area(small.area, 48 * MIB)
    assert small.active(small.area) == Entry(48 * MIB - PAGE, None)
    assert (before["LABEL"], before["UUID"]) == (after["LABEL"], after["UUID"])


def test_a_changed_priority_is_in_use_at_once(small: Machine) -> None:
    small.swapctl("ensure", small.area, "--size", "32M", "--priority", "7")

    small.swapctl("ensure", small.area, "--priority", "9")

    assert small.active(small.area) == Entry(SIZE - PAGE, 9)


@pytest.mark.parametrize("policy", ["once", "pages", "both"])
def test_a_device_is_discarded_as_asked(small: Machine, policy: str, image: Path) -> None:
    device = small.loop(image)

    run = small.swapctl("ensure", device, "--discard", policy, "--priority", "3")

    assert "swapon" in run.names
    assert small.active(device) == Entry(SIZE - PAGE, 3)


def test_removal_leaves_nothing(small: Machine) -> None:
    before = small.snapshot()
    small.swapctl("ensure", small.area, "--size", "32M", "--priority", "7")

    small.swapctl("remove", small.area)

    assert small.snapshot() == before


def test_the_cause_of_a_refusal_is_named(small: Machine) -> None:
    before = small.snapshot()
    refuse = ("strace", "-qq", "-o", "/dev/null", "-e", "inject=swapon:error=EPERM")

    run = small.swapctl("ensure", small.area, "--size", "32M", "--priority", "7", check=False, wrapper=refuse)

    assert run.code == 1
    assert "could not be turned on: the kernel does not permit it" in run.err
    assert small.snapshot() == before


@pytest.fixture
def image(machine: Machine) -> Path:
    """Give the file behind a device of 32 MiB."""
    path = machine.directory / "disk.img"
    with path.open("xb") as file:
        file.truncate(SIZE)
    return path
