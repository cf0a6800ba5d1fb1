"""What ``swapctl doctor`` finds on real areas, and that its repairs end it. Areas of others are found as well."""

from __future__ import annotations

import fcntl
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import missing
from tests.system.machine import MIB, PAGE, Machine, need

if TYPE_CHECKING:
    from collections.abc import Iterator

GLOBAL = Path("/run/swapctl-test-global.lock")  # vm.* and zram are not namespaced
FILEFRAG_BLOCK = re.compile(r"blocks of (\d+) bytes")
FILEFRAG = re.compile(r"^ +0: +0\.\. *\d+: +(\d+)\.\.", re.MULTILINE)


def findings(machine: Machine, *arguments: str, nobody: bool = False) -> dict[str, dict[str, Any]]:
    """Return what is wrong with the areas of this test, by subject and id."""
    found = machine.swapctl("doctor", *arguments, check=False, nobody=nobody).json["findings"]
    ours = (one for one in found if machine.token in one["subject"] or one["subject"] in machine.loops)
    return {f"{Path(one['subject']).name} {one['id']}": one for one in ours}


@pytest.fixture
def alone() -> Iterator[None]:
    """Let no other test change what the whole machine shares."""
    with GLOBAL.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def test_an_area_as_ensure_makes_it_has_nothing_wrong(machine):
    machine.swapctl("ensure", machine.area, "--size", "8M", "--priority", "3")
    assert findings(machine) == {}


def test_it_starts_no_program_and_changes_nothing(machine):
    need("strace")
    machine.make_area(active=True)
    before = machine.snapshot()
    trace = machine.directory / "trace"
    machine.swapctl(
        "doctor", check=False, wrapper=("strace", "-f", "-e", "trace=execve,clone,fork,vfork", "-o", str(trace))
    )
    assert len([line for line in trace.read_text().splitlines() if "(" in line]) == 1
    assert machine.snapshot() == before


def test_repairs_all_that_is_safe_and_then_finds_nothing(machine):
    area = machine.make_area(size=8 * MIB)
    machine.real(area).chmod(0o644)
    machine.make_area(area.parent / f".{area.name}.swapctl-new", size=MIB)
    machine.list_in_fstab(f"{area} none swap sw,pri=40000,nofail # ours", f"{area} none swap sw 0 0")
    name = area.name
    assert set(findings(machine)) == {
        f"{name} fstab-duplicate", f"{name} area-inactive", f"{name} area-mode", f".{name}.swapctl-new leftover",
    }  # fmt: skip

    would = machine.swapctl("doctor", "--fix", "--dry-run", check=False).json["repairs"]
    before = machine.snapshot()
    assert machine.snapshot() == before
    run = machine.swapctl("doctor", "--fix", check=False).json

    assert [one["name"] for one in run["repairs"]["actions"]] == ["delete", "mode", "swapon", "fstab"]
    assert run["repairs"]["actions"] == would["actions"]
    assert findings(machine) == {}
    assert machine.listed() == [(str(area), "sw")]
    assert machine.active(area)
    assert not machine.swapctl("doctor", "--fix", check=False).json["repairs"]["actions"]


def test_an_area_that_the_kernel_refuses_is_one_that_doctor_names(machine):
    """Each is listed, and swapon(8) is the witness."""
    holes, short = (machine.area.parent / f"{name}-{machine.token}" for name in ("holes", "short"))
    for path in (holes, short):
        machine.make_area(path, size=4 * MIB)
    with machine.real(holes).open("r+b") as file:
        head = file.read(4096)
        file.seek(0)
        file.truncate(0)
        file.write(head)
        file.truncate(4 * MIB)
    with machine.real(short).open("r+b") as file:
        file.truncate(3 * MIB)
    machine.list_in_fstab(*(f"{path} none swap sw 0 0" for path in (holes, short)))
    errors = {name for name, one in findings(machine).items() if one["severity"] == "error"}
    assert errors == {f"{holes.name} area-holes", f"{short.name} area-truncated"}
    for path in (holes, short):
        assert machine.run("swapon", path, check=False).code
        remedy = next(
            one["remedy"]
            for name, one in findings(machine).items()
            if one["subject"] == str(path) and one["severity"] == "error"
        )
        machine.swapctl(*remedy.split()[1:])
        assert machine.active(path)
    assert findings(machine) == {}


