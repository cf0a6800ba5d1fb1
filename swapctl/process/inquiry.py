"""Ask many processes something, and wait for none of them without end.

Reading a command line waits for whoever holds the process's memory (mmap_lock): for seconds in one that forks all the
time among hundreds of others, without end in one that is stuck. No signal gets such a reader back, so it is a thread
that can be left behind. One is enough as long as answers come; when they do not, more of them ask the others.
"""

from __future__ import annotations

import _thread
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence
    from typing import Any

PATIENCE = 3.0  # seconds for the last answer
_STALL = 0.05  # seconds without an answer, after which there are twice as many to ask
MOST, FILES = 200, 3  # threads, and the files that each may have open

_left_behind: set[int] = set()  # those that a thread still waits for which nobody waits for any more


def ask(
    pids: Sequence[int],
    question: Callable[[int], Any],
    *,
    most: int,
    locked: Container[int],
    limit: float = float("inf"),
) -> tuple[list[Any], list[int]]:
    """Return the answers of all that have one, not None, and those that were silent.

    Whom an earlier inquiry still waits for is silent at once: each look would leave another thread behind otherwise.
    *most*: how many may ask at once; *locked*: whose memory is waited for, which alone is not waited for without end;
    *limit*: seconds in all.
    """
    before = _left_behind.intersection(pids)
    answers, silent = _Inquiry([pid for pid in pids if pid not in before], question, most, locked).run(limit)
    return answers, [*before, *silent]


class _Inquiry:
    def __init__(self, pids: Sequence[int], question: Callable[[int], Any], most: int, locked: Container[int]) -> None:
        self._most = most
        self._locked = locked
        self._asked: set[int] = set()
        self._question = question
        self._left = iter(pids)  # next() of it is one step, whoever calls
        self._all_asked = False
        self._silent = dict.fromkeys(pids)
        self._answers: list[Any] = []
        self._errors: list[BaseException] = []
        self._askers = 0
        self._count = 0
        self._over = False
        self._done = _thread.allocate_lock()

    def run(self, limit: float) -> tuple[list[Any], list[int]]:
        self._done.acquire()
        self._employ(1)
        try:
            self._wait(limit)
        finally:
            self._over = True
            _left_behind.update(tuple(self._asked))
        if self._errors:
            raise self._errors[0]
        return list(self._answers), list(self._silent)

    def _wait(self, limit: float) -> None:
        began = since = time.monotonic()
        seen = 0
        while not self._done.acquire(timeout=_STALL):
            now = time.monotonic()
            if self._count != seen and not self._all_asked:
                seen, since = self._count, now
            elif not self._all_asked:
                self._employ(min(self._askers, self._most - self._askers))
            is_late = now - since > PATIENCE and all(pid in self._locked for pid in tuple(self._asked))
            if is_late or now - began > limit:
                break

    def _employ(self, more: int) -> None:
        for _number in range(more):
            self._askers += 1
            try:
                _thread.start_new_thread(self._work, ())
            except RuntimeError:  # this user may have no more processes: one asks here, and waits as long as it takes
                if self._askers == 1:
                    self._work()
                return

    def _work(self) -> None:
        try:
            for pid in self._left:
                if self._is_over():
                    return
                self._asked.add(pid)
                try:
                    answer = self._question(pid)
                finally:
                    self._asked.discard(pid)
                if self._is_over():
                    _left_behind.discard(pid)
                    return
                del self._silent[pid]
                self._count += 1
                if answer is not None:
                    self._answers.append(answer)
            self._all_asked = True
            if not self._silent:
                self._finish()
        except BaseException as error:  # noqa: BLE001 (raised again in the thread that waits)
            self._errors.append(error)
            self._finish()

    def _is_over(self) -> bool:
        return self._over

    def _finish(self) -> None:
        try:
            self._done.release()
        except RuntimeError:  # another one was as fast
            return
