"""What the tests on the running kernel share."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.system.machine import Machine, find_disk, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Where mkswap and its like are, and su(1) does not look.
os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"

# So that a test run that is told to end takes away what it made.
signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def disk() -> Path:
    """Return a directory that can hold swap files."""
    return find_disk()


@pytest.fixture
def machine(disk: Path) -> Iterator[Machine]:
    """Give a machine for one test."""
    with running(disk) as machine:
        yield machine
