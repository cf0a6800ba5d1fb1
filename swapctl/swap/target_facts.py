"""Look at what stands at a path, and around it. Changes nothing, runs nothing."""

from __future__ import annotations

import errno
import os
import stat

from ..errors import Refused
from ..naming import temporary_name
from . import device_facts, header, signatures, tag_facts, zram_facts
from .active_facts import entry_of, identity, identity_at
from .area import TAGS
from .facts import BRIDGE_DIRECTORIES, Leftover, Target
from .filesystem import Filesystem, holding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..host import LocalHost
    from .facts import Active
    from .filesystem import Mount

SUBVOLUME = 256  # the inode of the top directory of every btrfs subvolume

_KINDS = (
    (stat.S_ISREG, "file"),
    (stat.S_ISBLK, "device"),
    (stat.S_ISDIR, "directory"),
    (stat.S_ISLNK, "symbolic link"),
    (stat.S_ISFIFO, "FIFO"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "character device"),
)
_NO_DATA = 6  # ENXIO of lseek(2) with SEEK_DATA
_STEP = 1 << 20


class Places:
    """What stands at the paths of one machine, whose *mounts* and *active* areas are known."""

    def __init__(self, host: LocalHost, mounts: tuple[Mount, ...], active: tuple[Active, ...]) -> None:
        self.host = host
        self.mounts = mounts
        self.active = active

    def target(self, spec: str) -> Target:
        """Return what stands at *spec*, a path or a tag; as the kernel names it, where this process may not look."""
        try:
            return self._target(spec)
        except Refused:
            known = next((one.entry for one in self.active if one.is_hidden and one.entry.path == spec), None)
            kind = "device" if known and known.type == "partition" else "file"
            return Target(spec, spec, kind, active=known, unreadable=os.strerror(errno.EACCES))

    def _target(self, spec: str) -> Target:
        path = tag_facts.device_with(self.host, spec) if spec.startswith(TAGS) else self._through_link_to_device(spec)
        status = self.host.stat(path) if path else None
        if not path or not status:
            return self._with_surroundings(Target(spec, path or spec))
        kind = next(name for test, name in _KINDS if test(status.st_mode))
        target = Target(
            spec,
            path,
            kind,
            identity=identity(status),
            size=status.st_size,
            allocated=status.st_blocks * 512,
            mode=stat.S_IMODE(status.st_mode),
            uid=status.st_uid,
            gid=status.st_gid,
            other_names=status.st_nlink - 1,
            active=entry_of(self.host, path, status, self.active),
        )
        if kind in {"file", "device"}:
            target = self._with_content(target)
        if kind == "device" and self.host.live:
            target = device_facts.with_place(self.host, target)
        return self._with_surroundings(target)

    def _through_link_to_device(self, path: str) -> str:
        status = self.host.stat(path)
        if not status or not stat.S_ISLNK(status.st_mode):
            return path
        followed = self.host.stat(path, follow=True)
        is_device = followed is not None and stat.S_ISBLK(followed.st_mode)
        return self.host.inside(self.host.locate(path, follow=True)) if is_device else path

    def _with_content(self, target: Target) -> Target:
        try:
            with self.host.opened(target.path) as descriptor:
                size = os.lseek(descriptor, 0, os.SEEK_END)
                head = self.host.read_at(descriptor, 0, signatures.HEAD if not target.active else header.PAGE_SIZES[-1])
                tail_length = min(signatures.TAIL, size)
                tail = b"" if target.active else self.host.read_at(descriptor, size - tail_length, tail_length)
                found = header.parse(head)
                empty = not found and signatures.is_blank(head, tail)
                empty = empty and (target.kind == "device" or _has_no_data(descriptor))
        except OSError as error:
            return target.replace(unreadable=error.strerror or str(error))
        target = target.replace(
            size=size,
            header=found,
            foreign=() if target.active else self._foreign(target, head, tail, size),
            empty=empty,
            flags=self.host.flags(target.path),
        )
        if target.active:
            return target
        if target.kind == "device":
            return target.replace(
                in_use=device_facts.use_of(self.host, target, self.mounts),
                read_only=device_facts.is_read_only(self.host, target),
            )
        return target.replace(in_use=self._use_of_file(target))

    def _foreign(self, target: Target, head: bytes, tail: bytes, size: int) -> tuple[signatures.Signature, ...]:
        found = signatures.scan(head, tail, size)
        if found or target.kind == "device" or not header.parse(head):
            return found
        return signatures.before_header(head)  # on a device, that is a boot loader's place

    def _use_of_file(self, target: Target) -> str:
        real = self.host.locate(target.path)
        if any(mount.point == real for mount in self.mounts):
            return "a mount point"
        for name in self.host.list("/sys/block") if self.host.live else ():
            backing = name.startswith("loop") and self.host.read_text(f"/sys/block/{name}/loop/backing_file")
            if backing and identity_at(self.host, backing.rstrip("\n")) == target.identity:
                return f"in use as /dev/{name}"
        return ""

    def _with_surroundings(self, target: Target) -> Target:
        if not target.path.startswith("/"):
            return target
        directory = target.path.rpartition("/")[0] or "/"
        is_device = target.kind == "device"
        leftovers = tuple(self._leftovers(target, directory))
        own_names = sum(left.identity == target.identity for left in leftovers)
        return target.replace(
            directory=None if target.identity else self._directory(directory),
            other_names=max(target.other_names - own_names, 0) if target.kind == "file" else 0,
            filesystem=None if is_device else self.filesystem(directory),
            is_subvolume=not is_device and self._is_subvolume(directory),
            above=self._above(directory),
            directory_flags=0 if is_device else self.host.flags(directory),
            zram=zram_facts.gather_zram(self.host, target.path),
            leftovers=leftovers,
        )

    def _directory(self, directory: str) -> tuple[int, int] | None:
        status = self.host.stat(directory, follow=True)
        return (status.st_dev, status.st_ino) if status else None

    def _is_subvolume(self, directory: str) -> bool:
        status = self.host.stat(directory, follow=True)
        return status is not None and status.st_ino == SUBVOLUME

    def _above(self, directory: str) -> Filesystem | None:
        is_there = self.host.stat(directory, follow=True) is not None
        return None if is_there else self.filesystem(directory.rpartition("/")[0] or "/")

    def filesystem(self, directory: str) -> Filesystem | None:
        """Return the file system that holds a directory, None if there is no such directory."""
        status = self.host.stat(directory, follow=True)
        if not status or not stat.S_ISDIR(status.st_mode):
            return None
        mount = holding(self.mounts, self.host.locate(directory, follow=True))
        free, read_only = self.host.free(directory)
        return Filesystem(mount.type if mount else "", free, read_only, status.st_dev)

    def _leftovers(self, target: Target, directory: str) -> Iterator[Leftover]:
        beside = [] if target.kind == "device" else [directory]
        for place in dict.fromkeys((*beside, *BRIDGE_DIRECTORIES)):
            name = target.path.rpartition("/")[2]
            for kind in ("new", "old", "bridge") if place in beside else ("bridge",):
                path = temporary_name(f"{place.rstrip('/')}/{name}", kind)
                status = self.host.stat(path)
                if status:
                    entry = entry_of(self.host, path, status, self.active)
                    ours = bool(entry) or self._is_made_by_a_run(path, status)
                    allocated = status.st_blocks * 512
                    yield Leftover(
                        path, kind, allocated, ours, tag_facts.header_at(self.host, path), entry, identity(status)
                    )

    def _is_made_by_a_run(self, path: str, status: os.stat_result) -> bool:
        """Whether a file is a swap area, or was to become one and holds nothing yet."""
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            return False
        content = self._with_content(Target(path, path, "file"))
        return not content.unreadable and not content.foreign and (content.header is not None or content.empty)


def _has_no_data(descriptor: int) -> bool:
    """Whether every byte is zero. SEEK_DATA alone does not tell: reserved blocks that were read once count as data."""
    end = 0
    try:
        while True:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
            end = os.lseek(descriptor, start, os.SEEK_HOLE)
            for offset in range(start, end, _STEP):
                if os.pread(descriptor, min(_STEP, end - offset), offset).strip(b"\0"):
                    return False
    except OSError as error:
        if error.errno == _NO_DATA:
            return True
        raise
