"""A disk with a file system is as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.witness import Witness


def test_the_file_system_is_whole(witness: Witness) -> None:
    disk = witness.disk("data")
    assert witness.signature(disk)["LABEL"] == "photos"
    witness.out("e2fsck -f -n %s", disk)


def test_the_kernel_does_not_swap_to_it(witness: Witness) -> None:
    assert witness.disk("data") not in witness.swaps()


def test_fstab_does_not_list_it(witness: Witness) -> None:
    assert witness.disk("data") not in dict(witness.listed())
