"""``swapctl apply``."""

from __future__ import annotations

import sys

from .. import swap
from . import documents, output, parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from ..swap.action import Action

HELP = "bring all the swap of a host to what a layout says"
EXAMPLES = """\
  swapctl apply layout.yml --dry-run
  swapctl apply layout.yml
  swapctl apply layout.yml --yes --backup
  swapctl apply - --dry-run --verbose      # a layout from standard input
  swapctl apply layout.yml --root /mnt/image"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    command.add_argument("layout", metavar="LAYOUT", help="a file, YAML or JSON; - is standard input")
    command.add_argument("--yes", action="store_true", help="do not ask, on a terminal either")
    parser.add_fstab(command)
    parser.add_change(command)
    parser.add_lock(command)
    parser.add_output(command)


def run(args: argparse.Namespace) -> int:
    """Converge the host."""
    document, place = documents.read(args.layout)
    wanted = swap.layout(document, place)
    ask = args.layout != documents.STDIN and bool(sys.stdin) and sys.stdin.isatty() and sys.stderr.isatty()
    with output.progress(args) as progress:
        result = swap.converge(
            wanted,
            dry_run=args.dry_run,
            host=swap.LocalHost(args.root),
            progress=progress,
            lock_timeout=args.lock_timeout,
            backup=args.backup,
            fstab_in_place=args.fstab_in_place,
            confirm=_confirm if ask and not args.yes else None,
        )
    return output.print_result(args, result)


def _confirm(actions: Sequence[Action]) -> bool:
    for line in output.plan_lines(actions, dry_run=True):
        print(line, file=sys.stderr)
    print("Do this? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
