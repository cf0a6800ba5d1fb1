"""What is planned for fstab, and for several areas at once."""

from __future__ import annotations

import pytest

from swapctl.errors import InvalidInput, Refused
from swapctl.sizes import GIB
from swapctl.swap.actions import Create, Delete, Format, Rename, SwapOff, SwapOn, WriteFstab
from swapctl.swap.area import Area
from swapctl.swap.facts import Fstab
from swapctl.swap.fstab import swap_lines
from swapctl.swap.plan import plan
from tests.builders import OTHER_UUID, UUID, active_file, facts, missing, swap_file

PATH = "/swapfile"
OTHERS = "# static\n/dev/vda1 / ext4 defaults 0 1\n"
LISTED = "/swapfile none swap sw 0 0\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(OTHERS, OTHERS + LISTED, id="not-listed"),
        pytest.param(OTHERS.rstrip("\n"), OTHERS + LISTED, id="no-final-newline"),
        pytest.param("", LISTED, id="empty"),
        pytest.param(LISTED + OTHERS + LISTED, LISTED + OTHERS, id="duplicate"),
        pytest.param("/swapfile /swapfile swap sw 0 0\n", LISTED, id="odd-second-field"),
        pytest.param("/swapfile none swap sw # mine\n", "/swapfile none swap sw 0 0 # mine\n", id="unreadable"),
        pytest.param("/swapfile none swap noauto\n", LISTED, id="other-options"),
        pytest.param(f"#{LISTED}", f"#{LISTED}{LISTED}", id="commented"),
    ],
)
def test_an_active_area_is_listed_exactly_once(before, after):
    assert plan(Area(PATH), facts(active_file(), text=before)) == [WriteFstab(before, after)]


def test_an_fstab_that_is_not_there_is_made():
    assert plan(Area(PATH), facts(active_file(), text=None)) == [WriteFstab(None, LISTED)]


def test_lines_that_name_the_area_otherwise_are_replaced():
    text = f"UUID=1 none swap sw 0 0\n{OTHERS}/link/to/it none swap sw 0 0\n"
    (first, second) = facts(missing("UUID=1"), missing("/link/to/it"), text=text).targets
    target = active_file(lines=(*first.lines, *second.lines))
    assert plan(Area(PATH), facts(target, text=text)) == [WriteFstab(text, LISTED + OTHERS)]


def test_persist_none_takes_it_out():
    found = facts(active_file(), text=OTHERS + LISTED)
    assert plan(Area(PATH, persist="none"), found) == [WriteFstab(OTHERS + LISTED, OTHERS)]


@pytest.mark.parametrize("text", [OTHERS, OTHERS + LISTED, "/swapfile swap swap pri=3\n"], ids=["not", "once", "oddly"])
def test_persist_keep_leaves_fstab_alone_however_it_lists_the_area(text):
    assert plan(Area(PATH, persist="keep"), facts(active_file(), text=text)) == []


def test_a_backup_is_asked_of_the_action_that_writes():
    found = facts(active_file(), text=OTHERS)
    assert plan(Area(PATH), found, backup=True) == [WriteFstab(OTHERS, OTHERS + LISTED, backup=True)]


MOUNTED = Fstab(OTHERS, is_mount_point=True)


def test_an_fstab_that_is_a_mount_point_is_not_replaced():
    with pytest.raises(Refused) as caught:
        plan(Area(PATH), facts(active_file(), fstab=MOUNTED))
    assert str(caught.value) == (
        "/etc/fstab is a mount point (bind-mounted into a container?), so it cannot be replaced in one step;"
        " hint: --fstab-in-place writes it where it stands; a crash meanwhile can leave it half written"
    )


def test_an_fstab_that_is_a_mount_point_is_written_in_place_when_asked_to():
    found = facts(active_file(), fstab=MOUNTED)
    assert plan(Area(PATH), found, fstab_in_place=True) == [WriteFstab(OTHERS, OTHERS + LISTED, in_place=True)]


