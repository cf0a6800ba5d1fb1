"""The area that could not be turned off is as it was: active, listed, and not deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.witness import Witness


def test_it_is_active(witness: Witness) -> None:
    assert [name for name in witness.table() if name.endswith(f"/swap/{witness.name}")]


def test_nothing_was_changed_and_changed_back(witness: Witness) -> None:
    assert witness.out("stat --format '%n %y' /swap /etc") == witness.out("cat /root/directories")


def test_it_is_there_and_listed(witness: Witness) -> None:
    assert witness.names("/swap") == [witness.name]
    assert witness.listed() == [(witness.area, {"sw"})]
