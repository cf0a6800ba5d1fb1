"""Look at what metrics are made of. Changes nothing, runs nothing, and reads no process's own memory."""

from __future__ import annotations

import os
from contextlib import suppress

from . import metrics
from .host import LocalHost
from .process.cgroups import unit_of
from .process.figures import kibibytes
from .process.table import Denied, Gone, Table
from .swap import memory
from .swap.diagnosis import diagnose
from .swap.gather import gather
from .swap.state import state
from .swap.zswap_facts import is_enabled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def look(host: LocalHost | None = None, *, top: int = metrics.TOP, findings: bool = False) -> metrics.Sight:
    """Return what there is to tell of *host*: the *top* users of swap, and *findings* of doctor's if asked for."""
    host = host or LocalHost()
    found = gather(host, groups=False)
    sight = metrics.Sight(
        areas=tuple(state(target, found) for target in found.targets),
        memory=found.memory,
        findings=diagnose(host).findings if findings else None,
        page_size=found.page_size,
    )
    if not host.live:
        return sight
    is_used = found.memory.swap_free < found.memory.swap_total
    return sight.replace(
        pressure=memory.parse_pressure(host.text(memory.PRESSURE)),
        events=memory.parse_events(host.text(memory.EVENTS)),
        zswap=_zswap(host),
        users=_users(top, is_used=is_used) if top else None,
    )


def _zswap(host: LocalHost) -> dict[str, int] | None:
    enabled = is_enabled(host)
    if enabled is None:
        return None
    lines = (line.split() for line in host.text("/proc/meminfo").split("\n"))
    kib = {words[0]: int(words[1]) << 10 for words in lines if words and words[0] in {"Zswap:", "Zswapped:"}}
    names = {"Zswap:": "memory", "Zswapped:": "original"}  # since Linux 5.19
    return {"enabled": int(enabled), **{names[name]: value for name, value in kib.items()}}


def _users(top: int, *, is_used: bool) -> metrics.Users:
    table = Table()
    try:
        swapped = _swapped(table) if is_used else ()
        return metrics.largest(swapped, top, partial=table.partial)
    finally:
        table.close()


def _swapped(table: Table) -> Iterator[metrics.User]:
    read = table.statuses()
    for pid in table.pids():
        with suppress(Gone, Denied):
            swap = kibibytes(read(pid), b"VmSwap")
            if swap and pid != os.getpid():
                view = table.view(pid)
                yield metrics.User(view.comm, metrics.lasting(unit_of(view.cgroups)), swap)
