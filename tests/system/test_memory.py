"""With a real process whose pages are really swapped out, in a memory cgroup with a limit below what the process holds.

The process lives through all of it: that is what is promised.
"""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import missing
from tests.system.machine import MIB, Machine

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOLDS, _LIMIT = 32 * MIB, 16 * MIB
_UUID = "3f2c1e0d-5b6a-4978-8899-aabbccddeeff"
_HOG = """
import mmap, sys, time
memory = mmap.mmap(-1, int(sys.argv[1]))
for place in range(0, len(memory), 4096):
    memory[place:place + 8] = place.to_bytes(8, "little")
print("holding", flush=True)
sys.stdin.readline()
whole = all(memory[place:place + 8] == place.to_bytes(8, "little") for place in range(0, len(memory), 4096))
print("whole" if whole else "broken", flush=True)
"""


class Hog:
    """A process that holds more memory than its cgroup lets it have."""

    def __init__(self, token: str) -> None:
        self.group = _make_group(token)
        self.process = subprocess.Popen(
            [
                "sh",
                "-c",
                'echo $$ > "$0/cgroup.procs" && exec "$@"',
                self.group,
                sys.executable,
                "-S",
                "-c",
                _HOG,
                str(_HOLDS),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "holding\n"

    @property
    def lives(self) -> bool:
        return self.process.poll() is None

    def is_whole(self) -> bool:
        """Have the process look at all its memory."""
        return self.process.communicate("go\n", timeout=60)[0] == "whole\n"

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        if not self.group.exists():  # closed already
            return
        deadline = time.monotonic() + 5
        while any(self.group.joinpath("cgroup.procs").read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        self.group.rmdir()


def _make_group(token: str) -> Path:
    first = Path("/sys/fs/cgroup/memory")
    if (first / "memory.limit_in_bytes").exists():
        group = first / f"swapctl-test-{token}"
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(_LIMIT))
        return group
    for top in (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/unified")):
        controllers = top / "cgroup.subtree_control"
        if controllers.exists() and "memory" in controllers.read_text().split():
            group = top / f"swapctl-test-{token}"
            group.mkdir()
            (group / "memory.max").write_text(str(_LIMIT))
            return group
    return missing("no memory cgroup to put a process in")


@pytest.fixture
def hog(machine: Machine) -> Iterator[Hog]:
    """Give a process with much of its memory in the test's area."""
    machine.hide_other_areas()
    # It must swap to the test's area: the highest priority there is.
    machine.make_area(size=64 * MIB, active=True, options=("--priority", "32767"), uuid=_UUID, label="precious")
    hog = Hog(machine.token)
    try:
        assert machine.used(machine.area) > 10 * MIB, "nothing was swapped out"
        yield hog
    finally:
        hog.close()


_SIZE = r"\d+(?:\.\d+)? [KMG]iB"


@pytest.mark.parametrize(
    "words", [("off", "{}"), ("remove", "{}"), ("ensure", "{}", "--inactive"), ("off", "{}", "--dry-run")]
)
def test_what_does_not_fit_is_refused_with_both_figures(machine: Machine, hog: Hog, words: tuple[str, ...]):
    before = machine.snapshot()
    refused = machine.swapctl(*(word.format(machine.area) for word in words), check=False)
    assert refused.code == 1
    assert refused.json["error"] == "Refused"
    assert re.search(rf"holds {_SIZE}, but .* room for only ({_SIZE}|0 B)", refused.err)
    assert hog.lives
    assert machine.snapshot() == before
    assert hog.is_whole()


def test_off_when_it_fits_again(machine: Machine, hog: Hog):
    hog.close()
    assert machine.swapctl("off", machine.area).names == ["swapoff"]
    assert machine.swaps() == {}


def test_off_when_another_area_takes_it(machine: Machine, hog: Hog):
    machine.make_area(machine.area.with_name(f"{machine.area.name}-2"), 64 * MIB, active=True)
    assert machine.swapctl("off", machine.area).names == ["swapoff"]
    assert machine.active(machine.area) is None
    assert hog.lives
    assert hog.is_whole()


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("--size", "96M"), id="larger"),
        pytest.param(("--size", "60M"), id="smaller"),
        pytest.param((), id="another-priority"),
    ],
)
def test_a_bridge_takes_the_load(machine: Machine, hog: Hog, words: tuple[str, ...]):
    wanted = ("ensure", str(machine.area), *words, "--priority", "7")
    dry = machine.swapctl(*wanted, "--dry-run")
    real = machine.swapctl(*wanted)
    assert [name for name in real.names if name in {"swapon", "swapoff"}] == ["swapon", "swapoff", "swapon", "swapoff"]
    assert real.names == dry.names
    assert hog.lives
    assert list(machine.swaps()) == [str(machine.area)]
    entry = machine.active(machine.area)
    assert entry
    assert (entry.priority, entry.size > 59 * MIB) == (7, True)
    found = machine.signature(machine.area)
    assert found["UUID"] == _UUID
    assert found["LABEL"] == "precious"
    assert [path.name for path in machine.area.parent.iterdir()] == [machine.area.name]
    assert not list(Path("/var/tmp").glob(f".*{machine.token}*"))
    assert hog.is_whole()
    assert not machine.swapctl(*wanted).json["changed"]


