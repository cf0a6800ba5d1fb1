"""``swapctl ps``."""

from __future__ import annotations

import os
import sys

from .. import process
from ..errors import InvalidInput
from ..process.times import duration
from ..process.times import human as human_time
from ..process.usage import GROUPS, LIMIT, SORTS
from ..sizes import human
from . import output, parser, selecting

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from typing import Any

    from ..process import Survey, Usage
    from ..process.rates import Moment

HELP = "show who uses memory and swap: processes, programs, users or units"
EXAMPLES = """\
  swapctl ps
  swapctl ps --sort rss --limit 5
  swapctl ps --by unit --pss
  swapctl ps --user app --args --json
  swapctl ps worker.conf --sort faults
  swapctl ps --watch --sort rss --interval 5s"""

_OTHERS = "no process: shared memory, tmpfs, the kernel, or processes that are not to be seen here"
_NAMES = {"program": "PROGRAM", "user": "USER", "unit": "UNIT"}


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    selecting.add_arguments(command)
    command.add_argument(
        "--sort", choices=SORTS, default="swap", help="who has most of this comes first (default: swap)"
    )
    command.add_argument(
        "--limit", type=parser.whole_number, default=LIMIT, metavar="N", help=f"so many; 0 for all (default: {LIMIT})"
    )
    command.add_argument("--by", choices=GROUPS, help="sum what all processes of one have")
    command.add_argument("--pss", action="store_true", help="share out what several have together; it takes longer")
    command.add_argument(
        "--args", action="store_true", help="whole command lines; to read them can bring swapped pages back"
    )
    command.add_argument("--watch", action="store_true", help="again and again, with what changes a second; q ends it")
    command.add_argument("--interval", metavar="TIME", help="how often, with --watch (default: 2s)")
    parser.add_json(command)


def run(args: argparse.Namespace) -> int:
    """Print them; exit with 1 if there is none."""
    if args.watch:
        return _watch(args)
    if args.interval is not None:
        raise InvalidInput("--interval is of use with --watch alone", hint="leave it out, or add --watch")
    found = process.usage(selecting.selector_if_any(args), limit=args.limit or None, **_how(args))
    if args.json:
        output.print_json(found.to_dict())
    else:
        _print(found, args)
    return 0 if found.rows else 1


def _how(args: argparse.Namespace) -> dict[str, Any]:
    return {"sort": args.sort, "by": args.by, "pss": args.pss, "args": args.args}


def _watch(args: argparse.Namespace) -> int:
    from ..process.moments import moment
    from . import watch

    interval = watch.INTERVAL if args.interval is None else duration(args.interval, "--interval")
    if not watch.SHORTEST <= interval <= watch.LONGEST:
        raise InvalidInput(f"--interval {args.interval!r} is not between {watch.SHORTEST:g} seconds and a day")
    if args.json:
        raise InvalidInput("--watch and --json do not go together", hint="leave one of them out")
    selector, limit, pss = selecting.selector_if_any(args), args.limit or None, args.pss or args.sort == "pss"

    def remarks(now: Moment) -> Iterator[str]:
        yield from _unowned(now.survey)
        yield from _doubts(now.survey)

    return watch.watch(
        lambda room: moment(selector, limit=min(limit or room, room), **_how(args)),
        _group_columns(args.by, pss=pss) if args.by else _columns(pss=pss),
        lambda row: (_group if args.by else _row)(row, pss=pss),
        remarks,
        interval,
    )


def _print(found: Survey, args: argparse.Namespace) -> None:
    pss = args.pss or args.sort == "pss"
    if found.rows:
        columns, cells = (_group_columns(args.by, pss=pss), _group) if args.by else (_columns(pss=pss), _row)
        output.print_table(columns, [tuple(cells(row, pss=pss)) for row in found.rows])
    for line in _remarks(found, args):
        print(line)
    sys.stdout.flush()
    for line in _doubts(found):
        print(f"swapctl: {line}", file=sys.stderr)


def _unowned(found: Survey) -> Iterator[str]:
    """Yield how much of the used swap no process has, if it is known."""
    if found.used and found.known is not None and found.known < found.used:
        yield f"swap: {human(found.used)} used, at least {human(found.used - found.known)} of it by {_OTHERS}"


def _doubts(found: Survey) -> Iterator[str]:
    if found.partial:
        yield "/proc hides the processes of others (hidepid): there may be more"
    if found.denied:
        remedy = "; run it as root" if os.geteuid() else ""
        yield f"the kernel does not tell all of {_processes(found.denied)}{remedy}"
    if found.silent:
        yield f"no answer from {_processes(found.silent)}: the memory is locked"


def _remarks(found: Survey, args: argparse.Namespace) -> Iterator[str]:
    if len(found.rows) < found.total:
        yield f"{len(found.rows)} of {found.total}; --limit 0 shows all"
    yield from _unowned(found)
    if args.by and not args.pss:
        yield "what several processes share is counted for each of them; --pss shares it out"


def _processes(count: int) -> str:
    return "1 process" if count == 1 else f"{count} processes"


def _columns(*, pss: bool) -> tuple[str, ...]:
    return ("PID", "USER", "STATE", "AGE", "RSS", *(("PSS",) if pss else ()), "SWAP", *(("SWAP-PSS",) if pss else ()),
            "MAJFLT", "CPU", "COMMAND")  # fmt: skip


def _group_columns(by: str, *, pss: bool) -> tuple[str, ...]:
    return (
        _NAMES[by],
        "PROCESSES",
        "RSS",
        *(("PSS",) if pss else ()),
        "SWAP",
        *(("SWAP-PSS",) if pss else ()),
        "MAJFLT",
    )


def _row(row: Usage, *, pss: bool) -> Iterator[str]:
    yield from (str(row.pid), row.user or "-", row.state or "-", "-" if row.age is None else human_time(row.age))
    yield from _sizes(row, pss=pss)
    yield from (str(row.major), human_time(row.cpu), " ".join(row.argv) or row.name)


def _group(row: Usage, *, pss: bool) -> Iterator[str]:
    yield from (row.name, str(row.count))
    yield from _sizes(row, pss=pss)
    yield str(row.major)


def _sizes(row: Usage, *, pss: bool) -> Iterator[str]:
    yield human(row.rss)
    if pss:
        yield human(row.shares.pss) if row.shares else "-"
    yield human(row.swap)
    if pss:
        yield human(row.shares.swap_pss) if row.shares else "-"
