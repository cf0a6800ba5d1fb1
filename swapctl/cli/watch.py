"""``swapctl ps --watch``: the same again and again, and how fast it changes, until somebody has seen enough."""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import ExitStack, contextmanager, suppress

from ..errors import InvalidInput
from ..process import rates
from ..sizes import human
from . import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import FrameType
    from typing import NoReturn

    from rich.console import RenderableType

    from ..process import Usage
    from ..process.rates import Moment, Rates

INTERVAL = 2.0
SHORTEST = 0.1
_RATES = ("MAJFLT/S", "SWAP/S")
_AROUND = 5  # lines on the screen that are no rows
_END = (b"q", b"Q")
_INTERRUPTED, _ENDED = 130, 128 + signal.SIGTERM


class _Suspended(BaseException):
    """Ctrl-Z was pressed."""


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
    try:
        from rich.console import Console, Group
        from rich.live import Live
    except ImportError as error:
        raise InvalidInput("--watch needs the Python package rich", hint="install it, or: watch swapctl ps") from error
    console = Console()

    def show() -> int:
        before: Moment | None = None
        with _keys() as ended, Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                now = look(max(console.height - _AROUND, 1))
                changes = rates.rates(before, now) if before else None
                lines = [*_host(now, changes), "", *remarks(now)]
                table = _table(now, changes, columns, cells)
                live.update(Group(*map(_text, lines[:-1]), table, _text(lines[-1])), refresh=True)
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
    except _Suspended:
        return None
    except KeyboardInterrupt:
        return _INTERRUPTED


def _host(now: Moment, changes: Rates | None) -> Iterator[str]:
    survey = now.survey
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


def _table(
    now: Moment, changes: Rates | None, columns: Sequence[str], cells: Callable[[Usage], Iterable[str]]
) -> RenderableType:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    place = columns.index("COMMAND") if "COMMAND" in columns else len(columns)  # which may be cut off, stays the last
    for column in (*columns[:place], *_RATES, *columns[place:]):
        table.add_column(column, no_wrap=column != "COMMAND", overflow="crop")  # which alone gives way on a narrow one
    for row in now.survey.rows:
        told = tuple(cells(row))
        rate = changes.rows.get(rates.key(row)) if changes else None
        speed = (f"{rate.major:.0f}", _signed(rate.swap)) if rate else ("-", "-")
        table.add_row(*map(_text, (*told[:place], *speed, *told[place:])))
    return table


def _signed(amount: float) -> str:
    sign = ("-" if amount < 0 else "+") if int(amount) else ""
    return f"{sign}{human(abs(int(amount)))}"


def _text(line: str) -> RenderableType:
    from rich.text import Text

    shown = output.visible(line).encode("utf-8", "backslashreplace").decode()
    return Text(shown, no_wrap=True, overflow="ellipsis")


@contextmanager
def _keys() -> Iterator[Callable[[float], bool]]:
    """Give a function that waits so many seconds, less if a key is pressed, and says whether that was to end it.

    The terminal is as it was afterwards, whatever ends this.
    """
    with ExitStack() as afterwards:
        for number, handler in ((signal.SIGTERM, _terminate), (signal.SIGTSTP, _suspend)):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as where there is no shell to suspend it
                afterwards.callback(signal.signal, number, signal.signal(number, handler))
        keyboard = _unbuffered(afterwards)
        yield lambda seconds: _pressed(keyboard, seconds)


def _unbuffered(afterwards: ExitStack) -> int | None:
    """Have the terminal tell each key at once, until *afterwards*; return None where there is no terminal."""
    import termios
    import tty

    try:
        keyboard = sys.stdin.fileno()
        before = termios.tcgetattr(keyboard)
    except (termios.error, OSError, ValueError, AttributeError):  # it is none, or closed
        return None

    def restore() -> None:
        with suppress(termios.error):  # the terminal has gone
            termios.tcsetattr(keyboard, termios.TCSADRAIN, before)

    afterwards.callback(restore)
    tty.setcbreak(keyboard)
    return keyboard


def _pressed(keyboard: int | None, seconds: float) -> bool:
    watched = [] if keyboard is None else [keyboard]
    if not select.select(watched, [], [], seconds)[0]:
        return False
    typed = os.read(watched[0], 1024)
    return not typed or any(key in typed for key in _END)


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(_ENDED)


def _suspend(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _Suspended
