"""The library works on every Python that a managed host may have: the unit tests on each, with nothing else there."""

from __future__ import annotations

import sys

import pytest

from tests.support import ROOT, make_venv, missing, run
from tools.pythons import SUPPORTED, find_python

SUITES = [suite for suite in ("tests/unit", "tests/cases") if (ROOT / suite).is_dir()]


@pytest.mark.slow
@pytest.mark.parametrize("version", SUPPORTED)
def test_unit_tests(version, capsys):
    python = find_python(version)
    if not python:
        missing(f"no Python {version} here")
    programs = make_venv(ROOT / "build" / "matrix" / version, python, "--group", "test")
    output = run(programs / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *SUITES)
    with capsys.disabled():
        sys.stdout.write(f"\nPython {version}: {output.splitlines()[-1]}\n")
