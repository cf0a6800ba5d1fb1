"""What is wanted of an area in compressed RAM, what the kernel tells of one, and the plan from one to the other."""

from __future__ import annotations

import pytest

from swapctl.errors import InvalidInput, Refused, Unreadable
from swapctl.sizes import GIB, KIB, MIB
from swapctl.swap import Area, ZramArea, plan, zram_config
from swapctl.swap.facts import Room
from swapctl.swap.memory import Memory
from swapctl.swap.plan import expected
from swapctl.swap.signatures import Signature
from swapctl.swap.state import Zram, state
from swapctl.swap.units import Surroundings
from swapctl.swap.zram_device import Boot, Device, Usage, number_of, parse_algorithms, parse_usage
from tests.builders import PUBLIC, UUID, active_file, blank_device, device, entry, ext4, facts, missing

RAM = 8 * GIB
OFFERED = ("lzo-rle", "lzo", "lz4", "zstd")
HOST = Surroundings(is_there=True)
PATH = "/dev/zram1"
OWN = "/etc/systemd/zram-generator.conf.d/90-swapctl-zram1.conf"


def zram(**changes):
    """Return a device that the kernel could have, and has not."""
    return Device(1, algorithm="", algorithms=OFFERED, ram=RAM).replace(**changes)


def there(**changes):
    """Return a device of 1 GiB."""
    return zram(exists=True, disksize=GIB, algorithm="lzo-rle").replace(**changes)


def absent_device(**changes):
    return missing(PATH, filesystem=None, zram=zram(**changes))


def idle(**changes):
    return device(PATH, zram=there(), **changes)


def active(*, used=0, priority=100, size=GIB, **changes):
    return device(
        PATH, size, active=entry(PATH, size, used=used, priority=priority, type="partition"), zram=there(**changes)
    )


def names(wanted, target, **changes):
    return [action.name for action in plan(wanted, facts(target, systemd=HOST, **changes))]


def details(wanted, target, **changes):
    found = plan(wanted, facts(target, systemd=HOST, **changes))
    return [f"{action.name} {action.detail}" for action in found]


def keep(**fields):
    """Return a wanted area without anything that is written."""
    return ZramArea("zram1", **{"persist": "keep", **fields})


@pytest.mark.parametrize(
    ("path", "number"),
    [("/dev/zram0", 0), ("/dev/zram17", 17), ("/dev/zram", None), ("/dev/zram01", None), ("/dev/zram1p1", None), ("zram1", None), ("/dev/zram1/", None)],
)  # fmt: skip
def test_the_number_of_a_device(path, number):
    assert number_of(path) == number


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("[lzo-rle] lzo lz4 \n", ("lzo-rle", ("lzo-rle", "lzo", "lz4")), id="6.18"),
        pytest.param("lzo lzo-rle lz4 lz4hc 842 [zstd] \n", ("zstd", ("lzo", "lzo-rle", "lz4", "lz4hc", "842", "zstd")), id="last"),
        pytest.param("lzo", ("", ("lzo",)), id="none-chosen"),
        pytest.param("", ("", ()), id="empty"),
    ],
)  # fmt: skip
def test_algorithms(text, found):
    assert parse_algorithms(text) == found


@pytest.mark.parametrize(
    ("text", "usage"),
    [
        pytest.param("  1048576   300000   401408   16777216   500000  3 0 0 0\n", Usage(1048576, 300000, 401408, 16777216), id="6.18"),
        pytest.param("4096 74 12288 0 12288 0 0\n", Usage(4096, 74, 12288, 0), id="4.1"),
    ],
)  # fmt: skip
def test_usage(text, usage):
    assert parse_usage(text) == usage


@pytest.mark.parametrize("text", ["", "1 2 3\n", "1 2 3 x\n", "-1 2 3 4\n"])
def test_a_usage_that_is_none(text):
    with pytest.raises(Unreadable):
        parse_usage(text)


@pytest.mark.parametrize(
    ("usage", "ratio"),
    [(Usage(), None), (Usage(0, 0, 12288), None), (Usage(3 * MIB, 900 * KIB, MIB), 3.0), (Usage(1000, 1, 300), 3.33)],
)
def test_ratio(usage, ratio):
    assert usage.ratio == ratio


# the request


