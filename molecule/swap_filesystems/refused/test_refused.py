"""Where the kernel takes no swap file, none is made, and fstab does not say that there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.witness import Witness


def test_no_file_is_left(witness: Witness) -> None:
    assert not [name for name in witness.names("/") if "swapfile" in name]
    assert not witness.names("/dev/shm")


def test_none_was_made_and_removed(witness: Witness) -> None:
    assert witness.out("stat --format '%n %y' / /dev/shm") == witness.out("cat /root/directories")


def test_fstab_lists_neither(witness: Witness) -> None:
    assert not {"/swapfile", "/dev/shm/swapfile"} & set(dict(witness.listed()))
