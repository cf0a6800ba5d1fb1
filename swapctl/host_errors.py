"""What the machine's own errors become: a change that failed, a look that was refused."""

from __future__ import annotations

import errno
from contextlib import contextmanager

from .errors import Failed, Refused, Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def effect(verb: str, path: str) -> Iterator[None]:
    """Have what goes wrong meanwhile be a `Failed` that says what could not be done to *path*."""
    try:
        yield
    except OSError as error:
        message = (
            f"{path}: could not {verb} it: {error.strerror}"
            if not verb.endswith((" to", " of"))
            else (f"could not {verb} {path}: {error.strerror}")
        )
        raise Failed(message, code=error.errno or 0) from error


def refused(path: str, error: OSError) -> Refused | Unreadable:
    """Return what *error* is to somebody who wanted to look at *path*."""
    if error.errno in {errno.EACCES, errno.EPERM}:
        return Refused(f"{path}: {error.strerror}", hint="run as root")
    return Unreadable(f"{path}: {error.strerror}")
