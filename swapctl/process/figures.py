"""What the kernel tells of one process's memory and faults. Pure: bytes in, figures out. See proc(5).

A line is found by its whole name, and only those that are asked for: ten thousand processes are read at a time.
"""

from __future__ import annotations

from ..record import Record

KIB = 1024


class Shares(Record):
    """What is in ``smaps_rollup``, in bytes: *pss* and *swap_pss* share out what several processes have together."""

    rss: int = 0
    pss: int = 0
    private_dirty: int = 0
    swap: int = 0
    swap_pss: int = 0


def field(status: bytes, name: bytes) -> bytes:
    """Return the value of the line *name* of ``status``, empty if there is none."""
    begin = status.find(b"\n" + name + b":")
    if begin < 0:
        return b""
    begin += len(name) + 2
    return status[begin : status.find(b"\n", begin)].strip()


def kibibytes(text: bytes, name: bytes) -> int:
    """Return the bytes that the line *name* of *text* tells in kB, 0 if there is none: kernel threads have none."""
    begin = text.find(b"\n" + name + b":")
    if begin < 0:
        return 0
    begin += len(name) + 2
    return int(text[begin : text.index(b"k", begin)]) * KIB


def amounts(rollup: bytes) -> tuple[int, int, int, int, int]:
    """Return what *rollup*, the text of ``smaps_rollup``, tells: the fields of `Shares` in their order."""
    return (
        kibibytes(rollup, b"Rss"),
        kibibytes(rollup, b"Pss"),
        kibibytes(rollup, b"Private_Dirty"),
        kibibytes(rollup, b"Swap"),
        kibibytes(rollup, b"SwapPss"),
    )


def split(stat: bytes, most: int = -1) -> tuple[bytes, list[bytes]]:
    """Return the name in *stat*, the text of ``stat``, and what is behind it, from the state on, so many at most.

    The name can hold anything, brackets, blanks and newlines too.
    """
    end = stat.rindex(b")")
    return stat[stat.index(b"(") + 1 : end], stat[end + 2 :].split(b" ", most)


def counts(stat: bytes) -> tuple[bytes, str, int, int, int, int, int]:
    """Return what *stat* tells, as far as a process is counted.

    The name, the state's letter, minor and major faults, ticks on a processor, threads, and when it began, in ticks.
    """
    name, fields = split(stat, 20)
    return (
        name,
        fields[0].decode(),
        int(fields[7]),
        int(fields[9]),
        int(fields[11]) + int(fields[12]),
        int(fields[17]),
        int(fields[19]),
    )


def lacks_first_thread(status: bytes) -> bool:
    """Whether *status* is of a process whose first thread has ended before others: it tells nothing of their memory."""
    return b"\nVmRSS:" not in status and b"\nState:\tZ" in status and b"\nThreads:\t1\n" not in status


def rank_by_status(status: bytes, sort: str, pid: int) -> tuple[int, int, int, int]:
    """Return what a process is sorted by, the first one first, and its swap; *sort* is ``swap``, else of ``rss``."""
    swap, rss = kibibytes(status, b"VmSwap"), kibibytes(status, b"VmRSS")
    return -(swap if sort == "swap" else rss), -rss, pid, swap


def rank_by_stat(stat: bytes, sort: str, pid: int) -> tuple[int, int, int, int]:
    """Return the same for ``faults``, ``age`` and ``cpu``; ``stat`` tells nothing of swap."""
    _name, fields = split(stat, 22)
    if sort == "faults":
        amount = int(fields[9])
    else:
        amount = int(fields[11]) + int(fields[12]) if sort == "cpu" else -int(fields[19])
    return -amount, -int(fields[21]), pid, 0
