"""What is planned for a swap area that is encrypted with a new key at each boot."""

from __future__ import annotations

import pytest

from swapctl.errors import InvalidInput, Refused
from swapctl.sizes import GIB
from swapctl.swap import crypttab
from swapctl.swap.actions import Format, SwapOff, SwapOn, Wipe, WriteFstab
from swapctl.swap.area import Area
from swapctl.swap.crypt import CryptArea
from swapctl.swap.crypttab import CRYPTTAB, Lower
from swapctl.swap.layout import parse
from swapctl.swap.mappings import Close, Open
from swapctl.swap.plan import expected, plan
from swapctl.swap.signatures import Signature
from swapctl.swap.texts import WriteText
from tests.builders import blank_device, device, entry, facts, lines_of, missing

BELOW = "/dev/disk/by-id/disk-part2"
PATH = "/dev/mapper/swap0"
AREA = CryptArea(device=BELOW, name="swap0")
LINE = f"swap0 {BELOW} /dev/urandom plain,swap,cipher=aes-xts-plain64,size=512\n"
LISTED = f"{PATH} none swap sw 0 0\n"
OPEN = Open(PATH, "/dev/vdb2", "swap0", "aes-xts-plain64", 512)
CLOSE = Close(PATH, "/dev/vdb2", "swap0", "aes-xts-plain64", 512, False, GIB)
MAKE = [OPEN, Format(PATH, GIB), SwapOn(PATH)]
LUKS = (Signature("LUKS encryption", 0, 6),)


def below(**changes):
    """Return the device below, blank if nothing else is said."""
    return blank_device(BELOW).replace(path="/dev/vdb2", **changes)


def random_bytes(**changes):
    return below(empty=False, **changes)


def closed(lower, **changes):
    """Return the area's place before there is a mapping."""
    return missing(PATH, crypt=Lower(lower, BELOW, **changes))


def opened(lower, *, mapped="/dev/vdb2", is_mapped=True, uuid="CRYPT-PLAIN-swap0", **changes):
    """Return the area's place when there is one."""
    found = Lower(lower, BELOW, uuid=uuid, mapped=mapped, is_mapped=is_mapped)
    return device(PATH, mapped="swap0", crypt=found).replace(**changes)


def active(**changes):
    used = random_bytes(in_use="part of dm-0")
    return opened(used, active=entry("/dev/dm-0", type="partition")).replace(**changes)


def actions(target, *, area=AREA, table=None, fstab=LISTED, other=BELOW):
    """Return what is planned; crypttab holds *table*, in which *other* leads to the device."""
    lines = tuple(
        line.replace(is_of_device=line.entry.device == other)
        for line in crypttab.parse(table or "")
        if line.entry.name == "swap0" or line.entry.device == other
    )
    target = target.replace(crypt=target.crypt.replace(lines=lines))
    return plan(area, facts(target, text=fstab, texts=((CRYPTTAB, table),)))


@pytest.mark.parametrize(
    "lower",
    [
        pytest.param(below(), id="blank"),
        pytest.param(device(BELOW).replace(path="/dev/vdb2"), id="plain-area"),
    ],
)
def test_a_device_is_encrypted_behind_its_line_in_crypttab(lower):
    write = WriteText(None, LINE, CRYPTTAB)
    assert actions(closed(lower), fstab="") == [write, *MAKE, WriteFstab("", LISTED)]


def test_a_plain_area_is_taken_over_with_its_line_in_fstab():
    text = "/dev/vdb2 none swap sw 0 0\n"
    lower = device(BELOW, active=entry("/dev/vdb2", type="partition"), lines=lines_of(text, "/dev/vdb2"))
    planned = actions(closed(lower.replace(path="/dev/vdb2")), fstab=text)
    assert planned == [
        WriteText(None, LINE, CRYPTTAB),
        SwapOff("/dev/vdb2"),
        *MAKE,
        WriteFstab(text, LISTED),
    ]


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(LINE, id="ours"),
        pytest.param(f"swap0 {BELOW} /dev/random swap,cipher=serpent-xts-plain64,size=512\n", id="another-cipher"),
        pytest.param(f"# a\ndata UUID=1 none luks\n{LINE}", id="among-others"),
    ],
)
def test_what_is_right_is_left_alone(table):
    assert actions(active(), table=table) == []


