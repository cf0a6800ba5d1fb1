"""What is known of one process in full, and the words for it. Pure. See proc(5)."""

from __future__ import annotations

import re

from ..record import Record
from . import addresses, figures

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from .addresses import Mapping

    Person = tuple[int, str]  # a process's number and name

# What /proc/PID/limits calls them.
LIMITS = {
    "address_space": "Max address space",
    "data": "Max data size",
    "stack": "Max stack size",
    "locked_memory": "Max locked memory",
    "core_file": "Max core file size",
    "open_files": "Max open files",
    "processes": "Max processes",
    "cpu_seconds": "Max cpu time",
}
SIZES = ("address_space", "data", "stack", "locked_memory", "core_file")  # those of them that are bytes

# What /proc/PID/status calls it, and what the sum over the mappings does.
STATUS = {
    "virtual": "VmSize",
    "resident": "VmRSS",
    "resident_peak": "VmHWM",
    "resident_anonymous": "RssAnon",
    "resident_file": "RssFile",
    "resident_shared": "RssShmem",
    "swap": "VmSwap",
    "page_tables": "VmPTE",
    "locked": "VmLck",
    "huge_tlb": "HugetlbPages",
}
SUMS = {
    "proportional": "proportional",
    "shared_clean": "shared_clean",
    "shared_dirty": "shared_dirty",
    "private_clean": "private_clean",
    "private_dirty": "private_dirty",
    "swap_proportional": "swap_proportional",
    "huge_pages": "huge",
}
ROLLUP = {"proportional": b"Pss", "swap_proportional": b"SwapPss"}  # of those, what smaps_rollup does better

_DEAF = "no signal wakes it, unless that ends it and the kernel lets it: the letter does not tell"
_ARGUMENTS = 45  # in stat behind the name


class Inspection(Record):
    """One process. Sizes are bytes, times seconds; *began* is seconds since 1970. None: not known, or it has none.

    *parents*, *tracer* and *threads* tell numbers and names; a thread has a state as well. *orphan*: whether somebody
    else than its parent started it; None where the kernel does not tell. *doubts*: what could not be learnt, and why.
    """

    pid: int
    name: str
    inode: int | None
    state: str
    said: str
    began: float
    age: float
    uid: int
    user: str
    exe: str | None = None
    argv: tuple[str, ...] | None = None
    kernel: bool = False
    namespace_pid: int | None = None
    session: int = 0
    group: int = 0
    parents: tuple[Person, ...] = ()
    orphan: bool | None = False
    descent: str = ""
    tracer: Person | None = None
    wchan: str = ""
    threads: tuple[tuple[int, str, str], ...] = ()
    open_files: int | None = None
    limits: dict[str, tuple[int | None, int | None]] | None = None
    cgroup: dict[str, Any] | None = None
    memory: dict[str, int | None] | None = None
    minor: int = 0
    major: int = 0
    rates: tuple[float, float] | None = None
    oom_score: int | None = None
    oom_adjustment: int | None = None
    mappings: tuple[Mapping, ...] | None = None
    doubts: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """The command line, or like ps(1) the name in brackets."""
        return " ".join(self.argv) if self.argv else f"[{self.name}]"

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        return {
            "pid": self.pid,
            "inode": self.inode,
            "name": self.name,
            "exe": self.exe,
            "argv": None if self.argv is None else list(self.argv),
            "user": self.user,
            "uid": self.uid,
            "began": round(self.began, 2),
            "age": round(self.age, 2),
            "kernel": self.kernel,
            "namespace_pid": self.namespace_pid,
            "session": self.session,
            "group": self.group,
            "state": self.state,
            "state_text": self.said,
            "wchan": self.wchan,
            "tracer": _person(self.tracer),
            "parents": [_person(one) for one in self.parents],
            "orphan": self.orphan,
            "threads": [{"tid": tid, "name": name, "state": state} for tid, name, state in self.threads],
            "open_files": self.open_files,
            "limits": {name: {"soft": soft, "hard": hard} for name, (soft, hard) in (self.limits or {}).items()},
            "cgroup": self.cgroup,
            "memory": self.memory,
            "faults": {
                "minor": self.minor,
                "major": self.major,
                "minor_per_second": round(self.rates[0], 2) if self.rates else None,
                "major_per_second": round(self.rates[1], 2) if self.rates else None,
            },
            "oom_score": self.oom_score,
            "oom_adjustment": self.oom_adjustment,
            "mappings": None if self.mappings is None else [one.to_dict() for one in self.mappings],
            "doubts": list(self.doubts),
        }


