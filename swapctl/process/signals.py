"""Hold a process, signal it, and learn that it has ended. The only file that sends signals.

A process is held by a descriptor that never means another one, whatever becomes of its number: pidfd_open(2). It is
taken while the process's own directory in ``/proc`` is open, and counts only if that directory still answers
afterwards: then the number still was that process's. There is no fall-back to kill(2).
"""

from __future__ import annotations

import _thread
import errno
import os
import select
import signal
import struct
from contextlib import contextmanager, suppress
from functools import lru_cache

from ..errors import Guard
from .table import Denied, Gone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

# include/uapi/linux/pidfd.h: the exit status of any process, once reaped, since Linux 6.15.
_GET_INFO = 0xC040FF0B
_INFO_EXIT = 1 << 3
_INFO = struct.Struct("QQ11Ii")
_LONGEST = 86400.0  # seconds; epoll counts milliseconds in 31 bits
_ENOUGH_TIME = 60_000_000  # microseconds
_SPARE = 64  # descriptors that are left to everything else


_limits: list[int] = []  # the limits of open files as those found them that have raised it
_limit_lock = _thread.allocate_lock()


class Handle:
    """One process. Closed, it can be opened again where the kernel numbers processes for good (*inode*)."""

    __slots__ = ("_descriptor", "inode", "pid")

    def __init__(self, pid: int, directory: int) -> None:
        """Hold the process whose directory in ``/proc`` is open as *directory*; Gone if it is no more."""
        self.pid = pid
        self._descriptor = _open(pid)
        try:
            _probe(directory)
            self.inode = _inode(self._descriptor)
        except BaseException:
            self.close()
            raise

    def fileno(self) -> int:
        """Return the descriptor, readable when the process has ended."""
        return self._descriptor

    @property
    def closed(self) -> bool:
        """Whether it holds no descriptor now."""
        return self._descriptor < 0

    def close(self) -> None:
        """Give the descriptor back."""
        if not self.closed:
            os.close(self._descriptor)
            self._descriptor = -1

    def reopen(self) -> None:
        """Hold the same process again; Gone if it is no more."""
        if self.closed:
            descriptor = _open(self.pid)
            if self.inode is None or _inode(descriptor) != self.inode:
                os.close(descriptor)
                raise Gone
            self._descriptor = descriptor

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Hold the same process as long as this lasts, and afterwards only if it was held before; Gone."""
        was_closed = self.closed
        self.reopen()
        try:
            yield
        finally:
            if was_closed:
                self.close()

    def send(self, number: int) -> None:
        """Send a signal; Gone or Denied. That it was sent does not mean that it had any effect."""
        _send(self._descriptor, number)

    @property
    def ended(self) -> bool:
        """Whether all its threads have ended, though its parent may not have noticed yet."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(0))

    @property
    def reaped(self) -> bool:
        """Whether nothing is left of it, not even a zombie."""
        try:
            _send(self._descriptor, 0)
        except Gone:
            return True
        except Denied:
            return False
        return False

    def exit_status(self) -> int | None:
        """Return how a reaped process ended: its exit code, or the negative number of the signal; None if not known."""
        import fcntl

        buffer = bytearray(_INFO.pack(_INFO_EXIT, *(0,) * 13))
        try:
            fcntl.ioctl(self._descriptor, _GET_INFO, buffer)
        except OSError:  # before Linux 6.13
            return None
        mask, *_others, status = _INFO.unpack(buffer)
        return os.waitstatus_to_exitcode(status) if mask & _INFO_EXIT else None


class Suspension:
    """Processes that are kept from running, and so from forking, until they have been signalled (SIGSTOP)."""

    def __init__(self) -> None:
        self._handles: list[Handle] = []
        self._lock = _thread.allocate_lock()
        self._over = False

    def add(self, handle: Handle) -> None:
        """Suspend one, from whatever thread."""
        with self._lock:
            if not self._over:
                self._handles.append(handle)
                with suppress(Gone, Denied):
                    handle.send(signal.SIGSTOP)

    def end(self, handles: Iterable[Handle] | None = None) -> None:
        """Let them go on, or of them only *handles*; a signal sent meanwhile comes to them now."""
        with self._lock:
            chosen = set(self._handles if handles is None else handles)
            going, self._handles = self._handles, [handle for handle in self._handles if handle not in chosen]
        for handle in going:
            if handle in chosen:
                with suppress(Gone, Denied), handle.opened():
                    handle.send(signal.SIGCONT)

    def keep(self) -> None:
        """Leave them as they are: they have been told to stop by now."""
        with self._lock:
            self._handles = []

    def close(self) -> None:
        """Let all go on, and suspend no more of them."""
        with self._lock:
            self._over = True
        self.end()


