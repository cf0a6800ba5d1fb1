"""What is wrong with the swap of a host, and what to do about it. Pure: facts in, findings and repairs out.

A repair is an area as it is wanted, made of what is there; converging does the rest. It never makes an area anew, and
it decides nothing that is a matter of taste: what is not safe has a remedy, and no repair.
"""

from __future__ import annotations

import shlex

from ..errors import InvalidInput
from ..record import Record
from ..sizes import GIB, human
from . import crypttab, fstab, guards, units
from .area import DISCARDS, LARGEST_PRIORITY, TAGS, Area
from .needs import Need
from .state import state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .facts import Facts, Target
    from .filesystem import Filesystem
    from .hibernation import Hibernation

ERROR, WARNING, INFO = SEVERITIES = ("error", "warning", "info")

# Every finding that there is, in the order of the manual, with how grave it is.
FINDINGS = {
    # the entries of fstab
    "fstab-unreadable": ERROR,
    "fstab-type": ERROR,
    "fstab-missing": ERROR,  # with nofail a warning
    "fstab-no-area": ERROR,
    "fstab-tag-of-file": ERROR,
    "fstab-masked": ERROR,
    "fstab-duplicate": WARNING,
    "fstab-and-unit": WARNING,
    "fstab-priority": WARNING,
    "fstab-discard": WARNING,
    "fstab-timeout": WARNING,
    "fstab-device-name": INFO,
    "unit-missing": ERROR,
    # the areas
    "area-inactive": WARNING,
    "area-not-persistent": WARNING,
    "area-priority": WARNING,
    "area-mode": WARNING,
    "area-owner": WARNING,
    "area-immutable": ERROR,
    "area-holes": ERROR,
    "area-copy-on-write": ERROR,
    "area-shared": ERROR,
    "area-truncated": ERROR,
    "area-longer": INFO,
    "area-page-size": ERROR,
    "area-foreign": WARNING,
    "area-file-system": ERROR,
    "area-of-others": INFO,
    "area-random-key": INFO,
    "btrfs-devices": WARNING,
    "btrfs-subvolume": INFO,
    "bridge-active": WARNING,
    "leftover": WARNING,
    # the host
    "priority-inversion": WARNING,
    "priority-tie": WARNING,
    "priority-one-disk": INFO,
    "zram-and-zswap": WARNING,
    "zram-too-large": WARNING,
    "zswap-alone": INFO,
    "swap-none": WARNING,
    "swap-too-much": WARNING,
    "swap-full": ERROR,
    "overcommit": WARNING,
    "swappiness-low": WARNING,
    "swappiness-high": WARNING,
    "resume-stale": ERROR,
}

LITTLE_MEMORY = 2 * GIB  # below this, a host without swap kills programs early
_MOST_OF_MEMORY = 4  # times RAM that disks need not hold
_ENOUGH = 16 * GIB  # up to here it is no matter how little RAM there is
_MOST_ZRAM = 2  # times RAM
_FULL = 10  # percent of swap that is free
_PRESSED = 10.0  # percent of a minute in which tasks waited for memory
_HIGHEST_SWAPPINESS = 100  # above it, swap is taken to be faster than files are
_STRICT = 2  # vm.overcommit_memory
_SECRET = {"file": 0o077, "device": 0o007}  # what of a mode makes the content known to others
_LONGER = 1 << 20  # a partition need not be filled to the last byte
_UNSTABLE = ("/dev/sd", "/dev/vd", "/dev/xvd", "/dev/nvme", "/dev/hd")


class Finding(Record):
    """Something that is wrong with *subject*, and the *remedy*: a thing to do, mostly a command.

    *fixable*: `repairs` knows a safe way. *spec*: the area to repair, and *repair*: what of it.
    """

    id: str
    severity: str
    subject: str
    message: str
    remedy: str
    fixable: bool = False
    spec: str = ""
    repair: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        return {name: self.__dict__[name] for name in ("id", "severity", "subject", "message", "remedy", "fixable")}


