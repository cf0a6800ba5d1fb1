"""Helpers for tests: ``from tests.support import ROOT, missing``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent


def missing(what: str) -> NoReturn:
    """Skip the test for want of *what*; where CI=true everything must be there, so fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}, and CI=true skips nothing", pytrace=False)
    pytest.skip(what)


def run(*command: str | os.PathLike[str], cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> str:
    """Run *command* with *env* added to the environment; return its output, fail with all of it if it fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        words = " ".join(str(word) for word in command)
        pytest.fail(f"{words} exited with {done.returncode}\n{done.stdout}", pytrace=False)
    return done.stdout


def venv_path(directory: Path = Path(sys.prefix)) -> dict[str, str]:
    """Return the PATH on which the programs of a virtual environment find each other."""
    return {"PATH": f"{directory / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def make_venv(directory: Path, python: Path, *packages: str) -> Path:
    """Make the virtual environment *directory* of *python* with *packages*, unless it is there; return its bin."""
    programs = directory / "bin"
    stamp = directory / "made-of"
    made_of = "\n".join([str(python), *packages, (ROOT / "pyproject.toml").read_text(encoding="utf-8")])
    if stamp.exists() and stamp.read_text(encoding="utf-8") == made_of:
        return programs
    run(python, "-m", "venv", "--clear", directory)
    run(programs / "python", "-m", "pip", "install", "--quiet", "pip>=25.1")  # the first with --group
    run(programs / "python", "-m", "pip", "install", "--quiet", *packages)
    stamp.write_text(made_of, encoding="utf-8")
    return programs
