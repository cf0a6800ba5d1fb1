"""Nothing is left of the areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.witness import Witness


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs"])
def test_the_file_is_gone(witness: Witness, kind: str) -> None:
    assert set(witness.names(f"/swap/{kind}")) <= {"lost+found"}


def test_no_area_is_active_or_listed(witness: Witness) -> None:
    assert not witness.own_swaps()
    assert not witness.listed()