class Ground(Record):
    """What an area stands on: the whole *disks*; of a file whether its blocks are *shared*; what is btrfs' own."""

    disks: tuple[str, ...] = ()
    rotates: bool = False
    shared: bool = False
    devices: int = 1
    crowded: bool = False  # the btrfs subvolume holds more than swap files


class Condition(Record):
    """What has to be known of a host besides its areas; None is "not known here"."""

    grounds: tuple[tuple[str, Ground], ...] = ()  # by the path of the area
    strays: tuple[Target, ...] = ()  # places where there is no area, and an interrupted run left something
    zram: tuple[tuple[str, int], ...] = ()  # devices that have a size, and that size
    zswap: bool = False
    swappiness: int | None = None
    overcommit: int | None = None
    pressure: float | None = None  # percent of the last minute in which some tasks waited for memory
    hibernation: Hibernation | None = None
    crypttab: tuple[crypttab.Entry, ...] = ()  # what is opened at boot: it need not be there before

    def ground(self, target: Target) -> Ground:
        """Return what the area at *target* stands on."""
        return dict(self.grounds).get(target.path, Ground())


def examine(facts: Facts, condition: Condition) -> tuple[Finding, ...]:
    """Return what is wrong, the gravest first, of equals in the order in which the areas are known."""
    found = [*_of_types(facts), *_of_host(facts, condition), *_of_priorities(facts, condition)]
    for target in facts.targets:
        found += _of_target(target, facts, condition)
    for target in condition.strays:
        found += _of_leftovers(target)
    checked = [_with_repair(one, facts, condition) for one in found]
    return tuple(sorted(checked, key=lambda one: (SEVERITIES.index(one.severity), list(FINDINGS).index(one.id))))


def repairs(findings: Iterable[Finding], facts: Facts, condition: Condition) -> tuple[Area, ...]:
    """Return the areas that, when they are brought about, repair what of *findings* is fixable."""
    wanted: dict[str, set[str]] = {}
    for one in findings:
        if one.fixable:
            wanted.setdefault(one.spec, set()).add(one.repair)
    areas = (_repaired(_target(spec, facts, condition), repair) for spec, repair in wanted.items())
    return tuple(area for area in areas if area)


def unchecked(facts: Facts) -> tuple[str, ...]:
    """Return what could not be looked at, each a sentence."""
    told = [f"{target.path}: {target.unreadable}" for target in facts.targets if target.unreadable]
    if not facts.live:
        told.append("what is active, and everything else about the kernel: it does not run here")
    return tuple(told)


# repairing


def _with_repair(finding: Finding, facts: Facts, condition: Condition) -> Finding:
    if not finding.repair:
        return finding
    target = _target(finding.spec, facts, condition)
    area = _repaired(target, {finding.repair})
    # It would have to be made anew, for another reason than this one: that is more than a repair.
    return finding.replace(fixable=area is not None and not (area.state == "present" and _is_made(area, target, facts)))


def _target(spec: str, facts: Facts, condition: Condition) -> Target:
    return next(target for target in (*facts.targets, *condition.strays) if target.spec == spec)


def _is_made(area: Area, target: Target, facts: Facts) -> bool:
    return target.kind not in _SECRET or Need(area, target, facts).is_made


def _repaired(target: Target, repair: set[str]) -> Area | None:
    """Return the area at *target* as it is, with *repair* done; None if it cannot be said."""
    if "gone" in repair:
        return Area(target.path, state="absent", persist="keep")
    line = _best_line(target)
    entry = line.entry if line else None
    try:
        return Area(
            _name(target, entry),
            active=True if "active" in repair else None,
            persist="fstab" if "fstab" in repair else "keep",
            priority=_listed_priority(target),
            discard=target.listed_discard,
            nofail=bool(entry and entry.option("nofail") is not None),
            options=_further_options(entry) if entry else (),
        )
    except InvalidInput:  # what is there makes no sense: somebody has to say what is meant
        return None


