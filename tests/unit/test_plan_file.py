"""What is planned for a swap file, from each state it can be found in."""

from __future__ import annotations

import pytest

from swapctl.errors import Refused
from swapctl.sizes import GIB, MIB
from swapctl.swap.actions import (
    Create,
    DaemonReload,
    Delete,
    DeleteOld,
    Format,
    Rename,
    Replace,
    Resize,
    SetMode,
    SetOwner,
    SwapOff,
    SwapOn,
    WriteFstab,
)
from swapctl.swap.area import Area, Existing
from swapctl.swap.facts import Leftover
from swapctl.swap.guards import APPEND_ONLY, IMMUTABLE, NOCOW
from swapctl.swap.header import Header
from swapctl.swap.plan import plan
from swapctl.swap.signatures import Signature
from swapctl.swap.units import Surroundings
from tests.builders import OTHER_UUID, PAGE, PUBLIC, UUID, active_file, entry, ext4, facts, missing, swap_file

PATH = "/swapfile"
NEW = "/.swapfile.swapctl-new"
OLD = "/.swapfile.swapctl-old"
LISTED = "/swapfile none swap sw 0 0\n"


def made_anew(size: int = GIB, *, label: str = "", uuid: str = UUID, off: SwapOff | None = None) -> list:
    """Return the actions that put a new file in the place of an old one and turn it on."""
    return [
        Create(NEW, size),
        Format(NEW, size, label, uuid, fresh=True),
        *([off] if off else []),
        Replace(PATH, NEW, OLD),
        SwapOn(PATH),
        DeleteOld(OLD),
    ]


# nothing there


def test_where_nothing_is_a_file_is_made_whole_before_it_gets_its_name():
    assert plan(Area(PATH, size="1G"), facts(missing())) == [
        Create(NEW, GIB),
        Format(NEW, GIB, fresh=True),
        Rename(NEW, PATH),
        SwapOn(PATH),
        WriteFstab("", LISTED),
    ]


def test_everything_asked_for_reaches_the_header_the_kernel_and_fstab():
    wanted = Area(PATH, size="1G", priority=7, discard="once", nofail=True, label="swap", uuid=UUID, options=["x-a=1"])
    assert plan(wanted, facts(missing())) == [
        Create(NEW, GIB),
        Format(NEW, GIB, "swap", UUID, fresh=True),
        Rename(NEW, PATH),
        SwapOn(PATH, 7, "once"),
        WriteFstab("", "/swapfile none swap sw,pri=7,discard=once,nofail,x-a=1 0 0\n"),
    ]


@pytest.mark.parametrize("active", [False, None])
def test_a_file_that_is_not_wanted_active_is_made_and_listed(active):
    assert plan(Area(PATH, size="1G", active=active), facts(missing())) == [
        Create(NEW, GIB),
        Format(NEW, GIB, fresh=True),
        Rename(NEW, PATH),
        WriteFstab("", LISTED),
    ]


@pytest.mark.parametrize(
    ("type_", "kernel", "create"),
    [
        pytest.param("ext4", (6, 1), Create(NEW, GIB, reserve=True), id="ext4"),
        pytest.param("xfs", (6, 1), Create(NEW, GIB, reserve=True), id="xfs"),
        pytest.param("xfs", (4, 9), Create(NEW, GIB, reserve=False), id="xfs-on-an-old-kernel"),
        pytest.param("ext3", (6, 1), Create(NEW, GIB, reserve=False), id="ext3"),
        pytest.param("btrfs", (6, 1), Create(NEW, GIB, reserve=True, nocow=True), id="btrfs"),
    ],
)
def test_a_file_is_allocated_as_its_file_system_needs_it(type_, kernel, create):
    found = facts(missing(filesystem=ext4(type=type_)), kernel=kernel)
    assert plan(Area(PATH, size="1G"), found)[0] == create


def test_a_size_that_does_not_fill_its_last_page_is_cut():
    actions = plan(Area(PATH, size="1000001"), facts(missing()))
    assert actions[:2] == [Create(NEW, 244 * PAGE), Format(NEW, 244 * PAGE, fresh=True)]


