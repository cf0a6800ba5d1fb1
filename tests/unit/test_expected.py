"""The state that a plan leads to, as the dry run shows it."""

from __future__ import annotations

import pytest

from swapctl.sizes import GIB, MIB
from swapctl.swap.area import Area, Existing
from swapctl.swap.header import Header
from swapctl.swap.plan import expected
from swapctl.swap.state import State, state
from tests.builders import OTHER_UUID, PAGE, UUID, active_file, blank_device, device, entry, facts, missing, swap_file

PATH = "/swapfile"
LISTED = "/swapfile none swap sw 0 0\n"

AS_FOUND = State(
    path=PATH,
    type="file",
    size=GIB,
    usable=GIB - PAGE,
    used=5 * MIB,
    priority=-2,
    active=True,
    persistent=True,
    label="old",
    uuid=UUID,
    options=("sw",),
)
OLD_HEADER = Header(PAGE, GIB // PAGE, UUID, "old")


def test_the_state_of_an_area_in_use():
    target = active_file(used=5 * MIB, header=OLD_HEADER)
    found = facts(target, text=LISTED)
    assert state(found.targets[0], found) == AS_FOUND


@pytest.mark.parametrize(
    ("wanted", "after"),
    [
        pytest.param(Area(PATH), AS_FOUND, id="nothing-changes"),
        pytest.param(Area(PATH, active=None, priority=5), AS_FOUND.replace(options=("sw", "pri=5")), id="listed-only"),
        pytest.param(
            Area(PATH, size="2G"),
            AS_FOUND.replace(size=2 * GIB, usable=2 * GIB - PAGE, used=0, priority=None),
            id="size",
        ),
        pytest.param(
            Area(PATH, priority=7), AS_FOUND.replace(used=0, priority=7, options=("sw", "pri=7")), id="priority"
        ),
        pytest.param(Area(PATH, active=False), AS_FOUND.replace(used=0, priority=None, active=False), id="off"),
        pytest.param(Area(PATH, persist="none"), AS_FOUND.replace(persistent=False, options=None), id="not-persistent"),
        pytest.param(
            Area(PATH, persist="keep", priority=7), AS_FOUND.replace(used=0, priority=7), id="fstab-left-alone"
        ),
        pytest.param(
            Area(PATH, options=("noauto",)), AS_FOUND.replace(persistent=False, options=("sw", "noauto")), id="noauto"
        ),
        pytest.param(
            Area(PATH, label="new", uuid=OTHER_UUID),
            AS_FOUND.replace(used=0, priority=None, label="new", uuid=OTHER_UUID),
            id="names",
        ),
        pytest.param(Area(PATH, label=""), AS_FOUND.replace(used=0, priority=None, label=None), id="no-label"),
        pytest.param(Area(PATH, state="absent"), State(path=PATH), id="absent"),
        pytest.param(
            Area(PATH, state="absent", persist="keep"),
            State(path=PATH, persistent=True, options=("sw",)),
            id="absent-but-listed",
        ),
        pytest.param(
            Existing(PATH, persist="keep", active=False),
            AS_FOUND.replace(used=0, priority=None, active=False),
            id="off-as-it-stands",
        ),
    ],
)
def test_from_an_area_in_use(wanted, after):
    found = facts(active_file(used=5 * MIB, header=OLD_HEADER), text=LISTED)
    assert expected(wanted, found) == after


@pytest.mark.parametrize(
    ("wanted", "after"),
    [
        pytest.param(
            Area(PATH, size="1G"),
            State(PATH, "file", GIB, GIB - PAGE, active=True, persistent=True, options=("sw",)),
            id="usual",
        ),
        pytest.param(
            Area(PATH, size="1G", priority=3, label="a", uuid=UUID, persist="none"),
            State(PATH, "file", GIB, GIB - PAGE, priority=3, active=True, label="a", uuid=UUID),
            id="everything-told",
        ),
        pytest.param(
            Area(PATH, size="50%", active=False, priority=3),
            State(PATH, "file", 4 * GIB, 4 * GIB - PAGE, persistent=True, options=("sw", "pri=3")),
            id="inactive",
        ),
        pytest.param(Area(PATH, state="absent"), State(PATH), id="absent"),
    ],
)
def test_from_nothing(wanted, after):
    assert expected(wanted, facts(missing())) == after


def test_entries_that_say_the_same_in_other_words_stay_as_they_are():
    found = facts(swap_file(), text="/swapfile none swap pri=3,defaults\n")
    assert expected(Area(PATH, priority=3), found).options == ("pri=3", "defaults")


def test_an_area_of_an_offline_tree_is_never_active():
    after = expected(Area(PATH, size="1G", priority=3), facts(missing(), live=False))
    assert after == State(PATH, "file", GIB, GIB - PAGE, persistent=True, options=("sw", "pri=3"))


@pytest.mark.parametrize(
    ("wanted", "target", "after"),
    [
        pytest.param(
            Area("/dev/vdb"),
            blank_device(),
            State("/dev/vdb", "device", GIB, GIB - PAGE, active=True, persistent=True, options=("sw",)),
            id="blank",
        ),
        pytest.param(
            Area("/dev/vdb", state="absent"),
            device(active=entry("/dev/vdb", used=MIB, priority=4, type="partition")),
            State("/dev/vdb", "device", GIB, GIB - PAGE, uuid=UUID),
            id="absent-keeps-its-header",
        ),
    ],
)
def test_from_a_device(wanted, target, after):
    assert expected(wanted, facts(target)) == after
