"""A blank disk and one that is addressed by its UUID are in use, and are so after a boot."""

from __future__ import annotations

import uuid

from tests.witness import MIB, PAGE, Entry, Witness


def test_the_kernel_swaps_to_both(witness: Witness) -> None:
    swaps = witness.swaps()
    assert swaps[witness.disk("blank")] == Entry("partition", 64 * MIB - PAGE, 7)
    assert swaps[witness.disk("swap")] == Entry("partition", 64 * MIB - PAGE, 5)


def test_the_blank_one_has_its_label(witness: Witness) -> None:
    assert f"LABEL: {witness.name[-8:]}" in witness.out("swaplabel %s", witness.disk("blank"))


def test_the_other_one_is_not_made_anew(witness: Witness) -> None:
    assert witness.signature(witness.disk("swap"))["UUID"] == _uuid(witness)


def test_fstab_names_them_as_the_administrator_did(witness: Witness) -> None:
    assert witness.listed() == [
        (witness.disk("blank"), {"sw", "pri=7", "discard=once"}),
        (f"UUID={_uuid(witness)}", {"sw", "pri=5", "nofail", "x-systemd.device-timeout=30s"}),
    ]


def _uuid(witness: Witness) -> str:
    """Return what the filter to_uuid makes of the host's name."""
    return str(uuid.uuid5(uuid.UUID("361e6d51-faec-444a-9079-341386da8e2e"), witness.name))
