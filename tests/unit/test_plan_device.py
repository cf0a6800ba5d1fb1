"""What is planned for a swap area on a block device."""

from __future__ import annotations

import pytest

from swapctl.errors import Refused
from swapctl.sizes import GIB, MIB
from swapctl.swap import fstab
from swapctl.swap.actions import Format, SetType, SwapOff, SwapOn, Wipe, WriteFstab
from swapctl.swap.area import Area, Unlisted
from swapctl.swap.header import Header
from swapctl.swap.partitions import SWAP_TYPES, Partition
from swapctl.swap.plan import plan
from swapctl.swap.signatures import Signature
from tests.builders import OTHER_UUID, PAGE, UUID, blank_device, device, entry, ext4, facts, missing, swap_file

PATH = "/dev/vdb"
LISTED = "/dev/vdb none swap sw 0 0\n"
EXT4 = (Signature("an ext2, ext3 or ext4 file system", 0x438, 2),)


def active_device(size: int = GIB, *, used: int = 0, priority: int = -2, **changes):
    return device(active=entry(PATH, size, used=used, priority=priority, type="partition"), **changes)


def listed(target, text: str):
    """Return facts in which the only swap line of *text* is about *target*, however it names it."""
    return facts(target.replace(lines=fstab.swap_lines(text)), text=text)


def test_a_blank_device_is_formatted_as_a_whole_turned_on_and_listed():
    assert plan(Area(PATH), facts(blank_device())) == [Format(PATH, GIB), SwapOn(PATH), WriteFstab("", LISTED)]


@pytest.mark.parametrize(
    ("size", "amount"),
    [
        pytest.param(None, GIB, id="left-out"),
        pytest.param("auto", GIB, id="auto"),
        pytest.param("512M", 512 * MIB, id="a-part-of-it"),
        pytest.param("1G", GIB, id="all-of-it"),
        pytest.param("10%", 8 * GIB // 10 // PAGE * PAGE, id="a-share-of-memory"),
    ],
)
def test_a_blank_device_gets_the_size_asked_for(size, amount):
    assert plan(Area(PATH, size=size), facts(blank_device()))[0] == Format(PATH, amount)


def test_a_device_that_ends_within_a_page_is_used_up_to_it():
    assert plan(Area(PATH), facts(blank_device(size=GIB + 512)))[0] == Format(PATH, GIB)


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        pytest.param(Area(PATH), active_device(), id="no-size-asked-for"),
        pytest.param(Area(PATH, size="1G"), active_device(), id="size"),
        pytest.param(Area(PATH, size="auto"), active_device(), id="auto"),
        pytest.param(Area(PATH, active=False), device(), id="inactive"),
        pytest.param(Area(PATH), active_device(size=512 * MIB), id="a-part-of-it-is-enough-without-a-size"),
    ],
)
def test_nothing_is_planned_where_all_is_as_wanted(wanted, target):
    assert plan(wanted, facts(target, text=LISTED)) == []


def test_the_permissions_of_a_device_are_left_to_udev():
    assert plan(Area(PATH), facts(device(mode=0o666, uid=5), text=LISTED)) == [SwapOn(PATH)]


