"""What is done to zram devices. Each knows how, never whether.

The kernel refuses to reset or remove a device that anybody has open, and udev and blkid open every device for a moment
whenever something happens to it. So each write is tried again for a while.
"""

from __future__ import annotations

import errno
import time
from contextlib import suppress

from .. import sizes
from ..errors import Failed, SwapctlError
from . import programs
from .action import Action, PathAction
from .zram_config import CONTROL, sys_path
from .zram_device import MODULE, Device, number_of, parse_algorithms, parse_usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..host import LocalHost
    from .header import Header
    from .transaction import Transaction

PATIENCE = 10.0  # seconds that others get to close the device

_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5
_MOST_DEVICES = 1024


class LoadZram(Action):
    """Load the kernel module; it makes the first device."""

    name = "modprobe"

    @property
    def detail(self) -> str:
        """The module."""
        return MODULE

    def apply(self, run: Transaction) -> None:
        """Load it."""
        if run.host.stat(CONTROL) is None:
            run.undo(f"the kernel module {MODULE} is loaded", _unload, run)
            run.host.run(["modprobe", MODULE, "num_devices=1"])


class AddZram(PathAction):
    """Add the device."""

    name = "zram-add"

    def apply(self, run: Transaction) -> None:
        """Add it."""
        run.undo(f"{self.path} is there", _remove, run, self.path)
        _add(run, self.path)


class SetUpZram(PathAction):
    """Make a device of a size, in the kernel's order: it takes nothing but a reset once it has its size.

    *algorithm* empty: the kernel's choice. *limit*: how much memory it may take, 0 for any amount.
    """

    name = "zram-setup"
    size: int
    algorithm: str = ""
    limit: int = 0

    @property
    def detail(self) -> str:
        """All that is set."""
        algorithm = [self.algorithm] if self.algorithm else []
        limit = [f"at most {sizes.human(self.limit)} of RAM"] if self.limit else []
        return ", ".join((self.path, sizes.human(self.size), *algorithm, *limit))

    def apply(self, run: Transaction) -> None:
        """Set it up."""
        _add(run, self.path)  # what has stopped using it may have removed it
        _check_offered(run.host, self.path, self.algorithm)
        run.undo(f"{self.path} is set up", _reset, run, self.path)
        _set_up(run, self.path, self.size, self.algorithm, self.limit)


class ResetZram(PathAction):
    """Take a device's size and content, after which it takes no memory; *was* is what it had, *area* what was on it.

    The services that have set it up are stopped first: systemd would have them reset it at a time of its choosing, and
    may have done so already.
    """

    name = "zram-reset"
    was: Device
    area: Header | None = None

    @property
    def detail(self) -> str:
        """The device, and what it was."""
        return f"{self.path}, {sizes.human(self.was.disksize)}, {self.was.algorithm}"

    def apply(self, run: Transaction) -> None:
        """Reset it."""
        run.undo(f"{self.path} is not set up", self._back, run)
        for service in self.was.services:
            run.host.run(["systemctl", "stop", "--", service])
        _reset(run, self.path)

    def _back(self, run: Transaction) -> None:
        was, area = self.was, self.area
        _add(run, self.path)
        if _number(run.host, self.path, "disksize"):
            return  # it was not reset
        _set_up(run, self.path, was.disksize, was.algorithm, was.usage.limit)
        if area:
            programs.mkswap(run.host, self.path, area.size, area.label, area.uuid)


class RemoveZram(PathAction):
    """Remove a device."""

    name = "zram-remove"

    def apply(self, run: Transaction) -> None:
        """Remove it."""
        run.undo(f"{self.path} is gone", _add, run, self.path)
        _remove(run, self.path)


class LimitZram(PathAction):
    """Change how much memory a device may take, which needs no reset; 0 is any amount."""

    name = "zram-limit"
    limit: int
    before: int

    @property
    def detail(self) -> str:
        """Both limits."""
        return f"{self.path} from {_limit(self.before)} to {_limit(self.limit)} of RAM"

    def apply(self, run: Transaction) -> None:
        """Change it."""
        run.undo(f"{self.path} may take {_limit(self.limit)} of RAM", _write, run, self.path, "mem_limit", self.before)
        _write(run, self.path, "mem_limit", self.limit)


def _limit(limit: int) -> str:
    return sizes.human(limit) if limit else "any amount"


def _directory(path: str) -> str:
    return sys_path(_known_number(path))


