"""Areas in compressed RAM on the running kernel, on devices that a test adds: no test touches one that is there already."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import missing
from tests.system.injection import Call, inject
from tests.system.machine import MIB, OTHERS, SWAPCTL, Machine, need

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.system

_CONTROL = Path("/sys/class/zram-control")
_DEVICES = Path("/sys/devices/virtual/block")  # where the links in /sys/block lead
_LOCK = Path("/run/swapctl-test-global.lock")
_UNITS = "/etc/systemd/system"
_HOG = """
import mmap, sys
memory = mmap.mmap(-1, int(sys.argv[1]))
for place in range(0, len(memory), 4096):
    memory[place:place + 8] = place.to_bytes(8, "little")
memory.madvise(21)  # MADV_PAGEOUT
print("holding", flush=True)
sys.stdin.readline()
whole = all(memory[place:place + 8] == place.to_bytes(8, "little") for place in range(0, len(memory), 4096))
print("whole" if whole else "broken", flush=True)
"""


class Device:
    """A device that is not there when a test begins, and its area."""

    def __init__(self, machine: Machine, number: int) -> None:
        self.machine, self.number = machine, number
        self.name, self.path = f"zram{number}", f"/dev/zram{number}"
        self.sys = Path(f"/sys/block/{self.name}")
        machine.run("mkdir", "-p", _UNITS)

    def words(self, **item: Any) -> tuple[str, ...]:
        """Return how an area on it is asked for: not to come back at boot unless that is said."""
        layout = self.machine.directory / "layout.json"
        layout.write_text(json.dumps({"swap": {"areas": [{"zram": self.name, "persist": "none", **item}]}}))
        return ("apply", str(layout))

    def apply(self, *options: str, check: bool = True, **item: Any) -> Any:
        return self.machine.swapctl(*self.words(**item), *options, check=check)

    def value(self, name: str) -> str:
        return (self.sys / name).read_text().strip()

    def write(self, name: str, value: str) -> None:
        (self.sys / name).write_text(value)

    @property
    def limit(self) -> int:
        return int(self.value("mm_stat").split()[3])

    def look(self) -> dict[str, Any] | None:
        """Return what the kernel and blkid say of it, None if it is not there."""
        if not self.sys.exists():
            return None
        return {
            "size": int(self.value("disksize")),
            "algorithm": re.findall(r"\[(.*)\]", self.value("comp_algorithm"))[0],
            "limit": self.limit,
            "active": self.entry,
            "type": self.machine.signature(self.path).get("TYPE"),
        }

    @property
    def entry(self) -> tuple[int, int] | None:
        """Return the size and priority in /proc/swaps, if it is there."""
        rows = [line.split() for line in Path("/proc/swaps").read_text().splitlines()]
        return next(((int(row[2]) * 1024, int(row[4])) for row in rows if row[0] == self.path), None)

    @property
    def configuration(self) -> set[str]:
        """The files in which it is named."""
        root = self.machine.real("/etc/systemd")
        return {str(path)[len(str(root)) :] for path in root.rglob(f"*{self.name}*") if not path.is_dir()}

    @contextlib.contextmanager
    def held(self, seconds: float) -> Iterator[subprocess.Popen[str]]:
        """Have another process hold it open for a while."""
        script = "import os,sys,time; os.open(sys.argv[1], os.O_RDONLY); print('open', flush=True); time.sleep(float(sys.argv[2]))"
        holder = subprocess.Popen(
            [sys.executable, "-S", "-c", script, self.path, str(seconds)], stdout=subprocess.PIPE, text=True
        )
        assert holder.stdout
        assert holder.stdout.readline() == "open\n"
        try:
            yield holder
        finally:
            holder.kill()
            holder.communicate()

    def close(self) -> None:
        """Take it away, whatever has become of it."""
        if self.entry:
            subprocess.run(["swapoff", self.path], check=False)
        subprocess.run(["umount", self.path], check=False, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while self.sys.exists():
            try:
                self.write("reset", "1")
                (_CONTROL / "hot_remove").write_text(str(self.number))
            except OSError:
                assert time.monotonic() < deadline, f"{self.path} cannot be taken away"
                time.sleep(0.1)


@pytest.fixture
def device(machine: Machine) -> Iterator[Device]:
    """Give a device of the second lowest number that is free, while no other test has anything to do with zram."""
    need("mkfs.ext4", "strace")
    if not _CONTROL.exists():
        missing("this kernel has no zram")
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = set(Path("/sys/block").glob("zram*"))
        free = [number for number in range(64) if not Path(f"/sys/block/zram{number}").exists()]
        device = Device(machine, free[1])
        try:
            yield device
        finally:
            device.close()
            for left in set(Path("/sys/block").glob("zram*")) - before:  # what the unit of ours added on the way
                Device(machine, int(left.name[4:])).close()


@pytest.fixture
def made(device: Device) -> Device:
    """Give a device with an area on it, in use."""
    device.apply(size="16M", algorithm="lz4", memory_limit="8M", priority=7, label="mine")
    return device


MADE = {"size": 16 * MIB, "algorithm": "lz4", "limit": 8 * MIB, "active": (16 * MIB - 4096, 7), "type": "swap"}


def test_an_area_is_made(made: Device):
    assert made.look() == MADE
    assert made.machine.signature(made.path)["LABEL"] == "mine"
    assert made.machine.fstab.read_text() == OTHERS


def test_the_devices_that_were_added_on_the_way_are_gone(made: Device):
    assert not Path(f"/sys/block/zram{made.number - 1}").exists()


def test_a_second_run_changes_nothing_and_starts_no_program(made: Device):
    wanted: dict[str, Any] = {"size": "16M", "algorithm": "lz4", "memory_limit": "8M", "priority": 7, "label": "mine"}
    assert not made.apply(**wanted).json["changed"]
    log = made.machine.directory / "strace.log"
    traced = ("strace", "-f", "-o", str(log), "-e", "trace=execve,fork,vfork,clone,clone3,swapon,swapoff,mkdir,unlink")
    made.machine.run(*traced, *SWAPCTL, *made.words(**wanted))
    calls = [line for line in log.read_text().splitlines() if re.match(r"\d+ +\w+\(", line)]
    assert len(calls) == 1, calls


REMADE = ["swapoff", "zram-reset", "zram-setup", "format", "swapon"]


@pytest.mark.parametrize(
    ("item", "actions", "change"),
    [
        pytest.param({"size": "32M"}, REMADE, {"size": 32 * MIB, "active": (32 * MIB - 4096, 7)}, id="size"),
        pytest.param({"size": "8M"}, REMADE, {"size": 8 * MIB, "active": (8 * MIB - 4096, 7)}, id="smaller"),
        pytest.param(
            {"size": 10_000_000}, REMADE, {"size": 10_002_432, "active": (10_002_432 - 4096, 7)}, id="whole-pages"
        ),
        pytest.param({"algorithm": "lzo"}, ["swapoff", "zram-reset", "zram-setup", "format", "swapon"], {"algorithm": "lzo"}, id="algorithm"),
        pytest.param({"memory_limit": "4M"}, ["zram-limit"], {"limit": 4 * MIB}, id="limit"),
        pytest.param({"priority": 9}, ["swapoff", "swapon"], {"active": (16 * MIB - 4096, 9)}, id="priority"),
        pytest.param({"active": False}, ["swapoff"], {"active": None}, id="inactive"),
        pytest.param({"state": "absent"}, ["swapoff", "zram-reset", "zram-remove"], None, id="absent"),
    ],
)  # fmt: skip
def test_a_change_is_what_its_dry_run_says(made: Device, item, actions, change):
    wanted: dict[str, Any] = {"size": "16M", "algorithm": "lz4", "memory_limit": "8M", "priority": 7, **item}
    if item == {"state": "absent"}:
        wanted = item
    planned = made.apply("--dry-run", **wanted)
    assert made.look() == MADE
    done = made.apply(**wanted)
    assert planned.names == done.names == actions
    assert settings(planned.json["after"]) == settings(done.json["after"])
    assert made.look() == (change and {**MADE, **change})
    assert not made.apply(**wanted).json["changed"]


def settings(states: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was asked for of each state: what a new device holds, only the run can tell."""
    return [
        {**area, "zram": area["zram"] and {name: area["zram"][name] for name in ("algorithm", "memory_limit")}}
        for area in states["areas"]
    ]


