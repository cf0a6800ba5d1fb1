"""Open and close devices that are encrypted with a random key. Each knows how, never whether.

cryptsetup does it, and not systemd's unit for the line in crypttab: it is the same on a host without systemd, it can be
undone whatever systemd has read by then, and the boot that follows runs that unit anyway.
"""

from __future__ import annotations

from . import programs
from .action import PathAction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..host import LocalHost
    from .transaction import Transaction

_HEADER = 65536  # a swap header of any page size lies in these bytes


class Open(PathAction):
    """Map *device* to *path* with a new key, which nobody knows and nothing keeps."""

    name = "crypt-open"
    device: str
    mapping: str
    cipher: str
    key_bits: int
    discards: bool = False

    @property
    def detail(self) -> str:
        """Both devices, and how."""
        return f"{self.path} on {self.device}, {self.cipher} with a random key"

    def apply(self, run: Transaction) -> None:
        """Open it."""
        host = run.host
        with host.opened(self.device) as descriptor:
            old = host.read_at(descriptor, 0, _HEADER)
        run.undo(f"{self.path} is there, and {self.device} overwritten", self._back, run, old)
        # What bears the mark of a swap area would be taken for one by its old UUID.
        host.write_at(self.device, 0, bytes(len(old)))
        open_mapping(host, self)

    def _back(self, run: Transaction, old: bytes) -> None:
        if run.host.stat(self.path, follow=True):
            run.host.run(["cryptsetup", "close", self.mapping])
        run.host.write_at(self.device, 0, old)


class Close(PathAction):
    """Take the mapping away; what was on it cannot be read any more. Going back makes an empty area of *size* bytes."""

    name = "crypt-close"
    device: str
    mapping: str
    cipher: str
    key_bits: int
    discards: bool
    size: int

    def apply(self, run: Transaction) -> None:
        """Close it."""
        run.undo(f"{self.path} is not there", self._back, run)
        run.host.run(["cryptsetup", "close", self.mapping])

    def _back(self, run: Transaction) -> None:
        if not run.host.stat(self.path, follow=True):
            open_mapping(run.host, self)
            programs.mkswap(run.host, self.path, self.size)


def open_mapping(host: LocalHost, what: Open | Close) -> None:
    """Have the device mapper encrypt a device."""
    discards = ["--allow-discards"] if what.discards else []
    cipher = ["--cipher", what.cipher, "--key-size", str(what.key_bits), "--key-file", "/dev/urandom"]
    host.run(["cryptsetup", "open", "--batch-mode", "--type", "plain", *cipher, *discards, what.device, what.mapping])
