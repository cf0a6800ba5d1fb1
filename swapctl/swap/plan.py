"""Decide what has to be done, in order, to get from the facts to what is wanted. Pure.

The dry run, Ansible's check mode and the real run all take their actions from `plan`.

A swap file is always made anew under a temporary name and then takes its final name in one step. There is one way to
change a file's size or header while the old one stands (*beside*, where the disk has room for both), and one where it has
not: the old file gives up its name, is changed, and gets its name back.
"""

from __future__ import annotations

from .. import sizes
from ..errors import InvalidInput, Refused
from ..naming import temporary_name
from . import actions, filesystem, guards
from .area import Area
from .fstab import Entry, edit
from .header import usable_size
from .memory import displaced
from .state import State, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .facts import Facts, Target
    from .header import Header

_SAME_ENOUGH = 50  # a size relative to RAM is right within a fiftieth: a new kernel shows a little more or less RAM
_DEVICE_TIMEOUT = "x-systemd.device-timeout"
_SHORT_TIMEOUT = "10s"


def plan(
    wanted: Area | Iterable[Area], facts: Facts, *, backup: bool = False, fstab_in_place: bool = False
) -> list[actions.Action]:
    """Return the actions that take *facts* to *wanted*, in order, none if all is as wanted; Refused by a guard."""
    areas = (wanted,) if isinstance(wanted, Area) else tuple(wanted)
    _check_distinct(areas, facts)
    draft = _Draft(areas, facts)
    for area in areas:
        draft.add(area)
    draft.list_in_fstab(backup=backup, in_place=fstab_in_place)
    everything = [*draft.changes, *draft.tidying]
    if everything:
        guards.check_rights(facts, kernel=any(isinstance(one, (actions.SwapOn, actions.SwapOff)) for one in everything))
    return everything


def expected(area: Area, facts: Facts) -> State:
    """Return the state that *plan* leads to; what only the run can know, such as a new UUID, is None."""
    target = facts.target(area.path)
    if area.state == "absent":
        return State(path=target.path) if target.kind != "device" else state(target, facts).replace(
            active=False, used=0, priority=None, persistent=False, options=None
        )
    was = state(target, facts)
    made = _is_to_be_made(area, target, facts)
    size = _size(area, target, facts) if made else was.size
    active = bool(target.active) if area.active is None or not facts.live else area.active
    again = made or _reactivates(area, target, facts)
    options = {"fstab": _options(area, target), "none": None, "keep": was.options}[area.persist]
    return was.replace(
        type="device" if target.kind == "device" else "file",
        size=size,
        usable=size and size - facts.page_size,
        used=was.used if active and target.active and not again else 0,
        priority=None if not active else was.priority if was.active and not again else area.priority,
        active=active,
        persistent="noauto" not in options if options is not None else False,
        label=_label(area, target) or None,
        uuid=_uuid(area, target) or None,
        options=options,
    )


def _check_distinct(areas: tuple[Area, ...], facts: Facts) -> None:
    seen: dict[object, str] = {}
    for area in areas:
        target = facts.target(area.path)
        key = target.identity or target.path
        if key in seen:
            message = f"{area.path} and {seen[key]} are the same area"
            raise InvalidInput(message, hint="name it once")
        seen[key] = area.path