def test_what_is_left_out():
    area = ZramArea("zram0")
    assert (area.path, area.persist, area.priority, area.algorithm, area.memory_limit, area.size) == (
        "/dev/zram0", "systemd", 100, None, None, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"path": "/dev/sda"}, "path '/dev/sda' is no zram device; hint: allowed are zram0, zram1 and so on"),
        ({"path": "/swapfile"}, "path '/swapfile' is no zram device"),
        ({"path": 3}, "path 3 is no zram device"),
        ({"persist": "fstab"}, "persist 'fstab' is not one of systemd, none, keep"),
        ({"options": ("x-a",)}, "options ('x-a',) are for fstab"),
        ({"set_type": True}, "set_type is for partitions"),
        ({"algorithm": "LZ4"}, "algorithm 'LZ4' is no name of one"),
        ({"algorithm": "lz4 > /etc/passwd"}, "algorithm 'lz4 > /etc/passwd' is no name of one"),
        ({"algorithm": "lz4\n"}, "algorithm 'lz4\\n' is no name of one"),
        ({"algorithm": ""}, "algorithm '' is no name of one"),
        ({"memory_limit": "auto"}, "memory_limit 'auto' is no amount"),
        ({"memory_limit": "much"}, "size 'much' is not a size"),
        ({"size": "much"}, "size 'much' is not a size"),
        ({"priority": -1}, "priority -1 is outside 0..32767"),
    ],
)
def test_what_makes_no_sense(fields, message):
    with pytest.raises(InvalidInput) as raised:
        ZramArea(**{"path": "zram0", **fields})
    assert str(raised.value).startswith(message)


# the plan


def test_a_device_that_is_not_there():
    assert details(keep(size="64M", algorithm="lz4", memory_limit="16M"), absent_device()) == [
        "zram-add /dev/zram1",
        "zram-setup /dev/zram1, 64 MiB, lz4, at most 16 MiB of RAM",
        "format /dev/zram1, 64 MiB",
        "swapon /dev/zram1, priority 100",
    ]


def test_a_module_that_is_not_loaded():
    assert names(keep(size="64M"), absent_device(loaded=False, algorithms=())) == [
        "modprobe", "zram-add", "zram-setup", "format", "swapon",
    ]  # fmt: skip


def test_the_first_device_comes_with_the_module():
    target = missing("/dev/zram0", filesystem=None, zram=Device(0, loaded=False, ram=RAM))
    assert names(ZramArea("zram0", size="64M", persist="keep"), target) == [
        "modprobe",
        "zram-setup",
        "format",
        "swapon",
    ]


def test_a_device_without_a_size():
    target = blank_device(PATH, 0, zram=there(disksize=0))
    assert names(keep(size="64M"), target) == ["zram-setup", "format", "swapon"]


def test_a_kernel_without_zram():
    with pytest.raises(Refused, match="this kernel has no zram"):
        names(keep(size="64M"), absent_device(loaded=False, loadable=False))


def test_an_algorithm_that_the_kernel_does_not_offer():
    with pytest.raises(Refused) as raised:
        names(keep(size="64M", algorithm="842"), absent_device())
    assert str(raised.value) == (
        "/dev/zram1: the kernel does not offer the algorithm 842; hint: it offers lzo-rle, lzo, lz4, zstd"
    )


def test_a_device_that_is_in_sys_but_not_in_dev():
    with pytest.raises(Refused, match="is not in /dev, though the kernel has the device"):
        names(keep(size="64M"), missing(PATH, filesystem=None, zram=there(disksize=0)))


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        pytest.param({}, 4 * GIB, id="left-out"),
        pytest.param({"size": "auto"}, 4 * GIB, id="auto"),
        pytest.param({"size": "25%"}, 2 * GIB, id="share"),
        pytest.param({"size": 10_000_000}, 10_002_432, id="rounded-up-to-a-page"),
    ],
)
def test_the_size_of_a_new_device(fields, size):
    actions = plan(keep(**fields), facts(absent_device(), systemd=HOST))
    assert [action.size for action in actions if action.name in {"zram-setup", "format"}] == [size, size]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="size-left-out"),
        pytest.param({"size": "1G"}, id="size"),
        pytest.param({"size": "12.5%"}, id="share"),
        pytest.param({"size": "12.3%"}, id="share-nearly"),
        pytest.param({"algorithm": "lzo-rle"}, id="algorithm"),
        pytest.param({"active": None}, id="whether-or-not"),
    ],
)
def test_an_area_that_is_as_wanted(fields):
    assert names(keep(**fields), active()) == []


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"size": "1001M"}, id="size-nearly"),
        pytest.param({"size": "2G"}, id="size"),
        pytest.param({"size": "12%"}, id="share"),
        pytest.param({"algorithm": "zstd"}, id="algorithm"),
    ],
)
def test_another_size_or_algorithm_takes_a_new_device(fields):
    assert names(keep(**fields), active()) == ["swapoff", "zram-reset", "zram-setup", "format", "swapon"]


