"""``swapctl kill``."""

from __future__ import annotations

import sys

from .. import process
from ..process import ladder
from ..process.plan import INCLUDABLE, MOST, REASONS
from . import output, parser, selecting

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from ..process import Outcome, Process, Waiting
    from ..process.plan import Protected

HELP = "stop processes, and prove that they are gone: never the wrong one"
EXAMPLES = """\
  swapctl kill worker.conf
  swapctl kill worker --name --user app --dry-run
  swapctl kill worker --name --expect 4 --ladder TERM:30s,KILL:5s
  swapctl kill --pidfile /run/worker.pid --tree
  swapctl kill nginx --name --parent 1 --signal HUP
  swapctl kill --unit worker.service --max 500

exit status: 0 all that matched are gone (a zombie is gone); 1 nothing matched; 2 used wrongly; 3 refused by a guard,
nothing signalled; 4 some are left, or could not be signalled or examined; 130 interrupted"""

_COLUMNS = ("PID", "USER", "OUTCOME", "SIGNALS", "TIME", "COMMAND")
_SHOWN = 3  # processes by name in a line of progress


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    selecting.add_arguments(command)
    how = command.add_argument_group("how they are stopped")
    either = how.add_mutually_exclusive_group()
    either.add_argument(
        "--ladder",
        metavar="SIG:TIME,...",
        default=ladder.DEFAULT,
        help=f"signals in order, each with the time until the next (default: {ladder.DEFAULT})",
    )
    either.add_argument("--signal", metavar="SIG", help="send this signal only, and wait for nothing")
    how.add_argument("--tree", action="store_true", help="with all their descendants, also those forked meanwhile")
    how.add_argument("--expect", type=parser.whole_number, metavar="N", help="refuse unless exactly N match")
    how.add_argument(
        "--max", type=parser.whole_number, default=MOST, metavar="N", help=f"refuse more than N (default: {MOST})"
    )
    how.add_argument(
        "--include",
        action="extend",
        type=selecting.several,
        default=[],
        metavar="KIND",
        help=f"stop what is protected otherwise, too (a list: commas): {', '.join(INCLUDABLE)}",
    )
    how.add_argument("--yes", action="store_true", help="do not ask, on a terminal either")
    parser.add_change(command, verbose="name what is left alone, too")
    parser.add_json(command)


def run(args: argparse.Namespace) -> int:
    """Stop them, and print what became of each."""
    chosen = selecting.selector(args)
    ask = bool(sys.stdin) and sys.stdin.isatty() and sys.stderr.isatty() and not args.yes
    how = {
        "tree": args.tree,
        "expect": args.expect,
        "max": args.max,
        "include": args.include,
        "dry_run": args.dry_run,
        "confirm": _confirm if ask else None,
    }
    if args.signal is not None:
        result = process.send(chosen, args.signal, **how)
    else:
        with output.waiting(args, _line) as progress:
            result = process.stop(chosen, ladder=args.ladder, progress=progress, **how)
    if args.json:
        output.print_json(result.to_dict())
    elif not args.quiet:
        _print(result, verbose=args.verbose)
    return result.exit_status


def _confirm(targets: Sequence[Process], protected: Sequence[Protected]) -> bool:
    output.print_table(selecting.COLUMNS, list(selecting.rows(targets)), sys.stderr)
    if protected:
        print(f"left alone: {len(protected)} protected", file=sys.stderr)
    what = "this process" if len(targets) == 1 else f"these {len(targets)} processes"
    print(f"Stop {what}? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _line(now: Waiting) -> str:
    names = [f"{one.pid} {one.name}" for one in now.processes[:_SHOWN]]
    more = [f"{len(now.processes) - _SHOWN} more"] if len(now.processes) > _SHOWN else []
    return f"{now.signal}: {now.seconds:.0f} of {now.grace:g} s, still there: {', '.join(names + more)}"


def _print(result: process.Result, *, verbose: bool) -> None:
    if result.processes:
        output.print_table(_COLUMNS, [_row(one) for one in result.processes])
    elif not result.unknown:
        what = "nothing matches but what is protected" if result.protected else "nothing matches"
        print(f"swapctl: {what}", file=sys.stderr)
    sys.stdout.flush()
    for line in _remarks(result, verbose=verbose):
        print(f"swapctl: {output.visible(line)}", file=sys.stderr)
    selecting.print_doubts(result.unknown, partial=result.partial)


def _row(one: Outcome) -> tuple[str, ...]:
    status = "" if one.status is None else f" ({one.status})"
    return (
        str(one.process.pid),
        one.process.user or "-",
        f"{one.outcome}{status}",
        ",".join(one.signals) or "-",
        "-" if one.elapsed is None else f"{one.elapsed:.2f}s",
        one.process.shown,
    )


def _remarks(result: process.Result, *, verbose: bool) -> Iterator[str]:
    for one in result.processes:
        if one.detail:
            yield f"{one.process.pid} ({one.process.name}) {one.outcome}: {one.detail}"
    if verbose:
        for other in result.protected:
            yield f"{other.process.pid} ({other.process.name}) left alone ({other.reason}): {REASONS[other.reason]}"
    elif result.protected:
        kinds = ", ".join(dict.fromkeys(one.reason for one in result.protected))
        yield f"left alone: {len(result.protected)} protected ({kinds}); -v names them"
    if result.trouble:
        yield result.trouble
    if result.interrupted:
        yield "interrupted"
