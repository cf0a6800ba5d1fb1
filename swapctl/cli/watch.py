"""``swapctl ps --watch``: the same again and again, and how fast it changes, until somebody has seen enough."""

from __future__ import annotations

import os
import signal
import sys

from ..errors import InvalidInput
from ..process import rates
from ..sizes import human
from . import keys, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import RenderableType

    from ..process import Usage
    from ..process.rates import Moment, Rates

INTERVAL = 2.0
SHORTEST = 0.1
LONGEST = 86400.0
_RATES = ("MAJFLT/S", "SWAP/S")
_GIVING_WAY = ("AGE", "CPU", "MAJFLT", "STATE", "USER", "PROCESSES", "RSS", "SWAP")  # on a narrow terminal, in order
_LEAST = 16  # characters of a command, or of a program's name
_GAP = 2  # characters between columns
_WITHOUT_CURSOR = {"dumb", "unknown"}
_INTERRUPTED = 130


def watch(
    look: Callable[[int], Moment],
    columns: Sequence[str],
    cells: Callable[[Usage], Iterable[str]],
    remarks: Callable[[Moment], Iterable[str]],
    interval: float,
) -> int:
    """Show what *look* sees until ``q``, which is 0, or Ctrl-C; *look* is given how many rows there is room for."""
    if not sys.stdout.isatty():
        raise InvalidInput("--watch needs a terminal", hint="leave it out, or have --json again and again")
    if os.environ.get("TERM") in _WITHOUT_CURSOR:
        raise InvalidInput("--watch needs a terminal whose cursor can be moved", hint="set TERM to what it is")
    try:
        from rich.console import Console, Group
        from rich.live import Live
    except ImportError as error:
        raise InvalidInput("--watch needs the Python package rich", hint="install it, or: watch swapctl ps") from error
    console = Console()

    def show() -> int:
        before: Moment | None = None
        with keys.pressed() as (how_to_end, ended), Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                now = look(console.height)
                changes = rates.rates(before, now) if before else None
                lines = [
                    *_host(now, changes),
                    f"{now.survey.total} in all; every {interval:g} s; {how_to_end}",
                    *remarks(now),
                    "",
                ]
                rows = list(_rows(now, changes, cells))[: max(console.height - len(lines) - 1, 1)]
                table = _table((*columns, *_RATES), rows, console.width)
                live.update(Group(*map(_text, lines), table), refresh=True)
                before = now
                if ended(interval):
                    return 0

    while (status := _unless_interrupted(show)) is None:
        signal.raise_signal(signal.SIGTSTP)  # it returns in the foreground
    return status


def _unless_interrupted(show: Callable[[], int]) -> int | None:
    """Return the exit status, or None where the user wants the terminal for something else."""
    try:
        return show()
    except keys.Suspended:
        return None
    except KeyboardInterrupt:
        return _INTERRUPTED


def _host(now: Moment, changes: Rates | None) -> Iterator[str]:
    survey = now.survey
    if survey.used is None or survey.size is None:
        words = ["swap: this /proc does not tell"]
    else:
        words = [f"swap: {human(survey.used)} of {human(survey.size)} used"]
    if changes:
        words.append(f"in {human(int(changes.swapped_in))}/s, out {human(int(changes.swapped_out))}/s")
        words.append(f"{changes.major:.0f} major faults/s")
    yield "; ".join(words)
    if now.pressure:
        some, full = (now.pressure.get(name, {}) for name in ("some", "full"))
        yield (
            f"memory pressure: some wait {some.get('avg10', 0):g}% of 10 s, {some.get('avg60', 0):g}% of 60 s;"
            f" all {full.get('avg10', 0):g}%, {full.get('avg60', 0):g}%"
        )
    else:
        yield "memory pressure: the kernel does not tell (PSI)"


def _rows(now: Moment, changes: Rates | None, cells: Callable[[Usage], Iterable[str]]) -> Iterator[tuple[str, ...]]:
    for row in now.survey.rows:
        rate = changes.rows.get(rates.key(row)) if changes else None
        yield (*map(_shown, cells(row)), *((f"{rate.major:.0f}", _signed(rate.swap)) if rate else ("-", "-")))


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> RenderableType:
    from rich.table import Table

    elastic = "COMMAND" if "COMMAND" in columns else columns[0]
    places = _fitting(columns, rows, room, elastic)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place in places:
        table.add_column(columns[place], no_wrap=columns[place] != elastic)
    for row in rows:
        table.add_row(*(_text(row[place]) for place in places))
    return table


def _fitting(columns: Sequence[str], rows: Sequence[Sequence[str]], room: int, elastic: str) -> list[int]:
    """Return the places of the columns that there is room for, the *elastic* one last if it is a command."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, cells)) for cells in zip(columns, *rows)]
    widths[columns.index(elastic)] = min(widths[columns.index(elastic)], _LEAST)
    kept = sorted(range(len(columns)), key=lambda place: columns[place] == "COMMAND")
    for name in _GIVING_WAY:
        if sum(widths[place] + _GAP for place in kept) - _GAP <= room:
            break
        kept = [place for place in kept if columns[place] != name or name == elastic]
    return kept


def _signed(amount: float) -> str:
    sign = ("-" if amount < 0 else "+") if int(amount) else ""
    return f"{sign}{human(abs(int(amount)))}"


def _shown(text: str) -> str:
    return output.visible(text).encode("utf-8", "backslashreplace").decode()


def _text(line: str) -> RenderableType:
    from rich.text import Text

    return Text(_shown(line), no_wrap=True, overflow="ellipsis")
