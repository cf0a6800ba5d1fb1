"""The packages as users get them, built from this checkout once."""

from __future__ import annotations

import sys
import tarfile
from typing import TYPE_CHECKING

import pytest

from tests.support import run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source distribution."""
    out = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "build", "--no-isolation", "--sdist", "--outdir", out)
    return next(out.glob("*.tar.gz"))


@pytest.fixture(scope="session")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as an index's users do: from the source distribution."""
    out = tmp_path_factory.mktemp("wheel")
    with tarfile.open(sdist) as archive:
        if sys.version_info >= (3, 12):
            archive.extractall(out, filter="data")
        else:
            archive.extractall(out)  # noqa: S202  made above
    source = next(path for path in out.iterdir() if path.is_dir())
    run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", out, source)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="session")
def clean_home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment in which Ansible finds nothing of this user's."""
    home = tmp_path_factory.mktemp("home")
    (home / "ansible.cfg").touch()
    return {
        "ANSIBLE_CONFIG": str(home / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(home),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_NOCOLOR": "true",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
    }
