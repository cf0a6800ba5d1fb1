"""Make one system call of swapctl fail, or kill swapctl at it: every one that changes something, in turn (strace(1))."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.system.machine import need

if TYPE_CHECKING:
    from tests.system.machine import Machine, Run

_INJECTED = re.compile(r"INJECTED|--- SIG(?!CHLD)|\+\+\+ killed")
_CALL = re.compile(r"(\w+)\(")
_CHANGES = {
    "fallocate", "pwrite64", "write", "ftruncate", "fsync", "rename", "link", "linkat", "unlink", "fchmod", "fchown", "fsetxattr",
}  # fmt: skip
_ERRORS = {"fallocate": "ENOSPC", "pwrite64": "ENOSPC", "openat": "ENOSPC", "fsync": "EIO"}


class Call(NamedTuple):
    """The *nth* call of its name, among those that touch *paths*.

    Counted for its own files alone: swapctl reads others once more when somebody's pages happen to lie on an area.
    """

    name: str
    nth: int
    paths: tuple[Path, ...]
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
    watched = _watched(machine)
    machine.swapctl(*arguments, wrapper=_strace(watched, log))
    found: list[Call] = []
    for line in log.read_text(errors="replace").splitlines():
        match = _CALL.match(line)
        if not match:
            continue
        name = match.group(1)
        paths = _touched(line, watched)
        before = [call for call in found if call.name == name and not set(paths).isdisjoint(call.paths)]
        found.append(Call(name, len(before) + 1, paths, line))
    assert found, "strace saw nothing"
    return found


def inject(machine: Machine, call: Call, what: str, *arguments: str | Path) -> Run:
    """Run swapctl with *what* (``signal=KILL``, ``error=EIO``) happening at *call*."""
    log = machine.directory / "strace.log"
    wrapper = (*_strace(call.paths, log), "-e", f"inject={call.name}:{what}:when={call.nth}")
    run = machine.swapctl(*arguments, wrapper=wrapper, check=False)
    text = log.read_text(errors="replace")
    assert _INJECTED.search(text), f"nothing was injected at {call.text}"
    return run


def _watched(machine: Machine) -> tuple[Path, ...]:
    area = machine.area
    near = [area.with_name(f".{area.name}.swapctl-{kind}") for kind in ("new", "old", "bridge")]
    fstab = Path("/etc/fstab"), Path("/etc/.fstab.swapctl-new"), Path("/etc")
    return (area, area.parent, *near, *fstab)


def _touched(line: str, watched: tuple[Path, ...]) -> tuple[Path, ...]:
    touched = tuple(path for path in watched if f'"{path}"' in line or f"<{path}>" in line)
    assert touched, f"strace shows none of the files it was asked for: {line}"
    return touched


def _strace(paths: tuple[Path, ...], log: Path) -> tuple[str | Path, ...]:
    need("strace")
    return ("strace", "-y", "-o", log, *(word for path in paths for word in ("-P", path)))
