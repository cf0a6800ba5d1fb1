"""What all tests share: markers by directory, and the collection made visible to Ansible."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT, missing

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def collections_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a value for ANSIBLE_COLLECTIONS_PATH under which ``swapctl.linux`` is this checkout."""
    path = tmp_path_factory.mktemp("collections")
    namespace = path / "ansible_collections" / "swapctl"
    namespace.mkdir(parents=True)
    (namespace / "linux").symlink_to(ROOT)
    return path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of a directory with its name where a marker has that name."""
    for item in items:
        for directory in ("collection", "system"):
            if ROOT / "tests" / directory in item.path.parents:
                item.add_marker(directory)


@pytest.fixture(autouse=True)
def _root_for_system_tests(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("system") and os.geteuid() != 0:
        missing("changing swap needs root")
