"""The page of ``swapctl inspect --html``: one process, and its address space as a picture (SVG). Text out, no effects.

A box is higher the larger a mapping is, by the same for each doubling; how much of it is in RAM and in swap is its
width. The picture is as wide as the screen, and its letters are not scaled with it.
"""

from __future__ import annotations

import time

from ..process import addresses
from ..sizes import human
from . import html, output, wording

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..process import Inspection
    from ..process.addresses import Mapping

_LOWEST, _STEP, _SPACE = 24, 3, 3  # pixels: of the smallest box, for each doubling, between two
_PAGE = 4096
_HATCH = (
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line class="hatch" x1="0" y1="0" x2="0" y2="6"/></pattern></defs>'
)
# Which mappings belong together, and have a colour.
_GROUPS = {
    "program": ("text", "rodata", "data", "bss"),
    "own": ("heap", "anonymous", "stack"),
    "file": ("file",),
    "shared": ("shared",),
    "kernel": ("vvar", "vdso", "vsyscall", addresses.KERNEL),
    "none": ("reserved", addresses.GAP, addresses.SEVERAL),
}
_OF = {kind: group for group, kinds in _GROUPS.items() for kind in kinds}
_LEGEND = {
    "program": "the program: code, constants, variables",
    "own": "memory of its own: heap, anonymous, stack",
    "file": "files, most often libraries",
    "shared": "shared memory",
    "kernel": "of the kernel",
}
_STYLE = """\
:root { --resident: #9cc4f2; --swapped: #f3a678; --empty: #eef1f4;
  --program: #7a3fb5; --own: #0b6e4f; --file: #9a6700; --shared: #b3124f; --kernel: #57606a; }
@media (prefers-color-scheme: dark) { :root { --resident: #1f4f89; --swapped: #96421a; --empty: #1a2027;
  --program: #c79bf2; --own: #56d39b; --file: #e3b341; --shared: #ff8ab0; --kernel: #9aa5b1; } }
.totals { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 0.6rem; margin: 1rem 0; }
.totals div { padding: 0.5rem 0.75rem; border: 1px solid var(--line); border-radius: 0.4rem; }
.totals dt { color: var(--faint); font-size: 0.85rem; }
.totals dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0.5rem 0; font-size: 0.9rem; }
.legend i { display: inline-block; width: 0.9em; height: 0.9em; margin-right: 0.4em; vertical-align: -0.1em;
  border: 1px solid var(--line); }
.picture { display: block; width: 100%; font: 13px system-ui, sans-serif; }
.picture text { fill: var(--ink); }
.picture .quiet { fill: var(--faint); }
.resident { fill: var(--resident); background: var(--resident); }
.swapped { fill: var(--swapped); background: var(--swapped); }
.empty { fill: var(--empty); background: var(--empty); }
.frame { fill: none; stroke: var(--line); }
.hatch { stroke: var(--ink); stroke-opacity: 0.35; stroke-width: 1.5; }
.gap { stroke: var(--faint); stroke-dasharray: 2 4; }
.program { fill: var(--program); background: var(--program); }
.own { fill: var(--own); background: var(--own); }
.file { fill: var(--file); background: var(--file); }
.shared { fill: var(--shared); background: var(--shared); }
.kernel { fill: var(--kernel); background: var(--kernel); }
.none { fill: var(--line); background: var(--line); }
.facts th { width: 1%; border: 0; }
.facts td { border: 0; overflow-wrap: anywhere; }
.all td:last-child { min-width: 14rem; overflow-wrap: anywhere; }
@media (max-width: 40rem) { body { padding: 0.6rem; } .totals { grid-template-columns: 1fr 1fr; } }
"""


def page(found: Inspection) -> str:
    """Return the whole page."""
    mappings = found.mappings or ()
    memory = [("Memory", _memory(found))]
    if mappings:
        memory += [("Address space", _picture(found)), (f"All {len(mappings)} mappings", _all(mappings))]
    return html.page(
        f"Process {found.pid}, {output.visible(found.name)}",
        html.lines([time.strftime("As of %Y-%m-%d %H:%M:%S UTC", time.gmtime())], faint=True),
        _totals(found),
        _facts(found),
        html.lines(map(output.visible, found.doubts), faint=True),
        *(html.section(heading, part) for heading, part in memory),
        style=_STYLE,
    )


def _text(said: str) -> str:
    return html.text(output.visible(said))


def _totals(found: Inspection) -> str:
    if found.memory is None:
        return ""
    names = ("resident", "swap", "proportional", "private_dirty")
    amounts = [(name.replace("_", " "), found.memory[name]) for name in names]
    faults = [("major faults", f"{found.major}")]
    cells = [*((name, "not told" if amount is None else human(amount)) for name, amount in amounts), *faults]
    return f'<dl class="totals">{"".join(f"<div><dt>{name}</dt><dd>{said}</dd></div>" for name, said in cells)}</dl>'


def _facts(found: Inspection) -> str:
    rows = "".join(
        f'<tr><th scope="row">{_text(name)}</th><td>{_text(said)}</td></tr>\n' for name, said in wording.facts(found)
    )
    return f'<table class="facts"><tbody>\n{rows}</tbody></table>'


