"""The host has no swap and will have none after a boot. Nobody else's is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.witness import Witness


@pytest.mark.on("bookworm")
def test_the_host_has_no_active_area(witness: Witness) -> None:
    names = set(witness.table())
    assert not {witness.area, witness.disk("disk")} & names
    witness.out("mv /swap/swapctl-off-by-hand /swap/moved")  # which the kernel refuses for an active area
    witness.out("mv /swap/moved /swap/swapctl-off-by-hand")


@pytest.mark.on("bookworm")
def test_the_host_lists_none(witness: Witness) -> None:
    assert not witness.listed()
    assert "tmpfs /scratch tmpfs noauto" in witness.host.file("/etc/fstab").content_string.splitlines()


@pytest.mark.on("bookworm")
def test_the_file_of_the_role_is_gone_and_that_of_somebody_else_stays(witness: Witness) -> None:
    assert witness.names("/swap") == ["swapctl-off-by-hand"]
    assert witness.signature("/swap/swapctl-off-by-hand")["TYPE"] == "swap"


@pytest.mark.on("neighbour")
def test_the_neighbours_area_is_active(witness: Witness) -> None:
    assert witness.table().count("/swap/swapctl-off-by-hand") == 1
    assert "not permitted" in witness.host.run_expect([1], "mv /swap/swapctl-off-by-hand /swap/moved").stderr
    assert witness.listed() == [("/swap/swapctl-off-by-hand", {"defaults"})]


@pytest.mark.on("neighbour")
def test_the_machines_area_is_active(witness: Witness) -> None:
    assert [name for name in witness.table() if name.endswith("swapctl-off-machine")]
