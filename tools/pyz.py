"""Build swapctl.pyz: the library and the command line in one file, for any Python from 3.9.

usage: python3 tools/pyz.py TARGET
"""

from __future__ import annotations

import sys
import zipapp
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory

SOURCE = Path(__file__).resolve().parent.parent / "swapctl"

# zipapp's own main= forgets the exit status.
MAIN = """\
from swapctl.cli import main

raise SystemExit(main())
"""


def build(target: Path) -> None:
    """Write the archive to *target*."""
    with TemporaryDirectory() as staging:
        copytree(SOURCE, Path(staging, "swapctl"), ignore=ignore_patterns("__pycache__"))
        Path(staging, "__main__.py").write_text(MAIN, encoding="utf-8")
        zipapp.create_archive(staging, target, interpreter="/usr/bin/env python3", compressed=True)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
