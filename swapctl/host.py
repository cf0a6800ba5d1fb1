"""The only door to the machine: reads and writes files, runs programs, holds the lock, and defers signals.

What it does is mechanical; whether to do it is decided elsewhere. Every path is as seen from *root*, so that the same
code works on a mounted image and on a directory tree in a test. An effect that fails raises `Failed`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
import time
from contextlib import contextmanager, suppress

from . import naming
from .errors import Busy, Failed, InvalidInput, Refused, Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

LOCK = "/run/swapctl.lock"
LOCK_TIMEOUT = 30.0  # seconds
NOT_INSTALLED = 127  # what a shell says of a program that is not there

# See ioctl_iflags(2).
_GET_FLAGS = 0x80086601
_SET_FLAGS = 0x40086602
_CREATE_SUBVOLUME = 0x5000940E  # BTRFS_IOC_SUBVOL_CREATE, <linux/btrfs.h>
APPEND_ONLY, IMMUTABLE, COMPRESSED, NOCOW = 0x20, 0x10, 0x04, 0x00800000

_ADMIN_PATHS = "/usr/local/sbin:/usr/sbin:/sbin"
_MOST_LINKS = 40
_STEP = 256 << 20
_WRITE_STEP = 8 << 20
_TICK = 0.2
_PATIENCE = 5.0  # seconds that a program gets to end after a signal
_LOCK_POLL = 0.05
_SAYS_SWAP_IS_BUSY = (5, 3)


class LocalHost:
    """This machine, or (*root* not ``/``) the file tree of another one, whose kernel is not running."""

    def __init__(self, root: str = "/") -> None:
        if not root:
            message = "root is empty"
            raise InvalidInput(message, hint="give the directory where the image is mounted")
        self.root = os.path.realpath(root)
        if not os.path.isdir(self.root):
            message = f"root {root!r} is not a directory"
            raise Refused(message, hint="give the directory where the image is mounted")
        self._child: subprocess.Popen[bytes] | None = None
        self._lock: tuple[int, ...] = ()
        self._signal = 0
        self._deaf = False

    @property
    def live(self) -> bool:
        """Whether the kernel is that of this tree."""
        return self.root == "/"

    @property
    def kernel(self) -> tuple[int, ...]:
        """The first two numbers of the running kernel's version."""
        numbers = os.uname().release.split("-")[0].split(".")[:2]
        return tuple(int(number) for number in numbers if number.isdigit())

    # reading

    def locate(self, path: str, *, follow: bool = False) -> str:
        """Return the real name of *path*, every link on the way resolved inside the root; the last one if *follow*."""
        if self.live:
            return os.path.realpath(path) if follow else path
        names = [name for name in path.split("/") if name]
        found: list[str] = []
        links = 0
        while names:
            name = names.pop(0)
            if name in {".", ".."}:
                found = found[:-1] if name == ".." else found
                continue
            here = "/".join((self.root.rstrip("/"), *found, name))
            if (not names and not follow) or not os.path.islink(here):
                found.append(name)
                continue
            links += 1
            if links > _MOST_LINKS:
                message = f"{path}: too many symbolic links"
                raise Refused(message)
            target = os.readlink(here)
            found = [] if target.startswith("/") else found
            names = [part for part in target.split("/") if part] + names
        return "/".join((self.root.rstrip("/"), *found)) or "/"

    def inside(self, real: str) -> str:
        """Return the name, as seen from the root, of what `locate` gave as *real*."""
        return real if self.live else real[len(self.root) :] or "/"

    def stat(self, path: str, *, follow: bool = False) -> os.stat_result | None:
        """Return what stands at *path*, or None."""
        try:
            return os.lstat(self.locate(path, follow=follow))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _refused(path, error) from error

    def read_text(self, path: str) -> str | None:
        """Return the text of a file, every byte kept, or None if there is no such file."""
        try:
            descriptor = os.open(self.locate(path, follow=True), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            with open(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    message = f"{path} is not a regular file"
                    raise Unreadable(message, hint="move away what is there")
                return file.read().decode("utf-8", "surrogateescape")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _refused(path, error) from error

    def read_link(self, path: str) -> str | None:
        """Return what the symbolic link *path* says, or None if there is none."""
        try:
            return os.readlink(self.locate(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.EINVAL:  # it is something else
                return None
            raise _refused(path, error) from error

    def list(self, path: str) -> list[str]:
        """Return the names in a directory, none if there is no such directory."""
        try:
            return sorted(os.listdir(self.locate(path, follow=True)))
        except OSError:
            return []

    @contextmanager
    def opened(self, path: str, flags: int = os.O_RDONLY) -> Iterator[int]:
        """Open *path* itself, never through a link in its last place, and give its descriptor.

        The links in /dev/mapper are the device mapper's own names of its devices.
        """
        real = self.locate(path, follow=path.startswith("/dev/mapper/"))
        descriptor = os.open(real, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def read_at(self, descriptor: int, offset: int, length: int) -> bytes:
        """Return up to *length* bytes at *offset*, fewer at the end of the file."""
        parts = []
        while length > 0:
            part = os.pread(descriptor, length, offset)
            if not part:
                break
            parts.append(part)
            offset, length = offset + len(part), length - len(part)
        return b"".join(parts)

    def flags(self, path: str) -> int:
        """Return the attributes that ``lsattr`` shows, 0 where the file system has none."""
        try:
            with self.opened(path) as descriptor:
                return _get_flags(descriptor)
        except OSError:
            return 0

    def query(self, path: str, request: int, question: bytes) -> bytes | None:
        """Return what the file system at *path* answers to an ioctl(2) that changes nothing, None if it does not."""
        answer = bytearray(question)
        try:
            with self.opened(path) as descriptor:
                fcntl.ioctl(descriptor, request, answer)
        except OSError:
            return None
        return bytes(answer)

    def free(self, path: str) -> tuple[int, bool]:
        """Return how many bytes an ordinary user may still take where *path* lies, and whether it is read-only."""
        numbers = os.statvfs(self.locate(path, follow=True))
        return numbers.f_bavail * numbers.f_frsize, bool(numbers.f_flag & os.ST_RDONLY)

    def is_swap(self, path: str) -> bool | None:
        """Whether the kernel swaps to the file at *path* now, under whatever name; None if that cannot be told.

        Since Linux 5.3 it refuses to copy from or to such a file, even nothing at all: ``generic_copy_file_checks``.
        """
        try:
            with self.opened(path, os.O_RDWR) as descriptor:
                os.copy_file_range(descriptor, descriptor, 0)
        except OSError as error:
            return True if error.errno == errno.ETXTBSY else None
        return False if self.kernel >= _SAYS_SWAP_IS_BUSY else None

    def busy(self, path: str) -> bool:
        """Whether the kernel uses the block device at *path*: mounted, or part of another device (open(2), O_EXCL)."""
        try:
            with self.opened(path, os.O_RDONLY | os.O_EXCL):
                return False
        except OSError as error:
            if error.errno == errno.EBUSY:
                return True
            raise _refused(path, error) from error

    # writing

    def create(self, path: str, *, nocow: bool = False) -> None:
        """Make an empty file that only its owner can read, where nothing stands; *nocow* for btrfs."""
        with _effect("create", path):
            flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self.locate(path), flags, 0o600)
            try:
                os.fchmod(descriptor, 0o600)
                if nocow:
                    _set_nocow(descriptor)
            except BaseException:
                os.unlink(self.locate(path))
                raise
            finally:
                os.close(descriptor)

    def allocate(
        self, path: str, start: int, end: int, *, reserve: bool, report: Callable[[int, int], None] | None = None
    ) -> None:
        """Give the file at *path* blocks from byte *start* to *end*, reserved or written; not yet synced."""
        step = _STEP if reserve else _WRITE_STEP
        zeros = b"" if reserve else bytes(step)
        with _effect("allocate", path), self.opened(path, os.O_RDWR) as descriptor:
            for offset in range(start, end, step):
                self.checkpoint()
                length = min(step, end - offset)
                if reserve:
                    os.posix_fallocate(descriptor, offset, length)
                else:
                    _write_all(descriptor, zeros[:length], offset)
                if report:
                    report(offset + length - start, end - start)

    def truncate(self, path: str, size: int) -> None:
        """Cut the file at *path* to *size* bytes."""
        with _effect("shorten", path), self.opened(path, os.O_RDWR) as descriptor:
            os.ftruncate(descriptor, size)

    def write_at(self, path: str, offset: int, data: bytes) -> None:
        """Overwrite *data* at *offset* and wait until it is on the disk."""
        with _effect("write to", path), self.opened(path, os.O_RDWR) as descriptor:
            _write_all(descriptor, data, offset)
            os.fsync(descriptor)

    def sync(self, path: str) -> None:
        """Wait until the file or directory at *path* is on the disk."""
        with _effect("sync", path), self.opened(path) as descriptor:
            os.fsync(descriptor)

    def rename(self, old: str, new: str) -> None:
        """Rename *old* to *new*, in place of what stands there, and wait until that is on the disk."""
        with _effect("rename to", new):
            os.rename(self.locate(old), self.locate(new))
        self._sync_directory(new)

    def link(self, old: str, new: str) -> None:
        """Give the file *old* the second name *new*."""
        with _effect("link", old):
            os.link(self.locate(old), self.locate(new), follow_symlinks=False)

    def unlink(self, path: str) -> None:
        """Delete a file, if it is there; a crash right afterwards may bring it back, whole."""
        with _effect("delete", path), suppress(FileNotFoundError):
            os.unlink(self.locate(path))

    def set_mode(self, path: str, mode: int) -> None:
        """Change the permissions of a file."""
        with _effect("change the mode of", path), self.opened(path) as descriptor:
            os.fchmod(descriptor, mode)

    def set_owner(self, path: str, uid: int, gid: int) -> None:
        """Change the owner of a file."""
        with _effect("change the owner of", path), self.opened(path) as descriptor:
            os.fchown(descriptor, uid, gid)

    def replace_text(self, path: str, text: str) -> None:
        """Replace a text file in one step: at any instant the whole old or the whole new one is there.

        Owner, mode and extended attributes are kept; a new file gets mode 0644.
        """
        real = self.locate(path, follow=True)
        new = naming.temporary_name(real, "new")
        with _effect("write", path):
            _remove_own_leftover(new)
            descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                try:
                    _copy_metadata(real, descriptor)
                    _write_all(descriptor, text.encode("utf-8", "surrogateescape"), 0)
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
                os.rename(new, real)
            except BaseException:
                os.unlink(new)
                raise
        self._sync_directory(self.inside(real))

    def overwrite_text(self, path: str, text: str) -> None:
        """Write a text file where it stands, for a file that is a mount point; a crash can leave it half written."""
        data = text.encode("utf-8", "surrogateescape")
        with _effect("write", path):
            descriptor = os.open(self.locate(path, follow=True), os.O_WRONLY | os.O_CLOEXEC)
            try:
                _write_all(descriptor, data, 0)
                os.ftruncate(descriptor, len(data))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def set_value(self, path: str, value: str) -> None:
        """Write *value* to a file of the kernel's, under /proc/sys or /sys, in one call as it wants it."""
        data = value.encode("utf-8", "surrogateescape")
        with _effect("write to", path):
            descriptor = os.open(self.locate(path, follow=True), os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.write(descriptor, data)
            finally:
                os.close(descriptor)

    def make_directory(self, path: str) -> None:
        """Make a directory that everybody may read, in one that is there."""
        with _effect("make", path):
            os.mkdir(self.locate(path), 0o755)
        self._sync_directory(path)

    def make_subvolume(self, path: str) -> None:
        """Make a subvolume of btrfs, where nothing stands: a directory that snapshots of others leave out."""
        parent, _separator, name = self.locate(path).rpartition("/")
        with _effect("make", path):
            descriptor = os.open(parent or "/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.ioctl(descriptor, _CREATE_SUBVOLUME, bytearray(struct.pack("q4088s", 0, os.fsencode(name))))
            finally:
                os.close(descriptor)
        self._sync_directory(path)

    def remove_directory(self, path: str) -> None:
        """Remove a directory in which nothing is left."""
        with _effect("remove", path):
            os.rmdir(self.locate(path))

    def symlink(self, target: str, path: str) -> None:
        """Make the symbolic link *path*, where nothing stands, to *target* as it is written."""
        with _effect("make", path):
            os.symlink(target, self.locate(path))
        self._sync_directory(path)

    def remove_text(self, path: str) -> None:
        """Delete a text file that `replace_text` made where there was none."""
        self.unlink(self.inside(self.locate(path, follow=True)))

    def back_up(self, path: str) -> str:
        """Copy a text file to a dated name beside it, metadata and all, and return that name."""
        real = self.locate(path, follow=True)
        copy = f"{real}.{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}~"
        with _effect("back up", path):
            with open(real, "rb") as file:
                data = file.read()
            descriptor = os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                _copy_metadata(real, descriptor)
                _write_all(descriptor, data, 0)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        return self.inside(copy)

    def _sync_directory(self, path: str) -> None:
        directory = os.path.dirname(self.locate(path))
        with _effect("sync", directory):
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    # programs

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
        with _effect("swap to", path):
            if ctypes.CDLL(None, use_errno=True).swapon(os.fsencode(path), flags):
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))

    # one run at a time, and none half done

    @contextmanager
    def lock(self, timeout: float) -> Iterator[None]:
        """Hold the lock that lets one run at a time change this machine; Busy after *timeout* seconds."""
        descriptor = self._open_lock()
        try:
            deadline = time.monotonic() + timeout
            while not _try_lock(descriptor):
                if time.monotonic() >= deadline:
                    raise _busy(descriptor, self.root, timeout)
                time.sleep(_LOCK_POLL)  # flock(2) cannot wait with a limit
            if self.live:
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            self._lock = (descriptor,)
            yield
        finally:
            self._lock = ()
            os.close(descriptor)

    def _open_lock(self) -> int:
        try:
            if not self.live:  # the image's own directory: nothing is left in the image
                return os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            return os.open(LOCK, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _refused(LOCK, error) from error

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


@contextmanager
def _effect(verb: str, path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = (
            f"{path}: could not {verb} it: {error.strerror}"
            if not verb.endswith((" to", " of"))
            else (f"could not {verb} {path}: {error.strerror}")
        )
        raise Failed(message, code=error.errno or 0) from error


def _refused(path: str, error: OSError) -> Refused | Unreadable:
    if error.errno in {errno.EACCES, errno.EPERM}:
        return Refused(f"{path}: {error.strerror}", hint="run as root")
    return Unreadable(f"{path}: {error.strerror}")


def _get_flags(descriptor: int) -> int:
    return int(struct.unpack("i", fcntl.ioctl(descriptor, _GET_FLAGS, bytes(4)))[0])


def _set_nocow(descriptor: int) -> None:
    flags = _get_flags(descriptor)
    if flags & COMPRESSED:  # inherited from the directory; btrfs takes both changes, but not at once
        flags &= ~COMPRESSED
        fcntl.ioctl(descriptor, _SET_FLAGS, struct.pack("i", flags))
    fcntl.ioctl(descriptor, _SET_FLAGS, struct.pack("i", flags | NOCOW))


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        if not written:
            raise OSError(errno.EIO, "nothing was written")
        view, offset = view[written:], offset + written


def _copy_metadata(real: str, descriptor: int) -> None:
    try:
        status = os.stat(real)
    except FileNotFoundError:
        os.fchmod(descriptor, 0o644)
        return
    mine = os.fstat(descriptor)
    if (status.st_uid, status.st_gid) != (mine.st_uid, mine.st_gid):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    for name in _attributes(real):
        os.setxattr(descriptor, name, os.getxattr(real, name))


def _attributes(real: str) -> list[str]:
    try:
        return os.listxattr(real)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return []
        raise


def _remove_own_leftover(new: str) -> None:
    try:
        status = os.lstat(new)
    except FileNotFoundError:
        return
    if stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid():
        os.unlink(new)


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


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _busy(descriptor: int, root: str, timeout: float) -> Busy:
    holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() if root == "/" else ""
    who = f"another run (process {holder})" if holder else "another run"
    what = LOCK if root == "/" else root
    return Busy(f"{who} has held the lock {what} for over {timeout:g} s", hint="wait for it, or raise --lock-timeout")
