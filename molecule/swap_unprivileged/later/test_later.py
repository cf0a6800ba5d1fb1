"""What needs no privilege is done: the file is there and listed, and not in use."""

from __future__ import annotations

from tests.witness import MIB, Witness


def test_the_file_is_a_swap_area(witness: Witness) -> None:
    assert witness.signature(witness.area)["TYPE"] == "swap"
    assert (witness.host.file(witness.area).mode, witness.host.file(witness.area).size) == (0o600, 16 * MIB)


def test_it_is_listed_and_not_active(witness: Witness) -> None:
    assert witness.listed() == [(witness.area, {"sw"})]
    assert not witness.own_swaps()
