"""What the tests on the running kernel share."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT, missing
from tests.system.machine import MIB, Machine, need, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOM = 1024 * MIB

# Where mkswap and its like are, and su(1) does not look.
os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin"

# So that a test run that is told to end takes away what it made.
signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def disk() -> Path:
    """Return a directory that can hold swap files."""
    for directory in (Path("/var/tmp"), ROOT / "build", Path("/")):
        if directory.is_dir() and _kind(directory) in {"ext2/ext3", "xfs"} and _free(directory) > _ROOM:
            sweep(directory)
            return directory
    return missing("no directory on ext4 or XFS with 1 GiB of room")


@pytest.fixture
def machine(disk: Path) -> Iterator[Machine]:
    """Give a machine for one test."""
    need("unshare", "nsenter", "losetup", "findmnt", "mkswap", "swapon", "swapoff", "blkid")
    machine = Machine(disk)
    try:
        machine.open()
        yield machine
    finally:
        machine.close()


def _kind(directory: Path) -> str:
    done = subprocess.run(
        ["stat", "--file-system", "--format=%T", directory], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _free(directory: Path) -> int:
    numbers = os.statvfs(directory)
    return numbers.f_bavail * numbers.f_frsize