def _best_line(target: Target) -> fstab.Line | None:
    """Return the line that counts: the first that the boot reads, but a name that stays before one that does not."""
    lines = [line for line in target.lines if line.readable] or list(target.lines)
    stable = (line for line in lines if target.kind == "device" and line.entry.spec.startswith(TAGS))
    return next(stable, lines[0] if lines else None)


def _effective_priority(entry: fstab.Entry) -> int | None:
    """Return what swapon makes of the entry's priority: too large a one is cut, any other nonsense passed over."""
    text = entry.option("pri") or ""
    return min(int(text), LARGEST_PRIORITY) if text.isascii() and text.isdigit() else None


def _unit_priority(target: Target) -> int | None:
    return next((unit.priority for unit in target.units if unit.acts_at_boot), None)


# fstab


def _of_types(facts: Facts) -> Iterator[Finding]:
    for number, spec, kind in fstab.misspelt(facts.fstab.text or ""):
        yield _found(
            "fstab-type",
            spec,
            f"its type in line {number + 1} of /etc/fstab is {kind!r}, which no reader takes for swap",
            "write swap there",
        )


def _of_lines(target: Target, facts: Facts, condition: Condition) -> Iterator[Finding]:
    lines = target.lines
    subject = target.spec
    readable = [line for line in lines if line.readable]
    if lines and not readable:
        yield _found(
            "fstab-unreadable",
            subject,
            f"{_place(lines)} has words where numbers belong, so the boot passes over it",
            _ensure(target),
            (target, "fstab"),
        )
    elif len(lines) > 1:
        yield _found(
            "fstab-duplicate",
            subject,
            f"{_place(lines)} are about the same area: turning it on twice fails",
            _ensure(target),
            (target, "fstab"),
        )
    if not readable:
        return
    yield from _of_line(target, readable[0], facts, condition)
    yield from _of_units(target, readable[0])


def _of_line(target: Target, line: fstab.Line, facts: Facts, condition: Condition) -> Iterator[Finding]:
    entry, subject = line.entry, line.entry.spec
    if any(_is_tag_of_file(one.entry.spec, target) for one in target.lines):
        yield _found(
            "fstab-tag-of-file",
            subject,
            f"{target.path} bears it, but at boot only devices are looked for by what they bear",
            _ensure(target),
            (target, "fstab"),
        )
    priority, meant = entry.option("pri"), _effective_priority(entry)
    if priority is not None and (meant is None or int(priority) != meant):
        yield _found(
            "fstab-priority",
            subject,
            f"pri={priority} in {_place([line])} is outside 0..{LARGEST_PRIORITY}, so "
            f"{'the kernel chooses' if meant is None else f'{meant} counts'}",
            _ensure(target),
            (target, "fstab"),
        )
    discard = entry.option("discard")
    if discard not in {None, "", "once", "pages"}:
        yield _found(
            "fstab-discard",
            subject,
            f"discard={discard} in {_place([line])} is neither once nor pages",
            _ensure(target, "--discard", "once"),
        )
    is_device = subject.startswith((*TAGS, "/dev/")) or target.kind == "device"
    waits = entry.option("noauto") is None and entry.option(units.TIMEOUT) is None and facts.systemd.is_there
    if is_device and waits and entry.option("nofail") is not None and not _appears(subject, entry, condition):
        yield _found(
            "fstab-timeout",
            subject,
            f"{_place([line])} has nofail and no {units.TIMEOUT}: should it be missing, the boot waits for it for 90 s",
            _ensure(target),
            (target, "fstab"),
        )
    if target.kind == "device" and target.header and target.header.uuid and subject.startswith(_UNSTABLE):
        yield _found(
            "fstab-device-name",
            subject,
            f"{_place([line])} names it as the kernel does, which can be another device after a reboot",
            _ensure(target, name=f"UUID={target.header.uuid}"),
        )


