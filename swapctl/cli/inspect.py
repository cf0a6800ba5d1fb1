"""``swapctl inspect``."""

from __future__ import annotations

import re
import sys

from .. import process
from ..errors import Guard, InvalidInput
from ..process import addresses, inspected
from ..process.times import duration
from ..process.times import human as human_time
from ..sizes import human
from . import output, parser, selecting

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from ..process import Inspection, Selector
    from ..process.addresses import Mapping

HELP = "show one process in full: its state, its memory, and its address space as a picture"
EXAMPLES = """\
  swapctl inspect 4711
  swapctl inspect worker.conf --newest
  swapctl inspect 4711 --interval 1s --all
  swapctl inspect 4711 --html process.html
  swapctl inspect --pidfile /run/mailer.pid --json"""

MEANINGS = {
    "virtual": "all addresses that something is mapped at, there or not",
    "resident": "in RAM, what it shares with others included",
    "resident_peak": "the most that it ever had in RAM",
    "resident_anonymous": "of that, memory of no file",
    "resident_file": "of that, pages of files",
    "resident_shared": "of that, shared memory and tmpfs",
    "proportional": "in RAM, what is shared divided by those who share it",
    "shared_clean": "as it is in a file, and others have it too",
    "shared_dirty": "written to, and others have it too: after a fork, what is not copied yet",
    "private_clean": "as it is in a file, and nobody else has it",
    "private_dirty": "written to, and nobody else has it: what copy-on-write has copied",
    "swap": "of its own memory, in swap",
    "swap_proportional": "in swap, with shared memory, divided by those who share it",
    "page_tables": "what the kernel needs to know where its pages are",
    "huge_pages": "in transparent huge pages",
    "huge_tlb": "in pages of hugetlbfs",
    "locked": "kept in RAM by mlock(2)",
}
# Chief figures: those that are there even if they are zero.
CHIEF = ("virtual", "resident", "proportional", "shared_clean", "private_dirty", "swap", "page_tables")

_PID = re.compile(r"[0-9]+(?::[0-9]+)?", re.ASCII)
_PAGE = 4096
_LONGEST = 32  # characters of a bar: 8 TiB
_NAMED_THREADS = 8
COLUMNS = ("ADDRESS", "KIND", "SIZE", "RESIDENT", "SWAP", "ACCESS", "PICTURE", "WHAT")
LEGEND = "# in RAM, ~ in swap, . neither; a bar that is longer by one stands for twice the size"
UPPER = "the kernel's part: the same for all processes, and they cannot touch it"


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
        "--html", metavar="FILE", help="write a page for a browser to FILE, with a picture, and print nothing"
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
        for line in _lines(found, every=args.all):
            print(output.visible(line))
        _print_addresses(found, every=args.all)
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


def _lines(found: Inspection, *, every: bool) -> Iterator[str]:
    pairs = [*facts(found, every=every)]
    width = max(len(name) for name, _value in pairs) + 2
    yield from (f"{name:<{width}}{value}" for name, value in pairs)
    yield ""
    if found.memory is None:
        yield no_memory(found)
        return
    yield "memory"
    rows = [*figures(found)]
    width = max(len(name) for name, _size, _meaning in rows) + 2
    yield from (f"  {name:<{width}}{size:>9}  {meaning}" for name, size, meaning in rows)


def facts(found: Inspection, *, every: bool = False) -> Iterator[tuple[str, str]]:
    """Give what is known beside memory, in words."""
    inode = "" if found.inode is None else f":{found.inode}"
    inside = f", {found.namespace_pid} in its own PID namespace" if found.namespace_pid else ""
    yield "process", f"{found.pid}{inode}{inside}, {found.name}{', a thread of the kernel' if found.kernel else ''}"
    if found.exe:
        yield "program", found.exe
    if found.argv is not None:
        yield "command", " ".join(map(_quoted, found.argv)) or "none"
    yield "user", f"{found.user} ({found.uid})"
    yield "began", f"{_clock(found.began)}, {human_time(found.age)} ago"
    yield "state", f"{found.state}: {found.said}"
    yield "parents", " < ".join(map(inspected.named, found.parents)) or "none"
    if found.descent:
        yield "descent", found.descent
    yield "session", f"{found.session}, process group {found.group}"
    yield "threads", _threads(found, every=every)
    limits = found.limits or {}
    if found.open_files is not None:
        yield "open files", f"{found.open_files}, limit {_limit('open_files', limits)}"
    shown = (
        f"{name.replace('_', ' ')} {_limit(name, limits)}"
        for name in limits
        if name != "open_files" and (every or limits[name] != (None, None))
    )
    yield "limits", ", ".join(shown) or "none"
    yield "cgroup", _cgroup(found)
    if found.oom_score is not None:
        yield "OOM", f"score {found.oom_score}, adjusted by {found.oom_adjustment}; who has most is killed first"
    yield "page faults", _faults(found)


def figures(found: Inspection) -> Iterator[tuple[str, str, str]]:
    """Give the names of the figures of memory, what they are, and what they mean."""
    for name, meaning in MEANINGS.items():
        amount = (found.memory or {}).get(name)
        if amount or name in CHIEF:
            yield name.replace("_", " "), "not told" if amount is None else human(amount), meaning