def test_a_share_of_ram(device: Device):
    total = int(re.findall(r"MemTotal: +(\d+)", Path("/proc/meminfo").read_text())[0]) * 1024
    device.apply(size="1%")
    assert abs(int(device.value("disksize")) - total // 100) <= 4096
    assert not device.apply(size="0.99%").json["changed"]


def test_status_shows_what_compression_brings(made: Device):
    with _hog(made):
        zram = next(one["zram"] for one in made.machine.swapctl("status").json["areas"] if one["path"] == made.path)
        original, compressed, memory, limit, *_rest = map(int, made.value("mm_stat").split())
    assert zram["original"] > MIB
    assert zram["original"] >= 10 * zram["compressed"]
    assert (zram["algorithm"], zram["memory_limit"]) == ("lz4", limit)
    assert abs(zram["original"] - original) < MIB
    assert abs(zram["memory"] - memory) < MIB
    assert abs(zram["compressed"] - compressed) < MIB
    assert zram["ratio"] == round(zram["original"] / zram["memory"], 2)
    lines = made.machine.run(*SWAPCTL, "status").out.splitlines()
    (line,) = (line for line in lines if line.startswith("compressed: "))
    assert re.fullmatch(rf"compressed: {made.path}, lz4, .* in .* of at most 8 MiB of RAM, [0-9.]+ to 1", line)


def test_what_it_holds_survives_another_size(made: Device):
    with _hog(made) as hog:
        made.apply(size="24M", algorithm="lzo", priority=32767)
        assert hog.communicate("go\n", timeout=60)[0] == "whole\n"
    assert made.entry == (24 * MIB - 4096, 32767)


@contextlib.contextmanager
def _hog(device: Device) -> Iterator[subprocess.Popen[str]]:
    """Have a process with 8 MiB of which at least half are swapped out to the device, whose area comes before all others."""
    device.apply(size="16M", algorithm="lz4", memory_limit="8M", priority=32767)
    hog = subprocess.Popen(
        [sys.executable, "-S", "-c", _HOG, str(8 * MIB)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert hog.stdout
        assert hog.stdout.readline() == "holding\n"
        assert int(device.value("mm_stat").split()[0]) > 4 * MIB
        yield hog
    finally:
        hog.kill()
        hog.communicate()


# what is refused


def test_an_algorithm_that_the_kernel_lacks(device: Device):
    refused = device.apply(size="16M", algorithm="zstd9", check=False)
    assert refused.code == 1
    offered = re.sub(r"[][]", "", Path("/sys/block/zram0/comp_algorithm").read_text()).split()
    hint = f"it offers {', '.join(offered)}"
    assert refused.err == f"swapctl: {device.path}: the kernel does not offer the algorithm zstd9; hint: {hint}\n"
    assert device.look() is None


@pytest.mark.parametrize("item", [{"size": "16M"}, {"state": "absent"}])
@pytest.mark.parametrize("mounted", [False, True])
def test_a_file_system_is_left_alone(made: Device, item, mounted):
    made.apply(size="16M", algorithm="lz4", active=False)
    made.machine.run("wipefs", "-aq", made.path)
    made.machine.run("mkfs.ext4", "-q", made.path)
    if mounted:
        point = made.machine.directory / "point"
        point.mkdir()
        made.machine.run("mount", made.path, point)
    before = made.look()
    refused = made.apply(check=False, **item)
    assert refused.code == 1
    assert f"{made.path} holds an ext2, ext3 or ext4 file system" in refused.err
    assert made.look() == before
    if mounted:
        forced = made.apply(check=False, force=True, size="16M")
        assert f"{made.path} is mounted at" in forced.err
        assert made.look() == before
        made.machine.run("umount", point)


# what is busy, fails or dies


def test_a_device_that_is_open_for_a_while_is_waited_for(made: Device):
    began = time.monotonic()
    with made.held(2):
        made.apply(size="32M", priority=7)
    assert time.monotonic() - began > 1.5
    assert made.entry == (32 * MIB - 4096, 7)


def test_a_device_that_stays_open_is_given_back_as_it_was(made: Device):
    with made.held(60) as holder:
        failed = made.apply(size="32M", priority=7, check=False)
        assert failed.code == 1
        assert "the machine is as it was" in failed.err
        assert f"{made.path} has been in use for over 10 s, by process {holder.pid} (" in failed.err
        assert made.look() == MADE
    made.apply(size="32M", priority=7)


def test_a_device_that_stays_open_is_not_removed(made: Device):
    with made.held(60):
        failed = made.apply(state="absent", check=False)
        assert "the machine is as it was" in failed.err
        assert made.look() == MADE
    made.apply(state="absent")
    assert made.look() is None


FILES = ("comp_algorithm", "mem_limit", "disksize", "reset")
WANTED: dict[str, Any] = {"size": "32M", "algorithm": "lzo", "memory_limit": "4M", "priority": 8}
REACHED: dict[str, Any] = {
    "size": 32 * MIB,
    "algorithm": "lzo",
    "limit": 4 * MIB,
    "active": (32 * MIB - 4096, 8),
    "type": "swap",
}


def _write_to(path: Path) -> Call:
    return Call("write", 1, (path,), str(path))


@pytest.mark.parametrize("name", FILES)
def test_a_write_that_fails_is_undone(made: Device, name: str):
    failed = inject(made.machine, _write_to(made.sys / name), "error=EIO", *made.words(**WANTED))
    assert failed.code == 1
    assert "the machine is as it was" in failed.err
    assert made.look() == MADE
    assert made.machine.signature(made.path)["LABEL"] == "mine"


@pytest.mark.parametrize("name", FILES[:3])
def test_a_new_device_is_gone_when_a_write_fails(device: Device, name: str):
    failed = inject(device.machine, _write_to(_DEVICES / device.name / name), "error=ENOMEM", *device.words(**WANTED))
    assert failed.code == 1
    assert "the machine is as it was" in failed.err
    assert device.look() is None


@pytest.mark.parametrize("program", ["mkswap", "swapon"])
def test_a_program_that_fails_is_undone(made: Device, program: str):
    made.machine.fake(program, '[ -e "$0.failed" ] && exec "$REAL" "$@"; touch "$0.failed"; exit 1')
    failed = made.apply(check=False, **WANTED)
    assert failed.code == 1
    assert "the machine is as it was" in failed.err
    assert made.look() == MADE


@pytest.mark.parametrize("name", FILES)
def test_killed_at_a_write(made: Device, name: str):
    killed = inject(made.machine, _write_to(made.sys / name), "signal=KILL", *made.words(**WANTED))
    assert killed.code in {-signal.SIGKILL, 128 + signal.SIGKILL}
    made.apply(**WANTED)
    assert made.look() == REACHED
    assert not made.apply(**WANTED).json["changed"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("program", ["swapoff", "mkswap", "swapon"])
def test_killed_beside_a_program(made: Device, program: str, when: str):
    kill, real = 'kill -9 "$PPID"', '"$REAL" "$@"'
    made.machine.fake(program, f"{kill}; sleep 0.1; exec false" if when == "before" else f"{real}; {kill}")
    assert made.apply(check=False, **WANTED).code in {-signal.SIGKILL, 128 + signal.SIGKILL}
    made.machine.unfake()
    made.apply(**WANTED)
    assert made.look() == REACHED


def test_killed_while_it_is_removed(made: Device):
    killed = inject(made.machine, _write_to(_CONTROL / "hot_remove"), "signal=KILL", *made.words(state="absent"))
    assert killed.code in {-signal.SIGKILL, 128 + signal.SIGKILL}
    made.apply(state="absent")
    assert made.look() is None


# what the next boot reads


def test_a_unit_of_ours_comes_and_goes(device: Device):
    device.apply(size="16M", persist="systemd")
    service = f"swapctl-{device.name}.service"
    swap = f"dev-{device.name}.swap"
    assert device.configuration == {
        f"/system/{service}", f"/system/{swap}", f"/system/{swap}.requires/{service}", f"/system/swap.target.requires/{swap}",
    }  # fmt: skip
    assert not device.apply(size="16M", persist="systemd").json["changed"]
    device.apply(size="32M", persist="systemd")
    assert "echo 33554432 >" in device.machine.real(f"{_UNITS}/{service}").read_text()
    device.apply(state="absent")
    assert device.configuration == set()


def test_the_commands_of_the_unit_do_what_it_says(device: Device):
    """Without systemd, one by one; tests/vm has systemd do it."""
    wanted: dict[str, Any] = {"size": "16M", "algorithm": "lz4", "memory_limit": "8M", "label": "mine", "priority": 7}
    device.apply(persist="systemd", **wanted)
    text = device.machine.real(f"{_UNITS}/swapctl-{device.name}.service").read_text()
    device.close()
    for command in re.findall(r"^ExecStart=-?(.*)$", text, re.MULTILINE)[1:]:
        device.machine.run("sh", "-c", command)
    device.machine.run("swapon", "-p", "7", device.path)
    assert device.look() == MADE
    (condition,) = re.findall(r"^ExecCondition=(.*)$", text, re.MULTILINE)
    assert device.machine.run("sh", "-c", condition.replace("$$", "$"), check=False).code == 1
    assert not device.apply(persist="systemd", **wanted).json["changed"]
    device.machine.run("swapoff", device.path)
    assert device.machine.run("sh", "-c", condition.replace("$$", "$"), check=False).code == 0
    (stop,) = re.findall(r"^ExecStop=(.*)$", text, re.MULTILINE)
    device.machine.run("sh", "-c", stop)
    assert device.value("disksize") == "0"


def test_the_generator_is_told(device: Device):
    etc = device.machine.real("/etc/systemd")
    (etc / "system-generators").mkdir(exist_ok=True)
    (etc / "system-generators" / "zram-generator").touch()
    theirs = f"# mine\n[{device.name}]\nzram-size = 5\n"
    (etc / "zram-generator.conf").write_text(theirs)
    device.apply(size="16M", persist="systemd", algorithm="lz4", priority=7)
    own = etc / "zram-generator.conf.d" / f"90-swapctl-{device.name}.conf"
    section = f"[{device.name}]\nzram-size = 16\ncompression-algorithm = lz4\nswap-priority = 7\noptions =\n"
    assert own.read_text().endswith(section)
    assert device.configuration == {f"/zram-generator.conf.d/90-swapctl-{device.name}.conf"}
    assert not device.apply(size="16M", persist="systemd", algorithm="lz4", priority=7).json["changed"]
    device.apply(state="absent")
    assert own.read_text().endswith(f"[{device.name}]\nzram-size = 0\n")
    assert not device.apply(state="absent").json["changed"]
    assert (etc / "zram-generator.conf").read_text() == theirs


def test_an_image_gets_only_what_its_next_boot_reads(device: Device):
    image = device.machine.directory / "image"
    (image / "etc/systemd/system").mkdir(parents=True)
    done = device.apply("--root", str(image), size="16M", persist="systemd")
    assert set(done.names) <= {"write", "mkdir", "link"}
    assert (image / f"etc/systemd/system/swapctl-{device.name}.service").exists()
    assert not device.apply("--root", str(image), size="16M", persist="systemd").json["changed"]
    assert device.look() is None


def test_the_error_of_a_busy_device_is_the_kernels(made: Device):
    """What the waiting is for: without it, this is what everybody gets."""
    made.apply(size="16M", algorithm="lz4", active=False)
    with made.held(60), pytest.raises(OSError) as raised:
        made.write("reset", "1")
    assert raised.value.errno == errno.EBUSY
    assert os.path.exists(made.path)
