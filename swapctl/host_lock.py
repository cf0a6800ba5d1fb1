"""The lock that lets one run at a time change a machine."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager

from .errors import Busy
from .host_errors import refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = "/run/swapctl.lock"
LOCK_TIMEOUT = 30.0  # seconds

_POLL = 0.05


@contextmanager
def held(root: str, timeout: float) -> Iterator[int]:
    """Hold the lock of the machine at *root* and give its descriptor; Busy after *timeout* seconds."""
    descriptor = _open(root)
    try:
        deadline = time.monotonic() + timeout
        while not _try_lock(descriptor):
            if time.monotonic() >= deadline:
                raise _busy(descriptor, root, timeout)
            time.sleep(_POLL)  # flock(2) cannot wait with a limit
        if root == "/":
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _open(root: str) -> int:
    try:
        if root != "/":  # the image's own directory: nothing is left in the image
            return os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return os.open(LOCK, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise refused(LOCK, error) from error


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _busy(descriptor: int, root: str, timeout: float) -> Busy:
    holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() if root == "/" else ""
    who = f"another run (process {holder})" if holder else "another run"
    what = LOCK if root == "/" else root
    return Busy(f"{who} has held the lock {what} for over {timeout:g} s", hint="wait for it, or raise --lock-timeout")
