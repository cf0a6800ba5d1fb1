"""An action that fails leaves the machine as it was, or the error lists what remains."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.system import scenarios
from tests.system.injection import changing_calls, inject
from tests.system.machine import MIB, OTHERS, Run, need, without_inodes
from tests.system.scenarios import Larger, LargerWithoutRoom, Removed, Scenario

if TYPE_CHECKING:
    from tests.system.machine import Machine

_AS_IT_WAS = "what was done is undone, the machine is as it was"


@pytest.mark.parametrize("kind", scenarios.ALL)
def test_any_call_that_fails_is_undone(machine: Machine, kind: type[Scenario]):
    scenario = kind(machine)
    scenario.arrange()
    calls = [call for call in changing_calls(machine, *scenario.words) if scenario.tries.match(call.text)]
    for call in calls:
        scenario.arrange()
        before = machine.snapshot()
        run = inject(machine, call, f"error={call.error}", *scenario.words)
        if run.code == 0:  # what only tells other runs who holds the lock
            assert scenario.is_done(), call
        elif "not tidied up" in run.err:
            assert run.json["error"] == "Incomplete"
            assert run.json["remains"], call
            machine.swapctl(*scenario.words)
            assert scenario.is_done(), call
        else:
            assert run.code == 1
            assert _AS_IT_WAS in run.err, call
            assert without_inodes(machine.snapshot()) == without_inodes(before), call
            assert run.json["error"] == "RolledBack"
            assert not run.json["changed"]


@pytest.mark.parametrize("program", ["mkswap", "swapon", "swapoff", "systemctl"])
@pytest.mark.parametrize("kind", [Larger, LargerWithoutRoom])
def test_a_program_that_fails_is_undone(machine: Machine, kind: type[Scenario], program: str):
    scenario = kind(machine)
    scenario.arrange()
    _run_systemd(machine)
    before = machine.snapshot()
    _fail_once(machine, program)
    run = machine.swapctl(*scenario.words, check=False)
    _expect_as_it_was(machine, run, before)
    assert f"{program}: deliberately" in run.err
    machine.unfake()
    _run_systemd(machine)
    machine.swapctl(*scenario.words)
    assert scenario.is_done()


@pytest.mark.parametrize("program", ["swapoff", "systemctl"])
def test_a_program_that_fails_at_a_removal_is_undone(machine: Machine, program: str):
    scenario = Removed(machine)
    scenario.arrange()
    _run_systemd(machine)
    before = machine.snapshot()
    _fail_once(machine, program)
    run = machine.swapctl(*scenario.words, check=False)
    _expect_as_it_was(machine, run, before)


def test_areas_are_removed_all_or_none(machine: Machine):
    second = machine.area.with_name(f"{machine.area.name}-2")
    for area in (machine.area, second):
        machine.swapctl("ensure", area, "--size", "8M")
    before = machine.snapshot()
    machine.fake("swapoff", f'case "$*" in *{second}) echo swapoff: deliberately >&2; exit 4;; esac; exec "$REAL" "$@"')
    run = machine.swapctl("remove", machine.area, second, check=False)
    _expect_as_it_was(machine, run, before)


@pytest.mark.parametrize("program", ["mkswap", "swapon", "swapoff"])
def test_a_program_that_is_not_installed_is_named(machine: Machine, program: str):
    scenario = Larger(machine)
    scenario.arrange()
    before = machine.snapshot()
    run = machine.swapctl(*scenario.words, check=False, wrapper=machine.without(program))
    assert f"{program} is not installed" in run.err
    if program == "swapon":  # without it the old area does not come back either
        assert any("is not active" in one for one in run.json["remains"])
    else:
        _expect_as_it_was(machine, run, before)


def test_a_program_that_is_killed_is_undone(machine: Machine):
    scenario = Larger(machine)
    scenario.arrange()
    before = machine.snapshot()
    machine.fake(
        "swapoff",
        f'[ -e "{machine.directory}/once" ] && exec "$REAL" "$@"; touch "{machine.directory}/once"; kill -9 $$',
    )
    run = machine.swapctl(*scenario.words, check=False)
    _expect_as_it_was(machine, run, before)
    assert "swapoff was killed by SIGKILL" in run.err


def test_a_program_that_lies_is_found_out(machine: Machine):
    """What a program says is one thing, what the kernel says afterwards is what counts."""
    machine.make_area()
    before = machine.snapshot()
    machine.fake("swapon", "exit 0")
    run = machine.swapctl("ensure", machine.area, check=False)
    _expect_as_it_was(machine, run, before)
    assert f"{machine.area} is not active, though swapon reported no failure" in run.err


@pytest.mark.parametrize("program", ["swapon", "swapoff"])
def test_what_cannot_be_undone_is_listed(machine: Machine, program: str):
    scenario = Larger(machine)
    scenario.arrange()
    if program == "swapon":  # the old area cannot come back
        machine.fake("swapon", "echo swapon: never >&2; exit 1")
    else:  # the new one cannot go
        machine.fake(
            "swapoff",
            f'[ -e "{machine.directory}/once" ] && exit 4; touch "{machine.directory}/once"; exec "$REAL" "$@"',
        )
        _run_systemd(machine)
        machine.fake("systemctl", "exit 1")
    run = machine.swapctl(*scenario.words, check=False)
    machine.unfake()
    assert run.code == 1
    assert run.json["error"] == "Incomplete"
    assert run.json["changed"]
    remains = run.json["remains"]
    assert any(str(machine.area) in one for one in remains)
    assert all(one in run.err for one in remains)
    if program == "swapon":
        assert machine.swaps() == {}
        assert remains[0].startswith(f"{machine.area} is not active (")
    else:
        assert remains[-1].startswith(f"{machine.area} is active") or any(" is active (" in one for one in remains)
    machine.real("/run/systemd/system").rmdir() if program == "swapoff" else None
    machine.swapctl(*scenario.words)
    assert scenario.is_done()


@pytest.mark.parametrize(("file_system", "call"), [("ext4", "fallocate"), ("ext2", "pwrite64")])
def test_a_file_system_that_fills_up_meanwhile(machine: Machine, file_system: str, call: str):
    """Room is checked first. Here something takes it before the allocation, which strace holds up."""
    need("strace", f"mkfs.{file_system}")
    machine.area = machine.mount(file_system, 64 * MIB) / machine.area.name
    new, filler = machine.area.with_name(f".{machine.area.name}.swapctl-new"), machine.area.with_name("filler")
    before = machine.snapshot()
    hold = ("-e", f"inject={call}:delay_enter=2000000:when={2 if call == 'pwrite64' else 1}")
    wrapper = ("strace", "-o", str(machine.directory / "strace.log"), "-P", str(new), *hold)
    process = machine.start("ensure", machine.area, "--size", "40M", wrapper=wrapper)
    while not machine.real(new).exists() and process.poll() is None:
        time.sleep(0.01)
    machine.run("dd", "if=/dev/zero", f"of={filler}", "bs=1M", "count=48", "status=none", check=False)
    out, complaint = process.communicate(timeout=60)
    machine.real(filler).unlink()
    _expect_as_it_was(machine, Run(process.returncode, out, complaint), before)
    assert "No space left on device" in complaint


def test_a_limit_on_files(machine: Machine):
    need("prlimit")
    before = machine.snapshot()
    run = machine.swapctl(
        "ensure", machine.area, "--size", "16M", check=False, wrapper=("prlimit", f"--fsize={8 * MIB}")
    )
    _expect_as_it_was(machine, run, before)
    assert "File too large" in run.err


def test_a_device_that_does_not_keep_what_is_written(machine: Machine):
    """A loop device over a file for which there is no room: to write succeeds, to wait for the disk does not (EIO)."""
    point = machine.directory / "full"
    point.mkdir()
    machine.run("mount", "-t", "tmpfs", "-o", "size=64K", "tmpfs", point)
    backing = machine.real(point / "device.img")
    with backing.open("xb") as file:
        file.truncate(8 * MIB)
    machine.run("dd", "if=/dev/zero", f"of={point}/filler", "bs=4K", "count=16", "status=none", check=False)
    device = machine.loop(point / "device.img")
    run = machine.swapctl("ensure", device, check=False)
    assert run.code == 1
    assert run.json["error"] in {"RolledBack", "Incomplete"}
    assert machine.swaps() == {}
    assert machine.fstab.read_text() == OTHERS


def test_a_device_gets_its_old_content_back(machine: Machine):
    need("mkfs.ext4", "e2fsck")
    backing = machine.directory / "device.img"
    with backing.open("xb") as file:
        file.truncate(8 * MIB)
    device = machine.loop(backing)
    machine.run("mkfs.ext4", "-q", device)
    before = machine.snapshot()
    machine.fake("swapon", "echo swapon: deliberately >&2; exit 1")
    run = machine.swapctl("ensure", device, "--force", check=False)
    _expect_as_it_was(machine, run, before)
    machine.run("e2fsck", "-f", "-n", device)


def _expect_as_it_was(machine: Machine, run: Run, before: dict[str, object]) -> None:
    assert run.code == 1
    assert _AS_IT_WAS in run.err
    assert run.json["error"] == "RolledBack"
    assert machine.snapshot() == before


def _fail_once(machine: Machine, program: str) -> None:
    """Have a program fail, but not when swapctl calls it to go back."""
    once = machine.directory / f"{program}-failed"
    otherwise = "exit 0" if program == "systemctl" else 'exec "$REAL" "$@"'
    machine.fake(program, f'[ -e "{once}" ] && {otherwise}; touch "{once}"; echo {program}: deliberately >&2; exit 4')


def _run_systemd(machine: Machine) -> None:
    """Have it look as if systemd ran here, with a systemctl that does nothing."""
    machine.real("/run/systemd/system").mkdir(parents=True, exist_ok=True)
    machine.fake("systemctl", "exit 0")
