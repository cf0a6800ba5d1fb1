"""Pages for a browser: one file, light or dark, for any screen, without scripts. Pure: text in, text out.

What a function takes as *text* it escapes; what it takes as *parts* is markup that another of these functions made.
"""

from __future__ import annotations

from html import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# How grave something is, in words, each with a sign of its own: colour alone tells nothing to many.
_SIGNS = {"error": "✖", "warning": "▲", "info": "ℹ"}  # noqa: RUF001 (the sign for information)
_MUCH = 80  # percent in use from which a bar has another colour

_STYLE = """\
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1f24; --faint: #57606a; --line: #d0d7de; --error: #b3121d;
  --warning: #7d4e00; --fill: #3a7bd5; --full: #c4501b; }
@media (prefers-color-scheme: dark) { :root { --paper: #0f1317; --ink: #e3e8ee; --faint: #9aa5b1; --line: #333c46;
  --error: #ff8a80; --warning: #f0b849; --fill: #4f8fe8; --full: #e8743b; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 75rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 0.95rem/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1.5rem; }
h2 { margin: 1.5rem 0 0.4rem; font-size: 1.1rem; }
p { margin: 0.2rem 0; }
ul { margin: 0; padding: 0; list-style: none; }
li { margin-bottom: 0.6rem; }
.faint, .info { color: var(--faint); }
.error { color: var(--error); }
.warning { color: var(--warning); }
.mark { font-weight: 600; white-space: nowrap; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; overflow-wrap: normal; }
th, td { padding: 0.3rem 0.75rem 0.3rem 0; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
th { color: var(--faint); font-weight: 400; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
code { font: 0.9em ui-monospace, monospace; }
.bar { display: inline-block; width: 4rem; height: 0.6rem; margin-left: 0.4rem; border-radius: 0.2rem; overflow: hidden;
  background: var(--line); }
.bar i { display: block; height: 100%; background: var(--fill); }
.bar .high { background: var(--full); }
"""


def page(title: str, *parts: str, style: str = "") -> str:
    """Return a whole page. It loads nothing and runs nothing, and says so to the browser. *style*: beside the usual."""
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return "\n".join([
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<link rel="icon" href="data:,">',
        f"<title>{text(title)}</title>",
        f"<style>\n{_STYLE}{style}</style>",
        "</head>",
        f"<body>\n<h1>{text(title)}</h1>",
        *parts,
        "</body>",
        "</html>\n",
    ])  # fmt: skip


def text(said: str) -> str:
    """Return *said* as markup that shows just that. Bytes that are no UTF-8 are written out."""
    return escape(said.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))


def section(heading: str, *parts: str) -> str:
    """Return parts of the page under a heading."""
    return "\n".join([f"<section>\n<h2>{text(heading)}</h2>", *parts, "</section>"])


def lines(said: Iterable[str], *, faint: bool = False) -> str:
    """Return paragraphs, one for each text."""
    kind = ' class="faint"' if faint else ""
    return "\n".join(f"<p{kind}>{text(one)}</p>" for one in said)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[str] = ()) -> str:
    """Return a table of *columns*, of which *numbers* stand to the right; a cell is a part."""
    kinds = [' class="number"' if column in set(numbers) else "" for column in columns]
    heads = "".join(f'<th scope="col"{kind}>{text(column)}</th>' for kind, column in zip(kinds, columns))
    body = (f"<tr>{''.join(f'<td{kind}>{cell}</td>' for kind, cell in zip(kinds, row))}</tr>\n" for row in rows)
    return (
        f'<div class="wide"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{"".join(body)}</tbody>\n</table></div>'
    )


def share(part: int, whole: int) -> str:
    """Return how much of *whole* a *part* is, in percent and as a bar; a dash where there is no whole."""
    if not whole:
        return "–"  # noqa: RUF001 (a dash)
    percent = round(100 * part / whole)
    kind = ' class="high"' if percent >= _MUCH else ""
    return f'{percent} %<span class="bar" aria-hidden="true"><i{kind} style="width: {min(percent, 100)}%"></i></span>'


def mark(severity: str) -> str:
    """Return a word for how grave something is, with its sign."""
    sign = f'<span aria-hidden="true">{_SIGNS[severity]}</span>'
    return f'<span class="mark {severity}">{sign} {severity}</span>'
