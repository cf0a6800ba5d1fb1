"""Reading a machine's files: every path as seen from the root of its tree, links on the way resolved inside it."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from contextlib import contextmanager

from .errors import InvalidInput, Refused, Unreadable
from .host_errors import refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_GET_FLAGS = 0x80086601  # ioctl_iflags(2)

_MOST_LINKS = 40
_SAYS_SWAP_IS_BUSY = (5, 3)


class Reading:
    """What can be seen of a machine, the running one or (*root* not ``/``) one whose kernel does not run."""

    def __init__(self, root: str = "/") -> None:
        if not root:
            message = "root is empty"
            raise InvalidInput(message, hint="give the directory where the image is mounted")
        self.root = os.path.realpath(root)
        if not os.path.isdir(self.root):
            message = f"root {root!r} is not a directory"
            raise Refused(message, hint="give the directory where the image is mounted")

    @property
    def live(self) -> bool:
        """Whether the kernel is that of this tree."""
        return self.root == "/"

    @property
    def kernel(self) -> tuple[int, ...]:
        """The first two numbers of the running kernel's version."""
        numbers = os.uname().release.split("-")[0].split(".")[:2]
        return tuple(int(number) for number in numbers if number.isdigit())

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
            raise refused(path, error) from error

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
            raise refused(path, error) from error

    def text(self, path: str) -> str:
        """Return the text of a file that things can be told without: empty if there is none, or it cannot be read."""
        try:
            return self.read_text(path) or ""
        except (Refused, Unreadable):
            return ""

    def read_link(self, path: str) -> str | None:
        """Return what the symbolic link *path* says, or None if there is none."""
        try:
            return os.readlink(self.locate(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno == errno.EINVAL:  # it is something else
                return None
            raise refused(path, error) from error

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
                return get_flags(descriptor)
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
            raise refused(path, error) from error


def get_flags(descriptor: int) -> int:
    """Return the attributes of an open file, as ioctl_iflags(2) names them."""
    return int(struct.unpack("i", fcntl.ioctl(descriptor, _GET_FLAGS, bytes(4)))[0])
