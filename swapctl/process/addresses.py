"""What stands where in a process's address space. Pure: the text of ``/proc/PID/smaps`` in, mappings out. See proc(5).

A process sees addresses, not memory: each mapping is a stretch of them, of which some pages are in RAM (*resident*),
some in swap, and the rest nowhere yet. What nothing is mapped at is a gap; the upper half belongs to the kernel.
"""

from __future__ import annotations

import re

from ..record import Record
from . import match

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

KINDS = {
    "text": "the program's code",
    "rodata": "the program's constants, and what its file says of it",
    "data": "the program's variables that have a value from the start",
    "bss": "the program's variables that are zero at the start",
    "heap": "what malloc(3) hands out first",
    "file": "a file, most often a library",
    "shared": "memory that processes share, or tmpfs",
    "anonymous": "memory of its own, of no file",
    "reserved": "addresses kept free: no access",
    "stack": "the first thread's stack, and below it arguments and environment",
    "vvar": "the kernel's clock, to read",
    "vdso": "the kernel's code that runs without a system call",
    "vsyscall": "what old programs use instead of the vdso",
}
GAP, KERNEL, SEVERAL = "gap", "kernel", "several"  # what a picture has beside them
SHOWN = 32  # boxes of a picture, but for gaps

_HEAD = rb"([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) \S+ \d+ *(.*)"
_BRACKETS = {
    "[heap]": "heap",
    "[stack]": "stack",
    "[vdso]": "vdso",
    "[vvar]": "vvar",
    "[vvar_vclock]": "vvar",
    "[vsyscall]": "vsyscall",
}
_SHARED = ("/dev/shm/", "/memfd:", "/SYSV", "/dev/zero", "[anon_shmem", "/anon_hugepage")  # noqa: S108 (none is made)
_UPPER = 1 << 63  # above are the kernel's addresses, on 64 bits
_FIELDS = {
    b"Size": "size",
    b"Rss": "resident",
    b"Pss": "proportional",
    b"Shared_Clean": "shared_clean",
    b"Shared_Dirty": "shared_dirty",
    b"Private_Clean": "private_clean",
    b"Private_Dirty": "private_dirty",
    b"AnonHugePages": "huge",
    b"Swap": "swap",
    b"SwapPss": "swap_proportional",
    b"Locked": "locked",
}
AMOUNTS = tuple(_FIELDS.values())
_MAIN = {"text", "data", "bss", "heap", "stack"}  # what every picture of a process shows


class Mapping(Record):
    """One stretch of addresses, from *begin* up to *end*; amounts are bytes. *count*: of how many it is made up."""

    begin: int
    end: int
    kind: str
    permissions: str = ""
    offset: int = 0
    path: str = ""
    size: int = 0
    resident: int = 0
    proportional: int = 0
    shared_clean: int = 0
    shared_dirty: int = 0
    private_clean: int = 0
    private_dirty: int = 0
    huge: int = 0
    swap: int = 0
    swap_proportional: int = 0
    locked: int = 0
    count: int = 1

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form; addresses are hexadecimal, which JSON's numbers are too small for."""
        fields = {name: value for name, value in self.__dict__.items() if name != "count"}
        return {**fields, "begin": f"{self.begin:x}", "end": f"{self.end:x}"}


def parse(smaps: bytes, exe: str = "") -> tuple[Mapping, ...]:
    """Return what *smaps* tells, in the order of addresses; *exe* is the path of the program."""
    program = exe.replace("\n", "\\012")  # as the kernel writes it there
    found: list[Mapping] = []
    for head, amounts in _entries(smaps):
        begin, end = int(head[1], 16), int(head[2], 16)
        permissions, path = head[3].decode(), match.decode(head[5])
        before = found[-1] if found else None
        kind = _kind(path, permissions, program, before if before and before.end == begin else None)
        found.append(Mapping(begin, end, kind, permissions, int(head[4], 16), path, **amounts))
    return tuple(found)


def total(mappings: Iterable[Mapping]) -> dict[str, int]:
    """Return the sum of each amount."""
    sums = dict.fromkeys(AMOUNTS, 0)
    for one in mappings:
        for name in AMOUNTS:
            sums[name] += getattr(one, name)
    return sums


