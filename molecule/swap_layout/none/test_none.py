"""The host has no swap, and nothing has it come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.witness import Witness


def test_no_area_is_active(witness: Witness) -> None:
    assert not {witness.disk("disk"), f"/swap/moved-{witness.name}"} & set(witness.swaps())


def test_none_is_listed_and_none_has_a_unit(witness: Witness) -> None:
    assert not witness.listed()
    assert not witness.out("find /etc/systemd/system -name *.swap")


def test_the_file_stays(witness: Witness) -> None:
    assert witness.signature(f"/swap/moved-{witness.name}")["TYPE"] == "swap"
