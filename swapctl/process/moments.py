"""Look at who uses memory, and at what the host has counted by then. Changes nothing."""

from __future__ import annotations

import os
import time
from contextlib import closing

from ..swap.memory import parse_events, parse_pressure
from .rates import Moment
from .table import Table
from .usage import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .selector import Selector


def moment(selector: Selector | None = None, **how: Any) -> Moment:  # noqa: ANN401 (what `usage` takes)
    """Return what there is to see now; the arguments are those of `usage`."""
    survey = usage(selector, **how)
    with closing(Table()) as table:
        events, pressure = parse_events(table.text("vmstat")), table.text("pressure/memory")
    page = os.sysconf("SC_PAGE_SIZE")
    return Moment(
        time.clock_gettime(time.CLOCK_BOOTTIME),
        survey,
        events.get("pswpin", 0) * page,
        events.get("pswpout", 0) * page,
        events.get("pgmajfault", 0),
        parse_pressure(pressure),
    )
