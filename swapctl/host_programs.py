"""Running programs, and the one call of the kernel's that BusyBox's programs have no words for."""

from __future__ import annotations

import os

from .errors import Failed
from .host_errors import effect
from .host_signals import Interruptible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NOT_INSTALLED = 127  # what a shell says of a program that is not there

_ADMIN_PATHS = "/usr/local/sbin:/usr/sbin:/sbin"
_TICK = 0.2
_PATIENCE = 5.0  # seconds that a program gets to end after a signal


class Programs(Interruptible):
    """Runs one program at a time; *_lock*: the descriptors that it shares with us."""

    _lock: tuple[int, ...] = ()

    def run(self, argv: Sequence[str], *, tick: Callable[[], None] | None = None) -> str:
        """Run a program to its end and return what it printed; *tick* is called now and then meanwhile.

        The program has its own session, so that a Ctrl-C at the terminal reaches it only through us. It shares the
        lock: should this process be killed, the next run waits until the program has ended.
        """
        import signal
        import subprocess

        self.checkpoint()
        environment = {**os.environ, "LC_ALL": "C", "PATH": _search_path()}
        try:
            child = subprocess.Popen(
                argv,
                env=environment,
                executable=_program(argv[0], environment["PATH"]),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                pass_fds=self._lock,
            )
        except FileNotFoundError:
            message = f"{argv[0]} is not installed"
            raise Failed(
                message, hint="install the package that has it, mostly util-linux", code=NOT_INSTALLED
            ) from None
        except OSError as error:
            message = f"{argv[0]} cannot be run: {error.strerror}"
            raise Failed(message, code=126) from error
        self._child = child
        try:
            if self._signal and not self._deaf:  # it came just before there was a child to end
                child.terminate()
            patience = _PATIENCE
            while True:
                try:
                    output, complaint = child.communicate(timeout=_TICK)
                    break
                except subprocess.TimeoutExpired:
                    patience -= _TICK if self._signal and not self._deaf else 0
                    if patience <= 0:
                        os.killpg(child.pid, signal.SIGKILL)
                    if tick:
                        tick()
        finally:
            self._child = None
        self.checkpoint()
        if child.returncode:
            raise _program_failed(argv[0], child.returncode, complaint.decode("utf-8", "backslashreplace"))
        return output.decode("utf-8", "surrogateescape")

    def is_busybox(self, program: str) -> bool:
        """Whether *program* is one of those that BusyBox plays."""
        real = os.path.realpath(_program(program, _search_path()))
        return os.path.basename(real).startswith("busybox")

    def swapon(self, path: str, flags: int) -> None:
        """Have the kernel swap to the area at *path* (swapon(2)); *flags* are the call's."""
        import ctypes

        self.checkpoint()
        with effect("swap to", path):
            if ctypes.CDLL(None, use_errno=True).swapon(os.fsencode(path), flags):
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))


def _search_path() -> str:
    return ":".join(filter(None, [os.environ.get("PATH"), _ADMIN_PATHS]))


def _program(name: str, path: str) -> str:
    for directory in path.split(":"):
        candidate = f"{directory}/{name}"
        if os.access(candidate, os.X_OK) and os.path.isfile(candidate):
            return candidate
    return name


def _program_failed(name: str, status: int, complaint: str) -> Failed:
    import signal

    how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"exited with {status}"
    lines = [line.strip() for line in complaint.split("\n") if line.strip()]
    return Failed(": ".join((f"{name} {how}", *lines[-1:])), code=status)