def _of_units(target: Target, line: fstab.Line) -> Iterator[Finding]:
    name = units.name_of(line.entry.spec)
    for unit in target.units:
        if unit.masked and unit.name == name:
            yield _found(
                "fstab-masked",
                line.entry.spec,
                f"fstab lists it, but systemd's unit for it, {name}, is masked",
                _ensure(target),
                (target, "fstab" if unit.is_ours_to_change else ""),
            )
        if unit.acts_at_boot:
            yield _found(
                "fstab-and-unit",
                line.entry.spec,
                f"fstab and the unit {unit.name} both turn it on at boot, and need not agree",
                f"{_ensure(target)} --persist systemd, or --persist fstab",
            )


def _of_missing(target: Target, facts: Facts, condition: Condition) -> Iterator[Finding]:
    """Yield what is to be said of a place that is listed, and where nothing is that can be turned on."""
    entries = [line.entry for line in target.lines if line.readable]
    entry = entries[0] if entries else fstab.Entry(target.spec)
    is_device = target.spec.startswith((*TAGS, "/dev/"))
    if entry.option("noauto") is not None or _appears(target.spec, entry, condition) or target.active:
        return
    if is_device and not facts.live:  # the devices of the machine that it will be are not here
        return
    if any(_is_tag_of_file(target.spec, one) and one.lines for one in facts.targets):
        return
    if target.kind == "missing":
        yield from _missing(target, entry, is_device=is_device)
        return
    if target.unreadable or target.header or not target.lines:
        return
    held = " and ".join(dict.fromkeys(one.name for one in target.foreign)) or "data that is no swap area"
    if target.kind not in _SECRET:
        what = f"is a {target.kind}"
    else:
        what = "holds nothing yet" if target.empty else f"holds {held}"
    size = () if target.kind == "device" else ("--size", "SIZE")
    yield _found(
        "fstab-no-area",
        target.spec,
        f"{_place(target.lines)} has it turned on at boot, but it {what}",
        _ensure(target, *size) if target.empty else "take the line out, or name there what was meant",
    )


def _missing(target: Target, entry: fstab.Entry, *, is_device: bool) -> Iterator[Finding]:
    remedy = f"swapctl remove {_word(target.spec)}"
    if not is_device:
        remedy += f", or {_ensure(target, '--size', 'SIZE')}"
    if not target.lines:
        names = ", ".join(unit.name for unit in target.units)
        yield _found("unit-missing", target.spec, f"the unit {names} turns it on at boot, but it is not there", remedy)
        return
    what = "no device bears it" if target.spec.startswith(TAGS) else "it is not there"
    is_optional = entry.option("nofail") is not None
    found = _found("fstab-missing", target.spec, f"{_place(target.lines)} has it turned on at boot, but {what}", remedy)
    yield found.replace(severity=WARNING) if is_optional else found


# areas


def _of_target(target: Target, facts: Facts, condition: Condition) -> Iterator[Finding]:
    if target.path.endswith(".swapctl-bridge") and target.active:
        if not any(left.path == target.path for one in facts.targets for left in one.leftovers):
            yield from _bridge(target.path, target, "gone")
        return
    if target.active and target.identity is None:
        yield _found(
            "area-of-others",
            target.path,
            "another mount namespace, such as a container's, has turned it on",
            "turn it off where it was turned on",
        )
        return
    yield from _of_lines(target, facts, condition)
    yield from _of_missing(target, facts, condition)
    yield from _of_leftovers(target)
    if target.header or target.active:
        yield from _of_use(target, facts)
        yield from _of_key(target, condition)
        yield from _of_content(target, facts)
        yield from _of_blocks(target, facts, condition)


