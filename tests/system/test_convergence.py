"""From every start state, one run reaches the wanted one, the dry run tells what it does, and a second run does nothing.

Witnesses are the kernel, stat, blkid and findmnt, never swapctl itself.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.system.machine import MIB, NOBODY, OTHERS, PAGE, Entry, Machine, need

if TYPE_CHECKING:
    from collections.abc import Callable

    Arrange = Callable[[Machine], object]

SIZE = 32 * MIB
WANTED = ("--size", "32M", "--priority", "5")
LISTED = "sw,pri=5"


def _inactive(**options: object) -> Arrange:
    return lambda machine: machine.make_area(**options)  # type: ignore[arg-type]


def _active(size: int = SIZE, *options: str) -> Arrange:
    return lambda machine: machine.make_area(size=size, active=True, options=options)


def _listed(*lines: str) -> Arrange:
    """Return an arrangement with a right and active area, and *lines* in fstab, {} being its path."""

    def arrange(machine: Machine) -> None:
        machine.make_area(active=True, options=("--priority", "5"), uuid=_UUID, label="mine")
        machine.list_in_fstab(*(line.format(machine.area) for line in lines))

    return arrange


_UUID = "3f2c1e0d-5b6a-4978-8899-aabbccddeeff"


def _longer_than_its_header(machine: Machine) -> None:
    machine.make_area()
    os.truncate(machine.area, SIZE + 4 * MIB)


def _allocated_beyond_its_header(machine: Machine) -> None:
    machine.make_area()
    with machine.area.open("r+b") as file:
        os.posix_fallocate(file.fileno(), 0, SIZE + 4 * MIB)


def _longer_and_active(machine: Machine) -> None:
    machine.make_area(active=True)
    os.truncate(machine.area, SIZE + 4 * MIB)


def _shorter_than_its_header(machine: Machine) -> None:
    machine.make_area()
    os.truncate(machine.area, SIZE - 4 * MIB)


def _readable_by_all(machine: Machine, *, active: bool = False) -> None:
    machine.make_area(active=active)
    machine.area.chmod(0o644)


def _of_another_owner(machine: Machine) -> None:
    machine.make_area()
    os.chown(machine.area, NOBODY, NOBODY)


def _sparse(machine: Machine) -> None:
    with machine.area.open("xb") as file:
        file.truncate(SIZE)
    machine.mkswap(machine.area)


def _sparse_without_header(machine: Machine) -> None:
    with machine.area.open("xb") as file:
        file.truncate(SIZE)


def _allocated_without_header(machine: Machine) -> None:
    with machine.area.open("xb") as file:
        os.posix_fallocate(file.fileno(), 0, SIZE)


def _for_other_pages(machine: Machine) -> None:
    """Make an area for a machine with other pages: the signature ends its first page."""
    page = 16384 if PAGE != 16384 else 65536
    machine.make_area()
    machine.mkswap(machine.area, pagesize=str(page))


def _leftover(kind: str, size: int, *, formatted: bool, area: bool = False) -> Arrange:
    def arrange(machine: Machine) -> None:
        if area:
            machine.make_area(active=True)
        path = machine.area.with_name(f".{machine.area.name}.swapctl-{kind}")
        with path.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            os.posix_fallocate(file.fileno(), 0, size)
        if formatted:
            machine.mkswap(path)

    return arrange


def _active_bridge(machine: Machine) -> None:
    machine.make_area(machine.area.with_name(f".{machine.area.name}.swapctl-bridge"), active=True)


def _no_fstab(machine: Machine) -> None:
    machine.fstab.unlink()


def _unterminated_fstab(machine: Machine) -> None:
    machine.fstab.write_text(OTHERS.rstrip("\n"))


def _through_a_link(machine: Machine) -> None:
    link = machine.directory / "link"
    link.symlink_to("areas")
    machine.list_in_fstab(f"{link}/{machine.area.name} none swap sw 0 0")


START_STATES: dict[str, Arrange] = {
    "nothing": lambda _machine: None,
    "too-small-active": _active(16 * MIB),
    "too-small-inactive": _inactive(size=16 * MIB),
    "too-large-active": _active(48 * MIB),
    "too-large-inactive": _inactive(size=48 * MIB),
    "right-size-inactive": _inactive(),
    "right-size-active": _active(),
    "another-priority": _active(SIZE, "--priority", "9"),
    "longer-than-its-header": _longer_than_its_header,
    "allocated-beyond-its-header": _allocated_beyond_its_header,
    "longer-than-its-header-active": _longer_and_active,
    "shorter-than-its-header": _shorter_than_its_header,
    "mode-0644": _readable_by_all,
    "mode-0644-active": lambda machine: _readable_by_all(machine, active=True),
    "another-owner": _of_another_owner,
    "sparse": _sparse,
    "sparse-without-header": _sparse_without_header,
    "allocated-without-header": _allocated_without_header,
    "empty-file": lambda machine: machine.area.touch(),
    "header-for-other-pages": _for_other_pages,
    "leftover-empty": _leftover("new", 0 + PAGE, formatted=False),
    "leftover-half-allocated": _leftover("new", 8 * MIB, formatted=False),
    "leftover-finished": _leftover("new", SIZE, formatted=True),
    "leftover-beside-an-area": _leftover("new", 8 * MIB, formatted=False, area=True),
    "leftover-old": _leftover("old", 16 * MIB, formatted=True, area=True),
    "leftover-bridge": _leftover("bridge", 16 * MIB, formatted=True, area=True),
    "leftover-bridge-active": _active_bridge,
    "fstab-missing": _no_fstab,
    "fstab-without-last-newline": _unterminated_fstab,
    "fstab-duplicate": _listed("{} none swap sw 0 0", "{} none swap sw,pri=5 0 0"),
    "fstab-by-uuid": _listed(f"UUID={_UUID} none swap sw 0 0"),
    "fstab-by-label": _listed("LABEL=mine none swap sw 0 0"),
    "fstab-swap-swap": _listed("{} swap swap defaults 0 0"),
    "fstab-path-twice": _listed("{0} {0} swap sw"),
    "fstab-escaped": _listed(r"{} none swap sw,pri=3,\040x 0 0"),
    "fstab-commented-out": _listed("#{} none swap sw 0 0", "# {} none swap sw,pri=5 0 0"),
    "fstab-comment-behind": _listed("{} none swap sw # made by hand"),
    "fstab-noauto": _listed("{} none swap noauto,pri=5 0 0"),
    "fstab-through-a-link": _through_a_link,
}


@pytest.mark.parametrize("arrange", START_STATES.values(), ids=START_STATES.keys())
def test_one_run_is_enough(machine: Machine, arrange: Arrange):
    arrange(machine)
    kept = (
        [line for line in machine.fstab.read_text().splitlines() if line.startswith("#")]
        if machine.fstab.exists()
        else []
    )
    before = machine.snapshot()

    dry = machine.swapctl("ensure", machine.area, *WANTED, "--dry-run").json
    assert machine.snapshot() == before
    real = machine.swapctl("ensure", machine.area, *WANTED).json
    again = machine.swapctl("ensure", machine.area, *WANTED).json

    assert dry["actions"] == real["actions"]
    assert (dry["changed"], real["changed"], again["changed"]) == (True, True, False)
    assert again["actions"] == []
    assert real["after"] == again["before"] == again["after"]
    _expect_area(machine, Entry(SIZE - PAGE, 5))
    assert machine.listed() == [(str(machine.area), LISTED)]
    text = machine.fstab.read_text()
    assert [line for line in text.splitlines() if line.startswith("#")] == kept
    assert text.endswith("\n")
    assert sorted(path.name for path in machine.area.parent.iterdir()) == [machine.area.name]
    assert list(machine.swaps()) == [str(machine.area)]


@pytest.mark.parametrize(
    "name",
    [
        "two words",
        "tab\tbetween",
        "größe-交換",
        "back\\slash",
        "#hash",
        "quo\"te's",
        "-dash",
        "100%",
        "a,b",
        "end (deleted)",
        "\\040",
        "x" * 240,
    ],
)
def test_names(machine: Machine, name: str):
    machine.area = machine.area.with_name(name)
    machine.token = machine.directory.name  # cleaning up goes by what is in the path

    assert machine.swapctl("ensure", machine.area, *WANTED).json["changed"]
    assert not machine.swapctl("ensure", machine.area, *WANTED).json["changed"]
    _expect_area(machine, Entry(SIZE - PAGE, 5))
    assert machine.listed() == [(str(machine.area), LISTED)]
    assert machine.fstab.read_text().startswith(OTHERS)

    assert machine.swapctl("remove", machine.area).json["changed"]
    assert not machine.swapctl("remove", machine.area).json["changed"]
    assert machine.fstab.read_text() == OTHERS
    assert machine.swaps() == {}
    assert not machine.area.exists()


@pytest.mark.parametrize(
    ("options", "listed", "priority"),
    [
        pytest.param((), "sw", None, id="none"),
        pytest.param(("--nofail",), "sw,nofail", None, id="nofail"),
        pytest.param(("--discard", "once", "--priority", "0"), "sw,pri=0,discard=once", 0, id="discard"),
        pytest.param(("--discard", "both"), "sw,discard", None, id="discard-both"),
        pytest.param(("--priority", "32767"), "sw,pri=32767", 32767, id="highest-priority"),
        pytest.param(
            ("--options", "noauto,x-systemd.requires=a.service"),
            "sw,noauto,x-systemd.requires=a.service",
            None,
            id="more",
        ),
    ],
)
def test_options_are_listed(machine: Machine, options: tuple[str, ...], listed: str, priority: int | None):
    machine.swapctl("ensure", machine.area, "--size", "32M", *options)
    assert not machine.swapctl("ensure", machine.area, "--size", "32M", *options).json["changed"]
    assert machine.listed() == [(str(machine.area), listed)]
    assert machine.active(machine.area) == Entry(SIZE - PAGE, priority)


def test_label_and_uuid_are_as_wanted(machine: Machine):
    machine.make_area(active=True, label="old")
    machine.swapctl("ensure", machine.area, "--label", "new", "--uuid", _UUID.upper())
    assert not machine.swapctl("ensure", machine.area, "--label", "new", "--uuid", _UUID).json["changed"]
    found = machine.signature(machine.area)
    assert (found["LABEL"], found["UUID"]) == ("new", _UUID)


def test_label_and_uuid_survive_a_resize(machine: Machine):
    machine.make_area(active=True, label="mine", uuid=_UUID, size=16 * MIB)
    machine.swapctl("ensure", machine.area, *WANTED)
    found = machine.signature(machine.area)
    assert (found["LABEL"], found["UUID"]) == ("mine", _UUID)
    _expect_area(machine, Entry(SIZE - PAGE, 5))


def test_inactive_and_not_persistent(machine: Machine):
    machine.make_area(active=True)
    machine.list_in_fstab(f"{machine.area} none swap sw 0 0")
    wanted = ("ensure", machine.area, "--inactive", "--persist", "none")
    assert machine.swapctl(*wanted).names == ["swapoff", "fstab"]
    assert not machine.swapctl(*wanted).json["changed"]
    assert machine.swaps() == {}
    assert machine.fstab.read_text() == OTHERS
    assert machine.is_whole_area(machine.area, SIZE)


def test_on_and_off_leave_fstab_alone(machine: Machine):
    machine.make_area()
    machine.list_in_fstab(f"{machine.area} none swap sw,pri=7 0 0")
    before = machine.fstab.read_bytes()
    assert machine.swapctl("on", machine.area).names == ["swapon"]
    assert machine.active(machine.area) == Entry(SIZE - PAGE, 7)
    assert not machine.swapctl("on", machine.area).json["changed"]
    assert machine.swapctl("off", machine.area).names == ["swapoff"]
    assert not machine.swapctl("off", machine.area).json["changed"]
    assert machine.swaps() == {}
    assert machine.fstab.read_bytes() == before


def test_areas_are_removed_together(machine: Machine):
    second = machine.area.with_name(f"{machine.area.name}-2")
    machine.swapctl("ensure", machine.area, *WANTED)
    machine.swapctl("ensure", second, "--size", "16M")
    assert machine.swapctl("remove", machine.area, second).json["changed"]
    assert machine.swaps() == {}
    assert list(machine.area.parent.iterdir()) == []
    assert machine.fstab.read_text() == OTHERS


@pytest.mark.parametrize(
    "arrange",
    [
        pytest.param(lambda machine: machine.make_area(), id="inactive"),
        pytest.param(lambda machine: machine.make_area(active=True), id="active"),
        pytest.param(lambda machine: machine.list_in_fstab(f"{machine.area} none swap sw 0 0"), id="only-listed"),
        pytest.param(_active_bridge, id="active-bridge"),
        pytest.param(_leftover("new", 8 * MIB, formatted=False, area=True), id="leftover"),
        pytest.param(_listed("{} none swap sw", "{} swap swap sw", "LABEL=mine none swap sw"), id="listed-three-times"),
    ],
)
def test_one_removal_is_enough(machine: Machine, arrange: Arrange):
    arrange(machine)
    before = machine.snapshot()
    dry = machine.swapctl("remove", machine.area, "--dry-run").json
    assert machine.snapshot() == before
    real = machine.swapctl("remove", machine.area).json
    assert dry["actions"] == real["actions"]
    assert real["changed"]
    assert not machine.swapctl("remove", machine.area).json["changed"]
    assert machine.swaps() == {}
    assert list(machine.area.parent.iterdir()) == []
    assert machine.fstab.read_text() == OTHERS


# block devices


@pytest.fixture
def device(machine: Machine) -> str:
    backing = machine.directory / "device.img"
    with backing.open("xb") as file:
        file.truncate(SIZE)
    return machine.loop(backing)


@pytest.mark.parametrize(
    "arrange",
    [
        pytest.param(lambda _machine, _device: None, id="blank"),
        pytest.param(lambda machine, device: machine.mkswap(device), id="inactive"),
        pytest.param(lambda machine, device: (machine.mkswap(device), machine.run("swapon", device)), id="active"),
        pytest.param(lambda machine, device: machine.list_in_fstab(f"{device} swap swap defaults 0 0"), id="listed"),
        pytest.param(
            lambda machine, device: (
                machine.mkswap(device, uuid=_UUID),
                machine.list_in_fstab(f"UUID={_UUID} none swap sw 0 0"),
            ),
            id="listed-by-uuid",
        ),
    ],
)
def test_one_run_is_enough_for_a_device(machine: Machine, device: str, arrange: Callable[[Machine, str], object]):
    arrange(machine, device)
    by_uuid = f"UUID={_UUID}" in machine.fstab.read_text()
    before = machine.snapshot()
    dry = machine.swapctl("ensure", device, "--priority", "5", "--dry-run").json
    assert machine.snapshot() == before
    real = machine.swapctl("ensure", device, "--priority", "5").json
    assert dry["actions"] == real["actions"]
    assert real["changed"]
    assert not machine.swapctl("ensure", device, "--priority", "5").json["changed"]
    assert machine.signature(device)["TYPE"] == "swap"
    assert machine.active(device) == Entry(SIZE - PAGE, 5)
    assert machine.listed() == [(f"UUID={_UUID}" if by_uuid else device, LISTED)]

    assert machine.swapctl("remove", device).names == ["swapoff", "fstab"]
    assert not machine.swapctl("remove", device).json["changed"]
    assert machine.swaps() == {}
    assert machine.signature(device)["TYPE"] == "swap"
    assert machine.fstab.read_text() == OTHERS


@pytest.mark.parametrize("tag", [f"UUID={_UUID}", "LABEL=mine of swapctl"[:19]])
def test_a_device_is_found_by_what_it_bears(machine: Machine, device: str, tag: str):
    machine.mkswap(device, uuid=_UUID, label="mine of swapctl"[:13])
    machine.swapctl("ensure", tag, "--nofail")
    assert not machine.swapctl("ensure", tag, "--nofail").json["changed"]
    assert machine.active(device)
    assert machine.listed() == [(tag, "sw,nofail,x-systemd.device-timeout=30s")]


def test_a_device_is_found_through_a_link(machine: Machine, device: str):
    """As /dev/disk/by-* and /dev/mapper have them: fstab gets the name that was asked for."""
    link = machine.area.with_name("by-path")
    link.symlink_to(device)
    assert machine.swapctl("ensure", link).names == ["format", "swapon", "fstab"]
    assert not machine.swapctl("ensure", link).json["changed"]
    assert machine.active(device)
    assert machine.listed() == [(str(link), "sw")]
    assert not machine.swapctl("on", device).json["changed"]
    machine.swapctl("remove", device)
    assert machine.swaps() == {}
    assert machine.fstab.read_text() == OTHERS


def test_a_partition(machine: Machine, device: str):
    need("sfdisk", "partx")
    layout = machine.directory / "layout"
    layout.write_text("label: gpt\n,24M,S\n")
    machine.run("sh", "-c", 'sfdisk --quiet --no-reread --no-tell-kernel "$1" < "$2"', "sh", device, layout)
    machine.run("partx", "--add", device)
    partition = f"{device}p1"
    machine.loops.append(partition)
    try:
        assert machine.swapctl("ensure", partition, "--priority", "5").names == ["format", "swapon", "fstab"]
        assert not machine.swapctl("ensure", partition, "--priority", "5").json["changed"]
        assert machine.active(partition) == Entry(24 * MIB - PAGE, 5)

        refused = machine.swapctl("ensure", device, "--force", check=False)
        assert refused.code == 1
        assert f"{device} is" in refused.err
        assert machine.active(partition)
        assert machine.signature(device)["PTTYPE"] == "gpt"
        machine.swapctl("remove", partition)
    finally:
        machine.run("swapoff", partition, check=False)
        machine.run("partx", "--delete", device)
        machine.loops.remove(partition)


def _expect_area(machine: Machine, entry: Entry) -> None:
    assert machine.active(machine.area) == entry
    assert machine.is_whole_area(machine.area, entry.size + PAGE)
    status = machine.area.stat()
    assert (status.st_uid, status.st_gid) == (0, 0)
