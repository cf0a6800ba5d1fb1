"""The same area with 32 MiB and priority 20, and the host may boot without it."""

from __future__ import annotations

from tests.witness import MIB, PAGE, Entry, Witness


def test_the_kernel_swaps_to_it_with_the_new_priority(witness: Witness) -> None:
    assert witness.own_swaps() == {witness.area: Entry("file", 32 * MIB - PAGE, 20)}


def test_the_room_is_given_back(witness: Witness) -> None:
    assert witness.host.file(witness.area).size == 32 * MIB
    assert int(witness.out("stat --format %%b %s", witness.area)) * 512 < 33 * MIB


def test_fstab_says_the_same(witness: Witness) -> None:
    assert witness.listed() == [(witness.area, {"sw", "pri=20", "nofail"})]
