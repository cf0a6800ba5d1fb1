"""Nothing was made, turned on or listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.witness import Witness


def test_the_kernel_would_not_have_permitted_it(witness: Witness) -> None:
    bounding = next(line for line in witness.out("cat /proc/1/status").splitlines() if line.startswith("CapBnd"))
    assert not int(bounding.split()[1], 16) & 1 << 21  # CAP_SYS_ADMIN, capabilities(7)


def test_no_file_is_left(witness: Witness) -> None:
    assert not witness.names("/swap")


def test_none_was_made_and_removed(witness: Witness) -> None:
    assert witness.out("stat --format '%n %y' /swap /etc") == witness.out("cat /root/directories")


def test_fstab_keeps_its_bytes(witness: Witness) -> None:
    assert (
        witness.host.file("/etc/fstab").content_string == "# a comment with two  spaces\ntmpfs /scratch tmpfs noauto\n"
    )


def test_no_area_is_active(witness: Witness) -> None:
    assert not witness.own_swaps()
