"""What was turned off, opened to all and taken out of fstab is as it was wanted."""

from __future__ import annotations

from tests.witness import MIB, PAGE, Entry, Witness


def test_the_kernel_swaps_to_it(witness: Witness) -> None:
    assert witness.own_swaps() == {witness.area: Entry("file", 32 * MIB - PAGE, 20)}


def test_only_root_can_read_it(witness: Witness) -> None:
    assert witness.host.file(witness.area).mode == 0o600


def test_fstab_lists_it(witness: Witness) -> None:
    assert witness.listed() == [(witness.area, {"sw", "pri=20", "nofail"})]
