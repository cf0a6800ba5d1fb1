"""All areas are active: those of the host, that of its neighbour and that of the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.witness import Witness


@pytest.mark.on("bookworm")
def test_all_areas_are_active(witness: Witness) -> None:
    names = list(witness.table())
    assert names.count("/swap/swapctl-off-by-hand") == 2
    assert {witness.area, witness.disk("disk")} <= set(names)
    assert [name for name in names if name.endswith("swapctl-off-machine")]


@pytest.mark.on("bookworm")
def test_all_that_was_listed_is_listed(witness: Witness) -> None:
    assert [source for source, _options in witness.listed()] == [
        witness.area,
        witness.disk("disk"),
        "/swap/swapctl-off-by-hand",
        "/gone.swap",
        "UUID=00000000-dead-beef-0000-000000000001",
    ]
