"""Every error that swapctl raises on purpose. Its class says what state the machine is in.

SwapctlError
├── InvalidInput   the request makes no sense; nothing was looked at
├── Unreadable     a file on this host does not parse; nothing was changed
├── Refused        a guard said no; nothing was changed
│   ├── Busy       another run holds the lock; nothing was changed
│   └── Guard      a guard over processes said no; nothing was signalled
├── RolledBack     an action failed or a signal came; the machine is as it was
├── Incomplete     an action failed, and so did taking it back, or tidying up; what remains is listed
└── Failed         one effect failed; the library turns it into one of the two above

An error reads ``MESSAGE; hint: HINT``: the subject, what is wrong with it, the value; then a thing to do.
"""

from __future__ import annotations


class SwapctlError(Exception):
    """Base class. *hint* tells the reader what to do next."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; hint: {self.hint}" if self.hint else self.message


class InvalidInput(SwapctlError, ValueError):
    """The request makes no sense; nothing was looked at."""

    exit_code = 2


class Unreadable(SwapctlError):
    """A file on this host does not parse; nothing was changed."""


class Refused(SwapctlError):
    """A guard said no; nothing was changed."""


class Busy(Refused, TimeoutError):
    """Another run holds the lock; nothing was changed."""


class Guard(Refused):
    """A guard over processes said no; nothing was signalled. *processes* are those that were found, as documented."""

    exit_code = 3

    def __init__(self, message: str, *, hint: str = "", processes: tuple[dict[str, object], ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.processes = processes


class RolledBack(SwapctlError):
    """An action failed or a signal came; what had been done was undone and the machine is as it was."""

    def __init__(self, message: str, *, hint: str = "", signal: int = 0) -> None:
        super().__init__(message, hint=hint)
        if signal:
            self.exit_code = 128 + signal


class Incomplete(SwapctlError):
    """The machine is in between; *remains* lists what still differs from before, each a sentence."""

    def __init__(self, message: str, *, hint: str = "", remains: tuple[str, ...] = (), signal: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.remains = remains
        if signal:
            self.exit_code = 128 + signal


class Failed(SwapctlError):
    """One effect failed. *code* is its errno or the program's exit status, *signal* what interrupted it."""

    def __init__(self, message: str, *, hint: str = "", code: int = 0, signal: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.signal = signal
