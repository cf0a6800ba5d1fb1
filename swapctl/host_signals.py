"""Signals that come while a machine is being changed: they wait for the next safe point, and end a running program."""

from __future__ import annotations

from contextlib import contextmanager

from .errors import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from types import FrameType


class Interruptible:
    """What can be interrupted between two steps, and does not end in the middle of one."""

    _child: subprocess.Popen[bytes] | None = None
    _signal = 0
    _deaf = False

    @contextmanager
    def signals_deferred(self) -> Iterator[None]:
        """Turn SIGINT, SIGTERM and SIGHUP into a `Failed` at the next `checkpoint`; a running program is ended at once.

        Python delivers signals to the main thread alone; in another one this does nothing.
        """
        import signal

        try:
            # What nohup ignores stays so. A SIGINT is heeded even if a shell's "&" ignores it: somebody sent it.
            is_nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            heeded = [signal.SIGINT, signal.SIGTERM, *([] if is_nohup else [signal.SIGHUP])]
            before = {number: signal.signal(number, self._heed) for number in heeded}
        except ValueError:
            yield
            return
        self._signal = 0
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Let nothing interrupt what is done meanwhile: it takes back what was done."""
        self._deaf = True
        try:
            yield
        finally:
            self._deaf = False

    def checkpoint(self) -> None:
        """Raise `Failed` if a signal has come."""
        if self._signal and not self._deaf:
            import signal

            message = f"interrupted by {signal.Signals(self._signal).name}"
            raise Failed(message, signal=self._signal)

    def _heed(self, number: int, _frame: FrameType | None) -> None:
        again = bool(self._signal)
        self._signal = self._signal or number
        if self._child and not self._deaf:
            self._child.kill() if again else self._child.terminate()