def _of_use(target: Target, facts: Facts) -> Iterator[Finding]:
    now = state(target, facts)
    if not facts.live:
        return
    if now.active and not now.persistent:
        priority = ("--priority", str(now.priority)) if now.priority is not None and now.priority >= 0 else ()
        is_listed = any(line.entry.option("noauto") is not None for line in target.lines)
        found = _found(
            "area-not-persistent",
            target.path,
            "it is active, but "
            + ("fstab has it with noauto" if is_listed else "nothing turns it on at the next boot"),
            f"{_ensure(target, *priority)}, or swapctl off {_word(target.path)}",
        )
        yield found.replace(severity=INFO) if is_listed or target.path.startswith("/dev/zram") else found
    if now.persistent and not now.active:
        yield _found(
            "area-inactive",
            target.spec,
            "it is turned on at boot, but not active now",
            f"swapctl on {_word(target.spec)}",
            (target, "" if facts.no_swapon else "active"),
        )
    wanted = _listed_priority(target)
    if now.active and now.persistent and now.priority is not None and wanted != (
        now.priority if now.priority >= 0 else None
    ):  # fmt: skip
        told = "the kernel chooses it" if wanted is None else f"it is {wanted}"
        yield _found(
            "area-priority",
            target.path,
            f"its priority is {now.priority}, but at the next boot {told}",
            _ensure(target),
        )


def _of_key(target: Target, condition: Condition) -> Iterator[Finding]:
    if target.mapped in {one.name for one in condition.crypttab if one.makes_swap}:
        yield _found(
            "area-random-key",
            f"/dev/mapper/{target.mapped}",
            "its key is lost with the power, so that the host cannot wake up from an image there",
            "to hibernate, give the host another area",
        )


def _of_content(target: Target, facts: Facts) -> Iterator[Finding]:
    header, path = target.header, target.path
    if target.mode & _SECRET[target.kind]:
        yield _found(
            "area-mode",
            path,
            f"its mode is {target.mode:04o}: what is swapped out is not for all to read or write",
            f"chmod {'600' if target.kind == 'file' else '660'} {_word(path)}",
            (target, "file" if target.kind == "file" else ""),
        )
    if target.kind == "file" and target.uid and facts.live:
        yield _found(
            "area-owner", path, f"its owner is user {target.uid}", f"chown root {_word(path)}", (target, "file")
        )
    if target.kind == "file" and target.flags & (guards.IMMUTABLE | guards.APPEND_ONLY):
        yield _found(
            "area-immutable",
            path,
            "it is immutable or append-only, so the kernel turns it neither on nor off",
            f"chattr -i -a {_word(path)}",
        )
    if not header:
        return
    if header.page_size != facts.page_size and facts.live:
        yield _found(
            "area-page-size",
            path,
            f"it was made for pages of {human(header.page_size)}, and this kernel has {human(facts.page_size)}",
            _ensure(target),
        )
    if header.size > target.size:
        yield _found(
            "area-truncated",
            path,
            f"it has {human(target.size)}, less than the {human(header.size)} of its header: the kernel refuses it",
            _ensure(target, "--size", str(header.size) if target.kind == "file" else "auto"),
        )
    if target.size - header.size >= (facts.page_size if target.kind == "file" else _LONGER):
        yield _found(
            "area-longer",
            path,
            f"it has {human(target.size)}, and the kernel uses the {human(header.size)} of its header",
            _ensure(target, "--size", str(target.size) if target.kind == "file" else "auto"),
        )
    if target.foreign:
        held = " and ".join(dict.fromkeys(one.name for one in target.foreign))
        yield _found(
            "area-foreign",
            path,
            f"it bears a swap header, and {held} as well",
            f"see wipefs {_word(path)}; if it is swap, swapctl ensure --force {_word(path)}",
        )