@pytest.mark.parametrize(("size", "amount"), [("50%", 4 * GIB), ("auto", 8 * GIB)])
def test_a_size_relative_to_memory_is_counted_on_this_host(size, amount):
    assert plan(Area(PATH, size=size), facts(missing()))[0] == Create(NEW, amount)


# there already


@pytest.mark.parametrize(
    ("wanted", "target", "text"),
    [
        pytest.param(Area(PATH, size="1G"), active_file(), LISTED, id="as-made"),
        pytest.param(Area(PATH), active_file(size=77 * PAGE), LISTED, id="no-size-asked-for"),
        pytest.param(
            Area(PATH, size="1G", priority=5),
            active_file(priority=5),
            "/swapfile none swap sw,pri=5 0 0\n",
            id="priority",
        ),
        pytest.param(Area(PATH), active_file(priority=-1), LISTED, id="chosen-by-a-newer-kernel"),
        pytest.param(Area(PATH, label="", uuid=UUID), active_file(), LISTED, id="same-names"),
        pytest.param(Area(PATH, active=None), active_file(priority=9), LISTED, id="active-left-as-it-is"),
        pytest.param(Area(PATH, active=False), swap_file(), LISTED, id="inactive"),
        pytest.param(Area(PATH, active=None), swap_file(), LISTED, id="inactive-left-as-it-is"),
        pytest.param(Area(PATH, persist="none"), active_file(), "", id="not-persistent"),
        pytest.param(Area(PATH, persist="keep"), active_file(), "", id="fstab-left-alone"),
        pytest.param(
            Area(PATH, size="1G", discard="both"),
            active_file(),
            "/swapfile none swap discard\n",
            id="discard-as-listed",
        ),
        pytest.param(Area(PATH, size=GIB + 100), active_file(), LISTED, id="within-a-page"),
        pytest.param(Area(PATH, size="50%"), active_file(size=4 * GIB - 80 * MIB), LISTED, id="within-a-fiftieth"),
        pytest.param(Area(PATH, state="absent"), missing(), "", id="absent"),
    ],
)
def test_nothing_is_planned_where_all_is_as_wanted(wanted, target, text):
    assert plan(wanted, facts(target, text=text)) == []


def test_who_may_change_nothing_may_still_be_told_that_nothing_is_to_be_changed():
    found = facts(active_file(), text=LISTED, uid=1000, no_swapon="this process has no CAP_SYS_ADMIN")
    assert plan(Area(PATH, size="1G"), found) == []


# size


def test_another_size_is_made_beside_while_the_old_area_stays_on():
    found = facts(active_file(used=5 * MIB), text=LISTED)
    assert plan(Area(PATH, size="2G"), found) == made_anew(2 * GIB, off=SwapOff(PATH, 5 * MIB))


@pytest.mark.parametrize("off_by", [-PAGE, PAGE], ids=["a-page-too-few", "a-page-too-many"])
def test_a_size_in_bytes_is_meant_to_the_page(off_by):
    found = facts(active_file(size=GIB + off_by), text=LISTED)
    assert plan(Area(PATH, size="1G"), found) == made_anew(GIB, off=SwapOff(PATH))


def test_a_size_relative_to_memory_that_is_far_off_is_another_size():
    found = facts(active_file(size=3 * GIB), text=LISTED)
    assert plan(Area(PATH, size="50%"), found) == made_anew(4 * GIB, off=SwapOff(PATH))


def test_where_the_disk_has_no_room_for_both_the_old_file_is_changed_under_another_name():
    found = facts(active_file(used=5 * MIB, filesystem=ext4(free=GIB + 100 * MIB)), text=LISTED)
    assert plan(Area(PATH, size="2G"), found) == [
        SwapOff(PATH, 5 * MIB),
        Rename(PATH, NEW),
        Resize(NEW, GIB, 2 * GIB),
        Format(NEW, 2 * GIB, "", UUID),
        Rename(NEW, PATH),
        SwapOn(PATH),
    ]