class _Draft:
    """A plan in the making: the changes, then what tidies up when all is as wanted."""

    def __init__(self, areas: tuple[Area, ...], facts: Facts) -> None:
        self.areas = areas
        self.facts = facts
        self.changes: list[actions.Action] = []
        self.tidying: list[actions.Action] = []
        leaving = [facts.target(area.path) for area in areas if _leaves(area, facts.target(area.path), facts)]
        gone = {target.identity for target in leaving}
        self.leaving_use = sum(target.active.used for target in leaving if target.active)
        self.elsewhere = sum(
            one.entry.size - one.entry.used for one in facts.active if one.identity is None or one.identity not in gone
        )

    def add(self, area: Area) -> None:
        """Add what *area* takes."""
        target = self.facts.target(area.path)
        guards.check_kind(area, target)
        guards.check_ours(area, target)
        if area.state == "absent":
            self._add_absent(target)
        elif target.kind == "device":
            self._add_device(area, target)
        else:
            self._add_file(area, target)

    # one area

    def _add_absent(self, target: Target) -> None:
        self._remove_leftovers(target, room=0)
        if target.active:
            self._turn_off(target)
        if target.kind == "file":
            guards.check_mutable(target)
            guards.check_directory(target)
            self.changes.append(actions.Delete(target.path))

    def _add_device(self, area: Area, target: Target) -> None:
        make = _is_to_be_made(area, target, self.facts)
        size = _size(area, target, self.facts)
        if make:
            guards.check_device_is_free(target)
            guards.check_size(target, size, self.facts.page_size)
        again = self._make_room_and_turn_off(area, target)
        if make:
            if target.foreign:
                self.changes.append(actions.Wipe(target.path, target.foreign))
            self.changes.append(actions.Format(target.path, size, _label(area, target), _uuid(area, target)))
        self._turn_on(area, target, again=again or make)
        self._remove_leftovers(target, room=size)

    def _add_file(self, area: Area, target: Target) -> None:
        before = len(self.changes)
        self._remove_leftovers(target, room=_size(area, target, self.facts))
        if _is_to_be_made(area, target, self.facts):
            self._make_file(area, target)
        else:
            again = self._make_room_and_turn_off(area, target)
            self._protect(target)
            self._turn_on(area, target, again=again)
        if len(self.changes) > before:
            guards.check_mutable(target)

    def _make_file(self, area: Area, target: Target) -> None:
        size = _size(area, target, self.facts)
        guards.check_size(target, size, self.facts.page_size)
        guards.check_directory(target)
        guards.check_suitable(target, self.facts)
        new, old = temporary_name(target.path, "new"), temporary_name(target.path, "old")
        label, uuid = _label(area, target), _uuid(area, target)
        reserve = self._reserves(target.filesystem)
        place = target.filesystem
        beside = self._fits_beside(area, target, size)
        if beside:
            self.changes += [
                actions.Create(new, size, reserve, bool(place and place.copies_on_write)),
                actions.Format(new, size, label, uuid, fresh=True),
            ]
        self._make_room_and_turn_off(area, target)
        if target.kind == "missing":
            self.changes.append(actions.Rename(new, target.path))
        elif beside:
            self.changes.append(actions.Replace(target.path, new, old))
            self.tidying.append(actions.DeleteOld(old))
        else:
            self.changes += [
                actions.Rename(target.path, new),
                actions.Resize(new, target.size, size, reserve),
                actions.Format(new, size, label, uuid),
                actions.SetMode(new, target.mode),
                actions.Rename(new, target.path),
            ]
        self._turn_on(area, target, again=True)

    def _fits_beside(self, area: Area, target: Target, size: int) -> bool:
        """Whether there is room for a whole new file while the old one is there; Refused if for neither way."""
        place = target.filesystem
        free = place.free if place else 0
        free += sum(left.allocated for left in target.leftovers if not left.active)
        free -= self._bridge_size(area, target)
        whole = size + _slack(size)
        if whole <= free:
            return True
        guards.check_space(target, max(size - target.allocated, 0) + _slack(size) if self._can_resize(target) else whole, free)
        return False

    def _can_resize(self, target: Target) -> bool:
        fills_holes = self._reserves(target.filesystem) or target.allocated >= target.size
        return target.header is not None and fills_holes and _is_nocow(target)

    def _reserves(self, place: filesystem.Filesystem | None) -> bool:
        return filesystem.preallocates(place.type if place else "", self.facts.kernel)

    def _protect(self, target: Target) -> None:
        if self.facts.live and (target.uid, target.gid) != (0, 0):
            self.changes.append(actions.SetOwner(target.path, target.uid, target.gid))
        if target.mode != 0o600:
            self.changes.append(actions.SetMode(target.path, target.mode))

    def _remove_leftovers(self, target: Target, room: int) -> None:
        """Delete what an interrupted run left; *room* is how large the area will be that takes a bridge's load."""
        for left in target.leftovers:
            if not left.active:
                self.changes.append(actions.Delete(left.path))
                continue
            self._check_bridge_can_leave(left.path, left.active.used, room)
            self.tidying += [
                actions.LeaveBridge(left.path, left.active.used, left.active.priority),
                actions.DeleteOld(left.path),
            ]

    # the kernel

    def _turn_on(self, area: Area, target: Target, *, again: bool) -> None:
        wanted = area.active if area.active is not None else bool(target.active)
        if self.facts.live and wanted and (again or not target.active):
            self.changes.append(actions.SwapOn(target.path, area.priority, area.discard))

    def _make_room_and_turn_off(self, area: Area, target: Target) -> bool:
        """Turn the area off if it has to be; return whether that was so."""
        if not _leaves(area, target, self.facts):
            return False
        size = self._bridge_size(area, target)
        if size:
            self._add_bridge(area, target, size)
        self._turn_off(target, bridged=bool(size))
        return True

    def _turn_off(self, target: Target, *, bridged: bool = False) -> None:
        if not target.active:
            return
        guards.check_mutable(target)
        if self._displaced > self.elsewhere and not bridged:
            raise self._does_not_fit(target, "end what uses memory, or add another area first")
        self.changes.append(
            actions.SwapOff(
                target.path, target.active.used, _set_priority(target.active.priority), target.listed_discard
            )
        )

    def _does_not_fit(self, target: Target, hint: str) -> Refused:
        return guards.does_not_fit(
            target.path, self.leaving_use, self.facts, elsewhere=self.elsewhere, displaced=self._displaced, hint=hint
        )

    @property
    def _displaced(self) -> int:
        return displaced(self.leaving_use, self.facts.memory, self.facts.groups)

    def _bridge_size(self, area: Area, target: Target) -> int:
        """How large an area must carry the load while this one is off and comes back; 0 if none is needed."""
        comes_back = area.state == "present" and area.active is not False
        if not comes_back or not _leaves(area, target, self.facts) or self._displaced <= self.elsewhere:
            return 0
        return usable_size(self._displaced - self.elsewhere + self.facts.memory.margin + sizes.MIB, self.facts.page_size)

    def _add_bridge(self, area: Area, target: Target, size: int) -> None:
        if self._displaced > self.elsewhere + _size(area, target, self.facts) - self.facts.page_size:
            raise self._does_not_fit(target, "it would not fit into the new, smaller area either; take a larger size")
        place = self._place_for_bridge(target, size)
        if not place:
            hint = f"make {sizes.human(size)} of room on a disk for a bridge, end what uses memory, or add another area"
            raise self._does_not_fit(target, hint)
        directory, held = place
        bridge = temporary_name(f"{directory.rstrip('/')}/{target.path.rpartition('/')[2]}", "bridge")
        self.changes += [
            actions.Create(bridge, size, self._reserves(held), held.copies_on_write),
            actions.Format(bridge, size, fresh=True),
            actions.SwapOn(bridge),
        ]
        self.tidying += [actions.LeaveBridge(bridge), actions.DeleteOld(bridge)]

    def _place_for_bridge(self, target: Target, size: int) -> tuple[str, filesystem.Filesystem] | None:
        taken = sum(one.size for one in self.changes if isinstance(one, actions.Create))
        beside = [(target.path.rpartition("/")[0] or "/", target.filesystem)] if target.kind == "file" else []
        for directory, place in (*beside, *((room.directory, room.filesystem) for room in self.facts.rooms)):
            if place and not place.unsuitable and not place.read_only and place.free >= size + _slack(size) + taken:
                return directory, place
        return None

    def _check_bridge_can_leave(self, path: str, used: int, room: int) -> None:
        own_free = sum(one.entry.size - one.entry.used for one in self.facts.active if one.entry.path == path)
        over = displaced(used, self.facts.memory, self.facts.groups)
        if over > self.elsewhere - own_free + room:
            raise guards.does_not_fit(
                path, used, self.facts, elsewhere=self.elsewhere - own_free, displaced=over,
                hint="end what uses memory, or add another area first",
            )  # fmt: skip

    # fstab

    def list_in_fstab(self, *, backup: bool, in_place: bool) -> None:
        """Add the one change of fstab that all areas together need."""
        changes = []
        for area in self.areas:
            if area.persist == "keep":
                continue
            target = self.facts.target(area.path)
            listed = area.state == "present" and area.persist == "fstab"
            entry = Entry(_spec(area, target), _options(area, target)) if listed else None
            changes.append((target.lines, entry))
        fstab = self.facts.fstab
        before = fstab.text or ""
        after = edit(before, changes)
        if after == before:
            return
        guards.check_fstab(fstab, in_place=in_place)
        reload = self.facts.runs_systemd
        self.changes.append(actions.WriteFstab(fstab.text, after, reload, in_place, backup))
        if reload:
            self.changes.append(actions.DaemonReload())


