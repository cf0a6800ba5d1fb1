"""Print for people and for machines: tables and progress on a terminal, plain text in a pipe, JSON on request."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager, suppress

from ..errors import Failed, Refused
from ..sizes import human

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, TextIO

    from ..swap import Result
    from ..swap.action import Action
    from ..swap.transaction import Progress

_PATIENCE = 0.5  # seconds that something may take before its progress is worth showing
_REDRAW = 0.1
_USUAL = 80  # columns of a terminal that does not tell


def speak_any_bytes() -> None:
    """Let names that are not valid text be printed as the bytes they are."""
    # Either is None where the caller has closed it.
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a test's stand-in has none
            stream.reconfigure(errors="surrogateescape" if stream.encoding.lower() == "utf-8" else "backslashreplace")


def print_json(document: object) -> None:
    """Print *document* as JSON."""
    print(to_json(document), end="")


def to_json(document: object) -> str:
    """Return *document* as JSON, with a newline at the end."""
    import json

    return json.dumps(document, indent=2) + "\n"


def write_file(option: str, name: str, text: str) -> None:
    """Write *text* to the file *name* that an *option* gave, replaced in one step; ``-`` is standard output."""
    import stat

    if name == "-":
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))  # as in a file, whatever the locale
        sys.stdout.flush()
        return

    from ..host import LocalHost

    host, path = LocalHost(), os.path.abspath(name)
    there = host.stat(path, follow=True)
    if not name or (there and not stat.S_ISREG(there.st_mode)):
        raise Refused(f"{name or 'an empty name'} is no file", hint=f"name a file; without {option} it is printed")
    try:
        host.replace_text(path, text)
    except Failed as failure:
        raise Refused(failure.message, hint="name a file in a directory where you may write") from failure


def visible(text: str) -> str:
    """Return *text* with what would move the cursor or colour the terminal written out."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or _is_raw_byte(one) else ascii(one)[1:-1] for one in text)


def width(file: TextIO) -> int | None:
    """Return how many columns there are where a person looks, None where nobody does."""
    if not file.isatty():
        return None
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdigit() and int(columns) else os.get_terminal_size(file.fileno()).columns or _USUAL


def wrapped(lead: str, text: str, columns: int | None) -> str:
    """Return *text* behind *lead*, going on below itself where the columns end; a word stays whole."""
    import textwrap

    if columns is None:
        return f"{lead}{text}"
    room = max(columns - len(lead), 1)
    lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
    return lead + f"\n{' ' * len(lead)}".join(lines)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], file: TextIO | None = None) -> None:
    """Print a table to *file* or standard output, with colour where a person looks."""
    file = file or sys.stdout
    rows = [[visible(cell) for cell in row] for row in rows]
    if file.isatty():
        try:
            _print_rich_table(columns, rows, file)
        except ImportError:  # one copied file, or a managed host: the standard library has to do
            pass
        else:
            return
    widths = [max(len(row[number]) for row in (columns, *rows)) for number in range(len(columns))]
    for row in (columns, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip(), file=file)


def print_result(args: argparse.Namespace, result: Result) -> int:
    """Print what was done, or would be, and warnings on standard error; return the exit status."""
    if args.json:
        print_json(result.to_dict())
    elif not args.quiet:
        print("\n".join(_report(result, dry_run=args.dry_run, verbose=args.verbose)))
        sys.stdout.flush()
        for line in result.warnings:
            print(f"swapctl: warning: {visible(line)}", file=sys.stderr)
    return 0


@contextmanager
def progress(args: argparse.Namespace) -> Iterator[Progress | None]:
    """Give a function that shows progress on standard error, or None where nobody looks."""
    if args.quiet or args.json or not sys.stderr.isatty():
        yield None
        return
    display = _Display()
    try:
        yield display.show
    finally:
        display.clear()


@contextmanager
def waiting(args: argparse.Namespace, line: Callable[[Any], str]) -> Iterator[Callable[[Any], None] | None]:
    """Give a function that shows on standard error the *line* of what it is told, or None where nobody looks."""
    if args.quiet or args.json or not sys.stderr.isatty():
        yield None
        return
    display = _Line()
    try:
        yield lambda told: display.draw(line(told))
    finally:
        display.clear()


class _Line:
    """One line on the terminal that is drawn again and again, no wider than it is."""

    def __init__(self) -> None:
        self._drawn = False

    def draw(self, text: str) -> None:
        self._drawn = True
        with suppress(OSError):  # a terminal that has gone is no reason to leave the work half done
            width = os.get_terminal_size(sys.stderr.fileno()).columns
            print(f"\r\033[K{visible(text)[: width - 1]}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._drawn:
            with suppress(OSError):
                print("\r\033[K", end="", file=sys.stderr, flush=True)


class _Display:
    """One line on the terminal: what is under way, how far, how fast, how long it will take."""

    def __init__(self) -> None:
        self._what = ""
        self._began = self._drawn = 0.0

    def show(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what != self._what:
            self._what, self._began = what, now
        elapsed = now - self._began
        if elapsed < _PATIENCE or now - self._drawn < _REDRAW:
            return
        self._drawn = now
        rate = done / elapsed
        left = f", {(total - done) / rate:.0f} s left" if rate else ""
        filled = 24 * done // total if total else 0
        gauge = f"[{'#' * filled}{'.' * (24 - filled)}]"
        line = f"{what} {gauge} {human(done)} of {human(total)}, {human(int(rate))}/s{left}"
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._drawn:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _is_raw_byte(character: str) -> bool:
    return "\udc80" <= character <= "\udcff"


def _print_rich_table(columns: Sequence[str], rows: Iterable[Sequence[str]], file: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style={"yes": "green", "no": "yellow"}.get(cell, "")) for cell in row))
    Console(file=file).print(table)


def plan_lines(actions: Iterable[Action], *, dry_run: bool) -> Iterator[str]:
    """Yield a line for each of *actions*."""
    would = "would " if dry_run else ""
    for action in actions:
        yield f"{would}{action.name:<13} {visible(action.detail)}"


def _report(result: Result, *, dry_run: bool, verbose: bool) -> Iterator[str]:
    from ..swap import LayoutResult

    yield from plan_lines(result.actions, dry_run=dry_run)
    for one in result.unlisted if isinstance(result, LayoutResult) else ():
        yield f"{'not listed':<13} {visible(one.path)}{f', made by {one.origin}' if one.origin else ''}"
    if not result.actions:
        paths = [state.path for state in result.before] or ["this host"]
        yield from (f"{visible(path)}: nothing to do" for path in paths)
    if verbose:
        yield from _differences(result)
    if result.backup_file:
        yield f"{'backup':<13} {result.backup_file}"


def _differences(result: Result) -> Iterator[str]:
    import difflib

    for change in result.diff():
        old, new = (_lines(change[name]) for name in ("before", "after"))
        names = (change["before_header"], change["after_header"])
        for line in difflib.unified_diff(old, new, *names, lineterm=""):
            yield "\t".join(visible(part) for part in line.split("\t"))


def _lines(text: str) -> list[str]:
    *lines, last = text.split("\n")
    return [*lines, last, "\\ No newline at end of file"] if last else lines
