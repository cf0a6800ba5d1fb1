"""Changes of configuration: the text of a file, a link, a directory for them. Each knows how, never whether."""

from __future__ import annotations

from collections import Counter

from ..errors import Failed
from .action import Action, PathAction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..host import LocalHost
    from .transaction import Transaction


def daemon_reload(host: LocalHost) -> None:
    """Have systemd read fstab and its units again."""
    host.run(["systemctl", "daemon-reload"])


class WriteText(Action):
    """Replace the text of the file *path*, which must still be *before*; None means that there is no file.

    *reload*: systemd reads it, and so again after going back.
    """

    name = "write"
    before: str | None
    after: str | None
    path: str
    reload: bool = False

    @property
    def detail(self) -> str:
        """The lines that go and those that come."""
        old, new = ((text or "").split("\n") for text in (self.before, self.after))
        gone = [f"- {line}" for line in (Counter(old) - Counter(new)).elements()]
        come = [f"+ {line}" for line in (Counter(new) - Counter(old)).elements()]
        lines = "; ".join(filter(None, (line.rstrip("+- ") and line for line in (*gone, *come))))
        return f"{self.path}{self._how}: {lines or 'empty'}"

    @property
    def _how(self) -> str:
        return ", deleted" if self.after is None else ""

    def apply(self, run: Transaction) -> None:
        """Write it, unless somebody else did meanwhile."""
        if run.host.read_text(self.path) != self.before:
            message = f"{self.path}: somebody else changed it meanwhile"
            raise Failed(message, hint="run again")
        _reload_after_going_back(run, self.path, reload=self.reload)
        run.undo(f"{self.path} is changed", self._back, run)
        self._write(run, self.after)

    def _back(self, run: Transaction) -> None:
        now = run.host.read_text(self.path)
        if now == self.before:
            return
        if now != self.after and not self._may_be_half_ours:
            message = "somebody else changed it meanwhile"
            raise Failed(message)
        self._write(run, self.before)

    @property
    def _may_be_half_ours(self) -> bool:
        return False

    def _write(self, run: Transaction, text: str | None) -> None:
        if text is None:
            run.host.remove_text(self.path)
        else:
            run.host.replace_text(self.path, text)


class MakeDirectory(PathAction):
    """Make a directory where there is none."""

    name = "mkdir"

    def apply(self, run: Transaction) -> None:
        """Make it."""
        run.undo(f"the directory {self.path} is there", self._back, run)
        run.host.make_directory(self.path)

    def _back(self, run: Transaction) -> None:
        if run.host.stat(self.path) and not run.host.list(self.path):
            run.host.remove_directory(self.path)


class RemoveDirectory(PathAction):
    """Remove a directory in which nothing is left."""

    name = "rmdir"

    def apply(self, run: Transaction) -> None:
        """Remove it, unless somebody has put something there meanwhile."""
        run.undo(f"the directory {self.path} is gone", self._back, run)
        if not run.host.list(self.path):
            run.host.remove_directory(self.path)

    def _back(self, run: Transaction) -> None:
        if not run.host.stat(self.path):
            run.host.make_directory(self.path)


class Link(PathAction):
    """Make the symbolic link *path* say *target*; what it says now is *before*, None if there is nothing."""

    name = "link"
    target: str
    before: str | None = None
    reload: bool = False

    @property
    def detail(self) -> str:
        """Both ends."""
        return f"{self.path} to {self.target}"

    def apply(self, run: Transaction) -> None:
        """Make it."""
        _reload_after_going_back(run, self.path, reload=self.reload)
        run.undo(f"{self.path} leads to {self.target}", _link_back, run, self.path, self.before)
        _relink(run, self.path, self.target)


class Unlink(PathAction):
    """Remove the symbolic link *path*, which says *before*."""

    name = "unlink"
    before: str
    reload: bool = False

    def apply(self, run: Transaction) -> None:
        """Remove it."""
        _reload_after_going_back(run, self.path, reload=self.reload)
        run.undo(f"the link {self.path} to {self.before} is gone", _link_back, run, self.path, self.before)
        run.host.unlink(self.path)


class Mask(Link):
    """Keep systemd from starting a unit, whoever asks for it: a link to nowhere in its place (systemctl(1), mask)."""

    name = "mask"
    target: str = "/dev/null"
    maker: str = ""

    @property
    def detail(self) -> str:
        """The unit, and who made it."""
        return self.path.rpartition("/")[2] + (f", made by {self.maker}" if self.maker else "")


class SetValue(PathAction):
    """Set a value of the running kernel, in a file below /proc/sys or /sys; *before* is what it has."""

    name = "set"
    value: str
    before: str

    @property
    def detail(self) -> str:
        """The value under the name that people know, as in vm.swappiness."""
        return f"{_known_name(self.path)} from {self.before} to {self.value}"

    def apply(self, run: Transaction) -> None:
        """Set it."""
        run.undo(f"{_known_name(self.path)} is {self.value}", self._back, run)
        try:
            run.host.set_value(self.path, self.value)
        except Failed as failure:
            message = f"the kernel does not take {self.value} for {_known_name(self.path)}: {failure.message}"
            raise Failed(message, hint="take another value", code=failure.code, signal=failure.signal) from failure
        taken = (run.host.read_text(self.path) or "").strip()
        if taken != self.value.strip():
            message = f"the kernel makes {taken} of {self.value} for {_known_name(self.path)}"
            raise Failed(message, hint=f"take {taken}")

    def _back(self, run: Transaction) -> None:
        if (run.host.read_text(self.path) or "").strip() != self.before.strip():
            run.host.set_value(self.path, self.before)


def _reload_after_going_back(run: Transaction, path: str, *, reload: bool) -> None:
    if reload:
        run.undo(f"systemd may go by the changed {path}", daemon_reload, run.host)


def _known_name(path: str) -> str:
    return path.removeprefix("/proc/sys/").replace("/", ".") if path.startswith("/proc/sys/") else path


def _link_back(run: Transaction, path: str, before: str | None) -> None:
    if run.host.read_link(path) != before:
        _relink(run, path, before)


def _relink(run: Transaction, path: str, target: str | None) -> None:
    if run.host.read_link(path) is not None:
        run.host.unlink(path)
    if target is not None:
        run.host.symlink(target, path)