def test_a_device_that_each_boot_overwrites_is_known_by_its_line():
    lower = random_bytes()
    assert actions(closed(lower), table=LINE) == MAKE
    with pytest.raises(Refused, match="holds data that is no swap area"):
        actions(closed(lower))
    with pytest.raises(Refused, match="holds data that is no swap area"):
        actions(closed(lower), table=LINE.replace(BELOW, "/dev/sdz"))


def test_a_mapping_that_holds_no_area_yet_is_made_anew():
    target = opened(random_bytes(in_use="part of dm-0"), header=None)
    assert actions(target, table=LINE) == [CLOSE, *MAKE]
    with pytest.raises(Refused, match="/dev/mapper/swap0 holds data that is no swap area"):
        actions(target)


def test_what_somebody_made_in_the_mapping_is_spared():
    target = opened(random_bytes(in_use="part of dm-0"), header=None, foreign=(Signature("an XFS file system", 0, 4),))
    with pytest.raises(Refused, match="/dev/mapper/swap0 holds an XFS file system"):
        actions(target, table=LINE)


def test_a_line_that_is_missing_comes_back():
    assert actions(active()) == [WriteText(None, LINE, CRYPTTAB)]


@pytest.mark.parametrize(
    ("changes", "options"),
    [
        pytest.param({"discard": "once"}, ",discard", id="discard"),
        pytest.param({"nofail": True}, ",nofail,x-systemd.device-timeout=30s", id="nofail"),
        pytest.param(
            {"nofail": True, "options": ("x-systemd.device-timeout=5s", "x-other")},
            ",nofail,x-systemd.device-timeout=5s",
            id="timeout",
        ),
    ],
)
def test_what_concerns_the_device_below_is_said_in_crypttab_too(changes, options):
    written = actions(closed(below()), area=AREA.replace(**changes))[0]
    assert written.after == LINE.replace("size=512", f"size=512{options}")


@pytest.mark.parametrize(("options", "timeout"), [((), "60s"), (("x-systemd.device-timeout=5s",), "5s")])
def test_the_boot_waits_longer_for_what_is_made_of_the_device_below(options, timeout):
    written = actions(closed(below()), area=AREA.replace(nofail=True, options=options), fstab="")[-1]
    assert written.after == f"{PATH} none swap sw,nofail,x-systemd.device-timeout={timeout} 0 0\n"


def test_an_area_moves_to_another_device():
    table = LINE.replace(BELOW, "/dev/sdz")
    target = active(crypt=Lower(below(), BELOW, uuid="CRYPT-PLAIN-swap0", mapped="/dev/sdz"))
    planned = actions(target, table=table)
    assert planned == [WriteText(table, LINE, CRYPTTAB), SwapOff(PATH), CLOSE.replace(device="/dev/sdz"), *MAKE]


def test_a_foreign_mark_is_wiped_by_force_alone():
    lower = below(foreign=LUKS, empty=False)
    with pytest.raises(Refused, match="/dev/vdb2 holds LUKS encryption"):
        actions(closed(lower), table=LINE)
    forced = actions(closed(lower), table=LINE, area=AREA.replace(force=True))
    assert forced == [Wipe("/dev/vdb2", LUKS), *MAKE]


@pytest.mark.parametrize(
    ("target", "table", "complaint"),
    [
        pytest.param(closed(below(in_use="mounted at /x")), None, "is mounted at /x", id="in-use"),
        pytest.param(closed(below(read_only=True)), None, "is read-only", id="read-only"),
        pytest.param(closed(missing(BELOW)), None, f"{BELOW} does not exist", id="missing"),
        pytest.param(closed(below(), has_driver=False), None, "has no dm-crypt", id="no-driver"),
        pytest.param(closed(below()), f"swap0 {BELOW} none luks\n", "for something else", id="name-of-another"),
        pytest.param(closed(below()), LINE.replace("swap0", "old"), "area named old in", id="under-another-name"),
        pytest.param(closed(below()), f"data {BELOW} none luks\n", "is in use for data in", id="device-of-another"),
        pytest.param(
            opened(random_bytes(), uuid="CRYPT-LUKS2-1-swap0", is_mapped=False), None, "is another mapping", id="LUKS"
        ),
    ],
)
def test_what_is_not_free_is_refused(target, table, complaint):
    with pytest.raises(Refused, match=complaint):
        actions(target, table=table)


def test_a_file_below_is_refused():
    with pytest.raises(Refused, match="disk-part2 is a file"):
        actions(closed(below(kind="file")))


