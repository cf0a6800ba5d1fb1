"""What ``swapctl metrics`` says, beside what the kernel says: of areas, and of a process that really is in swap."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client.openmetrics import parser

from tests.system.machine import MIB, SWAPCTL

if TYPE_CHECKING:
    from tests.system.machine import Machine

# A process that has some memory, and asks the kernel to swap it out: MADV_PAGEOUT, madvise(2).
_SWAPPED = """
import mmap, os, sys
with open("/proc/self/comm", "w") as file:
    file.write(sys.argv[1])
memory = mmap.mmap(-1, 16 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.write(os.urandom(16 << 20))
memory.madvise(21)
print("out", flush=True)
sys.stdin.read()
"""


# The same in a process whose first thread has ended.
_WITHOUT_FIRST_THREAD = f"""
import ctypes, threading
threading.Thread(target=exec, args=({_SWAPPED!r},)).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def _metrics(machine: Machine, *arguments: str) -> dict[tuple[str, ...], float]:
    text = machine.run(*SWAPCTL, "metrics", *arguments).out
    samples = [one for family in parser.text_string_to_metric_families(text) for one in family.samples]
    return {(one.name, *one.labels.values()): one.value for one in samples}


@pytest.mark.parametrize("source", [_SWAPPED, _WITHOUT_FIRST_THREAD], ids=["ordinary", "first-thread-ended"])
def test_an_area_and_what_goes_to_it_and_whose_it_is(machine: Machine, source: str):
    """Others may have areas with the same priority, and swap things out: so the kernel is asked before and afterwards."""
    machine.make_area(size=32 * MIB, active=True, options=("--priority", "32767"))
    name = f"m{machine.token}"
    before = _metrics(machine)
    command = [sys.executable, "-c", source, name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "out\n"
        used = [machine.used(machine.area)]
        found = _metrics(machine, "--top", "50")
        used.append(machine.used(machine.area))
        tasks = Path(f"/proc/{process.pid}/task").iterdir()
        status = "".join((task / "status").read_text(encoding="utf-8") for task in tasks)
        process.communicate("")
    swapped = next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmSwap"))
    assert swapped >= 8 * MIB
    area = {key[0]: value for key, value in found.items() if key[1:] == (str(machine.area), "file")}
    assert area["swapctl_area_size_bytes"] == 32 * MIB
    assert area["swapctl_area_priority"] == 32767
    assert used[0] > 0
    assert min(used) - MIB <= area["swapctl_area_used_bytes"] <= max(used) + MIB
    (mine,) = (value for key, value in found.items() if key[:2] == ("swapctl_program_swap_bytes", name))
    assert abs(mine - swapped) <= MIB
    assert found["swapctl_processes_swap_bytes",] >= swapped - MIB
    written = ("swapctl_swap_out_bytes_total",)
    assert found[written] - before[written] >= swapped - MIB


def test_who_sees_no_processes_of_others_is_told_so(machine: Machine):
    note = "swapctl: processes of others are hidden from this user (hidepid), so their swap is not counted\n"
    told = [machine.swapctl("metrics", nobody=True)]
    machine.run("mount", "-t", "proc", "-o", "hidepid=2", "proc", "/proc")
    told += [machine.swapctl("metrics", nobody=True), machine.swapctl("metrics")]
    assert [run.err for run in told] == ["", note, ""]
    for run, hidden in zip(told, [0, 1, 0]):
        (family,) = (one for one in run.json["metrics"] if one["name"] == "swapctl_processes_hidden")
        assert family["samples"] == [{"labels": {}, "value": hidden}]


@pytest.mark.parametrize("verb", ["metrics", "status", "doctor", "advise"])
def test_where_proc_tells_of_processes_alone_nothing_is_made_up(machine: Machine, verb: str):
    """Neither that there are no areas, nor that nothing is swapped out."""
    alone = 'mount -t proc -o subset=pid proc /proc && exec "$@"'
    inside = ("unshare", "--mount", "--propagation", "private", "sh", "-c", alone, "sh")
    run = machine.run(*inside, *SWAPCTL, verb, check=False)
    message = "/proc/meminfo is not there, so what there is of memory and swap cannot be seen"
    hint = "mount a whole proc, without subset=pid: mount -t proc proc /proc"
    assert (run.code, run.out, run.err) == (1, "", f"swapctl: {message}; hint: {hint}\n")


def test_starts_no_program(machine: Machine):
    machine.make_area(size=8 * MIB, active=True)
    text = machine.run("strace", "-f", "-e", "trace=execve", *SWAPCTL, "metrics", "--findings").err
    assert text.count("execve(") == 1