def no_memory(found: Inspection) -> str:
    """Return why a process has no address space."""
    why = "a thread of the kernel" if found.kernel else "a process that has ended"
    return f"no address space: it is {why}"


def what(one: Mapping) -> str:
    """Return what stands at a mapping, in words."""
    if one.kind == addresses.KERNEL:
        return UPPER
    if one.kind == addresses.GAP:
        return "nothing is mapped here"
    if one.kind == addresses.SEVERAL:
        return f"{one.count} mappings; --all shows them"
    name = one.path or addresses.KINDS[one.kind]
    return f"{name} ({one.count} mappings)" if one.count > 1 else name


def parts(one: Mapping, cells: int) -> tuple[int, int]:
    """Return how many of so many cells are in RAM, and in swap: of what there is, one at least."""
    if not one.size:
        return 0, 0
    resident, swap = (
        max(1, round(cells * part / one.size)) if part else 0 for part in (min(one.resident, one.size), one.swap)
    )
    resident = min(resident, cells)
    return (resident, swap) if resident + swap <= cells else (max(cells - swap, 0), min(swap, cells))


def _bar(one: Mapping) -> str:
    if one.kind in {addresses.GAP, addresses.KERNEL}:
        return ""
    cells = min(max(1, (one.size // _PAGE).bit_length()), _LONGEST)
    resident, swap = parts(one, cells)
    return "#" * resident + "~" * swap + "." * (cells - resident - swap)


def _print_addresses(found: Inspection, *, every: bool) -> None:
    if not found.mappings:
        return
    shown = found.mappings if every else addresses.picture(found.mappings)
    print(f"\naddress space: {len(found.mappings)} mappings, the lowest addresses first\n{LEGEND}")
    rows = [_row(one) for one in shown]
    if sys.stdout.isatty():
        try:
            _print_colours(shown, rows)
        except ImportError:  # one copied file, or a managed host
            pass
        else:
            return
    output.print_table(COLUMNS, rows)


def _row(one: Mapping) -> tuple[str, ...]:
    if one.kind == addresses.KERNEL:
        return f"{one.begin:012x}", one.kind, "", "", "", "", "", what(one)
    sizes = (human(one.size), *((human(one.resident), human(one.swap)) if one.count else ("", "")))
    return f"{one.begin:012x}", one.kind, *sizes, one.permissions.replace(" ", ","), _bar(one), what(one)


def _print_colours(shown: Sequence[Mapping], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in COLUMNS:
        table.add_column(column, overflow="fold", no_wrap=column != "WHAT")
    colours = {"#": "blue", "~": "red", ".": "bright_black"}
    for one, row in zip(shown, rows):
        style = "bright_black" if not one.count else ""
        cells = [Text(output.visible(cell), style=style) for cell in row]
        cells[6] = Text.assemble(*((letter, colours[letter]) for letter in row[6]))
        table.add_row(*cells)
    Console(file=sys.stdout).print(table)


def _quoted(word: str) -> str:
    return word if re.fullmatch(r"[^\s'\"\\]+", word) else ascii(word) if not word.isprintable() else f"'{word}'"


def _clock(seconds: float) -> str:
    import time

    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _threads(found: Inspection, *, every: bool) -> str:
    states: dict[str, int] = {}
    for _tid, _name, state in found.threads:
        states[state] = states.get(state, 0) + 1
    counted = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    if len(found.threads) <= 1:
        return str(len(found.threads))
    named = [f"{name} ({tid}) {state}" for tid, name, state in found.threads]
    shown = named if every else named[:_NAMED_THREADS]
    more = f", and {len(named) - len(shown)} more" if len(named) > len(shown) else ""
    return f"{len(named)} ({counted}): {', '.join(shown)}{more}"


def _limit(name: str, limits: dict[str, tuple[int | None, int | None]]) -> str:
    def said(amount: int | None) -> str:
        return "none" if amount is None else human(amount) if name in inspected.SIZES else str(amount)

    soft, hard = limits.get(name, (None, None))
    return (
        said(soft) if soft == hard else f"{said(soft)} (can be raised to {said(hard) if hard is not None else 'any'})"
    )


def _cgroup(found: Inspection) -> str:
    group = found.cgroup
    if not group:
        return "none that limits memory is to be seen"

    def part(name: str, text: str) -> str:
        if name not in group:
            return ""
        used, most = group[name], group[f"{name}_max"]
        have = "" if used is None else f"{human(used)} "
        return f"; {text} {have}{'without limit' if most is None else f'of {human(most)} at most'}"

    return (
        f"{group['path']} (version {group['version']})"
        f"{part('memory', 'memory')}{part('swap', 'swap')}{part('memory_and_swap', 'memory and swap together')}"
    )


def _faults(found: Inspection) -> str:
    told = f"{found.minor} minor, {found.major} major (something had to be read from a disk)"
    if not found.rates:
        return told
    return f"{told}; now {found.rates[0]:.1f} and {found.rates[1]:.1f} a second"
