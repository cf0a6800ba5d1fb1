"""Every file system gets the swap file that the kernel takes there, or is refused by its name before anything is written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.system.machine import MIB, PAGE, Entry, Machine, need

if TYPE_CHECKING:
    from pathlib import Path

_WANTED = ("--size", "24M", "--priority", "5")
_AREA = Entry(24 * MIB - PAGE, 5)

MADE = {
    "ext4": 64 * MIB,
    "ext3": 64 * MIB,
    "ext2": 64 * MIB,
    "xfs": 300 * MIB,
    "btrfs": 160 * MIB,
}


def _on(machine: Machine, file_system: str, *options: str) -> Path:
    need(f"mkfs.{file_system}")
    blocks = ("-b", "4096") if file_system.startswith("ext") else ()
    machine.area = machine.mount(file_system, MADE[file_system], *blocks, *options) / machine.area.name
    return machine.area


def _in_use(machine: Machine) -> bool:
    return machine.active(machine.area) == _AREA and machine.is_whole_area(machine.area, 24 * MIB)


@pytest.mark.parametrize("file_system", MADE)
def test_a_file_is_made_resized_and_removed(machine: Machine, file_system: str):
    area = _on(machine, file_system)
    made = machine.swapctl("ensure", area, "--size", "16M").json
    how = "written in full" if file_system in {"ext2", "ext3"} else "preallocated"
    assert how in made["actions"][0]["detail"]
    assert machine.active(area) == Entry(16 * MIB - PAGE, None)
    machine.swapctl("ensure", area, *_WANTED)
    assert _in_use(machine)
    assert not machine.swapctl("ensure", area, *_WANTED).json["changed"]
    machine.swapctl("remove", area)
    assert machine.swaps() == {}
    assert [path.name for path in machine.real(area.parent).iterdir() if path.is_file()] == []


@pytest.mark.parametrize("file_system", ["ext4", "ext2", "xfs", "btrfs"])
def test_holes_are_filled(machine: Machine, file_system: str):
    area = _on(machine, file_system)
    with machine.real(area).open("xb") as file:
        file.truncate(24 * MIB)
    machine.mkswap(area)
    refused = machine.swapctl("on", area, check=False)
    assert refused.code == 1
    assert "holes" in refused.err or "copy-on-write" in refused.err
    machine.swapctl("ensure", area, *_WANTED)
    assert _in_use(machine)


def test_blocks_smaller_than_a_page(machine: Machine):
    """The kernel leaves out a page whose blocks do not lie together: the area is a little smaller, and right all the same."""
    area = _on(machine, "ext4", "-b", "1024")
    machine.swapctl("ensure", area, *_WANTED)
    assert machine.is_whole_area(area, 24 * MIB)
    entry = machine.active(area)
    assert entry
    assert 23 * MIB < entry.size <= 24 * MIB - PAGE
    assert not machine.swapctl("ensure", area, *_WANTED).json["changed"]


def test_btrfs_without_nocow_is_made_anew(machine: Machine):
    area = _on(machine, "btrfs")
    machine.run("sh", "-c", 'head -c 24M /dev/zero > "$1" && chmod 600 "$1" && mkswap -L mine "$1"', "sh", area)
    refused = machine.swapctl("on", area, check=False)
    assert refused.code == 1
    assert "copy-on-write" in refused.err
    assert "chattr +C" in refused.err or "make it anew" in refused.err
    names = machine.swapctl("ensure", area, *_WANTED).names
    assert names[:2] == ["create", "format"]
    assert _in_use(machine)
    assert machine.signature(area)["LABEL"] == "mine"
    assert "C" in machine.run("lsattr", "--", area).out.split()[0]
    assert not machine.swapctl("ensure", area, *_WANTED).json["changed"]


def test_btrfs_with_nocow_is_kept(machine: Machine):
    area = _on(machine, "btrfs")
    machine.run(
        "sh", "-c", 'touch "$1" && chattr +C "$1" && fallocate -l 24M "$1" && chmod 600 "$1" && mkswap "$1"', "sh", area
    )
    assert machine.swapctl("ensure", area, *_WANTED).names == ["swapon", "fstab"]
    assert _in_use(machine)


def test_btrfs_that_compresses(machine: Machine):
    area = _on(machine, "btrfs")
    machine.run("mount", "-o", "remount,compress=zlib", area.parent)
    machine.run("chattr", "+c", area.parent)
    machine.swapctl("ensure", area, *_WANTED)
    assert _in_use(machine)


def test_btrfs_with_a_snapshot_is_named(machine: Machine):
    """A snapshot shares the file's blocks, and the kernel then refuses it."""
    need("btrfs")
    area = _on(machine, "btrfs")
    machine.run("btrfs", "subvolume", "create", area.parent / "volume")
    machine.area = area.parent / "volume" / area.name
    machine.swapctl("ensure", machine.area, "--size", "24M", "--inactive")
    machine.run("btrfs", "subvolume", "snapshot", area.parent / "volume", area.parent / "snapshot")
    refused = machine.swapctl("on", machine.area, check=False)
    assert refused.code == 1
    assert "without snapshots" in refused.err


