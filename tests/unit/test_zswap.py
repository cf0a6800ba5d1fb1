"""Zswap: what is set, what is written, what is refused, and what else sets it."""

from __future__ import annotations

from typing import Any

import pytest

from swapctl.errors import InvalidInput, Refused
from swapctl.swap.layout import parse
from swapctl.swap.settings import HEADER, File, OwnFile, Values
from swapctl.swap.texts import MakeDirectory, SetValue, WriteText
from swapctl.swap.zswap import (
    FILE,
    PLACE,
    Cache,
    Zswap,
    compressors,
    declared,
    is_module,
    on_command_line,
    others,
    plan_zswap,
)

OFF = (("enabled", False), ("compressor", "lzo"), ("max_pool_percent", 20))
ON_TEXT = f"{HEADER}w {PLACE}/enabled - - - - Y\n"
ALL_TEXT = f"{ON_TEXT}w {PLACE}/compressor - - - - zstd\nw {PLACE}/max_pool_percent - - - - 30\n"
ALL = Zswap(enabled=True, compressor="zstd", max_pool_percent=30)


def cache(text: str | None = None, **changes: Any) -> Cache:
    """Return zswap that is off, with our file as *text*."""
    return Cache(running=OFF, file=OwnFile(text), compressors=("lzo", "zstd")).replace(**changes)


ENABLE = SetValue(f"{PLACE}/enabled", "Y", "N")


@pytest.mark.parametrize(
    ("wanted", "found", "actions"),
    [
        pytest.param(Zswap(enabled=True), cache(), [ENABLE, WriteText(None, ON_TEXT, FILE)], id="on"),
        pytest.param(Zswap(enabled=True), cache(ON_TEXT), [ENABLE], id="off-meanwhile"),
        pytest.param(
            ALL,
            cache(ON_TEXT),
            [
                ENABLE,
                SetValue(f"{PLACE}/compressor", "zstd", "lzo"),
                SetValue(f"{PLACE}/max_pool_percent", "30", "20"),
                WriteText(ON_TEXT, ALL_TEXT, FILE),
            ],
            id="all",
        ),
        pytest.param(
            Zswap(enabled=False, persist="none"), cache(ON_TEXT), [WriteText(ON_TEXT, None, FILE)], id="not-at-boot"
        ),
        pytest.param(Zswap(enabled=False, persist="none"), cache(), [], id="as-wanted"),
        pytest.param(Zswap(enabled=True), cache(live=False, running=()), [WriteText(None, ON_TEXT, FILE)], id="image"),
        pytest.param(
            Zswap(enabled=True),
            cache(live=False, running=(), file=OwnFile(None, has_directory=False)),
            [MakeDirectory("/etc/tmpfiles.d"), WriteText(None, ON_TEXT, FILE)],
            id="no-directory",
        ),
        pytest.param(Zswap(enabled=False, persist="none"), cache(running=()), [], id="off-where-there-is-none"),
    ],
)
def test_what_is_done(wanted, found, actions):
    assert list(plan_zswap(wanted, found).actions) == actions


def test_before_and_after():
    settings = plan_zswap(ALL, cache(ON_TEXT))
    values = (("enabled", True), ("compressor", "zstd"), ("max_pool_percent", 30))
    assert settings.before == Values(OFF, (("enabled", True),))
    assert settings.after == Values(values, values)
    assert plan_zswap(ALL.replace(persist="none"), cache(ON_TEXT)).after == Values(values, ())
    (change,) = settings.diff()
    assert (change["before"].split("\n")[0], change["after"].split("\n")[0]) == ("enabled: false", "enabled: true")


@pytest.mark.parametrize(
    ("wanted", "found", "complaint"),
    [
        (
            Zswap(enabled=True),
            cache(running=()),
            "this kernel has no zswap; hint: leave zswap out, or take a kernel with CONFIG_ZSWAP",
        ),
        (
            Zswap(enabled=False, compressor="lz4"),
            cache(offers=False),
            "this kernel does not offer lz4 as a compressor; hint: it has lzo, zstd",
        ),
    ],
)
def test_what_is_refused(wanted, found, complaint):
    with pytest.raises(Refused) as caught:
        plan_zswap(wanted, found)
    assert str(caught.value) == complaint
    assert plan_zswap(wanted, found.replace(live=False)).actions


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"enabled": "yes"}, "enabled 'yes' is not true or false"),
        ({"enabled": True, "max_pool_percent": 0}, "max_pool_percent 0 is outside 1..100"),
        ({"enabled": True, "max_pool_percent": 101}, "max_pool_percent 101 is outside 1..100"),
        ({"enabled": True, "persist": "fstab"}, "persist 'fstab' is not one of tmpfiles, none"),
        ({"enabled": True, "compressor": "lz4 x"}, "compressor 'lz4 x' is not right; hint: such as lzo, zstd"),
    ],
)
def test_what_is_wrong_is_named(values, complaint):
    with pytest.raises(InvalidInput) as caught:
        Zswap(**values)
    assert str(caught.value) == complaint
    with pytest.raises(InvalidInput) as caught:
        parse({"swap": {"zswap": values}})
    assert str(caught.value) == f"swap.zswap: {complaint}"


