"""Stop processes: find them, choose, signal, wait, try harder, look again.

All are signalled, then all are waited for together, and the next rung of the ladder is for those that are left. What
matches anew meanwhile is stopped as well, as long as the ladder's time lasts.
"""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from contextlib import closing

from ..errors import Guard
from ..record import Record
from . import ladder as ladders
from . import plan
from .cgroups import Group, Hierarchies, whole_groups
from .plan import MOST, Limits, Protected
from .result import Outcome, Result
from .search import Found, Searcher
from .signals import Suspension, Waiter, check, descriptors, room, urgency
from .surroundings import look_around
from .table import Denied, Gone, Table
from .tree import Tree, unprotected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from .ladder import Rung
    from .process import Process
    from .search import Hit
    from .selector import Selector
    from .signals import Handle
    from .table import Stat

    Confirm = Callable[[Sequence[Process], Sequence[Protected]], bool]
    Progress = Callable[["Waiting"], None]

_REAPING = 0.3  # seconds that a parent gets to notice an end before the rest is called a zombie
_TICK = 0.2
_NO_EFFECT = frozenset({signal.SIGKILL, signal.SIGCONT})  # SIGCONT after them, or for them, is no use


class Waiting(Record):
    """What is waited for: the processes that are still there *seconds* after *signal*, for *grace* seconds at most."""

    signal: str
    seconds: float
    grace: float
    processes: tuple[Process, ...]


class _Target:
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
        if self.hit.handle is None:
            raise Gone
        return self.hit.handle

    @property
    def key(self) -> tuple[int, float]:
        """What tells the process from others with its number, as far as the kernel does."""
        return self.process.pid, self.process.inode or self.process.started

    @property
    def live(self) -> bool:
        return self.ended is None and self.outcome is None

    def conclude(self, outcome: str, **more: Any) -> None:  # noqa: ANN401 (the other fields of an Outcome)
        elapsed = self.ended - self.began if self.ended and self.began else None
        self.outcome = Outcome(self.process, outcome, signals=tuple(self.signals), elapsed=elapsed, **more)


def stop(
    selector: Selector,
    *,
    ladder: str = ladders.DEFAULT,
    tree: bool = False,
    expect: int | None = None,
    max: int = MOST,  # noqa: A002 (the name that it has everywhere)
    include: Iterable[str] = (),
    dry_run: bool = False,
    ansible: bool = False,
    confirm: Confirm | None = None,
    progress: Progress | None = None,
) -> Result:
    """Stop the processes that *selector* means, and prove that they are gone; at most the ladder's time is taken.

    *ladder*: signals in order, each with the time until the next. *tree*: their descendants as well. *expect*: how many
    there must be; *max*: how many there may be. *include*: kinds of protected processes that are meant all the same.
    *ansible*: this is a task of a play, so what belongs to Ansible is protected. *confirm* is asked before the first
    signal, *progress* told what is waited for. Raises InvalidInput (nothing was looked at) and Guard (nothing was
    signalled). What happened to each process is in the result: nothing is raised for one that is left.
    """
    rungs = ladders.parse(ladder)
    limits = Limits(expect, max, tuple(include))
    return _act(
        selector, rungs, limits, tree=tree, dry_run=dry_run, ansible=ansible, confirm=confirm, progress=progress
    )


def send(
    selector: Selector,
    number: str | int,
    *,
    tree: bool = False,
    expect: int | None = None,
    max: int = MOST,  # noqa: A002
    include: Iterable[str] = (),
    dry_run: bool = False,
    ansible: bool = False,
    confirm: Confirm | None = None,
) -> Result:
    """Send one signal, by name or *number*, to the processes that *selector* means, and do not wait; see `stop`."""
    rung = ladders.Rung(ladders.signal_number(number))
    limits = Limits(expect, max, tuple(include))
    return _act(selector, (rung,), limits, only=True, tree=tree, dry_run=dry_run, ansible=ansible, confirm=confirm)


