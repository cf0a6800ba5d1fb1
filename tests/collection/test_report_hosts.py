"""The playbook ``swapctl.linux.report`` over hosts of which some cannot be reached or looked at."""

from __future__ import annotations

import contextlib
import html
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import Browser
from tests.collection.test_report import BODIES, NAMES
from tests.server import ANSIBLES_OPTIONS, free_port
from tests.support import venv_path
from tests.system.machine import MIB, need

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.system

NAME = "{{7*7}}<b>x</b>"  # as long as the kernel lets a name be
IN_SWAP = """
import ctypes, mmap, sys
memory = mmap.mmap(-1, 8 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for at in range(0, len(memory), 4096):
    memory[at : at + 8] = at.to_bytes(8, "little")
ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)  # PR_SET_NAME
memory.madvise(21)  # MADV_PAGEOUT
print("ready", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def in_swap() -> Iterator[None]:
    """Have a process with a hostile name and memory that is swapped out."""
    process = subprocess.Popen([sys.executable, "-c", IN_SWAP, NAME], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield
    finally:
        process.communicate()


class Fleet:
    """Five hosts on one machine: one as it should be, four with something wrong."""

    def __init__(self, machine, collections_path):
        self.machine, self._collections = machine, collections_path
        self.page = machine.directory / "swap-report.html"
        self._home = machine.directory / "home"
        self._home.mkdir()
        wanted = machine.area.with_name(f"wanted-{machine.token}")
        local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
        hosts = {
            "plain": local,
            "differs": {**local, "swap_areas": [{"path": str(wanted), "size": "16M"}]},
            "refused": {**local, "swap_path": str(wanted), "swap_priority": 40000, "swap_size": "16M"},
            "broken": {**local, "ansible_python_interpreter": "/nonexistent/python"},
            "gone": {"ansible_host": "127.0.0.1", "ansible_port": free_port()},
        }
        self._inventory = machine.directory / "hosts.json"
        self._inventory.write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")

    def roll(self, **play: Any):
        """Run a playbook of somebody else's, a few hosts at a time."""
        playbook = self.machine.directory / "rolling.json"
        play = {"hosts": "all", "gather_facts": False, "serial": 2, "roles": ["swapctl.linux.report"], **play}
        playbook.write_text(json.dumps([play]), encoding="utf-8")
        return self.play(playbook=playbook)

    def play(self, *flags: str, playbook: str | Path = "swapctl.linux.report", **variables: Any):
        """Run a playbook where its page is wanted."""
        return self.machine.run(
            *(
                "env",
                "--chdir",
                self.machine.directory,
                f"PWD={self.machine.directory}",
                Path(sys.executable).parent / "ansible-playbook",
            ),
            *("--inventory", self._inventory, "--extra-vars", json.dumps(variables)),
            *(*flags, playbook),
            env={
                **venv_path(),
                "ANSIBLE_COLLECTIONS_PATH": str(self._collections),
                "ANSIBLE_LOCALHOST_WARNING": "false",
                "ANSIBLE_NOCOLOR": "true",
                "ANSIBLE_SSH_COMMON_ARGS": ANSIBLES_OPTIONS,
                "HOME": str(self._home),
            },
            check=False,
        )


@pytest.fixture
def fleet(machine, collections_path):
    need("ssh")
    return Fleet(machine, collections_path)


@pytest.fixture
def browser():
    browser = Browser()
    yield browser
    browser.close()


def details(browser):
    """Return the text about each host that is shown."""
    return {
        name: browser.eval(f"{BODIES}.find((one) => one.querySelector('button').textContent === '{name}').textContent")
        for name in browser.eval(NAMES)
    }


def test_every_host_is_on_the_page_and_nothing_is_changed(fleet, machine, browser):
    # The first to be filled, so that nobody else's area takes the memory along when it goes.
    machine.make_area(active=True, size=16 * MIB, options=("--priority", "32767"))
    before = machine.snapshot()
    with in_swap():
        played = fleet.play()

    after = machine.snapshot()
    assert {name: what for name, what in after.items() if before.get(name) != what} == {}
    assert played.code != 0, played.out
    browser.look()
    browser.open(fleet.page)
    assert (browser.complaints(), browser.requests()) == ([], [])
    told = details(browser)
    assert sorted(told) == ["broken", "differs", "gone", "plain", "refused"]
    assert "unreachable" in told["gone"]
    assert "Connection refused" in told["gone"]
    assert "failed" in told["broken"]
    assert "no layout in its variables" in told["plain"]
    assert f"would create /{machine.area.parent.relative_to('/')}" in told["differs"]
    assert "priority 40000" in told["refused"]
    for name in ("plain", "differs", "refused"):
        assert str(machine.area) in told[name]
        assert NAME in told[name]
    assert fleet.page.stat().st_mode & 0o777 == 0o600
    for name in ("gone", "broken"):
        assert f"fatal: [{name}]" in played.out


