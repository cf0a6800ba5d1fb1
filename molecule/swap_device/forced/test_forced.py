"""What the administrator wanted overwritten is swap, and nothing of the file system can be found."""

from __future__ import annotations

from tests.witness import MIB, PAGE, Entry, Witness


def test_the_kernel_swaps_to_it(witness: Witness) -> None:
    assert witness.swaps()[witness.disk("data")] == Entry("partition", 64 * MIB - PAGE, 3)


def test_it_bears_swap_alone(witness: Witness) -> None:
    assert witness.out("wipefs --no-act --noheadings --output TYPE %s", witness.disk("data")).split() == ["swap"]