def at(mappings: Iterable[Mapping], address: int) -> Mapping | None:
    """Return the mapping that *address* is in."""
    return next((one for one in mappings if one.begin <= address < one.end), None)


def picture(mappings: Sequence[Mapping], most: int = SHOWN) -> tuple[Mapping, ...]:
    """Return what a picture shows, in the order of addresses: neighbours of one file as one, and gaps.

    More than *most*: those with least in RAM and swap are put together with their neighbours, as `SEVERAL`.
    """
    own = [one for one in mappings if one.begin < _UPPER]
    shown = _folded(_merged(own), most)
    upper = [one for one in mappings if one.begin >= _UPPER]
    kernel = Mapping(_UPPER, 2 * _UPPER, KERNEL, count=0) if _is_wide(mappings) else None
    return (*_with_gaps(shown), *((kernel,) if kernel else ()), *upper)


def _entries(smaps: bytes) -> Iterator[tuple[re.Match[bytes], dict[str, int]]]:
    matches = re.compile(_HEAD, re.DOTALL).fullmatch  # here, as this file is loaded whatever is done with processes
    head = None
    amounts: dict[str, int] = {}
    for line in smaps.split(b"\n"):
        found = matches(line)
        if found:
            if head:
                yield head, amounts
            head, amounts = found, {}
            continue
        name, _colon, rest = line.partition(b":")
        if name in _FIELDS:
            amounts[_FIELDS[name]] = int(rest.split()[0]) << 10
    if head:
        yield head, amounts


def _kind(path: str, permissions: str, program: str, neighbour: Mapping | None) -> str:
    if path in _BRACKETS:
        kind = _BRACKETS[path]
    elif path and path == program:
        kind = "text" if "x" in permissions else "data" if "w" in permissions else "rodata"
    elif path.startswith(_SHARED) or (permissions[3:] == "s" and not path.startswith("/")):
        kind = "shared"
    elif path.startswith("/"):
        kind = "file"
    elif permissions.startswith("---"):
        kind = "reserved"
    elif not path and neighbour and neighbour.kind == "data":
        kind = "bss"
    else:
        kind = "anonymous"
    return kind


def _merged(mappings: Iterable[Mapping]) -> list[Mapping]:
    merged: list[Mapping] = []
    for one in mappings:
        last = merged[-1] if merged else None
        if last and last.end == one.begin and last.path == one.path and last.kind == one.kind and one.path:
            merged[-1] = _joined((last, one), last.kind, last.path)
        else:
            merged.append(one)
    return merged


def _folded(mappings: Sequence[Mapping], most: int) -> list[Mapping]:
    if len(mappings) <= most:
        return list(mappings)

    def weight(number: int) -> tuple[bool, int, int]:
        one = mappings[number]
        return one.kind in _MAIN, one.resident + one.swap, one.size

    # What is put together needs boxes as well.
    kept = set(sorted(range(len(mappings)), key=weight, reverse=True)[: max(1, most // 2)])
    folded: list[Mapping] = []
    run: list[Mapping] = []
    for number, one in enumerate(mappings):
        if number not in kept:
            run.append(one)
            continue
        folded += _several(run)
        run = []
        folded.append(one)
    return folded + _several(run)


def _several(run: Sequence[Mapping]) -> list[Mapping]:
    return [_joined(run, SEVERAL, "")] if len(run) > 1 else list(run)


def _joined(parts: Sequence[Mapping], kind: str, path: str) -> Mapping:
    permissions = dict.fromkeys(word for one in parts for word in one.permissions.split(" "))
    return Mapping(
        parts[0].begin,
        parts[-1].end,
        kind,
        " ".join(permissions) if kind != SEVERAL else "",
        parts[0].offset,
        path,
        count=sum(one.count for one in parts),
        **total(parts),
    )


def _with_gaps(mappings: Iterable[Mapping]) -> Iterator[Mapping]:
    end = 0
    for one in mappings:
        if one.begin > end:
            yield Mapping(end, one.begin, GAP, size=one.begin - end, count=0)
        yield one
        end = one.end


def _is_wide(mappings: Sequence[Mapping]) -> bool:
    """Whether addresses have 64 bits; those of a program of 32 bits end below, and the kernel is not in them."""
    return bool(mappings) and mappings[-1].end > 1 << 32
