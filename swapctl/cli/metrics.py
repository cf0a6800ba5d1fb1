"""``swapctl metrics``."""

from __future__ import annotations

import sys

from .. import metrics, swap
from ..errors import InvalidInput
from ..metrics_facts import look
from . import output, parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

HELP = "print figures about swap for Prometheus"
EXAMPLES = """\
  swapctl metrics
  swapctl metrics --top 3 --findings
  swapctl metrics --format prometheus --output /var/lib/prometheus/node-exporter/swapctl.prom"""

_STDERR_NOTE = "swapctl: processes of others are hidden from this user (hidepid), so their swap is not counted"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    command.add_argument(
        "--format",
        choices=metrics.FORMATS,
        default=metrics.FORMATS[0],
        help="the text format; node_exporter reads files in that of prometheus alone (default: openmetrics)",
    )
    command.add_argument(
        "--top",
        type=parser.whole_number,
        default=metrics.TOP,
        metavar="N",
        help=f"tell the N programs with the most in swap; 0 looks at no process (default: {metrics.TOP})",
    )
    command.add_argument("--findings", action="store_true", help="count what doctor finds, too")
    command.add_argument("--output", metavar="FILE", help="write to FILE, replaced in one step; - for stdout")
    parser.add_output(command)


def run(args: argparse.Namespace) -> int:
    """Print or write the figures."""
    if args.top < 0:
        raise InvalidInput(f"--top {args.top} is below 0", hint="0 looks at no process")
    sight = look(swap.LocalHost(args.root), top=args.top, findings=args.findings)
    found = metrics.families(sight)
    if args.output is not None:
        output.write_file("--output", args.output, _text(args, found))
    else:
        print(_text(args, found), end="")
        sys.stdout.flush()
    if sight.users and sight.users.partial:
        print(_STDERR_NOTE, file=sys.stderr)
    return 0


def _text(args: argparse.Namespace, found: tuple[metrics.Family, ...]) -> str:
    if args.json:
        return output.to_json({"metrics": [one.to_dict() for one in found]})
    return metrics.openmetrics(found) if args.format == "openmetrics" else metrics.prometheus(found)
