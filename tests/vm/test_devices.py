"""Swap on logical volumes and on encrypted devices: with a device mapper, and across a reboot."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.vm.witness import look

if TYPE_CHECKING:
    from tests.vm.guest import Guest

pytestmark = [pytest.mark.vm, pytest.mark.nightly]

MIB = 1 << 20
FIRST, SECOND = "/dev/vdb1", "/dev/vdb2"
MAPPED = "/dev/mapper/swap0"
TIMEOUT = "x-systemd.device-timeout=90s"  # a guest may be slow


@pytest.fixture
def packages() -> tuple[str, ...]:
    """Return what makes the devices."""
    return ("cryptsetup-bin", "fdisk", "lvm2")


def swapctl(guest: Guest, *arguments: str) -> Any:
    """Run swapctl and return what it prints, be it an error."""
    return json.loads(guest.run(f"swapctl {' '.join(arguments)} --json 2>/dev/null", check=False))


def changed(result: Any) -> list[str]:
    """Return the names of the actions of a run that went well."""
    assert "error" not in result, result
    return [action["name"] for action in result["actions"]]


def fstab(guest: Guest) -> list[str]:
    return [line for line in guest.run("cat /etc/fstab").splitlines() if " swap " in line]


def uuid_of(guest: Guest, device: str) -> str:
    return guest.run(f"blkid --probe --output value --match-tag UUID {device}", check=False).strip()


def active(guest: Guest) -> dict[str, int]:
    """Return the size in MiB that the kernel has of each area, by the real path."""
    rows = guest.run("tail -n +2 /proc/swaps").splitlines()
    return {fields[0]: int(fields[2]) // 1024 + 1 for fields in map(str.split, rows)}


def test_a_logical_volume_is_an_area_under_the_name_it_was_given(guest: Guest):
    guest.install_swapctl()
    guest.run(
        "pvcreate -q /dev/vdb; vgcreate -q vg /dev/vdb; lvcreate -qy -n swap -L 32M vg; lvcreate -qy -n data -L 16M vg"
    )

    missing = swapctl(guest, "ensure /dev/vg/other --size 16M")
    assert missing["message"] == "/dev/vg/other does not exist"
    assert "lvcreate --name other --size SIZE vg" in missing["hint"]
    typed = swapctl(guest, "ensure /dev/vg/swap --set-type")
    assert "it is vg-swap of the device mapper" in typed["message"]

    wanted = "ensure /dev/vg/swap --size auto --priority 7"
    planned = swapctl(guest, wanted, "--dry-run")
    made = swapctl(guest, wanted)
    assert changed(made) == ["format", "swapon", "fstab", "daemon-reload"]
    assert made["actions"] == planned["actions"]
    assert made["after"]["path"] == "/dev/mapper/vg-swap"
    assert fstab(guest) == ["/dev/vg/swap none swap sw,pri=7 0 0"]
    number = guest.run("readlink -f /dev/vg/swap").strip()
    assert active(guest) == {number: 32}
    for name in ("/dev/vg/swap", number):
        assert changed(swapctl(guest, f"ensure {name} --size auto --priority 7")) == []
    before = uuid_of(guest, number)

    guest.run("lvextend -q -L 64M vg/swap")
    assert changed(swapctl(guest, "ensure /dev/vg/swap --priority 7")) == []
    assert changed(swapctl(guest, wanted)) == ["swapoff", "format", "swapon"]
    assert active(guest) == {number: 64}
    assert uuid_of(guest, number) == before

    guest.run("mkfs.ext4 -q /dev/vg/data; mount /dev/vg/data /mnt")
    used = swapctl(guest, "ensure /dev/vg/data --force")
    assert used["message"].endswith("is mounted at /mnt")
    guest.run("umount /mnt")
    assert "holds an ext2, ext3 or ext4 file system" in swapctl(guest, "ensure /dev/vg/data")["message"]
    assert "holds an LVM physical volume" in swapctl(guest, "ensure /dev/vdb")["message"]

    guest.reboot()
    assert look(guest).system == "running"
    number = guest.run("readlink -f /dev/vg/swap").strip()
    assert look(guest).active == {number: 7}
    assert changed(swapctl(guest, wanted)) == []

    assert changed(swapctl(guest, "remove /dev/vg/swap")) == ["swapoff", "fstab", "daemon-reload"]
    assert (active(guest), fstab(guest)) == ({}, [])
    assert uuid_of(guest, "/dev/vg/swap") == before
    guest.run("lvs vg/swap")
    # Named by its number alone, it is listed by its name.
    assert changed(swapctl(guest, f"ensure {number}")) == ["swapon", "fstab", "daemon-reload"]
    assert fstab(guest) == ["/dev/mapper/vg-swap none swap sw 0 0"]


def apply(guest: Guest, *arguments: str, device: str = FIRST, **keys: object) -> Any:
    """Apply a layout with one encrypted area."""
    area = {
        "path": device,
        "encryption": "random",
        "name": "swap0",
        "priority": 5,
        "nofail": True,
        "options": [TIMEOUT],
        **keys,
    }
    document = json.dumps({"swap": {"areas": [area]}})
    guest.run(f"cat > /root/layout.json << 'END'\n{document}\nEND")
    return swapctl(guest, "apply", *arguments, "/root/layout.json")


def crypttab(guest: Guest) -> str:
    return guest.run("cat /etc/crypttab")


def key(guest: Guest) -> str:
    """Return the cipher and the key that the kernel has."""
    return guest.run("dmsetup table --showkeys swap0").split(" crypt ")[1]


def plain_area(guest: Guest) -> str:
    """Make the second disk one of two partitions, the first an ordinary area in use; return the area's UUID."""
    guest.install_swapctl()
    table = "label: gpt\nsize=48MiB\nsize=48MiB\n"
    guest.run(f"sfdisk -q /dev/vdb << 'END'\n{table}END\nudevadm settle\nmkswap {FIRST}; swapon {FIRST}")
    guest.run(f"echo UUID={uuid_of(guest, FIRST)} none swap sw 0 0 >> /etc/fstab; echo '# mine' > /etc/crypttab")
    guest.run(f"mkfs.ext4 -q {SECOND}")
    return uuid_of(guest, FIRST)


