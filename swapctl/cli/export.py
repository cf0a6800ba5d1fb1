"""``swapctl export``."""

from __future__ import annotations

import sys

from .. import swap
from . import documents, output, parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

HELP = "print the layout of this host, for apply"
EXAMPLES = """\
  swapctl export
  swapctl export --json
  swapctl export --root /mnt/image"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_output(command)


def run(args: argparse.Namespace) -> int:
    """Print the layout."""
    found = swap.export(swap.LocalHost(args.root))
    if args.json:
        output.print_json(found.document)
    else:
        print(documents.write(found.document), end="")
    sys.stdout.flush()
    for line in found.remarks:
        print(f"swapctl: {output.visible(line)}", file=sys.stderr)
    return 0
