"""Tuning on the running kernel: set now, set at boot as systemd-sysctl and sysctl would, and put back when a run fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.system.kernel import Kept, kept
from tests.system.machine import MIB, Machine, Run, need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Apply = Callable[..., Run]

NAMES = (
    "swappiness",
    "vfs_cache_pressure",
    "page-cluster",
    "watermark_scale_factor",
    "overcommit_memory",
    "min_free_kbytes",
    "overcommit_kbytes",
    "overcommit_ratio",
)
OURS = "/etc/sysctl.d/99-swapctl.conf"
PRESSURE = "/proc/sys/vm/vfs_cache_pressure"
SYSTEMD_SYSCTL = "/lib/systemd/systemd-sysctl"


@pytest.fixture
def vm() -> Iterator[Kept]:
    """Give the kernel's values."""
    with kept(Path("/proc/sys/vm"), NAMES) as values:
        yield values


@pytest.fixture
def apply(machine: Machine) -> Apply:
    """Return a function that applies a layout with this tuning, and areas."""
    path = machine.directory / "layout.json"

    def run(tuning: dict[str, Any], *options: str, areas: object = (), check: bool = True) -> Run:
        path.write_text(json.dumps({"swap": {"tuning": tuning, "areas": list(areas)}}))  # type: ignore[call-overload]
        return machine.swapctl("apply", path, *options, check=check)

    return run


def ours(machine: Machine) -> str | None:
    path = machine.real(OURS)
    return path.read_text() if path.exists() else None


def test_every_value_is_set_and_the_second_run_does_nothing(machine: Machine, apply: Apply, vm: Kept):
    wanted = {
        "swappiness": 33,
        "vfs_cache_pressure": 77,
        "page_cluster": 1,
        "watermark_scale_factor": 20,
        "overcommit_memory": 1,
        "overcommit_ratio": 60,
        "min_free_kbytes": int(vm["min_free_kbytes"]) + 1024,
    }
    planned = apply(wanted, "--dry-run").json
    assert vm.all == vm.first
    done = apply(wanted).json
    assert done["actions"] == planned["actions"]
    assert done["after"] == planned["after"]
    assert [action["name"] for action in done["actions"]] == ["set"] * len(wanted) + ["write"]
    assert {name: int(value) for name, value in vm.all.items()} == {
        **{key.replace("page_cluster", "page-cluster"): value for key, value in wanted.items()},
        "overcommit_kbytes": 0,
    }
    for key, value in wanted.items():
        name = key.replace("page_cluster", "page-cluster")
        assert machine.run("sysctl", "-n", f"vm.{name}").out == f"{value}\n"
        assert f"vm.{name} = {value}\n" in (ours(machine) or "")
    need("strace")
    log = machine.directory / "strace.log"
    again = machine.swapctl(
        "apply", machine.directory / "layout.json", wrapper=("strace", "-f", "-e", "trace=execve", "-o", log)
    )
    assert (again.json["changed"], again.json["actions"]) == (False, [])
    assert log.read_text().count("execve(") == 1


def test_what_something_else_changed_is_set_back(machine: Machine, apply: Apply, vm: Kept):
    apply({"swappiness": 33, "page_cluster": 1})
    vm["swappiness"] = 34
    done = apply({"swappiness": 33, "page_cluster": 1}).json
    assert done["actions"] == [{"name": "set", "detail": "vm.swappiness from 34 to 33"}]
    assert vm["swappiness"] == "33"
    exported = json.loads(machine.swapctl("export").out)["swap"]
    assert exported["tuning"] == {"swappiness": 33, "page_cluster": 1}


def test_a_value_that_is_no_longer_named_stays_until_the_next_boot(machine: Machine, apply: Apply, vm: Kept):
    apply({"swappiness": 33, "page_cluster": 1})
    apply({"page_cluster": 1})
    assert (vm["swappiness"], "swappiness" in (ours(machine) or "")) == ("33", False)
    apply({})
    assert (vm["page-cluster"], ours(machine)) == ("1", None)


@pytest.mark.parametrize("program", [(SYSTEMD_SYSCTL,), ("sysctl", "--system")], ids=["systemd-sysctl", "sysctl"])
def test_the_file_sets_them_at_boot(machine: Machine, apply: Apply, vm: Kept, program: tuple[str, ...]):
    apply({"swappiness": 33, "page_cluster": 1})
    for name in ("swappiness", "page-cluster"):
        vm[name] = vm.first[name]
    # The whole of it would set what belongs to others as well.
    only = "grep -rlE '^' /usr/lib/sysctl.d | xargs -r -n1 sh -c 'ln -sf /dev/null /etc/sysctl.d/${0##*/}'"
    machine.run("sh", "-c", only)
    _run(machine, *program)
    assert (vm["swappiness"], vm["page-cluster"]) == ("33", "1")