def _of_blocks(target: Target, facts: Facts, condition: Condition) -> Iterator[Finding]:
    place = target.filesystem
    if target.kind != "file" or place is None:
        return
    if place.unsuitable and facts.live and not target.active:
        yield _found(
            "area-file-system", target.path, place.unsuitable, "swapctl remove it, and ensure one on ext4, XFS or btrfs"
        )
        return
    if not target.active and not target.unreadable:
        yield from _of_refused_blocks(target, place, condition)
    ground = condition.ground(target)
    directory = target.path.rpartition("/")[0] or "/"
    if ground.devices > 1:
        yield _found(
            "btrfs-devices",
            target.path,
            f"its btrfs has {ground.devices} devices: it must stay on one, so balancing and removing a device fail",
            f"swapctl off {_word(target.path)} before either",
        )
    if ground.crowded:
        yield _found(
            "btrfs-subvolume",
            target.path,
            "its subvolume holds more than swap, and no snapshot of it can be made while the area is active",
            f"make a subvolume for it: btrfs subvolume create {_word(directory.rstrip('/') + '/swap')}",
        )


def _of_refused_blocks(target: Target, place: Filesystem, condition: Condition) -> Iterator[Finding]:
    path = target.path
    if target.allocated < target.size:
        yield _found("area-holes", path, "it has holes, so the kernel refuses it", _ensure(target))
    if place.copies_on_write and not target.flags & guards.NOCOW:
        yield _found(
            "area-copy-on-write", path, "btrfs copies its blocks on write, so the kernel refuses it", _ensure(target)
        )
    if condition.ground(target).shared:
        again = _ensure(target, "--size", str(target.header.size if target.header else 0))
        yield _found(
            "area-shared",
            path,
            "another file or a snapshot shares its blocks, so the kernel refuses it",
            f"swapctl remove {_word(path)}, then {again}",
        )


def _of_leftovers(target: Target) -> Iterator[Finding]:
    for left in target.leftovers:
        if left.active:
            yield from _bridge(left.path, target, "file" if target.active else "")
            continue
        if not left.ours:
            yield _found("leftover", left.path, "it has the name of a temporary file of swapctl's", "move it away")
            continue
        repair = "gone" if target.kind == "missing" and not target.lines else "file"
        yield _found(
            "leftover",
            left.path,
            f"a run on {target.path} was interrupted and left it, with {human(left.allocated)}",
            f"swapctl remove {_word(target.path)}" if repair == "gone" else _ensure(target),
            (target, repair if target.kind in {"missing", "file"} else ""),
        )


def _bridge(path: str, target: Target, repair: str) -> Iterator[Finding]:
    yield _found(
        "bridge-active",
        path,
        "it is the temporary area of a run that was interrupted, and still in use",
        f"swapctl remove {_word(path)}" if repair == "gone" else _ensure(target),
        (target, repair),
    )


# the host


def _of_priorities(facts: Facts, condition: Condition) -> Iterator[Finding]:
    areas = [target for target in facts.targets if target.active and target.identity is not None]
    in_memory = [target for target in areas if target.path.startswith("/dev/zram")]
    on_disk = [target for target in areas if target not in in_memory]
    for zram in in_memory:
        for disk in on_disk:
            if _priority(disk) > _priority(zram):
                yield _found(
                    "priority-inversion",
                    disk.path,
                    f"its priority {_priority(disk)} is above the {_priority(zram)} of {zram.path}, so the disk is "
                    "filled before the memory that is faster",
                    f"swapctl on {zram.path} --priority {min(max(_priority(disk), 0) + 100, LARGEST_PRIORITY)}",
                )
            if _priority(disk) == _priority(zram):
                yield _found(
                    "priority-tie",
                    disk.path,
                    f"it and {zram.path} have the same priority {_priority(zram)}: disk and memory are filled in turn",
                    f"swapctl on {zram.path} --priority {min(max(_priority(disk), 0) + 100, LARGEST_PRIORITY)}",
                )
    for number, area in enumerate(on_disk):
        ground = condition.ground(area)
        for other in on_disk[:number]:
            same = set(ground.disks) & set(condition.ground(other).disks)
            if same and _priority(area) == _priority(other) >= 0:
                found = _found(
                    "priority-one-disk",
                    area.path,
                    f"it and {other.path} have the same priority {_priority(area)}, and both are on {min(same)}: in "
                    "turn gives no more speed there",
                    f"swapctl remove {_word(area.path)}, or {_ensure(area)} with another --priority",
                )
                yield found.replace(severity=WARNING) if ground.rotates else found