def test_a_limit_is_changed_in_use():
    limited = active(usage=Usage(limit=16 * MIB))
    assert details(keep(memory_limit="32M"), limited) == ["zram-limit /dev/zram1 from 16 MiB to 32 MiB of RAM"]
    assert details(keep(), limited) == ["zram-limit /dev/zram1 from 16 MiB to any amount of RAM"]
    assert names(keep(memory_limit="16M"), limited) == []
    assert names(keep(memory_limit=16 * MIB - 1), limited) == []


def test_another_priority_takes_no_new_device():
    assert names(keep(priority=5), active()) == ["swapoff", "swapon"]


def test_a_device_that_systemd_resets_is_made_anew_whenever_its_area_is_turned_off():
    generated = active(services=(zram_config.generator_service(1),))
    everything = ["swapoff", "zram-reset", "zram-setup", "format", "swapon"]
    assert names(keep(priority=5), generated) == everything
    assert names(keep(active=False), generated) == everything[:-1]
    assert names(keep(label="x"), generated) == everything
    assert names(keep(), generated) == []


def test_an_absent_area_is_reset_and_its_device_removed():
    assert names(keep(state="absent"), active()) == ["swapoff", "zram-reset", "zram-remove"]
    assert names(keep(state="absent"), idle()) == ["zram-reset", "zram-remove"]
    assert names(keep(state="absent"), blank_device(PATH, 0, zram=there(disksize=0))) == ["zram-remove"]
    assert names(keep(state="absent"), absent_device()) == []


def test_the_first_device_stays():
    first = device("/dev/zram0", zram=there(number=0))
    gone = ZramArea("zram0", persist="keep", state="absent")
    assert names(gone, first) == ["zram-reset"]
    assert names(gone, blank_device("/dev/zram0", 0, zram=there(number=0, disksize=0))) == []


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"in_use": "mounted at /mnt", "header": None, "empty": True}, "/dev/zram1 is mounted at /mnt"),
        ({"in_use": "part of dm-0", "header": None, "empty": True}, "/dev/zram1 is part of dm-0"),
        ({"header": None, "foreign": (Signature("an XFS file system", 0, 4),)}, "/dev/zram1 holds an XFS file system"),
        ({"header": None}, "/dev/zram1 holds data that is no swap area"),
    ],
)
def test_a_device_that_is_somebody_elses(state, changes, message):
    with pytest.raises(Refused) as raised:
        names(keep(state=state, size="64M"), idle(**changes))
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("fields", [{"state": "absent"}, {"size": "64M"}])
def test_a_device_that_writes_back_is_not_reset(fields):
    with pytest.raises(Refused, match="writes back to /dev/sda5"):
        names(keep(**fields), active(backing="/dev/sda5"))


def test_a_new_device_has_nothing_to_wipe():
    target = idle(header=None, foreign=(Signature("an XFS file system", 0, 4),))
    assert names(keep(size="64M", force=True), target) == ["zram-reset", "zram-setup", "format", "swapon"]


def test_two_devices_need_the_module_and_the_directory_once():
    targets = [absent_device(loaded=False), missing("/dev/zram2", filesystem=None, zram=zram(number=2, loaded=False))]
    areas = [ZramArea(name, size="64M") for name in ("zram1", "zram2")]
    actions = plan(areas, facts(*targets, systemd=HOST))
    assert [action.name for action in actions].count("modprobe") == 1
    paths = [action.path for action in actions if action.name == "mkdir"]
    assert paths.count("/etc/systemd/system/swap.target.requires") == 1


def test_two_devices_of_the_generator_have_a_file_each():
    boot = Boot(generator=True)
    targets = [active(boot=boot), device("/dev/zram2", zram=there(number=2, boot=boot))]
    actions = plan([ZramArea(name, active=None) for name in ("zram1", "zram2")], facts(*targets, systemd=HOST))
    assert [(action.name, action.path) for action in actions] == [
        ("mkdir", zram_config.OWN_DIRECTORY), ("write", OWN), ("write", OWN.replace("zram1", "zram2")),
    ]  # fmt: skip


