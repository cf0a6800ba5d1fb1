"""What is wrong with a host: every finding once where it is, and once where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from swapctl.sizes import GIB, KIB, MIB
from swapctl.swap import doctor, units
from swapctl.swap.area import Area
from swapctl.swap.condition import Condition, Ground
from swapctl.swap.crypttab import Entry
from swapctl.swap.drop_ins import DropIn
from swapctl.swap.facts import Active, Leftover
from swapctl.swap.filesystem import Filesystem
from swapctl.swap.finding import FINDINGS, INFO, WARNING, Finding
from swapctl.swap.fstab import swap_lines
from swapctl.swap.header import Header
from swapctl.swap.hibernation import Hibernation
from swapctl.swap.memory import Memory, Promised
from swapctl.swap.plan import plan
from swapctl.swap.signatures import Signature
from swapctl.swap.zram_device import Boot, Device
from tests.builders import PAGE, UUID, active_file, blank_device, device, entry, facts, missing, swap_file

if TYPE_CHECKING:
    from swapctl.swap.facts import Facts, Target

NONE = Condition()
RUNS_SYSTEMD = units.Surroundings(runs=True, is_there=True)
MASKED = units.Unit("swapfile.swap", "/etc/systemd/system/swapfile.swap", "", masked=True)
OWN = units.Unit(
    "swapfile.swap",
    "/etc/systemd/system/swapfile.swap",
    "",
    what="/swapfile",
    links=(("/etc/systemd/system/swap.target.wants/swapfile.swap", "x"),),
)
LEFT = Leftover("/.swapfile.swapctl-new", "new", MIB)
BRIDGE = Leftover("/.swapfile.swapctl-bridge", "bridge", MIB, active=entry("/.swapfile.swapctl-bridge"))
BTRFS = Filesystem("btrfs", 100 * GIB)
NOCOW = 0x00800000
LINE = "/swapfile none swap sw 0 0\n"
BY_UUID = swap_lines(f"UUID={UUID} none swap sw 0 0\n")
LISTED = facts(active_file(), text=LINE)
STALE = Hibernation("/proc/cmdline", "/dev/vda1", 5, "/swapfile", "/dev/vda1", 7, stale=True, reason="moved")


class Case(NamedTuple):
    """Facts that have the finding, and facts, as much like them as can be, that have not."""

    ill: Facts
    well: Facts
    ill_condition: Condition = NONE
    well_condition: Condition = NONE
    fixable: bool = False

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that is found, the other findings too."""
        return doctor.examine(self.ill, self.ill_condition)


def listed(target: Target, line: str, **changes: Any) -> Facts:
    return facts(target, text=f"{line}\n", **changes)


def ground(path: str = "/swapfile", **changes: Any) -> Condition:
    return Condition(grounds=((path, Ground().replace(**changes)),))