def test_a_file_is_shortened_on_a_disk_that_is_full():
    found = facts(active_file(filesystem=ext4(free=4 * MIB)), text=LISTED)
    assert plan(Area(PATH, size="512M"), found) == [
        SwapOff(PATH),
        Rename(PATH, NEW),
        Resize(NEW, GIB, 512 * MIB),
        Format(NEW, 512 * MIB, "", UUID),
        Rename(NEW, PATH),
        SwapOn(PATH),
    ]


def test_a_file_changed_where_it_stands_is_protected_before_it_gets_its_name_back():
    target = swap_file(mode=0o644, uid=5, gid=6, filesystem=ext4(free=GIB + 100 * MIB))
    assert plan(Area(PATH, size="2G"), facts(target, text=LISTED)) == [
        Rename(PATH, NEW),
        Resize(NEW, GIB, 2 * GIB),
        Format(NEW, 2 * GIB, "", UUID),
        SetOwner(NEW, 5, 6),
        SetMode(NEW, 0o644),
        Rename(NEW, PATH),
        SwapOn(PATH),
    ]


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        pytest.param(
            missing(filesystem=ext4(free=2 * GIB)),
            "/swapfile needs 2 GiB more on its file system, which has 2 GiB free;"
            " hint: make room there, or take a smaller size or another file system",
            id="nothing-there",
        ),
        pytest.param(
            active_file(filesystem=ext4(free=GIB)),
            "/swapfile needs 1 GiB more on its file system, which has 1 GiB free;"
            " hint: make room there, or take a smaller size or another file system",
            id="even-where-it-stands",
        ),
        pytest.param(
            swap_file(allocated=0, filesystem=ext4(type="ext3", free=2 * GIB)),
            "/swapfile needs 2 GiB more on its file system, which has 2 GiB free;"
            " hint: make room there, or take a smaller size or another file system",
            id="holes-that-cannot-be-filled",
        ),
    ],
)
def test_a_size_for_which_there_is_no_room_is_refused(target, complaint):
    with pytest.raises(Refused) as caught:
        plan(Area(PATH, size="2G"), facts(target, text=LISTED))
    assert str(caught.value) == complaint


def test_what_a_leftover_takes_counts_as_room():
    left = Leftover(NEW, "new", allocated=GIB)
    target = missing(filesystem=ext4(free=100 * MIB), leftovers=(left,))
    assert plan(Area(PATH, size="1G"), facts(target))[:2] == [Delete(NEW), Create(NEW, GIB)]


@pytest.mark.parametrize(
    "left",
    [
        pytest.param(Leftover(f"{PUBLIC}/.swapfile.swapctl-bridge", "bridge", allocated=GIB), id="elsewhere"),
        pytest.param(Leftover("/.swapfile.swapctl-bridge", "bridge", allocated=GIB, ours=False), id="not-ours"),
        pytest.param(Leftover("/.swapfile.swapctl-bridge", "bridge", allocated=GIB, active=entry()), id="in-use"),
    ],
)
def test_a_leftover_that_does_not_go_from_here_makes_no_room(left):
    target = missing(filesystem=ext4(free=100 * MIB), leftovers=(left,))
    with pytest.raises(Refused, match="needs 1 GiB more on its file system, which has 100 MiB free"):
        plan(Area(PATH, size="1G"), facts(target))


@pytest.mark.parametrize(
    ("size", "complaint"),
    [
        pytest.param("36K", "/swapfile: 36864 bytes are too few for an area; hint: give 40960 or more", id="few"),
        pytest.param("17T", "/swapfile: 17 TiB are too many for an area; hint: make several areas", id="many"),
    ],
)
def test_a_size_that_no_area_can_have_is_refused(size, complaint):
    with pytest.raises(Refused) as caught:
        plan(Area(PATH, size=size), facts(missing(filesystem=ext4(free=1 << 50))))
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        pytest.param(
            missing(),
            "/swapfile does not exist, and no size is given to make it; hint: give --size, such as 2G",
            id="missing",
        ),
        pytest.param(
            swap_file(header=None, size=0, allocated=0, empty=True),
            "/swapfile is empty, and no size is given to make an area of it; hint: give --size, such as 2G",
            id="empty",
        ),
    ],
)
def test_without_a_size_no_file_is_made(target, complaint):
    with pytest.raises(Refused) as caught:
        plan(Area(PATH), facts(target))
    assert str(caught.value) == complaint


