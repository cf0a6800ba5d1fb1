"""What the Makefile's commands run is what there is to run."""

from __future__ import annotations

import shlex
import shutil
from fnmatch import fnmatch

from tests.support import ROOT, missing, run


def asked_of_pytest():
    """Return what `make test` gives pytest, as make itself tells."""
    if not shutil.which("make"):
        missing("not installed: make")
    said = run("make", "--dry-run", "--no-print-directory", "test", env={"MAKEFLAGS": ""})
    (line,) = [line for line in said.splitlines() if fnmatch(line, "*/bin/pytest *")]
    return shlex.split(line)[1:]


def test_make_test_runs_every_directory_of_tests():
    named = [ROOT / word for word in asked_of_pytest() if word.startswith("tests")]
    written = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    left_out = {directory for directory in written if not {directory, *directory.parents} & set(named)}
    assert left_out == set()


def test_make_test_leaves_out_no_more_than_the_nightly_run():
    words = asked_of_pytest()
    options = [word for word in words if not word.startswith("tests")]
    assert options == ["-m", "not nightly"]
