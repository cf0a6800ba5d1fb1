"""Processes: find them, and stop them, never the wrong one. The public API; what it does not name may change.

>>> from swapctl import process
>>> process.find(process.Selector("worker.conf", user="app"))  # doctest: +SKIP
[Process(pid=4711, ...)]
>>> process.stop(process.Selector(name="worker"), ladder="TERM:10s,KILL:5s", expect=4)  # doctest: +SKIP
Result(...)
"""

from __future__ import annotations

from .find import Listing, find, look
from .inspected import Inspection
from .inspection import inspect
from .process import Process
from .result import Outcome, Result
from .selector import Selector
from .stop import send, stop
from .usage import Survey, Usage, usage
from .waiting import Waiting

__all__ = [
    "Inspection",
    "Listing",
    "Outcome",
    "Process",
    "Result",
    "Selector",
    "Survey",
    "Usage",
    "Waiting",
    "find",
    "inspect",
    "look",
    "send",
    "stop",
    "usage",
]
