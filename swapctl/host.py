"""The only door to the machine: reads and writes files, runs programs, holds the lock, and defers signals.

What it does is mechanical; whether to do it is decided elsewhere. Every path is as seen from *root*, so that the same
code works on a mounted image and on a directory tree in a test. An effect that fails raises `Failed`.
"""

from __future__ import annotations

from contextlib import contextmanager

from . import host_lock
from .host_lock import LOCK, LOCK_TIMEOUT
from .host_programs import NOT_INSTALLED, Programs
from .host_writing import APPEND_ONLY, COMPRESSED, IMMUTABLE, NOCOW, Writing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "APPEND_ONLY",
    "COMPRESSED",
    "IMMUTABLE",
    "LOCK",
    "LOCK_TIMEOUT",
    "NOCOW",
    "NOT_INSTALLED",
    "LocalHost",
]


class LocalHost(Writing, Programs):
    """This machine, or (*root* not ``/``) the file tree of another one, whose kernel is not running."""

    @contextmanager
    def lock(self, timeout: float) -> Iterator[None]:
        """Hold the lock that lets one run at a time change this machine; Busy after *timeout* seconds."""
        with host_lock.held(self.root, timeout) as descriptor:
            self._lock = (descriptor,)
            try:
                yield
            finally:
                self._lock = ()
