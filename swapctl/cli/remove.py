"""``swapctl remove``."""

from __future__ import annotations

from .. import swap
from . import output, parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

HELP = "turn swap areas off, take them out of fstab, and delete swap files"
EXAMPLES = """\
  swapctl remove /swapfile
  swapctl remove /swapfile /swap/second --dry-run
  swapctl remove /dev/vdb          # turned off and no longer listed; nothing on it is overwritten"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_paths(command, "a swap file or block device; all of them or none are removed")
    parser.add_fstab(command)
    parser.add_change(command)
    parser.add_lock(command)
    parser.add_output(command)


def run(args: argparse.Namespace) -> int:
    """Converge the areas."""
    with output.progress(args) as progress:
        result = swap.converge(
            [swap.gone(path) for path in args.paths],
            dry_run=args.dry_run,
            host=swap.LocalHost(args.root),
            progress=progress,
            lock_timeout=args.lock_timeout,
            backup=args.backup,
            fstab_in_place=args.fstab_in_place,
        )
    return output.print_result(args, result)
