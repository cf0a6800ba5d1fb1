"""What is measured, and how it is printed."""

from __future__ import annotations

import statistics
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Work = list[str] | Callable[[], object]

ROOT = Path(__file__).resolve().parent.parent


class Pair:
    """Two commands, or calls in this process, to compare, and what puts the machine back before each run."""

    def __init__(
        self,
        name: str,
        ours: Work,
        peer: Work,
        goal: float,
        *,
        reset: Callable[[], object] = lambda: None,
        slow: int = 1,
    ) -> None:
        self.name, self.ours, self.peer, self.goal, self.reset, self.slow = name, ours, peer, goal, reset, slow

    def report(self, runs: int) -> None:
        """Time the two in turn and print the ratios."""
        runs = fewer(runs, self.slow)
        self.timed(self.ours)
        self.timed(self.peer)
        times = [(self.timed(self.ours), self.timed(self.peer)) for _run in range(runs)]
        ours, peer = (statistics.median(column) * 1000 for column in zip(*times, strict=True))
        ratios = summary([ours / peer for ours, peer in times], self.goal)
        print(f"{self.name}: median ratio {ratios}; {ours:.1f} ms against {peer:.1f} ms, {runs} pairs", flush=True)

    def timed(self, work: Work) -> float:
        """Return the seconds that *work* takes once."""
        self.reset()
        start = time.perf_counter()
        if callable(work):
            work()
        else:
            subprocess.run(work, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
        return time.perf_counter() - start


class Figure:
    """A number that has a goal of its own."""

    def __init__(self, name: str, work: Callable[[], float], goal: float, slow: int = 1) -> None:
        self.name, self.work, self.goal, self.slow = name, work, goal, slow

    def report(self, runs: int) -> None:
        """Take it several times and print it."""
        values = [self.work() for _run in range(fewer(runs, self.slow))]
        print(f"{self.name}: median {summary(values, self.goal)}; {len(values)} runs", flush=True)


class Check:
    """Something that has to come out right; the work returns what is wrong."""

    def __init__(self, name: str, work: Callable[[], str]) -> None:
        self.name, self.work = name, work

    def report(self, _runs: int) -> None:
        """Do it once and print whether it came out right."""
        start = time.perf_counter()
        wrong = self.work()
        print(f"{self.name}: {f'failed: {wrong}' if wrong else 'ok'}, {time.perf_counter() - start:.1f} s", flush=True)


def fewer(runs: int, slow: int) -> int:
    """Return how often something is done that takes *slow* times as long as the rest."""
    return max(runs // slow, 3)


def summary(values: Sequence[float], goal: float) -> str:
    """Return what is printed of several values."""
    median = statistics.median(values)
    held = "held" if median <= goal else "not held"
    return f"{median:.2f} (min {min(values):.2f}, max {max(values):.2f}, goal at most {goal:g}: {held})"
