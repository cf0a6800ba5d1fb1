"""Run the command as a user does: another process, with this Python and this checkout, on a directory tree."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment() -> dict[str, str]:
    """Return the environment in which the command runs."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "COLUMNS": "100", "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture
def swapctl(environment: dict[str, str]) -> Run:
    """Return a function that runs the command and returns what it printed and its status."""

    def run(*arguments: str | bytes, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "swapctl", *arguments],
            env={**environment, **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return the root of a file tree that is nobody's machine, with an fstab."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/fstab").write_text("/dev/vda1 / ext4 defaults 0 1\n", encoding="utf-8")
    return tmp_path
