"""A ladder: signals in order, each with a grace time. Text in, rungs out; signal numbers are this machine's."""

from __future__ import annotations

import re
import signal

from ..errors import InvalidInput
from ..record import Record
from .times import duration

DEFAULT = "TERM:10s,KILL:5s"
GRACE = 5.0  # seconds, for a rung that names none

_REAL_TIME = re.compile(r"RT(MIN|MAX)(?:([+-])(\d{1,2}))?")
_ALLOWED = "TERM, KILL, HUP, USR1, ... or a number from 1 to 64"
_STOPPING = frozenset({signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU})


class Rung(Record):
    """One signal, and how many seconds are waited for the processes to end."""

    number: int
    grace: float = GRACE

    @property
    def name(self) -> str:
        """The signal's name without SIG."""
        return signal_name(self.number)

    @property
    def stops(self) -> bool:
        """Whether the signal suspends a process."""
        return self.number in _STOPPING


def parse(text: str) -> tuple[Rung, ...]:
    """Return the rungs of a ladder such as ``TERM:10s,KILL:5s``."""
    rungs = []
    for part in text.split(","):
        name, colon, grace = part.strip().partition(":")
        rungs.append(Rung(signal_number(name), duration(grace, "ladder") if colon else GRACE))
    return tuple(rungs)


def signal_number(text: str | int) -> int:
    """Return the number of a signal given by name, with or without SIG, or by number."""
    given = int(text) if isinstance(text, signal.Signals) else text  # before Python 3.11 its text is Signals.SIGTERM
    written = str(given).strip().upper()
    name = written.removeprefix("SIG")
    known = signal.Signals.__members__.get(f"SIG{name}")
    real_time = _REAL_TIME.fullmatch(name)
    if name.isascii() and name.isdigit():
        number = int(name[:4])
    elif real_time:
        end, sign, distance = real_time.groups()
        base = signal.SIGRTMIN if end == "MIN" else signal.SIGRTMAX
        number = base + int(f"{sign or '+'}{distance or 0}")
        number = number if signal.SIGRTMIN <= number <= signal.SIGRTMAX else 0
    else:
        number = int(known) if known else 0
    if number not in signal.valid_signals():
        message = f"signal {text!r} is unknown"
        raise InvalidInput(message, hint=f"allowed are {_ALLOWED}")
    return number


def signal_name(number: int) -> str:
    """Return the name of a signal, without SIG."""
    try:
        return signal.Signals(number).name[3:]
    except ValueError:
        return f"RTMIN+{number - signal.SIGRTMIN}" if number > signal.SIGRTMIN else str(number)  # 16 before Python 3.11
