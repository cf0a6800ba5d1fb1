"""A layout: what is said of a wrong one, and what happens to areas that it does not list."""

from __future__ import annotations

import pytest

from swapctl.errors import InvalidInput, Refused
from swapctl.sizes import GIB, MIB
from swapctl.swap import bringers, units
from swapctl.swap.actions import Create, Delete, Format, MakeSubvolume, Rename, Resize, SwapOff, SwapOn, WriteFstab
from swapctl.swap.area import Area, Unlisted
from swapctl.swap.guards import NOCOW
from swapctl.swap.layout import Layout, parse, unlisted
from swapctl.swap.plan import expected, plan
from swapctl.swap.texts import Mask
from swapctl.swap.zram import ZramArea
from swapctl.swap.zram_device import Boot, Device
from swapctl.validate import path_of
from tests.builders import active_file, device, entry, ext4, facts, missing, short_of_memory, swap_file


def test_an_empty_one_wants_nothing():
    assert parse({"swap": {}}) == Layout()


def test_it_holds_areas_in_their_order():
    document = {"swap": {"exclusive": True, "delete": True, "areas": [{"path": "/a", "size": "1G"}, {"path": "/b"}]}}
    assert parse(document) == Layout((Area("/a", size="1G"), Area("/b")), exclusive=True, delete=True)


