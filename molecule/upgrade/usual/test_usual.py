"""What the usual tasks leave: swap that works, and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.witness import MIB, PAGE

if TYPE_CHECKING:
    from tests.witness import Witness


def test_both_areas_are_active_and_the_kernel_has_chosen_their_priorities(witness: Witness) -> None:
    swaps = witness.own_swaps()
    assert set(swaps) == {witness.area, f"{witness.area}-second"}
    assert all(entry.size == 32 * MIB - PAGE and entry.priority < 0 for entry in swaps.values())


def test_everybody_can_read_the_first(witness: Witness) -> None:
    assert witness.host.file(witness.area).mode == 0o644


def test_fstab_lists_one_that_is_gone_and_the_first_twice(witness: Witness) -> None:
    assert [source for source, _options in witness.listed()] == [
        f"{witness.area}-gone",
        witness.area,
        f"{witness.area}-second",
        witness.area,
    ]


def test_somebody_watches(witness: Witness) -> None:
    assert witness.host.file("/root/seen").content_string == f"{witness.area} {witness.area}-second\n"
