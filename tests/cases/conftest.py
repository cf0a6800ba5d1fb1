"""The cases are dry runs, which start no program either."""

from __future__ import annotations

from tests.unit.conftest import _no_programs  # noqa: F401  a fixture is used by its name
