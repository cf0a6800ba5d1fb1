"""What the tests in a virtual machine share.

A test that takes `guest` has a Debian of its own, just booted, and does with it as it likes. It chooses what is in it by
parametrizing `suite`, or by overriding `packages` in its file::

    @pytest.fixture
    def packages() -> tuple[str, ...]:
        return ("lvm2", "cryptsetup-bin")

    def test_something(guest: Guest):
        guest.install_swapctl()
        guest.run("swapctl ensure /swapfile --size 64M")
        guest.reboot()
        assert look(guest).active == {"/swapfile": -2}
"""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from tests.support import missing
from tests.vm.guest import PROGRAMS, Guest
from tests.vm.playbook import Playbooks
from tools.guest import Image, Unavailable, image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# So that a test run that is told to end switches its guests off.
signal.signal(signal.SIGTERM, signal.default_int_handler)


def find_image(suite: str, packages: tuple[str, ...] = ()) -> Image:
    """Return the guest of a Debian suite with *packages* as it is before its first start, or leave the test."""
    absent = [name for name in PROGRAMS if not shutil.which(name)]
    if absent:
        missing(f"not installed: {', '.join(absent)}")
    try:
        return image(suite, packages)
    except Unavailable as problem:
        missing(f"no guest with {suite}: {problem}")


@pytest.fixture
def suite() -> str:
    """Return the Debian that the guest has; a test may ask for another one by parametrizing this."""
    return "bookworm"


@pytest.fixture
def packages() -> tuple[str, ...]:
    """Return the Debian packages that the guest has besides; see the module."""
    return ()


@pytest.fixture
def guest(suite: str, packages: tuple[str, ...]) -> Iterator[Guest]:
    """Give a guest for one test, switched on."""
    with Guest(find_image(suite, packages)) as guest:
        guest.start()
        yield guest


@pytest.fixture
def playbooks(guest: Guest, collections_path: Path) -> Playbooks:
    """Give the collection's playbooks for that guest."""
    return Playbooks(guest, collections_path)
