"""What becomes of a process that was signalled: whether it is gone, how it ended, or why it is still there."""

from __future__ import annotations

import time

from . import ladder as ladders
from .result import Outcome
from .signals import Waiter
from .table import Denied, Gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from .search import Hit
    from .signals import Handle
    from .table import Stat, Table

_REAPING = 0.3  # seconds that a parent gets to notice an end before the rest is called a zombie


class Target:
    """One process on its way out."""

    def __init__(self, hit: Hit) -> None:
        self.hit = hit
        self.process = hit.process
        self.signals: list[str] = []
        self.began: float | None = None
        self.ended: float | None = None
        self.outcome: Outcome | None = None

    @property
    def handle(self) -> Handle:
        """What it is held by; Gone if it could not be held."""
        if self.hit.handle is None:
            raise Gone
        return self.hit.handle

    @property
    def key(self) -> tuple[int, float]:
        """What tells the process from others with its number, as far as the kernel does."""
        return self.process.pid, self.process.inode or self.process.started

    @property
    def live(self) -> bool:
        """Whether it is still there, and nothing has been said of it."""
        return self.ended is None and self.outcome is None

    def conclude(self, outcome: str, **more: Any) -> None:  # noqa: ANN401 (the other fields of an Outcome)
        """Say what became of it."""
        elapsed = self.ended - self.began if self.ended and self.began else None
        self.outcome = Outcome(self.process, outcome, signals=tuple(self.signals), elapsed=elapsed, **more)


class Witness:
    """Says what becomes of targets; what it reads of one is proven to be of the same process."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def settle(self, targets: Sequence[Target]) -> None:
        """Say of those that have ended how they did, once their parents have had time to notice."""
        ended = [target for target in targets if target.ended is not None and target.outcome is None]
        waiter = Waiter()
        unnoticed = {}
        for target in ended:
            if not target.handle.closed and not target.handle.reaped:
                waiter.add(target.handle)
                waiter.reaping(target.handle)
                unnoticed[target.handle] = target
        deadline = time.monotonic() + _REAPING
        while unnoticed and time.monotonic() < deadline:
            for handle in waiter.wait(deadline - time.monotonic()):
                waiter.remove(handle)
                del unnoticed[handle]
        waiter.close()
        for target in ended:
            self._say_how_it_ended(target)

    def _say_how_it_ended(self, target: Target) -> None:
        handle = target.handle
        if not handle.closed and not handle.reaped:
            parent, tracer = self.parent(target), self._tracer(target)
            who = f"{tracer[1]} ({tracer[0]}), which traces it," if tracer else _named(parent)
            target.conclude("zombie", parent=parent, tracer=tracer, detail=f"it has ended; {who} has not noticed")
        elif target.signals:
            target.conclude("exited", status=None if handle.closed else handle.exit_status())
        else:
            target.conclude("vanished")
        handle.close()

    def conclude(self, targets: Iterable[Target]) -> None:
        """Say of those that are left why that is."""
        for target in targets:
            stat = self.stat(target)
            if not stat:
                target.ended = time.monotonic()
                self._say_how_it_ended(target)
            elif stat.state == "D":
                wchan = self._text(target, "wchan")
                target.conclude(
                    "stuck", wchan=wchan, detail=f"it waits in the kernel, at {wchan or 'a place not told'}"
                )
            else:
                tracer = self._tracer(target)
                target.conclude("survived", tracer=tracer, detail=self._why_it_survived(target, tracer))
            target.handle.close()

    def denies(self, target: Target) -> bool:
        """Say of one that may not be signalled that it may not; return whether it is so."""
        try:
            target.handle.reopen()
            target.handle.send(0)
        except Gone:
            return False
        except Denied:
            self.deny(target)
            return True
        return False

    def deny(self, target: Target) -> None:
        """Say that a process may not be signalled."""
        target.conclude("denied", detail=f"no permission to signal a process of {target.process.user}")

    def blame(self, target: Target) -> None:
        """Say of one that came while others were being stopped, and was not stopped any more, who started it."""
        parent = self.parent(target)
        detail = f"it came while others were being stopped; {parent[1]} ({parent[0]}) is its parent" if parent else ""
        target.conclude("respawned", parent=parent, detail=detail)

    def _why_it_survived(self, target: Target, tracer: tuple[int, str] | None) -> str:
        if not target.signals:
            return "it was not signalled"
        number = ladders.signal_number(target.signals[0])
        if tracer:
            return f"{tracer[1]} ({tracer[0]}) traces it"
        if self._mask(target, "SigIgn") >> (number - 1) & 1:
            return f"it ignores {target.signals[0]}"
        if self._mask(target, "SigBlk") >> (number - 1) & 1:
            return f"it blocks {target.signals[0]}"
        return f"after {', '.join(target.signals)}"

    def ignores(self, target: Target, number: int) -> bool:
        """Whether a signal that was sent to it has no effect, ever: waiting is in vain."""
        return not target.handle.closed and bool(self._mask(target, "SigIgn") >> (number - 1) & 1)

    def stat(self, target: Target) -> Stat | None:
        """Return the present stat of a process, None if it is gone: the number is its own if it is there afterwards."""
        try:
            target.handle.reopen()
            stat = self._table.view(target.process.pid).stat
        except (Gone, Denied):
            return None
        return None if target.handle.reaped else stat

    def _mask(self, target: Target, name: str) -> int:
        try:
            mask = self._table.view(target.process.pid).status.get(name, "0")
        except (Gone, Denied):
            return 0
        return 0 if target.handle.reaped else int(mask, 16)

    def _text(self, target: Target, name: str) -> str:
        try:
            text = self._table.view(target.process.pid).read(name).decode("ascii", "replace").strip("\0\n")
        except (Gone, Denied):
            return ""
        return "" if text == "0" else text

    def parent(self, target: Target) -> tuple[int, str] | None:
        """Return who started a process that is still there, or has adopted it."""
        stat = self.stat(target)
        return self._person(stat.parent if stat else 0)

    def _tracer(self, target: Target) -> tuple[int, str] | None:
        try:
            return self._person(int(self._table.view(target.process.pid).status.get("TracerPid", "0")))
        except (Gone, Denied):
            return None

    def _person(self, pid: int) -> tuple[int, str] | None:
        if not pid:
            return None
        try:
            return pid, self._table.view(pid).comm
        except (Gone, Denied):
            return pid, ""


def _named(person: tuple[int, str] | None) -> str:
    return f"its parent {person[1]} ({person[0]})" if person else "its parent"