# what is wanted of one area, in the light of what stands there


def _leaves(area: Area, target: Target, facts: Facts) -> bool:
    if not target.active:
        return False
    if area.state == "absent" or area.active is False:
        return True
    return _is_to_be_made(area, target, facts) or _reactivates(area, target, facts)


def _is_to_be_made(area: Area, target: Target, facts: Facts) -> bool:
    """Whether the area needs a new header, and a file new blocks."""
    header = target.header
    if not header or target.foreign:
        return True
    return (
        header.page_size != facts.page_size
        or header.size > target.size
        or not _has_size(area, target, header, facts)
        or header.label != _label(area, target)
        or header.uuid != _uuid(area, target)
        or (target.kind == "file" and not target.active and not _has_good_blocks(target))
    )


def _has_size(area: Area, target: Target, header: Header, facts: Facts) -> bool:
    if area.size is None:
        return True
    difference = abs(header.size - _size(area, target, facts))
    wanted = area.wanted_size
    relative = wanted is not None and wanted.relative and not (target.kind == "device" and not wanted.percent)
    allowed = header.size // _SAME_ENOUGH if relative else 0
    too_long = target.kind == "file" and target.size - header.size >= facts.page_size
    return difference <= allowed and not too_long


def _has_good_blocks(target: Target) -> bool:
    return _is_nocow(target) and target.allocated >= target.size


