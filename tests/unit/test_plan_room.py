"""Who is first where a file system has no room for all at once, and who is not."""

from __future__ import annotations

import pytest

from swapctl.errors import Refused
from swapctl.sizes import GIB, MIB
from swapctl.swap.actions import Create, Format, Rename, Resize, SwapOff, SwapOn
from swapctl.swap.area import Area
from swapctl.swap.load import Load
from swapctl.swap.needs import Need
from swapctl.swap.plan import plan
from tests.builders import UUID, active_file, entry, ext4, facts, missing, short_of_memory

SMALL, LARGE = GIB, 2 * GIB
GROWS, SHRINKS, NEW = Area("/a", size=LARGE, persist="none"), Area("/b", size=SMALL, persist="none"), "/c"


def host(free: int, *further, **changes):
    """Return facts with an area to grow and one to shrink on one file system with *free* bytes of room."""
    both = (active_file("/a", SMALL, filesystem=ext4(free)), active_file("/b", LARGE, filesystem=ext4(free)))
    return facts(*both, *further, **changes)


def remade(path: str, old: int, new: int):
    name = f"/.{path[1:]}.swapctl-new"
    return [
        SwapOff(path),
        Rename(path, name),
        Resize(name, old, new),
        Format(name, new, uuid=UUID),
        Rename(name, path),
        SwapOn(path),
    ]


@pytest.mark.parametrize(
    "wanted", [[GROWS, SHRINKS], [SHRINKS, GROWS]], ids=["grows-named-first", "shrinks-named-first"]
)
def test_where_there_is_no_room_to_grow_what_shrinks_is_first(wanted):
    assert plan(wanted, host(64 * MIB)) == [*remade("/b", LARGE, SMALL), *remade("/a", SMALL, LARGE)]


def test_where_there_is_room_the_order_stays():
    actions = plan([GROWS, SHRINKS], host(100 * GIB))
    assert [one.path for one in actions if isinstance(one, SwapOff)] == ["/a", "/b"]
    assert not [one for one in actions if isinstance(one, Resize)]


def test_a_file_system_with_room_is_no_matter_of_one_without():
    elsewhere = active_file("/srv/d", LARGE, filesystem=ext4(device=7))
    actions = plan([Area("/srv/d", size=SMALL, persist="none"), GROWS, SHRINKS], host(64 * MIB, elsewhere))
    assert [one.path for one in actions if isinstance(one, SwapOff)] == ["/b", "/srv/d", "/a"]
    assert [one.path for one in actions if isinstance(one, Create)] == ["/srv/.d.swapctl-new"]


def test_a_new_area_takes_what_another_gives_up():
    found = host(64 * MIB, missing(NEW, filesystem=ext4(64 * MIB)))
    actions = plan([Area(NEW, size="512M", persist="none"), SHRINKS], found)
    assert actions[:6] == remade("/b", LARGE, SMALL)
    assert actions[-1] == SwapOn(NEW)


def test_where_even_that_makes_no_room_the_refusal_is_about_what_there_is():
    with pytest.raises(
        Refused, match="^/a needs 3 GiB more on its file system, which has 64 MiB free; hint: make room"
    ):
        plan([GROWS.replace(size=4 * GIB), SHRINKS], host(64 * MIB))


def test_two_that_grow_where_they_stand_need_room_for_both():
    place = ext4(1200 * MIB)
    found = facts(active_file("/a", SMALL, filesystem=place), active_file("/b", SMALL, filesystem=place))
    with pytest.raises(Refused, match="^/b needs 1 GiB more on its file system, which has 176 MiB free"):
        plan([GROWS, SHRINKS.replace(size=LARGE)], found)


def test_a_new_area_carries_no_load_of_one_that_makes_room_for_it():
    wanted = [Area(NEW, size="512M", persist="none"), SHRINKS]
    shrinks = active_file("/b", LARGE, used=400 * MIB, filesystem=ext4(64 * MIB))
    found = facts(shrinks, missing(NEW, filesystem=ext4(64 * MIB)), memory=short_of_memory())
    with pytest.raises(Refused, match="^/b holds 400 MiB, but memory and the other areas have room for only"):
        plan(wanted, found)
    needs = [Need(area, found.target(area.path), found) for area in wanted]
    assert Load(needs, found).elsewhere > 400 * MIB
    assert Load(needs, found, late=needs[:1]).elsewhere == 0


@pytest.mark.parametrize(("others", "is_refused"), [(31, False), (32, True)])
def test_more_areas_than_any_kernel_takes_are_refused(others, *, is_refused):
    found = facts(missing(NEW), others=[entry(f"/other{number}") for number in range(others)])
    if not is_refused:
        plan(Area(NEW, size="512M"), found)
        return
    with pytest.raises(Refused, match="^there would be 33 areas at once, and no kernel takes more than 32"):
        plan(Area(NEW, size="512M"), found)
