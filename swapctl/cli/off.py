"""``swapctl off``."""

from __future__ import annotations

from .. import swap
from . import output, parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

HELP = "turn swap areas off, now only, if what they hold fits elsewhere: fstab stays as it is"
EXAMPLES = """\
  swapctl off /swapfile
  swapctl off /swapfile /dev/vdb --dry-run"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_paths(command, "a swap file, or a block device, also as UUID=, LABEL= or PARTUUID=")
    parser.add_change(command)
    parser.add_lock(command)
    parser.add_output(command)


def run(args: argparse.Namespace) -> int:
    """Turn the areas off."""
    with output.progress(args) as progress:
        result = swap.off(
            args.paths,
            dry_run=args.dry_run,
            host=swap.LocalHost(args.root),
            progress=progress,
            lock_timeout=args.lock_timeout,
        )
    return output.print_result(args, result)
