"""The first area is larger, and the host has had the other one meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.witness import MIB, PAGE, Entry

if TYPE_CHECKING:
    from tests.witness import Witness


def test_the_kernel_swaps_to_all_of_it(witness: Witness) -> None:
    assert witness.own_swaps()[witness.area] == Entry("file", 64 * MIB - PAGE, 10)
    assert witness.host.file(witness.area).size == 64 * MIB
    assert witness.host.file(witness.area).mode == 0o600


def test_it_is_listed_once(witness: Witness) -> None:
    assert sorted(source for source, _options in witness.listed()) == [witness.area, f"{witness.area}-second"]


def test_the_host_was_never_without_swap(witness: Witness) -> None:
    assert all(f"{witness.area}-second" in line for line in witness.host.file("/root/seen").content_string.splitlines())


def test_nothing_else_is_left(witness: Witness) -> None:
    assert witness.names("/swap") == [witness.name, f"{witness.name}-second"]