# not as it should be


@pytest.mark.parametrize(
    ("target", "uuid"),
    [
        pytest.param(swap_file(allocated=GIB // 2), UUID, id="sparse"),
        pytest.param(swap_file(header=None, size=0, allocated=0, empty=True), "", id="empty-file"),
        pytest.param(swap_file(header=None, empty=True), "", id="zeros"),
        pytest.param(
            swap_file(size=2 * GIB, allocated=2 * GIB, header=Header(PAGE, GIB // PAGE, UUID)),
            UUID,
            id="longer-than-its-header",
        ),
        pytest.param(
            swap_file(size=MIB, allocated=MIB, header=Header(PAGE, GIB // PAGE, UUID)),
            UUID,
            id="shorter-than-its-header",
        ),
        pytest.param(swap_file(header=Header(65536, GIB // 65536, UUID)), UUID, id="other-page-size"),
        pytest.param(swap_file(header=Header(PAGE, GIB // PAGE // 2, UUID)), UUID, id="other-size-in-its-header"),
    ],
)
def test_a_file_that_will_not_do_is_made_anew(target, uuid):
    assert plan(Area(PATH, size="1G"), facts(target, text=LISTED)) == made_anew(uuid=uuid)


def test_an_active_file_that_is_longer_than_its_header_is_made_anew():
    target = active_file(size=2 * GIB, header=Header(PAGE, GIB // PAGE, UUID), active=entry(used=MIB))
    assert plan(Area(PATH, size="1G"), facts(target, text=LISTED)) == made_anew(off=SwapOff(PATH, MIB))


GROWN = active_file(size=2 * GIB, allocated=GIB, header=Header(PAGE, GIB // PAGE, UUID), active=entry())


def test_an_active_file_that_somebody_lengthened_is_left_alone_while_it_stays_on():
    assert plan(Area(PATH), facts(GROWN, text=LISTED)) == []


def test_an_active_file_that_somebody_lengthened_is_made_anew_before_it_is_turned_on_again():
    found = facts(GROWN, text=LISTED)
    assert plan(Area(PATH, priority=5, persist="keep"), found) == [
        Create(NEW, GIB),
        Format(NEW, GIB, "", UUID, fresh=True),
        SwapOff(PATH),
        Replace(PATH, NEW, OLD),
        SwapOn(PATH, 5),
        DeleteOld(OLD),
    ]


def test_a_copy_on_write_file_on_btrfs_is_made_anew_without():
    target = swap_file(filesystem=ext4(type="btrfs"))
    assert plan(Area(PATH, size="1G"), facts(target, text=LISTED)) == [
        Create(NEW, GIB, nocow=True),
        Format(NEW, GIB, "", UUID, fresh=True),
        Replace(PATH, NEW, OLD),
        SwapOn(PATH),
        DeleteOld(OLD),
    ]


def test_a_nocow_file_on_btrfs_is_taken_as_it_is():
    target = swap_file(filesystem=ext4(type="btrfs"), flags=NOCOW)
    assert plan(Area(PATH, size="1G"), facts(target, text=LISTED)) == [SwapOn(PATH)]


def test_a_copy_on_write_file_is_never_changed_where_it_stands():
    target = swap_file(filesystem=ext4(type="btrfs", free=100 * MIB))
    with pytest.raises(Refused, match="needs 1 GiB more on its file system, which has 100 MiB free"):
        plan(Area(PATH, size="1G"), facts(target, text=LISTED))


@pytest.mark.parametrize(
    ("wanted", "label", "uuid"),
    [
        pytest.param(Area(PATH, label="new"), "new", UUID, id="label"),
        pytest.param(Area(PATH, label=""), "", UUID, id="label-taken-away"),
        pytest.param(Area(PATH, uuid=OTHER_UUID), "old", OTHER_UUID, id="uuid"),
        pytest.param(Area(PATH, size="1G", label="new", uuid=OTHER_UUID), "new", OTHER_UUID, id="both"),
    ],
)
def test_another_name_is_a_new_header(wanted, label, uuid):
    target = active_file(header=Header(PAGE, GIB // PAGE, UUID, "old"))
    assert plan(wanted, facts(target, text=LISTED)) == made_anew(label=label, uuid=uuid, off=SwapOff(PATH))


def test_label_and_uuid_survive_another_size():
    target = active_file(header=Header(PAGE, GIB // PAGE, UUID, "old"))
    actions = plan(Area(PATH, size="2G"), facts(target, text=LISTED))
    assert actions == made_anew(2 * GIB, label="old", off=SwapOff(PATH))


# in use or not


def test_a_right_but_inactive_area_is_turned_on():
    assert plan(Area(PATH, size="1G"), facts(swap_file(), text=LISTED)) == [SwapOn(PATH)]


@pytest.mark.parametrize(
    ("wanted", "now", "off", "on"),
    [
        pytest.param(5, 3, SwapOff(PATH, 0, 3), SwapOn(PATH, 5), id="other"),
        pytest.param(5, -2, SwapOff(PATH, 0, None), SwapOn(PATH, 5), id="set-where-the-kernel-chose"),
        pytest.param(0, -2, SwapOff(PATH, 0, None), SwapOn(PATH, 0), id="zero-is-set"),
        pytest.param(None, 3, SwapOff(PATH, 0, 3), SwapOn(PATH), id="the-kernel-chooses-where-it-was-set"),
    ],
)
def test_another_priority_takes_the_area_off_and_on(wanted, now, off, on):
    wanted_area = Area(PATH, priority=wanted, persist="keep")
    assert plan(wanted_area, facts(active_file(priority=now), text=LISTED)) == [off, on]


def test_another_discard_takes_the_area_off_and_on_and_is_undone_to_what_it_was():
    text = "/swapfile none swap sw,discard=once 0 0\n"
    assert plan(Area(PATH, discard="pages"), facts(active_file(), text=text)) == [
        SwapOff(PATH, 0, None, "once"),
        SwapOn(PATH, None, "pages"),
        WriteFstab(text, "/swapfile none swap sw,discard=pages 0 0\n"),
    ]


def test_an_active_area_that_is_wanted_off_is_turned_off_and_stays_listed():
    assert plan(Area(PATH, active=False), facts(active_file(priority=3), text=LISTED)) == [SwapOff(PATH, 0, 3)]


# who may read it


@pytest.mark.parametrize(
    ("target", "actions"),
    [
        pytest.param(active_file(mode=0o644), [SetMode(PATH, 0o644)], id="mode-while-active"),
        pytest.param(swap_file(mode=0o644), [SetMode(PATH, 0o644), SwapOn(PATH)], id="mode-before-it-is-turned-on"),
        pytest.param(swap_file(mode=0o400), [SetMode(PATH, 0o400), SwapOn(PATH)], id="mode-too-narrow"),
        pytest.param(active_file(uid=1000), [SetOwner(PATH, 1000, 0)], id="owner"),
        pytest.param(active_file(gid=6), [SetOwner(PATH, 0, 6)], id="group"),
        pytest.param(
            active_file(uid=7, gid=8, mode=0o666), [SetOwner(PATH, 7, 8), SetMode(PATH, 0o666)], id="owner-and-mode"
        ),
    ],
)
def test_only_root_may_read_what_was_in_memory(target, actions):
    assert plan(Area(PATH, size="1G"), facts(target, text=LISTED)) == actions


# what interrupted runs left


def test_the_leftovers_of_an_interrupted_run_are_deleted():
    target = active_file(leftovers=(Leftover(NEW, "new", 4096), Leftover(OLD, "old", GIB)))
    assert plan(Area(PATH, size="1G"), facts(target, text=LISTED)) == [Delete(NEW), Delete(OLD)]


def test_an_area_that_lost_its_name_keeps_its_uuid_and_label():
    left = Leftover(NEW, "new", GIB, header=Header(PAGE, GIB // PAGE, UUID, "swap"))
    assert plan(Area(PATH, size="1G"), facts(missing(leftovers=(left,)), text=LISTED)) == [
        Delete(NEW),
        Create(NEW, GIB),
        Format(NEW, GIB, "swap", UUID, fresh=True),
        Rename(NEW, PATH),
        SwapOn(PATH),
    ]


def test_a_bridges_uuid_is_not_taken_for_the_areas():
    left = Leftover("/.swapfile.swapctl-bridge", "bridge", GIB, header=Header(PAGE, GIB // PAGE, OTHER_UUID))
    actions = plan(Area(PATH, size="1G"), facts(missing(leftovers=(left,)), text=LISTED))
    assert actions[2] == Format(NEW, GIB, fresh=True)


def test_what_is_not_ours_is_never_deleted_whatever_its_name():
    target = active_file(leftovers=(Leftover(NEW, "new", 4096, ours=False),))
    assert plan(Area(PATH, size="1G"), facts(target, text=LISTED)) == []


def test_what_is_not_ours_and_in_the_way_is_refused():
    target = missing(leftovers=(Leftover(NEW, "new", 4096, ours=False),))
    with pytest.raises(Refused) as caught:
        plan(Area(PATH, size="1G"), facts(target))
    assert str(caught.value) == f"{NEW} is in the way and not from an earlier run; hint: move it away"


def test_what_a_stranger_put_into_a_public_directory_hinders_nobody():
    left = Leftover(f"{PUBLIC}/.swapfile.swapctl-bridge", "bridge", 4096, ours=False)
    assert plan(Area(PATH, size="1G"), facts(missing(leftovers=(left,)))) == plan(
        Area(PATH, size="1G"), facts(missing())
    )


# absent


def test_an_absent_area_is_off_out_of_fstab_and_then_deleted():
    found = facts(active_file(used=MIB, priority=4), text=f"# keep\n{LISTED}")
    assert plan(Area(PATH, state="absent"), found) == [
        SwapOff(PATH, MIB, 4),
        WriteFstab(f"# keep\n{LISTED}", "# keep\n"),
        Delete(PATH),
    ]


@pytest.mark.parametrize(
    ("target", "text", "actions"),
    [
        pytest.param(swap_file(), "", [Delete(PATH)], id="inactive-and-not-listed"),
        pytest.param(missing(), LISTED, [WriteFstab(LISTED, "")], id="listed-alone"),
        pytest.param(missing(leftovers=(Leftover(OLD, "old", GIB),)), "", [Delete(OLD)], id="only-leftovers"),
        pytest.param(swap_file(allocated=0, mode=0o644), "", [Delete(PATH)], id="whatever-is-wrong-with-it"),
    ],
)
def test_what_there_is_of_an_absent_area_goes(target, text, actions):
    assert plan(Area(PATH, state="absent"), facts(target, text=text)) == actions


def test_a_file_can_go_while_its_fstab_entry_stays():
    found = facts(swap_file(), text=LISTED)
    assert plan(Area(PATH, state="absent", persist="keep"), found) == [Delete(PATH)]


# what is not ours

FOREIGN = (Signature("an ext2, ext3 or ext4 file system", 0x438, 2), Signature("a DOS partition table", 510, 2))


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        pytest.param(
            missing(kind="directory"), "/swapfile is a directory, not a swap file or block device", id="directory"
        ),
        pytest.param(
            missing(kind="symbolic link"), "/swapfile is a symbolic link, not a swap file or block device", id="link"
        ),
        pytest.param(missing(kind="FIFO"), "/swapfile is a FIFO, not a swap file or block device", id="fifo"),
        pytest.param(missing(kind="socket"), "/swapfile is a socket, not a swap file or block device", id="socket"),
        pytest.param(
            missing(kind="character device"),
            "/swapfile is a character device, not a swap file or block device",
            id="character",
        ),
        pytest.param(swap_file(header=None), "/swapfile holds data that is no swap area", id="data"),
        pytest.param(
            swap_file(header=None, foreign=FOREIGN),
            "/swapfile holds an ext2, ext3 or ext4 file system and a DOS partition table",
            id="file-system",
        ),
        pytest.param(
            swap_file(foreign=(Signature("a hibernation image", 4086, 9),)),
            "/swapfile holds a hibernation image",
            id="beside-a-swap-header",
        ),
        pytest.param(swap_file(unreadable="Permission denied"), "/swapfile: Permission denied", id="unreadable"),
    ],
)
def test_what_is_no_swap_file_is_refused_by_name_even_with_force(target, complaint, force, state):
    with pytest.raises(Refused) as caught:
        plan(Area(PATH, size="1G", force=force, state=state), facts(target))
    assert caught.value.message == complaint
    assert caught.value.hint


def test_an_empty_file_is_not_deleted():
    with pytest.raises(Refused) as caught:
        plan(Area(PATH, state="absent"), facts(swap_file(header=None, size=0, allocated=0, empty=True)))
    assert str(caught.value) == (
        "/swapfile is an empty file, not a swap area; hint: delete it yourself if it is not needed"
    )


# where it lies


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        pytest.param(missing(filesystem=None), "the directory / does not exist; hint: mkdir -p /", id="no-directory"),
        pytest.param(
            missing(filesystem=ext4(type="tmpfs")),
            "/swapfile: tmpfs holds no swap files: it lives in memory; hint: name a path on ext4, XFS or btrfs",
            id="tmpfs",
        ),
        pytest.param(
            missing(filesystem=ext4(read_only=True)),
            "/ is read-only; hint: remount it: mount -o remount,rw",
            id="read-only",
        ),
        pytest.param(
            missing(directory_flags=IMMUTABLE),
            "/ is immutable or append-only; hint: chattr -i -a /",
            id="immutable-directory",
        ),
        pytest.param(
            swap_file(flags=IMMUTABLE),
            "/swapfile is immutable or append-only; hint: chattr -i -a /swapfile",
            id="immutable",
        ),
        pytest.param(
            swap_file(flags=APPEND_ONLY),
            "/swapfile is immutable or append-only; hint: chattr -i -a /swapfile",
            id="append-only",
        ),
    ],
)
def test_where_no_area_can_be_it_is_refused_with_the_reason(target, complaint):
    with pytest.raises(Refused) as caught:
        plan(Area(PATH, size="1G"), facts(target, text=LISTED))
    assert str(caught.value) == complaint


def test_an_immutable_area_that_is_as_wanted_is_left_in_peace():
    assert plan(Area(PATH, size="1G"), facts(active_file(flags=IMMUTABLE), text=LISTED)) == []


@pytest.mark.parametrize("state", ["present", "absent"])
def test_an_immutable_area_is_not_turned_off(state):
    with pytest.raises(Refused, match=r"/swapfile is immutable or append-only"):
        plan(Area(PATH, active=False, state=state), facts(active_file(flags=IMMUTABLE), text=LISTED))


# areas as they stand


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(swap_file(mode=0o644), id="mode"),
        pytest.param(swap_file(allocated=0), id="sparse"),
        pytest.param(swap_file(header=Header(65536, GIB // 65536)), id="other-page-size"),
    ],
)
def test_an_area_to_turn_on_as_it_stands_is_not_changed(target):
    assert plan(Existing(PATH, persist="keep", priority=3), facts(target, text=LISTED)) == [SwapOn(PATH, 3)]


def test_an_area_to_turn_off_as_it_stands_is_not_changed():
    found = facts(active_file(mode=0o644, used=MIB), text=LISTED)
    assert plan(Existing(PATH, persist="keep", active=False), found) == [SwapOff(PATH, MIB)]


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        pytest.param(
            missing(),
            "/swapfile does not exist; hint: swapctl status lists the areas that are known here",
            id="missing",
        ),
        pytest.param(
            swap_file(header=None, empty=True),
            "/swapfile is no swap area; hint: swapctl ensure makes one of it",
            id="blank",
        ),
    ],
)
def test_what_is_no_area_yet_cannot_be_turned_on_as_it_stands(target, complaint):
    with pytest.raises(Refused) as caught:
        plan(Existing(PATH, persist="keep"), facts(target))
    assert str(caught.value) == complaint


# who may


def test_an_ordinary_user_changes_nothing_on_a_live_system():
    with pytest.raises(Refused) as caught:
        plan(Area(PATH, size="1G", active=False), facts(missing(), uid=1000))
    assert str(caught.value) == "changing swap needs root; hint: run it as root"


NOT_HERE = "this process has no CAP_SYS_ADMIN"


@pytest.mark.parametrize("target", [missing(), swap_file(), active_file(priority=5)], ids=["make", "on", "off-and-on"])
def test_where_the_kernel_takes_no_swap_calls_none_is_planned(target):
    with pytest.raises(Refused) as caught:
        plan(Area(PATH, size="1G"), facts(target, text=LISTED, no_swapon=NOT_HERE))
    assert str(caught.value) == (
        "the kernel will not turn swap on or off here: this process has no CAP_SYS_ADMIN;"
        " hint: run it on the host, or give the container CAP_SYS_ADMIN"
    )


def test_what_needs_no_call_of_the_kernel_works_without_the_right_to():
    found = facts(missing(), no_swapon=NOT_HERE)
    assert plan(Area(PATH, size="1G", active=False, persist="none"), found) == [
        Create(NEW, GIB),
        Format(NEW, GIB, fresh=True),
        Rename(NEW, PATH),
    ]


# a tree whose kernel does not run


@pytest.mark.parametrize("active", [True, False, None])
@pytest.mark.parametrize(
    ("target", "actions"),
    [
        pytest.param(missing(), [Create(NEW, GIB), Format(NEW, GIB, fresh=True), Rename(NEW, PATH)], id="missing"),
        pytest.param(swap_file(), [], id="right"),
        pytest.param(swap_file(mode=0o644, uid=1000), [SetMode(PATH, 0o644)], id="mode-but-not-owner"),
        pytest.param(
            missing(filesystem=ext4(type="tmpfs")),
            [Create(NEW, GIB, reserve=False), Format(NEW, GIB, fresh=True), Rename(NEW, PATH)],
            id="unpacked-in-memory",
        ),
        pytest.param(
            swap_file(allocated=0),
            [Create(NEW, GIB), Format(NEW, GIB, "", UUID, fresh=True), Replace(PATH, NEW, OLD), DeleteOld(OLD)],
            id="sparse",
        ),
    ],
)
def test_an_offline_tree_is_changed_without_the_kernel_and_by_anybody(target, actions, active):
    found = facts(target, text=LISTED, live=False, uid=1000, no_swapon=NOT_HERE)
    assert plan(Area(PATH, size="1G", active=active, priority=None), found) == actions


def test_an_offline_tree_does_not_tell_how_much_memory_there_will_be():
    found = facts(missing(), live=False)
    no_memory = found.replace(memory=found.memory.replace(total=0, available=0))
    with pytest.raises(Refused) as caught:
        plan(Area(PATH, size="50%"), no_memory)
    assert str(caught.value) == (
        "/swapfile: how much RAM the host will have is not known here; hint: give the size in bytes, K, M, G or T"
    )


# systemd


def test_where_systemd_runs_it_reads_fstab_again():
    assert plan(Area(PATH), facts(active_file(), systemd=Surroundings(runs=True, is_there=True))) == [
        WriteFstab("", LISTED, reload=True),
        DaemonReload(),
    ]
