"""Which of the processes that were found are stopped. Pure; a dry run and a real one have the same answer."""

from __future__ import annotations

from ..errors import Guard, InvalidInput
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from .process import Process

MOST = 20

# Why a process is left alone; the first two are so whatever is asked for.
REASONS = {
    "self": "it is this process",
    "kernel": "it is a thread of the kernel",
    "init": "it is process 1",
    "ancestor": "it started this process, or what did",
    "session": "it leads this process's session",
    "connection": "it holds the connection to this session",
    "namespace": "it belongs to another PID namespace",
    "sshd": "it is an SSH server or one of its sessions",
    "swapctl": "it runs swapctl, or something that does",
    "ansible": "it belongs to a running Ansible",
}
INCLUDABLE = tuple(REASONS)[2:]


class Protected(Record):
    """A process that was found and is left alone, and why: a key of REASONS."""

    process: Process
    reason: str

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        told = {"outcome": "protected", "reason": self.reason, "detail": REASONS[self.reason]}
        return {**self.process.to_dict(), **told}


class Limits(Record):
    """What guards the choice: exactly *expect* processes, at most *most*, and what to *include* all the same."""

    expect: int | None = None
    most: int = MOST
    include: tuple[str, ...] = ()

    @classmethod
    def _checked(cls, fields: dict[str, Any]) -> dict[str, Any]:
        include = fields["include"]
        given = (include,) if isinstance(include, str) else tuple(include or ())
        unknown = [one for one in given if one not in INCLUDABLE]
        if unknown:
            message = f"include {unknown[0]!r} is no kind of protected process"
            raise InvalidInput(message, hint=f"allowed are {', '.join(INCLUDABLE)}")
        for name, least in (("expect", 0), ("most", 1)):
            number = fields[name]
            if name == "expect" and number is None:
                continue
            if isinstance(number, bool) or not isinstance(number, int) or number < least:
                option = "max" if name == "most" else name
                raise InvalidInput(f"{option} {number!r} is not a whole number from {least}")
        return {**fields, "include": given}

    @property
    def highest(self) -> int:
        """How many processes may be stopped in all."""
        return self.most if self.expect is None else self.expect

    def protects(self, reason: str) -> bool:
        """Whether a process with this reason, if any, is left alone."""
        return bool(reason) and reason not in self.include


def choose(
    candidates: Iterable[tuple[Process, str]], limits: Limits, *, by_number: bool = False
) -> tuple[tuple[Process, ...], tuple[Protected, ...]]:
    """Return those to stop and those to leave alone, of processes with the reason to protect each, if any; or Guard.

    *by_number*: they were asked for one by one, so none is left out without a word.
    """
    pairs = tuple(candidates)
    protected = tuple(Protected(process, reason) for process, reason in pairs if limits.protects(reason))
    targets = tuple(process for process, reason in pairs if not limits.protects(reason))
    if by_number and protected:
        _refuse_protected(protected[0])
    count = len(targets)
    if limits.expect is not None and count != limits.expect:
        raise _guard(f"{_matched(count)}, and {limits.expect} were expected", "look with find, then try again", targets)
    if limits.expect is None and count > limits.most:
        hint = f"look with find; narrow the choice, or allow it with --max {count}"
        raise _guard(f"{_matched(count)}, and at most {limits.most} are allowed", hint, targets)
    return targets, protected


def _refuse_protected(one: Protected) -> None:
    hint = "" if one.reason not in INCLUDABLE else f"--include {one.reason} if it is meant all the same"
    message = f"process {one.process.pid} ({one.process.name}) is protected: {REASONS[one.reason]}"
    raise Guard(message, hint=hint, processes=(one.to_dict(),))


def _guard(message: str, hint: str, targets: Sequence[Process]) -> Guard:
    return Guard(message, hint=hint, processes=tuple(process.to_dict() for process in targets))


def _matched(count: int) -> str:
    return f"{count} process matches" if count == 1 else f"{count or 'no'} processes match"