def test_the_remedy_for_what_does_not_come_back(machine):
    machine.make_area(size=8 * MIB, active=True, options=("--priority", "7"))
    (one,) = findings(machine).values()
    assert one["id"] == "area-not-persistent"
    machine.swapctl(*one["remedy"].partition(",")[0].split()[1:])
    assert machine.listed() == [(str(machine.area), "sw,pri=7")]
    assert findings(machine) == {}


def test_a_bridge_that_is_left_is_taken_away(machine):
    bridge = machine.make_area(machine.area.parent / f".{machine.area.name}.swapctl-bridge", 8 * MIB, active=True)
    (one,) = findings(machine).values()
    assert (one["id"], one["fixable"]) == ("bridge-active", True)
    machine.swapctl("doctor", "--fix", check=False)
    assert not machine.active(bridge)
    assert not machine.real(bridge).exists()
    assert findings(machine) == {}


def test_a_device_that_is_named_by_its_label(machine):
    backing = machine.directory / "disk"
    backing.write_bytes(bytes(8 * MIB))
    device = machine.loop(backing)
    machine.mkswap(device, label=machine.token)
    machine.list_in_fstab(f"LABEL={machine.token} none swap sw,nofail 0 0", "LABEL=not-there none swap sw,nofail 0 0")
    found = machine.swapctl("doctor", check=False).json["findings"]
    told = {(one["subject"], one["id"]) for one in found if one["subject"].startswith("LABEL=")}
    told = {(subject, kind) for subject, kind in told if kind != "fstab-timeout"}  # where systemd is
    assert told == {("LABEL=not-there", "fstab-missing"), (f"LABEL={machine.token}", "area-inactive")}


def test_an_ordinary_user_is_told_what_was_not_looked_at(machine):
    machine.make_area(size=4 * MIB, active=True)
    machine.directory.chmod(0o755)
    run = machine.swapctl("doctor", check=False, nobody=True)
    assert f"{machine.area}: Permission denied" in run.json["unchecked"]
    assert f"{machine.area.name} area-not-persistent" in findings(machine, nobody=True)


def test_what_is_only_worth_knowing_is_no_failure(machine):
    machine.hide_other_areas()
    area = machine.make_area(size=4 * MIB)
    machine.run("fallocate", "--length", str(4 * MIB + 65536), area)
    machine.run("swapon", area)
    machine.list_in_fstab(f"{area} none swap sw 0 0")
    assert {one["severity"] for one in findings(machine).values()} == {"info"}
    others = {one["subject"]: one["severity"] for one in machine.swapctl("doctor", check=False).json["findings"]}
    is_clean = set(others.values()) == {"info"}  # swappiness and the like may be those of another test
    assert machine.swapctl("doctor", check=False).code == (0 if is_clean else 1)


# disks


@pytest.mark.usefixtures("alone")
def test_a_disk_before_zram_is_an_inversion(machine):
    number = zram()
    try:
        device = f"/dev/zram{number}"
        machine.loops.append(device)  # so that it counts as this test's, and is turned off
        machine.mkswap(device)
        machine.run("swapon", "--priority", "5", device)
        machine.make_area(size=4 * MIB, active=True, options=("--priority", "6"))
        other = machine.make_area(machine.area.parent / f"b-{machine.token}", 4 * MIB)
        machine.run("swapon", "--priority", "6", other)
        found = set(findings(machine))
        assert f"{machine.area.name} priority-inversion" in found
        assert {f"{machine.area.name} priority-one-disk", f"{other.name} priority-one-disk"} & found
        machine.run("swapoff", device)
    finally:
        machine.loops = [name for name in machine.loops if not name.startswith("/dev/zram")]
        machine.run("swapoff", f"/dev/zram{number}", check=False)
        machine.run(
            "sh",
            "-c",
            f"for i in 1 2 3 4 5; do echo {number} > /sys/class/zram-control/hot_remove && exit; sleep 1; done",
        )


def zram() -> int:
    """Return the number of a new zram device of 16 MiB."""
    control = Path("/sys/class/zram-control/hot_add")
    if not control.exists():
        missing("the kernel has no zram")
    number = int(control.read_text())
    Path(f"/sys/block/zram{number}/disksize").write_text("16M")
    return number


