"""What has nothing to change starts no program (strace sees every one) and writes nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.system.machine import MIB, SWAPCTL, Machine, need

if TYPE_CHECKING:
    from pathlib import Path

_STARTS = "execve,execveat,fork,vfork,clone,clone3"
_WRITES = (
    "mount,rename,renameat,renameat2,link,linkat,unlink,unlinkat,fallocate,ftruncate,truncate,fsync,pwrite64,pwritev,"
    "chmod,fchmod,fchmodat,chown,fchown,fchownat,mkdir,mkdirat,symlink,symlinkat,swapon,swapoff,kill"
)


@pytest.fixture
def wanted(machine: Machine) -> tuple[str, ...]:
    """Bring an area about, and return how it was asked for."""
    arguments = ("ensure", str(machine.area), "--size", "4M", "--priority", "5", "--label", "mine")
    machine.swapctl(*arguments)
    return arguments


def test_a_second_run_starts_no_program(machine: Machine, wanted: tuple[str, ...]):
    before = machine.snapshot()
    assert _traced(machine, _STARTS, *wanted, "--json") == []
    assert _traced(machine, _STARTS, *wanted) == []
    assert machine.snapshot() == before


@pytest.mark.parametrize(
    "arguments",
    [("status",), ("on", "{}"), ("ensure", "{}"), ("ensure", "{}", "--size", "4M", "--priority", "5", "--dry-run")],
)
@pytest.mark.usefixtures("wanted")
def test_looking_starts_no_program(machine: Machine, arguments: tuple[str, ...]):
    words = [word.format(machine.area) for word in arguments]
    if words[0] == "ensure":
        words += ["--priority", "5"]
    assert _traced(machine, f"{_STARTS},{_WRITES}", *words) == []


def test_nothing_to_remove_starts_no_program(machine: Machine):
    assert _traced(machine, f"{_STARTS},{_WRITES}", "remove", str(machine.area)) == []


@pytest.mark.parametrize("arguments", [("ensure", "{}", "--size", "8M"), ("remove", "{}"), ("off", "{}")])
@pytest.mark.usefixtures("wanted")
def test_a_dry_run_starts_and_writes_nothing(machine: Machine, arguments: tuple[str, ...]):
    before = machine.snapshot()
    words = [word.format(machine.area) for word in arguments]
    assert _traced(machine, f"{_STARTS},{_WRITES}", *words, "--dry-run") == []
    assert machine.snapshot() == before


def test_a_second_run_needs_no_lock(machine: Machine, wanted: tuple[str, ...]):
    """A monitor that asks every minute never waits for a resize that takes long."""
    with machine.locked():
        assert not machine.swapctl(*wanted, "--lock-timeout", "0").json["changed"]
    assert machine.active(machine.area)


def test_a_large_area_is_not_read(machine: Machine):
    """Only its first page: what it holds was somebody's memory."""
    machine.make_area(size=64 * MIB, active=True)
    log = _strace(machine, "read,pread64,mmap", "ensure", str(machine.area), "--size", "64M", "--persist", "none", "-n")
    sizes = [int(count) for count in re.findall(rf"<{machine.area}>.*= (\d+)", log.read_text())]
    assert sizes
    assert sum(sizes) <= 128 * 1024


def _traced(machine: Machine, calls: str, *arguments: str) -> list[str]:
    """Return the calls of swapctl and all it starts, but for the start of swapctl itself."""
    lines = _strace(machine, calls, *arguments).read_text().splitlines()
    found = [line for line in lines if re.match(r"\d+ +\w+\(", line)]
    first = found.pop(0)
    assert "execve" in first
    return found


def _strace(machine: Machine, calls: str, *arguments: str) -> Path:
    need("strace")
    log = machine.directory / "strace.log"
    machine.run("strace", "-f", "-y", "-o", log, "-e", f"trace=execve,{calls}", *SWAPCTL, *arguments)
    return log
