"""Tuning: what is set, what is written, and what other files say about it."""

from __future__ import annotations

from typing import Any

import pytest

from swapctl.errors import InvalidInput, Refused
from swapctl.sizes import GIB
from swapctl.swap.layout import Layout, parse
from swapctl.swap.memory import Memory, Promised
from swapctl.swap.settings import HEADER, File, OwnFile, Values, in_order
from swapctl.swap.texts import MakeDirectory, SetValue, WriteText
from swapctl.swap.tuning import (
    CLASSIC_FILE,
    FILE,
    Line,
    Tuned,
    Tuning,
    declared,
    others,
    overpromised,
    overridden,
    plan_tuning,
)

NOW = {
    "swappiness": 60,
    "vfs_cache_pressure": 100,
    "page_cluster": 3,
    "watermark_scale_factor": 10,
    "overcommit_memory": 0,
    "overcommit_ratio": 50,
    "min_free_kbytes": 67584,
}


def tuned(text: str | None = None, **changes: Any) -> Tuned:
    """Return what is found on a host with our file as *text*."""
    found = Tuned(kernel=(6, 1), memory=8 << 30, running=tuple(NOW.items()), file=OwnFile(text))
    return found.replace(**changes)


TEN = f"{HEADER}vm.swappiness = 10\n"


@pytest.mark.parametrize(
    ("wanted", "found", "actions"),
    [
        pytest.param(
            Tuning(swappiness=10),
            tuned(),
            [SetValue("/proc/sys/vm/swappiness", "10", "60"), WriteText(None, TEN, FILE)],
            id="new",
        ),
        pytest.param(
            Tuning(swappiness=60, page_cluster=0),
            tuned(TEN),
            [
                SetValue("/proc/sys/vm/page-cluster", "0", "3"),
                WriteText(TEN, f"{HEADER}vm.swappiness = 60\nvm.page-cluster = 0\n", FILE),
            ],
            id="other-values",
        ),
        pytest.param(
            Tuning(swappiness=10), tuned(TEN), [SetValue("/proc/sys/vm/swappiness", "10", "60")], id="running-changed"
        ),
        pytest.param(
            Tuning(swappiness=10),
            tuned("vm.swappiness=10\n", running=(("swappiness", 10),)),
            [WriteText("vm.swappiness=10\n", TEN, FILE)],
            id="file-changed",
        ),
        pytest.param(Tuning(swappiness=10), tuned(TEN, running=(("swappiness", 10),)), [], id="as-wanted"),
        pytest.param(Tuning(), tuned(TEN), [WriteText(TEN, None, FILE)], id="taken-back"),
        pytest.param(Tuning(), tuned(), [], id="nothing-to-take-back"),
        pytest.param(Tuning(swappiness=10), tuned(live=False, running=()), [WriteText(None, TEN, FILE)], id="image"),
        pytest.param(
            Tuning(swappiness=10),
            tuned(live=False, running=(), file=OwnFile(None, has_directory=False)),
            [MakeDirectory("/etc/sysctl.d"), WriteText(None, TEN, FILE)],
            id="no-directory",
        ),
        pytest.param(
            Tuning(overcommit_ratio=80),
            tuned(f"{HEADER}vm.overcommit_ratio = 80\n", running=(("overcommit_ratio", 0),), overcommit_kbytes=4096),
            [SetValue("/proc/sys/vm/overcommit_kbytes", "0", "4096"), SetValue("/proc/sys/vm/overcommit_ratio", "80", "0")],
            id="overcommit-kbytes",
        ),
    ],
)  # fmt: skip
def test_what_is_done(wanted, found, actions):
    assert list(plan_tuning(wanted, found).actions) == actions


