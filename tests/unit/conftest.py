"""Unit tests run no program: what they need to know of one is passed in as data or by a fake host."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# How long an example takes says more about the machine than about the code.
settings.register_profile("unit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unit")

# Whatever runs a program says so to Python's audit hooks first.
EVENTS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn"}

_guarded = False


class UnexpectedCommand(BaseException):
    """A unit test ran a program. Not an Exception, so that no handler can hide it."""


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if _guarded and event in EVENTS:
        raise UnexpectedCommand(event, *arguments[:2])


# A hook cannot be taken away again, so it stands once and for all and looks at the flag.
sys.addaudithook(_refuse)


@pytest.fixture(autouse=True)
def _no_programs() -> Iterator[None]:
    global _guarded  # noqa: PLW0603  the hook is as global as can be
    _guarded = True
    yield
    _guarded = False
