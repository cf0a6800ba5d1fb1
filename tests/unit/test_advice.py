"""How much swap a host should have, and which kind: typical hosts, and what holds of any."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swapctl.errors import InvalidInput
from swapctl.sizes import GIB, MIB, exact, human
from swapctl.swap.advice import KINDS, Activity, Present, Site, Situation, Wish, Zram, advise, usual, whole
from swapctl.swap.area import Area
from swapctl.swap.layout import parse
from swapctl.swap.memory import Memory
from swapctl.swap.plan import plan
from swapctl.swap.units import Surroundings
from swapctl.swap.zram_device import Device
from tests.builders import active_file, device, ext4, facts, missing

NONE = Zram(obstacle="the kernel has none")
OFFERS = Zram(algorithms=("lzo", "lz4", "zstd"))
SSD = Site("/swapfile", "ext4", 40 * GIB, rotates=False)
DISK = SSD.replace(rotates=True)


def file(size, **changes):
    item = {"path": "/swapfile", "size": exact(size), "persist": "fstab"}
    return Present(item, "file", size, room=100 * GIB).replace(**changes)


def host(ram, *present, sites=(SSD,), zram=NONE, **changes):
    used, total = sum(one.used for one in present), sum(one.size for one in present)
    return Situation(ram, ram // 2, used, total, present, sites, zram).replace(**changes)


def areas(known, **wish):
    return advise(known, Wish(**wish)).layout["swap"]["areas"]


FIRST = {"zram": "zram0", "priority": 100, "algorithm": "zstd"}


@pytest.mark.parametrize(
    ("known", "wish", "expected"),
    [
        pytest.param(host(490 * MIB), {}, [{"path": "/swapfile", "size": "1G"}], id="vps-512M"),
        pytest.param(
            host(490 * MIB, zram=OFFERS),
            {},
            [{"path": "/swapfile", "size": "1G"}, {**FIRST, "size": "256M"}],
            id="vps-512M-with-zram",
        ),
        pytest.param(
            host(64 * MIB, zram=OFFERS, sites=(SSD.replace(free=300 * MIB),)),
            {},
            [{"path": "/swapfile", "size": "128M"}, {**FIRST, "size": "32M"}],
            id="router-64M",
        ),
        pytest.param(host(980 * MIB), {}, [{"path": "/swapfile", "size": "2G"}], id="1G"),
        pytest.param(
            host(4 * GIB - 80 * MIB),
            {"hibernation": True},
            [{"path": "/swapfile", "size": "8G"}],
            id="desktop-4G-hibernating",
        ),
        pytest.param(host(16 * GIB, zram=OFFERS), {}, [{"path": "/swapfile", "size": "4G"}], id="16G-on-ssd"),
        pytest.param(
            host(16 * GIB, zram=OFFERS, sites=(DISK,)),
            {},
            [{"path": "/swapfile", "size": "4G"}, {**FIRST, "size": "4G"}],
            id="16G-on-a-disk-that-rotates",
        ),
        pytest.param(host(63 * GIB, zram=OFFERS), {}, [{"path": "/swapfile", "size": "4G"}], id="database-64G"),
        pytest.param(host(504 * GIB, zram=OFFERS), {}, [{"path": "/swapfile", "size": "4G"}], id="512G"),
        pytest.param(
            host(8 * GIB, sites=(Site("/swap/swapfile", "btrfs", 99 * GIB, subvolume=True),)),
            {},
            [{"path": "/swap/swapfile", "size": "8G", "subvolume": True}],
            id="btrfs-root",
        ),
        pytest.param(
            host(8 * GIB, sites=(SSD.replace(free=300 * MIB),), zram=OFFERS),
            {},
            [{**FIRST, "size": "8G"}],
            id="no-room-but-zram",
        ),
        pytest.param(host(8 * GIB, sites=(SSD.replace(free=300 * MIB),)), {}, [], id="no-room-and-no-zram"),
        pytest.param(
            host(8 * GIB, sites=(SSD.replace(free=3 * GIB),)),
            {},
            [{"path": "/swapfile", "size": "1536M"}],
            id="little-room",
        ),
        pytest.param(
            host(2 * GIB, sites=(SSD.replace(type="tmpfs", obstacle="tmpfs holds no swap files"),), zram=OFFERS),
            {},
            [{**FIRST, "size": "2G"}],
            id="tmpfs-root",
        ),
        pytest.param(
            host(2 * GIB, sites=(SSD.replace(obstacle="tmpfs"), Site("/persist/swapfile", "xfs", 50 * GIB))),
            {},
            [{"path": "/persist/swapfile", "size": "4G"}],
            id="tmpfs-root-and-a-disk-elsewhere",
        ),
        pytest.param(host(16 * GIB, zram=OFFERS), {"kind": "zram"}, [{**FIRST, "size": "8G"}], id="zram-alone"),
        pytest.param(
            host(8 * GIB, forbidden="it lacks CAP_SYS_ADMIN", zram=OFFERS), {}, [], id="container-without-rights"
        ),
        pytest.param(host(8 * GIB, kubelet=True), {}, [], id="kubelet"),
        pytest.param(
            host(8 * GIB, file(8 * GIB), kubelet=True), {}, [file(8 * GIB).item], id="kubelet-that-bears-swap"
        ),
        pytest.param(host(8 * GIB, file(8 * GIB)), {}, [file(8 * GIB).item], id="enough"),
        pytest.param(host(8 * GIB, file(7 * GIB + 512 * MIB)), {}, [file(7 * GIB + 512 * MIB).item], id="about-enough"),
        pytest.param(host(2 * GIB, file(64 * GIB)), {}, [file(64 * GIB).item], id="more-than-enough-is-kept"),
        pytest.param(host(8 * GIB, file(GIB)), {}, [{**file(GIB).item, "size": "8G"}], id="grows"),
        pytest.param(
            host(8 * GIB, file(GIB, kind="device", item={"path": "/dev/vdb"})),
            {},
            [{"path": "/dev/vdb"}, {"path": "/swapfile", "size": "7G"}],
            id="a-device-gets-company",
        ),
        pytest.param(
            host(8 * GIB, file(8 * GIB, used=7 * GIB), sites=(SSD.replace(path="/swapfile2"),)),
            {},
            [file(8 * GIB).item, {"path": "/swapfile2", "size": "3G"}],
            id="nearly-full",
        ),
        pytest.param(
            host(4 * GIB, activity=Activity(oom_kills=3)),
            {},
            [{"path": "/swapfile", "size": "6G"}],
            id="killed-for-want",
        ),
        pytest.param(
            host(16 * GIB, activity=Activity(swapped_in=99 * GIB), zram=OFFERS),
            {},
            [{"path": "/swapfile", "size": "4G"}, {**FIRST, "size": "4G"}],
            id="much-comes-back",
        ),
        pytest.param(
            host(16 * GIB, activity=Activity(committed=22 * GIB)),
            {},
            [{"path": "/swapfile", "size": "6G"}],
            id="promised",
        ),
        pytest.param(host(2 * GIB, zswap=True, zram=OFFERS), {}, [{"path": "/swapfile", "size": "4G"}], id="zswap"),
        pytest.param(
            host(8 * GIB, persist="systemd"),
            {},
            [{"path": "/swapfile", "size": "8G", "persist": "systemd"}],
            id="fstab-fixed",
        ),
        pytest.param(
            host(16 * GIB, file(8 * GIB, kind="zram", item={"zram": "zram0"}), zram=OFFERS),
            {},
            [{"zram": "zram0"}],
            id="zram-there",
        ),
        pytest.param(
            host(16 * GIB, file(8 * GIB, kind="zram", item={"zram": "zram0"})),
            {"kind": "disk"},
            [{"zram": "zram0"}, {"path": "/swapfile", "size": "4G"}],
            id="zram-there-and-a-disk-wanted",
        ),
        pytest.param(
            host(4 * GIB, file(4 * GIB)),
            {"hibernation": True},
            [{**file(GIB).item, "size": "8G"}],
            id="grows-to-hibernate",
        ),
    ],
)
def test_typical_hosts(known, wish, expected):
    assert areas(known, **wish) == expected


@pytest.mark.parametrize(
    "ram", [16 * MIB, 58 * MIB, 65 * MIB, 100 * MIB, 490 * MIB, 1100 * MIB, 4 * GIB - MIB, 63 * GIB]
)
def test_what_is_said_of_the_ram_is_true(ram):
    """Swap is reckoned for an eighth more at most, and that is said."""
    usual, *_rest = advise(host(ram), Wish()).reasons
    taken = whole(ram)
    assert ram <= taken <= ram + ram // 8
    more = f", taken for {human(taken)}: the kernel keeps some to itself" if taken > ram else ""
    assert usual.why.endswith(f"; there are {human(ram)}{more}")


@pytest.mark.parametrize(
    ("set_already", "expected", "why"),
    [
        (None, 100, "filled before what is on a disk, which has a lower one or none set"),
        (99, 100, "filled before what is on a disk, which has a lower one or none set"),
        (100, 101, "filled before /swapfile, which has 100"),
        (200, 201, "filled before /swapfile, which has 200"),
        (32767, 32767, "the highest that there is; /swapfile has it, too, so they are filled in turn"),
    ],
)
def test_zram_is_filled_before_a_disk_whatever_its_priority(set_already, expected, why):
    item = dict(file(GIB).item) if set_already is None else {**file(GIB).item, "priority": set_already}
    advice = advise(host(GIB, file(GIB, item=item), zram=OFFERS), Wish(kind="both"))
    disk, zram = advice.layout["swap"]["areas"]
    assert (disk.get("priority"), zram["priority"]) == (set_already, expected)
    (reason,) = (one for one in advice.reasons if one.about == "priority")
    assert str(reason) == f"priority: {expected}: {why} [swapon(2), Priority]"
    turn = "to have zram filled first, give /swapfile a priority below 32767"
    assert (turn in advice.remarks) == (zram["priority"] == set_already)


PASSING = {**file(8 * GIB).item, "persist": "none"}
ON_ZRAM = file(8 * GIB, kind="zram", item={"zram": "zram1", "persist": "none"})


@pytest.mark.parametrize(
    ("known", "persist"),
    [
        pytest.param(host(8 * GIB, file(8 * GIB, item=PASSING)), "fstab", id="enough"),
        pytest.param(host(8 * GIB, file(GIB, item=PASSING)), "fstab", id="grows"),
        pytest.param(host(8 * GIB, file(8 * GIB, item=PASSING), persist="systemd"), "systemd", id="fstab-fixed"),
        pytest.param(host(8 * GIB, ON_ZRAM), "systemd", id="zram"),
    ],
)
def test_what_would_be_gone_after_a_reboot_is_advised_to_come_back(known, persist):
    advice = advise(known, Wish())
    assert advice.layout["swap"]["areas"][0]["persist"] == persist
    (reason,) = (one for one in advice.reasons if one.about == "persist")
    name = known.present[0].name
    assert (reason.value, reason.why) == (
        persist,
        f"nothing turns {name} on at boot, so it would be gone after a reboot",
    )
    assert known.present[0].item["persist"] == "none"


@pytest.mark.parametrize(
    ("known", "remark"),
    [
        pytest.param(
            host(8 * GIB, file(8 * GIB, item=PASSING), persist="none"),
            "/swapfile is gone after a reboot: nothing here could turn it on at boot",
            id="nothing-could",
        ),
        pytest.param(
            host(8 * GIB, ON_ZRAM, zram=OFFERS.replace(persist="none")),
            "zram1 is gone after a reboot: nothing here could turn it on at boot",
            id="nothing-could-make-zram",
        ),
        pytest.param(
            host(8 * GIB, file(8 * GIB, item={**file(8 * GIB).item, "options": ["noauto"]})),
            "/swapfile is gone after a reboot: /etc/fstab has it with noauto (fstab(5); swapon(8), --all)",
            id="somebody-wants-it-so",
        ),
    ],
)
def test_what_does_not_come_back_is_said(known, remark):
    advice = advise(known, Wish())
    assert advice.remarks == (remark,)
    assert advice.layout["swap"]["areas"][0] == known.present[0].item


def test_kubernetes_has_no_swap_at_all():
    advice = advise(host(8 * GIB, kubelet=True), Wish())
    assert advice.layout == {"swap": {"exclusive": True, "areas": []}}
    assert "Kubernetes" in advice.reasons[0].source


def test_a_host_that_cannot_hibernate_is_told_so_and_gets_the_usual():
    advice = advise(host(32 * GIB), Wish(hibernation=True))
    assert advice.layout["swap"]["areas"] == [{"path": "/swapfile", "size": "4G"}]
    assert any(one.startswith("the host cannot hibernate: no area of 36 GiB fits") for one in advice.remarks)


def test_zram_alone_is_tuned_for_and_what_is_set_stays():
    before = {"tuning": {"swappiness": 180, "min_free_kbytes": 9000}}
    advice = advise(host(2 * GIB, sites=(), zram=OFFERS, zswap=True, settings=before), Wish(kind="zram"))
    assert advice.layout["swap"]["tuning"] == {"swappiness": 180, "min_free_kbytes": 9000, "page_cluster": 0}
    assert advice.layout["swap"]["zswap"] == {"enabled": False}
    assert before == {"tuning": {"swappiness": 180, "min_free_kbytes": 9000}}
    assert str(advice.reasons[-1]).startswith("page_cluster: 0: where there is no disk")
    assert (advice.reasons[-1].value, advice.reasons[-1].unit) == (0, "")


def test_a_stalled_host_is_told_that_swap_is_not_what_it_lacks():
    (remark,) = advise(host(8 * GIB, activity=Activity(stalled=33.0)), Wish()).remarks
    assert remark.startswith("for 33% of the last five minutes everything waited for memory")


@pytest.mark.parametrize(
    ("ram", "size"), [(GIB, 2 * GIB), (2 * GIB, 4 * GIB), (3 * GIB, 3 * GIB), (9 * GIB, 4 * GIB), (999 * GIB, 4 * GIB)]
)
def test_the_usual(ram, size):
    assert usual(ram)[0] == size


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"kind": "tape"}, "kind 'tape' is not one of auto, disk, zram, both"),
        ({"kind": "zram", "hibernation": True}, "kind zram is in memory, so the host could not hibernate to it"),
    ],
)
def test_what_makes_no_sense(wish, message):
    with pytest.raises(InvalidInput, match=message):
        Wish(**wish)


# what holds of any host

SIZES = st.integers(40, 1 << 19).map(lambda number: number * 256 * 1024)
SHARES = st.sampled_from([0, 1, 2, 4])


@st.composite
def present(draw):
    size, share = draw(SIZES), draw(SHARES)
    used = size // share if share else 0
    size = size // 4096 * 4096
    used = used // 4096 * 4096
    return draw(
        st.sampled_from(
            [
                Present({"path": "/old", "size": exact(size)}, "file", size, min(used, size - 4096), 40 * GIB),
                Present({"path": "/dev/vdb"}, "device", size, min(used, size - 4096)),
            ]
        )
    )


HOSTS = st.builds(
    Situation,
    ram=SIZES,
    available=SIZES,
    present=st.just(()) | st.tuples(present()),
    sites=st.lists(
        st.builds(
            Site,
            path=st.sampled_from(["/swapfile", "/data/swapfile"]),
            type=st.just("ext4"),
            free=st.integers(0, 1 << 37),
            obstacle=st.sampled_from(["", "", "it is read-only"]),
            rotates=st.sampled_from([None, True, False]),
        ),
        max_size=2,
        unique_by=lambda one: one.path,
    ).map(tuple),
    zram=st.sampled_from([NONE, OFFERS, OFFERS.replace(persist="none")]),
    zswap=st.booleans(),
    activity=st.builds(
        Activity,
        swapped_in=st.none() | SIZES,
        oom_kills=st.none() | st.integers(0, 9),
        stalled=st.none() | st.floats(0, 100),
        committed=st.none() | SIZES,
    ),
    forbidden=st.sampled_from(["", "", "", "it lacks a capability"]),
    kubelet=st.sampled_from([False, False, True]),
).map(
    lambda known: known.replace(
        available=min(known.available, known.ram),
        swap_used=sum(one.used for one in known.present),
        swap_total=sum(one.size for one in known.present),
    )
)
WISHES = st.builds(Wish, st.booleans(), st.sampled_from([kind for kind in KINDS if kind != "zram"])) | st.just(
    Wish(kind="zram")
)


def target_of(area, known):
    """Return what stands where *area* is to be."""
    if area.path.startswith("/dev/zram"):
        boot_device = Device(0, exists=True, algorithms=OFFERS.algorithms, ram=known.ram)
        return missing(
            area.path, kind="device", identity=("device", 252, 0), empty=True, zram=boot_device, filesystem=None
        )
    old = next((one for one in known.present if one.name == area.path), None)
    if old and old.kind == "device":
        return device(area.path, old.size, active=active_file(area.path, old.size, used=old.used).active)
    if old:
        return active_file(area.path, old.size, used=old.used, filesystem=ext4(old.room, device=1))
    site = next(one for one in known.sites if one.path == area.path)
    return missing(area.path, filesystem=ext4(site.free, device=2 + known.sites.index(site)))


@settings(max_examples=60)
@given(HOSTS, WISHES)
def test_what_is_advised_is_a_layout_that_is_not_refused(known, wish):
    layout = parse(advise(known, wish).layout)
    found = facts(
        *(target_of(area, known) for area in layout.areas),
        memory=Memory(known.ram, known.available, known.swap_total, known.swap_total - known.swap_used),
        systemd=Surroundings(is_there=True),
    )
    assert plan(layout.areas, found) is not None


@settings(max_examples=60)
@given(HOSTS, WISHES)
def test_nothing_that_is_there_is_lost_or_made_smaller(known, wish):
    advice = advise(known, wish)
    items = {item.get("path") or item.get("zram"): item for item in advice.layout["swap"]["areas"]}
    for one in known.present if not known.forbidden else ():
        kept = parse({"swap": {"areas": [items[one.name]]}}).areas[0]
        assert isinstance(kept, Area)
        assert kept.wanted_size is None or kept.wanted_size.amount >= one.size
    assert len(items) == len(advice.layout["swap"]["areas"])


@settings(max_examples=60)
@given(HOSTS, WISHES)
def test_a_new_file_takes_at_most_half_of_what_is_free(known, wish):
    rooms = {site.path: site.free for site in known.sites}
    for area in parse(advise(known, wish).layout).areas:
        if area.path in rooms:
            assert area.wanted_size.amount * 2 <= rooms[area.path]


@settings(max_examples=60)
@given(HOSTS, WISHES)
def test_every_figure_has_its_reason_and_its_source(known, wish):
    advice = advise(known, wish)
    told = {one.about: one.value for one in advice.reasons}
    assert all(one.why and one.source for one in advice.reasons)
    for item in advice.layout["swap"]["areas"]:
        name = item.get("path") or item.get("zram")
        if isinstance(item.get("size"), (str, int)):
            assert exact(told[name]) == item["size"]
