"""What a host wakes up from: what is written where, and whether it still leads to an area."""

from __future__ import annotations

import pytest

from swapctl.swap import hibernation
from swapctl.swap.hibernation import Hibernation, Place, Resume

COMMAND_LINE, KERNEL = hibernation.COMMAND_LINE, hibernation.DEVICE
INITRAMFS = hibernation.INITRAMFS
DRACUT = "/etc/dracut.conf.d/resume.conf"
DISK = Place("/dev/vda1", "254:1", "/dev/vda1")
FILE = Place("/swapfile", "254:1", "/dev/vda1", 34816)
OTHER = Place("/other", "254:1", "/dev/vda1", 99)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("root=/dev/vda1 quiet\n", None, id="nothing"),
        pytest.param("resume=/dev/vda2\n", Resume(COMMAND_LINE, "/dev/vda2"), id="a-partition"),
        pytest.param("resume=UUID=ab resume_offset=34816", Resume(COMMAND_LINE, "UUID=ab", 34816), id="a-file"),
        pytest.param("resume=/dev/a resume=/dev/b", Resume(COMMAND_LINE, "/dev/b"), id="the-last-counts"),
        pytest.param('resume="/dev/a"', Resume(COMMAND_LINE, "/dev/a"), id="quoted"),
        pytest.param("resume=/dev/a noresume", None, id="noresume"),
        pytest.param("xresume=/dev/a resume_offset=5", None, id="an-offset-alone"),
        pytest.param("resume=/dev/a resume_offset=x", Resume(COMMAND_LINE, "/dev/a"), id="no-number"),
    ],
)
def test_command_line(text: str, found: Resume | None) -> None:
    assert hibernation.from_command_line(text) == found


@pytest.mark.parametrize(
    ("device", "offset", "found"),
    [
        pytest.param("0:0\n", "0\n", None, id="nowhere"),
        pytest.param("", "", None, id="no-such-kernel"),
        pytest.param("254:1\n", "34816\n", Resume(KERNEL, "254:1", 34816), id="a-file"),
    ],
)
def test_kernel(device: str, offset: str, found: Resume | None) -> None:
    assert hibernation.from_kernel(device, offset) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("", None, id="empty"),
        pytest.param("RESUME=none\n", None, id="none"),
        pytest.param("RESUME=auto\n", None, id="auto"),
        pytest.param("# RESUME=/dev/a\n", None, id="a-comment"),
        pytest.param("RESUME=UUID=ab\n", Resume(INITRAMFS, "UUID=ab"), id="a-partition"),
        pytest.param("RESUME='UUID=ab' # ours\n", Resume(INITRAMFS, "UUID=ab"), id="quoted"),
        pytest.param("RESUME=UUID=ab resume_offset=5\n", Resume(INITRAMFS, "UUID=ab", 5), id="an-offset-behind-it"),
        pytest.param("RESUME=UUID=ab\nresume_offset=5\n", Resume(INITRAMFS, "UUID=ab", 5), id="an-offset-below"),
        pytest.param("RESUME='/dev/a\n", Resume(INITRAMFS, "'/dev/a"), id="half-a-quote"),
    ],
)
def test_initramfs_tools(text: str, found: Resume | None) -> None:
    assert hibernation.from_initramfs(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param('add_dracutmodules+=" resume "\n', None, id="the-module-alone"),
        pytest.param('kernel_cmdline+=" resume=/dev/a "\n', Resume(DRACUT, "/dev/a"), id="a-partition"),
        pytest.param('kernel_cmdline="resume=/dev/a resume_offset=5"\n', Resume(DRACUT, "/dev/a", 5), id="a-file"),
        pytest.param('#kernel_cmdline="resume=/dev/a"\n', None, id="a-comment"),
    ],
)
def test_dracut(text: str, found: Resume | None) -> None:
    assert hibernation.from_dracut(DRACUT, text) == found


def test_a_partition_is_where_it_is() -> None:
    found = hibernation.hibernation(Resume(KERNEL, "254:1"), DISK, [DISK])
    assert found == Hibernation(KERNEL, "254:1", 0, "/dev/vda1", "254:1", 0)


@pytest.mark.parametrize("areas", [[FILE, OTHER], [OTHER, FILE]])
def test_the_file_at_the_offset_is_meant(areas: list[Place]) -> None:
    found = hibernation.hibernation(Resume(KERNEL, "254:1", 34816), DISK, areas)
    assert found == Hibernation(KERNEL, "254:1", 34816, "/swapfile", "254:1", 34816)


def test_a_file_that_has_moved_is_stale() -> None:
    found = hibernation.hibernation(Resume(COMMAND_LINE, "/dev/vda1", 5), DISK, [FILE])
    assert (found.stale, found.area, found.offset, found.expected_offset) == (True, "/swapfile", 5, 34816)
    assert found.reason == "/swapfile begins at 34816, and 5 is configured"


@pytest.mark.parametrize(
    ("device", "areas", "reason"),
    [
        pytest.param(None, [FILE], "nothing here is /dev/vda1", id="no-such-device"),
        pytest.param(DISK, [], "there is no swap area on /dev/vda1", id="no-areas"),
        pytest.param(
            DISK, [FILE.replace(device="254:2")], "there is no swap area on /dev/vda1", id="areas-on-another-disk"
        ),
    ],
)
def test_what_is_not_there_is_stale(device: Place | None, areas: list[Place], reason: str) -> None:
    found = hibernation.hibernation(Resume(COMMAND_LINE, "/dev/vda1", 5), device, areas)
    assert (found.stale, found.reason, found.area) == (True, reason, None)


def test_what_cannot_be_told_is_not_called_stale() -> None:
    """An ordinary user is not told where the blocks of root's file are."""
    found = hibernation.hibernation(Resume(COMMAND_LINE, "/dev/vda1", 5), DISK, [FILE.replace(offset=None)])
    assert (found.stale, found.area, found.expected_offset) == (False, "/swapfile", None)
