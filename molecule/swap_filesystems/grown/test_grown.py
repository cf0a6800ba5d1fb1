"""The swap files are larger, wherever they lie, and nothing of the old ones is left."""

from __future__ import annotations

import pytest

from tests.witness import MIB, PAGE, Witness


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs"])
def test_the_kernel_swaps_to_all_of_it(witness: Witness, kind: str) -> None:
    assert witness.own_swaps()[f"/swap/{kind}/{witness.name}"].size == 40 * MIB - PAGE
    assert set(witness.names(f"/swap/{kind}")) <= {witness.name, "lost+found"}
