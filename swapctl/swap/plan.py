"""Decide what has to be done, in order, to get from the facts to what is wanted. Pure.

The dry run, Ansible's check mode and the real run all take their actions from `plan`.

A swap file is always made anew under a temporary name and takes its final name in one step, whole. Where the disk has
room for the old and the new one, the new one is made *beside* the old. Where it has not, the old one gives up its name,
is changed, and gets its name back. Where one area can only grow when another has become smaller, that one comes first.
"""

from __future__ import annotations

from .. import sizes
from ..errors import InvalidInput, Refused
from ..naming import temporary_name
from . import actions, filesystem, guards, units
from .area import Area, Existing, Unlisted
from .load import Load
from .needs import Need
from .persistence import Persistence
from .state import State, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .action import Action
    from .facts import Facts, Target


def plan(
    wanted: Area | Iterable[Area],
    facts: Facts,
    *,
    backup: bool = False,
    fstab_in_place: bool = False,
    further: Iterable[Action] = (),
) -> list[Action]:
    """Return the actions that take *facts* to *wanted*, in order, none if all is as wanted; Refused by a guard.

    *further* changes come after those of the areas, and before what cannot be taken back.
    """
    needs = _needs(wanted, facts)
    persistence = Persistence(needs, facts)
    first = persistence.first()
    draft = _draft(needs, facts)
    rest = persistence.rest(backup=backup, in_place=fstab_in_place)
    everything = [*first, *draft.changes, *rest, *further, *draft.irrevocable, *draft.tidying]
    if everything:
        guards.check_count(everything, facts)
        guards.check_rights(facts, kernel=any(isinstance(one, (actions.SwapOn, actions.SwapOff)) for one in everything))
    return everything


def expected(area: Area, facts: Facts) -> State:
    """Return the state that *plan* leads to; what only the run can know, such as a new UUID, is None."""
    need = Need(area, facts.target(area.path), facts)
    target, was = need.target, state(need.target, facts)
    active = need.comes_back and facts.live and (area.active is True or was.active)
    stays = active and was.active and not need.leaves
    options = was.options if area.persist == "keep" or need.is_listed else need.entry.options if need.entry else None
    unit = was.unit if area.persist == "keep" else units.name_of(need.unit_entry.spec) if need.unit_entry else None
    is_gone = area.state == "absent" and (target.kind != "device" or area.makes_device)
    now = (State(path=was.path) if is_gone else was).replace(
        used=was.used if stays else 0,
        priority=was.priority if stays else area.priority if active else None,
        active=active,
        zram=None if is_gone else was.zram,
        persistent=(options is not None and "noauto" not in options) or unit is not None,
        options=options,
        unit=unit,
    )
    if area.state == "absent":
        return now
    if area.makes_device and not facts.live:
        return now
    size = need.size if need.is_made else was.size
    return now.replace(
        type="device" if need.is_device else "file",
        size=size,
        usable=size and size - facts.page_size,
        label=need.label or None,
        uuid=need.uuid or None,
        zram=area.expected_zram(target, was.zram),
    )


def _draft(needs: list[Need], facts: Facts) -> _Draft:
    """Return what all *needs* take; what gets smaller is first only on file systems that have no room otherwise."""
    refusals: dict[int, Refused] = {}
    while True:
        draft = _Draft(needs, facts, short=frozenset(refusals))
        try:
            for need in sorted(needs, key=lambda one: (not draft.gives_room(one), _turn(one))):
                draft.add(need)
        except Refused as refusal:
            if draft.lacks is None:
                raise
            if draft.lacks in refusals:
                raise refusals[draft.lacks] from None
            refusals[draft.lacks] = refusal
        else:
            return draft


def _turn(need: Need) -> int:
    """Return when a need has its turn: what adds room comes before what takes it away."""
    return 0 if need.adds else 1 if need.comes_back else 2


def _needs(wanted: Area | Iterable[Area], facts: Facts) -> list[Need]:
    areas = (wanted,) if isinstance(wanted, Area) else tuple(wanted)
    needs = [Need(area, _target(area, facts), facts) for area in areas]
    seen: dict[object, str] = {}
    for need in needs:
        path = seen.setdefault(need.target.place, need.area.path)
        if path is not need.area.path or sum(area.path == path for area in areas) > 1:
            message = f"{need.area.path} and {path} are the same area"
            raise InvalidInput(message, hint="name it once")
    for one in needs:
        for other in needs:
            guards.check_apart(one, other)
    return needs


