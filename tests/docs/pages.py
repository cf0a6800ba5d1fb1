"""Read the examples of a page, and compare what they show with what was really printed.

A ``console`` block holds commands and their output. A line that begins with ``# `` is a command for root; it is run. A
backslash at its end continues it. A line that begins with ``$ `` is for the reader's own machine; it is shown and not run,
and neither is what stands under it. A ``pycon`` block is run as a doctest. A block that begins with a comment that is a
file's name is there as that file.

What a page shows is what was printed, but for what differs from one run to the next. So both sides are made alike first:

- a UUID, and the time in the name of a backup;
- the figures in the lines ``memory:``, ``swap:`` and ``memory pressure``, and in the JSON below ``memory`` and ``pressure``;
- how much of an area is in use, and how much of a file system is free;
- a priority that the kernel chose (a negative one);
- the number of blanks in a row, since a table is as wide as its widest cell;
- areas that the page does not name, and what is wrong with them or with the machine that runs the tests: the kernel shows
  those, too;
- process ids, inodes, ages and memory of processes, how long one took to end, and how it ended, which old kernels do not
  tell.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from tests.support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_ALIKE = (
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "UUID"),
    (re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r'(?<= )-\d+(?= )|(?<="priority": )-\d+|(?<=priority: )-\d+'), "-N"),
    (re.compile(r'(?<="used": )\d+'), "N"),
    (re.compile(r', [0-9.]+ [KM]iB in use(?="?,?$)', re.MULTILINE), ""),
    (re.compile(r"(?<=which has )\S+ [KMG]iB(?= free)"), "N"),
    (re.compile(r"(?<=swapctl: )\d+(?= \()|(?<=process )\d+(?= \()|(?<=^[+-])\d+(?= /)", re.MULTILINE), "N"),
    (re.compile(r" +"), " "),
)
_USED = re.compile(r"(?<= )\d\S* [KM]?i?B(?=  +-?\d+ +yes)")
_FOUND = re.compile(r"\d+ +(\S+) +(\w) +\w+ +[0-9.]+ \w+ +[0-9.]+ \w+ +(.*)")
_STOPPED = re.compile(r"\d+ +(\S+) +(\w+)(?: \(-?\d+\))? +([A-Z0-9,-]+) +(?:[0-9.]+s|-) +(.*)")
_OF_ONE_RUN = {"pid", "inode", "session", "age", "rss", "status", "elapsed"}
_FINDING = re.compile(r"^((?:error|warning|info): .+?: ).*\n  .*\n", re.MULTILINE)
_LEFT_OUT = re.compile(r"^.*?(/\S+) is left out: .*\n", re.MULTILINE)
_FIGURES = re.compile(r"\d+(\.\d+)?( [KMGT]iB| B)?")


class Command(NamedTuple):
    """A command with the lines that it prints."""

    line: str
    output: str


def read(name: str) -> str:
    """Return the text of a page, named from the root of the project."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of *text* in *language*, without indentation."""
    found = ((match[1], match[3]) for match in _BLOCK.finditer(text) if match[2] == language)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def commands(text: str) -> Iterator[Command]:
    """Yield the commands for root in the console blocks of *text*, in order."""
    for block in blocks(text, "console"):
        for part in re.split(r"^(?=[#$] )", block, flags=re.MULTILINE):
            whole = re.match(r"# ((?:.*\\\n)*.*)\n", part)
            if whole:
                yield Command(whole[1], part[whole.end() :])


def files(text: str) -> dict[str, str]:
    """Return the files that *text* shows, by name."""
    shown = [block for language in ("yaml", "ini") for block in blocks(text, language)]
    return {block[2 : block.index("\n")]: block for block in shown if re.match(r"# [\w.-]+\n", block)}


def alike(printed: str, page: str) -> str:
    """Return *printed* without what differs from run to run, and without the areas that *page* does not name."""
    if printed.startswith("{"):
        text = _json(printed, page)
    else:
        text = _processes(printed) if printed.startswith("PID ") else _status(_findings(printed, page), page)
    for pattern, word in _ALIKE:
        text = pattern.sub(word, text)
    return text


def _status(printed: str, page: str) -> str:
    lines = []
    in_table = False
    for line in printed.splitlines():
        in_table = line.startswith("PATH ") or (in_table and not line.startswith(("memory:", "#")))
        if in_table and not line.startswith("PATH ") and line.split("  ")[0] not in page:
            continue
        if in_table:
            line = _USED.sub("N", line)  # noqa: PLW2901 (each step works on the last one)
        if line.startswith(("memory:", "memory pressure")):
            line = _FIGURES.sub("N", line)  # noqa: PLW2901 (each step works on the last one)
        if line.startswith("swap:"):
            line = "swap: N"  # noqa: PLW2901 (each step works on the last one)
        lines.append(f"{line.rstrip()}\n")
    text = "".join(lines)
    return re.sub(r"^PATH .*\n(?=memory:)", "no swap areas\n", text, flags=re.MULTILINE)


def _findings(printed: str, page: str) -> str:
    kept = _FINDING.sub(lambda match: match[0] if f"\n{match[1]}" in page else "", printed)
    kept = _LEFT_OUT.sub(lambda match: match[0] if match[1] in page else "", kept)
    return kept if kept or not printed else "nothing is wrong\n"


def _processes(printed: str) -> str:
    lines = [_STOPPED.sub(r"N \1 \2 \3 N \4", _FOUND.sub(r"N \1 \2 N N N \3", line)) for line in printed.splitlines()]
    return "".join(f"{line}\n" for line in lines)


def _json(printed: str, page: str) -> str:
    document = json.loads(printed)
    for process in document.get("processes", ()):
        process.update(dict.fromkeys(_OF_ONE_RUN & set(process), "N"))
    if "findings" in document:
        document["findings"] = [one for one in document["findings"] if f'"subject": "{one["subject"]}"' in page]
    if "memory" in document:
        document["areas"] = [area for area in document["areas"] if area["path"] in page]
        document["memory"] = dict.fromkeys(document["memory"], "N")
        document["pressure"] = {who: dict.fromkeys(shares, "N") for who, shares in (document["pressure"] or {}).items()}
    return json.dumps(document, indent=2) + "\n"
