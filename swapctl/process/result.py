"""What became of each process. Pure."""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .plan import Protected
    from .process import Process, Unknown

# What can become of a process, and whether that is what was wanted.
GONE = frozenset({"exited", "zombie", "vanished"})
SENT = frozenset({"signalled", "planned"})
LEFT = frozenset({"survived", "stuck", "denied", "respawned"})

_NOTHING_MATCHED, _LEFT, _INTERRUPTED = 1, 4, 130


class Outcome(Record):
    """What became of one process.

    *outcome*: ``exited``, ``zombie`` (it has ended, and *parent* has not noticed), ``vanished`` (it was gone before any
    signal), ``signalled`` (no end was waited for), ``planned`` (a dry run), ``survived``, ``stuck`` (in the kernel, at
    *wchan*), ``denied``, or ``respawned`` (it came while others were being stopped, and was not stopped any more).
    *status* is the exit code, or the negative number of the signal that ended it; None where the kernel does not tell.
    *elapsed*: seconds from its first signal to its end. *parent* and *tracer*: the number and the name.
    """

    process: Process
    outcome: str
    signals: tuple[str, ...] = ()
    status: int | None = None
    elapsed: float | None = None
    parent: tuple[int, str] | None = None
    tracer: tuple[int, str] | None = None
    wchan: str | None = None
    detail: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        return {
            **self.process.to_dict(),
            "outcome": self.outcome,
            "signals": list(self.signals),
            "status": self.status,
            "elapsed": None if self.elapsed is None else round(self.elapsed, 3),
            "parent": _person(self.parent),
            "tracer": _person(self.tracer),
            "wchan": self.wchan,
            "detail": self.detail,
        }


class Result(Record):
    """What a run did, or (dry) would do. *partial*: others are hidden. *unknown*: not told whether meant.

    *trouble*: what ended the run early, if something did.
    """

    processes: tuple[Outcome, ...]
    protected: tuple[Protected, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    partial: bool = False
    interrupted: bool = False
    trouble: str = ""

    @property
    def changed(self) -> bool:
        """Whether a signal reached a live process, or in a dry run would."""
        return any(one.signals or one.outcome == "planned" for one in self.processes)

    @property
    def left(self) -> tuple[Outcome, ...]:
        """Those that are still there."""
        return tuple(one for one in self.processes if one.outcome in LEFT)

    @property
    def exit_status(self) -> int:
        """0: all that matched are gone, or signalled; 1: nothing matched; 4: some are left, denied, or not known."""
        if self.interrupted:
            return _INTERRUPTED
        if self.left or self.unknown or self.trouble:
            return _LEFT
        return 0 if self.processes else _NOTHING_MATCHED

    @property
    def failure(self) -> str:
        """What is wrong, in one line; nothing if all that matched are gone."""
        said = [f"{one.process.pid} ({one.process.name}) {one.outcome}{_because(one)}" for one in self.left]
        if self.unknown:
            said.append(f"{len(self.unknown)} process{'es' * (len(self.unknown) > 1)} could not be examined")
        if self.trouble:
            said.append(self.trouble)
        if self.interrupted:
            said.append("interrupted")
        return "; ".join(said)

    def diff(self) -> dict[str, str]:
        """Return the processes before and after as texts, in the form that Ansible prints."""
        live = [one for one in self.processes if one.signals or one.outcome not in {"zombie", "vanished", "respawned"}]
        after = [one for one in self.processes if one.outcome in {*LEFT, "signalled"}]
        return {"before": _lines(live), "after": _lines(after)}

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        return {
            "changed": self.changed,
            "processes": [one.to_dict() for one in self.processes],
            "protected": [one.to_dict() for one in self.protected],
            "unknown": [one.to_dict() for one in self.unknown],
            "partial": self.partial,
            "trouble": self.trouble,
        }


def _lines(outcomes: Iterable[Outcome]) -> str:
    return "".join(f"{one.process.pid} {one.process.shown}\n" for one in outcomes)


def _because(one: Outcome) -> str:
    return f": {one.detail}" if one.detail else ""


def _person(known: tuple[int, str] | None) -> dict[str, object] | None:
    return {"pid": known[0], "name": known[1]} if known else None
