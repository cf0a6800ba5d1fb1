"""The address space of ``swapctl inspect`` as text, no wider than the terminal. Pure: mappings in, lines out.

Figures are whole on any terminal. Where there is too little room, bars get shorter first; then ACCESS is left out; then
a path is cut from the left, since its end tells most, and words go on below; in the end WHAT has a line of its own.
"""

from __future__ import annotations

import textwrap

from ..process import addresses
from ..record import Record
from ..sizes import human
from . import output, wording

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..process.addresses import Mapping

COLUMNS = ("ADDRESS", "KIND", "SIZE", "RESIDENT", "SWAP", "ACCESS", "PICTURE", "WHAT")
_FIGURES = COLUMNS[:5]
_LEGEND = "# in RAM, ~ in swap, . neither; a bar that is longer by one stands for {} the size"
_PAGE = 4096
_LONGEST = 32  # characters of a bar: 8 TiB
_SHORTEST = len("PICTURE")  # of the longest one, however narrow it gets
_LEAST = 16  # columns: with less, WHAT gets a line of its own
_INDENT = "  "  # of that one


class Line(Record):
    """One line, and the style in which rich shows it. Its bar stands from *begin* to *end*."""

    text: str
    style: str = ""
    begin: int = 0
    end: int = 0


class _Shape(Record):
    """How a mapping is shown: the columns before WHAT, in one *part* for each line, and how many WHAT may have.

    A bar is longer by one for so many doublings of the size (*step*). *room* is None where there is no end to it.
    """

    parts: tuple[tuple[str, ...], ...]
    step: int = 1
    blank: str = " "
    room: int | None = None


def lines(mappings: Sequence[Mapping], width: int | None = None) -> Iterator[Line]:
    """Yield the legend, the heading, and *mappings*, of so many columns; None for as many as it takes."""
    shape = _shape(mappings, width)
    legend = _LEGEND.format("twice" if shape.step == 1 else f"{1 << shape.step} times")
    yield from map(Line, [legend] if width is None else textwrap.wrap(legend, max(width, _LEAST)))
    rows = [dict(zip(COLUMNS, COLUMNS)), *(_row(one, shape.step) for one in mappings)]
    widths = _widths(rows)
    for row, one in zip(rows, (None, *mappings)):
        style = "bold" if one is None else "" if one.count else "bright_black"
        *above, last = (shape.blank.join(row[name].ljust(widths[name]) for name in part) for part in shape.parts)
        yield from (Line(line.rstrip(), style) for line in above)
        last = f"{_INDENT if above else ''}{last}"
        begin = len(last) - widths["PICTURE"]
        end = begin + len(_gauge(one, shape.step) if one else "")
        first, *others = [row["WHAT"]] if one is None else _said(one, row["WHAT"], shape.room)
        lead = f"{last}{shape.blank}"
        yield Line(lead + first, style, begin, end)
        yield from (Line(" " * len(lead) + other, style) for other in others)


def _shape(mappings: Sequence[Mapping], width: int | None) -> _Shape:
    if width is None:
        return _Shape((COLUMNS[:-1],), blank="  ")
    rows = [dict(zip(COLUMNS, COLUMNS)), *(_row(one) for one in mappings)]
    widths = _widths(rows)
    wanted = max((len(output.visible(one.path)) for one in mappings), default=0)
    steps = range(1, -(-widths["PICTURE"] // _SHORTEST) + 1)
    left = width - sum(widths[name] + 1 for name in _FIGURES)
    shapes = [
        _Shape(((*_FIGURES, *access, "PICTURE"),), step, room=left - needed - _length(widths["PICTURE"], step) - 1)
        for access, needed in ((("ACCESS",), widths["ACCESS"] + 1), ((), 0))
        for step in steps
    ]
    for shape in shapes:
        if (shape.room or 0) >= max(wanted, _LEAST):
            return shape
    if (shapes[-1].room or 0) >= _LEAST:
        return shapes[-1]
    room = width - len(_INDENT) - _length(widths["PICTURE"], steps[-1]) - 1
    return _Shape((_FIGURES, ("PICTURE",)), steps[-1], room=max(room, _LEAST))


def _widths(rows: Sequence[dict[str, str]]) -> dict[str, int]:
    return {name: max(len(row[name]) for row in rows) for name in COLUMNS}


def _length(cells: int, step: int) -> int:
    """Return how wide the column of a bar is that would have so many *cells*."""
    return max(-(-cells // step), _SHORTEST)


def _row(one: Mapping, step: int = 1) -> dict[str, str]:
    known = one.kind != addresses.KERNEL
    amounts = (one.size, *((one.resident, one.swap) if one.count else ())) if known else ()
    sizes = [*map(human, amounts), "", "", ""][:3]
    access = one.permissions.replace(" ", ",")
    what = output.visible(wording.what(one))
    return dict(zip(COLUMNS, (f"{one.begin:012x}", one.kind, *sizes, access, _gauge(one, step), what)))


def _gauge(one: Mapping, step: int) -> str:
    if one.kind in {addresses.GAP, addresses.KERNEL}:
        return ""
    cells = -(-min(max(1, (one.size // _PAGE).bit_length()), _LONGEST) // step)
    resident, swap = _filled(one, cells)
    return "#" * resident + "~" * swap + "." * (cells - resident - swap)


def _filled(one: Mapping, cells: int) -> tuple[int, int]:
    """Return how many of so many cells are in RAM, and in swap: of what there is, one at least."""
    if not one.size:
        return 0, 0
    resident, swap = (
        max(1, round(cells * part / one.size)) if part else 0 for part in (min(one.resident, one.size), one.swap)
    )
    resident = min(resident, cells)
    return (resident, swap) if resident + swap <= cells else (max(cells - swap, 0), min(swap, cells))


def _said(one: Mapping, what: str, room: int | None) -> list[str]:
    if room is None or len(what) <= room:
        return [what]
    path = output.visible(one.path)
    if not path:
        return textwrap.wrap(what, room)
    end = path if len(path) <= room else f"…{path[1 - room :]}"
    return [end, *textwrap.wrap(what[len(path) :].strip(), room)]
