"""Each test of a scenario is given the hosts of its story, one after the other."""

from __future__ import annotations

import re

import pytest
import testinfra

from tests.witness import Witness, hosts


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test every host of the story, or those whose name matches its marker ``on``."""
    if "witness" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("on")
        wanted = re.compile(marker.args[0] if marker else "")
        found = [(name, uri) for name, uri in hosts() if wanted.search(name)]
        metafunc.parametrize("witness", found, ids=[name for name, _uri in found], indirect=True)


@pytest.fixture
def witness(request: pytest.FixtureRequest) -> Witness:
    """Return what one host says of itself."""
    name, uri = request.param
    return Witness(testinfra.get_host(uri), name)
