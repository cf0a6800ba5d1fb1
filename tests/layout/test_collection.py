"""Lists and numbers that stand in two places agree."""

from __future__ import annotations

import os
import re

import yaml

from tests.support import ROOT

LINK = "plugins/module_utils/swapctl"


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def pyproject(pattern):
    """Return what *pattern* finds in pyproject.toml; tomllib is not in Python 3.10."""
    found = re.search(pattern, read("pyproject.toml"), re.MULTILINE)
    assert found
    return found[1]


def test_the_collection_has_the_version_of_the_package():
    version = re.search(r'^__version__ = "(.+)"$', read("swapctl/__init__.py"), re.MULTILINE)
    assert version
    assert yaml.safe_load(read("galaxy.yml"))["version"] == version[1]


def test_the_collection_and_the_package_ask_for_the_same_ansible():
    wanted = pyproject(r'^ansible = \["ansible-core(.+)"\]$')
    runtime = yaml.safe_load(read("meta/runtime.yml"))["requires_ansible"]
    assert runtime == f"{wanted}.0"


def test_managed_hosts_need_the_python_of_the_package():
    wanted = pyproject(r'^requires-python = "(.+)"$')
    assert yaml.safe_load(read("tests/config.yml"))["modules"]["python_requires"] == wanted


def test_the_modules_library_is_a_link_to_the_library():
    assert os.readlink(ROOT / LINK) == "../../swapctl"


def test_the_link_is_all_that_ansible_test_is_told_to_ignore():
    ignored = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "tests/sanity").glob("ignore-*.txt")}
    assert set(ignored.values()) == {f"{LINK}/ symlinks\n"}
    assert set(ignored) == {f"ignore-2.{minor}.txt" for minor in range(16, 23)}


def test_the_collection_is_built_with_what_the_link_points_to():
    """ansible-galaxy would build a collection with a dangling link, without a word."""
    assert not {"swapctl", "plugins"} & set(yaml.safe_load(read("galaxy.yml"))["build_ignore"])
