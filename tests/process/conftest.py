"""What the tests with real processes share."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.process.silent import make_silent
from tests.process.stage import Stage, sweep
from tests.support import missing
from tests.system.machine import Machine, find_disk, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.process.stage import Victim

# Where unshare, losetup and their like may be, and su(1) does not look.
os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"

# So that a test run that is told to end takes away what it made.
signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="module", autouse=True)
def _swept() -> Iterator[None]:
    if os.geteuid() != 0:
        missing("the processes of others, namespaces and numbers given anew need root")
    yield
    sweep()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Give a mark for one test, and end what bears it."""
    stage = Stage(tmp_path)
    try:
        yield stage
    finally:
        stage.close()
    assert os.sched_getscheduler(0) == os.SCHED_OTHER, "what later tests start would be a real-time process"


@pytest.fixture
def silent(stage: Stage) -> Victim:
    """Give a process that is found by its name alone, for any reader of its command line waits."""
    return make_silent(stage)


@pytest.fixture(scope="session")
def disk() -> Path:
    """Return a directory that can hold swap files."""
    return find_disk()


@pytest.fixture
def machine(disk: Path) -> Iterator[Machine]:
    """Give a machine with swap for one test."""
    with running(disk) as machine:
        yield machine
