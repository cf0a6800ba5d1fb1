"""The page about a fleet, in a browser. It needs Chromium and Ansible."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.measure import ROOT, Figure
from tests import reports
from tests.browser import Browser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOSTS = 500


def page(directory: Path) -> Iterator[Figure]:
    """Take how long Chromium takes to load the report of 500 hosts, from the file to the last of its scripts."""
    namespace = directory / "ansible_collections" / "swapctl"
    namespace.mkdir(parents=True)
    (namespace / "linux").symlink_to(ROOT)
    written = reports.render(directory, directory, reports.fleet(HOSTS))
    browser = Browser()
    try:
        yield Figure(f"seconds until a report of {HOSTS} hosts is loaded", lambda: browser.load(written), 2)
    finally:
        browser.close()


BENCHMARKS = {"page": page}


def prepare() -> str:
    """Return what is lacking here, if anything is."""
    return "" if shutil.which("chromium") else "chromium not installed"


@contextmanager
def machine(_directory: Path) -> Iterator[None]:
    """Change nothing."""
    yield
