"""What is not provably a swap area is spared: refused by its name, bytes, fstab and directory as they were."""

from __future__ import annotations

import os
import random
import re
import shutil
import socket
import stat
import struct
from typing import TYPE_CHECKING

import pytest

from tests.system.machine import MIB, PAGE, Machine, Run, digest, need

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[[Machine, Path], object]

_RAID = b"\xfc\x4e\x2b\xa9"


def _blank(path: Path, size: int = 8 * MIB) -> None:
    with path.open("xb") as file:
        file.truncate(size)


def _with(path: Path, offset: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(data)


def _text(_machine: Machine, path: Path) -> None:
    path.write_text("".join(f"{line} not swap\n" for line in range(50_000)))


def _binary(_machine: Machine, path: Path) -> None:
    path.write_bytes(random.Random(7).randbytes(2 * MIB))  # noqa: S311 (any bytes will do)


def _zeros_first(_machine: Machine, path: Path) -> None:
    _blank(path)
    _with(path, 4 * MIB, b"the only copy")


def _zeros_written_first(_machine: Machine, path: Path) -> None:
    path.write_bytes(bytes(3 * MIB) + b"the only copy" + bytes(MIB))


def _magic_in_text(_machine: Machine, path: Path) -> None:
    """The ten bytes that end a swap header, at their place, in prose about them."""
    text = ("mkswap writes a header. " * PAGE)[: PAGE - 10] + "SWAPSPACE2 is how it ends. " * 4000
    path.write_text(text)


def _magic_behind_zeros(_machine: Machine, path: Path) -> None:
    _blank(path)
    _with(path, PAGE - 10, b"SWAPSPACE2")


def _file_system(kind: str, size: int, *options: str) -> Make:
    def make(machine: Machine, path: Path) -> None:
        need(f"mkfs.{kind}")
        _blank(path, size)
        machine.run(f"mkfs.{kind}", *options, path)

    return make


def _luks(version: str) -> Make:
    def make(machine: Machine, path: Path) -> None:
        need("cryptsetup")
        key = machine.directory / "key"
        key.write_text("secret")
        _blank(path, 32 * MIB)
        fast = ("--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000")
        machine.run("cryptsetup", "luksFormat", "--batch-mode", f"--type=luks{version}", *fast, path, key)

    return make


def _volume(machine: Machine, path: Path) -> None:
    need("pvcreate")
    _blank(path)
    device = machine.loop(path)
    machine.run("pvcreate", "--quiet", device)
    machine.run("losetup", "--detach", device)
    machine.loops.remove(device)


def _raid(offset_from: Callable[[int], int]) -> Make:
    """Make a RAID member by hand, as mdadm needs a kernel with md for it: magic and version at their place (md(4))."""

    def make(_machine: Machine, path: Path) -> None:
        size = 8 * MIB
        _blank(path, size)
        _with(path, offset_from(size), _RAID + struct.pack("<I", 1))

    return make


def _partitioned(label: str) -> Make:
    def make(machine: Machine, path: Path) -> None:
        need("sfdisk")
        _blank(path)
        layout = machine.directory / "layout"
        layout.write_text(f"label: {label}\n,4M\n")
        machine.run("sh", "-c", 'exec sfdisk --quiet "$1" < "$2"', "sh", path, layout)

    return make


def _only_second_gpt(machine: Machine, path: Path) -> None:
    """Wipe the first megabyte, as a half-done dd does: parted and the kernel still find the table at the end."""
    _partitioned("gpt")(machine, path)
    _with(path, 0, bytes(MIB))


def _hibernated(mark: bytes) -> Make:
    def make(machine: Machine, path: Path) -> None:
        _blank(path)
        machine.mkswap(path)
        _with(path, PAGE - 10, mark)

    return make


CONTENTS: dict[str, tuple[str, Make]] = {
    "text": ("data that is no swap area", _text),
    "binary": ("data that is no swap area", _binary),
    "zeros-first": ("data that is no swap area", _zeros_first),
    "zeros-written-first": ("data that is no swap area", _zeros_written_first),
    "magic-in-text": ("data that is no swap area", _magic_in_text),
    "magic-behind-zeros": ("data that is no swap area", _magic_behind_zeros),
    "ext4": ("ext4", _file_system("ext4", 8 * MIB, "-q")),
    "ext2": ("ext2", _file_system("ext2", 8 * MIB, "-q")),
    "xfs": ("XFS", _file_system("xfs", 300 * MIB, "-q")),
    "btrfs": ("btrfs", _file_system("btrfs", 110 * MIB, "-q")),
    "vfat": ("FAT", _file_system("vfat", 8 * MIB)),
    "luks1": ("LUKS", _luks("1")),
    "luks2": ("LUKS", _luks("2")),
    "lvm": ("LVM", _volume),
    "raid-0.90": ("RAID", _raid(lambda size: size // 65536 * 65536 - 65536)),
    "raid-1.0": ("RAID", _raid(lambda size: (size // 512 - 16) // 8 * 8 * 512)),
    "raid-1.1": ("RAID", _raid(lambda _size: 0)),
    "raid-1.2": ("RAID", _raid(lambda _size: 4096)),
    "dos": ("DOS partition table", _partitioned("dos")),
    "gpt": ("GPT partition table", _partitioned("gpt")),
    "gpt-backup": ("GPT partition table", _only_second_gpt),
    "hibernated": ("hibernation image", _hibernated(b"S1SUSPEND\0")),
    "hibernated-by-uswsusp": ("hibernation image", _hibernated(b"ULSUSPEND\0")),
    "hibernated-by-tuxonice": ("hibernation image", _hibernated(b"LINHIB0001")),
}
# A device that begins and ends with zeros has nothing on it that anybody could name, whatever lies between.
ON_DEVICES = {name: content for name, content in CONTENTS.items() if not name.startswith("zeros")}

VERBS: dict[str, tuple[str, ...]] = {
    "ensure": ("ensure", "{}", "--size", "4M"),
    "ensure-as-it-is": ("ensure", "{}"),
    "ensure-force": ("ensure", "{}", "--size", "4M", "--force"),
    "remove": ("remove", "{}"),
    "on": ("on", "{}"),
    "off": ("off", "{}"),
}
CHANGING = ("ensure-force", "remove")


@pytest.fixture(params=[pytest.param(content, id=name) for name, content in CONTENTS.items()])
def spared(request: pytest.FixtureRequest, machine: Machine) -> str:
    """Put some content at the area's path, and return its name."""
    name, make = request.param
    make(machine, machine.area)
    return str(name)


def test_a_file_is_spared(machine: Machine, spared: str):
    bytes_before, before = digest(machine.area), machine.snapshot()
    for verb in VERBS if spared.startswith("data") else CHANGING:
        refused = _try(machine, verb, machine.area)
        assert str(machine.area) in refused.err
        assert spared in refused.err
        assert refused.json["error"] == "Refused"
        assert machine.snapshot() == before
    assert digest(machine.area) == bytes_before


@pytest.fixture(params=[pytest.param(content, id=name) for name, content in ON_DEVICES.items()])
def spared_device(request: pytest.FixtureRequest, machine: Machine) -> tuple[str, str]:
    """Return a device with some content, and the content's name."""
    name, make = request.param
    path = machine.directory / "device.img"
    make(machine, path)
    size = path.stat().st_size
    os.truncate(path, size - size % 512)
    return machine.loop(path), str(name)


def test_a_device_is_spared_unless_forced(machine: Machine, spared_device: tuple[str, str]):
    device, name = spared_device
    path = machine.directory / "device.img"
    bytes_before, before = digest(path), machine.snapshot()
    for verb in ("ensure", "remove"):
        refused = _try(machine, verb, device)
        assert f"{device} holds " in refused.err
        assert name in refused.err
        assert machine.snapshot() == before
    assert digest(path) == bytes_before

    machine.swapctl("ensure", device, "--force")
    assert machine.active(device)
    assert machine.signature(device)["TYPE"] == "swap"
    found = machine.run("wipefs", "--noheadings", "--output", "TYPE", device).out.split()
    assert found == ["swap"], "nobody may take it for what it was"


@pytest.mark.parametrize(
    ("name", "make"),
    [
        pytest.param("directory", lambda _machine, path: path.mkdir(), id="directory"),
        pytest.param(
            "directory", lambda _machine, path: (path.mkdir(), (path / "precious").touch()), id="full-directory"
        ),
        pytest.param("FIFO", lambda _machine, path: os.mkfifo(path), id="fifo"),
        pytest.param("socket", lambda _machine, path: _bind(path), id="socket"),
        pytest.param(
            "character device", lambda _machine, path: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3)), id="null"
        ),
        pytest.param(
            "symbolic link", lambda machine, path: path.symlink_to(_other_area(machine)), id="link-to-an-area"
        ),
        pytest.param("symbolic link", lambda _machine, path: path.symlink_to("nowhere"), id="dangling-link"),
    ],
)
def test_what_is_no_file_is_spared(machine: Machine, name: str, make: Make):
    make(machine, machine.area)
    before = machine.snapshot()
    for verb in ("ensure", "remove", "on", "off"):
        refused = _try(machine, verb, machine.area)
        assert f"{machine.area} is a {name}" in refused.err
        assert machine.snapshot() == before


@pytest.mark.parametrize("verb", ["ensure", "remove", "on", "off"])
def test_dev_null_is_spared(machine: Machine, verb: str):
    """Only what would be done is asked: a mistake must not cost this machine its /dev/null."""
    refused = machine.swapctl(verb, "/dev/null", "--dry-run", check=False)
    assert refused.code == 1
    assert "/dev/null is a character device" in refused.err


def test_an_empty_file_is_not_removed(machine: Machine):
    machine.area.touch()
    refused = machine.swapctl("remove", machine.area, check=False)
    assert (refused.code, "empty file" in refused.err) == (1, True)
    assert machine.area.exists()


def test_a_blank_device_is_not_formatted_to_turn_it_on(machine: Machine):
    path = machine.directory / "device.img"
    _blank(path)
    device = machine.loop(path)
    refused = machine.swapctl("on", device, check=False)
    assert refused.code == 1
    assert machine.swaps() == {}
    assert machine.signature(device) == {}


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_mounted_device_is_spared(machine: Machine, force: tuple[str, ...]):
    need("mkfs.ext4")
    path = machine.directory / "device.img"
    _blank(path)
    device = machine.loop(path)
    machine.run("mkfs.ext4", "-q", device)
    point = machine.directory / "point"
    point.mkdir()
    machine.run("mount", device, point)
    refused = machine.swapctl("ensure", device, *force, check=False)
    assert refused.code == 1
    assert re.search(rf"{device} is mounted at {point}" if force else "holds an ext2, ext3 or ext4", refused.err)
    assert machine.signature(device)["TYPE"] == "ext4"
    machine.run("umount", point)


def test_a_read_only_device_is_named(machine: Machine):
    path = machine.directory / "device.img"
    _blank(path)
    device = machine.loop(path, "--read-only")
    refused = machine.swapctl("ensure", device, check=False)
    assert (refused.code, f"{device} is read-only" in refused.err) == (1, True)
    assert machine.fstab.read_text().count(device) == 0


def test_a_copy_of_an_area_shares_nothing_with_it(machine: Machine):
    """Removing a file that bears the UUID of another area must leave that one, and its line by path, alone."""
    machine.make_area(active=True)
    copy = machine.area.with_name(f"{machine.area.name}-copy")
    shutil.copyfile(machine.area, copy)
    machine.list_in_fstab(f"{machine.area} none swap sw 0 0")
    before = machine.fstab.read_text()
    machine.swapctl("remove", copy)
    assert machine.active(machine.area)
    assert machine.fstab.read_text() == before
    assert not copy.exists()


def _try(machine: Machine, verb: str, path: object) -> Run:
    refused = machine.swapctl(*(word.format(path) for word in VERBS[verb]), check=False)
    assert refused.code == 1, verb
    return refused


def _bind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        # A name of up to 107 bytes; the directory is reached through its descriptor.
        directory = os.open(path.parent, os.O_RDONLY)
        made.bind(f"/proc/self/fd/{directory}/{path.name}")
        os.close(directory)


def _other_area(machine: Machine) -> Path:
    return machine.make_area(machine.area.with_name(f"{machine.area.name}-target"), 4 * MIB)
