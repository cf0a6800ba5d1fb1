"""What is wrong with areas, with the entries of fstab, and with units. Pure: facts in, findings out."""

from __future__ import annotations

from ..sizes import human
from . import fstab, guards, units
from .area import LARGEST_PRIORITY, TAGS
from .drop_ins import overridden, values
from .finding import INFO, WARNING, Finding, finding
from .remedies import effective_priority, ensure, is_tag_of_file, listed_priority, word
from .state import state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .condition import Condition
    from .facts import Facts, Target
    from .filesystem import Filesystem

SECRET = {"file": 0o077, "device": 0o007}  # what of a mode makes the content known to others
_LONGER = 1 << 20  # a partition need not be filled to the last byte
_UNSTABLE = ("/dev/sd", "/dev/vd", "/dev/xvd", "/dev/nvme", "/dev/hd")


def of_types(facts: Facts) -> Iterator[Finding]:
    """Yield the lines of fstab that are meant as swap entries, and are none."""
    for number, spec, kind in fstab.misspelt(facts.fstab.text or ""):
        yield finding(
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
        yield finding(
            "fstab-unreadable",
            subject,
            f"{_place(lines)} has words where numbers belong, so the boot passes over it",
            ensure(target),
            (target, "fstab"),
        )
    elif len(lines) > 1:
        yield finding(
            "fstab-duplicate",
            subject,
            f"{_place(lines)} are about the same area: turning it on twice fails",
            ensure(target),
            (target, "fstab"),
        )
    if not readable:
        return
    yield from _of_line(target, readable[0], facts, condition)
    yield from _of_units(target, readable[0])


def _of_line(target: Target, line: fstab.Line, facts: Facts, condition: Condition) -> Iterator[Finding]:
    entry, subject = line.entry, line.entry.spec
    if any(is_tag_of_file(one.entry.spec, target) for one in target.lines):
        yield finding(
            "fstab-tag-of-file",
            subject,
            f"{target.path} bears it, but at boot only devices are looked for by what they bear",
            ensure(target),
            (target, "fstab"),
        )
    priority, meant = entry.option("pri"), effective_priority(entry)
    if priority is not None and (meant is None or int(priority) != meant):
        yield finding(
            "fstab-priority",
            subject,
            f"pri={priority} in {_place([line])} is outside 0..{LARGEST_PRIORITY}, so "
            f"{'the kernel chooses' if meant is None else f'{meant} counts'}",
            ensure(target),
            (target, "fstab"),
        )
    discard = entry.option("discard")
    if discard not in {None, "", "once", "pages"}:
        yield finding(
            "fstab-discard",
            subject,
            f"discard={discard} in {_place([line])} is neither once nor pages",
            ensure(target, "--discard", "once"),
        )
    is_device = subject.startswith((*TAGS, "/dev/")) or target.kind == "device"
    waits = entry.option("noauto") is None and entry.option(units.TIMEOUT) is None and facts.systemd.is_there
    if is_device and waits and entry.option("nofail") is not None and not _appears(subject, entry, condition):
        yield finding(
            "fstab-timeout",
            subject,
            f"{_place([line])} has nofail and no {units.TIMEOUT}: should it be missing, the boot waits for it for 90 s",
            ensure(target),
            (target, "fstab"),
        )
    if target.kind == "device" and target.header and target.header.uuid and subject.startswith(_UNSTABLE):
        yield finding(
            "fstab-device-name",
            subject,
            f"{_place([line])} names it as the kernel does, which can be another device after a reboot",
            ensure(target, name=f"UUID={target.header.uuid}"),
        )


def _of_units(target: Target, line: fstab.Line) -> Iterator[Finding]:
    name = units.name_of(line.entry.spec)
    for unit in target.units:
        if unit.masked and unit.name == name:
            yield finding(
                "fstab-masked",
                line.entry.spec,
                f"fstab lists it, but systemd's unit for it, {name}, is masked",
                ensure(target),
                (target, "fstab" if unit.is_ours_to_change else ""),
            )
        if unit.acts_at_boot:
            yield finding(
                "fstab-and-unit",
                line.entry.spec,
                f"fstab and the unit {unit.name} both turn it on at boot, and need not agree",
                f"{ensure(target)} --persist systemd, or --persist fstab",
            )


def _of_drop_ins(target: Target) -> Iterator[Finding]:
    """Yield what wins at boot over a line of fstab, or over a unit of ours."""
    listed = [(line.entry.spec, units.listed(line.entry)) for line in target.lines if line.readable]
    listed += [(unit.what, values([unit.text])) for unit in target.units if unit.is_ours and unit.acts_at_boot]
    for spec, own in listed:
        found = overridden(own, (one for one in target.drop_ins if one.unit == units.name_of(spec)))
        if found:
            path, says = found
            yield finding(
                "unit-drop-in",
                spec,
                f"{path} says {says}, which wins at boot over {own}",
                f"take that out of it, or have {ensure(target)} say the same",
            )


def _of_missing(target: Target, facts: Facts, condition: Condition) -> Iterator[Finding]:
    """Yield what is to be said of a place that is listed, and where nothing is that can be turned on."""
    entries = [line.entry for line in target.lines if line.readable]
    entry = entries[0] if entries else fstab.Entry(target.spec)
    is_device = target.spec.startswith((*TAGS, "/dev/"))
    if entry.option("noauto") is not None or _appears(target.spec, entry, condition) or target.active:
        return
    if target.zram and not target.lines:  # the boot makes the device before the unit turns it on
        return
    if is_device and not facts.live:  # the devices of the machine that it will be are not here
        return
    if any(is_tag_of_file(target.spec, one) and one.lines for one in facts.targets):
        return
    if target.kind == "missing":
        yield from _missing(target, entry, is_device=is_device)
        return
    if target.unreadable or target.header or not target.lines:
        return
    held = " and ".join(dict.fromkeys(one.name for one in target.foreign)) or "data that is no swap area"
    if target.kind not in SECRET:
        what = f"is a {target.kind}"
    else:
        what = "holds nothing yet" if target.empty else f"holds {held}"
    size = () if target.kind == "device" else ("--size", "SIZE")
    yield finding(
        "fstab-no-area",
        target.spec,
        f"{_place(target.lines)} has it turned on at boot, but it {what}",
        ensure(target, *size) if target.empty else "take the line out, or name there what was meant",
    )


def _missing(target: Target, entry: fstab.Entry, *, is_device: bool) -> Iterator[Finding]:
    remedy = f"swapctl remove {word(target.spec)}"
    if not is_device:
        remedy += f", or {ensure(target, '--size', 'SIZE')}"
    if not target.lines:
        names = ", ".join(unit.name for unit in target.units)
        yield finding("unit-missing", target.spec, f"the unit {names} turns it on at boot, but it is not there", remedy)
        return
    what = "no device bears it" if target.spec.startswith(TAGS) else "it is not there"
    is_optional = entry.option("nofail") is not None
    found = finding(
        "fstab-missing", target.spec, f"{_place(target.lines)} has it turned on at boot, but {what}", remedy
    )
    yield found.replace(severity=WARNING) if is_optional else found


def of_target(target: Target, facts: Facts, condition: Condition) -> Iterator[Finding]:
    """Yield what is wrong with the area at *target*, and with what has it come back at boot."""
    if target.path.endswith(".swapctl-bridge") and target.active:
        if not any(left.path == target.path for one in facts.targets for left in one.leftovers):
            yield from _bridge(target.path, target, "gone")
        return
    if target.is_elsewhere:
        yield finding(
            "area-of-others",
            target.path,
            "another mount namespace, such as a container's, has turned it on",
            "turn it off where it was turned on",
        )
        return
    yield from _of_lines(target, facts, condition)
    yield from _of_drop_ins(target)
    yield from _of_missing(target, facts, condition)
    yield from of_leftovers(target)
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
        is_zram = target.path.startswith("/dev/zram")
        # fstab would have it at boot before anybody has given it a size.
        by_layout = f"list it in a layout as zram: {target.path.rpartition('/')[2]}"
        keeping = by_layout if is_zram and not target.lines else ensure(target, *priority)
        found = finding(
            "area-not-persistent",
            target.path,
            "it is active, but "
            + ("fstab has it with noauto" if is_listed else "nothing turns it on at the next boot"),
            f"{keeping}, or swapctl off {word(target.path)}",
        )
        yield found.replace(severity=INFO) if is_listed or is_zram else found
    if now.persistent and not now.active:
        yield finding(
            "area-inactive",
            target.spec,
            "it is turned on at boot, but not active now",
            f"swapctl on {word(target.spec)}",
            (target, "" if facts.no_swapon else "active"),
        )
    wanted = listed_priority(target)
    is_known = target.lines or any(unit.acts_at_boot for unit in target.units)  # a generator may not have run yet
    if now.active and is_known and now.persistent and wanted != (now.priority if (now.priority or 0) >= 0 else None):
        told = "the kernel chooses it" if wanted is None else f"it is {wanted}"
        yield finding(
            "area-priority",
            target.path,
            f"its priority is {now.priority}, but at the next boot {told}",
            ensure(target),
        )


def _of_key(target: Target, condition: Condition) -> Iterator[Finding]:
    if target.mapped in {one.name for one in condition.crypttab if one.makes_swap}:
        yield finding(
            "area-random-key",
            f"/dev/mapper/{target.mapped}",
            "its key is lost with the power, so that the host cannot wake up from an image there",
            "to hibernate, give the host another area",
        )


def _of_content(target: Target, facts: Facts) -> Iterator[Finding]:
    header, path = target.header, target.path
    if target.mode & SECRET[target.kind]:
        yield finding(
            "area-mode",
            path,
            f"its mode is {target.mode:04o}: what is swapped out is not for all to read or write",
            f"chmod {'600' if target.kind == 'file' else '660'} {word(path)}",
            (target, "file" if target.kind == "file" else ""),
        )
    if target.kind == "file" and target.uid and facts.live:
        yield finding(
            "area-owner", path, f"its owner is user {target.uid}", f"chown root {word(path)}", (target, "file")
        )
    if target.kind == "file" and target.flags & (guards.IMMUTABLE | guards.APPEND_ONLY):
        yield finding(
            "area-immutable",
            path,
            "it is immutable or append-only, so the kernel turns it neither on nor off",
            f"chattr -i -a {word(path)}",
        )
    if not header:
        return
    if header.page_size != facts.page_size and facts.live:
        yield finding(
            "area-page-size",
            path,
            f"it was made for pages of {human(header.page_size)}, and this kernel has {human(facts.page_size)}",
            ensure(target),
        )
    if header.size > target.size:
        yield finding(
            "area-truncated",
            path,
            f"it has {human(target.size)}, less than the {human(header.size)} of its header: the kernel refuses it",
            ensure(target, "--size", str(header.size) if target.kind == "file" else "auto"),
        )
    if target.size - header.size >= (facts.page_size if target.kind == "file" else _LONGER):
        yield finding(
            "area-longer",
            path,
            f"it has {human(target.size)}, and the kernel uses the {human(header.size)} of its header",
            ensure(target, "--size", str(target.size) if target.kind == "file" else "auto"),
        )
    if target.foreign:
        held = " and ".join(dict.fromkeys(one.name for one in target.foreign))
        yield finding(
            "area-foreign",
            path,
            f"it bears a swap header, and {held} as well",
            f"see wipefs {word(path)}; if it is swap, swapctl ensure --force {word(path)}",
        )


def _of_blocks(target: Target, facts: Facts, condition: Condition) -> Iterator[Finding]:
    place = target.filesystem
    if target.kind != "file" or place is None:
        return
    if place.unsuitable and facts.live and not target.active:
        yield finding(
            "area-file-system", target.path, place.unsuitable, "swapctl remove it, and ensure one on ext4, XFS or btrfs"
        )
        return
    if not target.active and not target.unreadable:
        yield from _of_refused_blocks(target, place, condition)
    ground = condition.ground(target)
    directory = target.path.rpartition("/")[0] or "/"
    if ground.devices > 1:
        yield finding(
            "btrfs-devices",
            target.path,
            f"its btrfs has {ground.devices} devices: it must stay on one, so balancing and removing a device fail",
            f"swapctl off {word(target.path)} before either",
        )
    if ground.crowded:
        yield finding(
            "btrfs-subvolume",
            target.path,
            "its subvolume holds more than swap, and no snapshot of it can be made while the area is active",
            f"move it to a subvolume: swapctl ensure {word(directory.rstrip('/') + '/swap/file')} --subvolume",
        )


def _of_refused_blocks(target: Target, place: Filesystem, condition: Condition) -> Iterator[Finding]:
    path = target.path
    if target.allocated < target.size:
        yield finding("area-holes", path, "it has holes, so the kernel refuses it", ensure(target))
    if place.copies_on_write and not target.flags & guards.NOCOW:
        yield finding(
            "area-copy-on-write", path, "btrfs copies its blocks on write, so the kernel refuses it", ensure(target)
        )
    if condition.ground(target).shared:
        again = ensure(target, "--size", str(target.header.size if target.header else 0))
        yield finding(
            "area-shared",
            path,
            "another file or a snapshot shares its blocks, so the kernel refuses it",
            f"swapctl remove {word(path)}, then {again}",
        )


def of_leftovers(target: Target) -> Iterator[Finding]:
    """Yield what interrupted runs left at *target*."""
    for left in target.leftovers:
        if left.active:
            yield from _bridge(left.path, target, "file" if target.active else "")
            continue
        if not left.ours:
            yield finding("leftover", left.path, "it has the name of a temporary file of swapctl's", "move it away")
            continue
        repair = "gone" if target.kind == "missing" and not target.lines else "file"
        yield finding(
            "leftover",
            left.path,
            f"a run on {target.path} was interrupted and left it, with {human(left.allocated)}",
            f"swapctl remove {word(target.path)}" if repair == "gone" else ensure(target),
            (target, repair if target.kind in {"missing", "file"} else ""),
        )


def _bridge(path: str, target: Target, repair: str) -> Iterator[Finding]:
    yield finding(
        "bridge-active",
        path,
        "it is the temporary area of a run that was interrupted, and still in use",
        f"swapctl remove {word(path)}" if repair == "gone" else ensure(target),
        (target, repair),
    )


def _appears(spec: str, entry: fstab.Entry, condition: Condition) -> bool:
    """Whether the device is made by the boot itself, before or after it is formatted."""
    opened = {one.name for one in condition.crypttab}
    return entry.option("x-systemd.makefs") is not None or spec.removeprefix("/dev/mapper/") in opened


def _place(lines: Iterable[fstab.Line]) -> str:
    numbers = [str(line.number + 1) for line in lines]
    return f"line{'s' if len(numbers) > 1 else ''} {' and '.join(numbers)} of /etc/fstab"
