"""zram0 is an area with what was asked for, and the values are set, now and at boot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.witness import MIB, PAGE, Entry

if TYPE_CHECKING:
    from tests.witness import Witness

UNITS = "/etc/systemd/system"


def test_the_kernel_swaps_to_it_before_any_disk(witness: Witness) -> None:
    assert witness.swaps()["/dev/zram0"] == Entry("partition", 32 * MIB - PAGE, 100)


def test_the_device_is_as_was_asked_for(witness: Witness) -> None:
    assert int(witness.out("cat /sys/block/zram0/disksize")) == 32 * MIB
    assert "[lzo-rle]" in witness.out("cat /sys/block/zram0/comp_algorithm").split()
    assert int(witness.out("cat /sys/block/zram0/mm_stat").split()[3]) == 16 * MIB


def test_the_values_are_set(witness: Witness) -> None:
    assert witness.out("sysctl --values vm.swappiness vm.page-cluster").split() == ["121", "0"]
    assert witness.out("cat /sys/module/zswap/parameters/enabled") == "N"


def test_a_boot_sets_them_again(witness: Witness) -> None:
    assert "vm.swappiness = 121" in witness.host.file("/etc/sysctl.d/99-swapctl.conf").content_string.splitlines()
    zswap = witness.host.file("/etc/tmpfiles.d/swapctl-zswap.conf").content_string.split()
    assert zswap[-7:] == ["w", "/sys/module/zswap/parameters/enabled", "-", "-", "-", "-", "N"]


def test_a_boot_makes_the_device_again(witness: Witness) -> None:
    witness.out("systemd-analyze verify --man=no %s", f"{UNITS}/swapctl-zram0.service")
    assert witness.host.file(f"{UNITS}/dev-zram0.swap.requires/swapctl-zram0.service").is_symlink
    assert "What=/dev/zram0" in witness.host.file(f"{UNITS}/dev-zram0.swap").content_string.splitlines()
