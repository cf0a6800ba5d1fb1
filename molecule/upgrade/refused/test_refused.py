"""What cannot be had changes nothing: the areas have been active all the time, and are what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.witness import MIB

if TYPE_CHECKING:
    from tests.witness import Witness


def test_neither_area_was_ever_off(witness: Witness) -> None:
    assert witness.host.file("/root/seen").content_string == f"{witness.area} {witness.area}-second\n"


def test_the_files_are_what_they_were_and_no_other_is_left(witness: Witness) -> None:
    assert witness.names("/swap") == [witness.name, f"{witness.name}-second"]
    assert witness.host.file(witness.area).size == 32 * MIB
