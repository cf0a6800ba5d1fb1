"""Stop processes: find them, choose, signal, wait, try harder, look again.

All are signalled, then all are waited for together, and the next rung of the ladder is for those that are left. What
matches anew meanwhile is stopped as well, as long as the ladder's time lasts.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing

from ..errors import Guard
from . import ladder as ladders
from . import plan
from .cgroups import Group, Hierarchies, whole_groups
from .plan import MOST, Limits, Protected
from .result import Result
from .search import Found, Searcher
from .signals import Suspension, check, descriptors, interruptible, urgency
from .surroundings import look_around
from .table import Denied, Gone, Table
from .tree import Tree, unprotected
from .verdict import Target, Witness
from .waiting import Vigil

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .ladder import Rung
    from .process import Process
    from .search import Hit
    from .selector import Selector
    from .waiting import Progress

    Confirm = Callable[[Sequence[Process], Sequence[Protected]], bool]

_RESPAWN = 0.1  # seconds that a supervisor gets to start what it supervises, so that this can be told
_NO_EFFECT = frozenset({signal.SIGKILL, signal.SIGCONT})  # SIGCONT after them, or for them, is no use


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
    max: int = MOST,  # noqa: A002 (as in `stop`)
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
    with closing(Table()) as table, descriptors(), urgency(), interruptible():
        run = _Run(selector, table, rungs, limits, tree=tree, ansible=ansible, progress=progress)
        try:
            targets = run.look(suspend=not dry_run and not confirm)
            if dry_run:
                return run.foretold(targets)
            if confirm and targets:
                if not confirm([one.process for one in targets], run.protected):
                    raise Guard("not confirmed: nothing was signalled")
                run.bind()
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
        self._selector = selector
        around = look_around(table, ansible=ansible)
        self._searcher = Searcher(selector, table, around)
        self._witness = Witness(table)
        self._suspension = Suspension()
        self._tree = Tree(self._searcher, table, around, limits, self._suspension) if tree else None
        self._vigil = Vigil(self._searcher.room, self._witness, progress)
        self._targets: list[Target] = []
        self._matched = 0
        self._groups: list[Group] = []
        self._found = Found((), (), partial=False)
        self._bound = self._interrupted = False
        self._trouble = ""

    def close(self) -> None:
        self._suspension.close()
        self._vigil.close()
        for group in self._groups:
            group.close()
        self._found.close()
        for target in self._targets:
            if target.hit.handle:
                target.hit.handle.close()

    # looking

    def look(self, *, suspend: bool) -> list[Target]:
        """Return what is to be stopped, after the guards."""
        found = self._searcher.search()
        self._found = found
        self._refuse_partial(found)
        pairs = [(hit.process, hit.protection) for hit in found.live]
        by_number = bool(self._selector.pid or self._selector.pidfile is not None)
        _chosen, self.protected = plan.choose(pairs, self._limits, by_number=by_number)
        hits = [hit for hit in found.live if not self._limits.protects(hit.protection)]
        self._matched = len(hits)
        self._targets = [Target(hit) for hit in hits]
        if self._tree:
            self._add_descendants(self._tree, hits, suspend=suspend)
        else:
            self._take_whole_groups(found)
        live = list(self._targets)
        for hit in found.hits:
            if not hit.handle:
                gone = Target(hit)
                gone.conclude("vanished")
                self._targets.append(gone)
        return live

    def _refuse_partial(self, found: Found) -> None:
        mine = self._searcher.users == {os.geteuid()}
        all_named = bool(self._selector.pid) and len(found.live) == len(set(self._selector.pid))
        if found.partial and not mine and not all_named:
            message = "/proc hides the processes of others (hidepid), so what matches cannot be known"
            raise Guard(message, hint="run as root, or say --user with your own name")

    def _add_descendants(self, tree: Tree, hits: Sequence[Hit], *, suspend: bool) -> list[Target]:
        new = tree.grow(hits, suspend=suspend)
        free = unprotected(new, self._limits)
        barred = [hit for hit in new if hit not in free]
        self.protected += tuple(Protected(hit.process, hit.protection) for hit in barred)
        self._suspension.end([hit.handle for hit in barred if hit.handle])
        found = [Target(hit) for hit in free]
        self._targets += found
        return found

    def _take_whole_groups(self, found: Found) -> None:
        only_one = len(self._selector.narrowing) == 1 and self._selector.narrowing[0] in {"cgroup", "unit"}
        patterned = self._selector.pattern is not None or self._selector.name is not None
        if not only_one or patterned or self._selector.named or self.protected or found.unknown:
            return
        paths = [hit.cgroup for hit in found.live]
        for name in whole_groups(paths, self._selector.cgroup, self._selector.unit, Hierarchies(self._table)) or ():
            try:
                self._groups.append(Group(name))
            except OSError:
                continue  # it is gone, with all that were in it

    def bind(self) -> None:
        """Stop no others than those found so far, for somebody has agreed to these."""
        self._bound = True

    # acting

    def signal_once(self, targets: Sequence[Target]) -> None:
        """Send the only signal and conclude."""
        try:
            for target in targets:
                self._signal(target, self._rungs[0], resume=False)
        except KeyboardInterrupt:
            self._interrupted = True
        self._let_go(self._rungs[0])
        self._witness.settle(targets)
        for target in targets:
            if target.live:
                target.conclude("signalled" if target.signals else "survived")

    def climb(self, targets: list[Target]) -> None:
        """Go through the ladder, with what comes anew as long as its time lasts."""
        total = sum(rung.grace for rung in self._rungs)
        deadline = time.monotonic() + total
        try:
            share = 1.0
            while targets:
                self._climb_once(targets, share)
                targets = self._newcomers(deadline)
                if self._tree and targets:
                    targets += self._add_descendants(self._tree, [target.hit for target in targets], suspend=True)
                left = deadline - time.monotonic()
                if not targets or left <= 0 or self._bound or self._matched > self._limits.highest:
                    break
                share = min(1.0, left / total)
        except KeyboardInterrupt:
            self._interrupted = True
            targets = []
        except (Guard, OSError) as error:  # what was done by then is to be told all the same
            self._trouble = str(error)
            targets = []
        self._witness.settle(self._targets)
        self._witness.conclude([target for target in self._targets if target.live and target not in targets])
        for target in targets:
            self._witness.blame(target)

    def _climb_once(self, targets: list[Target], share: float) -> None:
        for rung in self._rungs:
            live = [target for target in targets if target.live]
            if not live:
                break
            if self._tree and live[0].signals:
                try:
                    targets += self._add_descendants(self._tree, [target.hit for target in live], suspend=True)
                except (Guard, OSError) as error:  # more than can be held; those that are known get the next rung
                    self._trouble = str(error)
                live = [target for target in targets if target.live]
            self._signal_all(live, rung)
            self._vigil.wait([target for target in live if target.live], rung, rung.grace * share)
        self._witness.settle(targets)
        self._witness.conclude([target for target in targets if target.live])

    def _signal_all(self, targets: Sequence[Target], rung: Rung) -> None:
        now = time.monotonic()
        whole = rung.number == signal.SIGKILL and self._kill_groups()
        for target in targets:
            if whole:
                target.signals.append(rung.name)
                target.began = target.began or now
                self._vigil.watch(target)
            else:
                self._signal(target, rung, resume=True)
        self._let_go(rung)

    def _let_go(self, rung: Rung) -> None:
        if rung.stops:
            self._suspension.keep()
        else:
            self._suspension.end()

    def _kill_groups(self) -> bool:
        """End whole control groups, if nobody is in them who is to be left alone."""
        if not self._groups or self._bound or self._matched > self._limits.highest:
            return False
        known = {target.process.pid for target in self._targets}
        others = {pid for group in self._groups for pid in group.pids()} - known
        if (
            os.getpid() in others
            or 0 in others
            or any(self._limits.protects(self._searcher.protection(pid)) for pid in others)
        ):
            return False
        killed = [group.kill() for group in self._groups]
        return all(killed)

    def _signal(self, target: Target, rung: Rung, *, resume: bool) -> None:
        try:
            target.handle.reopen()
            if target.handle.ended:
                target.ended = time.monotonic()
                if self._vigil.full:
                    self._witness.settle([target])
                return
            target.handle.send(rung.number)
        except Gone:
            target.ended = time.monotonic()
            return
        except Denied:
            self._witness.deny(target)
            return
        target.signals.append(rung.name)
        target.began = target.began or time.monotonic()
        if resume and not rung.stops and rung.number not in _NO_EFFECT:
            self._resume(target)
        self._vigil.watch(target)

    def _resume(self, target: Target) -> None:
        stat = self._witness.stat(target)
        if stat and stat.state == "T":
            try:
                target.handle.send(signal.SIGCONT)
            except (Gone, Denied):
                return
            target.signals.append("CONT")

    # looking again, and telling

    def _newcomers(self, deadline: float) -> list[Target]:
        """Return what matches anew. It is suspended as it is found, for what forks all the time would outrun us."""
        if self._selector.named:
            return []
        time.sleep(_RESPAWN)
        new: list[Target] = []
        while True:
            found = self._unseen()
            new += found
            if not found or time.monotonic() > deadline or self._matched > self._limits.highest:
                return new

    def _unseen(self) -> list[Target]:
        found = self._searcher.search(None if self._bound else self._suspension, first=False)
        seen = {target.key for target in self._targets}
        new = [Target(hit) for hit in found.live if not self._is_left_alone(hit)]
        new = [target for target in new if target.key not in seen]
        taken = {target.hit for target in new}
        surplus = Found(tuple(hit for hit in found.live if hit not in taken), (), partial=False)
        self._suspension.end([hit.handle for hit in surplus.live if hit.handle])
        surplus.close()
        self._matched += len(new)
        self._targets += new
        return new

    def _is_left_alone(self, hit: Hit) -> bool:
        return hit.process.zombie or self._limits.protects(hit.protection)

    def foretold(self, targets: Sequence[Target]) -> Result:
        """Return what a real run would do."""
        for target in targets:
            if target.process.zombie:
                target.conclude("zombie", parent=self._witness.parent(target), detail="it has ended already")
            elif self._witness.denies(target):
                continue
            else:
                target.conclude("planned")
        return self.result()

    def result(self) -> Result:
        outcomes = tuple(target.outcome for target in self._targets if target.outcome)
        return Result(
            outcomes, self.protected, self._found.unknown, self._found.partial, self._interrupted, self._trouble
        )
