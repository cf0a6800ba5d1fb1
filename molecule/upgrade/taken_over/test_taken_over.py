"""The host is as the role wants it, and its areas have been active all the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.witness import MIB, PAGE

if TYPE_CHECKING:
    from tests.witness import Witness


def test_neither_area_was_ever_off(witness: Witness) -> None:
    assert witness.host.file("/root/seen").content_string == f"{witness.area} {witness.area}-second\n"
    assert witness.out("pgrep --full --list-name /root/watch")


def test_both_are_active(witness: Witness) -> None:
    swaps = witness.own_swaps()
    assert set(swaps) == {witness.area, f"{witness.area}-second"}
    assert all(entry.size == 32 * MIB - PAGE for entry in swaps.values())


def test_they_are_the_same_files_and_only_root_can_read_them(witness: Witness) -> None:
    assert witness.out("stat --format '%%i %%n' %s %s", witness.area, f"{witness.area}-second") == _remembered(witness)
    assert {witness.host.file(name).mode for name in (witness.area, f"{witness.area}-second")} == {0o600}


def test_fstab_lists_each_once_and_not_the_one_that_is_gone(witness: Witness) -> None:
    assert sorted(source for source, _options in witness.listed()) == [witness.area, f"{witness.area}-second"]


def test_the_lines_of_others_keep_their_bytes(witness: Witness) -> None:
    lines = witness.host.file("/etc/fstab").content_string.splitlines()
    assert [line for line in lines if not line.startswith("/swap/")] == [
        "# /etc/fstab: static file system information.",
        "UUID=6a53d01c-4a5d-4a32-9c6e-2f8d4b1f3b5c\t/data ext4\tnoauto 0 2",
        "tmpfs /scratch tmpfs noauto",
    ]


def _remembered(witness: Witness) -> str:
    return witness.out("cat /root/files")
