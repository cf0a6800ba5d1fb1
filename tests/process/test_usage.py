"""Who uses memory and swap: figures of prepared processes, against what was done to them and what the kernel says."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from swapctl import process
from swapctl.process import rates
from swapctl.process.inquiry import PATIENCE
from swapctl.process.moments import moment
from tests.process.silent import LONGEST
from tests.process.stage import NOBODY, need, until

if TYPE_CHECKING:
    from tests.process.stage import Stage, Victim
    from tests.system.machine import Machine

MIB = 1 << 20
NEAR = 2 * MIB  # what Python itself needs, more or less

# Holds so many MiB, each page another one, so that nothing is compressed away or shared.
HOLDER = """\
import mmap

held = mmap.mmap(-1, int(sys.argv[2]) << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for place in range(0, len(held), 4096):
    held[place:place + 8] = place.to_bytes(8, "little")
say()
"""
# Has the kernel swap so many MiB of them out (madvise(2), MADV_PAGEOUT).
SWAPPED = (
    HOLDER
    + """
held.madvise(21, 0, int(sys.argv[3]) << 20)
say("swapped")
os.read(0, 1)
sum(held[::4096])
say("back")
os.read(0, 1)
"""
)
# Has a child that shares them all, and writes to so many MiB, which are copied then.
FORKED = (
    HOLDER
    + """
if not os.fork():
    for place in range(0, int(sys.argv[3]) << 20, 4096):
        held[place:place + 8] = b"anything"
    say()
    os.read(0, 1)
    os._exit(0)
os.read(0, 1)
"""
)


def status(pid: int, name: str) -> int:
    """Return a figure of /proc/PID/status in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:"))


def major_faults(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[9])


def pages_read() -> int:
    lines = Path("/proc/vmstat").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("pswpin "))


def row_of(stage: Stage, pid: int | str, *options: str) -> dict[str, Any]:
    rows: list[dict[str, Any]] = stage.swapctl("ps", "--pid", str(pid), *options).json["rows"]
    (row,) = rows
    return row


@pytest.fixture
def swapped(stage: Stage, machine: Machine) -> Victim:
    """Give a process with 48 MiB, 32 of which are swapped out."""
    machine.make_area(size=64 * MIB, active=True, options=("--priority", "32000"))
    victim = stage.victim(SWAPPED, "48", "32")
    assert victim.heard() == "swapped"
    return victim


def test_swap_is_what_was_swapped_out_and_looking_brings_nothing_back(stage: Stage, swapped: Victim):
    before = status(swapped.pid, "VmSwap"), major_faults(swapped.pid)
    row = row_of(stage, swapped.pid, "--pss")
    assert 31 * MIB <= row["swap"] <= 33 * MIB
    assert row["swap_pss"] == row["swap"] == before[0]
    assert row["rss"] == status(swapped.pid, "VmRSS")
    assert (status(swapped.pid, "VmSwap"), major_faults(swapped.pid)) == before


def test_who_has_most_swap_comes_first_and_the_rest_is_told(stage: Stage, swapped: Victim):
    found = stage.swapctl("ps", "--limit", "1").json
    assert [row["pid"] for row in found["rows"]] == [swapped.pid]
    assert found["total"] > 1
    assert found["swap_used"] >= found["swap_known"] >= 31 * MIB


# Swaps so many MiB out, and has so many children that share them.
SHARED_SWAP = (
    HOLDER
    + """
held.madvise(21, 0, int(sys.argv[2]) << 20)
for _number in range(int(sys.argv[3])):
    if not os.fork():
        os.read(0, 1)
        os._exit(0)
say("forked")
os.read(0, 1)
"""
)


def test_what_many_share_in_swap_is_no_more_than_each_ones_part_of_it(stage: Stage, machine: Machine):
    machine.make_area(size=64 * MIB, active=True, options=("--priority", "32000"))
    sharing = stage.victim(SHARED_SWAP, "16", "15")
    assert sharing.heard() == "forked"
    alone = stage.victim(SWAPPED, "8", "4")
    assert alone.heard() == "swapped"
    told = stage.swapctl("ps", "--limit", "3").json
    assert alone.pid not in [row["pid"] for row in told["rows"]]  # each of the others is told to have 16 MiB
    assert told["swap_known"] == told["swap_used"]  # though they would be 16 times 16 MiB: all that is known is no more
    shared = stage.swapctl("ps", "--limit", "3", "--pss").json
    assert shared["rows"][0]["pid"] == alone.pid
    every = stage.swapctl("ps", "--limit", "0", "--pss").json["rows"]
    assert [row["pid"] for row in shared["rows"]] == [row["pid"] for row in every[:3]]
    exact = stage.swapctl("ps", "--by", "program", "--pss", "--limit", "0", stage.mark).json["rows"]
    assert abs(sum(row["swap_pss"] for row in exact) - 20 * MIB) < MIB


