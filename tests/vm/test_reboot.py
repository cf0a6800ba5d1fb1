"""What a playbook brings about is there after a reboot, and what it takes away stays away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.vm.witness import boot_seconds, look

if TYPE_CHECKING:
    from tests.vm.guest import Guest
    from tests.vm.playbook import Playbooks

pytestmark = pytest.mark.vm

UUID = "3c0d4f1e-9b55-4d0a-8f53-1f2a6c7be001"
BY_UUID = f"UUID={UUID}"
SWAPFILE: dict[str, object] = {"path": "/swapfile", "size": "64M", "priority": 10, "nofail": True}
DEVICE: dict[str, object] = {"path": BY_UUID, "priority": 5}
UNIT = "dev-disk-by\\x2duuid-" + UUID.replace("-", "\\x2d") + ".swap"


@pytest.fixture(autouse=True)
def _second_disk(guest: Guest) -> None:
    """Have a header on the second disk: a device that is named by its UUID must have one."""
    guest.run(f"mkswap --uuid {UUID} /dev/vdb; udevadm settle")


@pytest.mark.parametrize(
    "suite",
    [
        "bookworm",
        pytest.param("trixie", marks=pytest.mark.nightly),
        pytest.param("bullseye", marks=pytest.mark.nightly),
    ],
)
def test_areas_are_active_after_a_reboot(guest: Guest, playbooks: Playbooks):
    areas = (SWAPFILE, DEVICE)
    before = look(guest)
    assert playbooks.play("swap", *areas) == 1
    made = look(guest)
    assert made.active == {"/swapfile": 10, "/dev/vdb": 5}
    assert made.fstab.startswith(before.fstab)
    assert guest.run("systemctl show --value --property=SourcePath swapfile.swap").strip() == "/etc/fstab"

    guest.reboot()

    now = look(guest)
    assert (now.system, now.target, now.failed) == ("running", "active", [])
    assert now.active == {"/swapfile": 10, "/dev/vdb": 5}
    assert {"swapfile.swap", UNIT} <= now.units.keys()
    assert set(now.units.values()) == {"active"}
    assert now.listed.keys() == {"/swapfile", "/dev/vdb"}
    assert now.named == ["/swapfile", BY_UUID]
    assert now.header == UUID
    assert now.fstab == made.fstab
    assert playbooks.play("swap", *areas) == 0
    assert look(guest) == now


@pytest.mark.nightly
def test_removed_areas_are_gone_after_a_reboot(guest: Guest, playbooks: Playbooks):
    before = look(guest)
    playbooks.play("swap", SWAPFILE, DEVICE)
    guest.reboot()
    assert look(guest).active == {"/swapfile": 10, "/dev/vdb": 5}
    absent: list[dict[str, object]] = [{"path": "/swapfile"}, {"path": BY_UUID}]
    assert playbooks.play("swap_off", *absent) == 1

    guest.reboot()

    # The device is not wiped: only its header tells that it was a swap area.
    assert look(guest) == before._replace(header=UUID)
    assert playbooks.play("swap_off", *absent) == 0


@pytest.mark.nightly
def test_a_missing_device_does_not_delay_the_boot(guest: Guest, playbooks: Playbooks):
    playbooks.play("swap", SWAPFILE, {**DEVICE, "nofail": True})
    guest.shut_down()
    guest.has_second_disk = False
    guest.start()
    now = look(guest)
    assert (now.system, now.target, now.failed) == ("running", "active", [])
    assert now.active == {"/swapfile": 10}
    # systemd waits 90 s for a device if it is not told otherwise.
    assert boot_seconds(guest) < 75