def arguments(stat: bytes) -> int:
    """Return the address of the command line, as *stat*, the text of ``stat``, tells it; 0 if that is hidden."""
    _name, fields = figures.split(stat)
    return int(fields[_ARGUMENTS])


def limits(text: str) -> Iterator[tuple[str, tuple[int | None, int | None]]]:
    """Yield the name, and the soft and hard limit of each of LIMITS; None is none."""
    for name, title in LIMITS.items():
        found = re.search(rf"^{title} +(\S+) +(\S+)", text, re.MULTILINE)
        if found:
            soft, hard = (None if word == "unlimited" else int(word) for word in found.groups())
            yield name, (soft, hard)


def memory(status: dict[str, str], mappings: Sequence[Mapping] | None, rollup: bytes = b"") -> dict[str, int | None]:
    """Return the figures of a process's memory; None for what only *mappings* tell, if they are not to be seen.

    What is shared out is taken from *rollup*, the text of ``smaps_rollup``, where there is one: each mapping tells
    whole KiB, and the rest of them adds up.
    """
    told: dict[str, int | None] = {
        name: int(status[key].split()[0]) << 10 if key in status else 0 for name, key in STATUS.items()
    }
    sums = None if mappings is None else addresses.total(mappings)
    exact = {name: figures.kibibytes(rollup, key) for name, key in ROLLUP.items()} if rollup and sums else {}
    return {**told, **{name: sums[key] if sums else None for name, key in SUMS.items()}, **exact}


def holds_swap(arguments: int, status: dict[str, str], mappings: Sequence[Mapping] | None) -> bool:
    """Whether reading the command line, which stands at the address *arguments*, could bring swapped pages back."""
    if status.get("VmSwap", "0 kB") == "0 kB":
        return False
    place = addresses.at(mappings or (), arguments)
    return place is None or place.swap > 0


def state_in_words(
    state: str, *, parent: Person | None, tracer: Person | None = None, wchan: str = "", others: int = 0
) -> str:
    """Return what a state's letter means. *others*: threads that are alive beside the first one."""
    place = f" at {wchan}" if wchan else ""
    words = {
        "R": "runs, or is ready to",
        "S": f"sleeps{place}, until something happens or a signal comes",
        "D": f"waits in the kernel{place or ', at a place not told'} (uninterruptible); {_DEAF}",
        "I": "is a thread of the kernel without work",
        "T": "is stopped by a signal, until SIGCONT",
        "t": "is stopped by what traces it",
        "X": "is ending",
    }
    if state == "Z" and others > 0:
        living = "1 thread of it lives" if others == 1 else f"{others} threads of it live"
        said = f"its first thread has ended (zombie), {living} on"
    elif state == "Z":
        who = f"its parent {named(parent)}" if parent else "its parent"
        said = f"has ended (zombie); {who} has not taken notice, and until then its number is taken"
    else:
        said = words.get(state, f"is in state {state}")
    return f"{said}; {named(tracer)} traces it" if tracer else said


def descent(
    pid: int, session: int, parent: Person | None, parent_session: int, *, parent_is_init: bool
) -> tuple[bool | None, str]:
    """Return whether another one than its parent started a process, None if that is not to be told, and the words.

    The kernel forgets who started an orphan. But a session is inherited: one that is neither the parent's nor the
    process's own came from somebody else, unless the parent has begun a session of its own meanwhile.
    """
    if not parent:
        return False, ""
    if session and session not in {pid, parent_session}:
        if parent_is_init or parent_session != parent[0]:
            return True, f"orphan: {named(parent)} has adopted it; session {session}, which it is of, is another's"
        return None, f"perhaps an orphan: it is of session {session}, and its parent {named(parent)} is not"
    if parent_is_init:
        return None, f"started by {named(parent)}, or adopted by it: the kernel does not tell"
    return False, ""


def named(person: Person | None) -> str:
    """Return a process as it is called in a sentence."""
    return f"{person[1] or '?'} ({person[0]})" if person else ""


def _person(person: Person | None) -> dict[str, object] | None:
    return {"pid": person[0], "name": person[1]} if person else None