def test_xfs_with_shared_blocks_is_named(machine: Machine):
    area = _on(machine, "xfs")
    machine.swapctl("ensure", area, "--size", "24M", "--inactive")
    # What fallocate reserved is not shared by a copy; what was written is.
    machine.run("dd", "if=/dev/zero", f"of={area}", "bs=1M", "seek=1", "count=22", "conv=notrunc,fsync", "status=none")
    machine.run("cp", "--reflink=always", area, f"{area}-copy")
    refused = machine.swapctl("on", area, check=False)
    assert refused.code == 1
    assert "reflink" in refused.err
    machine.swapctl("ensure", area, "--size", "20M", "--priority", "5")
    assert machine.active(area) == Entry(20 * MIB - PAGE, 5)


@pytest.mark.parametrize("file_system", ["tmpfs", "ramfs", "overlay"])
def test_unsuitable_ones_are_refused_by_name(machine: Machine, file_system: str):
    point = machine.directory / file_system
    point.mkdir()
    if file_system == "overlay":
        parts = [machine.directory / part for part in ("lower", "upper", "work")]
        for part in parts:
            part.mkdir()
        options = "lowerdir={},upperdir={},workdir={}".format(*parts)
        machine.run("mount", "-t", "overlay", "-o", options, "overlay", point)
    else:
        machine.run("mount", "-t", file_system, "-o", "size=64M", file_system, point)
    machine.area = point / machine.area.name
    before = machine.fstab.read_bytes()
    for dry in ((), ("--dry-run",)):
        refused = machine.swapctl("ensure", machine.area, *_WANTED, *dry, check=False)
        assert refused.code == 1
        assert f"{file_system} holds no swap files" in refused.err
        assert "ext4, XFS or btrfs" in refused.err
    assert list(machine.real(point).iterdir()) == []
    assert machine.fstab.read_bytes() == before


def test_a_read_only_one_is_named(machine: Machine):
    area = _on(machine, "ext4")
    machine.run("mount", "-o", "remount,ro", area.parent)
    refused = machine.swapctl("ensure", area, *_WANTED, check=False)
    assert refused.code == 1
    assert f"{area.parent} is read-only" in refused.err
    assert "remount" in refused.err


@pytest.mark.parametrize("file_system", ["ext4", "xfs"])
def test_no_space_is_refused_before_anything_is_written(machine: Machine, file_system: str):
    area = _on(machine, file_system)
    before = os.statvfs(machine.real(area.parent)).f_bfree
    refused = machine.swapctl("ensure", area, "--size", "400M", check=False)
    assert refused.code == 1
    assert "more on its file system, which has" in refused.err
    assert "make room there" in refused.err
    assert os.statvfs(machine.real(area.parent)).f_bfree == before
    assert not machine.real(area).exists()


def test_room_for_the_larger_one_only_without_the_smaller(machine: Machine):
    """A file is changed where it stands when there is no room for two, and keeps its names."""
    area = _on(machine, "ext4", "-O", "^has_journal")
    machine.make_area(size=36 * MIB, active=True, label="mine")
    uuid = machine.signature(area)["UUID"]
    assert machine.swapctl("ensure", area, "--size", "44M").names == [
        "swapoff", "rename", "resize", "format", "rename", "swapon", "fstab",
    ]  # fmt: skip
    assert machine.is_whole_area(area, 44 * MIB)
    found = machine.signature(area)
    assert (found["UUID"], found["LABEL"]) == (uuid, "mine")
    assert machine.swapctl("ensure", area, "--size", "40M").json["changed"]
    assert machine.is_whole_area(area, 40 * MIB)


def test_btrfs_in_a_subvolume_of_its_own_lets_the_rest_be_snapshotted(machine: Machine):
    need("btrfs")
    point = machine.mount("btrfs", 256 * MIB)
    area = point / "swap" / f"file-{machine.token}"
    done = machine.swapctl("ensure", area, "--size", "32M", "--subvolume")
    assert done.names[:2] == ["subvolume", "create"]
    assert machine.run("btrfs", "subvolume", "show", area.parent).code == 0
    assert machine.active(area)
    assert machine.swapctl("ensure", area, "--size", "32M", "--subvolume").names == []
    machine.run("btrfs", "subvolume", "snapshot", "-r", point, point / "snapshot")
    machine.run("swapoff", area)
    machine.run("swapon", area)  # which it would refuse for a file that is shared with a snapshot
    assert machine.run("btrfs", "subvolume", "snapshot", area.parent, point / "other", check=False).code
    machine.swapctl("remove", area)
    assert list(machine.real(area.parent).iterdir()) == []


def test_a_subvolume_that_was_made_for_nothing_is_taken_away(machine: Machine):
    point = machine.mount("btrfs", 256 * MIB)
    area = point / "swap" / f"file-{machine.token}"
    machine.fake("mkswap", "exit 1")
    run = machine.swapctl("ensure", area, "--size", "32M", "--subvolume", check=False)
    assert run.json["error"] == "RolledBack"
    assert not machine.real(area.parent).exists()
