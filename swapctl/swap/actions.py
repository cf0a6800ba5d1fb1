"""The changes that a plan is made of. Each describes itself, does itself, and notes how it is undone.

An action knows how, never whether: that is the plan's. Effects go through the transaction's host. The way back is noted
before the step is taken and works from any point in it, so that a step that fails halfway is undone like a whole one.
"""

from __future__ import annotations

from .. import sizes
from . import programs
from .action import Action, PathAction
from .active_facts import active_at
from .facts import FSTAB
from .texts import WriteText, daemon_reload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .partitions import Partition
    from .signatures import Signature
    from .transaction import Transaction

PRIVATE = 0o600

_HEADER = 65536


class Create(PathAction):
    """Make a file with all its blocks."""

    name = "create"
    size: int
    reserve: bool = True
    nocow: bool = False

    @property
    def detail(self) -> str:
        how = "preallocated" if self.reserve else "written in full"
        return f"{self.path}, {sizes.human(self.size)}, {how}{', no copy-on-write' if self.nocow else ''}"

    def apply(self, run: Transaction) -> None:
        host = run.host
        host.create(self.path, nocow=self.nocow)
        run.undo(f"{self.path}, a new file, is there", host.unlink, self.path)
        host.allocate(self.path, 0, self.size, reserve=self.reserve, report=run.report(f"allocating {self.path}"))


class MakeSubvolume(PathAction):
    """Make a btrfs subvolume for a swap file, so that snapshots of what is above leave it alone."""

    name = "subvolume"

    def apply(self, run: Transaction) -> None:
        run.undo(f"{self.path}, a new subvolume, is there", self._back, run)
        run.host.make_subvolume(self.path)

    def _back(self, run: Transaction) -> None:
        if run.host.stat(self.path):
            run.host.remove_directory(self.path)


class Resize(PathAction):
    """Change the size of a file that is not in use."""

    name = "resize"
    old: int
    new: int
    reserve: bool = True

    @property
    def detail(self) -> str:
        return f"{self.path} from {sizes.human(self.old)} to {sizes.human(self.new)}"

    def apply(self, run: Transaction) -> None:
        run.undo(f"{self.path} is not {sizes.human(self.old)} long", self._to, run, self.old)
        self._to(run, self.new, fill=self.reserve)

    def _to(self, run: Transaction, size: int, *, fill: bool = False) -> None:
        """Give the file *size* bytes; *fill* the holes it has, which costs nothing where blocks are reserved."""
        status = run.host.stat(self.path)
        now = status.st_size if status else 0
        if now > size:
            run.host.truncate(self.path, size)
        start = 0 if fill else min(now, size)
        run.host.allocate(self.path, start, size, reserve=self.reserve, report=run.report(f"allocating {self.path}"))


class Wipe(PathAction):
    """Overwrite the signatures of what was on a device, so that nobody takes it for that any more."""

    name = "wipe"
    signatures: tuple[Signature, ...]

    @property
    def detail(self) -> str:
        return f"{self.path}: {', '.join(dict.fromkeys(one.name for one in self.signatures))}"

    def apply(self, run: Transaction) -> None:
        for one in self.signatures:
            with run.host.opened(self.path) as descriptor:
                old = run.host.read_at(descriptor, one.offset, one.length)
            run.undo(f"{one.name} on {self.path} is overwritten", run.host.write_at, self.path, one.offset, old)
            run.host.write_at(self.path, one.offset, bytes(one.length))


class Format(PathAction):
    """Write the header of a swap area (mkswap); *fresh*: nothing was there that could be wanted back."""

    name = "format"
    size: int
    label: str = ""
    uuid: str = ""
    fresh: bool = False

    @property
    def detail(self) -> str:
        names = [f"label {self.label}"] * bool(self.label) + [f"UUID {self.uuid}"] * bool(self.uuid)
        return ", ".join((self.path, sizes.human(self.size), *names))

    def apply(self, run: Transaction) -> None:
        host = run.host
        if not self.fresh:
            with host.opened(self.path) as descriptor:
                old = host.read_at(descriptor, 0, min(_HEADER, self.size))
            run.undo(f"{self.path} has a new header", host.write_at, self.path, 0, old)
        programs.mkswap(host, self.path, self.size, self.label, self.uuid)


class SetType(PathAction):
    """Have the partition table say what the partition is for.

    sfdisk does it: a GPT has two copies, each with checksums. It comes last, when the area is in use: udev has the
    kernel read the table of an unused disk again when somebody has written to it, and then the partition is not there
    for a moment.
    """

    name = "set-type"
    partition: Partition

    @property
    def detail(self) -> str:
        return f"{self.path} from {self.partition.type} to {self.partition.swap_type} ({self.partition.table})"

    def apply(self, run: Transaction) -> None:
        old, new = self.partition.type, self.partition.swap_type
        run.undo(f"{self.path} has the type {new}", programs.set_type, run.host, self.partition, old)
        programs.set_type(run.host, self.partition, new)


