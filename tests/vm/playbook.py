"""Ansible on this machine, with a guest as its only host: over SSH, as its users run it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.support import venv_path

if TYPE_CHECKING:
    from tests.vm.guest import Guest

_RECAP = re.compile(r"^guest +: ok=\d+ +changed=(\d+) +unreachable=0 +failed=0 ", re.MULTILINE)
_FOREIGN = ("ANSIBLE", "PYTHON", "SSH")
_SECONDS = 600


class Playbooks(NamedTuple):
    """The collection's own playbooks, found under *collections*, for *guest*."""

    guest: Guest
    collections: Path

    def play(self, name: str, *areas: dict[str, object]) -> int:
        """Run ``swapctl.linux.<name>`` with *areas*, which must succeed, and return how many tasks changed something."""
        variables = {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.guest.port,
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_ssh_args": " ".join(self.guest.ssh_options),
            "ansible_user": "root",
            "swap_areas": areas,
        }
        home = self.guest.directory / "home"
        home.mkdir(exist_ok=True)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        done = subprocess.run(
            [
                Path(sys.executable).parent / "ansible-playbook",
                *("--inventory", "guest,", "--extra-vars", json.dumps(variables)),
                *("-v", "--diff", f"swapctl.linux.{name}"),
            ],
            cwd=home,
            env={
                **inherited,
                **venv_path(),
                "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
                "ANSIBLE_NOCOLOR": "true",
                "ANSIBLE_PIPELINING": "true",
                "HOME": str(home),
                "LC_ALL": "C.UTF-8",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        recap = _RECAP.search(done.stdout)
        assert recap, done.stdout
        assert done.returncode == 0, done.stdout
        return int(recap[1])
