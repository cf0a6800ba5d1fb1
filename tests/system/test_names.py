"""The kernel's name for an area is that of the mount namespace that activated it: the file itself is what counts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.system.machine import MIB, PAGE, Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.system.machine import Machine


@pytest.fixture
def elsewhere(machine: Machine) -> Iterator[Path]:
    """Give an area that was turned on where its directory has another name, which is gone since."""
    machine.make_area()
    other = machine.directory / "other"
    other.mkdir()
    turn_on = f'mount --bind "{machine.area.parent}" "{other}" && swapon --priority 5 "{other / machine.area.name}"'
    machine.run("unshare", "--mount", "--propagation", "private", "sh", "-c", turn_on)
    yield machine.area
    machine.run("swapoff", machine.area, check=False)


def test_an_area_with_another_name_is_as_wanted(machine: Machine, elsewhere: Path):
    assert machine.active(elsewhere) is None
    assert not machine.swapctl("ensure", elsewhere, "--priority", "5", "--persist", "none").json["changed"]


def test_an_area_with_another_name_is_resized(machine: Machine, elsewhere: Path):
    assert machine.swapctl("ensure", elsewhere, "--size", "40M", "--priority", "5").json["changed"]
    assert machine.active(elsewhere) == Entry(40 * MIB - PAGE, 5)
    assert machine.is_whole_area(elsewhere, 40 * MIB)


def test_an_area_with_another_name_is_removed(machine: Machine, elsewhere: Path):
    assert machine.swapctl("remove", elsewhere).names == ["swapoff", "delete"]
    assert not machine.real(elsewhere).exists()
    assert f"/{elsewhere.name} " not in machine.run("cat", "/proc/swaps").out


def test_a_file_that_has_the_name_of_another_area_is_not_taken_for_active(machine: Machine, elsewhere: Path):
    """To the host, a container's area looks like this: a name, at which something else may stand."""
    namesake = next(Path(name) for name in machine.swaps() if elsewhere.name in name)
    assert not namesake.exists()
    try:
        machine.run("cp", "--preserve=mode", "--sparse=never", elsewhere, namesake)
        assert machine.swapctl("ensure", namesake, "--persist", "none", "-n").names == ["swapon"]
    finally:
        namesake.unlink()
