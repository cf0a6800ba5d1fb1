"""What `make lint` checks. Each tool's settings are in pyproject.toml or in a file with the tool's name."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.support import ROOT, missing, run, venv_path

PLACES = ("tools/*", "molecule/shared/*", ".ci/run")
SCRIPTS = [path for place in PLACES for path in sorted(ROOT.glob(place)) if path.is_file() and os.access(path, os.X_OK)]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("ruff check", id="ruff-check"),
        pytest.param("ruff format --diff", id="ruff-format"),
        pytest.param("mypy", id="mypy"),
        pytest.param("codespell", id="codespell"),
        pytest.param("antsibull-changelog lint", id="changelog"),
    ],
)
def test_lint(command):
    run(*command.split(), env=venv_path())


def test_ansible_lint(collections_path):
    run("ansible-lint", "--offline", env={**venv_path(), "ANSIBLE_COLLECTIONS_PATH": str(collections_path)})


def test_shellcheck():
    if not shutil.which("shellcheck"):
        missing("no shellcheck here")
    run("shellcheck", *SCRIPTS)
