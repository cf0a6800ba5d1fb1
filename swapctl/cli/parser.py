"""Build the argument parser. What several verbs share is added by the functions here."""

from __future__ import annotations

import argparse
import os
import re
import sys

from .. import __version__
from ..errors import InvalidInput
from ..host_lock import LOCK_TIMEOUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType
    from typing import NoReturn

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,20}")

_EXAMPLES = """\
examples:
  swapctl status
  swapctl ensure /swapfile --size 2G --priority 10
  swapctl ensure /swapfile --size 4G --dry-run
  swapctl remove /swapfile
  swapctl apply layout.yml
  swapctl find worker.conf
  swapctl kill worker.conf --dry-run
  swapctl ps --sort swap

swapctl COMMAND --help tells more, with examples.

exit status: 0 done or nothing to do; 1 refused or failed; 2 used wrongly; 130 interrupted and undone.
find and kill have their own: swapctl kill --help."""


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal; asked for here, because argparse loads shutil and its compressors to ask."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_width())


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line, like every other error."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with the arguments."""
        raise InvalidInput(message, hint=f"{self.prog} --help")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Raise here, where it is heard, that what was printed reaches nobody."""
        sys.stdout.flush()
        super().exit(status, message)


def build_parser(verbs: Iterable[ModuleType]) -> Parser:
    """Return the parser of *verbs*."""
    parser = Parser(
        prog="swapctl",
        description="Manage swap areas and stop processes: look at them, and bring them to a wanted state.",
        epilog=_EXAMPLES,
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"swapctl {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True, prog="swapctl")
    for verb in verbs:
        command = commands.add_parser(
            verb.__name__.rpartition(".")[2],
            help=verb.HELP,
            description=f"{verb.HELP[0].upper()}{verb.HELP[1:]}.",
            epilog=f"examples:\n{verb.EXAMPLES}",
            formatter_class=Formatter,
            allow_abbrev=False,
        )
        verb.add_arguments(command)
        command.set_defaults(run=verb.run)
    return parser


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add what every verb takes."""
    parser.add_argument("--json", action="store_true", help="print JSON, sizes in bytes")


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add what every verb takes that looks at swap."""
    add_json(parser)
    parser.add_argument(
        "--root", metavar="DIR", default="/", help="work on the tree of a mounted image; the kernel is not called"
    )


def add_change(parser: argparse.ArgumentParser, *, verbose: str = "print the state before and after, too") -> None:
    """Add what every verb that changes something takes."""
    parser.add_argument("-n", "--dry-run", action="store_true", help="print what would be done, and do nothing")
    parser.add_argument("-v", "--verbose", action="store_true", help=verbose)
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but errors")


def add_lock(parser: argparse.ArgumentParser) -> None:
    """Add what every verb takes that waits for other runs."""
    parser.add_argument(
        "--lock-timeout",
        type=seconds,
        default=LOCK_TIMEOUT,
        metavar="SECONDS",
        help=f"wait this long for another run to end (default: {LOCK_TIMEOUT:g})",
    )


def add_fstab(parser: argparse.ArgumentParser) -> None:
    """Add what every verb that edits fstab takes."""
    parser.add_argument("--backup", action="store_true", help="keep a copy of fstab beside it, when it changes")
    parser.add_argument(
        "--fstab-in-place",
        action="store_true",
        help="write fstab where it stands, for one that is a mount point; a crash can leave it half written",
    )


def add_paths(parser: argparse.ArgumentParser, what: str) -> None:
    """Add the areas to work on."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help=what)


def seconds(text: str) -> float:
    """Return a time given on the command line."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        message = f"{text!r} is not a number of seconds, 0 or more"
        raise argparse.ArgumentTypeError(message)
    return value


def whole_number(text: str) -> int:
    """Return a whole number given on the command line."""
    if not _WHOLE_NUMBER.fullmatch(text):
        message = f"{text!r} is not a whole number"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _width() -> int:
    columns = os.environ.get("COLUMNS", "")
    try:
        return (int(columns) if columns.isdigit() else os.get_terminal_size().columns) - 2
    except OSError:
        return 98
