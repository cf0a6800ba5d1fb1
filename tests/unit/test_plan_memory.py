"""An area is turned off only where what it holds has somewhere to go."""

from __future__ import annotations

import pytest

from swapctl.errors import Refused
from swapctl.sizes import GIB, KIB, MIB
from swapctl.swap.actions import (
    Create,
    Delete,
    DeleteOld,
    Format,
    LeaveBridge,
    Rename,
    Replace,
    Resize,
    SwapOff,
    SwapOn,
)
from swapctl.swap.area import Area
from swapctl.swap.facts import Leftover, Room
from swapctl.swap.memory import Group, Memory
from swapctl.swap.plan import plan
from tests.builders import PAGE, PUBLIC, UUID, active_file, device, entry, ext4, facts, missing, swap_file

PATH = "/swapfile"
NEW, OLD, BRIDGE = "/.swapfile.swapctl-new", "/.swapfile.swapctl-old", "/.swapfile.swapctl-bridge"
ELSEWHERE = f"{PUBLIC}/.swapfile.swapctl-bridge"

# 800 MiB of RAM keep a margin of 16 MiB, so 100 MiB come back into memory and no byte more.
TIGHT = Memory(800 * MIB, 116 * MIB)
# 300 MiB in use: 200 MiB have no room. A bridge takes them, the margin and 1 MiB.
USED = 300 * MIB
BRIDGE_SIZE = 217 * MIB

TOO_MUCH = (
    "/swapfile holds 300 MiB, but memory and the other areas have room for only 100 MiB of it"
    " (available memory is 116 MiB, of which 16 MiB stay free)"
)


def full(**changes):
    return active_file(used=USED, **changes)


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        pytest.param(Area(PATH, active=False, persist="keep"), full(), id="off"),
        pytest.param(Area(PATH, state="absent"), full(), id="absent"),
        pytest.param(
            Area(PATH, state="absent"), device(PATH, active=entry(PATH, used=USED, type="partition")), id="device"
        ),
    ],
)
def test_an_area_whose_content_fits_nowhere_stays_on(wanted, target):
    with pytest.raises(Refused) as caught:
        plan(wanted, facts(target, memory=TIGHT))
    assert str(caught.value) == f"{TOO_MUCH}; hint: end what uses memory, or add another area first"


@pytest.mark.parametrize(
    "memory", [Memory(800 * MIB, 0), Memory(800 * MIB, 10 * MIB)], ids=["none", "below-the-margin"]
)
def test_the_room_told_is_never_more_than_what_is_held(memory):
    found = facts(active_file(used=MIB), others=[entry("/other", 5 * MIB, used=2 * MIB)], memory=memory)
    with pytest.raises(Refused, match=r"^/swapfile holds 1 MiB, but .* have room for only 0 B of it"):
        plan(Area(PATH, active=False), found)


@pytest.mark.parametrize(
    ("used", "others", "memory"),
    [
        pytest.param(100 * MIB, [], TIGHT, id="fits-into-memory"),
        pytest.param(USED, [entry("/other", 200 * MIB + PAGE)], TIGHT, id="the-rest-fits-into-another-area"),
        pytest.param(
            USED,
            [entry("/a", 150 * MIB + PAGE), entry("/b", 150 * MIB + PAGE, used=100 * MIB)],
            TIGHT,
            id="the-rest-fits-into-two",
        ),
        pytest.param(0, [], Memory(GIB, 0), id="holds-nothing"),
    ],
)
def test_an_area_whose_content_fits_is_turned_off(used, others, memory):
    found = facts(active_file(used=used), others=others, memory=memory)
    assert plan(Area(PATH, active=False, persist="keep"), found) == [SwapOff(PATH, used)]


def test_one_page_too_few_is_too_few():
    found = facts(full(), others=[entry("/other", 200 * MIB)], memory=TIGHT)
    with pytest.raises(Refused, match=r"/swapfile holds 300 MiB"):
        plan(Area(PATH, active=False, persist="keep"), found)


def test_a_memory_limit_of_a_group_counts_like_missing_memory():
    found = facts(full(), groups=(Group(USED, None, (Group(USED, 100 * MIB),)),))
    with pytest.raises(Refused) as caught:
        plan(Area(PATH, active=False, persist="keep"), found)
    assert caught.value.message.startswith(
        "/swapfile holds 300 MiB, but memory and the other areas have room for only 100 MiB of it"
    )


