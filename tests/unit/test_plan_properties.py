"""What holds of every plan, whatever is wanted and whatever is found."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from swapctl.errors import Refused
from swapctl.sizes import GIB, MIB
from swapctl.swap import actions as a
from swapctl.swap.area import Area
from swapctl.swap.facts import Active, Fstab, Leftover, Room
from swapctl.swap.filesystem import Filesystem
from swapctl.swap.header import Header
from swapctl.swap.memory import Memory
from swapctl.swap.plan import expected, plan
from swapctl.swap.signatures import Signature
from swapctl.swap.units import Surroundings
from tests.builders import OTHER_UUID, PAGE, PUBLIC, UUID, device, entry, facts, lines_of, missing, swap_file

if TYPE_CHECKING:
    from swapctl.swap.action import Action
    from swapctl.swap.facts import Facts, Target

PATHS = {"file": "/srv/swap file", "device": "/dev/vdb"}
SIZES = [64 * MIB, GIB]
FOREIGN = (Signature("LUKS encryption", 0, 6),)
LEFTOVERS = {
    "file": [Leftover(f"/srv/.swap file.swapctl-{kind}", kind, MIB) for kind in ("new", "old", "bridge")],
    "device": [Leftover(f"{PUBLIC}/.vdb.swapctl-bridge", "bridge", MIB)],
}

LINES = [
    "# a comment\n",
    "/dev/vda1 / ext4 defaults 0 1\n",
    "/srv/swap\\040file none swap sw 0 0\n",
    "/srv/swap\\040file swap swap noauto,pri=3 # mine\n",
    "/srv/swap\\040file none swap defaults,discard\n",
    "/dev/vdb none swap sw,pri=5 0 0\n",
    f"UUID={UUID} none swap sw,nofail 0 0\n",
    "/other none swap sw 0 0\n",
]
NAMES = (PATHS["file"], PATHS["device"], f"UUID={UUID}")

HEADERS = st.builds(
    Header,
    st.sampled_from([PAGE, PAGE, PAGE, 65536]),
    st.sampled_from([size // PAGE for size in SIZES]),
    st.sampled_from(["", UUID]),
    st.sampled_from(["", "swap"]),
)

# Made once: hypothesis learns about each strategy that it meets.
BOOLEAN = st.booleans()
SIZE = st.sampled_from(SIZES)
THERE = st.sampled_from(["missing", "file", "file", "file"])
NO_FILE = st.sampled_from(["missing", "missing", "directory", "symbolic link"])
SPARSENESS = st.sampled_from([1, 1, 1, 2])
MODE = st.sampled_from([0o600, 0o600, 0o644])
OWNER = st.sampled_from([0, 0, 1000])
LEFT = {kind: st.lists(st.sampled_from(some), max_size=2, unique=True) for kind, some in LEFTOVERS.items()}
USED = st.sampled_from([0, MIB, 60 * MIB])
PRIORITY = st.sampled_from([-2, 0, 5])
SIGNATURES = st.sampled_from([(), (), FOREIGN])
TEXT = st.one_of(st.none(), st.lists(st.sampled_from(LINES), max_size=4).map("".join))
PLACE = st.builds(
    Filesystem,
    st.sampled_from(["ext4", "ext4", "xfs", "ext3", "btrfs"]),
    st.sampled_from([MIB, 600 * MIB, 100 * GIB]),
)
MEMORY = st.sampled_from([Memory(8 * GIB, 6 * GIB), Memory(GIB, 30 * MIB)])


@st.composite
def targets(draw, kind: str) -> Target:
    """Draw what can stand at a path: nothing, a swap area in any shape, other data."""
    path, size = PATHS[kind], draw(SIZE)
    if kind == "file" and draw(THERE) == "missing":
        return missing(path, kind=draw(NO_FILE))
    is_active = draw(BOOLEAN)
    header = draw(HEADERS) if is_active or draw(BOOLEAN) else None
    build = swap_file if kind == "file" else device
    target = build(
        path,
        size,
        header=header,
        allocated=size // draw(SPARSENESS),
        mode=draw(MODE),
        uid=draw(OWNER),
        leftovers=tuple(draw(LEFT[kind])),
    )
    if is_active and header:
        used = draw(USED)
        active = entry(path, header.size, used=used, priority=draw(PRIORITY))
        return target.replace(active=active, header=header.replace(page_size=PAGE), size=max(size, header.size))
    return target.replace(
        foreign=draw(SIGNATURES),
        empty=header is None and draw(BOOLEAN),
    )


@st.composite
def hosts(draw, kind: str, *, live: bool) -> Facts:
    """Draw facts with one target of *kind*."""
    target = draw(targets(kind))
    text = draw(TEXT)
    tagged = lines_of(text or "", f"UUID={UUID}")
    bears_it = bool(target.header and target.header.uuid == UUID)
    listed = lines_of(text or "", target.path)
    place = draw(PLACE)
    return facts(
        target.replace(
            filesystem=place if kind == "file" else None,
            active=target.active if live else None,
            lines=tuple(sorted((*listed, *(tagged if bears_it else ())), key=lambda line: line.number)),
        ),
        text=text,
        dangling=() if bears_it else tagged,
        live=live,
        memory=draw(MEMORY),
        others=[entry("/other", GIB)] if live and draw(BOOLEAN) else [],
        rooms=(Room(PUBLIC, place),),
        systemd=Surroundings(runs=live and draw(BOOLEAN), is_there=True),
    )


def areas(kind: str) -> st.SearchStrategy[Area]:
    """Return what can be wanted of the one path of *kind*."""
    return st.builds(
        Area,
        st.just(PATHS[kind]),
        state=st.sampled_from(["present", "present", "present", "absent"]),
        size=st.sampled_from([None, "64M", "1G", "10%", "auto", 70_000_001]),
        active=st.sampled_from([True, True, False, None]),
        persist=st.sampled_from(["fstab", "fstab", "none", "keep"]),
        priority=st.sampled_from([None, 0, 5]),
        discard=st.sampled_from(["none", "once", "both"]),
        nofail=st.booleans(),
        label=st.sampled_from([None, "", "swap", "new"]),
        uuid=st.sampled_from([None, UUID, OTHER_UUID]),
        options=st.sampled_from([(), ("noauto",), ("x-a=1",)]),
        force=st.booleans(),
    )


def situations(kind: str, *, live: bool) -> st.SearchStrategy[tuple[Area, Facts]]:
    """Return what can be wanted of a path, beside what can be found there."""
    return st.tuples(areas(kind), hosts(kind, live=live))


FILES = st.one_of(situations("file", live=True), situations("file", live=False))
DEVICES = situations("device", live=True)
SITUATIONS = st.one_of(FILES, DEVICES)


def holds_foreign_data(target: Target) -> bool:
    if target.active or target.kind == "missing":
        return False
    return target.kind not in {"file", "device"} or bool(target.foreign) or not (target.header or target.empty)


def planned(wanted: Area, found: Facts) -> list[Action]:
    """Return the plan, or pass over a situation that is refused."""
    try:
        return plan(wanted, found)
    except Refused:
        reject()


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])  # few situations hold foreign data
@given(SITUATIONS)
def test_foreign_data_is_never_touched_without_force(situation):
    wanted, found = situation
    (target,) = found.targets
    assume(holds_foreign_data(target))
    forced = wanted.force and wanted.state == "present" and target.kind == "device"
    with suppress(Refused):
        actions = plan(wanted, found)
        assert forced
        touched = [one for one in actions if isinstance(one, a.PathAction) and one.path == target.path]
        assert {type(one) for one in touched} <= {a.Wipe, a.Format, a.SwapOn}


@given(SITUATIONS)
def test_nothing_but_the_area_and_its_own_helpers_is_touched(situation):
    wanted, found = situation
    allowed = {wanted.path} | {
        f"{directory}/.{wanted.path.rpartition('/')[2]}.swapctl-{kind}"
        for directory in (wanted.path.rpartition("/")[0], PUBLIC)
        for kind in ("new", "old", "bridge")
    }
    actions = planned(wanted, found)
    assert {one.path for one in actions if isinstance(one, a.PathAction)} <= allowed


@given(DEVICES)
def test_a_device_is_never_deleted_renamed_or_made(situation):
    wanted, found = situation
    touched = [one for one in planned(wanted, found) if isinstance(one, a.PathAction) and one.path == wanted.path]
    assert {type(one) for one in touched} <= {a.SwapOff, a.SwapOn, a.Wipe, a.Format}


@given(situations("file", live=False))
def test_the_kernel_of_an_offline_tree_is_never_called(situation):
    wanted, found = situation
    called = (a.SwapOn, a.SwapOff, a.SetOwner, a.DaemonReload)
    assert not [one for one in planned(wanted, found) if isinstance(one, called)]


@given(SITUATIONS)
def test_fstab_changes_once_at_most_and_only_in_lines_about_the_area(situation):
    wanted, found = situation
    writes = [one for one in planned(wanted, found) if isinstance(one, a.WriteFstab)]
    assert len(writes) <= 1
    ours = {line.number for line in (*found.targets[0].lines, *found.dangling)}
    for write in writes:
        others = [line for number, line in enumerate((write.before or "").split("\n")) if line and number not in ours]
        perhaps_ours = {f"UUID={UUID} none swap sw,nofail 0 0" for _line in found.dangling}
        after = [line for line in write.after.split("\n") if line and line not in perhaps_ours]
        come = [line for line in after if after.count(line) > others.count(line)]
        assert len(come) <= 1
        assert [line for line in after if line not in come] == others


@given(SITUATIONS)
def test_what_cannot_be_taken_back_comes_when_everything_else_is_done(situation):
    wanted, found = situation
    actions = planned(wanted, found)
    leftovers = {left.path for left in found.targets[0].leftovers}
    final = [one for one in actions if isinstance(one, a.Delete) and (one.tidying or one.path not in leftovers)]
    final += [one for one in actions if isinstance(one, a.LeaveBridge)]
    assert actions[len(actions) - len(final) :] == [one for one in actions if one in final]


@given(SITUATIONS)
def test_what_is_expected_is_what_is_wanted(situation):
    wanted, found = situation
    planned(wanted, found)
    after = expected(wanted, found)
    present = wanted.state == "present"
    if wanted.active is not None or not present or not found.live:
        assert after.active == (present and found.live and wanted.active)
    if wanted.persist != "keep":
        assert after.persistent == (present and wanted.persist == "fstab" and "noauto" not in wanted.options)
    if after.active and wanted.active and wanted.priority is not None:
        assert after.priority == wanted.priority


@given(SITUATIONS)
def test_the_header_that_is_expected_is_what_is_wanted(situation):
    wanted, found = situation
    assume(wanted.state == "present")
    planned(wanted, found)
    after = expected(wanted, found)
    (target,) = found.targets
    if wanted.size and wanted.size.amount in SIZES:
        assert after.size == wanted.size.amount
    if wanted.size is None and target.header and target.kind == "file":
        assert after.size == target.header.size
    if wanted.label is not None:
        assert after.label == (wanted.label or None)
    if wanted.uuid is not None:
        assert after.uuid == wanted.uuid


def performed(wanted: Area, found: Facts, actions: list[Action]) -> Facts:
    """Return the facts that a run leaves that performs *actions*."""
    (target,) = found.targets
    then = expected(wanted, found)
    text = next((one.after for one in actions if isinstance(one, a.WriteFstab)), found.fstab.text)
    names = [target.path, *([f"UUID={then.uuid}"] if then.uuid else [])]
    shared = {"lines": lines_of(text or "", *names), "leftovers": (), "active": None}
    if wanted.state == "absent" and target.kind == "file":
        after = missing(target.path, filesystem=target.filesystem, **shared)
    elif wanted.state == "absent" or then.size is None:
        after = target.replace(**shared)
    else:
        made = bool({type(one) for one in actions} & {a.Create, a.Resize})
        size = then.size if made or target.kind == "missing" else target.size
        protected = target.kind == "device" or not found.live
        after = target.replace(
            kind="device" if target.kind == "device" else "file",
            identity=target.identity or ("file", 1, 1),
            header=Header(PAGE, then.size // PAGE, then.uuid or OTHER_UUID, then.label or ""),
            size=size,
            allocated=size if made else target.allocated,
            mode=target.mode if target.kind == "device" else 0o600,
            uid=target.uid if protected else 0,
            flags=_nocow(target) if made else target.flags,
            foreign=(),
            empty=False,
            **{
                **shared,
                "active": entry(
                    target.path, then.size, used=then.used, priority=-2 if then.priority is None else then.priority
                )
                if then.active
                else None,
            },
        )
    others = [one for one in found.active if one.identity != target.identity]
    active = [*([Active(after.active, after.identity)] if after.active else []), *others]
    dangling = () if then.uuid == UUID else lines_of(text or "", f"UUID={UUID}")
    return found.replace(targets=(after,), active=tuple(active), fstab=Fstab(text), dangling=dangling)


def _nocow(target: Target) -> int:
    return 0x00800000 if target.filesystem and target.filesystem.copies_on_write else target.flags


@given(SITUATIONS)
def test_after_a_plan_is_performed_nothing_is_left_to_do(situation):
    wanted, found = situation
    actions = planned(wanted, found)
    assert plan(wanted, performed(wanted, found, actions)) == []


@pytest.mark.parametrize("kind", ["file", "device"])
def test_the_situations_lead_to_plans_and_not_only_to_refusals(kind):
    """Otherwise the tests above would pass over everything."""
    build = swap_file if kind == "file" else device
    found = facts(build(PATHS[kind]))
    assert plan(Area(PATHS[kind]), found)
