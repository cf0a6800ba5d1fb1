"""The words of ``swapctl inspect`` for a person, on the terminal and on a page alike. An inspection in, text out."""

from __future__ import annotations

import re
import time

from ..process import addresses, inspected
from ..process.times import human as human_time
from ..sizes import human

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..process import Inspection
    from ..process.addresses import Mapping

MEANINGS = {
    "virtual": "all addresses that something is mapped at, there or not",
    "resident": "in RAM, what it shares with others included",
    "resident_peak": "the most that it ever had in RAM",
    "resident_anonymous": "of that, memory of no file",
    "resident_file": "of that, pages of files",
    "resident_shared": "of that, shared memory and tmpfs",
    "proportional": "in RAM, what is shared divided by those who share it",
    "shared_clean": "as it is in a file, and others have it too",
    "shared_dirty": "written to, and others have it too: after a fork, what is not copied yet",
    "private_clean": "as it is in a file, and nobody else has it",
    "private_dirty": "written to, and nobody else has it: what copy-on-write has copied",
    "swap": "of its own memory, in swap",
    "swap_proportional": "of that, divided by those who share it after a fork",
    "page_tables": "what the kernel needs to know where its pages are",
    "huge_pages": "in transparent huge pages",
    "huge_tlb": "in pages of hugetlbfs",
    "locked": "kept in RAM by mlock(2)",
}
# Chief figures: those that are there even if they are zero.
CHIEF = ("virtual", "resident", "proportional", "shared_clean", "private_dirty", "swap", "page_tables")
UPPER = "the kernel's part: the same for all processes, and they cannot touch it"

_NAMED_THREADS = 8


def facts(found: Inspection, *, every: bool = False) -> Iterator[tuple[str, str]]:
    """Give what is known beside memory, in words."""
    inode = "" if found.inode is None else f":{found.inode}"
    inside = f", {found.namespace_pid} in its own PID namespace" if found.namespace_pid else ""
    yield "process", f"{found.pid}{inode}{inside}, {found.name}{', a thread of the kernel' if found.kernel else ''}"
    if found.exe:
        yield "program", found.exe
    if found.argv is not None:
        yield "command", " ".join(map(_quoted, found.argv)) or "none"
    yield "user", f"{found.user} ({found.uid})"
    yield "began", f"{_clock(found.began)}, {human_time(found.age)} ago"
    yield "state", f"{found.state}: {found.said}"
    yield "parents", " < ".join(map(inspected.named, found.parents)) or "none"
    if found.descent:
        yield "descent", found.descent
    yield "session", f"{found.session}, process group {found.group}"
    yield "threads", _threads(found, every=every)
    limits = found.limits or {}
    if found.open_files is not None:
        yield "open files", f"{found.open_files}, limit {_limit('open_files', limits)}"
    shown = (
        f"{name.replace('_', ' ')} {_limit(name, limits)}"
        for name in limits
        if name != "open_files" and (every or limits[name] != (None, None))
    )
    yield "limits", ", ".join(shown) or "none"
    yield "cgroup", _cgroup(found)
    if found.oom_score is not None:
        yield "OOM", f"score {found.oom_score}, adjusted by {found.oom_adjustment}; who has most is killed first"
    yield "page faults", _faults(found)


def figures(found: Inspection) -> Iterator[tuple[str, str, str]]:
    """Give the names of the figures of memory, what they are, and what they mean."""
    for name, meaning in MEANINGS.items():
        amount = (found.memory or {}).get(name)
        if amount or name in CHIEF:
            yield name.replace("_", " "), "not told" if amount is None else human(amount), meaning


def no_memory(found: Inspection) -> str:
    """Return why a process has no address space."""
    why = "a thread of the kernel" if found.kernel else "a process that has ended"
    return f"no address space: it is {why}"


def what(one: Mapping) -> str:
    """Return what stands at a mapping, in words."""
    if one.kind == addresses.KERNEL:
        return UPPER
    if one.kind == addresses.GAP:
        return "nothing is mapped here"
    if one.kind == addresses.SEVERAL:
        return f"{one.count} mappings; --all shows them"
    name = one.path or addresses.KINDS[one.kind]
    return f"{name} ({one.count} mappings)" if one.count > 1 else name


def _quoted(word: str) -> str:
    return word if re.fullmatch(r"[^\s'\"\\]+", word) else ascii(word) if not word.isprintable() else f"'{word}'"


def _clock(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _threads(found: Inspection, *, every: bool) -> str:
    states: dict[str, int] = {}
    for _tid, _name, state in found.threads:
        states[state] = states.get(state, 0) + 1
    counted = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    if len(found.threads) <= 1:
        return str(len(found.threads))
    named = [f"{name} ({tid}) {state}" for tid, name, state in found.threads]
    shown = named if every else named[:_NAMED_THREADS]
    more = f", and {len(named) - len(shown)} more" if len(named) > len(shown) else ""
    return f"{len(named)} ({counted}): {', '.join(shown)}{more}"


def _limit(name: str, limits: dict[str, tuple[int | None, int | None]]) -> str:
    def said(amount: int | None) -> str:
        return "none" if amount is None else human(amount) if name in inspected.SIZES else str(amount)

    soft, hard = limits.get(name, (None, None))
    return (
        said(soft) if soft == hard else f"{said(soft)} (can be raised to {said(hard) if hard is not None else 'any'})"
    )


def _cgroup(found: Inspection) -> str:
    group = found.cgroup
    if not group:
        return "none that limits memory is to be seen"

    def part(name: str, text: str) -> str:
        if name not in group:
            return ""
        used, most = group[name], group[f"{name}_max"]
        have = "" if used is None else f"{human(used)} "
        return f"; {text} {have}{'without limit' if most is None else f'of {human(most)} at most'}"

    return (
        f"{group['path']} (version {group['version']})"
        f"{part('memory', 'memory')}{part('swap', 'swap')}{part('memory_and_swap', 'memory and swap together')}"
    )


def _faults(found: Inspection) -> str:
    told = f"{found.minor} minor, {found.major} major (something had to be read from a disk)"
    if not found.rates:
        return told
    return f"{told}; now {found.rates[0]:.1f} and {found.rates[1]:.1f} a second"
