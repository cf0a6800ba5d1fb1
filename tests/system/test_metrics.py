"""What ``swapctl metrics`` says, beside what the kernel says: of areas, and of a process that really is in swap."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

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


def _metrics(machine: Machine, *arguments: str) -> dict[tuple[str, ...], float]:
    text = machine.run(*SWAPCTL, "metrics", *arguments).out
    samples = [one for family in parser.text_string_to_metric_families(text) for one in family.samples]
    return {(one.name, *one.labels.values()): one.value for one in samples}


def test_an_area_and_what_goes_to_it_and_whose_it_is(machine: Machine):
    machine.make_area(size=32 * MIB, active=True, options=("--priority", "32000"))
    name = f"m{machine.token}"
    before = _metrics(machine)
    command = [sys.executable, "-c", _SWAPPED, name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "out\n"
        found = _metrics(machine, "--top", "50")
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        process.communicate("")
    swapped = next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmSwap"))
    assert swapped >= 8 * MIB
    area = {key[0]: value for key, value in found.items() if key[1:] == (str(machine.area), "file")}
    assert area["swapctl_area_size_bytes"] == 32 * MIB
    assert area["swapctl_area_priority"] == 32000
    assert area["swapctl_area_used_bytes"] >= swapped - MIB
    (mine,) = (value for key, value in found.items() if key[:2] == ("swapctl_program_swap_bytes", name))
    assert abs(mine - swapped) <= MIB
    assert found["swapctl_processes_swap_bytes",] >= swapped - MIB
    written = ("swapctl_swap_out_bytes_total",)
    assert found[written] - before[written] >= swapped - MIB


def test_starts_no_program(machine: Machine):
    machine.make_area(size=8 * MIB, active=True)
    text = machine.run("strace", "-f", "-e", "trace=execve", *SWAPCTL, "metrics", "--findings").err
    assert text.count("execve(") == 1
