"""What the pages show is what happens: their examples are run, on the real kernel, each page in a sandbox of its own."""

from __future__ import annotations

import shutil

import pytest

from tests.docs import pages
from tests.docs.sandbox import sandbox
from tests.support import missing

pytestmark = pytest.mark.system

CONSOLE = ["README.md", "docs/swapctl.8.md", "docs/ansible.md", "docs/library.md"]
PYTHON = ["README.md", "docs/library.md"]

DOCTEST = """\
import doctest, sys
flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
test = doctest.DocTestParser().get_doctest(sys.argv[1], {}, "page", None, 0)
sys.exit(doctest.DocTestRunner(optionflags=flags).run(test).failed)
"""


@pytest.fixture
def place(request, tmp_path):
    for program in ("chroot", "losetup", "mkfs.ext4", "mkswap", "nsenter", "setpriv", "setsid", "unshare"):
        if not shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin"):
            missing(f"no {program} here")
    with open("/proc/swaps", encoding="utf-8") as file:
        active = [line.split()[0] for line in file.readlines()[1:]]
    taken = [path for path in active if f"{path} " in pages.read(request.getfixturevalue("page"))]
    if taken:
        missing(f"the machine swaps to {taken[0]}, which the examples call their own")
    with sandbox(tmp_path) as stands:
        yield stands


@pytest.mark.parametrize("page", CONSOLE)
def test_commands_print_what_the_page_shows(page, place):
    text = pages.read(page)
    shown, printed = [], []
    status = 0
    for name, content in pages.files(text).items():
        place.write(name, content)
    for line, output in pages.commands(text):
        actual, status = place.shell(line, status)
        shown.append(f"# {line}\n{pages.alike(output, text)}")
        printed.append(f"# {line}\n{pages.alike(actual, text)}")
    assert "".join(printed).splitlines() == "".join(shown).splitlines()


@pytest.mark.parametrize("page", PYTHON)
def test_python_does_what_the_page_shows(page, place):
    examples = "\n".join(pages.blocks(pages.read(page), "pycon"))
    output, status = place.run(*place.python, "-c", DOCTEST, examples)
    assert (output, status) == ("", 0)