def test_areas_that_leave_together_do_not_count_on_each_other():
    one = active_file("/one", used=80 * MIB)
    two = active_file("/two", used=80 * MIB)
    wanted = [Area(target.path, active=False, persist="keep") for target in (one, two)]
    with pytest.raises(Refused, match=r"^/one holds 160 MiB, but .* have room for only 100 MiB of it"):
        plan(wanted, facts(one, two, memory=TIGHT))


# bridges


def bridged(path: str = BRIDGE) -> list:
    return [Create(path, BRIDGE_SIZE), Format(path, BRIDGE_SIZE, fresh=True), SwapOn(path)]


def left_again(path: str = BRIDGE) -> list:
    return [LeaveBridge(path), DeleteOld(path)]


def resized(*, over: str) -> list:
    return [
        Create(NEW, 2 * GIB),
        Format(NEW, 2 * GIB, "", UUID, fresh=True),
        *bridged(over),
        SwapOff(PATH, USED),
        Replace(PATH, NEW, OLD),
        SwapOn(PATH),
        *left_again(over),
        DeleteOld(OLD),
    ]


def resized_in_place(*, over: str) -> list:
    return [
        *bridged(over),
        SwapOff(PATH, USED),
        Rename(PATH, NEW),
        Resize(NEW, GIB, 2 * GIB),
        Format(NEW, 2 * GIB, "", UUID),
        Rename(NEW, PATH),
        SwapOn(PATH),
        *left_again(over),
    ]


def without_fstab(**wanted) -> Area:
    return Area(PATH, persist="keep", **wanted)


def test_a_resize_goes_over_a_bridge_that_is_left_at_the_end():
    assert plan(without_fstab(size="2G"), facts(full(), memory=TIGHT)) == resized(over=BRIDGE)


def test_another_priority_goes_over_a_bridge():
    assert plan(without_fstab(priority=5), facts(full(), memory=TIGHT)) == [
        *bridged(),
        SwapOff(PATH, USED),
        SwapOn(PATH, 5),
        *left_again(),
    ]


@pytest.mark.parametrize("directories", [(PUBLIC,), (PUBLIC, "/")])
def test_areas_of_one_name_have_bridges_of_two(directories):
    full = ext4(free=0)
    areas = [
        active_file(f"/{name}/swap", used=USED, filesystem=full, identity=("file", 9, number))
        for number, name in enumerate("ab")
    ]
    rooms = tuple(Room(name, ext4()) for name in directories)
    found, wanted = facts(*areas, memory=TIGHT, rooms=rooms), [Area(area.path, priority=5) for area in areas]
    if len(directories) == 1:
        with pytest.raises(Refused, match=r"make \d+ MiB of room on a disk for a bridge"):
            plan(wanted, found)
    else:
        made = [one.path for one in plan(wanted, found) if isinstance(one, Create)]
        assert made == [f"{PUBLIC}/.swap.swapctl-bridge", "/.swap.swapctl-bridge"]


def test_a_device_goes_over_a_bridge_in_a_directory_for_them():
    target = device(active=entry("/dev/vdb", used=USED, type="partition"))
    found = facts(target, memory=TIGHT, rooms=(Room(PUBLIC, ext4()),))
    bridge = f"{PUBLIC}/.vdb.swapctl-bridge"
    assert plan(Area("/dev/vdb", size="512M", persist="keep"), found) == [
        *bridged(bridge),
        SwapOff("/dev/vdb", USED),
        Format("/dev/vdb", 512 * MIB, "", UUID),
        SwapOn("/dev/vdb"),
        *left_again(bridge),
    ]


ENOUGH_FOR_THE_NEW = 2 * GIB + 50 * MIB
ENOUGH_FOR_THE_GROWTH = GIB + 50 * MIB