def _of_host(facts: Facts, condition: Condition) -> Iterator[Finding]:
    hibernation = condition.hibernation
    if hibernation and hibernation.stale:
        right = f"resume={hibernation.expected_device} resume_offset={hibernation.expected_offset}"
        yield _found(
            "resume-stale",
            hibernation.device,
            f"{hibernation.source} has the host wake up from a place where no image will be: {hibernation.reason}",
            f"set {right} there, and make the initial RAM disk anew"
            if hibernation.area
            else f"take resume= out of {hibernation.source}, or set it to an area of swapctl status",
        )
    if not facts.live or not facts.memory.total:
        return
    yield from _of_amount(facts, condition)
    yield from _of_tuning(facts, condition)


def _of_amount(facts: Facts, condition: Condition) -> Iterator[Finding]:
    memory = facts.memory
    if not facts.active and memory.total < LITTLE_MEMORY:
        yield _found(
            "swap-none",
            "host",
            f"there is no active swap area, and only {human(memory.total)} of RAM",
            "swapctl ensure /swapfile --size auto",
        )
    zram = dict(condition.zram)
    on_disk = sum(one.entry.size for one in facts.active if one.entry.path not in zram)
    if on_disk > max(_MOST_OF_MEMORY * memory.total, _ENOUGH):
        yield _found(
            "swap-too-much",
            "host",
            f"{human(on_disk)} of swap on disks are more than {_MOST_OF_MEMORY} times the {human(memory.total)} of RAM:"
            " long before they are full, nothing works any more",
            "swapctl remove what is not needed",
        )
    for path, size in condition.zram:
        if size > _MOST_ZRAM * memory.total:
            yield _found(
                "zram-too-large",
                path,
                f"its {human(size)} are more than {_MOST_ZRAM} times the {human(memory.total)} of RAM, in which they "
                "would have to fit when compressed",
                "make it anew with a smaller size",
            )
    is_full = memory.swap_total and memory.swap_free * 100 < memory.swap_total * _FULL
    if is_full and condition.pressure is not None and condition.pressure >= _PRESSED:
        yield _found(
            "swap-full",
            "host",
            f"{human(memory.swap_free)} of {human(memory.swap_total)} of swap are free, and for "
            f"{condition.pressure:g}% of the last minute programs waited for memory",
            "swapctl find --min-rss 1G shows who takes most; end some of it, or add an area",
        )


def _of_tuning(facts: Facts, condition: Condition) -> Iterator[Finding]:
    is_active = bool(facts.active)
    if condition.overcommit == _STRICT and not is_active:
        yield _found(
            "overcommit",
            "vm.overcommit_memory",
            "it is 2, so programs get no more than swap and a part of RAM, and there is no swap",
            "swapctl ensure /swapfile --size auto, or sysctl vm.overcommit_memory=0",
        )
    if condition.zswap and any(one.entry.path in dict(condition.zram) for one in facts.active):
        yield _found(
            "zram-and-zswap",
            "zswap",
            "it is enabled, and so is an area in zram: pages are compressed twice, and the old ones keep zram full",
            "echo N > /sys/module/zswap/parameters/enabled, and zswap.enabled=0 on the kernel's command line",
        )
    if condition.zswap and not is_active:
        yield _found(
            "zswap-alone",
            "zswap",
            "it is enabled, and does nothing without a swap area",
            "swapctl ensure /swapfile --size auto",
        )
    if condition.swappiness == 0 and is_active:
        yield _found(
            "swappiness-low",
            "vm.swappiness",
            "it is 0, so the kernel swaps only when it is about to kill",
            "sysctl vm.swappiness=1, or more",
        )
    swaps_to_disk = any(not one.entry.path.startswith("/dev/zram") for one in facts.active)
    if (
        condition.swappiness is not None
        and condition.swappiness > _HIGHEST_SWAPPINESS
        and swaps_to_disk
        and not condition.zswap
    ):
        yield _found(
            "swappiness-high",
            "vm.swappiness",
            f"it is {condition.swappiness}, which is for swap in memory, and there is swap on a disk",
            "sysctl vm.swappiness=60",
        )


