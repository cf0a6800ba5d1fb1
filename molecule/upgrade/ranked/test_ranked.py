"""The first area has a priority. For that the kernel must be told anew, but no file is made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.witness import Witness


def test_the_kernel_prefers_the_first(witness: Witness) -> None:
    swaps = witness.own_swaps()
    assert swaps[witness.area].priority == 10
    assert swaps[f"{witness.area}-second"].priority < 0


def test_it_is_the_same_file(witness: Witness) -> None:
    found = witness.out("stat --format '%%i %%n' %s %s", witness.area, f"{witness.area}-second")
    assert found == witness.host.file("/root/files").content_string.strip()


def test_fstab_says_so(witness: Witness) -> None:
    options = dict(witness.listed())
    assert "pri=10" in options[witness.area]
    assert not [one for one in options[f"{witness.area}-second"] if one.startswith("pri=")]


def test_the_host_was_never_without_swap(witness: Witness) -> None:
    assert all(f"{witness.area}-second" in line for line in witness.host.file("/root/seen").content_string.splitlines())
