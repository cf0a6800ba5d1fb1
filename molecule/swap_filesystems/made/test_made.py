"""A swap file of 24 MiB on each file system, with all its blocks, and not copied on write."""

from __future__ import annotations

import pytest

from tests.witness import MIB, PAGE, Witness

FILE_SYSTEMS = ("ext4", "xfs", "btrfs")


@pytest.mark.parametrize("kind", FILE_SYSTEMS)
def test_the_kernel_swaps_to_it(witness: Witness, kind: str) -> None:
    path = f"/swap/{kind}/{witness.name}"
    assert witness.out("findmnt --noheadings --output FSTYPE --target %s", path) == kind
    assert witness.own_swaps()[path].size == 24 * MIB - PAGE


@pytest.mark.parametrize("kind", FILE_SYSTEMS)
def test_only_root_can_read_it_and_it_has_all_its_blocks(witness: Witness, kind: str) -> None:
    path = f"/swap/{kind}/{witness.name}"
    assert witness.host.file(path).mode == 0o600
    assert int(witness.out("stat --format %%b %s", path)) * 512 >= 24 * MIB


def test_btrfs_does_not_copy_it_on_write(witness: Witness) -> None:
    assert "C" in witness.out("lsattr %s", f"/swap/btrfs/{witness.name}").split()[0]


def test_fstab_lists_them(witness: Witness) -> None:
    assert witness.listed() == [(f"/swap/{kind}/{witness.name}", {"sw"}) for kind in FILE_SYSTEMS]
