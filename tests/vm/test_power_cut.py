"""The power fails in the middle of a resize: the guest boots, what has the final name is a whole area, and a run converges."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.vm.witness import look

if TYPE_CHECKING:
    from tests.vm.guest import Guest

pytestmark = [pytest.mark.vm, pytest.mark.nightly]

MIB = 1 << 20
OLD, NEW = 64 * MIB, 96 * MIB


class Moment(NamedTuple):
    """Just after swapctl has made a system call on the file *path* for the first time, and not made sure of more."""

    call: str
    path: str


# A whole new file is made beside the old one.
BESIDE = {
    "allocated": Moment("fallocate", "/.swapfile.swapctl-new"),
    "formatted": Moment("fsync", "/.swapfile.swapctl-new"),
    "old one has two names": Moment("link,linkat", "/.swapfile.swapctl-old"),
    "replaced": Moment("rename", "/.swapfile.swapctl-new"),
    "fstab written": Moment("rename", "/etc/.fstab.swapctl-new"),
    "not tidied up": Moment("fsync", "/etc"),
}
# There is no room for that, and the old one is changed. Of a rename, strace sees the old name alone.
IN_PLACE = {
    "without its name": Moment("rename", "/srv/swapfile"),
    "larger": Moment("fallocate", "/srv/.swapfile.swapctl-new"),
    "larger and formatted": Moment("fsync", "/srv/.swapfile.swapctl-new"),
    "with its name again": Moment("rename", "/srv/.swapfile.swapctl-new"),
}


def test_larger_beside_the_old_one(guest: Guest):
    guest.install_swapctl()
    cut_power_at_each(guest, "/swapfile", BESIDE)


def test_larger_without_room_for_both(guest: Guest):
    guest.install_swapctl()
    guest.run(
        "mkfs.ext4 -q /dev/vdb; echo '/dev/vdb /srv ext4 defaults 0 0' >> /etc/fstab; systemctl daemon-reload; mount /srv"
    )
    cut_power_at_each(guest, "/srv/swapfile", IN_PLACE)


def cut_power_at_each(guest: Guest, path: str, moments: dict[str, Moment]) -> None:
    """Have an area grow and be cut off at each of *moments*, look at what is left after a boot, and finish it."""
    unit = guest.run(f"systemd-escape --path --suffix swap {path}").strip()
    for name, moment in moments.items():
        guest.run(f"swapctl ensure {path} --size 64M --priority 5 --nofail; sync")
        fstabs = {"old": guest.run("cat /etc/fstab"), "new": guest.run("sed s/pri=5/pri=7/ /etc/fstab")}
        grow = f"swapctl ensure {path} --size 96M --priority 7 --nofail"
        stop_at(guest, moment, grow)
        guest.cut_power()

        guest.start()

        left, size = look(guest), area_size(guest, path)
        assert left.fstab in fstabs.values(), name
        assert size in {0, OLD, NEW}, name
        # What has the name is in use, whichever it is. Without one, its own unit fails, and nothing else.
        assert left.target == "active", name
        assert left.active.keys() == ({path} if size else set()), name
        assert [one.split()[0] for one in left.failed] == ([] if size else [unit]), name
        guest.run(grow)
        now = look(guest)
        assert (now.active, now.fstab) == ({path: 7}, fstabs["new"]), name
        assert area_size(guest, path) == NEW, name
        assert not guest.run("find / /etc /var/tmp /srv -maxdepth 1 -name '.*swapctl*'"), name
        assert "nothing" in guest.run(grow), name


def stop_at(guest: Guest, moment: Moment, command: str) -> None:
    """Run a command up to *moment*, where it stands still."""
    guest.run(
        f"rm -f /run/trace; cd /; strace -o /run/trace -P {moment.path} "
        f"-e inject={moment.call}:signal=STOP:when=1 {command} > /run/output 2>&1 &\n"
        "until grep -q 'stopped by SIGSTOP' /run/trace; do\n"
        "  sleep 0.1; kill -0 $! || { cat /run/output /run/trace; exit 1; }\n"
        "done"
    )


def area_size(guest: Guest, path: str) -> int:
    """Return the size of the whole swap area at *path*, 0 if nothing is there, -1 if it is anything else."""
    answers = guest.run(
        f"[ -e {path} ] || exit 0; stat --format '%a %s %b' {path}; blkid --probe --output value --match-tag TYPE {path} || :\n"
        f"od --address-radix n --skip-bytes 1028 --read-bytes 4 --format u4 {path}"
    ).split()
    if not answers:
        return 0
    mode, size, blocks, *kind = answers
    is_whole = mode == "600" and int(size) <= int(blocks) * 512
    return int(size) if is_whole and kind == ["swap", str(int(size) // 4096 - 1)] else -1