def test_an_area_stays_as_it_is_when_it_cannot_be_encrypted(guest: Guest):
    was = plain_area(guest)
    erased = apply(guest, device=f"UUID={was}")
    assert "names what the encryption erases" in erased["message"]
    foreign = apply(guest, device=SECOND, name="other")
    assert "holds an ext2, ext3 or ext4 file system" in foreign["message"]
    assert (crypttab(guest), active(guest)) == ("# mine\n", {FIRST: 48})

    # It fails late.
    guest.run("printf '#!/bin/sh\\nexit 1\\n' > /usr/local/sbin/swapon; chmod 755 /usr/local/sbin/swapon; swapoff -a")
    failed = apply(guest)
    assert failed["error"] == "RolledBack", failed
    guest.run("rm /usr/local/sbin/swapon; udevadm settle; swapon -a")
    assert (crypttab(guest), active(guest), uuid_of(guest, FIRST)) == ("# mine\n", {FIRST: 48}, was)
    assert guest.run("dmsetup ls").strip() == "No devices found"


def test_an_encrypted_area_has_a_new_key_at_each_boot(guest: Guest):
    plain_area(guest)
    planned = apply(guest, "--dry-run")
    made = apply(guest)
    assert changed(made) == ["write", "swapoff", "crypt-open", "format", "swapon", "fstab", "daemon-reload"]
    assert made["actions"] == planned["actions"]
    assert made["after"]["areas"][0]["path"] == planned["after"]["areas"][0]["path"] == MAPPED
    link = guest.run(f"find -L /dev/disk/by-partuuid -samefile {FIRST}").strip()
    cipher = f"plain,swap,cipher=aes-xts-plain64,size=512,nofail,{TIMEOUT}"
    assert crypttab(guest) == f"# mine\nswap0 {link} /dev/urandom {cipher}\n"
    assert fstab(guest) == [f"{MAPPED} none swap sw,pri=5,nofail,{TIMEOUT} 0 0"]
    assert active(guest) == {guest.run(f"readlink -f {MAPPED}").strip(): 48}
    assert uuid_of(guest, FIRST) == ""
    first = key(guest)
    assert first.startswith("aes-xts-plain64 ")
    hidden = "mv /usr/sbin/cryptsetup /root"
    guest.run(hidden)
    assert changed(apply(guest)) == []
    guest.run("mv /root/cryptsetup /usr/sbin")

    guest.reboot()
    now = look(guest)
    assert now.system == "running", guest.run("systemctl --failed", check=False)
    assert list(now.active.values()) == [5]
    assert key(guest).split()[:1] == first.split()[:1]
    assert key(guest) != first
    assert changed(apply(guest)) == []
    guest.run("swapctl export > /root/export.json")
    assert '"encryption": "random"' in guest.run("cat /root/export.json")
    assert changed(swapctl(guest, "apply /root/export.json")) == []
    assert "area-random-key" in guest.run("swapctl doctor")

    # Closed by hand: what is left below is random, and known by crypttab to be nobody's.
    guest.run("swapoff -a; cryptsetup close swap0")
    assert changed(apply(guest)) == ["crypt-open", "format", "swapon"]
    # Killed before the area was made on it.
    guest.run(f"swapoff -a; dd if=/dev/urandom of={MAPPED} bs=1M count=1 status=none; udevadm settle")
    assert changed(apply(guest)) == ["crypt-close", "crypt-open", "format", "swapon"]

    # Another device for the same name.
    moved = apply(guest, device=SECOND, force=True)
    assert changed(moved) == [
        "write",
        "swapoff",
        "crypt-close",
        "wipe",
        "crypt-open",
        "format",
        "swapon",
        "daemon-reload",
    ]
    assert guest.run(f"blkid --probe --output value --match-tag TYPE {SECOND}", check=False).strip() == ""
    assert changed(apply(guest, device=SECOND)) == []

    gone = apply(guest, device=SECOND, state="absent")
    assert changed(gone) == ["swapoff", "crypt-close", "fstab", "write", "daemon-reload"]
    assert (crypttab(guest), fstab(guest), active(guest)) == ("# mine\n", [], {})
    assert guest.run("dmsetup ls").strip() == "No devices found"
    assert changed(apply(guest, device=SECOND, state="absent")) == []
    guest.reboot()
    assert look(guest).system == "running"
