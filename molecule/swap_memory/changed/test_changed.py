"""The area is larger and used later, any amount of memory is allowed, and a value that was changed is set again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.witness import MIB, PAGE, Entry

if TYPE_CHECKING:
    from tests.witness import Witness


def test_the_kernel_swaps_to_all_of_it(witness: Witness) -> None:
    assert witness.swaps()["/dev/zram0"] == Entry("partition", 48 * MIB - PAGE, 50)
    assert int(witness.out("cat /sys/block/zram0/mm_stat").split()[3]) == 0


def test_the_value_is_set_again_and_the_other_is_not_set_at_boot_any_more(witness: Witness) -> None:
    assert witness.out("sysctl --values vm.swappiness") == "121"
    assert "page-cluster" not in witness.host.file("/etc/sysctl.d/99-swapctl.conf").content_string
