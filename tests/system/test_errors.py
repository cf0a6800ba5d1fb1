"""What the kernel answers with four numbers is named, with its cause and what helps, before anything is written if it can be."""

from __future__ import annotations

import os

import pytest

from tests.support import missing
from tests.system.machine import MIB, PAGE, SWAPCTL, Machine, need

_WANTED = ("--size", "4M")


@pytest.mark.parametrize("verb", ["ensure", "on", "off", "remove"])
def test_without_the_capability(machine: Machine, verb: str):
    need("setpriv")
    machine.make_area(active=verb in {"off", "remove"})
    before = machine.snapshot()
    refused = machine.swapctl(verb, machine.area, check=False, wrapper=("setpriv", "--bounding-set", "-sys_admin"))
    assert refused.code == 1
    assert "no CAP_SYS_ADMIN" in refused.err
    assert "give the container CAP_SYS_ADMIN" in refused.err
    assert machine.snapshot() == before


def test_without_the_capability_what_needs_none_works(machine: Machine):
    need("setpriv")
    wrapper = ("setpriv", "--bounding-set", "-sys_admin")
    assert machine.swapctl("ensure", machine.area, *_WANTED, "--inactive", wrapper=wrapper).json["changed"]
    assert machine.is_whole_area(machine.area, 4 * MIB)


def test_in_a_user_namespace(machine: Machine):
    machine.make_area()
    before = machine.snapshot()
    wrapper = ("unshare", "--user", "--map-root-user")
    if machine.run(*wrapper, "true", check=False).code:
        missing("user namespaces are switched off here")
    refused = machine.swapctl("ensure", machine.area, check=False, wrapper=wrapper)
    assert refused.code == 1
    assert "user namespace" in refused.err
    assert machine.snapshot() == before


def test_as_an_ordinary_user(machine: Machine):
    machine.make_area()
    before = machine.snapshot()
    refused = machine.swapctl("ensure", "/swapfile-of-nobody", *_WANTED, check=False, nobody=True)
    assert refused.code == 1
    assert "root" in refused.err
    assert machine.snapshot() == before


def test_status_as_an_ordinary_user(machine: Machine):
    machine.make_area(active=True)
    areas = machine.swapctl("status", nobody=True).json["areas"]
    mine = next(area for area in areas if area["path"] == str(machine.area))
    assert (mine["active"], mine["usable"], mine["label"]) == (True, 32 * MIB - PAGE, None)


@pytest.mark.parametrize("words", [("ensure", "--size", "8M"), ("remove",), ("off",), ("ensure", "--priority", "9")])
def test_an_immutable_area(machine: Machine, words: tuple[str, ...]):
    machine.make_area(active=True)
    machine.run("chattr", "+i", machine.area)
    before = machine.snapshot()
    refused = machine.swapctl(words[0], machine.area, *words[1:], check=False)
    assert refused.code == 1
    assert f"{machine.area} is immutable or append-only" in refused.err
    assert f"chattr -i -a {machine.area}" in refused.err
    assert machine.snapshot() == before


def test_an_immutable_area_is_not_turned_on(machine: Machine):
    machine.make_area()
    machine.run("chattr", "+i", machine.area)
    refused = machine.swapctl("on", machine.area, check=False)
    assert refused.code == 1
    assert "immutable" in refused.err


def test_an_immutable_directory(machine: Machine):
    machine.run("chattr", "+i", machine.area.parent)
    refused = machine.swapctl("ensure", machine.area, *_WANTED, check=False)
    machine.run("chattr", "-i", machine.area.parent)
    assert refused.code == 1
    assert f"{machine.area.parent} is immutable" in refused.err


def test_pages_of_another_size(machine: Machine):
    page = 16384 if PAGE != 16384 else 65536
    machine.make_area()
    machine.mkswap(machine.area, pagesize=str(page))
    refused = machine.swapctl("on", machine.area, check=False)
    assert refused.code == 1
    assert f"pages of {page} bytes, not {PAGE}" in refused.err


def test_shorter_than_it_says(machine: Machine):
    machine.make_area(size=8 * MIB)
    os.truncate(machine.area, 4 * MIB)
    refused = machine.swapctl("on", machine.area, check=False)
    assert refused.code == 1
    assert "shorter than its header says" in refused.err


def test_active_under_another_name(machine: Machine):
    """A loop device over the file: the kernel has it twice, but takes it once."""
    machine.make_area(size=8 * MIB)
    device = machine.loop(machine.area)
    machine.run("swapon", device)
    refused = machine.swapctl("on", machine.area, check=False)
    assert refused.code in {0, 1}
    if refused.code:
        assert "in use" in refused.err


def test_active_by_another_path(machine: Machine):
    """One area has one identity, whatever name the kernel shows."""
    machine.make_area(active=True)
    point = machine.directory / "elsewhere"
    point.mkdir()
    machine.run("mount", "--bind", machine.area.parent, point)
    other = point / machine.area.name
    assert not machine.swapctl("on", other).json["changed"]
    assert machine.swapctl("off", other).names == ["swapoff"]
    assert machine.swaps() == {}