def _act(
    selector: Selector,
    rungs: tuple[Rung, ...],
    limits: Limits,
    *,
    tree: bool,
    dry_run: bool,
    ansible: bool,
    confirm: Confirm | None,
    only: bool = False,
    progress: Progress | None = None,
) -> Result:
    check()
    with closing(Table()) as table, descriptors(), urgency():
        run = _Run(selector, table, rungs, limits, tree=tree, ansible=ansible, progress=progress)
        try:
            targets = run.look(suspend=not dry_run)
            if dry_run:
                return run.foretold(targets)
            if confirm and targets and not confirm([one.process for one in targets], run.protected):
                raise Guard("not confirmed: nothing was signalled")
            if only:
                run.signal_once(targets)
            else:
                run.climb(targets)
            return run.result()
        finally:
            run.close()


class _Run:
    """One run: what is known so far."""

    def __init__(
        self,
        selector: Selector,
        table: Table,
        rungs: tuple[Rung, ...],
        limits: Limits,
        *,
        tree: bool,
        ansible: bool,
        progress: Progress | None,
    ) -> None:
        self.protected: tuple[Protected, ...] = ()
        self._table = table
        self._rungs = rungs
        self._limits = limits
        self._progress = progress
        self._selector = selector
        self._room = room()
        around = look_around(table, ansible=ansible)
        self._searcher = Searcher(selector, table, around)
        self._suspension = Suspension()
        self._tree = Tree(self._searcher, table, around, self._suspension) if tree else None
        self._waiter = Waiter()
        self._parked: deque[_Target] = deque()
        self._targets: list[_Target] = []
        self._matched = 0
        self._groups: list[Group] = []
        self._found = Found((), (), partial=False)
        self._interrupted = False

    def close(self) -> None:
        self._suspension.end()
        self._waiter.close()
        for group in self._groups:
            group.close()
        self._found.close()
        for target in self._targets:
            if target.hit.handle:
                target.hit.handle.close()

    # looking

    def look(self, *, suspend: bool) -> list[_Target]:
        """Return what is to be stopped, after the guards."""
        found = self._searcher.search()
        self._found = found
        self._refuse_partial(found)
        pairs = [(hit.process, hit.protection) for hit in found.live]
        by_number = bool(self._selector.pid or self._selector.pidfile is not None)
        _chosen, self.protected = plan.choose(pairs, self._limits, by_number=by_number)
        hits = [hit for hit in found.live if not self._limits.protects(hit.protection)]
        self._matched = len(hits)
        self._targets = [_Target(hit) for hit in hits]
        if self._tree:
            self._add_descendants(hits, suspend=suspend)
        else:
            self._take_whole_groups(found)
        live = list(self._targets)
        for hit in found.hits:
            if not hit.handle:
                gone = _Target(hit)
                gone.conclude("vanished")
                self._targets.append(gone)
        return live

    def _refuse_partial(self, found: Found) -> None:
        mine = self._searcher.users == {os.geteuid()}
        asked = self._selector.pid and len(found.live) == len(self._selector.pid)
        if found.partial and not mine and not asked:
            message = "/proc hides the processes of others (hidepid), so what matches cannot be known"
            raise Guard(message, hint="run as root, or say --user with your own name")

    def _add_descendants(self, hits: Sequence[Hit], *, suspend: bool) -> None:
        if self._tree:
            new = self._tree.grow(hits, suspend=suspend)
            free = unprotected(new)
            self._targets += [_Target(hit) for hit in free]
            barred = [hit for hit in new if hit not in free]
            self.protected += tuple(Protected(hit.process, hit.protection) for hit in barred)
            self._suspension.end([hit.handle for hit in barred if hit.handle])

    def _take_whole_groups(self, found: Found) -> None:
        only_one = len(self._selector.narrowing) == 1 and self._selector.narrowing[0] in {"cgroup", "unit"}
        patterned = self._selector.pattern is not None or self._selector.name is not None
        if not only_one or patterned or self._selector.named or self.protected or found.unknown:
            return
        paths = [hit.cgroups for hit in found.live]
        for name in whole_groups(paths, self._selector.cgroup, self._selector.unit, Hierarchies(self._table)):
            try:
                self._groups.append(Group(name))
            except OSError:
                continue  # it is gone, with all that were in it

    # acting

    def signal_once(self, targets: Sequence[_Target]) -> None:
        """Send the only signal and conclude."""
        for target in targets:
            self._signal(target, self._rungs[0], resume=False)
        self._settle(targets)
        for target in targets:
            if target.live:
                target.conclude("signalled")

    def climb(self, targets: list[_Target]) -> None:
        """Go through the ladder, with what comes anew as long as its time lasts."""
        total = sum(rung.grace for rung in self._rungs)
        deadline = time.monotonic() + total
        try:
            share = 1.0
            while targets:
                self._climb_once(targets, share)
                targets = self._newcomers(deadline)
                left = deadline - time.monotonic()
                if not targets or left <= 0 or self._matched > self._limits.highest:
                    break
                share = min(1.0, left / total)
        except KeyboardInterrupt:
            self._interrupted = True
            self._conclude([target for target in self._targets if target.live])
            targets = []
        for target in targets:
            target.conclude("respawned", parent=self._parent(target), detail=_started_by(self._parent(target)))

    def _climb_once(self, targets: list[_Target], share: float) -> None:
        for rung in self._rungs:
            live = [target for target in targets if target.live]
            if not live:
                break
            if self._tree and live[0].signals:
                known = len(self._targets)
                self._add_descendants([target.hit for target in live], suspend=True)
                targets += self._targets[known:]
                live = [target for target in targets if target.live]
            self._signal_all(live, rung)
            self._wait([target for target in live if target.live], rung, rung.grace * share)
        self._settle(targets)
        self._conclude([target for target in targets if target.live])

    def _signal_all(self, targets: Sequence[_Target], rung: Rung) -> None:
        now = time.monotonic()
        whole = rung.number == signal.SIGKILL and self._groups and all(group.kill() for group in self._groups)
        for target in targets:
            if whole:
                target.signals.append(rung.name)
                target.began = target.began or now
                self._watch(target)
            else:
                self._signal(target, rung, resume=True)
        self._suspension.end()

    def _signal(self, target: _Target, rung: Rung, *, resume: bool) -> None:
        try:
            target.handle.reopen()
            if target.handle.ended:
                self._end(target)
                return
            target.handle.send(rung.number)
        except Gone:
            self._end(target)
            return
        except Denied:
            target.conclude("denied", detail=f"no permission to signal a process of {target.process.user}")
            return
        target.signals.append(rung.name)
        target.began = target.began or time.monotonic()
        if resume and not rung.stops and rung.number not in _NO_EFFECT:
            self._resume(target)
        self._watch(target)

    def _resume(self, target: _Target) -> None:
        stat = self._stat(target)
        if stat and stat.state == "T":
            try:
                target.handle.send(signal.SIGCONT)
            except (Gone, Denied):
                return
            target.signals.append("CONT")

    # waiting

    def _watch(self, target: _Target) -> None:
        """Wait for this one, now or when there is room to hold it."""
        try:
            target.handle.reopen()
        except Gone:
            self._end(target)
            return
        if len(self._waiter) < self._room:
            self._waiter.add(target.handle)
        else:
            target.handle.close()
            self._parked.append(target)

    def _wait(self, targets: Sequence[_Target], rung: Rung, grace: float) -> None:
        waiting = {target.handle: target for target in targets}
        began = time.monotonic()
        looked = False
        while waiting:
            passed = time.monotonic() - began
            if passed >= grace:
                break
            if passed >= _TICK and not looked:
                looked = True
                if all(self._ignores(target, rung.number) for target in waiting.values()):
                    break
            step = grace - passed if looked and not self._progress else min(_TICK, grace - passed)
            for handle in self._waiter.wait(step):
                target = waiting.pop(handle)
                self._waiter.remove(handle)
                self._end(target)
            self._unpark(waiting)
            if self._progress and waiting:
                still = tuple(target.process for target in waiting.values())
                self._progress(Waiting(rung.name, time.monotonic() - began, grace, still))
        for target in waiting.values():
            if not target.handle.closed:
                self._waiter.remove(target.handle)
        self._parked.clear()

    def _unpark(self, waiting: dict[Handle, _Target]) -> None:
        if self._parked and len(self._waiter) < self._room:
            self._settle([target for target in self._targets if target.ended is not None and not target.outcome])
        while self._parked and len(self._waiter) < self._room:
            target = self._parked.popleft()
            self._watch(target)
            if not target.live:
                waiting.pop(target.handle, None)

    def _ignores(self, target: _Target, number: int) -> bool:
        """Whether a signal that was sent to it has no effect, ever: waiting is in vain."""
        return not target.handle.closed and bool(self._mask(target, "SigIgn") >> (number - 1) & 1)

    # ending

    def _end(self, target: _Target) -> None:
        target.ended = time.monotonic()

    def _settle(self, targets: Sequence[_Target]) -> None:
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

    def _say_how_it_ended(self, target: _Target) -> None:
        handle = target.handle
        if not handle.closed and not handle.reaped:
            parent = self._parent(target)
            target.conclude("zombie", parent=parent, detail=f"it has ended; {_named(parent)} has not noticed")
        elif target.signals:
            target.conclude("exited", status=None if handle.closed else handle.exit_status())
        else:
            target.conclude("vanished")
        handle.close()

    def _conclude(self, targets: Iterable[_Target]) -> None:
        """Say of those that are left why that is."""
        for target in targets:
            stat = self._stat(target)
            if not stat:
                self._end(target)
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

    def _why_it_survived(self, target: _Target, tracer: tuple[int, str] | None) -> str:
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

    # asking

    def _stat(self, target: _Target) -> Stat | None:
        """Return the present stat of a process, None if it is gone: the number is its own if it is there afterwards."""
        try:
            target.handle.reopen()
            stat = self._table.view(target.process.pid).stat
        except (Gone, Denied):
            return None
        return None if target.handle.reaped else stat

    def _mask(self, target: _Target, name: str) -> int:
        try:
            mask = self._table.view(target.process.pid).status.get(name, "0")
        except (Gone, Denied):
            return 0
        return 0 if target.handle.reaped else int(mask, 16)

    def _text(self, target: _Target, name: str) -> str:
        try:
            text = self._table.view(target.process.pid).read(name).decode("ascii", "replace").strip("\0\n")
        except (Gone, Denied):
            return ""
        return "" if text == "0" else text

    def _parent(self, target: _Target) -> tuple[int, str] | None:
        stat = self._stat(target)
        return self._person(stat.parent if stat else 0)

    def _tracer(self, target: _Target) -> tuple[int, str] | None:
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

    # looking again, and telling

    def _newcomers(self, deadline: float) -> list[_Target]:
        """Return what matches anew. It is suspended as it is found, for what forks all the time would outrun us."""
        if self._selector.named:
            return []
        new: list[_Target] = []
        while True:
            found = self._unseen()
            new += found
            if not found or time.monotonic() > deadline or self._matched > self._limits.highest:
                return new

    def _unseen(self) -> list[_Target]:
        found = self._searcher.search(self._suspension)
        seen = {target.key for target in self._targets}
        new = [_Target(hit) for hit in found.live if not self._is_left_alone(hit)]
        new = [target for target in new if target.key not in seen]
        taken = {target.hit for target in new}
        Found(tuple(hit for hit in found.live if hit not in taken), (), partial=False).close()
        self._matched += len(new)
        self._targets += new
        return new

    def _is_left_alone(self, hit: Hit) -> bool:
        return hit.process.zombie or self._limits.protects(hit.protection)

    def foretold(self, targets: Sequence[_Target]) -> Result:
        """Return what a real run would do."""
        for target in targets:
            if target.process.zombie:
                target.conclude("zombie", parent=self._parent(target), detail="it has ended already")
            else:
                target.conclude("planned")
        return self.result()

    def result(self) -> Result:
        outcomes = tuple(target.outcome for target in self._targets if target.outcome)
        return Result(outcomes, self.protected, self._found.unknown, self._found.partial, self._interrupted)


def _named(person: tuple[int, str] | None) -> str:
    return f"its parent {person[1]} ({person[0]})" if person else "its parent"


def _started_by(person: tuple[int, str] | None) -> str:
    return f"it came while others were being stopped; {person[1]} ({person[0]}) is its parent" if person else ""