@pytest.mark.parametrize(
    ("path", "line", "wins"),
    [
        ("/etc/sysctl.d/99-zz.conf", "vm.swappiness = 44", True),
        ("/etc/sysctl.d/99-zz.conf", "vm/swappiness=44", True),
        ("/etc/sysctl.d/99-zz.conf", "-vm.swappiness = 44", True),
        ("/run/sysctl.d/99-zz.conf", "vm.swappiness = 44", True),
        ("/etc/sysctl.d/zz.conf", "/proc/sys/vm/swappiness = 44", None),
        ("/etc/sysctl.d/10-aa.conf", "vm.swappiness = 44", False),
        ("/etc/sysctl.d/99-zz.conf", "vm.swap* = 44", None),
        ("/etc/sysctl.d/99-zz.conf", "# vm.swappiness = 44", None),
        ("/etc/sysctl.d/99-zz.txt", "vm.swappiness = 44", None),
        ("/run/sysctl.d/99-swapctl.conf", "vm.swappiness = 44", None),
    ],
)
def test_what_is_said_of_other_files_is_what_happens(
    machine: Machine, apply: Apply, vm: Kept, path: str, line: str, *, wins: bool | None
):
    need(SYSTEMD_SYSCTL)
    machine.run("mkdir", "-p", Path(path).parent)
    machine.real(path).write_text(f"{line}\n")
    warnings = [text for text in apply({"swappiness": 33}).json["warnings"] if path in text]
    _run(machine, SYSTEMD_SYSCTL, "--prefix=vm")
    assert (vm["swappiness"] == "44") == any("wins over 33" in text for text in warnings)
    assert bool(warnings) == (wins is not None)


def test_a_value_that_the_kernel_refuses_is_named_and_all_is_undone(machine: Machine, apply: Apply, vm: Kept):
    machine.freeze(PRESSURE)
    before = machine.snapshot()
    area = {"path": str(machine.area), "size": 4 * MIB}
    failed = apply({"swappiness": 33, "vfs_cache_pressure": 99}, areas=[area], check=False)
    assert failed.code == 1
    error = json.loads(failed.out)
    assert error["error"] == "RolledBack"
    assert "the kernel does not take 99 for vm.vfs_cache_pressure" in error["message"]
    assert (vm.all, ours(machine), machine.snapshot()) == (vm.first, None, before)


def test_overcommit_kbytes_come_back_when_a_run_fails(machine: Machine, apply: Apply, vm: Kept):
    machine.freeze(PRESSURE)
    vm["overcommit_kbytes"] = 123456
    failed = apply({"overcommit_ratio": 60, "swappiness": 33, "vfs_cache_pressure": 99}, check=False)
    assert failed.code == 1
    assert (vm["overcommit_kbytes"], vm["overcommit_ratio"]) == ("123456", "0")
    assert apply({"overcommit_ratio": 60}).names == ["set", "set", "write"]
    assert (vm["overcommit_kbytes"], vm["overcommit_ratio"]) == ("0", "60")


@pytest.mark.parametrize(("name", "wins"), [("99-zz.conf", True), ("10-aa.conf", False)])
def test_a_file_that_makes_the_kernel_forget_the_ratio_is_named(
    machine: Machine, apply: Apply, vm: Kept, name: str, *, wins: bool
):
    need(SYSTEMD_SYSCTL)
    path = f"/etc/sysctl.d/{name}"
    machine.run("mkdir", "-p", Path(path).parent)
    machine.real(path).write_text("vm.overcommit_kbytes = 123456\n")
    (warning,) = [text for text in apply({"overcommit_ratio": 60}).json["warnings"] if path in text]
    _run(machine, SYSTEMD_SYSCTL, "--prefix=vm")
    assert vm["overcommit_ratio"] == ("0" if wins else "60")
    assert ("wins over vm.overcommit_ratio 60" in warning) == wins


def test_the_values_of_this_kernel_are_not_those_of_an_image(machine: Machine, apply: Apply, vm: Kept):
    image = machine.directory / "image"
    (image / "etc").mkdir(parents=True)
    assert apply({"swappiness": 33}, "--root", str(image)).names == ["mkdir", "write"]
    assert (image / OURS[1:]).read_text().endswith("vm.swappiness = 33\n")
    assert (vm.all, ours(machine)) == (vm.first, None)


def test_an_ordinary_user_is_refused(machine: Machine, vm: Kept):
    machine.directory.chmod(0o755)
    layout = machine.directory / "layout.json"
    layout.write_text('{"swap": {"tuning": {"swappiness": 33}}}')
    refused = machine.swapctl("apply", layout, check=False, nobody=True)
    assert refused.code == 1
    assert "needs root" in refused.out
    assert vm.all == vm.first


def _run(machine: Machine, *program: str) -> None:
    need(program[0])
    machine.run(*program, check=False)
