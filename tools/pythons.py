"""Find the Pythons of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

SUPPORTED = ("3.9", "3.10", "3.11", "3.12", "3.13")


def find_python(version: str) -> Path | None:
    """Return a Python of *version* (such as "3.9") that can make a virtual environment, from PATH or from pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = shutil.which(f"python{version}")
    candidates = [Path(found)] if found else []
    candidates += sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"), reverse=True)
    return next(filter(_works, candidates), None)


def _works(python: Path) -> bool:
    """Tell whether *python* runs (pyenv's shims may not) and is complete (Debian's may not be)."""
    command = [str(python), "-c", "import ensurepip, venv"]
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0
