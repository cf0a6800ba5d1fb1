"""What the tests that run Ansible share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.collection.controller import Controller
from tests.support import missing
from tests.system import conftest
from tests.system.machine import Machine, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


disk = conftest.disk


@pytest.fixture
def machine(disk: Path) -> Iterator[Machine]:
    """Give a machine for one test."""
    if os.geteuid() != 0:
        missing("changing swap needs root")
    with running(disk) as machine:
        yield machine


@pytest.fixture
def controller(machine: Machine, collections_path: Path) -> Controller:
    """Give an Ansible whose only host is the machine."""
    return Controller(machine, collections_path)
