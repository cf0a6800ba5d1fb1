"""The cases are dry runs, which start no program either."""

from __future__ import annotations

from tests.unit import conftest

_no_programs = conftest._no_programs