SWAP = "swap.areas[0]"


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (None, "the document is nothing, not a mapping"),
        ({}, "the document has no swap; hint: add swap"),
        ({"swap": {}, "x": 1}, "the document: x is not known; hint: allowed are swap"),
        ({"swap": {"ares": []}}, "swap: ares is not known; hint: allowed are exclusive, delete, areas, zswap, tuning"),
        ({"swap": {"areas": {}}}, "swap: areas is a mapping, not a list"),
        ({"swap": {"areas": ["/x"]}}, f"{SWAP} '/x' is not a mapping"),
        ({"swap": {"areas": [{}]}}, f"{SWAP} has neither path nor zram; hint: give one of path, zram"),
        (
            {"swap": {"areas": [{"path": "/x", "zram": "zram0"}]}},
            f"{SWAP} has both path and zram; hint: give one of path, zram",
        ),
        (
            {"swap": {"areas": [{"path": "/x"}, {"path": "x"}]}},
            "swap.areas[1]: path 'x' is not absolute; hint: begin it with / or, for a device, with UUID=, LABEL=, PARTUUID=",
        ),
        ({"swap": {"areas": [{"path": "/x", "priority": 40000}]}}, f"{SWAP}: priority 40000 is outside 0..32767"),
        ({"swap": {"areas": [{"path": "/x", "priority": True}]}}, f"{SWAP}: priority true is not a whole number; hint: such as 10"),
        ({"swap": {"areas": [{"path": "/x", "active": None}]}}, f"{SWAP}: active is nothing, not true or false"),
        (
            {"swap": {"areas": [{"path": "/dev/vdb", "encryption": "none", "name": "x"}]}},
            f"{SWAP}: name 'x' goes with encryption: random alone; hint: leave it out",
        ),
        (
            {"swap": {"areas": [{"path": "/x", "size": []}]}},
            f"{SWAP}: size is a list, not text or a whole number; hint: such as 512M, 4G, 50%, auto",
        ),
        ({"swap": {"areas": [{"path": "/x", "discard": "x"}]}}, f"{SWAP}: discard 'x' is not one of none, once, pages, both"),
        (
            {"swap": {"areas": [{"path": "/x", "algorithm": "lz4"}]}},
            f"{SWAP}: algorithm goes with zram alone; hint: leave algorithm out, or add zram",
        ),
        ({"swap": {"areas": [{"zram": "/dev/zram0"}]}}, f"{SWAP}: zram '/dev/zram0' is not right; hint: such as zram0"),
        ({"swap": {"areas": [{"path": "/x", "options": ["a", 1]}]}}, f"{SWAP}.options[1] 1 is not text"),
        ({"swap": {"tuning": {"swappiness": 201}}}, "swap.tuning: swappiness 201 is outside 0..200"),
        ({"swap": {"tuning": {"vfs_cache_pressure": -1}}}, "swap.tuning: vfs_cache_pressure -1 is outside 0..2147483647"),
        (
            {"swap": {"delete": True, "exclusive": False}},
            "swap: delete is about areas that are not listed, and they stay without exclusive: true; hint: leave it out; state: absent deletes one file",
        ),
        ({"swap": {"zswap": {}}}, "swap: zswap has no enabled; hint: add enabled"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(document, complaint):
    with pytest.raises(InvalidInput) as caught:
        parse(document)
    assert str(caught.value) == complaint


def test_the_place_in_the_file_comes_first():
    with pytest.raises(InvalidInput, match=r"^line 7: swap\.areas\[0\]: size 'big' is not a size; hint: allowed are"):
        parse({"swap": {"areas": [{"path": "/x", "size": "big"}]}}, lambda where: f"line {len(where) + 3}")


def test_a_place_is_written_as_people_do():
    assert path_of(("swap", "areas", 1, "options", 0)) == "swap.areas[1].options[0]"
    assert path_of(()) == "the document"


def away(layout, *targets, listed=()):
    return list(unlisted(layout, facts(*targets), listed))


EXCLUSIVE = Layout(exclusive=True)
DELETE = Layout(exclusive=True, delete=True)


@pytest.mark.parametrize(
    ("target", "kept", "deleted"),
    [
        pytest.param(active_file("/s"), Unlisted, Area, id="active-file"),
        pytest.param(swap_file("/s"), Unlisted, Area, id="listed-file"),
        pytest.param(missing("/s"), Unlisted, Unlisted, id="long-gone"),
        pytest.param(device("/s"), Unlisted, Unlisted, id="device"),
        pytest.param(swap_file("/s", header=None), Unlisted, Unlisted, id="no-area"),
    ],
)
def test_areas_that_are_not_listed_are_off_and_deleted_only_when_asked(target, kept, deleted):
    for layout, kind in ((EXCLUSIVE, kept), (DELETE, deleted)):
        (area,) = away(layout, target)
        assert isinstance(area, Unlisted) == (kind is Unlisted)
        wanted = ("absent", True) if kind is Area else ("present", False)
        assert (area.path, area.state, area.active) == ("/s", *wanted)
    assert away(Layout(), target) == []


def test_listed_areas_and_those_of_other_namespaces_stay():
    there, elsewhere = active_file("/s"), active_file("/t", identity=None)
    assert away(EXCLUSIVE, there, elsewhere, listed=[there.replace(spec="/other/name", path="/other/name")]) == []


def test_an_area_that_a_containers_name_leads_to_as_well_is_seen_once():
    there = active_file("/s")
    assert len(away(EXCLUSIVE, there, there.replace(spec="/t", path="/t"))) == 1


def test_what_is_not_listed_is_turned_off_and_taken_out_of_fstab_whatever_it_is():
    text = "# keep\n/s none swap sw 0 0\n/gone none swap sw 0 0\n/data none swap sw 0 0\n"
    targets = (active_file("/s"), missing("/gone"), swap_file("/data", header=None, empty=False))
    areas = [Unlisted(target.path, active=False, persist="none") for target in targets]
    assert plan(areas, facts(*targets, text=text)) == [SwapOff("/s"), WriteFstab(text, "# keep\n")]


def moved(**changes):
    """Return an area that moves, as areas and facts."""
    areas = [Area("/old", state="absent"), Area("/new", size=GIB)]
    return areas, facts(active_file("/old", GIB), missing("/new"), **changes)


def test_what_adds_room_comes_before_what_takes_it_away():
    areas, found = moved(text="/old none swap sw 0 0\n")
    actions = plan(areas, found)
    kernel = [action for action in actions if isinstance(action, (SwapOn, SwapOff))]
    assert kernel == [SwapOn("/new"), SwapOff("/old")]
    assert actions[-1] == Delete("/old")
    assert [expected(area, found).active for area in areas] == [False, True]


def test_the_room_that_is_added_counts_where_another_is_turned_off():
    areas, found = moved(memory=short_of_memory())
    old = found.target("/old")
    used = old.replace(active=old.active.replace(used=512 * MIB))
    found = facts(used, found.target("/new"), memory=short_of_memory())
    kernel = [action for action in plan(areas, found) if isinstance(action, (SwapOn, SwapOff))]
    assert kernel == [SwapOn("/new"), SwapOff("/old", used=512 * MIB)]


GENERATED = "# Automatically generated by {}\n[Swap]\nWhat={}\n"


def generated(maker, what):
    name = units.name_of(what)
    return units.parse(name, f"/run/systemd/generator/{name}", GENERATED.format(maker, what))


def started(*services, dphys=None, masked=()):
    around = units.Surroundings(is_there=True, enabled=services, masked=masked)
    return {"systemd": around, "texts": ((bringers.DPHYS, dphys),)}


@pytest.mark.parametrize(
    ("target", "found", "origin", "masked"),
    [
        pytest.param(
            device("/dev/vda3", units=(generated("systemd-gpt-auto-generator", "/dev/vda3"),)),
            started(),
            "the discovery of GPT partitions (systemd-gpt-auto-generator)",
            ["dev-vda3.swap"],
            id="gpt",
        ),
        pytest.param(
            swap_file("/var/swap"), started("dphys-swapfile.service"), "dphys-swapfile", ["dphys-swapfile.service"], id="dphys"
        ),
        pytest.param(
            swap_file("/srv/mine"),
            started("dphys-swapfile.service", dphys="#CONF_SWAPFILE=/x\nCONF_SWAPFILE=/srv/mine\n"),
            "dphys-swapfile",
            ["dphys-swapfile.service"],
            id="dphys-elsewhere",
        ),
        pytest.param(swap_file("/var/other"), started("dphys-swapfile.service"), "", [], id="not-of-dphys"),
        pytest.param(
            swap_file("/var/swap"),
            started("dphys-swapfile.service", masked=("dphys-swapfile.service",)),
            "dphys-swapfile",
            [],
            id="masked-already",
        ),
        pytest.param(
            swap_file("/var/lib/swapspace/1"), started("swapspace.service"), "swapspace", ["swapspace.service"], id="swapspace"
        ),
        pytest.param(swap_file("/swap.img"), started(), "a cloud image, or the installer of Ubuntu Server", [], id="cloud"),
        pytest.param(swap_file("/swapfile"), started(), "", [], id="anybodys"),
    ],
)  # fmt: skip
def test_who_would_bring_an_area_back_is_named_and_kept_from_it(target, found, origin, masked):
    everything = facts(target, **found)
    (area,) = unlisted(EXCLUSIVE, everything, [])
    assert bringers.origin(target, everything) == origin
    assert [one.path.rpartition("/")[2] for one in plan(area, everything) if isinstance(one, Mask)] == masked


def test_a_zram_device_that_is_not_listed_is_reset_and_who_makes_it_is_masked():
    zram = Device(0, exists=True, disksize=GIB, boot=Boot(owners=("zramswap.service (zram-tools)",)))
    target = device("/dev/zram0", GIB, zram=zram, active=entry("/dev/zram0", GIB, type="partition"))
    everything = facts(target, **started("zramswap.service"))
    (area,) = unlisted(EXCLUSIVE, everything, [])
    names = [action.name for action in plan(area, everything)]
    assert bringers.origin(target, everything) == "zramswap.service"
    assert names == ["swapoff", "zram-reset", "mask"]


def test_zram_is_wanted_by_its_name():
    (area,) = parse(
        {"swap": {"areas": [{"zram": "zram1", "size": "50%", "algorithm": "lz4", "memory_limit": "1G"}]}}
    ).areas
    assert area == ZramArea("/dev/zram1", size="50%", algorithm="lz4", memory_limit="1G")
    with pytest.raises(InvalidInput, match=r"^swap\.areas\[0\]: persist 'fstab' is not one of systemd, none, keep"):
        parse({"swap": {"areas": [{"zram": "zram1", "persist": "fstab"}]}})


def on(target, free, device=1):
    return target.replace(filesystem=ext4(free=free).replace(device=device))


def test_where_there_is_no_room_for_both_the_old_file_becomes_the_new_one():
    areas = [Area("/old", state="absent"), Area("/srv/new", size=2 * GIB, priority=5)]
    text = "/old none swap sw 0 0\n"
    found = facts(on(active_file("/old", GIB), GIB + 64 * MIB), on(missing("/srv/new"), GIB + 64 * MIB), text=text)
    assert plan(areas, found) == [
        SwapOff("/old"),
        Rename("/old", "/srv/.new.swapctl-new"),
        Resize("/srv/.new.swapctl-new", GIB, 2 * GIB),
        Format("/srv/.new.swapctl-new", 2 * GIB),
        Rename("/srv/.new.swapctl-new", "/srv/new"),
        SwapOn("/srv/new", 5),
        WriteFstab(text, "/srv/new none swap sw,pri=5 0 0\n"),
    ]


@pytest.mark.parametrize(
    "old",
    [
        pytest.param(on(active_file("/old", GIB), MIB, device=2), id="elsewhere"),
        pytest.param(on(active_file("/old", 16 * MIB), MIB), id="too-small"),
        pytest.param(on(active_file("/old", GIB), MIB).replace(other_names=1), id="another-name"),
    ],
)
def test_a_file_that_cannot_become_the_new_one_does_not(old):
    areas = [Area("/old", state="absent"), Area("/srv/new", size=GIB)]
    with pytest.raises(Refused):
        plan(areas, facts(old, on(missing("/srv/new"), MIB)))


def test_what_the_old_file_holds_has_to_find_room_without_the_new_one():
    old = on(active_file("/old", GIB, used=512 * MIB), GIB // 2)
    areas = [Area("/old", state="absent"), Area("/new", size=GIB)]
    with pytest.raises(Refused, match="/old holds 512 MiB, but memory and the other areas have room for only"):
        plan(areas, facts(old, on(missing("/new"), GIB // 2), memory=short_of_memory()))


def test_several_new_files_must_fit_together():
    areas = [Area("/a", size=GIB), Area("/b", size=GIB)]
    room = 2 * GIB - MIB
    with pytest.raises(Refused, match="/b needs 1 GiB more on its file system, which has 1023 MiB free"):
        plan(areas, facts(on(missing("/a"), room), on(missing("/b"), room)))
    areas = [Area("/a", size=GIB), Area("/srv/b", size=GIB)]
    assert plan(areas, facts(on(missing("/a"), room), on(missing("/srv/b"), room, device=2)))


def in_new_directory(kind="btrfs", **changes):
    return missing("/srv/swap/file", filesystem=None, above=ext4(type=kind)).replace(**changes)


def test_a_subvolume_is_made_for_the_file():
    found = facts(in_new_directory())
    actions = plan(Area("/srv/swap/file", size=GIB, subvolume=True), found)
    assert actions[:2] == [MakeSubvolume("/srv/swap"), Create("/srv/swap/.file.swapctl-new", GIB, True, True)]


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        pytest.param(in_new_directory("ext4"), "/srv/swap is on ext4, which has no subvolumes", id="ext4-above"),
        pytest.param(missing("/srv/swap/file"), "/srv/swap is on ext4, which has no subvolumes", id="ext4"),
        pytest.param(
            missing("/srv/swap/file", filesystem=ext4(type="btrfs")),
            "/srv/swap is a directory, not a subvolume",
            id="directory",
        ),
        pytest.param(in_new_directory(above=None), "the directory /srv/swap does not exist", id="nothing-above"),
    ],
)
def test_where_there_can_be_no_subvolume_is_refused(target, complaint):
    with pytest.raises(Refused, match=f"^{complaint}"):
        plan(Area("/srv/swap/file", size=GIB, subvolume=True), facts(target))


def test_a_subvolume_that_is_there_stays():
    place = ext4(type="btrfs")
    target = active_file("/srv/swap/file", filesystem=place, is_subvolume=True, flags=NOCOW)
    assert plan(Area("/srv/swap/file", subvolume=True, persist="keep"), facts(target)) == []
