"""Nothing is left of what the usual tasks had made."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.witness import Witness


def test_no_area_is_active(witness: Witness) -> None:
    assert not witness.own_swaps()


def test_the_files_are_gone(witness: Witness) -> None:
    assert not witness.names("/swap")


def test_fstab_has_the_lines_of_others_alone(witness: Witness) -> None:
    assert witness.host.file("/etc/fstab").content_string == (
        "# /etc/fstab: static file system information.\n"
        "UUID=6a53d01c-4a5d-4a32-9c6e-2f8d4b1f3b5c\t/data ext4\tnoauto 0 2\n"
        "tmpfs /scratch tmpfs noauto\n"
    )