# memory


def test_what_the_device_takes_counts_as_room():
    """It holds 600 MiB in 200 MiB of RAM, and 500 MiB are free: of all but those it could not be turned off."""
    short = Memory(RAM, 500 * MIB + Memory(RAM, 0).margin)
    with pytest.raises(Refused, match="holds 600 MiB"):
        names(keep(state="absent"), active(used=600 * MIB, usage=Usage(600 * MIB, 50 * MIB, 60 * MIB)), memory=short)
    roomy = active(used=600 * MIB, usage=Usage(600 * MIB, 200 * MIB, 210 * MIB))
    assert names(keep(state="absent"), roomy, memory=short) == ["swapoff", "zram-reset", "zram-remove"]


def test_a_bridge_carries_the_load_while_the_device_is_made_anew():
    short = Memory(RAM, 300 * MIB + Memory(RAM, 0).margin)
    full = active(used=600 * MIB, usage=Usage(600 * MIB, 200 * MIB, 210 * MIB))
    actions = names(keep(size="2G"), full, memory=short, rooms=(Room(PUBLIC, ext4()),))
    assert actions == [
        "create", "format", "swapon", "swapoff", "zram-reset", "zram-setup", "format", "swapon", "swapoff", "delete",
    ]  # fmt: skip


def test_an_area_in_ram_makes_no_room_for_another():
    short = Memory(RAM, 100 * MIB + Memory(RAM, 0).margin)
    other = active_file(used=600 * MIB)
    with pytest.raises(Refused, match="/swapfile holds 600 MiB"):
        plan(
            [keep(size="1G"), Area("/swapfile", active=False, persist="keep")],
            facts(absent_device(), other, memory=short, systemd=HOST),
        )


# what the next boot reads


def test_a_unit_of_ours():
    actions = plan(ZramArea("zram1", size="1G", algorithm="lz4"), facts(active(algorithm="lz4"), systemd=HOST))
    assert [(action.name, action.path) for action in actions] == [
        ("write", "/etc/systemd/system/swapctl-zram1.service"),
        ("mkdir", "/etc/systemd/system/dev-zram1.swap.requires"),
        ("link", "/etc/systemd/system/dev-zram1.swap.requires/swapctl-zram1.service"),
        ("write", "/etc/systemd/system/dev-zram1.swap"),
        ("mkdir", "/etc/systemd/system/swap.target.requires"),
        ("link", "/etc/systemd/system/swap.target.requires/dev-zram1.swap"),
    ]
    assert "echo 1073741824 > /sys/block/zram1/disksize" in actions[0].after


GENERATED = Boot(generator=True, fragments=(("/etc/systemd/zram-generator.conf", "# mine\n[zram1]\n"),))


def written(wanted, boot, **changes):
    found = facts(active(boot=boot, **changes), systemd=HOST)
    return [(action.name, getattr(action, "path", ""), getattr(action, "after", "")) for action in plan(wanted, found)]


def test_the_generator():
    text = (
        "# Made by swapctl, which changes this section alone: see swapctl(8).\n"
        "[zram1]\nzram-size = ram * 12.5 / 100\nswap-priority = 100\noptions =\n"
    )
    area = ZramArea("zram1", size="12.5%")
    assert written(area, GENERATED) == [("mkdir", zram_config.OWN_DIRECTORY, ""), ("write", OWN, text)]
    done = GENERATED.replace(own=text, directories=(zram_config.OWN_DIRECTORY,))
    assert written(area, done) == []
    assert written(area.replace(size=None), done) == []


def test_the_generator_makes_nothing_where_others_want_it_to():
    boot = GENERATED.replace(directories=(zram_config.OWN_DIRECTORY,))
    ((_name, path, text),) = written(ZramArea("zram1", size="1G", persist="none"), boot)
    assert (path, zram_config.settings(text, "zram1")) == (OWN, {"zram-size": "0"})
    assert not there(boot=boot.replace(own=text)).at_boot
    assert there(boot=boot).at_boot


def test_a_label_takes_a_unit_of_ours_even_where_the_generator_is():
    area = ZramArea("zram1", label="fast")
    found = written(area, GENERATED)
    texts = {path: text for name, path, text in found if name == "write"}
    assert zram_config.settings(texts[OWN], "zram1") == {"zram-size": "0"}
    assert 'ExecStart=mkswap -L "fast" -- /dev/zram1\n' in texts["/etc/systemd/system/swapctl-zram1.service"]