def test_a_bridge_goes_elsewhere_when_there_is_no_room_beside(machine: Machine):
    machine.hide_other_areas()
    machine.area = machine.mount("ext4", 96 * MIB, "-O", "^has_journal") / machine.area.name
    machine.make_area(size=64 * MIB, active=True, options=("--priority", "32767"))
    hog = Hog(machine.token)
    try:
        real = machine.swapctl("ensure", machine.area, "--size", "72M", "--priority", "7")
        bridge = next(action["detail"] for action in real.json["actions"] if action["name"] == "swapon")
        assert bridge.startswith("/var/tmp/."), bridge
        assert list(machine.swaps()) == [str(machine.area)]
        assert not list(Path("/var/tmp").glob(f".*{machine.token}*"))
        assert hog.is_whole()
    finally:
        hog.close()


def test_a_smaller_area_that_could_not_hold_it_is_refused(machine: Machine, hog: Hog):
    before = machine.snapshot()
    refused = machine.swapctl("ensure", machine.area, "--size", "8M", check=False)
    assert refused.code == 1
    assert "larger size" in refused.err
    assert machine.snapshot() == before
    assert hog.is_whole()


@pytest.mark.parametrize("program", ["swapoff", "mkswap"])
def test_killed_with_the_load_on_a_bridge(machine: Machine, hog: Hog, program: str):
    """The next run takes the bridge away, and not before the area can take what is on it."""
    count = machine.directory / "count"
    machine.fake(program, f'echo >> {count}; [ $(wc -l < {count}) = 2 ] && kill -9 $PPID && exit 1; exec "$REAL" "$@"')
    wanted = ("ensure", machine.area, "--size", "96M")
    assert machine.swapctl(*wanted, check=False).code in {-signal.SIGKILL, 128 + signal.SIGKILL}
    machine.unfake()
    machine.swapctl(*wanted)
    assert list(machine.swaps()) == [str(machine.area)]
    assert machine.is_whole_area(machine.area, 96 * MIB)
    assert [path.name for path in machine.area.parent.iterdir()] == [machine.area.name]
    assert hog.is_whole()


def test_a_failure_puts_the_load_back(machine: Machine, hog: Hog):
    before = machine.snapshot()
    once = machine.directory / "once"
    machine.fake(
        "swapon",
        f'case "$*" in *bridge*) ;; *) [ -e {once} ] || {{ touch {once}; exit 1; }} ;; esac; exec "$REAL" "$@"',
    )
    run = machine.swapctl("ensure", machine.area, "--size", "96M", check=False)
    assert run.code == 1
    assert "the machine is as it was" in run.err
    assert machine.snapshot() == before
    assert hog.is_whole()


def test_progress_of_swapoff_is_told(machine: Machine, hog: Hog):
    machine.make_area(machine.area.with_name(f"{machine.area.name}-2"), 64 * MIB, active=True)
    machine.fake("swapoff", 'sleep 0.7; exec "$REAL" "$@"')
    script = (
        "import sys\nfrom swapctl import swap\nsaid = []\n"
        "swap.off([sys.argv[1]], progress=lambda what, done, total: said.append((what, total)))\nprint(said[0])"
    )
    what = machine.run(sys.executable, "-S", "-c", script, machine.area).out
    assert what.startswith(f"('turning off {machine.area}', ")
    assert int(what.strip().rpartition(" ")[2].rstrip(")")) > 10 * MIB
    assert hog.is_whole()
