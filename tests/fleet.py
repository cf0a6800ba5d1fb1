"""Twenty hosts on this machine, each with an SSH server at an address of its own, and the plays of their operator.

A host has an /etc, a /run and a name of its own, see `server.SSHD`. The kernel and its table of areas are one for all, so
each area has a path of its own, where a test's `Machine` has its areas: it tells what is active, and takes all away.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tests.server import ANSIBLES_OPTIONS, SSHD, free_port, make_keys, need_ssh
from tests.support import venv_path
from tests.system.machine import MIB, OTHERS, Machine, need

SIZE = 1 * MIB
PRIORITY = 3
# The kernel has room for some 23 areas, and others may have some: these hosts have theirs ready, and not in use.
RESERVE = ("node05", "node10", "node15", "node20")
FORKS = 10
_SECONDS = 240
# A play ends when the test run does, however, and all that it started with it: its connections are made to outlive it.
_TOGETHER = ("setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--")

# What becomes of a task, or of one item of its loop, and a host's line of the recap.
_SAID = re.compile(r"^\w+: \[(node\d+)\].*? => (\{.*\})$", re.MULTILINE)
_RECAP = re.compile(r"^(node\d+) +: ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+) ", re.MULTILINE)


class Recap(NamedTuple):
    """A host's line at the end of a play."""

    ok: int
    changed: int
    unreachable: int
    failed: int


class Played(NamedTuple):
    """A play that has ended: its exit status, what it printed, its recap, and what the module said of each host's area."""

    code: int
    text: str
    recap: dict[str, Recap]
    said: dict[str, dict[str, Any]]

    @property
    def actions(self) -> dict[str, list[dict[str, str]]]:
        return {name: result["actions"] for name, result in self.said.items() if "actions" in result}


class Look(NamedTuple):
    """What a host has: its area as the kernel shows it, the file at its path, and its fstab."""

    active: tuple[int, int | None] | None
    is_area: bool
    fstab: str


class Host:
    """One host of the fleet."""

    def __init__(self, fleet: Fleet, number: int) -> None:
        self.name = f"node{number:02}"
        self.address = f"127.0.1.{number}"
        self.area = fleet.machine.area.with_name(f"{self.name}-{fleet.machine.token}")
        self.first_fstab = f"{OTHERS}# {self.name}\n"
        self._fleet = fleet
        self._directory = fleet.machine.directory / self.name
        self._sshd: SSHD | None = None

    def start(self) -> None:
        """Have it come up; `wait` sees to the rest."""
        self._directory.mkdir()
        keys, port = self._fleet.machine.directory, self._fleet.port
        self._sshd = SSHD(self._directory, self.name, keys, port, self.address)

    def wait(self) -> None:
        """Wait until it can be logged in to."""
        assert self._sshd
        self._sshd.open()
        self._sshd.etc("fstab").write_text(self.first_fstab, encoding="utf-8")

    def look(self) -> Look | None:
        """Return what it has; None while it is not up."""
        if self._sshd is None:
            return None
        machine = self._fleet.machine
        return Look(
            machine.active(self.area),
            self.area.exists() and machine.is_whole_area(self.area, SIZE),
            self._sshd.etc("fstab").read_text(encoding="utf-8"),
        )

    def close(self) -> None:
        if self._sshd:
            self._sshd.close()


class Fleet:
    """See the module. All hosts but *down* are up once it is opened."""

    def __init__(self, disk: Path, collections: Path, down: str) -> None:
        need_ssh()
        need("setpriv")
        self._collections = collections
        self._down = down
        self._stack = contextlib.ExitStack()
        self.port = free_port()
        self.machine = Machine(disk)
        self._stack.callback(self.machine.close)
        self._home = self.machine.directory / "home"
        self.hosts = [Host(self, number) for number in range(1, 21)]

    def open(self) -> None:
        """Bring the hosts up, all at once."""
        self.machine.open()
        directory = self.machine.directory
        make_keys(directory)
        self._home.mkdir()
        up = [host for host in self.hosts if host.name != self._down]
        for host in self.hosts:
            self._stack.callback(host.close)
        for host in up:
            host.start()
        for host in up:
            host.wait()
        (directory / "hosts.json").write_text(json.dumps(self._inventory()), encoding="utf-8")
        rolling = {"hosts": "all", "gather_facts": False, "serial": 5, "roles": ["swapctl.linux.swap"]}
        self.rolling.write_text(json.dumps([rolling]), encoding="utf-8")

    def __getitem__(self, name: str) -> Host:
        return next(host for host in self.hosts if host.name == name)

    @property
    def rolling(self) -> Path:
        """A playbook of the operator's own: the role, five hosts at a time."""
        return self.machine.directory / "rolling.yml"

    @property
    def retry_file(self) -> Path:
        """Where Ansible leaves the names of the hosts that it could not bring about."""
        return self.machine.directory / "retry" / "swap.retry"

    def _inventory(self) -> dict[str, object]:
        directory = self.machine.directory
        return {
            "all": {
                "hosts": {
                    host.name: {
                        "ansible_host": host.address,
                        "swap_path": str(host.area),
                        "swap_active": host.name not in RESERVE,
                    }
                    for host in self.hosts
                },
                "vars": {
                    "ansible_port": self.port,
                    "ansible_user": "root",
                    "ansible_python_interpreter": sys.executable,
                    "ansible_remote_tmp": "/run/ansible",
                    "ansible_ssh_private_key_file": str(directory / "key"),
                    "ansible_ssh_common_args": ANSIBLES_OPTIONS,
                    "ansible_control_path_dir": str(self._home / "cp"),
                    "swap_size": SIZE,
                    "swap_priority": PRIORITY,
                },
            }
        }

    def play(self, playbook: str | Path, *flags: str) -> Played:
        """Run a playbook, named or as a file, over the hosts."""
        command = self.machine.command(
            *_TOGETHER,
            Path(sys.executable).parent / "ansible-playbook",
            *("--inventory", self.machine.directory / "hosts.json"),
            *("--forks", str(FORKS), "-v", *flags, playbook),
        )
        foreign = ("ANSIBLE", "PYTHON", "SSH")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        done = subprocess.run(
            command,
            cwd=self._home,
            env={
                **inherited,
                **venv_path(),
                "ANSIBLE_COLLECTIONS_PATH": str(self._collections),
                "ANSIBLE_NOCOLOR": "true",
                "ANSIBLE_PIPELINING": "true",
                "ANSIBLE_RETRY_FILES_ENABLED": "true",
                "ANSIBLE_RETRY_FILES_SAVE_PATH": str(self.retry_file.parent),
                "HOME": str(self._home),
                "LC_ALL": "C.UTF-8",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        recap = {name: Recap(*map(int, numbers)) for name, *numbers in _RECAP.findall(done.stdout)}
        results = ((name, json.loads(result)) for name, result in _SAID.findall(done.stdout))
        said = {name: result for name, result in results if "unlisted" in result or "hint" in result}
        return Played(done.returncode, done.stdout, recap, said)

    def looks(self) -> dict[str, Look | None]:
        """Return what each host has."""
        return {host.name: host.look() for host in self.hosts}

    def close(self) -> None:
        """Take all away."""
        self._stack.close()