def test_an_absent_area_is_off_closed_and_listed_nowhere():
    absent = AREA.replace(state="absent")
    assert actions(active(), area=absent, table=LINE) == [
        SwapOff(PATH),
        CLOSE,
        WriteFstab(LISTED, ""),
        WriteText(LINE, "", CRYPTTAB),
    ]
    assert actions(closed(missing(BELOW)), area=absent, table="", fstab="") == []
    with pytest.raises(Refused, match="for something else"):
        actions(closed(below()), area=absent, table=f"swap0 {BELOW} none luks\n", fstab="")


def test_a_dry_run_tells_the_name_that_the_area_will_have():
    found = facts(closed(below()), text="", texts=((CRYPTTAB, None),))
    after = expected(AREA, found)
    assert (after.path, after.type, after.size, after.active, after.persistent) == (PATH, "device", GIB, True, True)
    gone = expected(AREA.replace(state="absent"), facts(active(), text=LISTED, texts=((CRYPTTAB, LINE),)))
    assert (gone.path, gone.type, gone.active) == (PATH, None, False)


def test_another_system_s_tree_is_refused():
    with pytest.raises(Refused, match="encryption needs the running system"):
        plan(AREA, facts(closed(below()), texts=((CRYPTTAB, None),), live=False))


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        pytest.param({"device": "UUID=0f3b2a1c-1111-4222-8333-944455556666"}, "the encryption erases", id="uuid"),
        pytest.param({"device": "LABEL=swap"}, "the encryption erases", id="label"),
        pytest.param({"device": "/dev/disk/by-uuid/1"}, "the encryption erases", id="by-uuid"),
        pytest.param({"device": "/dev/disk/by-label/1"}, "the encryption erases", id="by-label"),
        pytest.param({"device": ""}, "is not a path", id="no-device"),
        pytest.param({"device": "vdb"}, "is not absolute", id="not-absolute"),
        pytest.param({"device": BELOW, "name": "a/b"}, "no name of a mapping", id="name"),
        pytest.param({"device": BELOW, "name": "-x"}, "no name of a mapping", id="name-like-an-option"),
        pytest.param({"device": BELOW, "path": "/dev/mapper/x", "name": "y"}, "is not that of the encr", id="path"),
        pytest.param({"device": BELOW, "size": "1G"}, "size .* cannot be had", id="size"),
        pytest.param({"device": BELOW, "label": "swap"}, "label .* cannot be had", id="a-label"),
        pytest.param({"device": BELOW, "set_type": True}, "set_type .* cannot be had", id="type"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_looked_at(fields, complaint):
    with pytest.raises(InvalidInput, match=complaint):
        CryptArea(**fields)


def test_a_layout_names_the_device_below():
    item = {"path": BELOW, "encryption": "random", "name": "swap0", "priority": 5}
    plain = {"path": "/dev/vdc", "encryption": "none"}
    areas = parse({"swap": {"areas": [item, plain]}}).areas
    assert areas[0] == AREA.replace(priority=5)
    assert type(areas[1]).__name__ == "Area"
    with pytest.raises(InvalidInput, match=r"path 'UUID=1' names what the encryption erases"):
        parse({"swap": {"areas": [{**item, "path": "UUID=1"}]}})


@pytest.mark.parametrize(
    ("device_below", "name"),
    [
        ("/dev/vdb2", "cryptswap-vdb2"),
        ("PARTUUID=ab-01", "cryptswap-ab-01"),
        ("/dev/disk/by-id/virtio-1-part2", "cryptswap-virtio-1-part2"),
    ],
)
def test_a_name_follows_from_the_device(device_below, name):
    area = CryptArea(device=device_below)
    assert (area.name, area.path) == (name, f"/dev/mapper/{name}")


@pytest.mark.parametrize(
    ("other", "how"),
    [
        pytest.param(below().replace(spec="/dev/vdb2"), "the same device as /dev/vdb2", id="the-device-itself"),
        pytest.param(
            blank_device("/dev/vdb", identity=("device", 1, 1)), "a part of /dev/vdb", id="the-disk-that-it-is-on"
        ),
    ],
)
def test_what_it_is_encrypted_on_is_no_other_area(other, how):
    lower = below(within=("device", 1, 1))
    with pytest.raises(Refused, match=f"^{BELOW} is {how}: there is room for one area"):
        plan([AREA, Area(other.spec, force=True)], facts(closed(lower), other, texts=((CRYPTTAB, ""),)))
