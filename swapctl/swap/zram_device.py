"""What the kernel tells of a zram device, a block device that keeps what is written to it in RAM, compressed. Pure.

Formats: the kernel's ``Documentation/admin-guide/blockdev/zram.rst``.
"""

from __future__ import annotations

import re

from ..errors import Unreadable
from ..record import Record
from . import zram_config

MODULE = "zram"

_NAME = re.compile(r"/dev/zram(0|[1-9][0-9]{0,5})")
_LEAST_COLUMNS = 4  # of mm_stat: later kernels have more


class Usage(Record):
    """What a device holds, in bytes: *original* before compression, *compressed* after it, *memory* with all it costs.

    *limit* is how much memory it may take, 0 for any amount.
    """

    original: int = 0
    compressed: int = 0
    memory: int = 0
    limit: int = 0

    @property
    def ratio(self) -> float | None:
        """How many bytes of RAM's content one byte of RAM holds; None when there is nothing in it."""
        return round(self.original / self.memory, 2) if self.original and self.memory else None


class Boot(Record):
    """What has zram devices made at boot. A text is None where there is no such file.

    *generator*: whether systemd-zram-generator is installed. *fragments*: its configuration but for ours, by path and
    text, each overriding those before it; *later* are those that override ours. For one device *own* is the text of
    ours, *service* the unit of ours, and *link* what the link says that has that started. *owners*: services of others
    that make devices of their own. *directories*: those of ours to write to that are there.
    """

    generator: bool = False
    fragments: tuple[tuple[str, str], ...] = ()
    later: tuple[tuple[str, str], ...] = ()
    own: str | None = None
    service: str | None = None
    link: str | None = None
    owners: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()


class Device(Record):
    """One zram device, there or not. *algorithms*: those that the kernel offers, empty if it cannot be asked yet.

    *loaded*: the kernel has zram now; *loadable*: it can get it. *services*: units that may have set the device up, and
    would reset it when they are stopped. *ram*: how much the host has.
    """

    number: int
    exists: bool = False
    disksize: int = 0
    algorithm: str = ""
    algorithms: tuple[str, ...] = ()
    usage: Usage = Usage()
    backing: str = ""
    loaded: bool = True
    loadable: bool = True
    services: tuple[str, ...] = ()
    boot: Boot = Boot()
    page_size: int = 4096
    ram: int = 0

    @property
    def name(self) -> str:
        """The name as in /sys/block."""
        return f"zram{self.number}"

    @property
    def falls_with_swapoff(self) -> bool:
        """Whether systemd has the device reset as soon as the area on it is turned off."""
        return zram_config.generator_service(self.number) in self.services

    @property
    def at_boot(self) -> bool:
        """Whether the generator makes a swap area of it at boot."""
        boot = self.boot
        own = [boot.own] if boot.own is not None else []
        texts = [*(text for _path, text in boot.fragments), *own, *(text for _path, text in boot.later)]
        found = zram_config.combined(texts, self.name) if boot.generator else None
        if found is None or found.get("zram-size") == "0":
            return False
        return not found.get("mount-point") and found.get("fs-type", "swap") == "swap"

    def whole_pages(self, size: int) -> int:
        """Return *size* as the kernel takes it: rounded up to a page."""
        return -(-size // self.page_size) * self.page_size


def number_of(path: str) -> int | None:
    """Return the number of the zram device that *path* names, None if it is none."""
    match = _NAME.fullmatch(path)
    return int(match.group(1)) if match else None


def parse_algorithms(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the chosen algorithm and all that are offered, of *text*, that of ``comp_algorithm``."""
    words = text.split()
    chosen = next((word[1:-1] for word in words if word.startswith("[") and word.endswith("]")), "")
    return chosen, tuple(word.strip("[]") for word in words)


def parse_usage(text: str) -> Usage:
    """Return what *text*, that of ``mm_stat``, tells."""
    columns = text.split()
    if len(columns) < _LEAST_COLUMNS or not all(column.isdigit() for column in columns[:_LEAST_COLUMNS]):
        raise Unreadable(f"mm_stat of a zram device does not begin with {_LEAST_COLUMNS} numbers: {text!r}")
    return Usage(*map(int, columns[:_LEAST_COLUMNS]))
