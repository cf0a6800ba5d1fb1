"""Make one system call of swapctl fail, or kill swapctl at it: every one that changes something, in turn (strace(1))."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tests.system.machine import need

if TYPE_CHECKING:
    from pathlib import Path

    from tests.system.machine import Machine, Run

_CALL = re.compile(r"(\w+)\(")
_CHANGES = {
    "fallocate", "pwrite64", "write", "ftruncate", "fsync", "rename", "link", "linkat", "unlink", "fchmod", "fchown", "fsetxattr",
}  # fmt: skip
_ERRORS = {"fallocate": "ENOSPC", "pwrite64": "ENOSPC", "openat": "ENOSPC", "fsync": "EIO"}


class Call(NamedTuple):
    """The *nth* call of its name, among those that touch the test's files."""

    name: str
    nth: int
    text: str

    @property
    def error(self) -> str:
        """How it could fail."""
        return _ERRORS.get(self.name, "EPERM")


def changing_calls(machine: Machine, *arguments: str | Path) -> list[Call]:
    """Run swapctl and return its calls that change files, in order."""
    return [call for call in watched_calls(machine, *arguments) if call.name in _CHANGES or "O_CREAT" in call.text]


def watched_calls(machine: Machine, *arguments: str | Path) -> list[Call]:
    """Run swapctl and return its calls that touch the test's files; those of the programs it runs are not among them."""
    log = machine.directory / "strace.log"
    machine.swapctl(*arguments, wrapper=_strace(machine, log))
    counts: dict[str, int] = {}
    found = []
    for line in log.read_text(errors="replace").splitlines():
        match = _CALL.match(line)
        if not match:
            continue
        name = match.group(1)
        counts[name] = counts.get(name, 0) + 1
        found.append(Call(name, counts[name], line))
    assert found, "strace saw nothing"
    return found


def inject(machine: Machine, call: Call, what: str, *arguments: str | Path) -> Run:
    """Run swapctl with *what* (``signal=KILL``, ``error=EIO``) happening at *call*."""
    wrapper = (*_strace(machine, machine.directory / "strace.log"), "-e", f"inject={call.name}:{what}:when={call.nth}")
    run = machine.swapctl(*arguments, wrapper=wrapper, check=False)
    log = (machine.directory / "strace.log").read_text(errors="replace")
    assert "INJECTED" in log or "--- SIG" in log or "+++ killed" in log, f"nothing was injected at {call.text}"
    return run


def _strace(machine: Machine, log: Path) -> tuple[str | Path, ...]:
    need("strace")
    area = machine.area
    near = [area.with_name(f".{area.name}.swapctl-{kind}") for kind in ("new", "old", "bridge")]
    fstab = ["/etc/fstab", "/etc/.fstab.swapctl-new", "/etc"]
    paths = [area, area.parent, *near, *fstab]
    watched = [word for path in paths for word in ("-P", str(path))]
    return ("strace", "-y", "-o", log, *watched)