def test_it_is_left_out_or_not():
    assert parse({"swap": {}}).zswap is None
    assert parse({"swap": {"zswap": {"enabled": False}}}).zswap == Zswap(enabled=False)


CRYPTO = """\
name         : lzo
driver       : lzo-scomp
type         : scomp

name         : lzo
driver       : lzo-generic
type         : compression

name         : deflate
type         : acomp

name         : sha1
type         : shash
"""


def test_what_the_kernel_offers():
    assert compressors(CRYPTO) == ("deflate", "lzo")
    aliases = "alias crypto-lz4hc lz4hc\nalias crypto-zstd zstd\n"
    assert [is_module(name, aliases) for name in ("zstd", "lz4", "lz4hc")] == [True, False, True]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("quiet zswap.enabled=1 zswap.max-pool-percent=5", {"enabled": "1", "max_pool_percent": "5"}),
        ("zswap.enabled=1 zswap.enabled=0", {"enabled": "0"}),
        ('zswap.compressor="lz4"', {"compressor": "lz4"}),
        ("zswap.enabled", {"enabled": ""}),
        ("zswap.zpool=zbud xzswap.enabled=1 enabled=1", {}),
    ],
)
def test_what_the_command_line_says(text, found):
    assert dict(on_command_line(text)) == found


@pytest.mark.parametrize(
    ("wanted", "line", "warning"),
    [
        (True, "zswap.enabled=0", f"the kernel's command line says zswap.enabled=0; until {FILE} is read at boot, it is not true"),
        (True, "zswap.enabled=Y", None),
        (True, "zswap.enabled", None),
        (False, "zswap.enabled=on", f"the kernel's command line says zswap.enabled=on; until {FILE} is read at boot, it is not false"),
        (True, "zswap.compressor=lz4", None),
    ],
)  # fmt: skip
def test_what_the_command_line_says_otherwise_is_reported(wanted, line, warning):
    found = cache(command_line=on_command_line(line))
    assert list(plan_zswap(Zswap(enabled=wanted), found).warnings) == ([warning] if warning else [])


def test_without_a_file_the_command_line_counts():
    found = cache(command_line=on_command_line("zswap.enabled=1"))
    (warning,) = plan_zswap(Zswap(enabled=False, persist="none"), found).warnings
    assert warning == "the kernel's command line says zswap.enabled=1: after a boot it is not false"


@pytest.mark.parametrize(
    ("path", "line", "is_reported"),
    [
        ("/etc/tmpfiles.d/a.conf", f"w {PLACE}/enabled - - - - 0", True),
        ("/etc/tmpfiles.d/a.conf", f"w!- {PLACE}/enabled - - - - 0", True),
        ("/etc/tmpfiles.d/a.conf", f"w {PLACE}/enabled - - - - 1", False),
        ("/etc/tmpfiles.d/a.conf", f"w {PLACE}/compressor - - - - lz4", False),
        ("/etc/tmpfiles.d/a.conf", f"f {PLACE}/enabled - - - - 0", False),
        ("/etc/tmpfiles.d/a.conf", f"w {PLACE}/enabled", False),
        ("/run/tmpfiles.d/swapctl-zswap.conf", f"w {PLACE}/enabled - - - - 0", False),
    ],
)
def test_what_other_files_say_otherwise_is_reported(path, line, is_reported):
    found = cache(others=others([File(path, f"{line}\n")]))
    warning = f"{path} line 1 sets zswap's enabled to 0 at boot, not true"
    assert list(plan_zswap(Zswap(enabled=True), found).warnings) == ([warning] if is_reported else [])


def test_zswap_together_with_zram_is_reported():
    (warning,) = plan_zswap(Zswap(enabled=True), cache(), ["/dev/zram0"]).warnings
    assert warning == "zswap compresses what /dev/zram0 compresses, too, and keeps it from disks: have one of them"
    assert not plan_zswap(Zswap(enabled=False), cache(), ["/dev/zram0"]).warnings


def test_what_our_file_says():
    text = f"{ALL_TEXT}w /sys/x - - - - 1\nw {PLACE}/max_pool_percent - - - - x\n"
    assert declared(text) == (
        {"enabled": True, "compressor": "zstd", "max_pool_percent": 30},
        ["w /sys/x - - - - 1", f"w {PLACE}/max_pool_percent - - - - x"],
    )