def test_active_though_its_name_is_gone(machine: Machine):
    """mv(1) cannot rename an active file, but its directory can go out of sight."""
    inner = machine.area.parent / "inner"
    inner.mkdir()
    machine.area = machine.make_area(inner / machine.area.name, active=True)
    moved = machine.area.parent.with_name("moved")
    inner.rename(moved)
    assert not machine.swapctl("on", moved / machine.area.name).json["changed"]
    assert machine.swapctl("off", moved / machine.area.name).names == ["swapoff"]


def test_a_busy_lock(machine: Machine):
    with machine.locked():
        refused = machine.swapctl("ensure", machine.area, *_WANTED, "--lock-timeout", "0.3", check=False)
    assert refused.code == 1
    assert refused.json["error"] == "Busy"
    assert "/run/swapctl.lock for over 0.3 s" in refused.err
    assert "--lock-timeout" in refused.err
    assert not machine.area.exists()


def test_too_small(machine: Machine):
    refused = machine.swapctl("ensure", machine.area, "--size", f"{10 * PAGE - 1}", check=False)
    assert refused.code == 1
    assert f"give {10 * PAGE} or more" in refused.err
    assert not list(machine.area.parent.iterdir())
    machine.swapctl("ensure", machine.area, "--size", f"{10 * PAGE}")
    entry = machine.active(machine.area)
    assert entry
    assert entry.size == 9 * PAGE


def test_larger_than_the_device(machine: Machine):
    backing = machine.directory / "device.img"
    with backing.open("xb") as file:
        file.truncate(8 * MIB)
    device = machine.loop(backing)
    refused = machine.swapctl("ensure", device, "--size", "16M", check=False)
    assert refused.code == 1
    assert "8 MiB" in refused.err
    assert "16 MiB" in refused.err
    assert machine.signature(device) == {}


def test_no_such_directory(machine: Machine):
    area = machine.area.parent / "missing" / "area"
    refused = machine.swapctl("ensure", area, *_WANTED, check=False)
    assert refused.code == 1
    assert f"mkdir -p {area.parent}" in refused.err


def test_no_such_device(machine: Machine):
    for path in ("/dev/no-such-device", "UUID=00000000-1111-2222-3333-444444444444", "LABEL=no such label"):
        refused = machine.swapctl("ensure", path, check=False)
        assert refused.code == 1
        assert path in refused.err
        assert "lsblk" in refused.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ensure", "relative", "--size", "1M"), ("'relative'", "not absolute")),
        (("ensure", "/x", "--size", "lots"), ("'lots'", "50%")),
        (("ensure", "/x", "--size", "1M", "--priority", "40000"), ("40000", "0..32767")),
        (("ensure", "/x", "--size", "1M", "--label", "x" * 16), ("15 bytes",)),
        (("ensure", "/x", "--size", "1M", "--options", "pri=3"), ("pri=3", "priority")),
        (("ensure", "/x", "--frobnicate"), ("--frobnicate",)),
        (("ensure",), ("PATH",)),
        ((), ("COMMAND",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_used_wrongly(machine: Machine, arguments: tuple[str, ...], words: tuple[str, ...]):
    run = machine.run(*SWAPCTL, *arguments, check=False)
    assert run.code == 2
    assert run.out == ""
    assert run.err.startswith("swapctl: ")
    assert run.err.count("\n") == 1
    assert all(word in run.err for word in words)


@pytest.mark.parametrize("error", ["EPERM", "EINVAL", "ENOMEM", "EBUSY", "ENOENT", "ENOSYS"])
def test_what_swapon_may_answer(machine: Machine, error: str):
    """Inject what other kernels and security modules say; it is never shown bare, and nothing is left behind."""
    need("strace")
    before = machine.snapshot()
    machine.fake("swapon", f'exec strace -qq -o /dev/null -e inject=swapon:error={error} "$REAL" "$@"')
    run = machine.swapctl("ensure", machine.area, *_WANTED, check=False)
    assert run.code == 1
    assert f"{machine.area} could not be turned on: " in run.err
    assert "hint: " in run.err
    assert "the machine is as it was" in run.err
    assert machine.snapshot() == before


@pytest.mark.parametrize("error", ["EPERM", "ENOMEM", "EINTR"])
def test_what_swapoff_may_answer(machine: Machine, error: str):
    need("strace")
    machine.make_area(active=True)
    before = machine.snapshot()
    machine.fake("swapoff", f'exec strace -qq -o /dev/null -e inject=swapoff:error={error} "$REAL" "$@"')
    run = machine.swapctl("off", machine.area, check=False)
    assert run.code == 1
    assert f"{machine.area} could not be turned off: " in run.err
    assert machine.snapshot() == before
