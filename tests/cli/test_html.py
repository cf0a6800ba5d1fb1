"""``swapctl status --html``: a page that shows what there is, whatever it is called, and asks for nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from swapctl.cli import html
from tests.browser import Browser

HOSTILE = "/<img src=x onerror=alert(1)></script><b id=broken>&amp;"
ODD = b"/caf\xe9"


@pytest.fixture
def browser():
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def page(tmp_path, tree, swapctl):
    fstab = tree / "etc/fstab"
    with fstab.open("ab") as file:
        file.write(HOSTILE.replace(" ", "\\040").encode() + b" none swap sw 0 0\n" + ODD + b" none swap sw 0 0\n")
    page = tmp_path / "status.html"
    done = swapctl("status", "--root", str(tree), "--html", str(page))
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    return page


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 1000])
def test_the_page_is_for_any_screen_and_hostile_names_are_names(page, browser, width, dark):
    browser.look(width, 700, dark=dark)
    browser.open(page)
    assert (browser.complaints(), browser.requests()) == ([], [])
    assert browser.eval("document.querySelectorAll('img, script, #broken').length") == 0
    assert browser.eval("document.documentElement.scrollWidth") <= width
    assert browser.eval("document.querySelector('td').textContent") == HOSTILE
    text = browser.eval("document.body.innerText")
    assert "/caf\\xe9" in text
    assert "✖ error" in text
    assert "Memory" not in text  # of a kernel that does not run here
    assert f"swapctl remove '{HOSTILE}'" in text
    paper = browser.eval("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(15, 19, 23)" if dark else "rgb(255, 255, 255)")


def test_a_page_of_this_host_tells_of_its_memory(tmp_path, swapctl):
    page = tmp_path / "status.html"
    assert swapctl("status", "--html", str(page)).returncode == 0
    assert "<p>memory: " in page.read_text(encoding="utf-8")
    assert "swap in use: " in page.read_text(encoding="utf-8")


def test_a_page_is_replaced_in_one_step(page, tree, swapctl):
    before = page.stat().st_ino
    assert swapctl("status", "--root", str(tree), "--html", str(page)).returncode == 0
    assert page.stat().st_ino != before
    assert sorted(one.name for one in page.parent.iterdir()) == ["etc", "status.html"]


@pytest.mark.parametrize("command", [["status", "--html"], ["metrics", "--output"], ["inspect", "1", "--html"]])
@pytest.mark.parametrize("locale", ["C.UTF-8", "POSIX"])
def test_a_dash_is_standard_output(environment, tmp_path, command, locale):
    words = [sys.executable, "-m", "swapctl", *command, "-"]
    named = {**environment, "LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(words, env=named, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0
    assert done.stdout.decode("utf-8").startswith("# " if command[0] == "metrics" else "<!DOCTYPE html>\n")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        pytest.param(["--html", "/"], 1, "/ is no file", id="directory"),
        pytest.param(["--html", ""], 1, "an empty name is no file", id="empty"),
        pytest.param(["--html", "/nonexistent/x"], 1, "/nonexistent/x", id="no-directory"),
        pytest.param(["--html", "/tmp/x", "--json"], 2, "--html prints nothing, and --json does", id="json"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(swapctl, arguments, status, message):
    done = swapctl("status", *arguments)
    assert done.returncode == status
    assert message in done.stderr
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(0, 0, "\N{EN DASH}"), (0, 4, "0 %"), (1, 3, "33 %"), (79, 100, "79 %"), (4, 4, "100 %")],
)
def test_a_share_is_said_in_percent_and_drawn(part, whole, words):
    said = html.share(part, whole)
    assert said.startswith(words)
    assert ('class="high"' in said) == (part == 4 == whole)
    assert ("<i" in said) == bool(whole)
