"""Changing a machine's files. What fails raises `Failed`."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
import time
from contextlib import contextmanager, suppress

from . import naming
from .errors import Failed
from .host_errors import effect
from .host_reading import Reading, get_flags
from .host_signals import Interruptible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# See ioctl_iflags(2).
_SET_FLAGS = 0x40086602
APPEND_ONLY, IMMUTABLE, COMPRESSED, NOCOW = 0x20, 0x10, 0x04, 0x00800000

_CREATE_SUBVOLUME = 0x5000940E  # BTRFS_IOC_SUBVOL_CREATE, <linux/btrfs.h>

_STEP = 256 << 20
_WRITE_STEP = 8 << 20


class Writing(Reading, Interruptible):
    """What can be done to the files of a machine."""

    @contextmanager
    def _effect(self, verb: str, path: str) -> Iterator[None]:
        """As `effect`, and say so where a file or its directory is one that nobody can change."""
        try:
            with effect(verb, path):
                yield
        except Failed as failure:
            real = self.inside(self.locate(path, follow=True))
            names = (real, real.rpartition("/")[0] or "/") if failure.code == errno.EPERM else ()
            fixed = next((name for name in names if self.flags(name) & (IMMUTABLE | APPEND_ONLY)), None)
            if fixed is None:
                raise
            message = f"{failure.message}: {fixed} is immutable or append-only"
            raise Failed(message, hint=f"chattr -i -a {fixed}", code=failure.code) from failure

    def create(self, path: str, *, nocow: bool = False) -> None:
        """Make an empty file that only its owner can read, where nothing stands; *nocow* for btrfs."""
        with self._effect("create", path):
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
        with self._effect("allocate", path), self.opened(path, os.O_RDWR) as descriptor:
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
        with self._effect("shorten", path), self.opened(path, os.O_RDWR) as descriptor:
            os.ftruncate(descriptor, size)

    def write_at(self, path: str, offset: int, data: bytes) -> None:
        """Overwrite *data* at *offset* and wait until it is on the disk."""
        with self._effect("write to", path), self.opened(path, os.O_RDWR) as descriptor:
            _write_all(descriptor, data, offset)
            os.fsync(descriptor)

    def sync(self, path: str) -> None:
        """Wait until the file or directory at *path* is on the disk."""
        with self._effect("sync", path), self.opened(path) as descriptor:
            os.fsync(descriptor)

    def rename(self, old: str, new: str) -> None:
        """Rename *old* to *new*, in place of what stands there, and wait until that is on the disk."""
        with self._effect("rename to", new):
            os.rename(self.locate(old), self.locate(new))
        self._sync_directory(new)

    def link(self, old: str, new: str) -> None:
        """Give the file *old* the second name *new*."""
        with self._effect("link", old):
            os.link(self.locate(old), self.locate(new), follow_symlinks=False)

    def unlink(self, path: str) -> None:
        """Delete a file, if it is there; a crash right afterwards may bring it back, whole."""
        with self._effect("delete", path), suppress(FileNotFoundError):
            os.unlink(self.locate(path))

    def set_mode(self, path: str, mode: int) -> None:
        """Change the permissions of a file."""
        with self._effect("change the mode of", path), self.opened(path) as descriptor:
            os.fchmod(descriptor, mode)

    def set_owner(self, path: str, uid: int, gid: int) -> None:
        """Change the owner of a file."""
        with self._effect("change the owner of", path), self.opened(path) as descriptor:
            os.fchown(descriptor, uid, gid)

    def replace_text(self, path: str, text: str) -> None:
        """Replace a text file in one step: at any instant the whole old or the whole new one is there.

        Owner, mode and extended attributes are kept; a new file gets mode 0644.
        """
        real = self.locate(path, follow=True)
        new = naming.temporary_name(real, "new")
        with self._effect("write", path):
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
        with self._effect("write", path):
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
        with self._effect("write to", path):
            descriptor = os.open(self.locate(path, follow=True), os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.write(descriptor, data)
            finally:
                os.close(descriptor)

    def make_directory(self, path: str) -> None:
        """Make a directory that everybody may read, in one that is there."""
        with self._effect("make", path):
            os.mkdir(self.locate(path), 0o755)
        self._sync_directory(path)

    def make_subvolume(self, path: str) -> None:
        """Make a subvolume of btrfs, where nothing stands: a directory that snapshots of others leave out."""
        parent, _separator, name = self.locate(path).rpartition("/")
        with self._effect("make", path):
            descriptor = os.open(parent or "/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                fcntl.ioctl(descriptor, _CREATE_SUBVOLUME, bytearray(struct.pack("q4088s", 0, os.fsencode(name))))
            finally:
                os.close(descriptor)
        self._sync_directory(path)

    def remove_directory(self, path: str) -> None:
        """Remove a directory in which nothing is left."""
        with self._effect("remove", path):
            os.rmdir(self.locate(path))

    def symlink(self, target: str, path: str) -> None:
        """Make the symbolic link *path*, where nothing stands, to *target* as it is written."""
        with self._effect("make", path):
            os.symlink(target, self.locate(path))
        self._sync_directory(path)

    def remove_text(self, path: str) -> None:
        """Delete a text file that `replace_text` made where there was none."""
        self.unlink(self.inside(self.locate(path, follow=True)))

    def back_up(self, path: str) -> str:
        """Copy a text file to a dated name beside it, metadata and all, and return that name."""
        real = self.locate(path, follow=True)
        copy = f"{real}.{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}~"
        with self._effect("back up", path):
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
        with self._effect("sync", directory):
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _set_nocow(descriptor: int) -> None:
    flags = get_flags(descriptor)
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
