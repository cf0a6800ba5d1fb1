"""Wait for many processes at once: those that can be held at a time, and the others in turn."""

from __future__ import annotations

import time
from collections import deque

from ..record import Record
from .signals import Waiter
from .table import Gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .ladder import Rung
    from .process import Process
    from .signals import Handle
    from .verdict import Target, Witness

    Progress = Callable[["Waiting"], None]

_TICK = 0.2
_FEW = 100  # processes that are asked again and again whether they ignore their signal


class Waiting(Record):
    """What is waited for: the processes that are still there *seconds* after *signal*, for *grace* seconds at most."""

    signal: str
    seconds: float
    grace: float
    processes: tuple[Process, ...]


class Vigil:
    """Waits for targets that have been signalled; *room*: how many can be held at once."""

    def __init__(self, room: int, witness: Witness, progress: Progress | None) -> None:
        self._room = room
        self._witness = witness
        self._progress = progress
        self._waiter = Waiter()
        self._parked: deque[Target] = deque()

    def close(self) -> None:
        """Wait no longer."""
        self._waiter.close()

    @property
    def full(self) -> bool:
        """Whether no more can be held at once."""
        return len(self._waiter) >= self._room

    def watch(self, target: Target) -> None:
        """Wait for this one, now or when there is room to hold it."""
        try:
            target.handle.reopen()
        except Gone:
            target.ended = time.monotonic()
            return
        if self.full:
            target.handle.close()
            self._parked.append(target)
        else:
            self._waiter.add(target.handle)

    def wait(self, targets: Sequence[Target], rung: Rung, grace: float) -> None:
        """Wait until *targets*, which are watched, have ended, or *grace* seconds; not for what ignores its signal."""
        waiting = {target.handle: target for target in targets}
        began = time.monotonic()
        looked, changed = 0.0, False
        while waiting:
            passed = time.monotonic() - began
            if passed >= grace:
                break
            if passed >= looked + _TICK:
                looked = passed if len(waiting) <= _FEW else grace
                if all(self._witness.ignores(target, rung.number) for target in waiting.values()):
                    break
            idle = looked and not self._progress and not changed
            changed = self._take_ended(waiting, grace - passed if idle else min(_TICK, grace - passed))
            self._unpark(waiting, targets)
            if self._progress and waiting:
                still = tuple(target.process for target in waiting.values())
                self._progress(Waiting(rung.name, time.monotonic() - began, grace, still))
        for target in waiting.values():
            if not target.handle.closed:
                self._waiter.remove(target.handle)
        self._parked.clear()

    def _take_ended(self, waiting: dict[Handle, Target], seconds: float) -> bool:
        ended = self._waiter.wait(seconds)
        for handle in ended:
            self._waiter.remove(handle)
            waiting.pop(handle).ended = time.monotonic()
        return bool(ended)

    def _unpark(self, waiting: dict[Handle, Target], targets: Sequence[Target]) -> None:
        if self._parked and not self.full:
            self._witness.settle(targets)  # so that those that have ended leave their room
        while self._parked and not self.full:
            target = self._parked.popleft()
            self.watch(target)
            if not target.live:
                waiting.pop(target.handle, None)
