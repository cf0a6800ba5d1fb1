"""How fast figures change between two looks. Pure: two moments in, rates out."""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .usage import Survey, Usage

    Key = tuple[int | None, str]


class Moment(Record):
    """What there was to see *at* a time in seconds: a *survey*, and what the host has counted since it was started.

    *swapped_in* and *swapped_out* are bytes, *major* the page faults with reading from a disk; *pressure* is as
    ``/proc/pressure/memory`` has it, None where the kernel tells nothing of it.
    """

    at: float
    survey: Survey
    swapped_in: int = 0
    swapped_out: int = 0
    major: int = 0
    pressure: Mapping[str, Mapping[str, float]] | None = None


class Rate(Record):
    """A row's, a second: *major* faults, and by how many bytes its *swap* has grown, less than 0 if it has shrunk."""

    major: float
    swap: float


class Rates(Record):
    """All that changed, a second: of the host, in bytes and faults, and of each row that both moments have."""

    swapped_in: float
    swapped_out: float
    major: float
    rows: Mapping[Key, Rate]


def key(row: Usage) -> Key:
    """Return what a row is known by from one moment to the next."""
    return row.pid, row.name


def rates(before: Moment, now: Moment) -> Rates:
    """Return what changed; of a row with less than it had counted before, nothing: it is another process by now."""
    elapsed = max(now.at - before.at, 1e-3)
    known = {key(row): row for row in before.survey.rows}
    rows = {}
    for row in now.survey.rows:
        old = known.get(key(row))
        if old and old.major <= row.major and old.cpu <= row.cpu:
            rows[key(row)] = Rate((row.major - old.major) / elapsed, (row.swap - old.swap) / elapsed)
    return Rates(
        (now.swapped_in - before.swapped_in) / elapsed,
        (now.swapped_out - before.swapped_out) / elapsed,
        (now.major - before.major) / elapsed,
        rows,
    )
