"""Edit a table of one entry per line, such as fstab and crypttab. Pure: text in, text out."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def edit(text: str, changes: Iterable[tuple[Collection[int], str | None]]) -> str:
    """Return *text* in which, for each change, one new line stands at the place of the first of its old ones.

    Old lines are given by their numbers, from 0. The others of them go; a new line without old ones goes to the end;
    None only removes. Every other line keeps its bytes and its place.
    """
    lines: list[str | None] = list(text.split("\n"))
    added: list[str] = []
    for old, new in changes:
        for number in old:
            lines[number] = None
        if old and new is not None:
            lines[min(old)] = new
        elif new is not None:
            added.append(new)
    if lines[-1] is None:
        lines.append("")  # the newline of the line before stays
    kept = [line for line in lines if line is not None]
    if added:
        kept = [*(kept if kept and kept[-1] else kept[:-1]), *added, ""]
    return "\n".join(kept)
