"""``swapctl inspect``."""

from __future__ import annotations

import re
import sys

from .. import process
from ..errors import Guard, InvalidInput
from ..process import addresses
from ..process.times import duration
from ..sizes import human
from . import output, parser, selecting, space, wording

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from ..process import Inspection, Selector
    from .space import Line

HELP = "show one process in full: its state, its memory, and its address space as a picture"
EXAMPLES = """\
  swapctl inspect 4711
  swapctl inspect worker.conf --newest
  swapctl inspect 4711 --interval 1s --all
  swapctl inspect 4711 --html process.html
  swapctl inspect --pidfile /run/mailer.pid --json"""

_PID = re.compile(r"[0-9]+(?::[0-9]+)?", re.ASCII)
_COLOURS = {"#": "blue", "~": "red", ".": "bright_black"}


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    selecting.add_arguments(command)
    command.add_argument(
        "--interval",
        metavar="TIME",
        help="count page faults for so long, and tell how many a second (default: do not)",
    )
    command.add_argument("--all", action="store_true", help="show every mapping, and all threads and limits")
    command.add_argument(
        "--args", action="store_true", help="tell the command line even if reading it brings swapped pages back"
    )
    command.add_argument(
        "--html", metavar="FILE", help="write a page for a browser to FILE, with a picture; - for stdout"
    )
    parser.add_json(command)


def run(args: argparse.Namespace) -> int:
    """Print what is known of one process, or write it as a page."""
    if args.html is not None and args.json:
        raise InvalidInput("--html prints nothing, and --json does", hint="run it twice, once with each")
    try:
        found = process.inspect(_selector(args), interval=duration(args.interval or 0, "--interval"), args=args.args)
    except Guard as error:
        if error.processes and not args.json:
            output.print_table(("PID", "USER", "STATE", "RSS", "SWAP", "NAME"), _listed(error), sys.stderr)
        raise
    if args.html is not None:
        from . import picture

        output.write_file("--html", args.html, picture.page(found))
    elif args.json:
        output.print_json(found.to_dict())
    else:
        width = output.width(sys.stdout)
        for line in _lines(found, width, every=args.all):
            print(line)
        _print_addresses(found, width, every=args.all)
    sys.stdout.flush()
    for doubt in found.doubts if not args.json else ():
        print(f"swapctl: {output.visible(doubt)}", file=sys.stderr)
    return 0


def _selector(args: argparse.Namespace) -> Selector:
    if args.pattern and _PID.fullmatch(args.pattern) and not (args.regex or args.glob or args.exact or args.name):
        args.pid, args.pattern = [*(args.pid or []), args.pattern], None
    return selecting.selector(args)


def _listed(error: Guard) -> Iterator[tuple[str, ...]]:
    for one in error.processes:
        sizes = (human(int(str(one[name]))) for name in ("rss", "swap"))
        yield (str(one["pid"]), str(one["user"]), str(one["state"]), *sizes, str(one["name"]))


def _lines(found: Inspection, width: int | None, *, every: bool) -> Iterator[str]:
    pairs = [*wording.facts(found, every=every)]
    longest = max(len(name) for name, _value in pairs) + 2
    # Not wrapped: paths and command lines are there to be copied whole.
    yield from (output.visible(f"{name:<{longest}}{value}") for name, value in pairs)
    yield ""
    if found.memory is None:
        yield wording.no_memory(found)
        return
    yield "memory"
    rows = [*wording.figures(found)]
    longest = max(len(name) for name, _size, _meaning in rows) + 2
    yield from (output.wrapped(f"  {name:<{longest}}{size:>9}  ", meaning, width) for name, size, meaning in rows)


def _print_addresses(found: Inspection, width: int | None, *, every: bool) -> None:
    if not found.mappings:
        return
    shown = found.mappings if every else addresses.picture(found.mappings)
    lines = [*space.lines(shown, width)]
    print(f"\naddress space: {len(found.mappings)} mappings, the lowest addresses first")
    if width is not None:
        try:
            _print_colours(lines)
        except ImportError:  # one copied file, or a managed host
            pass
        else:
            return
    for line in lines:
        print(line.text)


def _print_colours(lines: Iterable[Line]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout)
    for line in lines:
        text = Text(line.text, style=line.style)
        for place in range(line.begin, line.end):
            text.stylize(_COLOURS[line.text[place]], place, place + 1)
        console.print(text, soft_wrap=True)
