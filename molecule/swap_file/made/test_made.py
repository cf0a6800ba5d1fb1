"""A new swap file of 48 MiB with priority 10 and a label, listed once among the lines of others."""

from __future__ import annotations

from tests.witness import MIB, PAGE, Entry, Witness


def test_the_kernel_swaps_to_it(witness: Witness) -> None:
    assert witness.own_swaps() == {witness.area: Entry("file", 48 * MIB - PAGE, 10)}


def test_only_root_can_read_it_and_it_has_all_its_blocks(witness: Witness) -> None:
    file = witness.host.file(witness.area)
    assert (file.mode, file.user, file.size) == (0o600, "root", 48 * MIB)
    assert int(witness.out("stat --format %%b %s", witness.area)) * 512 >= 48 * MIB


def test_it_bears_a_header(witness: Witness) -> None:
    found = witness.signature(witness.area)
    assert (found["TYPE"], found["LABEL"]) == ("swap", "molecule")
    assert found["UUID"]


def test_fstab_lists_it_once_and_keeps_the_lines_of_others(witness: Witness) -> None:
    assert witness.listed() == [(witness.area, {"sw", "pri=10"})]
    lines = witness.host.file("/etc/fstab").content_string.splitlines()
    assert [line for line in lines if not line.startswith(witness.area)] == [
        "# a comment with two  spaces",
        "UUID=6a53d01c-4a5d-4a32-9c6e-2f8d4b1f3b5c\t/data ext4\tnoauto 0 2",
        "",
        f"#{witness.area} none swap sw 0 0",
        "tmpfs /scratch tmpfs noauto",
    ]


def test_nothing_else_is_left(witness: Witness) -> None:
    assert witness.names("/swap") == [witness.name]
