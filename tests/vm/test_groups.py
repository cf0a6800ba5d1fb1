"""What control groups of version 2 let a process have, where systemd limits its memory and its swap."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.vm.guest import Guest

pytestmark = [pytest.mark.vm, pytest.mark.nightly]

MIB = 1 << 20
# Has 24 MiB, and 8 of them in swap.
HOLDER = """\
import mmap, signal

held = mmap.mmap(-1, 24 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
for place in range(0, len(held), 4096):
    held[place:place + 8] = place.to_bytes(8, "little")
held.madvise(21, 0, 8 << 20)
open("/run/held", "x").close()
signal.pause()
"""


def test_what_a_unit_may_swap_is_told_with_what_it_has(guest: Guest):
    guest.install_swapctl()
    guest.run("swapctl ensure /swapfile --size 64M")
    guest.run(f"cat > /root/holder.py <<'END'\n{HOLDER}\nEND")
    guest.run("systemctl set-property --runtime limited.slice MemorySwapMax=16M MemoryHigh=128M")
    guest.run(
        "systemd-run --quiet --unit held.service --slice limited.slice -p MemoryMax=96M -p MemorySwapMax=32M"
        " python3 /root/holder.py; until test -e /run/held; do sleep 0.2; done"
    )
    pid = int(guest.run("systemctl show --value -p MainPID held.service"))
    one = json.loads(guest.run(f"swapctl inspect {pid} --json"))
    files = "/sys/fs/cgroup/limited.slice/held.service"
    current = int(guest.run(f"cat {files}/memory.current"))
    assert abs(one["cgroup"].pop("memory") - current) < 4 * MIB
    assert one["cgroup"] == {
        "version": 2,
        "path": "/limited.slice/held.service",
        "memory_max": 96 * MIB,
        "memory_high": 128 * MIB,  # its slice's
        "swap": int(guest.run(f"cat {files}/memory.swap.current")),
        "swap_max": 16 * MIB,  # what its slice has is less than what it may have itself
    }
    assert one["cgroup"]["swap"] >= one["memory"]["swap"] >= 7 * MIB
    (row,) = json.loads(guest.run("swapctl ps --by unit --unit held --json"))["rows"]
    assert (row["name"], row["swap"]) == ("held.service", one["memory"]["swap"])
    text = guest.run(f"swapctl inspect {pid}")
    assert "16 MiB" in text
