"""What a person does while something is shown: presses keys, suspends it, makes the terminal larger."""

from __future__ import annotations

import os
import select
import signal
import sys
from contextlib import ExitStack, contextmanager, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import NoReturn

_END = (b"q", b"Q")
_ENDED = 128 + signal.SIGTERM
_ENOUGH = 1024


class Suspended(BaseException):
    """Ctrl-Z was pressed."""


@contextmanager
def pressed() -> Iterator[tuple[str, Callable[[float], bool]]]:
    """Give what ends this, and a function that waits so many seconds and says whether that was done.

    It waits less if a key is pressed or the terminal gets another size. The terminal is as it was afterwards, whatever
    ends this.
    """
    with ExitStack() as afterwards:
        for number, handler in ((signal.SIGTERM, _terminate), (signal.SIGTSTP, _suspend)):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as where there is no shell to suspend it
                afterwards.callback(signal.signal, number, signal.signal(number, handler))
        resized = _resized(afterwards)
        keyboard = _unbuffered(afterwards)
        yield "Ctrl-C ends" if keyboard is None else "q ends", lambda seconds: _pressed(keyboard, resized, seconds)


def _resized(afterwards: ExitStack) -> int:
    """Return a descriptor that there is something to read from when the terminal has another size."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    for descriptor in (reader, writer):
        afterwards.callback(os.close, descriptor)
    afterwards.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(writer))
    afterwards.callback(signal.signal, signal.SIGWINCH, signal.signal(signal.SIGWINCH, lambda _number, _frame: None))
    return reader


def _unbuffered(afterwards: ExitStack) -> int | None:
    """Have the terminal tell each key at once, until *afterwards*; return None where there is no terminal."""
    import termios
    import tty

    try:
        keyboard = sys.stdin.fileno()
        before = termios.tcgetattr(keyboard)
    except (termios.error, OSError, ValueError, AttributeError):  # it is none, or closed
        return None

    def restore() -> None:
        with suppress(termios.error):  # the terminal has gone
            termios.tcsetattr(keyboard, termios.TCSADRAIN, before)

    afterwards.callback(restore)
    tty.setcbreak(keyboard)
    return keyboard


def _pressed(keyboard: int | None, resized: int, seconds: float) -> bool:
    ready = select.select([resized] if keyboard is None else [resized, keyboard], [], [], seconds)[0]
    if resized in ready:
        os.read(resized, _ENOUGH)
    if keyboard not in ready:
        return False
    typed = os.read(keyboard, _ENOUGH)
    return not typed or any(key in typed for key in _END)


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(_ENDED)


def _suspend(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Suspended