# btrfs


@pytest.fixture
def btrfs(machine):
    """Return where a btrfs of this test is mounted, with its first chunk filled, so that addresses are not places."""
    need("mkfs.btrfs", "btrfs", "chattr")
    point = machine.mount("btrfs", 512 * MIB)
    machine.run("dd", "if=/dev/zero", f"of={point}/filler", "bs=1M", "count=70", "status=none")
    return point


def nocow(machine: Machine, path: Path, size: int = 16 * MIB) -> Path:
    machine.run("sh", "-c", f"touch {path} && chattr +C {path} && fallocate -l {size} {path} && chmod 600 {path}")
    machine.mkswap(path)
    machine.run("sync", "--file-system", path.parent)
    return path


def test_a_snapshot_spoils_a_swap_file(machine, btrfs):
    area = nocow(machine, btrfs / f"swap-{machine.token}")
    machine.list_in_fstab(f"{area} none swap sw 0 0")
    assert f"{area.name} area-shared" not in findings(machine)
    machine.run("btrfs", "subvolume", "snapshot", btrfs, btrfs / "snapshot")
    assert machine.run("swapon", area, check=False).code
    found = findings(machine)
    assert {f"{area.name} area-shared", f"{area.name} btrfs-subvolume"} <= set(found)
    first, second = found[f"{area.name} area-shared"]["remedy"].split(", then ")
    machine.swapctl(*first.split()[1:])
    machine.swapctl(*second.split()[1:])
    assert machine.active(area)


def test_copy_on_write_and_a_subvolume_of_its_own(machine, btrfs):
    machine.run("btrfs", "subvolume", "create", btrfs / "swap")
    area = btrfs / "swap" / f"swap-{machine.token}"
    with machine.real(area).open("xb") as file:
        file.write(bytes(8 * MIB))
    machine.real(area).chmod(0o600)
    machine.mkswap(area)
    machine.run("sync")
    machine.list_in_fstab(f"{area} none swap sw 0 0")
    assert set(findings(machine)) == {f"{area.name} area-copy-on-write", f"{area.name} area-inactive"}
    assert machine.run("swapon", area, check=False).code
    machine.swapctl(*findings(machine)[f"{area.name} area-copy-on-write"]["remedy"].split()[1:])
    assert machine.active(area)
    assert findings(machine) == {}


def test_several_devices_are_told(machine):
    need("mkfs.btrfs")
    images = [machine.directory / f"image-{number}" for number in (1, 2)]
    for image in images:
        with image.open("xb") as file:
            file.truncate(200 * MIB)
    devices = [machine.loop(image) for image in images]
    machine.run("mkfs.btrfs", "-q", "-d", "single", "-m", "single", *devices)
    point = machine.directory / "btrfs"
    point.mkdir()
    machine.run("mount", devices[0], point)
    area = nocow(machine, point / f"swap-{machine.token}")
    machine.run("swapon", area)
    assert f"{area.name} btrfs-devices" in findings(machine)


# hibernation


def wakes_up_from(machine: Machine, device: str, offset: int) -> None:
    """Have the kernel's command line say so, in the test's namespace."""
    line = machine.directory / "cmdline"
    if not line.exists():
        line.touch()
        machine.run("mount", "--bind", line, "/proc/cmdline")
    line.write_text(f"quiet resume={device} resume_offset={offset}\n")


def hibernation(machine: Machine, *, nobody: bool = False) -> Any:
    return json.loads(machine.swapctl("status", nobody=nobody).out)["hibernation"]


def device_of(machine: Machine, path: Path) -> str:
    return machine.run("findmnt", "--noheadings", "--output", "SOURCE", "--target", path).out.strip().partition("[")[0]


