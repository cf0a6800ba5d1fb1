"""Write the JSON Schema of a layout, which editors read: docs/layout.schema.json.

usage: python -m tools.schema
"""

from __future__ import annotations

import json
from pathlib import Path

from swapctl.swap.schema import LAYOUT

FILE = Path(__file__).resolve().parent.parent / "docs" / "layout.schema.json"


def text() -> str:
    """Return what the file is to hold."""
    return json.dumps(LAYOUT, indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
