"""What others say of the same memory: smem(8), ps_mem and free(1), and a process of which is known what it has.

Everybody's swap is in the kernel's one table, and what others do can bring pages back between two looks. So what is
compared was seen at rest: nothing had moved from before the first look until after the last.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from tests.process.stage import until
from tests.process.test_usage import HOLDER, MIB, NEAR, row_of
from tests.support import missing, venv_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.process.stage import Stage
    from tests.system.machine import Machine

T = TypeVar("T")

ATTEMPTS = 20
SWAPPED, COPIED, SHARED, ALONE = 12, 8, 20, 24  # MiB
# Others map the same libraries, and are started and end meanwhile.
CODE = MIB

# Swaps so much out, and shares it, as well as the rest, with a child; that writes to so much, and has more for itself.
FAMILY = (
    HOLDER
    + """
swapped, copied, alone = (int(size) << 20 for size in sys.argv[3:])
held.madvise(21, 0, swapped)  # MADV_PAGEOUT
child = os.fork()
if not child:
    libc.prctl(1, signal.SIGKILL)
    more = mmap.mmap(-1, alone, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for begin, area, size in ((swapped, held, copied), (0, more, alone)):
        for place in range(begin, begin + size, 4096):
            area[place:place + 8] = (place + 1).to_bytes(8, "big")
    say(os.getpid())
os.read(0, 1)
"""
)
PARTS = ("Rss", "Private_Dirty", "Swap", "SwapPss")


def rollup(pid: int) -> dict[str, int]:
    """Return what the kernel says of a process's memory, in bytes, but for what others' libraries change."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()[1:]
    found = {line.partition(":")[0]: int(line.split()[1]) << 10 for line in lines}
    return {name: found[name] for name in PARTS}


def rollups(pids: list[int]) -> list[dict[str, int]]:
    return [rollup(pid) for pid in pids]


def swap_of_all() -> list[str]:
    lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith(("SwapTotal:", "SwapFree:"))]


@contextlib.contextmanager
def family(stage: Stage) -> Iterator[list[int]]:
    """Give a parent and its child: both have the same pages in swap and in memory, and the child others as well."""
    sizes = (SWAPPED + COPIED + SHARED, SWAPPED, COPIED, ALONE)
    parent = stage.victim(FAMILY, *map(str, sizes))
    child = int(parent.heard())
    yield [parent.pid, child]
    parent.send(signal.SIGKILL)
    until(lambda: not Path(f"/proc/{child}/exe").exists(), "the child ends with its parent")


def at_rest(stage: Stage, look: Callable[[list[int]], T], state: Callable[[list[int]], object] = rollups) -> T:
    """Return what is seen of a family while *state* stays the same."""
    for _attempt in range(ATTEMPTS):
        with family(stage) as pids:
            before = state(pids)
            if all(abs(one["Swap"] - SWAPPED * MIB) <= MIB for one in rollups(pids)):
                seen = look(pids)
                if state(pids) == before:
                    return seen
    return pytest.fail(f"{ATTEMPTS} times, something moved while it was looked at", pytrace=False)


@pytest.fixture(autouse=True)
def _swap(machine: Machine) -> None:
    machine.make_area(size=64 * MIB, active=True, options=("--priority", "32767"))


def by_smem(stage: Stage) -> dict[int, list[int]]:
    """Return swap, resident and proportional size of all that bears the test's mark, in bytes."""
    lines = witness("smem", "--no-header", "--columns=pid swap rss pss", "--processfilter", stage.mark).splitlines()
    return {int(pid): [int(size) << 10 for size in sizes] for pid, *sizes in map(str.split, lines)}


def by_ps_mem(pids: list[int], *options: str) -> int:
    return int(witness("ps_mem", "--total", *options, "-p", ",".join(map(str, pids))))


def witness(*command: str) -> str:
    env = {**os.environ, **venv_path(), "LC_ALL": "C"}
    if not shutil.which(command[0], path=env["PATH"]):
        missing(f"not installed: {command[0]}")
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    return done.stdout


def test_each_has_what_was_prepared_and_what_smem_says(stage: Stage):
    rows, told, kernel = at_rest(
        stage,
        lambda pids: (
            [row_of(stage, pid, "--pss") for pid in pids],
            by_smem(stage),
            rollups(pids),
        ),
    )
    for row, said in zip(rows, kernel):
        swap, resident, proportional = told[row["pid"]]
        assert (row["swap"], row["rss"]) == (swap, resident) == (said["Swap"], said["Rss"])
        assert abs(row["pss"] - proportional) <= CODE
        assert (row["private_dirty"], row["swap_pss"]) == (said["Private_Dirty"], said["SwapPss"])
        assert row["swap_pss"] == row["swap"] // 2  # so that the sum is what there is
    parent, child = rows
    # What the child has copied, its parent has for itself since.
    assert abs(parent["pss"] - (SHARED / 2 + COPIED) * MIB) <= 3 * NEAR
    assert abs(child["rss"] - parent["rss"] - ALONE * MIB) <= 3 * NEAR
    assert abs(child["pss"] - parent["pss"] - ALONE * MIB) <= 2 * NEAR


def test_a_program_has_what_ps_mem_says(stage: Stage):
    ((one,), swap, memory) = at_rest(
        stage,
        lambda pids: (
            stage.swapctl("ps", "--by", "program", "--pss", stage.mark).json["rows"],
            by_ps_mem(pids, "--swap"),
            by_ps_mem(pids),
        ),
    )
    assert one["count"] == 2
    assert one["swap"] == 2 * one["swap_pss"] == 2 * swap
    assert abs(one["swap_pss"] - SWAPPED * MIB) <= MIB
    assert abs(one["pss"] - memory) <= CODE
    assert abs(one["pss"] - (SHARED + 2 * COPIED + ALONE) * MIB) <= 6 * NEAR


def test_one_in_full_has_what_smem_and_ps_mem_say(stage: Stage):
    one, (swap, resident, proportional), exact = at_rest(
        stage,
        lambda pids: (
            stage.swapctl("inspect", str(pids[1])).json["memory"],
            by_smem(stage)[pids[1]],
            by_ps_mem(pids[1:], "--swap"),
        ),
    )
    assert (one["swap"], one["resident"]) == (swap, resident)
    assert abs(one["proportional"] - proportional) <= CODE
    assert one["swap_proportional"] == exact == one["swap"] // 2
    assert abs(one["private_dirty"] - (COPIED + ALONE) * MIB) <= 2 * NEAR


def test_there_is_as_much_swap_as_free_says(stage: Stage):
    found, free = at_rest(
        stage,
        lambda _pids: (stage.swapctl("ps", "--limit", "1").json, witness("free", "--bytes").splitlines()[2].split()),
        lambda _pids: swap_of_all(),
    )
    assert free[:3] == ["Swap:", str(found["swap_total"]), str(found["swap_used"])]
    # Both are told to have it, for nobody asked for shares; together they cannot have more than there is.
    assert (SWAPPED - 1) * MIB <= found["swap_known"] <= found["swap_used"]
