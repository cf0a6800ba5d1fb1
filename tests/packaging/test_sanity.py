"""Ansible's own tests of a collection."""

from __future__ import annotations

import sys

import pytest

from tests.support import run


@pytest.mark.slow
@pytest.mark.collection
def test_sanity():
    run(sys.executable, "-m", "tools.sanity")
