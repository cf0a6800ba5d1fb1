"""Build the man page from the manual.

usage: python -m tools.man docs/swapctl.8.md build/swapctl.8
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from docutils.core import publish_string
from myst_parser.docutils_ import Parser

import swapctl

SETTINGS = {
    "halt_level": 2,  # a link that leads nowhere is an error
    "myst_enable_extensions": ["deflist"],
    "myst_heading_anchors": 3,
    "output_encoding": "unicode",
}
# Docutils makes a heading of the title and of metadata that a Markdown file does not have.
HEADING = re.compile(r"^\.TH .*?(?=^\.SH NAME\n\.sp$)", re.MULTILINE | re.DOTALL)


def man_page(manual: Path) -> str:
    """Return *manual*, named after its page and section, as a man page."""
    name, section = manual.stem.split(".")
    text = publish_string(
        manual.read_text(encoding="utf-8"), str(manual), parser=Parser(), writer="manpage", settings_overrides=SETTINGS
    )
    heading = f'.TH "{name.upper()}" "{section}" "" "swapctl {swapctl.__version__}" "System Administration"\n'
    return HEADING.sub(lambda _found: heading, text, count=1)


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(man_page(Path(sys.argv[1])), encoding="utf-8")
