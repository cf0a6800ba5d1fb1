"""An encrypted area on a kernel: where it has no dm-crypt, and with a device below that is not free, nothing is changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.system.machine import MIB, Machine, need

if TYPE_CHECKING:
    from pathlib import Path

NAME = "swapctl-test-encryption"


@pytest.fixture
def device(machine: Machine) -> str:
    """Return a device with a swap area."""
    image: Path = machine.area.with_suffix(".img")
    with machine.real(image).open("xb") as file:
        file.truncate(16 * MIB)
    device = machine.loop(image)
    machine.mkswap(device)
    return device


def apply(machine: Machine, device: str, **keys: object):
    layout = machine.directory / "layout.json"
    layout.write_text(json.dumps({"swap": {"areas": [{"path": device, "encryption": "random", "name": NAME, **keys}]}}))
    return machine.swapctl("apply", layout, check=False)


def test_a_device_below_that_is_not_free_is_left_as_it_is(machine: Machine, device: str):
    need("mkfs.ext4")
    machine.run("mkfs.ext4", "-q", "-F", device)
    before = machine.snapshot()
    run = apply(machine, device)
    assert (run.code, run.json["error"]) == (1, "Refused")
    assert machine.snapshot() == before
    assert not machine.real("/etc/crypttab").exists()


def test_what_the_device_mapper_cannot_do_is_undone(machine: Machine, device: str):
    before = machine.snapshot()
    machine.fake("cryptsetup", "echo it cannot >&2; exit 1")
    run = apply(machine, device)
    assert run.code == 1
    assert run.json["error"] in {"Refused", "RolledBack"}  # a kernel without dm-crypt is not even asked
    assert machine.snapshot() == before
    assert not machine.real("/etc/crypttab").exists()


@pytest.mark.parametrize("name", ["UUID=1d1b7dcd-1d7a-4c5a-a9b1-3d1a5a3b8e55", "LABEL=swap", "/dev/disk/by-uuid/1"])
def test_a_name_that_the_encryption_erases_is_no_name(machine: Machine, name: str):
    run = apply(machine, name)
    assert (run.code, run.json["error"]) == (2, "InvalidInput")
    assert "by-partuuid" in run.json["hint"]