def test_before_and_after():
    settings = plan_tuning(Tuning(swappiness=10, page_cluster=3), tuned("vm.swappiness = 30\nkernel.panic = 1\n"))
    assert settings.before == Values((("swappiness", 60), ("page_cluster", 3)), (("swappiness", 30),))
    assert settings.after == Values(
        (("swappiness", 10), ("page_cluster", 3)), (("swappiness", 10), ("page_cluster", 3))
    )
    assert settings.before.to_dict() == {
        "running": {"swappiness": 60, "page_cluster": 3},
        "persistent": {"swappiness": 30},
    }
    assert list(settings.diff()) == [
        {
            "before_header": "/proc/sys/vm",
            "after_header": "/proc/sys/vm",
            "before": "swappiness: 60\npage_cluster: 3\n",
            "after": "swappiness: 10\npage_cluster: 3\n",
        }
    ]


TOO_MUCH = (
    "min_free_kbytes 4194305 would keep 4 GiB of 8 GiB of memory free: programs would be killed; "
    "hint: keep no more than half free; 1 to 5% is usual"
)


@pytest.mark.parametrize(
    ("wanted", "found", "complaint"),
    [
        (
            Tuning(swappiness=150),
            tuned(kernel=(5, 7)),
            "swappiness 150 is outside 0..100, which is all that Linux 5.7 knows",
        ),
        (
            Tuning(watermark_scale_factor=10),
            tuned(running=()),
            "this kernel has no vm.watermark_scale_factor, which is to be 10; hint: leave watermark_scale_factor out",
        ),
        (Tuning(min_free_kbytes=(4 << 20) + 1), tuned(), TOO_MUCH),
    ],
)
def test_what_is_refused(wanted, found, complaint):
    with pytest.raises(Refused) as caught:
        plan_tuning(wanted, found)
    assert str(caught.value) == complaint
    assert plan_tuning(wanted, found.replace(live=False)).actions


def test_what_is_allowed_up_to_the_limit():
    assert plan_tuning(Tuning(swappiness=200), tuned(kernel=(5, 8))).actions
    assert plan_tuning(Tuning(swappiness=100), tuned(kernel=(4, 4))).actions
    assert plan_tuning(Tuning(min_free_kbytes=4 << 20), tuned()).actions


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"swappiness": 201}, "swappiness 201 is outside 0..200"),
        ({"swappiness": "10"}, "swappiness '10' is not a whole number"),
        ({"swappiness": True}, "swappiness true is not a whole number"),
        ({"overcommit_memory": 3}, "overcommit_memory 3 is outside 0..2"),
        ({"page_cluster": -1}, "page_cluster -1 is outside 0..31"),
        ({"watermark_scale_factor": 0}, "watermark_scale_factor 0 is outside 1..3000"),
        ({"vfs_cache_pressure": -1}, "vfs_cache_pressure -1 is outside 0..2147483647"),
        ({"overcommit_ratio": -1}, "overcommit_ratio -1 is outside 0..2147483647"),
        ({"min_free_kbytes": 0}, "min_free_kbytes 0 is outside 1..2147483647"),
    ],
)
def test_what_is_out_of_range_is_named(values, complaint):
    with pytest.raises(InvalidInput) as caught:
        Tuning(**values)
    assert str(caught.value) == complaint
    with pytest.raises(InvalidInput) as caught:
        parse({"swap": {"tuning": values}})
    assert str(caught.value) == f"swap.tuning: {complaint}"


def test_left_out_and_empty_are_not_the_same():
    assert parse({"swap": {"tuning": {}}}) == Layout(tuning=Tuning())
    assert parse({"swap": {}}).tuning is None


