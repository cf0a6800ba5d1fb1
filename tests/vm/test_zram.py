"""An area in compressed RAM is there after a reboot, by systemd-zram-generator and by a unit of ours, where zram is a module."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.vm.witness import look

if TYPE_CHECKING:
    from tests.vm.guest import Guest

pytestmark = [pytest.mark.vm, pytest.mark.nightly]

MIB = 1 << 20
GENERATOR = "/etc/systemd/zram-generator.conf"


@pytest.fixture
def packages(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return getattr(request, "param", ())


with_generator = pytest.mark.parametrize("packages", [("systemd-zram-generator",)], indirect=True)


def apply(guest: Guest, *areas: dict[str, Any]) -> list[str]:
    """Apply a layout with *areas*, and return the names of what was done."""
    guest.run(f"cat > /root/layout.json <<'END'\n{json.dumps({'swap': {'areas': areas}})}\nEND")
    actions = json.loads(guest.run("swapctl apply /root/layout.json --json"))["actions"]
    return [action["name"] for action in actions]


def zram(guest: Guest) -> dict[str, dict[str, Any]]:
    """Return what the kernel says of each device, and swaplabel of the area on it."""
    script = """
for device in /sys/block/zram*; do
    name=${device##*/}
    set -- $(cat $device/mm_stat)
    printf '%s %s %s %s %s\\n' $name $(cat $device/disksize) \\
        $(sed 's/.*\\[\\(.*\\)\\].*/\\1/' $device/comp_algorithm) $4 "$(swaplabel /dev/$name 2>&1 | sed -n 's/LABEL: //p')"
done"""
    rows = (line.split() for line in guest.run(script).splitlines())
    return {
        row[0]: {"size": int(row[1]), "algorithm": row[2], "limit": int(row[3]), "label": "".join(row[4:])}
        for row in rows
    }


def ram(guest: Guest) -> int:
    return int(guest.run("awk '/^MemTotal/ {print $2}' /proc/meminfo")) * 1024


@with_generator
def test_by_the_generator(guest: Guest):
    """Debian's package brings an area on zram0 at boot already: it is taken over, changed, and there again."""
    guest.install_swapctl()
    theirs = guest.run(f"cat {GENERATOR}")
    assert look(guest).active == {"/dev/zram0": 100}
    area = {"zram": "zram0", "size": "25%", "algorithm": "zstd", "priority": 50}
    assert apply(guest, area)[:5] == ["swapoff", "zram-reset", "zram-setup", "format", "swapon"]
    made = zram(guest)["zram0"]
    assert (made["algorithm"], look(guest).active) == ("zstd", {"/dev/zram0": 50})
    assert apply(guest, area) == []

    guest.reboot()

    now = look(guest)
    assert (now.system, now.failed, now.active) == ("running", [], {"/dev/zram0": 50})
    assert (
        guest.run("systemctl show --value -p FragmentPath dev-zram0.swap").strip().startswith("/run/systemd/generator/")
    )
    assert abs(zram(guest)["zram0"]["size"] / ram(guest) - 0.25) < 0.005  # the generator counts RAM in whole MiB
    assert zram(guest)["zram0"]["algorithm"] == "zstd"
    assert apply(guest, area) == []
    assert guest.run(f"cat {GENERATOR}") == theirs

    assert apply(guest, {**area, "priority": 60})[:5] == ["swapoff", "zram-reset", "zram-setup", "format", "swapon"]
    assert look(guest).active == {"/dev/zram0": 60}
    assert (look(guest).system, look(guest).failed) == ("running", [])
    assert apply(guest, {"zram": "zram0", "state": "absent"})[:2] == ["swapoff", "zram-reset"]

    guest.reboot()

    now = look(guest)
    assert (now.system, now.failed, now.active) == ("running", [], {})
    assert apply(guest, {"zram": "zram0", "state": "absent"}) == []
    assert guest.run(f"cat {GENERATOR}") == theirs


def test_by_a_unit_of_ours(guest: Guest):
    """Two devices, where no generator is installed and the module is not loaded yet."""
    guest.install_swapctl()
    assert guest.run("ls /sys/block").count("zram") == 0
    first = {"zram": "zram0", "size": "64M", "priority": 50}
    second = {"zram": "zram1", "size": "32M", "algorithm": "zstd", "memory_limit": "16M", "label": "fast"}
    assert apply(guest, first, second)[:4] == ["modprobe", "zram-setup", "format", "swapon"]
    made = zram(guest)
    assert made["zram1"] == {"size": 32 * MIB, "algorithm": "zstd", "limit": 16 * MIB, "label": "fast"}
    assert made["zram0"]["size"] == 64 * MIB
    assert look(guest).active == {"/dev/zram0": 50, "/dev/zram1": 100}
    assert apply(guest, first, second) == []
    guest.run("systemctl start swap.target")  # of what is in use already nothing is touched
    assert (look(guest).active, look(guest).failed) == ({"/dev/zram0": 50, "/dev/zram1": 100}, [])
    assert zram(guest) == made

    guest.reboot()

    now = look(guest)
    assert (now.system, now.failed) == ("running", [])
    assert now.active == {"/dev/zram0": 50, "/dev/zram1": 100}
    assert zram(guest) == made
    assert apply(guest, first, second) == []

    guest.run("systemctl restart dev-zram1.swap")
    assert apply(guest, first, second) == []
    assert apply(guest, first, {**second, "size": "48M"})[:5] == [
        "swapoff",
        "zram-reset",
        "zram-setup",
        "format",
        "swapon",
    ]
    assert look(guest).active == {"/dev/zram0": 50, "/dev/zram1": 100}
    gone = [{"zram": name, "state": "absent"} for name in ("zram0", "zram1")]
    apply(guest, *gone)
    assert (look(guest).active, list(zram(guest)), look(guest).failed) == ({}, ["zram0"], [])
    assert guest.run("find /etc/systemd -name '*zram*' ! -type d") == ""

    guest.reboot()

    now = look(guest)
    assert (now.system, now.failed, now.active) == ("running", [], {})
    assert apply(guest, *gone) == []
