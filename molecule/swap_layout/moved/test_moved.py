"""The file is elsewhere, and there was no moment with less swap than before and after."""

from __future__ import annotations

from tests.witness import MIB, PAGE, Entry, Witness


def test_the_kernel_swaps_to_the_new_one(witness: Witness) -> None:
    assert witness.swaps()[f"/swap/moved-{witness.name}"] == Entry("file", 32 * MIB - PAGE, 10)
    assert witness.area not in witness.swaps()


def test_there_was_no_moment_with_less(witness: Witness) -> None:
    least = int(witness.host.file("/run/least").content_string) * 1024
    assert least == 32 * MIB - PAGE + 64 * MIB - PAGE


def test_the_old_file_is_deleted_as_was_asked_for(witness: Witness) -> None:
    assert witness.names("/swap") == [f"moved-{witness.name}", "swapctl-layout-by-hand"]
    assert witness.listed() == [(f"/swap/moved-{witness.name}", {"sw", "pri=10"})]