@pytest.mark.parametrize(
    ("line", "found"),
    [
        pytest.param("vm.swappiness=60", ("swappiness", "60"), id="dots"),
        pytest.param("vm/swappiness = 60", ("swappiness", "60"), id="slashes"),
        pytest.param("  -vm.swappiness\t=\t60  ", ("swappiness", "60"), id="may-fail"),
        pytest.param("vm.page-cluster = 0", ("page_cluster", "0"), id="hyphen"),
        pytest.param("/proc/sys/vm/swappiness = 60", None, id="no-path-from-the-top"),
        pytest.param("vm.swappiness", None, id="no-value"),
        pytest.param("-vm.swappiness", None, id="left-out-of-patterns"),
        pytest.param("vm.swap* = 60", None, id="pattern"),
        pytest.param("# vm.swappiness = 60", None, id="comment"),
        pytest.param("; vm.swappiness = 60", None, id="other-comment"),
        pytest.param("vm.page_cluster = 0", None, id="no-such-name"),
        pytest.param("kernel.swappiness = 60", None, id="elsewhere"),
        pytest.param("vm.dirty_ratio = 60", None, id="not-ours"),
        pytest.param("vm.overcommit_kbytes = 60", ("overcommit_kbytes", "60"), id="instead-of-ours"),
    ],
)
def test_how_a_line_is_read(line, found):
    path = "/etc/sysctl.d/a.conf"
    wanted = (Line(path, 2, *found, is_later=True),) if found else ()
    assert others([File(path, f"\n{line}\n")]) == wanted


A, Z, OUR = "/usr/lib/sysctl.d/10-a.conf", "/etc/sysctl.d/99-z.conf", FILE


@pytest.mark.parametrize(
    ("path", "value", "warning"),
    [
        (A, 60, f"{A} line 1 sets vm.swappiness to 60; {OUR} is read after it, and wins at boot with 10"),
        (A, 10, None),
        (Z, 60, f"{Z} line 1 sets vm.swappiness to 60 and is read after {OUR}: at boot it wins over 10"),
        (Z, 10, f"{Z} line 1 sets vm.swappiness to 10, too, and is read after {OUR}: a change here would not last beyond a boot"),
        (OUR, 60, None),
        ("/run/sysctl.d/99-swapctl.conf", 60, None),
    ],
)  # fmt: skip
def test_what_other_files_say_is_reported(path, value, warning):
    found = tuned(others=others([File(path, f"vm.swappiness = {value}\n")]))
    assert list(plan_tuning(Tuning(swappiness=10), found).warnings) == ([warning] if warning else [])
    assert not plan_tuning(Tuning(page_cluster=0), found).warnings


def test_the_classic_file_is_reported_as_what_it_is():
    found = tuned(others=others([], File(CLASSIC_FILE, "vm.swappiness = 60\n")))
    (warning,) = plan_tuning(Tuning(swappiness=10), found).warnings
    assert warning == (
        "/etc/sysctl.conf line 1 sets vm.swappiness to 60, "
        "which sysctl --system reads after /etc/sysctl.d/99-swapctl.conf with 10"
    )


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        (A, f"; {OUR} is read after it, and wins at boot with vm.overcommit_ratio 80"),
        (Z, f" and is read after {OUR}: at boot it wins over vm.overcommit_ratio 80"),
    ],
)
def test_a_file_that_makes_the_kernel_forget_the_ratio_is_reported(path, outcome):
    found = tuned(others=others([File(path, "vm.overcommit_kbytes = 4096\n")]))
    (warning,) = plan_tuning(Tuning(overcommit_ratio=80), found).warnings
    assert warning == f"{path} line 1 sets vm.overcommit_kbytes to 4096{outcome}"
    assert not plan_tuning(Tuning(overcommit_memory=2), found).warnings
    assert overridden(found.replace(file=OwnFile("vm.overcommit_ratio = 80\n"))) == ((warning,) if path == Z else ())


@pytest.mark.parametrize(
    ("found", "wanted", "warning"),
    [
        ({"kernel": (5, 16)}, {"watermark_scale_factor": 2000}, "vm.watermark_scale_factor 2000 is for Linux 5.17 or later: before, the most is 1000"),
        ({"kernel": (5, 16)}, {"watermark_scale_factor": 1000}, ""),
        ({"kernel": (5, 17)}, {"watermark_scale_factor": 2000}, ""),
        ({"live": False}, {"watermark_scale_factor": 1001}, "vm.watermark_scale_factor 1001 is for Linux 5.17 or later: before, the most is 1000"),
        ({"live": False}, {"swappiness": 150}, "vm.swappiness 150 is for Linux 5.8 or later: before, the most is 100"),
        ({"live": False}, {"swappiness": 100}, ""),
    ],
)  # fmt: skip
def test_what_not_every_kernel_knows_is_said(found, wanted, warning):
    """An old one may have got it from its distribution: what it then does not take is an error of the run."""
    assert plan_tuning(Tuning(**wanted), tuned(**found)).warnings == ((warning,) if warning else ())


