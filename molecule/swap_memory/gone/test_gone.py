"""zram0 holds nothing, and nothing is made or set at boot."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.witness import Witness


def test_it_is_off_and_has_no_memory(witness: Witness) -> None:
    assert "/dev/zram0" not in witness.swaps()
    assert int(witness.out("cat /sys/block/zram0/disksize")) == 0


def test_a_boot_makes_and_sets_nothing(witness: Witness) -> None:
    assert not witness.out("find /etc/systemd/system -name *zram* ! -type d")
    assert not witness.host.file("/etc/sysctl.d/99-swapctl.conf").exists