def _is_nocow(target: Target) -> bool:
    copies = target.filesystem is not None and target.filesystem.copies_on_write
    return not copies or bool(target.flags & guards.NOCOW)


def _size(area: Area, target: Target, facts: Facts) -> int:
    """The size that the area is to have, whole pages."""
    wanted = area.wanted_size
    if wanted is None:
        amount = target.size if target.kind == "device" and not target.header else target.header.size if target.header else 0
        amount = min(amount, target.size) if target.kind == "device" else amount
    elif wanted.relative and not wanted.percent and target.kind == "device":
        amount = target.size
    elif wanted.relative and not facts.memory.total:
        raise Refused(
            f"{area.path}: how much RAM the host will have is not known here",
            hint="give the size in bytes, K, M, G or T",
        )
    else:
        amount = wanted.bytes(facts.memory.total)
    if not amount and target.kind == "file":
        raise Refused(f"{target.path} is empty, and no size is given to make an area of it", hint="give --size, such as 2G")
    return usable_size(amount, facts.page_size)


def _label(area: Area, target: Target) -> str:
    header = _known_header(target)
    return area.label if area.label is not None else header.label if header else ""


def _uuid(area: Area, target: Target) -> str:
    header = _known_header(target)
    return area.uuid if area.uuid is not None else header.uuid if header else ""


def _known_header(target: Target) -> Header | None:
    """The header whose names are kept: that of the area or, if a run was interrupted, of what it left of the area."""
    if target.header or target.kind != "missing":
        return target.header
    return next((left.header for left in target.leftovers if left.header and left.kind in {"new", "old"}), None)


def _reactivates(area: Area, target: Target, facts: Facts) -> bool:
    """Whether the active area must be turned off and on: the kernel does not change one that is in use."""
    if not target.active or area.active is None or not facts.live:
        return False
    if area.priority is None:
        other_priority = target.active.priority >= 0
    else:
        other_priority = target.active.priority != area.priority
    # The kernel does not tell how it discards. What fstab says is what it was told, or will be at the next boot.
    other_discard = area.persist == "fstab" and bool(target.lines) and target.listed_discard != area.discard
    return other_priority or other_discard


def _set_priority(priority: int) -> int | None:
    return priority if priority >= 0 else None


def _spec(area: Area, target: Target) -> str:
    """What fstab calls the area: as asked for, but a stable name that is there already is not given up for /dev/sdX."""
    if target.kind != "device" or area.is_tag or area.path.startswith("/dev/disk/"):
        return area.path
    names = {"UUID": _uuid(area, target), "LABEL": _label(area, target)}
    for line in target.lines:
        name, equals, value = line.entry.spec.partition("=")
        if equals and line.readable and names.get(name, value).lower() == value.strip('"').lower():
            return line.entry.spec
    return area.path


def _options(area: Area, target: Target) -> tuple[str, ...]:
    is_device = area.is_tag or target.kind == "device"
    priority = [] if area.priority is None else [f"pri={area.priority}"]
    discard = {"none": [], "both": ["discard"]}.get(area.discard, [f"discard={area.discard}"])
    nofail = ["nofail"] if area.nofail else []
    # Without it a missing device holds up the boot for 90 s, nofail or not (systemd.swap(5)).
    has_timeout = any(option.startswith(f"{_DEVICE_TIMEOUT}=") for option in area.options)
    timeout = [f"{_DEVICE_TIMEOUT}={_SHORT_TIMEOUT}"] if area.nofail and is_device and not has_timeout else []
    return ("sw", *priority, *discard, *nofail, *timeout, *area.options)


def _slack(size: int) -> int:
    """What a file system needs besides the file's own blocks, and what is better left."""
    return sizes.MIB + size // 256