def test_an_fstab_that_is_a_mount_point_and_says_what_is_wanted_is_no_obstacle():
    target = active_file(lines=facts(missing(), text=LISTED).targets[0].lines)
    assert plan(Area(PATH), facts(target, fstab=Fstab(LISTED, is_mount_point=True))) == []


@pytest.mark.parametrize("in_place", [False, True])
def test_an_fstab_that_cannot_be_changed_is_refused_with_the_reason(in_place):
    found = facts(active_file(), fstab=Fstab(OTHERS, obstacle="/etc is read-only"))
    with pytest.raises(Refused) as caught:
        plan(Area(PATH), found, fstab_in_place=in_place)
    assert str(caught.value) == (
        "/etc/fstab cannot be changed: /etc is read-only; hint: --persist keep leaves it alone"
    )


def test_an_obstacle_before_fstab_does_not_matter_to_who_leaves_it_alone():
    found = facts(active_file(), fstab=Fstab(OTHERS, obstacle="/etc is read-only"))
    assert plan(Area(PATH, persist="keep"), found) == []


@pytest.mark.parametrize(
    ("spec", "becomes_ours"),
    [
        pytest.param(f"UUID={UUID}", True, id="uuid"),
        pytest.param(f"UUID={UUID.upper()}", True, id="uuid-in-capitals"),
        pytest.param(f'UUID="{UUID}"', True, id="uuid-in-quotes"),
        pytest.param("LABEL=scratch", True, id="label"),
        pytest.param('LABEL="scratch"', True, id="label-in-quotes"),
        pytest.param("LABEL=SCRATCH", False, id="another-label"),
        pytest.param(f"UUID={OTHER_UUID}", False, id="another-uuid"),
        pytest.param(f"PARTUUID={UUID}", False, id="another-kind-of-tag"),
    ],
)
def test_an_entry_for_the_name_that_an_area_gets_is_about_that_area(spec, becomes_ours):
    text = f"{spec} none swap sw 0 0\n"
    wanted = Area(PATH, size="1G", uuid=UUID, label="scratch", active=False)
    found = facts(missing(), text=text, dangling=swap_lines(text))
    assert plan(wanted, found)[-1] == WriteFstab(text, LISTED if becomes_ours else text + LISTED)


# several areas


def test_several_areas_are_brought_about_with_one_change_of_fstab_and_deletions_last():
    text = "/three none swap sw 0 0\n"
    found = facts(missing("/one"), swap_file("/two"), active_file("/three"), text=text)
    wanted = [
        Area("/one", size="1G", priority=5),
        Area("/two"),
        Area("/three", state="absent"),
    ]
    assert plan(wanted, found) == [
        Create("/.one.swapctl-new", GIB),
        Format("/.one.swapctl-new", GIB, fresh=True),
        Rename("/.one.swapctl-new", "/one"),
        SwapOn("/one", 5),
        SwapOn("/two"),
        SwapOff("/three"),
        WriteFstab(text, "/one none swap sw,pri=5 0 0\n/two none swap sw 0 0\n"),
        Delete("/three"),
    ]


@pytest.mark.parametrize(
    "targets",
    [
        pytest.param((swap_file("/one"),), id="same-path"),
        pytest.param((swap_file("/one"), swap_file("/two", identity=swap_file("/one").identity)), id="same-file"),
        pytest.param((missing("/one"),), id="same-missing-path"),
    ],
)
def test_an_area_named_twice_is_refused(targets):
    wanted = [Area(target.spec, size="1G") for target in targets] * (2 // len(targets))
    with pytest.raises(InvalidInput) as caught:
        plan(wanted, facts(*targets))
    assert str(caught.value) == f"{wanted[1].path} and /one are the same area; hint: name it once"


def test_no_area_is_no_change():
    assert plan([], facts()) == []


def test_one_area_that_is_refused_refuses_all():
    with pytest.raises(Refused, match="/two is a directory"):
        plan(
            [Area("/one", size="1G"), Area("/two", size="1G")],
            facts(missing("/one"), missing("/two", kind="directory")),
        )
