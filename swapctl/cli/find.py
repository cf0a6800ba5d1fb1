"""``swapctl find``."""

from __future__ import annotations

from .. import process
from . import output, parser, selecting

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

HELP = "list processes by a part of their command line, and by what else they have"
EXAMPLES = """\
  swapctl find worker.conf
  swapctl find worker --name --user app
  swapctl find --min-swap 100M
  swapctl find --port 8080 --json
  swapctl find nginx --name --parent 1 --pids"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    selecting.add_arguments(command)
    command.add_argument("--pids", action="store_true", help="print nothing but the process ids, one a line")
    parser.add_json(command)


def run(args: argparse.Namespace) -> int:
    """Print what is found; exit with 1 if that is nothing."""
    found = process.look(selecting.selector(args))
    if args.json:
        output.print_json(found.to_dict())
    elif args.pids:
        for one in found.processes:
            print(one.pid)
    elif found.processes:
        output.print_table(selecting.COLUMNS, selecting.rows(found.processes))
    if not args.json:
        selecting.print_doubts(found.unknown, partial=found.partial)
    return found.exit_status