class Rename(PathAction):
    """Give a file its final name, or take that away; nothing stands at the new one."""

    name = "rename"
    new: str

    @property
    def detail(self) -> str:
        return f"{self.path} to {self.new}"

    def apply(self, run: Transaction) -> None:
        run.undo(f"{self.path} is now {self.new}", self._back, run)
        run.host.rename(self.path, self.new)

    def _back(self, run: Transaction) -> None:
        if not run.host.stat(self.path):
            run.host.rename(self.new, self.path)


class Replace(PathAction):
    """Put a finished file in the place of the old one, in one step; the old one keeps a second name, *old*."""

    name = "replace"
    new: str
    old: str

    @property
    def detail(self) -> str:
        return f"{self.path} with {self.new}"

    def apply(self, run: Transaction) -> None:
        run.host.link(self.path, self.old)
        run.undo(f"{self.path} is the new file, the old one is {self.old}", self._back, run)
        run.host.rename(self.new, self.path)

    def _back(self, run: Transaction) -> None:
        # While both names lead to the old file, renaming one to the other would do nothing (rename(2)).
        if run.host.stat(self.new):
            run.host.unlink(self.old)
        else:
            run.host.rename(self.old, self.path)


class SetMode(PathAction):
    """Let only the owner read the file: it will hold what was in memory."""

    name = "mode"
    old: int
    new: int = PRIVATE

    @property
    def detail(self) -> str:
        return f"{self.path} from {self.old:04o} to {self.new:04o}"

    def apply(self, run: Transaction) -> None:
        run.undo(f"{self.path} has mode {self.new:04o}", run.host.set_mode, self.path, self.old)
        run.host.set_mode(self.path, self.new)


class SetOwner(PathAction):
    """Give the file to root."""

    name = "owner"
    uid: int
    gid: int

    @property
    def detail(self) -> str:
        return f"{self.path} from {self.uid}:{self.gid} to 0:0"

    def apply(self, run: Transaction) -> None:
        run.undo(f"{self.path} belongs to root", run.host.set_owner, self.path, self.uid, self.gid)
        run.host.set_owner(self.path, 0, 0)


class SwapOn(PathAction):
    """Have the kernel swap to an area."""

    name = "swapon"
    priority: int | None = None
    discard: str = "none"

    @property
    def detail(self) -> str:
        priority = [] if self.priority is None else [f"priority {self.priority}"]
        discard = [] if self.discard == "none" else [f"discard {self.discard}"]
        return ", ".join((self.path, *priority, *discard))

    def apply(self, run: Transaction) -> None:
        run.undo(f"{self.path} is active", programs.swapoff, run, self.path)
        programs.swapon(run, self.path, self.priority, self.discard)


class SwapOff(PathAction):
    """Have the kernel move what an area holds elsewhere and leave it; *priority* and *discard* are what it had."""

    name = "swapoff"
    used: int = 0
    priority: int | None = None
    discard: str = "none"

    @property
    def detail(self) -> str:
        return f"{self.path}, {sizes.human(self.used)} in use" if self.used else self.path

    def apply(self, run: Transaction) -> None:
        run.undo(f"{self.path} is not active", self._on_again, run)
        programs.swapoff(run, self.path)

    def _on_again(self, run: Transaction) -> None:
        if not active_at(run.host, self.path):
            programs.swapon(run, self.path, self.priority, self.discard)


class WriteFstab(WriteText):
    """Replace the text of fstab."""

    name = "fstab"
    path: str = FSTAB
    in_place: bool = False
    backup: bool = False

    @property
    def _how(self) -> str:
        return " (written in place)" if self.in_place else ""

    def apply(self, run: Transaction) -> None:
        if self.backup and self.before is not None and run.host.read_text(self.path) == self.before:
            run.backup_file = run.host.back_up(self.path)
            run.undo(f"{run.backup_file} is there", run.host.unlink, run.backup_file)
        super().apply(run)

    @property
    def _may_be_half_ours(self) -> bool:
        return self.in_place

    def _write(self, run: Transaction, text: str | None) -> None:
        if self.in_place and text is not None:
            run.host.overwrite_text(self.path, text)
        else:
            super()._write(run, text)


class DaemonReload(Action):
    """Have systemd read fstab again, whose units it keeps otherwise (systemd.swap(5))."""

    name = "daemon-reload"

    @property
    def detail(self) -> str:
        return "systemd reads fstab again"

    def apply(self, run: Transaction) -> None:
        daemon_reload(run.host)


class Delete(PathAction):
    """Delete a file."""

    name = "delete"

    def apply(self, run: Transaction) -> None:
        run.host.unlink(self.path)


class LeaveBridge(SwapOff):
    """Turn off the area that carried the load meanwhile."""

    tidying = True


class DeleteOld(Delete):
    """Delete a file that the finished change has no use for."""

    tidying = True