def test_the_first_by_share_are_the_first_of_all(stage: Stage):
    for size in ("8", "16", "24"):
        stage.victim(FORKED, size, "4")
    first = stage.swapctl("ps", "--sort", "pss", "--limit", "2", stage.mark).json["rows"]
    every = stage.swapctl("ps", "--sort", "pss", "--limit", "0", stage.mark).json["rows"]
    assert [row["pid"] for row in first] == [row["pid"] for row in every][:2]
    assert [row["pss"] for row in every] == sorted((row["pss"] for row in every), reverse=True)


# Goes on in another thread when the first one has ended.
WITHOUT_FIRST_THREAD = """\
import ctypes, threading

def go_on():
    held = bytearray(os.urandom(16 << 20))
    say()
    sleep()
    del held

threading.Thread(target=go_on).start()
ctypes.CDLL(None).pthread_exit(None)
"""


@pytest.mark.parametrize("sort", ["swap", "rss", "pss", "age"])
def test_a_process_whose_first_thread_has_ended_has_memory(stage: Stage, sort: str):
    victim = stage.victim(WITHOUT_FIRST_THREAD)
    until(lambda: row_of(stage, victim.pid)["state"] == "Z", "its first thread has ended")
    row = row_of(stage, victim.pid, "--pss", "--sort", sort)
    assert row["rss"] > 16 * MIB
    assert row["pss"] > 16 * MIB
    (group,) = stage.swapctl("ps", "--by", "program", "--pss", "--pid", str(victim.pid)).json["rows"]
    assert (group["rss"], group["pss"] > 16 * MIB) == (row["rss"], True)


def test_what_comes_back_from_swap_is_told_a_second(swapped: Victim):
    selector = process.Selector(pid=(str(swapped.pid),))
    outer = pages_read(), major_faults(swapped.pid)
    before = moment(selector)
    swapped.tell()
    assert swapped.heard() == "back"
    now = moment(selector)
    elapsed, changed = now.at - before.at, rates.rates(before, now)
    (row,) = changed.rows.values()
    assert -33 * MIB <= row.swap * elapsed <= -31 * MIB
    assert round(row.major * elapsed) == major_faults(swapped.pid) - outer[1]
    # What is still in memory on its way to the area comes back without being read: only the kernel knows how much was.
    assert 0 <= round(changed.swapped_in * elapsed) <= (pages_read() - outer[0]) * resource.getpagesize()
    assert round(changed.major * elapsed) >= round(row.major * elapsed)


def test_what_is_shared_after_a_fork_is_shared_out(stage: Stage):
    parent = stage.victim(FORKED, "32", "8")
    assert parent.heard() == "ready"
    (child,) = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text(encoding="utf-8").split()
    rows = [row_of(stage, int(pid), "--pss") for pid in (parent.pid, child)]
    for row in rows:
        assert abs(row["rss"] - 32 * MIB) < 16 * MIB
        # Half of the 24 MiB that both have, and the 8 MiB that it has alone.
        assert abs(row["pss"] - 20 * MIB) < 4 * NEAR
    assert rows[1]["private_dirty"] >= 8 * MIB
    one = next(row for row in stage.swapctl("ps", "--by", "program", "--pss", "--limit", "0", stage.mark).json["rows"])
    assert one["count"] == 2
    assert one["rss"] >= 64 * MIB
    assert abs(one["pss"] - 40 * MIB) < 8 * NEAR


def test_a_user_is_the_sum_of_what_its_processes_have(stage: Stage):
    pids = [stage.victim(HOLDER + "os.read(0, 1)\n", "8").pid for _number in range(3)]
    (row,) = stage.swapctl("ps", "--by", "user", stage.mark).json["rows"]
    assert (row["name"], row["count"]) == ("root", 3)
    assert abs(row["rss"] - sum(status(pid, "VmRSS") for pid in pids)) < NEAR


def test_the_newest_is_one(stage: Stage):
    pids = [stage.victim().pid for _number in range(2)]
    assert [row["pid"] for row in stage.swapctl("ps", stage.mark, "--newest").json["rows"]] == pids[1:]
    assert [row["pid"] for row in stage.swapctl("ps", stage.mark, "--oldest").json["rows"]] == pids[:1]


def test_a_process_is_the_one_that_its_inode_says(stage: Stage):
    victim = stage.victim()
    assert row_of(stage, f"{victim.pid}:{victim.inode}")["pid"] == victim.pid
    run = stage.swapctl("ps", "--pid", f"{victim.pid}:{victim.inode + 1}")
    assert (run.code, run.json["rows"]) == (1, [])


