"""The same area with 96 MiB: it keeps label, priority and its one line in fstab."""

from __future__ import annotations

from tests.witness import MIB, PAGE, Entry, Witness


def test_the_kernel_swaps_to_all_of_it(witness: Witness) -> None:
    assert witness.own_swaps() == {witness.area: Entry("file", 96 * MIB - PAGE, 10)}
    assert witness.host.file(witness.area).size == 96 * MIB


def test_it_keeps_its_label_and_its_line(witness: Witness) -> None:
    assert witness.signature(witness.area)["LABEL"] == "molecule"
    assert witness.listed() == [(witness.area, {"sw", "pri=10"})]


def test_only_root_can_read_it_and_nothing_else_is_left(witness: Witness) -> None:
    assert witness.host.file(witness.area).mode == 0o600
    assert witness.names("/swap") == [witness.name]
