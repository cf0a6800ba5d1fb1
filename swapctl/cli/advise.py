"""``swapctl advise``."""

from __future__ import annotations

import sys
import textwrap

from .. import sizes, swap
from ..errors import InvalidInput
from ..swap.advice import KINDS, LEAST_RAM, Wish
from ..swap.advice_facts import advice
from . import documents, output, parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from ..swap.advice import Advice

HELP = "say how much swap and which kind this host should have, and why, as a layout for apply"
EXAMPLES = """\
  swapctl advise
  swapctl advise > layout.yml
  swapctl advise --hibernation --json
  swapctl advise --kind zram
  swapctl advise --ram 4G --root /mnt/image"""

_WIDTH = 120


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    command.add_argument("--hibernation", action="store_true", help="the host is to hibernate")
    command.add_argument(
        "--kind", choices=KINDS, default=KINDS[0], help="have it on a disk, in compressed RAM, or both (default: auto)"
    )
    command.add_argument("--ram", metavar="SIZE", help="reckon with this much RAM instead of what there is")
    parser.add_output(command)


def run(args: argparse.Namespace) -> int:
    """Print the layout, with its reasons as comments."""
    wish = Wish(args.hibernation, args.kind)
    found = advice(swap.LocalHost(args.root), wish, ram=_ram(args.ram))
    if args.json:
        output.print_json(found.to_dict())
        return 0
    text = documents.write(found.layout)
    is_json = text.startswith("{")  # for want of PyYAML; it has no comments
    for line in _comments(found):
        print(output.visible(line), file=sys.stderr if is_json else sys.stdout)
    print(text, end="")
    return 0


def _ram(text: str | None) -> int:
    if text is None:
        return 0
    try:
        amount = sizes.parse(text).amount
    except InvalidInput:
        amount = 0
    if amount < LEAST_RAM:
        least = sizes.exact(LEAST_RAM)
        raise InvalidInput(f"--ram {text!r} is no amount of RAM", hint=f"give {least} or more, in bytes, K, M, G or T")
    return amount


def _comments(found: Advice) -> Iterator[str]:
    for text in (*map(str, found.reasons), *(f"note: {one}" for one in found.remarks)):
        yield from textwrap.wrap(
            output.visible(text),
            _WIDTH,
            initial_indent="# ",
            subsequent_indent="#   ",
            break_long_words=False,
            break_on_hyphens=False,
        )