@pytest.mark.parametrize(
    ("free", "rooms", "actions"),
    [
        pytest.param(10 * GIB, [], resized(over=BRIDGE), id="both-beside"),
        pytest.param(ENOUGH_FOR_THE_NEW, [ext4()], resized(over=ELSEWHERE), id="bridge-elsewhere"),
        pytest.param(ENOUGH_FOR_THE_NEW, [], resized_in_place(over=BRIDGE), id="in-place-with-the-bridge-beside"),
        pytest.param(
            ENOUGH_FOR_THE_GROWTH, [ext4()], resized_in_place(over=ELSEWHERE), id="in-place-with-the-bridge-elsewhere"
        ),
    ],
)
def test_the_new_file_and_the_bridge_go_where_there_is_room(free, rooms, actions):
    found = facts(full(filesystem=ext4(free=free)), memory=TIGHT, rooms=tuple(Room(PUBLIC, room) for room in rooms))
    assert plan(without_fstab(size="2G"), found) == actions


@pytest.mark.parametrize(
    "room",
    [
        pytest.param(None, id="no-such-directory"),
        pytest.param(ext4(type="tmpfs"), id="in-memory"),
        pytest.param(ext4(read_only=True), id="read-only"),
        pytest.param(ext4(free=100 * MIB), id="too-small"),
    ],
)
def test_without_a_place_for_the_bridge_nothing_is_changed(room):
    found = facts(full(filesystem=ext4(free=0)), memory=TIGHT, rooms=(Room(PUBLIC, room),))
    with pytest.raises(Refused) as caught:
        plan(without_fstab(priority=5), found)
    assert str(caught.value) == (
        f"{TOO_MUCH}; hint: make 217 MiB of room on a disk for a bridge, end what uses memory, or add another area"
    )


def test_a_bridge_is_not_put_where_a_stranger_has_taken_its_name():
    left = Leftover(BRIDGE, "bridge", 4096, ours=False)
    found = facts(full(leftovers=(left,)), memory=TIGHT, rooms=(Room(PUBLIC, ext4()),))
    assert plan(without_fstab(size="2G"), found) == resized(over=ELSEWHERE)


def test_what_would_not_fit_into_the_new_smaller_area_either_is_refused():
    with pytest.raises(Refused) as caught:
        plan(without_fstab(size="100M"), facts(full(), memory=TIGHT))
    assert (
        str(caught.value) == f"{TOO_MUCH}; hint: it would not fit into the new, smaller area either; take a larger size"
    )


def test_a_bridge_that_copies_on_write_is_made_without():
    found = facts(full(filesystem=ext4(type="btrfs"), flags=0x00800000), memory=TIGHT)
    assert plan(without_fstab(priority=5), found)[0] == Create(BRIDGE, BRIDGE_SIZE, nocow=True)


# a bridge that an interrupted run left


def interrupted(target, *, used: int = USED, **changes):
    """Return facts in which a bridge for *target* is still in use."""
    bridge = entry(BRIDGE, BRIDGE_SIZE * 2, used=used)
    left = Leftover(BRIDGE, "bridge", BRIDGE_SIZE, active=bridge)
    return facts(target.replace(leftovers=(left,)), others=[bridge], **changes)


def test_a_bridge_still_in_use_is_left_when_the_area_is_back():
    assert plan(without_fstab(size="1G"), interrupted(swap_file(), memory=TIGHT)) == [
        SwapOn(PATH),
        LeaveBridge(BRIDGE, USED, None),
        DeleteOld(BRIDGE),
    ]


def test_a_bridge_still_in_use_is_left_by_an_area_that_goes():
    assert plan(Area(PATH, state="absent"), interrupted(missing(), used=50 * MIB, memory=TIGHT)) == [
        LeaveBridge(BRIDGE, 50 * MIB, None),
        DeleteOld(BRIDGE),
    ]


def test_a_bridge_whose_content_fits_nowhere_stays():
    with pytest.raises(Refused) as caught:
        plan(Area(PATH, state="absent"), interrupted(missing(), memory=TIGHT))
    assert caught.value.message == TOO_MUCH.replace(PATH, BRIDGE)


def test_a_bridge_no_longer_in_use_is_deleted():
    left = Leftover(BRIDGE, "bridge", BRIDGE_SIZE)
    assert plan(without_fstab(), facts(active_file(leftovers=(left,)))) == [Delete(BRIDGE)]


def test_figures_are_told_for_people():
    found = facts(active_file(used=300 * MIB + 300 * KIB), memory=TIGHT)
    with pytest.raises(Refused, match=r"^/swapfile holds 300 MiB, but"):
        plan(without_fstab(active=False), found)
