"""The disks are left alone, and are as they were taken into use: a device is never wiped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.witness import Witness

DISKS = ("blank", "swap", "data")


@pytest.mark.parametrize("name", DISKS)
def test_the_kernel_does_not_swap_to_it(witness: Witness, name: str) -> None:
    assert witness.disk(name) not in witness.swaps()


@pytest.mark.parametrize("name", DISKS)
def test_its_header_stays(witness: Witness, name: str) -> None:
    assert witness.signature(witness.disk(name))["TYPE"] == "swap"


def test_fstab_lists_none(witness: Witness) -> None:
    assert not witness.listed()