def test_a_program_has_the_time_of_all_its_processes(stage: Stage):
    busy = "while time.process_time() < 0.2: pass\nsleep()"
    for _number in range(2):
        stage.victim(f"name(b'{stage.mark}')\n{busy}", marked=False)
    rows = stage.swapctl("ps", "--by", "program", "--sort", "cpu", "--limit", "0").json["rows"]
    (row,) = [one for one in rows if one["name"] == stage.mark]
    assert row["cpu"] >= 0.38
    assert row["count"] == 2


def test_a_zombie_is_shown_with_nothing(stage: Stage):
    victim = stage.victim("say()", reap=False)
    until(lambda: row_of(stage, victim.pid)["state"] == "Z", "a zombie")
    row = row_of(stage, victim.pid, "--pss")
    assert (row["rss"], row["swap"], row["pss"], row["swap_pss"]) == (0, 0, 0, 0)


def test_a_process_whose_memory_is_locked_holds_nothing_up(stage: Stage, silent: Victim):
    others = [stage.victim().pid for _number in range(2)]
    run = stage.swapctl("ps", "--pid", ",".join(map(str, [*others, silent.pid])), "--pss")
    rows = {row["pid"]: row for row in run.json["rows"]}
    assert sorted(rows) == sorted([*others, silent.pid])
    assert (rows[silent.pid]["pss"], rows[silent.pid]["rss"]) == (None, status(silent.pid, "VmRSS"))
    assert run.json["silent"] == 1
    assert run.elapsed < LONGEST
    quick = stage.swapctl("ps", "--pid", str(silent.pid))  # its memory need not be looked at for that
    assert quick.json["rows"][0]["pid"] == silent.pid


def test_a_process_whose_memory_is_locked_is_waited_for_once(silent: Victim):
    selector = process.Selector(pid=(str(silent.pid),))
    assert process.usage(selector, pss=True).silent == 1
    left_behind = len(os.listdir("/proc/self/task"))
    for _time in range(10):
        began = time.monotonic()
        assert process.usage(selector, pss=True).silent == 1
        assert time.monotonic() - began < PATIENCE
    until(lambda: len(os.listdir("/proc/self/task")) <= left_behind, "no other thread waits for it")


def test_of_a_group_is_told_what_is_known_of_each(stage: Stage):
    stage.victim()
    stage.victim(f"become({NOBODY})\nsleep()")
    (row,) = stage.swapctl("ps", "--by", "program", "--pss", stage.mark, nobody=True).json["rows"]
    assert (row["count"], row["pss"], row["swap_pss"]) == (2, None, None)
    assert row["rss"] > 0


def test_nobody_is_told_what_it_may_not_know(stage: Stage):
    victim = stage.victim()
    (row,) = stage.swapctl("ps", "--pid", str(victim.pid), "--pss", nobody=True).json["rows"]
    assert (row["pid"], row["pss"], row["swap_pss"]) == (victim.pid, None, None)
    assert row["rss"] == status(victim.pid, "VmRSS")


@pytest.mark.parametrize(("option", "denied"), [("noaccess", True), ("invisible", False)])
def test_hidden_processes_are_said_to_be_hidden(stage: Stage, option: str, *, denied: bool):
    need("unshare")
    stage.victim()
    hide = f'mount -t proc -o hidepid={option} proc /proc && exec "$@"'
    hidden = ("unshare", "--mount", "sh", "-c", hide, "sh", *stage.command(nobody=True), "ps", "--limit", "0")
    found = stage.run(*hidden, "--json").json
    assert found["partial"] is True
    assert {row["uid"] for row in found["rows"]} == {NOBODY}
    assert (found["denied"] > 0) == denied  # listed, and nothing said of them
    text = stage.run(*hidden)
    assert "swapctl: /proc hides the processes of others (hidepid): there may be more\n" in text.err
    assert ("the kernel does not tell all of " in text.err) == denied
    one = stage.run(*hidden, "--pid", str(os.getpid()), "--json")
    assert (one.code, one.json["rows"], one.json["partial"]) == (1, [], True)


def test_command_lines_are_told_on_request(stage: Stage):
    victim = stage.victim()
    assert row_of(stage, victim.pid)["argv"] == []
    raw = Path(f"/proc/{victim.pid}/cmdline").read_bytes()
    assert [os.fsencode(word) for word in row_of(stage, victim.pid, "--args")["argv"]] == raw.split(b"\0")[:-1]


def test_of_a_proc_that_shows_processes_alone_swap_is_not_told(stage: Stage):
    need("unshare")
    alone = ("unshare", "--mount", "sh", "-c", 'mount -t proc -o subset=pid proc /proc && exec "$@"', "sh")
    run = stage.swapctl("ps", "--limit", "1", wrapper=alone)
    told = run.json
    assert (run.code, len(told["rows"])) == (0, 1)
    assert (told["swap_total"], told["swap_used"], told["swap_known"]) == (None, None, None)