def with_memory(total: int, *targets: Target, free: int = 0, swap: int = 0) -> Facts:
    return facts(*targets, text=LINE, memory=Memory(total, total // 2, swap, free))


CASES = {
    "fstab-unreadable": Case(
        listed(swap_file(), "/swapfile none swap sw # ours"),
        listed(swap_file(), "/swapfile none swap sw 0 0 # ours"),
        fixable=True,
    ),
    "fstab-type": Case(
        listed(missing("/x"), "/swapfile none Swap sw 0 0"), listed(missing("/x"), "#/swapfile none Swap sw 0 0")
    ),
    "fstab-missing": Case(
        listed(missing(), "/swapfile none swap sw 0 0"), listed(missing(), "/swapfile none swap noauto 0 0")
    ),
    "fstab-no-area": Case(
        listed(swap_file(header=None, foreign=(Signature("an XFS file system", 0, 4),)), LINE),
        listed(swap_file(), LINE),
    ),
    "fstab-tag-of-file": Case(facts(swap_file(lines=BY_UUID)), facts(device(lines=BY_UUID)), fixable=True),
    "fstab-masked": Case(
        listed(swap_file(units=(MASKED,)), LINE),
        listed(swap_file(units=(MASKED.replace(name="other.swap"),)), LINE),
        fixable=True,
    ),
    "fstab-duplicate": Case(listed(swap_file(), LINE * 2), listed(swap_file(), LINE + "/x none swap\n"), fixable=True),
    "fstab-and-unit": Case(
        listed(swap_file(units=(OWN,)), LINE), listed(swap_file(units=(OWN.replace(links=()),)), LINE)
    ),
    "fstab-priority": Case(
        listed(swap_file(), "/swapfile none swap pri=99999 0 0"),
        listed(swap_file(), "/swapfile none swap pri=32767 0 0"),
        fixable=True,
    ),
    "fstab-discard": Case(
        listed(swap_file(), "/swapfile none swap discard=all 0 0"),
        listed(swap_file(), "/swapfile none swap discard=once 0 0"),
    ),
    "fstab-timeout": Case(
        listed(device(), "/dev/vdb none swap nofail 0 0", systemd=RUNS_SYSTEMD),
        facts(
            device("/dev/vdb"), text="/dev/vdb none swap nofail,x-systemd.device-timeout=5 0 0", systemd=RUNS_SYSTEMD
        ),
        fixable=True,
    ),
    "fstab-device-name": Case(
        listed(device(), "/dev/vdb none swap sw 0 0"),
        listed(device("/dev/mapper/swap"), "/dev/mapper/swap none swap sw 0 0"),
    ),
    "unit-missing": Case(facts(missing(units=(OWN,))), facts(swap_file(units=(OWN,)))),
    "unit-drop-in": Case(
        listed(swap_file(drop_ins=(DropIn("swapfile.swap", "/x.conf", "[Swap]\nOptions=pri=5\n"),)), LINE),
        listed(swap_file(drop_ins=(DropIn("swapfile.swap", "/x.conf", "[Swap]\nTimeoutSec=5\n"),)), LINE),
    ),
    "area-inactive": Case(listed(swap_file(), LINE), LISTED, fixable=True),
    "area-not-persistent": Case(facts(active_file()), LISTED),
    "area-priority": Case(listed(active_file(priority=3), "/swapfile none swap pri=4"), LISTED),
    "area-mode": Case(facts(swap_file(mode=0o640)), facts(swap_file(), device(mode=0o660)), fixable=True),
    "area-owner": Case(facts(swap_file(uid=7)), facts(swap_file(gid=7)), fixable=True),
    "area-immutable": Case(facts(swap_file(flags=0x10)), facts(swap_file(flags=NOCOW))),
    "area-holes": Case(facts(swap_file(allocated=PAGE)), facts(active_file(allocated=PAGE))),
    "area-copy-on-write": Case(facts(swap_file(filesystem=BTRFS)), facts(swap_file(filesystem=BTRFS, flags=NOCOW))),
    "area-shared": Case(facts(swap_file()), facts(active_file()), ground(shared=True), ground(shared=True)),
    "area-truncated": Case(facts(swap_file(size=GIB, header=Header(PAGE, GIB // PAGE + 1))), facts(swap_file())),
    "area-longer": Case(
        facts(swap_file(header=Header(PAGE, GIB // PAGE - 1))), facts(device(header=Header(PAGE, GIB // PAGE - 1)))
    ),
    "area-page-size": Case(facts(swap_file(header=Header(16 * KIB, 100))), facts(swap_file(header=Header(PAGE, 100)))),
    "area-foreign": Case(facts(device(foreign=(Signature("LUKS encryption", 0, 6),))), facts(device())),
    "area-file-system": Case(
        facts(swap_file(filesystem=Filesystem("zfs", GIB))), facts(swap_file(filesystem=Filesystem("xfs", GIB)))
    ),
    "area-of-others": Case(facts(missing("/loop1", active=entry("/loop1"))), facts(active_file())),
    "area-random-key": Case(
        listed(device("/dev/mapper/s", mapped="s"), "/dev/mapper/s none swap sw 0 0"),
        listed(device("/dev/mapper/s", mapped="s"), "/dev/mapper/s none swap sw 0 0"),
        Condition(crypttab=(Entry("s", "/dev/vdb", "/dev/urandom", ("swap",)),)),
        Condition(crypttab=(Entry("s", "/dev/vdb", "/etc/key", ("luks",)),)),
    ),
    "btrfs-devices": Case(LISTED, LISTED, ground(devices=2), ground()),
    "btrfs-subvolume": Case(LISTED, LISTED, ground(crowded=True), ground()),
    "bridge-active": Case(
        listed(active_file(leftovers=(BRIDGE,)), LINE), listed(active_file(leftovers=()), LINE), fixable=True
    ),
    "leftover": Case(listed(active_file(leftovers=(LEFT,)), LINE), LISTED, fixable=True),
    "priority-inversion": Case(
        facts(active_file(priority=9), device("/dev/zram0", active=entry("/dev/zram0", priority=8))),
        facts(active_file(priority=8), device("/dev/zram0", active=entry("/dev/zram0", priority=9))),
    ),
    "priority-tie": Case(
        facts(active_file(priority=9), device("/dev/zram0", active=entry("/dev/zram0", priority=9))),
        facts(active_file(priority=9), device("/dev/zram0", active=entry("/dev/zram0", priority=10))),
    ),
    "priority-one-disk": Case(
        facts(active_file(priority=9), active_file("/b", priority=9)),
        facts(active_file(priority=9), active_file("/b", priority=9)),
        Condition(grounds=(("/swapfile", Ground(("vda",))), ("/b", Ground(("vda",))))),
        Condition(grounds=(("/swapfile", Ground(("vda",))), ("/b", Ground(("vdb",))))),
    ),
    "zram-and-zswap": Case(
        facts(device("/dev/zram0", active=entry("/dev/zram0"))),
        LISTED,
        Condition(zswap=True, zram=(("/dev/zram0", GIB),)),
        Condition(zswap=True, zram=(("/dev/zram0", GIB),)),
    ),
    "zram-too-large": Case(
        LISTED, LISTED, Condition(zram=(("/dev/zram0", 17 * GIB),)), Condition(zram=(("/dev/zram0", 16 * GIB),))
    ),
    "zswap-alone": Case(facts(), LISTED, Condition(zswap=True), Condition(zswap=True)),
    "swap-none": Case(with_memory(GIB), with_memory(GIB, active_file())),
    "swap-too-much": Case(
        with_memory(GIB, active_file(size=17 * GIB)), with_memory(8 * GIB, active_file(size=17 * GIB))
    ),
    "swap-full": Case(
        with_memory(GIB, active_file(), swap=GIB, free=MIB),
        with_memory(GIB, active_file(), swap=GIB, free=MIB),
        Condition(pressure=30.0),
        Condition(pressure=0.5),
    ),
    "overcommit": Case(facts(), LISTED, Condition(overcommit=2), Condition(overcommit=2)),
    "swappiness-low": Case(LISTED, LISTED, Condition(swappiness=0), Condition(swappiness=1)),
    "swappiness-high": Case(LISTED, LISTED, Condition(swappiness=180), Condition(swappiness=100)),
    "tuning-overridden": Case(LISTED, LISTED, Condition(overridden=("a file wins",)), Condition()),
    "resume-stale": Case(
        LISTED, LISTED, Condition(hibernation=STALE), Condition(hibernation=STALE.replace(stale=False))
    ),
}


def found(kind: str, host: Facts, condition: Condition = NONE) -> list[Finding]:
    return [one for one in doctor.examine(host, condition) if one.id == kind]


@pytest.mark.parametrize("kind", CASES)
def test_finds_what_is_wrong(kind: str) -> None:
    case = CASES[kind]
    (one,) = found(kind, case.ill, case.ill_condition)
    assert (one.severity, one.fixable) == (FINDINGS[kind], case.fixable)
    assert one.subject
    assert one.message
    assert one.remedy


@pytest.mark.parametrize("kind", CASES)
def test_finds_nothing_where_nothing_is_wrong(kind: str) -> None:
    case = CASES[kind]
    assert not found(kind, case.well, case.well_condition)


@pytest.mark.parametrize(("committed", "is_wrong"), [(7 * GIB, True), (5 * GIB, False)])
def test_finds_more_promised_than_there_may_be(committed: int, *, is_wrong: bool) -> None:
    host = LISTED.replace(promised=Promised(committed, 6 * GIB))
    assert bool(found("overcommit", host, Condition(overcommit=2))) == is_wrong
    assert not found("overcommit", host, Condition(overcommit=0))


def test_every_finding_has_its_case() -> None:
    assert list(CASES) == list(FINDINGS)


@pytest.mark.parametrize("kind", [kind for kind, case in CASES.items() if case.fixable])
def test_a_repair_ends_what_it_is_for(kind: str) -> None:
    """It plans something, unless it is all the doing of the kernel; what it plans is tested where plans are."""
    case = CASES[kind]
    areas = doctor.repairs(found(kind, case.ill, case.ill_condition), case.ill, case.ill_condition)
    known = {target.spec: target for target in case.ill.targets}
    for area in areas:
        if area.path not in known:  # a name of fstab, for which converging looks again
            (target,) = case.ill.targets
            known[area.path] = target.replace(spec=area.path)
    assert doctor_plan(areas, case.ill.replace(targets=tuple(known.values())))


def doctor_plan(areas: tuple[Area, ...], host: Facts) -> list[str]:

    return [action.name for action in plan(areas, host)]


def test_nothing_is_wrong_with_a_host_that_is_well() -> None:
    assert doctor.examine(LISTED, Condition(swappiness=60, overcommit=0, pressure=0.0)) == ()


def test_the_gravest_comes_first() -> None:
    ill = facts(swap_file(allocated=0, mode=0o644, header=Header(PAGE, 100)), text=LINE)
    assert [one.severity for one in doctor.examine(ill, NONE)] == ["error", "warning", "warning", "info"]


def test_with_nofail_what_is_missing_is_less_grave() -> None:
    (one,) = found("fstab-missing", listed(missing(), "/swapfile none swap nofail 0 0"))
    assert one.severity == WARNING


@pytest.mark.parametrize(
    ("spec", "options", "condition"),
    [
        pytest.param(
            "/dev/mapper/swap0", "sw", Condition(crypttab=(Entry("swap0", "/dev/vdb2"),)), id="crypttab opens it"
        ),
        pytest.param("/dev/zram0", "x-systemd.makefs", NONE, id="systemd formats it"),
    ],
)
def test_what_the_boot_makes_need_not_be_there(spec: str, options: str, condition: Condition) -> None:
    host = listed(missing(spec), f"{spec} none swap {options} 0 0")
    assert not found("fstab-missing", host, condition)
    assert found("fstab-missing", listed(missing(spec), f"{spec} none swap sw 0 0"), NONE)


ZRAM_UNIT = OWN.replace(name="dev-zram0.swap", path="/run/systemd/generator/dev-zram0.swap", what="/dev/zram0")


def test_a_zram_device_is_made_before_its_unit_turns_it_on() -> None:
    gone = missing("/dev/zram0", units=(ZRAM_UNIT,))
    assert [one.id for one in doctor.examine(facts(gone), NONE)] == ["unit-missing"]
    assert doctor.examine(facts(gone.replace(zram=Device(0))), NONE) == ()


def test_a_priority_is_compared_with_what_is_known_of_the_boot() -> None:
    boot = Boot(generator=True, own="[zram0]\n")
    area = device("/dev/zram0", active=entry("/dev/zram0", priority=100), zram=Device(0, exists=True, boot=boot))
    assert doctor.examine(facts(area), NONE) == ()
    (one,) = doctor.examine(facts(area.replace(units=(ZRAM_UNIT.replace(priority=5),))), NONE)
    assert one.id == "area-priority"


def test_devices_of_an_image_are_not_missed() -> None:
    host = listed(missing("/dev/vdb"), "/dev/vdb none swap sw 0 0", live=False)
    assert doctor.examine(host, NONE) == ()


def test_a_stray_is_taken_away_with_the_place_that_it_is_of() -> None:
    condition = Condition(strays=(missing("/x", leftovers=(LEFT,)),))
    (one,) = found("leftover", LISTED, condition)
    assert (one.fixable, one.remedy) == (True, "swapctl remove /x")
    assert doctor.repairs([one], LISTED, condition) == (Area("/x", state="absent", persist="keep"),)


def test_a_bridge_of_nobody_is_removed_by_its_own_name() -> None:
    path = "/var/tmp/.gone.swapctl-bridge"
    (one,) = found("bridge-active", facts(active_file(path)))
    assert (one.fixable, one.remedy) == (True, f"swapctl remove {path}")


def test_several_findings_of_one_area_make_one_repair() -> None:
    ill = listed(swap_file(mode=0o644), "/swapfile none swap pri=99999,nofail,x=y # ours")
    areas = doctor.repairs(doctor.examine(ill, NONE), ill, NONE)
    assert areas == (Area("/swapfile", active=None, persist="fstab", priority=32767, nofail=True, options=("x=y",)),)


def test_a_repair_never_makes_an_area_anew() -> None:
    ill = listed(swap_file(allocated=PAGE), LINE * 2)
    findings = doctor.examine(ill, NONE)
    assert {one.id: one.fixable for one in findings} == {
        "area-holes": False, "fstab-duplicate": False, "area-inactive": False,
    }  # fmt: skip
    assert doctor.repairs(findings, ill, NONE) == ()


def test_what_makes_no_sense_is_not_repaired() -> None:
    ill = listed(swap_file(), "/swapfile none swap discard=all 0 0\n" * 2)
    (one,) = found("fstab-duplicate", ill)
    assert not one.fixable


def test_a_stable_name_is_kept_of_two() -> None:
    text = f"/dev/vdb none swap sw 0 0\nUUID={UUID} none swap pri=3 0 0\n"
    ill = facts(device(lines=swap_lines(text)), text=text)
    (one,) = found("fstab-duplicate", ill)
    assert doctor.repairs([one], ill, NONE) == (Area(f"UUID={UUID}", active=None, priority=3),)


def test_a_remedy_keeps_what_is_right() -> None:
    ill = listed(swap_file("/a b", allocated=PAGE), r"/a\040b none swap pri=7,discard,nofail,x-foo 0 0")
    (one,) = found("area-holes", ill)
    assert one.remedy == "swapctl ensure '/a b' --priority 7 --discard both --nofail --options x-foo"


def test_where_swapon_is_out_of_reach_nothing_is_turned_on() -> None:
    (one,) = found("area-inactive", listed(swap_file(), LINE, no_swapon="no capability"))
    assert not one.fixable


def test_says_what_could_not_be_looked_at() -> None:
    secret = swap_file(header=None, unreadable="Permission denied")
    assert doctor.unchecked(facts(secret)) == ("/swapfile: Permission denied",)
    assert doctor.unchecked(facts(live=False)) == (
        "what is active, and everything else about the kernel: it does not run here",
    )
    assert doctor.examine(listed(secret, LINE), NONE) == ()


def test_noauto_is_what_somebody_wanted() -> None:
    (one,) = found("area-not-persistent", listed(active_file(), "/swapfile none swap noauto 0 0"))
    assert one.severity == INFO


def test_a_zram_device_is_not_to_be_listed_in_fstab() -> None:
    (one,) = found("area-not-persistent", facts(active_file("/dev/zram1", kind="device")))
    assert (one.severity, one.remedy) == (INFO, "list it in a layout as zram: zram1, or swapctl off /dev/zram1")


def test_blank_devices_are_told_how_to_be_used() -> None:
    (one,) = found("fstab-no-area", listed(blank_device(), "/dev/vdb none swap pri=4 0 0"))
    assert one.remedy == "swapctl ensure /dev/vdb --priority 4"


def test_turning_disks_pays_for_a_tie() -> None:
    areas = (active_file(priority=9), active_file("/b", priority=9))
    disk = Ground(("sda",), rotates=True)
    (one,) = found("priority-one-disk", facts(*areas), Condition(grounds=(("/swapfile", disk), ("/b", disk))))
    assert one.severity == WARNING


def test_an_area_of_others_is_nobodys_fault() -> None:
    host = facts(missing("/loop1", active=entry("/loop1")))
    assert [one.id for one in doctor.examine(host, NONE)] == ["area-of-others"]
    assert host.active == (Active(entry("/loop1"), None),)