def test_an_area_on_a_device_is_turned_on_as_it_is():
    assert plan(Area(PATH, priority=5, persist="keep"), facts(device(), text=LISTED)) == [SwapOn(PATH, 5)]


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        pytest.param(Area(PATH, size="512M"), Format(PATH, 512 * MIB, "old", UUID), id="size"),
        pytest.param(Area(PATH, label="new"), Format(PATH, GIB, "new", UUID), id="label"),
        pytest.param(Area(PATH, uuid=OTHER_UUID), Format(PATH, GIB, "old", OTHER_UUID), id="uuid"),
    ],
)
def test_another_header_is_written_while_the_area_is_off(wanted, made):
    target = active_device(used=MIB, header=Header(PAGE, GIB // PAGE, UUID, "old"))
    assert plan(wanted, facts(target, text=LISTED)) == [SwapOff(PATH, MIB), made, SwapOn(PATH)]


def test_auto_is_the_whole_device_to_the_page():
    target = active_device(size=GIB - PAGE, header=Header(PAGE, GIB // PAGE - 1, UUID))
    assert plan(Area(PATH, size="auto"), facts(target, text=LISTED)) == [
        SwapOff(PATH),
        Format(PATH, GIB, "", UUID),
        SwapOn(PATH),
    ]


@pytest.mark.parametrize(
    ("target", "made"),
    [
        pytest.param(device(header=Header(65536, GIB // 65536, UUID)), Format(PATH, GIB, "", UUID), id="page-size"),
        pytest.param(device(header=Header(PAGE, 2 * GIB // PAGE, UUID)), Format(PATH, GIB, "", UUID), id="shrunk"),
    ],
)
def test_a_header_that_the_kernel_would_refuse_is_written_anew(target, made):
    assert plan(Area(PATH), facts(target, text=LISTED)) == [made, SwapOn(PATH)]


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        pytest.param(
            blank_device(empty=False, foreign=EXT4),
            "/dev/vdb holds an ext2, ext3 or ext4 file system;"
            " hint: take another device; --force overwrites what is there",
            id="file-system",
        ),
        pytest.param(
            device(foreign=EXT4),
            "/dev/vdb holds an ext2, ext3 or ext4 file system;"
            " hint: take another device; --force overwrites what is there",
            id="beside-a-swap-header",
        ),
        pytest.param(
            blank_device(empty=False),
            "/dev/vdb holds data that is no swap area; hint: take another device; --force overwrites what is there",
            id="data",
        ),
    ],
)
def test_what_is_on_a_device_is_not_overwritten(target, complaint):
    with pytest.raises(Refused) as caught:
        plan(Area(PATH), facts(target))
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("target", "actions"),
    [
        pytest.param(
            blank_device(empty=False, foreign=EXT4),
            [Wipe(PATH, EXT4), Format(PATH, GIB), SwapOn(PATH)],
            id="file-system",
        ),
        pytest.param(
            device(foreign=EXT4),
            [Wipe(PATH, EXT4), Format(PATH, GIB, "", UUID), SwapOn(PATH)],
            id="beside-a-swap-header",
        ),
        pytest.param(blank_device(empty=False), [Format(PATH, GIB), SwapOn(PATH)], id="data"),
    ],
)
def test_force_wipes_the_signatures_that_are_there_and_formats(target, actions):
    assert plan(Area(PATH, force=True), facts(target, text=LISTED)) == actions


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("wanted", "target", "complaint"),
    [
        pytest.param(
            {},
            blank_device(in_use="mounted at /srv"),
            "/dev/vdb is mounted at /srv; hint: take another device, or stop its use first",
            id="mounted",
        ),
        pytest.param(
            {},
            blank_device(in_use="part of dm-0"),
            "/dev/vdb is part of dm-0; hint: take another device, or stop its use first",
            id="part-of-another",
        ),
        pytest.param(
            {},
            blank_device(read_only=True),
            "/dev/vdb is read-only; hint: see blockdev --getro and --setrw",
            id="read-only",
        ),
        pytest.param(
            {"size": "2G"},
            blank_device(),
            "/dev/vdb has 1 GiB, which is less than the 2 GiB wanted; hint: leave --size out to use all of it",
            id="too-small",
        ),
        pytest.param(
            {},
            blank_device(size=32768),
            "/dev/vdb: 32768 bytes are too few for an area; hint: give 40960 or more",
            id="smaller-than-any-area",
        ),
    ],
)
def test_a_device_that_cannot_be_formatted_is_refused_even_with_force(wanted, target, complaint, force):
    with pytest.raises(Refused) as caught:
        plan(Area(PATH, force=force, **wanted), facts(target))
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        (
            "UUID=" + UUID,
            f"no block device bears UUID={UUID}; hint: see lsblk -o NAME,UUID,LABEL,PARTUUID",
        ),
        (
            "LABEL=swap",
            "no block device bears LABEL=swap; hint: see lsblk -o NAME,UUID,LABEL,PARTUUID",
        ),
    ],
)
def test_a_tag_that_no_device_bears_is_refused(path, complaint):
    with pytest.raises(Refused) as caught:
        plan(Area(path), facts(missing(path, filesystem=None)))
    assert str(caught.value) == complaint


def test_no_file_is_made_among_the_devices():
    target = missing("/dev/vdz")
    with pytest.raises(Refused, match=r"^/dev/vdz does not exist"):
        plan(Area("/dev/vdz", size="1G"), facts(target.replace(filesystem=target.filesystem.replace(type="devtmpfs"))))


# absent


def test_an_absent_device_is_off_and_out_of_fstab_and_keeps_its_bytes():
    found = facts(active_device(used=MIB, priority=3), text=f"# keep\n{LISTED}")
    assert plan(Area(PATH, state="absent"), found) == [
        SwapOff(PATH, MIB, 3),
        WriteFstab(f"# keep\n{LISTED}", "# keep\n"),
    ]


@pytest.mark.parametrize(
    "target",
    [pytest.param(device(), id="a-swap-area"), pytest.param(blank_device(), id="blank")],
)
def test_an_absent_device_that_is_not_in_use_is_left_alone(target):
    assert plan(Area(PATH, state="absent"), facts(target)) == []


def test_an_absent_device_that_holds_something_else_is_refused_whatever_fstab_says():
    with pytest.raises(Refused) as caught:
        plan(Area(PATH, state="absent", force=True), facts(blank_device(empty=False, foreign=EXT4), text=LISTED))
    assert str(caught.value) == (
        "/dev/vdb holds an ext2, ext3 or ext4 file system; hint: nothing is removed but swap areas"
    )


# how fstab names it


@pytest.mark.parametrize(
    ("spec", "header"),
    [
        pytest.param(f"UUID={UUID}", Header(PAGE, GIB // PAGE, UUID), id="uuid"),
        pytest.param(f"UUID={UUID.upper()}", Header(PAGE, GIB // PAGE, UUID), id="uuid-in-capitals"),
        pytest.param(f'UUID="{UUID}"', Header(PAGE, GIB // PAGE, UUID), id="uuid-in-quotes"),
        pytest.param("LABEL=swap", Header(PAGE, GIB // PAGE, UUID, "swap"), id="label"),
        pytest.param("PARTUUID=0a-01", Header(PAGE, GIB // PAGE, UUID), id="partuuid"),
        pytest.param('PARTUUID="0a-01"', Header(PAGE, GIB // PAGE, UUID), id="partuuid-in-quotes"),
    ],
)
def test_a_stable_name_in_fstab_is_not_given_up_for_the_kernels(spec, header):
    text = f"{spec} none swap sw 0 0\n"
    target = active_device(header=header, priority=5)
    found = listed(target, text)
    assert plan(Area(PATH, priority=5), found) == [WriteFstab(text, f"{spec} none swap sw,pri=5 0 0\n")]


@pytest.mark.parametrize(
    ("path", "spec"),
    [
        pytest.param(f"UUID={UUID}", "/dev/vdb", id="uuid-asked-for"),
        pytest.param("/dev/disk/by-id/virtio-1", f"UUID={UUID}", id="link-asked-for"),
    ],
)
def test_a_stable_name_that_is_asked_for_is_written(path, spec):
    text = f"{spec} none swap sw 0 0\n"
    found = listed(active_device().replace(spec=path), text)
    assert plan(Area(path), found) == [WriteFstab(text, f"{path} none swap sw 0 0\n")]


def test_a_stable_name_that_will_be_wrong_is_given_up():
    text = f"UUID={UUID} none swap sw 0 0\n"
    found = listed(device(), text)
    assert plan(Area(PATH, uuid=OTHER_UUID), found) == [
        Format(PATH, GIB, "", OTHER_UUID),
        SwapOn(PATH),
        WriteFstab(text, LISTED),
    ]


@pytest.mark.parametrize(
    ("options", "written"),
    [
        pytest.param((), "sw,nofail,x-systemd.device-timeout=30s", id="added"),
        pytest.param(("x-systemd.device-timeout=3s",), "sw,nofail,x-systemd.device-timeout=3s", id="as-given"),
    ],
)
def test_a_device_that_may_be_missing_does_not_hold_up_the_boot(options, written):
    found = facts(active_device())
    assert plan(Area(PATH, nofail=True, options=options), found) == [
        WriteFstab("", f"/dev/vdb none swap {written} 0 0\n")
    ]


LINUX_TYPES = {"DOS": "83", "GPT": "0FC63DAF-8483-4772-8E79-3D69D8477DE4"}


@pytest.mark.parametrize("table", ["DOS", "GPT"])
def test_a_partition_gets_its_type_when_the_area_is_in_use(table):
    partition = Partition("/dev/vda", 3, table, LINUX_TYPES[table])
    actions = plan(Area(PATH, set_type=True), facts(blank_device(partition=partition)))
    assert actions == [Format(PATH, GIB), SwapOn(PATH), SetType(PATH, partition), WriteFstab("", LISTED)]
    assert actions[2].detail == f"/dev/vdb from {LINUX_TYPES[table]} to {SWAP_TYPES[table]} ({table})"


@pytest.mark.parametrize(
    ("area", "kind"),
    [
        pytest.param(Area(PATH, set_type=True), "82", id="right-already"),
        pytest.param(Area(PATH), "83", id="not-asked-for"),
        pytest.param(Area(PATH, state="absent", persist="keep", active=False, set_type=True), "83", id="absent"),
    ],
)
def test_a_type_is_left_alone(area, kind):
    target = device(partition=Partition("/dev/vda", 3, "DOS", kind))
    target = target if area.state == "absent" else target.replace(active=active_device().active)
    assert plan(area, facts(target, text=LISTED)) == []


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        pytest.param(device(), "it is a whole disk, and only a partition of a disk has one", id="whole-disk"),
        pytest.param(device(mapped="vg-swap"), "it is vg-swap of the device mapper, and only", id="device-mapper"),
        pytest.param(
            device(partition=Partition("/dev/vda", 3, obstacle="the partition table is neither DOS nor GPT")),
            "the partition table is neither DOS nor GPT",
            id="unknown-table",
        ),
        pytest.param(swap_file(PATH), "it is a file, and only a partition of a disk has one", id="file"),
    ],
)
def test_what_has_no_type_is_refused(target, complaint):
    with pytest.raises(Refused, match=complaint) as refused:
        plan(Area(PATH, set_type=True), facts(target))
    assert refused.value.hint == "leave --set-type out"


MAPPED, NAMED = "/dev/dm-3", "/dev/mapper/vg-swap"


@pytest.mark.parametrize(
    ("path", "text", "spec"),
    [
        pytest.param("/dev/vg/swap", "", "/dev/vg/swap", id="by-its-group"),
        pytest.param("/dev/mapper/vg-swap", "", "/dev/mapper/vg-swap", id="by-its-mapping"),
        pytest.param("/dev/dm-3", "", "/dev/mapper/vg-swap", id="by-its-number"),
        pytest.param("/dev/block/253:3", "", "/dev/mapper/vg-swap", id="by-its-number-as-a-link"),
        pytest.param("/dev/dm-3", "/dev/vg/swap none swap sw 0 0\n", "/dev/vg/swap", id="listed-by-its-group"),
        pytest.param("/dev/dm-3", "/dev/dm-3 none swap sw 0 0\n", "/dev/mapper/vg-swap", id="listed-by-its-number"),
        pytest.param("/dev/dm-3", f"UUID={UUID} none swap sw 0 0\n", f"UUID={UUID}", id="listed-by-its-uuid"),
        pytest.param("/dev/vg/swap", "/dev/dm-3 none swap sw 0 0\n", "/dev/vg/swap", id="no-longer-by-its-number"),
    ],
)
def test_a_logical_volume_is_never_listed_by_its_number(path, text, spec):
    active = entry(MAPPED, type="partition")
    target = device(path, mapped="vg-swap", active=active, lines=fstab.swap_lines(text)).replace(path=NAMED)
    after = f"{spec} none swap sw 0 0\n"
    assert plan(Area(path), facts(target, text=text)) == ([] if after == text else [WriteFstab(text, after)])


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        pytest.param("/dev/vg/swap", "lvcreate --name swap --size SIZE vg makes it", id="logical-volume"),
        pytest.param("/dev/mapper/vg-swap", "see dmsetup ls", id="mapped"),
        pytest.param("/dev/disk/by-id/x", "see lsblk", id="link"),
        pytest.param("/dev/vdb", "see lsblk", id="disk"),
    ],
)
@pytest.mark.parametrize("place", [None, ext4(), ext4(type="devtmpfs"), ext4(type="tmpfs")])
def test_a_device_that_is_not_there_is_not_made_as_a_file(path, hint, place):
    with pytest.raises(Refused, match=f"{path} does not exist") as refused:
        plan(Area(path, size="1G"), facts(missing(path, filesystem=place)))
    assert hint in refused.value.hint


def test_files_in_memory_are_refused_as_such_though_they_are_below_dev():
    found = facts(missing("/dev/shm/s", filesystem=ext4(type="tmpfs")))
    with pytest.raises(Refused, match="^/dev/shm/s: tmpfs holds no swap files: it lives in memory"):
        plan(Area("/dev/shm/s", size=GIB), found)


def a_disk_and_its_parts(**changes):
    """Return a disk with data on it and two partitions."""
    disk = device(foreign=EXT4, identity=("device", 8, 0), **changes)
    parts = [
        blank_device(f"{PATH}{number}", identity=("device", 8 + number, 0), within=disk.identity) for number in (1, 2)
    ]
    return disk, *parts


@pytest.mark.parametrize("order", [(0, 2), (2, 0)], ids=["disk-first", "partition-first"])
def test_a_disk_and_a_partition_of_it_are_refused(order):
    targets = a_disk_and_its_parts()
    wanted = [Area(targets[number].path, force=True) for number in order]
    with pytest.raises(Refused, match="^/dev/vdb2 is a part of /dev/vdb: there is room for one area") as refused:
        plan(wanted, facts(*targets))
    assert refused.value.hint


def test_two_partitions_of_a_disk_are_two_areas():
    found = facts(*a_disk_and_its_parts())
    assert len(plan([Area(f"{PATH}1"), Area(f"{PATH}2")], found)) == 5


def test_a_partition_can_take_over_from_its_disk():
    found = facts(*a_disk_and_its_parts(), text=LISTED)
    plan([Area(f"{PATH}1"), Unlisted(PATH, active=False, persist="none")], found)