@pytest.mark.parametrize(
    ("boot", "message"),
    [
        (GENERATED.replace(fragments=(("/f", "[zram1]\nfs-type = ext2\n"),)), "/f has fs-type for zram1"),
        (GENERATED.replace(fragments=(("/f", "[zram1]\nzram-fraction = 0.5\n"),)), "/f has zram-fraction for zram1"),
        (GENERATED.replace(later=(("/z", "[zram1]\nzram-size = 5\n"),)), "/z overrides what is set for zram1"),
        (
            Boot(owners=("zram-config.service (zram-config)",)),
            (
                "zram-config.service (zram-config) makes /dev/zram1 at boot, too; "
                "hint: systemctl disable --now zram-config.service"
            ),
        ),
    ],
)  # fmt: skip
def test_what_is_not_fought_over(boot, message):
    with pytest.raises(Refused) as raised:
        written(ZramArea("zram1"), boot)
    assert str(raised.value).startswith(message)
    assert written(keep(), boot) == []


def test_what_made_it_persistent_is_taken_away():
    service = zram_config.service(1, GIB)
    link = "/etc/systemd/system/swapctl-zram1.service"
    boot = Boot(service=service, link=link)
    found = written(ZramArea("zram1", persist="none"), boot)
    assert [(name, path) for name, path, _text in found] == [
        ("write", link), ("unlink", "/etc/systemd/system/dev-zram1.swap.requires/swapctl-zram1.service"),
    ]  # fmt: skip
    assert found[0][2] is None


def test_a_unit_whose_share_of_ram_is_nearly_right_stays():
    area = ZramArea("zram1", size="12.4%")
    directories = ("/etc/systemd/system/swap.target.requires",)
    boot = Boot(service=zram_config.service(1, GIB), link="/etc/systemd/system/swapctl-zram1.service")
    found = facts(active(boot=boot), systemd=HOST.replace(directories=directories))
    assert not [action for action in plan(area, found) if "swapctl-zram1" in action.path]


def test_an_image_gets_what_the_next_boot_reads_and_nothing_else():
    target = missing(PATH, filesystem=None, zram=Device(1, boot=GENERATED))
    found = facts(target, live=False, systemd=HOST, memory=Memory(0, 0))
    assert [action.name for action in plan(ZramArea("zram1"), found)] == ["mkdir", "write"]
    after = expected(ZramArea("zram1"), found)
    assert (after.active, after.persistent, after.size) == (False, True, None)


def test_an_image_without_the_generator_needs_a_size_in_bytes():
    target = missing(PATH, filesystem=None, zram=Device(1))
    found = facts(target, live=False, systemd=HOST, memory=Memory(0, 0))
    with pytest.raises(Refused, match="how much RAM the host will have is not known here"):
        plan(ZramArea("zram1", size="50%"), found)
    assert plan(ZramArea("zram1", size="1G"), found)


# what users see


def test_the_state_of_an_area_in_compressed_ram():
    found = active(usage=Usage(3 * MIB, 900 * KIB, MIB, 16 * MIB))
    assert state(found, facts(found)).zram == Zram("lzo-rle", 16 * MIB, 3 * MIB, 900 * KIB, MIB, 3.0)
    assert state(idle(), facts(idle())).zram == Zram("lzo-rle", None, 0, 0, 0, None)
    assert state(absent_device(), facts(absent_device())).zram is None


def test_the_state_that_is_expected():
    found = facts(active(usage=Usage(3 * MIB, 900 * KIB, MIB)), systemd=HOST)
    after = expected(keep(size="2G", algorithm="zstd", memory_limit="1G"), found)
    assert (after.size, after.zram, after.uuid) == (2 * GIB, Zram("zstd", GIB), UUID)
    assert expected(keep(memory_limit="1G"), found).zram == Zram("lzo-rle", GIB, 3 * MIB, 900 * KIB, MIB, 3.0)
    assert expected(keep(state="absent"), found).zram is None
    assert expected(keep(state="absent"), found).path == PATH


def test_the_diff_is_about_what_was_asked_for():
    before = state(active(usage=Usage(3 * MIB, 900 * KIB, MIB)), facts(active()))
    assert before.settings == before.replace(used=0, zram=Zram("lzo-rle"))
    assert (str(Zram("zstd", GIB)), str(Zram())) == ("zstd within 1073741824 bytes", "by the kernel")
