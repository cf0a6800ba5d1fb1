"""Swap areas: look at them, and bring them to a wanted state. The public API; what it does not name may change.

>>> from swapctl import swap
>>> swap.converge(swap.Area("/swapfile", size="4G", priority=10))  # doctest: +SKIP
Result(changed=True, ...)
"""

from __future__ import annotations

from ..host import LocalHost
from .area import Area
from .converge import LayoutResult, Result, converge, off, on
from .diagnosis import Diagnosis, diagnose, repair
from .export import Export, export
from .facts import Facts
from .finding import Finding
from .gather import gather as facts
from .layout import Layout, gone
from .layout import parse as layout
from .plan import plan
from .status import Status, status
from .tuning import Tuning
from .zram import ZramArea
from .zswap import Zswap

__all__ = [
    "Area",
    "Diagnosis",
    "Export",
    "Facts",
    "Finding",
    "Layout",
    "LayoutResult",
    "LocalHost",
    "Result",
    "Status",
    "Tuning",
    "ZramArea",
    "Zswap",
    "converge",
    "diagnose",
    "export",
    "facts",
    "gone",
    "layout",
    "off",
    "on",
    "plan",
    "repair",
    "status",
]