# words


def _found(kind: str, subject: str, message: str, remedy: str, repair: tuple[Target, str] | None = None) -> Finding:
    """Return a finding; *repair*: the area, and what of it can be repaired, or nothing."""
    target, what = repair or (None, "")
    return Finding(kind, FINDINGS[kind], subject, message, remedy, spec=target.spec if target else "", repair=what)


def _priority(target: Target) -> int:
    return target.active.priority if target.active else 0


def _is_tag_of_file(spec: str, target: Target) -> bool:
    if target.kind != "file" or not target.header:
        return False
    name, _separator, quoted = spec.partition("=")
    borne = {"UUID": target.header.uuid, "LABEL": target.header.label}
    return spec.startswith(TAGS) and borne.get(name, "") == quoted.strip('"') != ""


def _appears(spec: str, entry: fstab.Entry, condition: Condition) -> bool:
    """Whether the device is made by the boot itself, before or after it is formatted."""
    return entry.option("x-systemd.makefs") is not None or spec.removeprefix("/dev/mapper/") in {
        one.name for one in condition.crypttab
    }


def _place(lines: Iterable[fstab.Line]) -> str:
    numbers = [str(line.number + 1) for line in lines]
    return f"line{'s' if len(numbers) > 1 else ''} {' and '.join(numbers)} of /etc/fstab"


def _ensure(target: Target, *more: str, name: str = "") -> str:
    """Return the command that leaves the area as it is, but for what is wrong and what *more* says."""
    line = _best_line(target)
    entry = line.entry if line else None
    words = ["swapctl", "ensure", name or _name(target, entry), *more]
    priority = _listed_priority(target)
    if priority is not None and "--priority" not in more:
        words += ["--priority", str(priority)]
    if target.listed_discard in DISCARDS[1:] and "--discard" not in more:
        words += ["--discard", target.listed_discard]
    if entry and entry.option("nofail") is not None and "--nofail" not in more:
        words.append("--nofail")
    options = ",".join(_further_options(entry)) if entry else ""
    if options:
        words += ["--options", options]
    if not entry and any(unit.acts_at_boot and unit.is_ours_to_change for unit in target.units):
        words += ["--persist", "systemd"]
    return " ".join(map(_word, words))


def _name(target: Target, entry: fstab.Entry | None) -> str:
    """Return the name that stays: that of fstab, if it leads to the area at boot as well."""
    if not entry or _is_tag_of_file(entry.spec, target):
        return target.path
    return entry.spec.replace('"', "") if entry.spec.startswith(TAGS) else entry.spec


def _further_options(entry: fstab.Entry) -> tuple[str, ...]:
    known = {"pri", "discard", "nofail", "sw", "defaults"}
    return tuple(one for one in entry.options if one and one.partition("=")[0] not in known)


def _listed_priority(target: Target) -> int | None:
    """Return the priority that the area gets at boot, None if the kernel chooses it."""
    line = _best_line(target)
    return _effective_priority(line.entry) if line else _unit_priority(target)


def _word(path: str) -> str:
    return shlex.quote(path)
