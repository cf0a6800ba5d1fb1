"""``swapctl status``."""

from __future__ import annotations

import os
import time

from .. import swap
from ..errors import InvalidInput
from ..sizes import human
from . import output, parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from ..swap.state import State, Zram

HELP = "show all swap areas, active or in fstab, with memory and memory pressure"
EXAMPLES = """\
  swapctl status
  swapctl status --json
  swapctl status --html status.html
  swapctl status --root /mnt/image"""

_COLUMNS = ("PATH", "TYPE", "SIZE", "USED", "PRIORITY", "ACTIVE", "PERSISTENT", "LABEL", "UUID")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    command.add_argument(
        "--html",
        metavar="FILE",
        help="write a page for a browser to FILE, with what doctor finds; - for stdout",
    )
    parser.add_output(command)


def run(args: argparse.Namespace) -> int:
    """Print the status, or write it as a page."""
    host = swap.LocalHost(args.root)
    if args.html is not None:
        if args.json:
            raise InvalidInput("--html prints nothing, and --json does", hint="run it twice, once with each")
        output.write_file("--html", args.html, _page(args, swap.status(host, checks=True)))
        return 0
    found = swap.status(host)
    if args.json:
        output.print_json(found.to_dict())
        return 0
    if found.areas:
        output.print_table(_COLUMNS, [_row(area) for area in found.areas])
    else:
        print("no swap areas")
    for line in (*_notes(found), *_host(found)):
        print(line)
    return 0


def _row(area: State) -> tuple[str, ...]:
    return (
        area.path,
        area.type or "-",
        "-" if area.size is None else human(area.size),
        human(area.used) if area.active else "-",
        "-" if area.priority is None else str(area.priority),
        _yes(area.active),
        _yes(area.persistent),
        area.label or "-",
        area.uuid or "-",
    )


def _notes(found: swap.Status) -> Iterator[str]:
    for area in found.areas:
        if area.zram:
            yield f"compressed: {area.path}, {_compression(area.zram)}"
        if not area.reachable:
            yield f"not of this host: {area.path}, turned on in another mount namespace, such as a container's"


def _compression(zram: Zram) -> str:
    limit = f" of at most {human(zram.memory_limit)}" if zram.memory_limit is not None else ""
    ratio = f", {zram.ratio:g} to 1" if zram.ratio is not None else ""
    return f"{zram.algorithm}, {human(zram.original or 0)} in {human(zram.memory or 0)}{limit} of RAM{ratio}"


def _host(found: swap.Status) -> Iterator[str]:
    memory = found.memory
    if memory.total:
        yield f"memory: {human(memory.total)}, {human(memory.available)} available"
        used = f", {human(memory.swap_total - memory.swap_free)} used" if memory.swap_total else ""
        yield f"swap: {human(memory.swap_total)}{used}"
    for who, share in (found.pressure or {}).items():
        times = ", ".join(f"{share[f'avg{seconds}']:g}% in {seconds} s" for seconds in (10, 60, 300))
        yield f"memory pressure ({who}): {times}"


def _page(args: argparse.Namespace, found: swap.Status) -> str:
    from . import html

    where = os.uname().nodename if args.root == "/" else args.root
    diagnosis = found.diagnosis
    findings = [
        f"<li>{html.mark(one.severity)} {html.text(f'{one.subject}: {one.message}')}"
        f' <span class="faint">[{html.text(one.id)}]</span><br><code>{html.text(one.remedy)}</code></li>'
        for one in (diagnosis.findings if diagnosis else ())
    ]
    columns = (*_COLUMNS[:4], "IN USE", *_COLUMNS[4:])
    rows = [
        [*cells[:4], html.share(area.used, area.usable or 0) if area.active else "-", *cells[4:]]
        for area in found.areas
        for cells in [[html.text(cell) for cell in _row(area)]]
    ]
    return html.page(
        f"Swap of {where}",
        html.lines([time.strftime("As of %Y-%m-%d %H:%M UTC", time.gmtime())], faint=True),
        html.section(
            "Areas",
            html.table(columns, rows, ("SIZE", "USED", "IN USE", "PRIORITY"))
            if rows
            else html.lines(["no swap areas"]),
            html.lines(_notes(found), faint=True),
        ),
        *_memory(found),
        html.section(
            "Findings",
            "\n".join(["<ul>", *findings, "</ul>"]) if findings else html.lines(["nothing is wrong"]),
            html.lines((f"not checked: {what}" for what in (diagnosis.unchecked if diagnosis else ())), faint=True),
        ),
    )


def _memory(found: swap.Status) -> Iterator[str]:
    """Yield the part of the page about memory, which only a running kernel has."""
    from . import html

    memory = found.memory
    used = html.share(memory.swap_total - memory.swap_free, memory.swap_total)
    if memory.total:
        yield html.section("Memory", html.lines(_host(found)), f"<p>swap in use: {used}</p>")


def _yes(value: bool) -> str:  # noqa: FBT001 (a cell of the table is what it is about)
    return "yes" if value else "no"