def test_check_mode_writes_the_page_as_well(fleet):
    fleet.play("--check", "--limit", "plain")
    assert fleet.page.exists()


def test_in_a_directory_the_page_has_its_usual_name(fleet, machine):
    directory = machine.directory / "pages"
    directory.mkdir()
    fleet.play("--limit", "plain", report_file=f"{directory}/")
    assert [page.name for page in directory.iterdir()] == ["swap-report.html"]


def test_its_variables_say_what_is_on_it_and_where(fleet, machine, browser):
    page = machine.directory / "other.html"
    said = {
        "report_file": str(page),
        "report_mode": "0644",
        "report_title": "What & where",
        "report_top": 0,
        "report_layouts": False,
        "report_hosts": "differs:gone",
    }
    with in_swap():
        played = fleet.play(**said)
    assert not fleet.page.exists()
    assert page.stat().st_mode & 0o777 == 0o644
    browser.open(page)
    assert browser.eval("document.title") == browser.eval("document.querySelector('h1').textContent") == "What & where"
    told = details(browser)
    assert sorted(told) == ["differs", "gone"]
    assert "no layout in its variables" not in told["differs"]
    assert "would create" not in told["differs"]
    assert NAME not in told["differs"]
    assert "Most in swap" not in told["differs"], played.out


def test_hosts_that_are_all_gone_are_on_the_page(fleet, browser):
    played = fleet.play("--limit", "gone,broken")
    browser.open(fleet.page)
    assert sorted(browser.eval(NAMES)) == ["broken", "gone"], played.out


def test_batches_are_all_on_the_page(fleet, browser):
    played = fleet.roll()
    assert (played.code, played.out.count("TASK [swapctl.linux.report : Write the page")) == (2, 3), played.out
    browser.open(fleet.page)
    told = details(browser)
    assert sorted(told) == ["broken", "differs", "gone", "plain", "refused"]
    assert [name for name, text in told.items() if "not looked at" in text] == []
    assert "unreachable" in told["gone"]


def test_a_batch_of_which_nothing_can_be_seen_ends_the_play_unless_its_errors_are_ignored(fleet, browser):
    seen = []
    for role in ({}, {"ignore_errors": True}):
        played = fleet.roll(order="reverse_inventory", roles=[{"role": "swapctl.linux.report", **role}])
        browser.open(fleet.page)
        told = details(browser)
        seen.append((played.code, {name for name, text in told.items() if "not looked at" in text}))
        assert "unreachable" in told["gone"]
        assert "failed" in told["broken"]
    assert seen == [(2, {"differs", "plain", "refused"}), (0, set())]


def test_no_command_line_is_read_of_who_is_in_swap(fleet, machine):
    need("strace")
    machine.make_area(active=True, size=16 * MIB, options=("--priority", "32767"))
    python = machine.directory / "traced-python"
    trace = f"strace -f -e trace=%file -o {machine.directory}/trace.$$"
    python.write_text(f'#!/bin/sh\nexec {trace} {sys.executable} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    with in_swap():
        played = fleet.play("--limit", "plain", ansible_python_interpreter=str(python))
    assert played.code == 0, played.out
    assert html.escape(NAME) in fleet.page.read_text(encoding="utf-8")
    opened = "".join(path.read_text(encoding="utf-8") for path in machine.directory.glob("trace.*"))
    of_process = r'"(?:(?:/proc/)?\d+/)?(status|cmdline|environ|exe|smaps|smaps_rollup)"'
    assert set(re.findall(of_process, opened)) == {"status"}


def test_wrong_variables_are_named(fleet):
    assert "report_top" in fleet.play("--limit", "plain", report_top="many").out
    assert not fleet.page.exists()