@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_the_offset_is_that_of_the_first_block(machine, kind):
    need("filefrag", f"mkfs.{kind}")
    point = machine.mount(kind, 400 * MIB)
    area = machine.make_area(point / f"swap-{machine.token}", 8 * MIB, active=True)
    shown = FILEFRAG.search(machine.run("filefrag", "-v", area).out)
    assert shown
    block = FILEFRAG_BLOCK.search(machine.run("filefrag", "-v", area).out)
    assert block
    offset = -(-int(shown[1]) * int(block[1]) // PAGE)  # a small ext4 has blocks of 1 KiB
    device = device_of(machine, area)
    wakes_up_from(machine, device, offset)
    assert hibernation(machine) == {
        "source": "/proc/cmdline", "device": device, "offset": offset, "area": str(area),
        "expected_device": device, "expected_offset": offset, "stale": False, "reason": "",
    }  # fmt: skip


def test_the_offset_on_btrfs_is_the_one_of_btrfs(machine, btrfs):
    area = nocow(machine, btrfs / f"swap-{machine.token}")
    machine.run("swapon", area)
    offset = int(machine.run("btrfs", "inspect-internal", "map-swapfile", "--resume-offset", area).out)
    shown = FILEFRAG.search(machine.run("filefrag", "-v", area).out)
    assert shown
    assert int(shown[1]) != offset
    wakes_up_from(machine, device_of(machine, area), offset)
    told = hibernation(machine)
    assert (told["area"], told["expected_offset"], told["stale"]) == (str(area), offset, False)
    wakes_up_from(machine, device_of(machine, area), int(shown[1]))
    assert hibernation(machine)["stale"] is True


def test_a_file_that_is_made_anew_is_stale_and_doctor_says_what_to_set(machine):
    point = machine.mount("ext4", 200 * MIB)
    area = point / f"swap-{machine.token}"
    machine.swapctl("ensure", area, "--size", "8M")
    device = device_of(machine, area)
    wakes_up_from(machine, device, 1)
    wakes_up_from(machine, device, hibernation(machine)["expected_offset"])
    assert not hibernation(machine)["stale"]
    machine.swapctl("ensure", area, "--size", "16M")
    told = hibernation(machine)
    found = machine.swapctl("doctor", check=False).json["findings"]
    (one,) = (one for one in found if one["id"] == "resume-stale")
    assert one["severity"] == "error"
    assert f"resume={device} resume_offset={told['expected_offset']}" in one["remedy"]
    wakes_up_from(machine, device, told["expected_offset"])
    assert "resume-stale" not in {one["id"] for one in machine.swapctl("doctor", check=False).json["findings"]}


def test_a_device_is_resumed_from_without_an_offset(machine):
    backing = machine.directory / "disk"
    backing.write_bytes(bytes(8 * MIB))
    device = machine.loop(backing)
    wakes_up_from(machine, device, 0)
    assert hibernation(machine)["reason"] == f"there is no swap area on {device}"
    machine.mkswap(device)
    machine.list_in_fstab(f"{device} none swap sw 0 0")
    told = hibernation(machine)
    assert (told["area"], told["expected_offset"], told["stale"]) == (device, 0, False)


def test_an_ordinary_user_is_told_no_wrong_offset(machine):
    point = machine.mount("ext4", 100 * MIB)
    area = machine.make_area(point / f"swap-{machine.token}", 8 * MIB, active=True)
    wakes_up_from(machine, device_of(machine, area), 5)
    machine.directory.chmod(0o755)
    told = hibernation(machine, nobody=True)
    assert (told["area"], told["expected_offset"], told["stale"]) == (str(area), None, False)


@pytest.mark.parametrize(
    "arguments",
    [pytest.param(("ensure", "--size", "16M"), id="another-size"), pytest.param(("remove",), id="removed")],
)
def test_who_moves_what_the_host_wakes_up_from_is_warned_beforehand(machine, arguments):
    point = machine.mount("ext4", 200 * MIB)
    area = point / f"swap-{machine.token}"
    machine.swapctl("ensure", area, "--size", "8M")
    device = device_of(machine, area)
    verb, *options = arguments
    wakes_up_from(machine, device, 1)
    assert machine.swapctl(verb, area, *options, "--dry-run").json["warnings"] == []
    wakes_up_from(machine, device, hibernation(machine)["expected_offset"])
    assert machine.swapctl("ensure", area, "--size", "8M", "--priority", "3").json["warnings"] == []
    (would,) = machine.swapctl(verb, area, *options, "--dry-run").json["warnings"]
    (did,) = machine.swapctl(verb, area, *options).json["warnings"]
    assert would == did
    assert f"the host wakes up from {area}" in did
    assert not machine.real(area).exists() or hibernation(machine)["stale"]
