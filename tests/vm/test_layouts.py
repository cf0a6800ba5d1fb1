"""A layout with units of systemd's is there after a reboot, and exclusive leaves nothing that comes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.vm.witness import look

if TYPE_CHECKING:
    from tests.vm.guest import Guest

pytestmark = [pytest.mark.vm, pytest.mark.nightly]

UUID = "3c0d4f1e-9b55-4d0a-8f53-1f2a6c7be001"
UNITS = "/etc/systemd/system"
BY_UUID = "dev-disk-by\\x2duuid-" + UUID.replace("-", "\\x2d")


@pytest.fixture
def packages() -> tuple[str, ...]:
    return ("systemd-zram-generator",)


def apply(guest: Guest, *areas: dict[str, Any], **more: object) -> list[str]:
    """Apply a layout, and return the names of what was done."""
    document = {"swap": {"areas": areas, **more}}
    guest.run(f"cat > /root/layout.json <<'END'\n{json.dumps(document)}\nEND")
    actions = json.loads(guest.run("swapctl apply /root/layout.json --json"))["actions"]
    return [action["name"] for action in actions]


def test_units_activate_what_fstab_did_and_a_host_without_swap_stays_so(guest: Guest):
    """Debian's zram-generator brings an area of its own at boot, which is nobody's wish in the end."""
    guest.install_swapctl()
    areas = (
        {"path": "/swap file", "size": "64M", "priority": 10, "persist": "systemd"},
        {"path": f"UUID={UUID}", "priority": 5, "nofail": True, "persist": "systemd"},
    )
    guest.run(
        f"mkswap -q -U {UUID} /dev/vdb; udevadm settle; echo '/dev/vdb none swap sw,pri=3 0 0' >> /etc/fstab; swapon -p 3 /dev/vdb"
    )
    before = look(guest)
    assert before.active == {"/dev/zram0": 100, "/dev/vdb": 3}
    assert apply(guest, *areas)
    made = look(guest)
    assert (made.listed, made.active) == ({}, {"/swap\\040file": 10, "/dev/vdb": 5, "/dev/zram0": 100})
    assert apply(guest, *areas) == []

    guest.reboot()

    now = look(guest)
    assert (now.system, now.target, now.failed) == ("running", "active", [])
    assert now.active == made.active
    assert {"swap\\x20file.swap", f"{BY_UUID}.swap"} <= now.units.keys()
    assert (
        guest.run("systemctl show --value -p FragmentPath 'swap\\x20file.swap'").strip()
        == f"{UNITS}/swap\\x20file.swap"
    )
    timeout = guest.run(f"systemctl show --value -p JobRunningTimeoutUSec '{BY_UUID}.device'")
    assert timeout.strip() == "30s"
    assert apply(guest, *areas) == []

    guest.has_second_disk = False
    guest.reboot()

    now = look(guest)
    assert (now.system, now.failed, now.active) == ("running", [], {"/swap\\040file": 10, "/dev/zram0": 100})

    done = json.loads(guest.run('echo \'{"swap": {"exclusive": true}}\' | swapctl apply - --json'))
    assert {one["path"]: one["origin"] for one in done["unlisted"]}["/dev/zram0"] == "systemd-zram-generator"
    assert look(guest).active == {}

    guest.reboot()

    now = look(guest)
    assert (now.system, now.failed, now.active, now.listed) == ("running", [], {}, {})
    guest.run("blkid --probe --match-token TYPE=swap '/swap file'")  # nobody asked for its deletion
    assert apply(guest, exclusive=True) == []