class Waiter:
    """Wait for many processes at once: epoll(7)."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handles: dict[int, Handle] = {}

    def __len__(self) -> int:
        return len(self._handles)

    def close(self) -> None:
        """Give the descriptor back."""
        self._epoll.close()

    def add(self, handle: Handle) -> None:
        """Wait for this one, too."""
        self._epoll.register(handle.fileno(), select.EPOLLIN)
        self._handles[handle.fileno()] = handle

    def reaping(self, handle: Handle) -> None:
        """Wait no longer for the end of this one, which has come, but for its parent to take notice."""
        self._epoll.modify(handle.fileno(), 0)  # EPOLLHUP comes unasked

    def remove(self, handle: Handle) -> None:
        """Wait for this one no longer."""
        if self._handles.pop(handle.fileno(), None):
            self._epoll.unregister(handle.fileno())

    def wait(self, seconds: float) -> list[Handle]:
        """Return those that have ended, at the latest after *seconds* none."""
        ready = self._epoll.poll(min(max(0.0, seconds), _LONGEST), max(1, len(self._handles)))
        return [self._handles[descriptor] for descriptor, _event in ready]


def check() -> None:
    """Raise Guard where the kernel, or what filters its calls, does not let processes be held."""
    try:
        descriptor = os.pidfd_open(os.getpid())
        try:
            signal.pidfd_send_signal(descriptor, 0)
        finally:
            os.close(descriptor)
    except (AttributeError, OSError) as error:
        message = f"processes cannot be held while they are signalled: {getattr(error, 'strerror', '') or error}"
        hint = "Linux 5.3 is needed, and no filter that forbids pidfd_open and pidfd_send_signal"
        raise Guard(message, hint=hint) from None


@contextmanager
def descriptors() -> Iterator[None]:
    """Let this process open as many files as it may, as long as one of its threads needs that."""
    import resource

    with _limit_lock:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        _limits.append(soft)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        with _limit_lock:
            first = _limits[0]
            _limits.pop()
            if not _limits:
                resource.setrlimit(resource.RLIMIT_NOFILE, (first, hard))


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGTERM and SIGHUP interrupt like Ctrl-C, and only the first signal: what follows is told and tidied up."""
    interrupted: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        interrupted.append(number)
        if len(interrupted) == 1:
            raise KeyboardInterrupt

    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL, signal.SIGHUP: signal.SIG_DFL}
    with _handled([number for number, handler in usual.items() if signal.getsignal(number) == handler], interrupt):
        yield


@contextmanager
def killable() -> Iterator[None]:
    """Let signals end this process at once, for a search that holds the interpreter: a regular expression's."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    with _handled([number for number in numbers if callable(signal.getsignal(number))], signal.SIG_DFL):
        yield


@contextmanager
def _handled(
    numbers: Iterable[signal.Signals], handler: Callable[[int, FrameType | None], None] | signal.Handlers
) -> Iterator[None]:
    taken = {}
    for number in numbers:
        with suppress(ValueError):  # only the main thread may do so
            taken[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, before in taken.items():
            signal.signal(number, before)


@contextmanager
def urgency() -> Iterator[None]:
    """Let this thread run before all others, as far as it may: thousands that fork would leave it no time otherwise."""
    import resource

    policy, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
    limit = resource.getrlimit(resource.RLIMIT_RTTIME)[0]
    if limit != resource.RLIM_INFINITY and limit < _ENOUGH_TIME:  # what is more ends the process
        yield
        return
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(os.sched_get_priority_min(os.SCHED_RR)))
    except OSError:  # an ordinary user, or a container
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameter)


def room() -> int:
    """Return how many processes can be held at once."""
    import resource

    return max(1, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - len(os.listdir("/proc/self/fd")) - _SPARE)


def _open(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except OSError as error:
        # EINVAL: it is just ending, on some kernels. ENOENT: it is a thread.
        if error.errno in {errno.ESRCH, errno.EINVAL, errno.ENOENT}:
            raise Gone from None
        raise


def _probe(descriptor: int) -> None:
    try:
        _send(descriptor, 0)
    except Denied:  # somebody else's, but there
        return


def _send(descriptor: int, number: int) -> None:
    try:
        signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        raise Gone from None
    except PermissionError as error:
        raise Denied(error.strerror) from None
    except OSError as error:
        if error.errno == errno.EINVAL:  # it is outside this PID namespace
            raise Denied(error.strerror) from None
        raise


def _inode(descriptor: int) -> int | None:
    """Return the number that no other process ever has; before Linux 6.9 pidfds have none of their own."""
    found = os.fstat(descriptor)
    return None if found.st_dev == _anonymous_device() else found.st_ino


@lru_cache(maxsize=1)
def _anonymous_device() -> int:
    """Return where what has no file of its own lies: an epoll, and a pidfd before pidfs."""
    with select.epoll() as epoll:
        return os.fstat(epoll.fileno()).st_dev
