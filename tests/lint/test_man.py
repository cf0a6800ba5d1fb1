"""The manual is the source of the man page too."""

from __future__ import annotations

import re
import shutil
import sys

import pytest

from tests.support import missing, run


@pytest.fixture
def man_page(tmp_path):
    page = tmp_path / "swapctl.8"
    run(sys.executable, "-m", "tools.man", "docs/swapctl.8.md", page)
    return page


def test_the_man_page_has_one_heading_and_one_name(man_page):
    text = man_page.read_text(encoding="utf-8")
    assert [line.split()[:3] for line in text.splitlines() if line.startswith(".TH")] == [[".TH", '"SWAPCTL"', '"8"']]
    assert text.count("\n.SH NAME\n") == 1


def test_the_man_page_shows_without_a_warning(man_page):
    if not shutil.which("man"):
        missing("no man here")
    output = run("man", "--warnings", "--local-file", man_page, env={"LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
    assert not re.search(r":[0-9]+: warning", output)  # the page has the word too
    assert "swapctl - manage swap areas" in output