def _known_number(path: str) -> int:
    number = number_of(path)
    if number is None:
        raise Failed(f"{path} is no zram device")
    return number


def _is_there(host: LocalHost, path: str) -> bool:
    return host.stat(_directory(path)) is not None


def _number(host: LocalHost, path: str, name: str) -> int:
    return int(host.read_text(f"{_directory(path)}/{name}") or 0)


def _unload(run: Transaction) -> None:
    deadline = time.monotonic() + PATIENCE
    while run.host.stat(CONTROL) is not None:
        try:
            run.host.run(["modprobe", "--remove", MODULE])
        except Failed:  # udev may be looking into a device of it
            if time.monotonic() > deadline:
                raise
        time.sleep(_FIRST_PAUSE)


def _add(run: Transaction, path: str) -> None:
    """Add devices until *path* is there: the kernel gives the lowest free number. The others are removed again."""
    others: list[int] = []
    wanted = _known_number(path)
    try:
        while not _is_there(run.host, path):
            answer = run.host.read_text(f"{CONTROL}/hot_add")  # reading it adds one
            if not answer or not answer.strip().isdigit() or len(others) > _MOST_DEVICES:
                raise Failed(f"the kernel adds no zram device: {answer!r}", hint="see dmesg")
            if int(answer) != wanted:
                others.append(int(answer))
    finally:
        for number in others:
            _remove(run, f"/dev/zram{number}")
    if run.host.stat(path) is None:
        message = f"{path} is not in /dev, though the kernel has the device"
        raise Failed(message, hint="run it on the host: a container has a /dev of its own")


def _remove(run: Transaction, path: str) -> None:
    if _is_there(run.host, path):
        _patiently(run, path, f"{CONTROL}/hot_remove", str(number_of(path)))


def _reset(run: Transaction, path: str) -> None:
    if _is_there(run.host, path):
        _write(run, path, "reset", 1)


def _set_up(run: Transaction, path: str, size: int, algorithm: str, limit: int) -> None:
    host, directory = run.host, _directory(path)
    chosen, _offered = parse_algorithms(host.read_text(f"{directory}/comp_algorithm") or "")
    if algorithm and algorithm != chosen:
        _write(run, path, "comp_algorithm", algorithm)
    if limit != parse_usage(host.read_text(f"{directory}/mm_stat") or "0 0 0 0").limit:
        _write(run, path, "mem_limit", limit)
    _write(run, path, "disksize", size)


def _check_offered(host: LocalHost, path: str, algorithm: str) -> None:
    """Fail if the kernel lacks the algorithm; where zram was not loaded, that shows only now."""
    _chosen, offered = parse_algorithms(host.read_text(f"{_directory(path)}/comp_algorithm") or "")
    if algorithm and algorithm not in offered:
        message = f"{path}: the kernel does not offer the algorithm {algorithm}"
        raise Failed(message, hint=f"it offers {', '.join(offered)}")


def _write(run: Transaction, path: str, name: str, value: str | int) -> None:
    _patiently(run, path, f"{_directory(path)}/{name}", str(value))


def _patiently(run: Transaction, path: str, file: str, value: str) -> None:
    """Write *value* to *file*, again and again while *path* is busy, but for no longer than `PATIENCE`."""
    deadline, pause = time.monotonic() + PATIENCE, _FIRST_PAUSE
    while True:
        try:
            run.host.set_value(file, value)
        except Failed as failure:
            if failure.code != errno.EBUSY:
                raise
            if time.monotonic() + pause > deadline:
                raise _still_busy(run.host, path) from failure
        else:
            return
        run.host.checkpoint()
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _still_busy(host: LocalHost, path: str) -> Failed:
    users = ", ".join(_users(host, path))
    who = f"by {users}" if users else "by the kernel or in another mount namespace"
    return Failed(
        f"{path} has been in use for over {PATIENCE:g} s, {who}",
        hint="end that use, then run it again",
        code=errno.EBUSY,
    )


def _users(host: LocalHost, path: str) -> Iterator[str]:
    """Return the processes that have the device open, as far as this process may see."""
    for pid in filter(str.isdigit, host.list("/proc")):
        with suppress(SwapctlError):  # even root may not look into every process
            if any(host.read_link(f"/proc/{pid}/fd/{number}") == path for number in host.list(f"/proc/{pid}/fd")):
                name = (host.read_text(f"/proc/{pid}/comm") or "").rstrip("\n")
                yield f"process {pid} ({name})"
