"""All processes are there before the first is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.witness import Witness


@pytest.mark.parametrize("unit", ["worker@1", "worker@2", "indexer@1", "indexer@2", "stubborn", "phoenix@1"])
def test_the_service_is_active(witness: Witness, unit: str) -> None:
    assert witness.out("systemctl is-active %s", unit) == "active"


@pytest.mark.parametrize(
    ("name", "number"), [("reporter", 1), ("keeper", 1), ("mailer", 2), ("archiver", 2), ("workers", 1)]
)
def test_the_process_is_there(witness: Witness, name: str, number: int) -> None:
    assert len(witness.out("pgrep -x %s", name).split()) == number