@pytest.mark.parametrize(
    ("wanted", "swap", "is_too_much"),
    [
        pytest.param({"overcommit_memory": 2}, 1, True, id="too-much"),
        pytest.param({"overcommit_memory": 2}, 3, False, id="enough-swap"),
        pytest.param({"overcommit_memory": 2, "overcommit_ratio": 80}, 1, False, id="enough-of-ram"),
        pytest.param({"overcommit_memory": 2, "overcommit_ratio": 40}, 3, True, id="less-of-ram"),
        pytest.param({"overcommit_memory": 0}, 1, False, id="guesses"),
        pytest.param({"overcommit_ratio": 10}, 1, False, id="not-asked-for"),
    ],
)
def test_more_than_was_promised_already_is_said(wanted, swap, is_too_much):
    now, promised = Memory(10 * GIB, 8 * GIB, swap_total=GIB), Promised(8 * GIB, 6 * GIB)
    said = list(overpromised(Tuning(**wanted), now, promised, swap * GIB))
    assert len(said) == is_too_much
    assert all("and were promised 8 GiB already" in one for one in said)


def test_which_files_count_and_in_which_order():
    directories = [("/etc/b.conf", "/etc/c.conf", "/etc/README"), ("/run/a.conf", "/run/b.conf")]
    assert in_order(directories) == ["/run/a.conf", "/etc/b.conf", "/etc/c.conf"]


def test_what_our_file_says():
    text = f"{HEADER}vm.swappiness = 10\nvm.page-cluster = x\nkernel.panic = 1\nvm.swappiness = 20\n"
    assert declared(text) == ({"swappiness": 20}, ["vm.page-cluster = x", "kernel.panic = 1"])
    assert declared("vm.overcommit_kbytes = 4096\n") == ({}, ["vm.overcommit_kbytes = 4096"])
    everything = Tuning(**NOW)
    assert declared(everything.text or "") == (NOW, [])


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        pytest.param(TEN, Line("/etc/sysctl.d/99-zz.conf", 3, "swappiness", "60", is_later=True), True, id="later"),
        pytest.param(TEN, Line("/etc/sysctl.d/10-a.conf", 3, "swappiness", "60"), False, id="earlier"),
        pytest.param(
            TEN, Line("/etc/sysctl.d/99-zz.conf", 3, "page_cluster", "0", is_later=True), False, id="another-key"
        ),
        pytest.param(TEN, Line(CLASSIC_FILE, 3, "swappiness", "60", is_later=True), False, id="not-read-at-boot"),
        pytest.param(
            None, Line("/etc/sysctl.d/99-zz.conf", 3, "swappiness", "60", is_later=True), False, id="not-ours"
        ),
        pytest.param(
            TEN.replace("10", "900"),
            Line("/etc/sysctl.d/99-zz.conf", 3, "swappiness", "60", is_later=True),
            False,
            id="odd",
        ),
    ],
)
def test_what_wins_over_our_file_at_boot_is_told_without_a_layout(text, line, told):
    assert bool(overridden(tuned(text, others=(line,)))) == told


def test_values_that_cannot_be_written_here_are_refused_beforehand():
    with pytest.raises(Refused, match=r"^/proc/sys/vm is read-only here, so that vm.swappiness cannot be set"):
        plan_tuning(Tuning(swappiness=10), tuned(read_only=True))
    assert plan_tuning(Tuning(swappiness=NOW["swappiness"]), tuned(read_only=True)).actions
