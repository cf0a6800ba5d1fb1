"""Ansible, run as its users run it, with one test's machine as its only host."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.support import missing, venv_path
from tools.pythons import find_python

if TYPE_CHECKING:
    from tests.system.machine import Machine

# What Ansible adds to a module's result.
_ANSIBLES_OWN = {"ansible_facts", "ansible_loop_var", "invocation", "swap_area", "warnings"}
# Stands in a result for any priority that the kernel chose.
CHOSEN = -1
_RESULT = re.compile(r"^(ok|changed|failed|fatal): \[localhost\].*? => (\{.*\})$", re.MULTILINE)


class Task(NamedTuple):
    """How a task, or one item of its loop, ended."""

    status: str
    result: dict[str, Any]


class Played(NamedTuple):
    """A play that has ended."""

    code: int
    text: str
    tasks: list[Task]

    @property
    def results(self) -> list[dict[str, Any]]:
        return [task.result for task in self.tasks]


class Controller:
    """Runs plays against *machine*, whose modules are run by *python*."""

    def __init__(self, machine: Machine, collections: Path, python: Path = Path(sys.executable)) -> None:
        self.machine = machine
        self.python = python
        self._collections = collections
        self._home = machine.directory / "home"
        self._home.mkdir()

    def play(self, playbook: str | Path, *flags: str, **variables: object) -> Played:
        """Run a playbook, named or as a file, with *variables* given on the command line."""
        variables["ansible_python_interpreter"] = str(self.python)
        run = self.machine.run(
            Path(sys.executable).parent / "ansible-playbook",
            *("--inventory", "localhost,"),
            *("--connection", "local"),
            *("--extra-vars", json.dumps(variables)),
            *("-v", *flags, playbook),
            env={
                "ANSIBLE_COLLECTIONS_PATH": str(self._collections),
                "ANSIBLE_LOCALHOST_WARNING": "false",
                "ANSIBLE_NOCOLOR": "true",
                "ANSIBLE_PIPELINING": "true",
                "HOME": str(self._home),
                "PATH": f"{self.machine.environment['PATH'].partition(':')[0]}:{venv_path()['PATH']}",
                "PYTHONPATH": "",  # the library comes with the module, or not at all
            },
            check=False,
        )
        text = run.out + run.err
        assert "Traceback" not in text, text
        assert "MODULE FAILURE" not in text, text
        tasks = [Task(status, _own(json.loads(result))) for status, result in _RESULT.findall(run.out)]
        return Played(run.code, text, tasks)

    def tasks(self, *tasks: dict[str, object], flags: tuple[str, ...] = ()) -> Played:
        """Run a play of *tasks*."""
        playbook = self.machine.directory / "play.yml"
        playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
        return self.play(playbook, *flags)

    def swap(self, *flags: str, **options: object) -> Played:
        """Run a play of one task with the module ``swapctl.linux.swap``."""
        return self.tasks(swap(**options), flags=flags)


def swap(**options: object) -> dict[str, object]:
    """Return a task with the module ``swapctl.linux.swap``."""
    return {"swapctl.linux.swap": options}


def isolated_python(directory: Path, version: str) -> Path:
    """Return a Python that has nothing but its standard library."""
    python = find_python(version)
    if python is None:
        missing(f"no Python {version} here")
    wrapper = directory / f"python{version}"
    wrapper.write_text(f'#!/bin/sh\nexec {python} -I -S "$@"\n', encoding="utf-8")
    wrapper.chmod(0o755)
    return wrapper


def _own(result: dict[str, Any]) -> dict[str, Any]:
    """Return what the module said, without what other users of this kernel decide.

    Anybody's pages may be in the area, and the priority that the kernel chose changes when another area goes.
    """
    own = {name: value for name, value in result.items() if name not in _ANSIBLES_OWN}
    whole = [part for name in ("before", "after") for part in [own.get(name) or {}]]
    states = [state for part in (own, *whole) for state in part.get("areas", ())] + [
        one for one in whole if "path" in one
    ]
    for state in states:
        state["used"] = 0
        state["priority"] = CHOSEN if (state["priority"] or 0) < 0 else state["priority"]
    for action in own.get("actions", ()):
        action["detail"] = re.sub(r", [\d.]+ [KMG]?i?B in use$", "", action["detail"])
    return own