def _target(area: Area, facts: Facts) -> Target:
    """Return what stands there: by the name that it will have as well, where the device is made anew."""
    target = facts.target(area.path)
    if area.subvolume and target.above:  # the directory will be there
        return target.replace(filesystem=target.above)
    return target.replace(path=area.path) if area.makes_device else target


class _Draft:
    """A plan in the making: the changes, then what cannot be taken back, then what tidies up when all is as wanted.

    *short*: the file systems on which files that get smaller have to make room for others.
    """

    def __init__(self, needs: list[Need], facts: Facts, short: frozenset[int]) -> None:
        self.needs = needs
        self.facts = facts
        self.short = short
        self.changes: list[Action] = []
        self.irrevocable: list[Action] = []
        self.tidying: list[Action] = []
        self.taken: list[tuple[filesystem.Filesystem | None, int]] = []  # by files that are changed where they stand
        self.lacks: int | None = None  # the file system that has no room
        self.load = Load(needs, facts, late=[need for need in needs if need.adds] if short else [])

    def gives_room(self, need: Need) -> bool:
        """Whether the file of *need* has to get smaller before others get what it gives up."""
        place = need.target.filesystem
        is_short = place is not None and place.device in self.short
        return is_short and need.gets_smaller and self._can_change(need)

    def add(self, need: Need) -> None:
        """Add what *need* takes."""
        if isinstance(need.area, Unlisted):
            self._forget(need)
            return
        if need.area.makes_device and not self.facts.live:
            return  # its kernel would make the device
        if need.area.subvolume and need.area.state == "present":
            guards.check_subvolume(need.target)
        if need.target.kind != "missing" or not need.area.makes_device:
            guards.check_kind(need.area, need.target)
        if not need.area.owns(need.target):
            guards.check_ours(need.area, need.target)
        if need.area.state == "absent":
            self._add_absent(need)
        elif need.is_device:
            self._add_device(need)
        else:
            self._add_file(need)

    # one area

    def _forget(self, need: Need) -> None:
        self._remove_leftovers(need.target, room=0)
        self._turn_off(need)

    def _add_absent(self, need: Need) -> None:
        target = need.target
        self._remove_leftovers(target, room=0)
        if need in self.load.moving.values():
            return
        self._turn_off(need)
        if need.area.makes_device and target.kind == "device":
            guards.check_free(target)
        self.changes += need.area.teardown(target)
        if target.kind == "file":
            guards.check_free(target)
            guards.check_only_name(target)
            guards.check_mutable(target)
            guards.check_directory(target)
            self.irrevocable.append(actions.Delete(target.path))

    def _add_device(self, need: Need) -> None:
        target = need.target
        if need.is_made:
            guards.check_device_is_free(target)
            room = need.area.device_size(target, self.facts.memory.total)
            guards.check_size(target, need.size, self.facts.page_size, room)
        self._turn_off(need)
        if need.below:
            self._turn_off(need.below)
        if need.has_device:
            self.changes += need.area.adjust(target)
        else:
            self.changes += need.area.teardown(target)
            self.changes += [one for one in need.area.setup(target, need.size) if one not in self.changes]
        if need.is_made:
            if target.foreign and need.has_device:
                self.changes.append(actions.Wipe(target.path, target.foreign))
            self.changes.append(actions.Format(target.path, need.size, need.label, need.uuid))
        self._turn_on(need)
        if need.area.set_type:
            self._set_type(target)
        self._remove_leftovers(target, room=need.size)

    def _set_type(self, target: Target) -> None:
        guards.check_partition(target)
        partition = target.partition
        if partition and partition.type != partition.swap_type:
            self.changes.append(actions.SetType(target.path, partition))

    def _add_file(self, need: Need) -> None:
        if need.area.set_type:
            guards.check_partition(need.target)
        already = len(self.changes)
        if need.area.subvolume and need.target.above:
            self.changes.append(actions.MakeSubvolume(need.target.path.rpartition("/")[0]))
        self._remove_leftovers(need.target, room=need.size)
        if need.is_made:
            self._make_file(need)
        else:
            self._turn_off(need)
            if not isinstance(need.area, Existing):
                self._protect(need.target)
            self._turn_on(need)
        if len(self.changes) > already:
            guards.check_free(need.target)
            guards.check_mutable(need.target)

    def _make_file(self, need: Need) -> None:
        target, size = need.target, need.size
        guards.check_size(target, size, self.facts.page_size)
        guards.check_only_name(target)
        guards.check_directory(target)
        guards.check_suitable(target, self.facts)
        source = self._source(need)
        if source:
            self._move(source, need)
            return
        new, old = temporary_name(target.path, "new"), temporary_name(target.path, "old")
        place = target.filesystem
        beside = self._fits_beside(need)
        if beside:
            self.changes += [
                actions.Create(new, size, self._reserves(place), bool(place and place.copies_on_write)),
                actions.Format(new, size, need.label, need.uuid, fresh=True),
            ]
        self._turn_off(need, growth=0 if beside else _growth(need, target))
        if target.kind == "missing":
            self.changes.append(actions.Rename(new, target.path))
        elif beside:
            self.changes.append(actions.Replace(target.path, new, old))
            self.tidying.append(actions.DeleteOld(old))
        else:
            self._remake(target, need)
        self._turn_on(need)

    def _remake(self, old: Target, need: Need) -> None:
        """Make the file of *old*, which is not in use, that of *need*, under a name of no meaning in between."""
        new = temporary_name(need.target.path, "new")
        self.taken.append((old.filesystem, need.size - old.allocated))
        self.changes += [
            actions.Rename(old.path, new),
            actions.Resize(new, old.size, need.size, self._reserves(need.target.filesystem)),
            actions.Format(new, need.size, need.label, need.uuid),
        ]
        self._protect(old.replace(path=new))
        self.changes.append(actions.Rename(new, need.target.path))

    def _source(self, need: Need) -> Need | None:
        """Return an area that goes and whose file can become that of *need*, where there is no room for both."""
        place = need.target.filesystem
        if need.target.kind != "missing" or not place or need.size + _slack(need.size) <= self._free(need.target):
            return None
        going = (one for one in self.needs if one.area.state == "absent" and one.target.kind == "file")
        here = (one for one in going if one.target.filesystem and one.target.filesystem.device == place.device)
        fit = (
            one for one in here if one.target.header and self._can_change(one) and one not in self.load.moving.values()
        )
        return next((one for one in fit if _growth(need, one.target) <= self._free(need.target)), None)

    def _move(self, source: Need, need: Need) -> None:
        guards.check_ours(source.area, source.target)
        guards.check_free(source.target)
        guards.check_only_name(source.target)
        guards.check_mutable(source.target)
        guards.check_directory(source.target)
        self.load.moving[need] = source
        self._turn_off(source)
        self._remake(source.target, need)
        self._turn_on(need)

    def _can_change(self, need: Need) -> bool:
        """Whether the file can be given another size where it stands."""
        fills_holes = self._reserves(need.target.filesystem) or need.has_no_holes
        return bool(need.target.header) and fills_holes and need.is_nocow

    def _free(self, target: Target) -> int:
        """Return how much room there will be on the file system of *target* when all that is planned so far is done."""
        place = target.filesystem
        if not place:
            return 0
        here = {one.target.path.rpartition("/")[0] for one in self.needs if _is_on(one.target, place)}
        made = (one for one in self.changes if isinstance(one, actions.Create))
        directory = target.path.rpartition("/")[0]
        left = [left for left in target.leftovers if left.path.rpartition("/")[0] == directory]
        freed = sum(one.allocated for one in left if one.ours and not one.active)
        taken = sum(amount for where, amount in self.taken if where and where.device == place.device)
        return place.free + freed - taken - sum(one.size for one in made if one.path.rpartition("/")[0] in here)

    def _fits_beside(self, need: Need) -> bool:
        """Whether there is room for a whole new file beside the old one; Refused if there is for neither way."""
        target, whole, free = need.target, need.size + _slack(need.size), self._free(need.target)
        if self.gives_room(need):
            return False
        if not self._can_change(need):
            self._check_space(target, whole, free)
            return True
        bridge = self.load.bridge_size(need)
        if whole <= free and (not bridge or self._place_for_bridge(target, bridge, whole)):
            return True
        self._check_space(target, _growth(need, target), free)
        return False

    def _check_space(self, target: Target, needed: int, free: int) -> None:
        self.lacks = target.filesystem.device if target.filesystem and needed > free else None
        guards.check_space(target, needed, free)

    def _reserves(self, place: filesystem.Filesystem | None) -> bool:
        return filesystem.preallocates(place.type if place else "", self.facts.kernel)

    def _protect(self, target: Target) -> None:
        if self.facts.live and (target.uid, target.gid) != (0, 0):
            self.changes.append(actions.SetOwner(target.path, target.uid, target.gid))
        if target.mode != actions.PRIVATE:
            self.changes.append(actions.SetMode(target.path, target.mode))

    def _remove_leftovers(self, target: Target, room: int) -> None:
        """Delete what an interrupted run left; *room* is how large the area will be that takes a bridge's load."""
        for left in target.leftovers:
            if left.active:
                self._leave_old_bridge(left.path, left.active.used, room)
            elif left.ours:
                self.changes.append(actions.Delete(left.path))

    # the kernel

    def _turn_on(self, need: Need) -> None:
        is_off = need.leaves or not need.target.active
        wanted = need.area.active or (need.area.active is None and need.target.active)
        if self.facts.live and wanted and is_off:
            self.changes.append(actions.SwapOn(need.target.path, need.area.priority, need.area.discard))

    def _turn_off(self, need: Need, growth: int = 0) -> None:
        """Turn the area off if it has to be; then it grows by *growth* before it is turned on again."""
        target = need.target
        if not target.active or not need.leaves:
            return
        guards.check_mutable(target)
        bridge = self.load.bridge_size(need)
        if bridge:
            self._add_bridge(need, bridge, growth)
        elif self.load.displaced > self.load.elsewhere:
            raise self.load.does_not_fit(target, "end what uses memory, or add another area first")
        self.changes.append(
            actions.SwapOff(
                target.path,
                target.active.used,
                target.active.priority if target.active.priority >= 0 else None,
                target.listed_discard,
            )
        )

    def _add_bridge(self, need: Need, size: int, growth: int) -> None:
        target = need.target
        if not self.load.fits_into(need):
            raise self.load.does_not_fit(
                target, "it would not fit into the new, smaller area either; take a larger size"
            )
        place = self._place_for_bridge(target, size, growth)
        if not place:
            hint = f"make {sizes.human(size)} of room on a disk for a bridge, end what uses memory, or add another area"
            raise self.load.does_not_fit(target, hint)
        bridge, held = place
        self.changes += [
            actions.Create(bridge, size, self._reserves(held), held.copies_on_write),
            actions.Format(bridge, size, fresh=True),
            actions.SwapOn(bridge),
        ]
        self.tidying += [actions.LeaveBridge(bridge), actions.DeleteOld(bridge)]

    def _place_for_bridge(self, target: Target, size: int, more: int) -> tuple[str, filesystem.Filesystem] | None:
        """Return a name and its file system for a bridge, where *more* is needed besides what is planned so far."""
        made = [one for one in self.changes if isinstance(one, actions.Create)]
        taken = more + sum(one.size for one in made)
        # A bridge stays until the end, and another area of the same name may have one in the same directory.
        in_the_way = {left.path for left in target.leftovers if not left.ours} | {one.path for one in made}
        beside = [(target.path.rpartition("/")[0] or "/", target.filesystem)] if target.kind == "file" else []
        for directory, place in (*beside, *((room.directory, room.filesystem) for room in self.facts.rooms)):
            bridge = temporary_name(f"{directory.rstrip('/')}/{target.path.rpartition('/')[2]}", "bridge")
            if not place or place.unsuitable or place.read_only or bridge in in_the_way:
                continue
            if place.free >= size + _slack(size) + taken:
                return bridge, place
        return None

    def _leave_old_bridge(self, path: str, used: int, room: int) -> None:
        self.load.check_old_bridge(path, used, room)
        self.tidying += [actions.LeaveBridge(path, used), actions.DeleteOld(path)]


def _growth(need: Need, old: Target) -> int:
    """Return what the file of *old* takes besides what it has when it becomes that of *need*."""
    return max(need.size - old.allocated, 0) + _slack(need.size)


def _is_on(target: Target, place: filesystem.Filesystem) -> bool:
    return target.filesystem is not None and target.filesystem.device == place.device


def _slack(size: int) -> int:
    """Return what a file system needs besides the file's own blocks, and what is better left."""
    return sizes.MIB + size // 256
