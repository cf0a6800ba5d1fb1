"""What ``find`` and ``kill`` share: the selectors, and how processes are shown."""

from __future__ import annotations

import argparse
import os
import sys

from ..process import Selector
from ..process.times import human as human_time
from ..sizes import human
from . import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..process import Process
    from ..process.process import Unknown

COLUMNS = ("PID", "USER", "STATE", "AGE", "RSS", "SWAP", "COMMAND")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the pattern and the selectors."""
    command.add_argument(
        "pattern",
        nargs="?",
        metavar="PATTERN",
        type=_pattern,
        help="a literal, contiguous part of the command line or of the name",
    )
    _add_modes(command.add_argument_group("how the pattern is read"))
    _add_selectors(command.add_argument_group("selectors", "All must hold; of a list, one value."))


def selector(args: argparse.Namespace) -> Selector:
    """Return what the arguments mean."""
    return Selector.from_options(_given(args))


def selector_if_any(args: argparse.Namespace) -> Selector | None:
    """Return what the arguments mean, None if they say nothing of processes."""
    return Selector.if_any(_given(args))


def rows(processes: Iterable[Process]) -> Iterator[tuple[str, ...]]:
    """Give the cells of a table, under COLUMNS."""
    for one in processes:
        known = one.user != ""
        yield (
            str(one.pid),
            one.user or "-",
            one.state or "-",
            human_time(one.age) if known else "-",
            human(one.rss) if known else "-",
            human(one.swap) if known else "-",
            one.shown,
        )


def print_doubts(unknown: Sequence[Unknown], *, partial: bool) -> None:
    """Say on standard error what could not be seen."""
    sys.stdout.flush()
    if partial:
        print("swapctl: /proc hides the processes of others (hidepid): there may be more", file=sys.stderr)
    if unknown:
        one = unknown[0]
        others = f" and {len(unknown) - 1} others match" if len(unknown) > 1 else " matches"
        print(output.visible(f"swapctl: not known whether {one.pid} ({one.name}){others}: {one.why}"), file=sys.stderr)


def _add_modes(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--regex", action="store_true", help="as a regular expression, found anywhere")
    group.add_argument("--glob", action="store_true", help="as a shell pattern for the whole command line or name")
    group.add_argument("--exact", action="store_true", help="as the whole name, or one whole argument")
    group.add_argument("--name", action="store_true", help="only the name: of the process, its program or its script")
    group.add_argument("--ignore-case", action="store_true", help="upper and lower case are the same")
    group.add_argument("--invert", action="store_true", help="those that the pattern does not match")


def _add_selectors(group: argparse._ArgumentGroup) -> None:
    for option, metavar, text in (
        ("--user", "USER", "effective user, by name or number"),
        ("--group", "GROUP", "effective group"),
        ("--parent", "PID", "parent process"),
        ("--ancestor", "PID", "parent, or its parent, and so on"),
        ("--session", "SID", "session"),
        ("--tty", "TTY", "controlling terminal, such as pts/3; none for no terminal"),
        ("--unit", "UNIT", "systemd unit; without a suffix a service"),
        ("--pid", "PID", "process id, or PID:INODE"),
        ("--port", "PORT", "TCP or UDP port that it waits at"),
    ):
        group.add_argument(option, metavar=metavar, action="extend", type=several, help=f"{text} (a list: commas)")
    for option, metavar, text in (  # a comma can be a part of these
        ("--cgroup", "PATH", "control group, or one below it"),
        ("--exe", "FILE", "executable file, even if it was replaced or deleted meanwhile"),
        ("--env", "NAME[=VALUE]", "environment variable"),
    ):
        group.add_argument(option, metavar=metavar, action="append", help=f"{text} (a list: several times)")
    group.add_argument("--pidfile", metavar="FILE", help="the process whose id a file holds")
    group.add_argument("--state", metavar="LETTERS", help="state, one of R S D T t Z I")
    group.add_argument("--older-than", metavar="TIME", help="began longer ago than this: 90, 5m, 2h, 1d")
    group.add_argument("--younger-than", metavar="TIME", help="began less long ago than this")
    group.add_argument("--min-swap", metavar="SIZE", help="has at least this much in swap: 100M, 1G")
    group.add_argument("--min-rss", metavar="SIZE", help="has at least this much in memory")
    group.add_argument("--newest", action="store_true", help="only the one that began last")
    group.add_argument("--oldest", action="store_true", help="only the one that began first")


def _pattern(text: str) -> str:
    if text[:1] == "-" and text[1:].isdigit():  # as kill(1) has it; argparse takes it for a number
        message = f"{text!r} is no pattern; a signal is given as --signal {text[1:]}"
        raise argparse.ArgumentTypeError(message)
    return text


def several(text: str) -> list[str]:
    """Return what commas separate."""
    return text.split(",")


def _given(args: argparse.Namespace) -> dict[str, object]:
    return {name: _as_written(value) for name, value in vars(args).items()}


def _as_written(value: object) -> object:
    """Return what was typed, byte for byte, whatever the locale made of it."""
    if isinstance(value, str):
        return os.fsencode(value).decode("utf-8", "surrogateescape")
    return [_as_written(one) for one in value] if isinstance(value, list) else value
