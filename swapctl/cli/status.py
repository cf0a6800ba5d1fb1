"""``swapctl status``."""

from __future__ import annotations

from .. import swap
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
  swapctl status --root /mnt/image"""

_COLUMNS = ("PATH", "TYPE", "SIZE", "USED", "PRIORITY", "ACTIVE", "PERSISTENT", "LABEL", "UUID")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_output(command)


def run(args: argparse.Namespace) -> int:
    """Print the status."""
    found = swap.status(swap.LocalHost(args.root))
    if args.json:
        output.print_json(found.to_dict())
        return 0
    if found.areas:
        output.print_table(_COLUMNS, [_row(area) for area in found.areas])
    else:
        print("no swap areas")
    for area in found.areas:
        if area.zram:
            print(f"compressed: {area.path}, {_compression(area.zram)}")
        if not area.reachable:
            print(f"not of this host: {area.path}, turned on in another mount namespace, such as a container's")
    for line in _host(found):
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


def _yes(value: bool) -> str:  # noqa: FBT001 (a cell of the table is what it is about)
    return "yes" if value else "no"