def _memory(found: Inspection) -> str:
    if found.memory is None:
        return html.lines([wording.no_memory(found)])
    rows = [[_text(cell) for cell in row] for row in wording.figures(found)]
    return html.table(("FIGURE", "SIZE", "MEANING"), rows, ("SIZE",))


def _all(mappings: Sequence[Mapping]) -> str:
    rows = [
        [
            f"<code>{one.begin:012x}</code>",
            one.kind,
            *(human(amount) for amount in (one.size, one.resident, one.proportional, one.private_dirty, one.swap)),
            f"<code>{_text(one.permissions)}</code>",
            _text(one.path or addresses.KINDS[one.kind]),
        ]
        for one in mappings
    ]
    sizes = ("SIZE", "RESIDENT", "PROPORTIONAL", "PRIVATE DIRTY", "SWAP")
    return f'<div class="all">{html.table(("ADDRESS", "KIND", *sizes, "ACCESS", "WHAT"), rows, sizes)}</div>'


def _picture(found: Inspection) -> str:
    shown = addresses.picture(found.mappings or ())
    boxes, height = [], 0
    for one in shown:
        boxes.append(_box(one, height))
        height += _height(one) + _SPACE
    parts = "".join(
        f'<span><i class="{kind}"></i>{said}</span>'
        for kind, said in (
            ("resident", "in RAM"),
            ("swapped", "in swap (hatched)"),
            ("empty", "neither"),
            *_LEGEND.items(),
        )
    )
    return "\n".join([
        html.lines(
            ["The lowest addresses come first. A box is higher by the same for each doubling of the size."], faint=True
        ),
        f'<div class="legend">{parts}</div>',
        f'<svg class="picture" height="{height}" role="img" aria-label="address space of process {found.pid}">',
        _HATCH,
        *boxes,
        "</svg>",
    ])  # fmt: skip


def _height(one: Mapping) -> int:
    if one.kind in {addresses.GAP, addresses.KERNEL}:
        return _LOWEST
    return _LOWEST + _STEP * max(0, (one.size // _PAGE).bit_length() - 1)


def _box(one: Mapping, y: int) -> str:
    """Return a box for a mapping, *y* pixels from above."""
    height = _height(one)
    middle = y + height / 2 + 4.5
    return "".join([
        f'<g><title>{"&#10;".join(map(_text, _tip(one)))}</title>',
        *_filled(one, y, height),
        f'<rect class="{_OF[one.kind]}" x="0" y="{y}" width="6" height="{height}"/>',
        # What is too long is cut off at the inner picture's edge.
        f'<svg x="14" y="{y}" width="68%" height="{height}"><text{_quiet(one)} x="0" y="{height / 2 + 4.5:g}">',
        f"{_text(_label(one))}</text></svg>",
        f'<text{_quiet(one)} x="99%" y="{middle:g}" text-anchor="end">{human(one.size) if one.size else ""}</text></g>',
    ])  # fmt: skip


def _filled(one: Mapping, y: int, height: int) -> Iterator[str]:
    if one.kind == addresses.GAP:
        yield f'<line class="gap" x1="6" x2="100%" y1="{y + height - 1}" y2="{y + height - 1}"/>'
        return
    yield f'<rect class="empty" x="0" y="{y}" width="100%" height="{height}"/>'
    resident, swap = (100 * part / one.size if one.size else 0 for part in (one.resident, one.swap))
    if resident:
        yield f'<rect class="resident" x="0" y="{y}" width="{resident:.2f}%" height="{height}"/>'
    if swap:
        for fill in ('class="swapped"', 'fill="url(#hatch)"'):
            yield f'<rect {fill} x="{resident:.2f}%" y="{y}" width="{swap:.2f}%" height="{height}"/>'
    yield f'<rect class="frame" x="0.5" y="{y + 0.5}" width="99.8%" height="{height - 1}"/>'


def _quiet(one: Mapping) -> str:
    return "" if one.count else ' class="quiet"'


def _label(one: Mapping) -> str:
    if one.kind == addresses.KERNEL:
        return f"kernel: {wording.UPPER.partition(': ')[2]}"
    if one.kind == addresses.GAP:
        return "gap"
    if one.kind == addresses.SEVERAL:
        return f"{one.count} mappings with little in them"
    name = one.path.rpartition("/")[2] if one.path.startswith("/") else one.path.strip("[]")
    return one.kind if name in {"", one.kind} else f"{one.kind} · {name}"


def _tip(one: Mapping) -> Iterator[str]:
    """Give the lines that are shown where somebody points at a box."""
    yield f"{one.begin:012x}-{one.end - 1:012x}"
    yield wording.what(one) if one.kind != addresses.SEVERAL else f"{one.count} mappings"
    if one.count:
        yield f"{human(one.size)}, {human(one.resident)} in RAM, {human(one.swap)} in swap"
        yield f"private dirty {human(one.private_dirty)}, shared clean {human(one.shared_clean)}"
    if one.permissions:
        yield f"access {one.permissions.replace(' ', ', ')}"
