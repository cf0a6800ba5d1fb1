"""``swapctl on``."""

from __future__ import annotations

from .. import swap
from ..swap.area import DISCARDS
from . import output, parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

HELP = "turn existing swap areas on, now only: fstab stays as it is"
EXAMPLES = """\
  swapctl on /swapfile
  swapctl on /swapfile --priority 10
  swapctl on LABEL=swap --dry-run"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_paths(command, "a swap file, or a block device, also as UUID=, LABEL= or PARTUUID=")
    command.add_argument(
        "--priority",
        type=parser.whole_number,
        metavar="N",
        help="left out: as it is, or as fstab says, or the kernel chooses",
    )
    command.add_argument("--discard", choices=DISCARDS, help="left out: as fstab says, or none")
    parser.add_change(command)
    parser.add_lock(command)
    parser.add_output(command)


def run(args: argparse.Namespace) -> int:
    """Turn the areas on."""
    with output.progress(args) as progress:
        result = swap.on(
            args.paths,
            priority=args.priority,
            discard=args.discard,
            dry_run=args.dry_run,
            host=swap.LocalHost(args.root),
            progress=progress,
            lock_timeout=args.lock_timeout,
        )
    return output.print_result(args, result)
