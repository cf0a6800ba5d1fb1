"""What the kernel tells of one process's memory and faults. Pure: bytes in, figures out. See proc(5).

A line is found by its whole name, and only those that are asked for: ten thousand processes are read at a time.
"""

from __future__ import annotations

from ..record import Record

_KIB = 1024
_ZERO = b"0"


class Shares(Record):
    """What is in ``smaps_rollup``, in bytes: *pss* and *swap_pss* share out what several processes have together."""

    rss: int = 0
    pss: int = 0
    private_dirty: int = 0
    swap: int = 0
    swap_pss: int = 0


class Faults(Record):
    """Page faults since the process began: *minor* ones took no reading from a disk, *major* ones did."""

    minor: int = 0
    major: int = 0


def field(status: bytes, name: bytes) -> bytes:
    """Return the value of the line *name* of ``status``, empty if there is none."""
    begin = status.find(b"\n" + name + b":\t")
    if begin < 0:
        return b""
    begin += len(name) + 3
    return status[begin : status.find(b"\n", begin)].strip()


def kibibytes(status: bytes, name: bytes) -> int:
    """Return the bytes that the line *name* of ``status`` tells in kB, 0 if there is none: kernel threads have none."""
    return int(field(status, name).split(b" ")[0] or _ZERO) * _KIB


def shares(rollup: bytes) -> Shares:
    """Return what *rollup*, the text of ``smaps_rollup``, tells."""
    found = {}
    for line in rollup.split(b"\n")[1:]:
        name, _colon, value = line.partition(b":")
        words = value.split()
        if words:
            found[name] = int(words[0]) * _KIB
    names = (b"Rss", b"Pss", b"Private_Dirty", b"Swap", b"SwapPss")
    return Shares(*(found.get(name, 0) for name in names))


def faults(stat: bytes) -> Faults:
    """Return the faults in *stat*, the text of ``stat``; a name in it can hold anything, brackets too."""
    fields = stat[stat.rindex(b")") + 2 :].split(b" ", 11)
    return Faults(int(fields[7]), int(fields[9]))


def ticks(stat: bytes) -> int:
    """Return the time that the process has had a processor, in clock ticks, of ``stat``."""
    fields = stat[stat.rindex(b")") + 2 :].split(b" ", 14)
    return int(fields[11]) + int(fields[12])
