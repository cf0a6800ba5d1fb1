"""The host has the two areas of its layout, and what else there was is off and will not come back."""

from __future__ import annotations

from tests.witness import MIB, PAGE, Entry, Witness

BY_HAND = "/swap/swapctl-layout-by-hand"


def test_the_kernel_swaps_to_these_alone(witness: Witness) -> None:
    swaps = witness.swaps()
    assert swaps[witness.area] == Entry("file", 32 * MIB - PAGE, 10)
    assert swaps[witness.disk("disk")] == Entry("partition", 64 * MIB - PAGE, 5)
    assert BY_HAND not in swaps


def test_fstab_has_one_of_them_and_no_other(witness: Witness) -> None:
    assert witness.host.file("/etc/fstab").content_string == (
        f"# a comment with two  spaces\ntmpfs /scratch tmpfs noauto\n{witness.area} none swap sw,pri=10 0 0\n"
    )


def test_the_other_one_has_a_unit(witness: Witness) -> None:
    name = witness.out("systemd-escape --path --suffix=swap %s", witness.disk("disk"))
    unit = witness.host.file(f"/etc/systemd/system/{name}").content_string.splitlines()
    assert {f"What={witness.disk('disk')}", "Priority=5"} <= set(unit)
    assert (
        witness.host.file(f"/etc/systemd/system/swap.target.requires/{name}").linked_to == f"/etc/systemd/system/{name}"
    )


def test_what_would_bring_the_others_back_is_masked_and_their_file_stays(witness: Witness) -> None:
    assert witness.host.file("/etc/systemd/system/dphys-swapfile.service").linked_to == "/dev/null"
    assert witness.signature(BY_HAND)["TYPE"] == "swap"
