"""Bring areas to a wanted state: look, plan, perform, look again."""

from __future__ import annotations

from ..errors import Incomplete, InvalidInput, Refused
from ..host import LOCK_TIMEOUT, LocalHost
from ..record import Record
from .actions import Delete, Replace, SwapOff
from .area import Area, Existing
from .bringers import origin
from .crypttab import CRYPTTAB
from .gather import gather
from .hibernation_facts import gather_hibernation
from .layout import Layout, unlisted
from .plan import expected, plan
from .state import State, state
from .texts import WriteText
from .transaction import Transaction
from .tuning import overpromised, plan_tuning
from .tuning_facts import gather_tuning
from .zswap import plan_zswap
from .zswap_facts import gather_zswap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .action import Action
    from .facts import Facts, Target
    from .settings import Settings
    from .transaction import Progress


class Result(Record):
    """What a run did, or (dry) would do. *before* and *after* hold one state for each area, in the order asked for.

    *warnings* tell, each in a sentence, what is as wanted and will not stay so, and what else has to be done.
    """

    changed: bool
    actions: tuple[Action, ...]
    before: tuple[State, ...]
    after: tuple[State, ...]
    backup_file: str | None = None
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form; for one area its state, for several ``{"areas": [...]}``."""
        return {
            "changed": self.changed,
            "actions": [action.to_dict() for action in self.actions],
            "before": _one_or_many(self.before),
            "after": _one_or_many(self.after),
            "diff": self.diff(),
            "backup_file": self.backup_file,
            "warnings": list(self.warnings),
        }

    def diff(self) -> list[dict[str, str]]:
        """Return what changes as texts before and after, in the form that Ansible prints."""
        texts = [
            {
                "before_header": action.path,
                "after_header": action.path,
                "before": action.before or "",
                "after": action.after or "",
            }
            for action in self.actions
            if isinstance(action, WriteText)
        ]
        pairs = [(old, new) for old, new in zip(self.before, self.after) if old.settings != new.settings]
        states = [
            {"before_header": old.path, "after_header": new.path, "before": _lines(old), "after": _lines(new)}
            for old, new in pairs
        ]
        return [*states, *texts] if self.changed else []


class Unwanted(Record):
    """An area that a layout does not list and that has to go; *origin*: who has made it, empty if nobody knows."""

    path: str
    origin: str = ""


class LayoutResult(Result):
    """What a run did for a whole host. *unlisted* are the areas that the layout does not list, and that had to go.

    *settings* are the kernel's values that the layout names.
    """

    unlisted: tuple[Unwanted, ...] = ()
    settings: tuple[Settings, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form: ``{"areas": [...]}``, however many there are, and the layout's settings."""
        before = {one.name: one.before.to_dict() for one in self.settings}
        after = {one.name: one.after.to_dict() for one in self.settings}
        return {
            **super().to_dict(),
            "before": {"areas": [one.to_dict() for one in self.before], **before},
            "after": {"areas": [one.to_dict() for one in self.after], **after},
            "unlisted": [dict(one.__dict__) for one in self.unlisted],
        }

    def diff(self) -> list[dict[str, str]]:
        """Return what changes, the kernel's values last."""
        return [*super().diff(), *(change for one in self.settings for change in one.diff())]


class _Sight(Record):
    """What a look has found, and what is to be done."""

    areas: tuple[Area, ...]
    found: Facts
    actions: tuple[Action, ...]
    settings: tuple[Settings, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def states(self) -> tuple[State, ...]:
        return tuple(state(self.found.target(area.path), self.found) for area in self.areas)

    def unlisted(self, area: Area) -> Unwanted:
        """Return what to tell of *area*, which is not listed."""
        return Unwanted(area.path, origin(self.found.target(area.path), self.found))

    @property
    def expected(self) -> tuple[State, ...]:
        return tuple(expected(area, self.found) for area in self.areas) if self.actions else self.states

    @property
    def left(self) -> tuple[str, ...]:
        return tuple(f"{action.name} {action.detail}" for action in self.actions)

    @property
    def outline(self) -> tuple[tuple[str, str], ...]:
        """What is to be done, without what changes from moment to moment, such as how much is in use."""
        return tuple((action.name, getattr(action, "path", "")) for action in self.actions)

    @property
    def moves_pages(self) -> bool:
        """Whether pages will have to find room elsewhere."""
        return any(isinstance(action, SwapOff) and action.used for action in self.actions)


def converge(
    wanted: Area | Iterable[Area] | Layout,
    *,
    dry_run: bool = False,
    host: LocalHost | None = None,
    progress: Progress | None = None,
    lock_timeout: float = LOCK_TIMEOUT,
    backup: bool = False,
    fstab_in_place: bool = False,
    confirm: Callable[[tuple[Action, ...]], bool] | None = None,
) -> Result:
    """Bring each wanted area about, all of them or none; nothing is done where nothing has to be.

    *progress* is called with what is under way and how many bytes of how many. *lock_timeout*: seconds to wait for
    another run. *backup*: keep a copy of fstab. *fstab_in_place*: write it where it stands, for one that is a mount
    point. *confirm* is asked whether to do what has to be done. Raises Refused (nothing was changed), RolledBack (the
    machine is as it was), Incomplete (what remains is listed). A layout's result is a `LayoutResult`.
    """
    host = host or LocalHost()
    layout = wanted if isinstance(wanted, Layout) else Layout((wanted,) if isinstance(wanted, Area) else tuple(wanted))

    def look(areas: tuple[Area, ...], *, groups: bool = False) -> _Sight:
        texts = [path for area in areas for path in area.reads]
        lower = {area.path: area.lower for area in areas if area.lower}
        found = gather(host, [area.path for area in areas], groups=groups, texts=texts, lower=lower)
        settings = _settings(layout, host)
        further = [action for one in settings for action in one.actions]
        actions = plan(areas, found, backup=backup, fstab_in_place=fstab_in_place, further=further)
        warnings = (*_warnings(host, found, actions), *_promises(layout, areas, found))
        sight = _Sight(areas, found, tuple(actions), settings, warnings)
        return look(areas, groups=True) if sight.moves_pages and not groups else sight

    def result(
        first: _Sight, then: tuple[State, ...], settings: tuple[Settings, ...], backup_file: str | None = None
    ) -> Result:
        warnings = (*first.warnings, *(warning for one in settings for warning in one.warnings))
        what = (bool(first.actions), first.actions, first.states, then, backup_file, warnings)
        others = tuple(first.unlisted(area) for area in first.areas[len(layout.areas) :])
        return LayoutResult(*what, unlisted=others, settings=settings) if layout is wanted else Result(*what)

    sight = look(_all_areas(layout, host))
    if dry_run or not sight.actions:
        return result(sight, sight.expected, sight.settings)
    if confirm and not confirm(sight.actions):
        raise Refused("nothing was changed", hint="answer y to go on")
    with host.lock(lock_timeout), host.signals_deferred():
        agreed, sight = sight, look(_all_areas(layout, host))
        if confirm and sight.outline != agreed.outline:
            raise Refused("the machine has changed since you were asked; nothing was done", hint="run it again")
        run = Transaction(host, progress)
        run.perform(sight.actions)
        then = look(sight.areas)
    if then.left:
        message = f"the run ended, but the machine is not as wanted; what is missing: {'; '.join(then.left)}"
        raise Incomplete(message, remains=then.left)
    settings = tuple(one.replace(after=now.before) for one, now in zip(sight.settings, then.settings))
    return result(sight, then.states, settings, run.backup_file or None)


def _settings(layout: Layout, host: LocalHost) -> tuple[Settings, ...]:
    """Return what becomes of the kernel's values that *layout* names."""
    found = []
    if layout.zswap is not None:
        zram = [area.path for area in layout.areas if area.path.startswith("/dev/zram") and area.state == "present"]
        found.append(plan_zswap(layout.zswap, gather_zswap(host, layout.zswap.compressor), zram))
    if layout.tuning is not None:
        found.append(plan_tuning(layout.tuning, gather_tuning(host)))
    return tuple(found)


def _warnings(host: LocalHost, found: Facts, actions: Iterable[Action]) -> tuple[str, ...]:
    """Warn of a file that the host wakes up from, and that will be elsewhere, or gone."""
    moved = {action.path for action in actions if isinstance(action, (Replace, Delete))}
    moved &= {target.path for target in found.targets}
    resume = gather_hibernation(host, found) if moved else None
    if not resume or resume.stale or resume.area not in moved or resume.expected_offset is None:
        return ()
    place = f"the host wakes up from {resume.area} after hibernation, at offset {resume.offset}"
    return (f"{place}, where it no longer is then; swapctl doctor tells what to set",)


def _promises(layout: Layout, areas: Iterable[Area], found: Facts) -> Iterator[str]:
    """Warn if programs have been promised more memory than the layout lets them have."""
    if layout.tuning:
        pairs = [(state(found.target(area.path), found), expected(area, found)) for area in areas]
        more = sum(_in_use(then) - _in_use(now) for now, then in pairs)
        yield from overpromised(layout.tuning, found.memory, found.promised, found.memory.swap_total + more)


def _in_use(one: State) -> int:
    return (one.usable or 0) if one.active else 0


def _all_areas(layout: Layout, host: LocalHost) -> tuple[Area, ...]:
    """Return the areas of *layout* and, where it is to have no other, how those have to be that it does not list."""
    if not layout.exclusive:
        return layout.areas
    paths = (path for area in layout.areas for path in (area.path, area.lower) if path)
    listed = gather(host, paths, groups=False).targets
    return (*layout.areas, *unlisted(layout, gather(host, groups=False, texts=(CRYPTTAB,)), listed))


def on(
    paths: Iterable[str],
    *,
    priority: int | None = None,
    discard: str | None = None,
    dry_run: bool = False,
    host: LocalHost | None = None,
    progress: Progress | None = None,
    lock_timeout: float = LOCK_TIMEOUT,
) -> Result:
    """Have the kernel swap to existing areas from now on; fstab stays as it is.

    What is not given is as fstab has it; an area that is active keeps its priority unless another one is given.
    """
    host = _live(host)
    areas = [Existing(path, persist="keep", priority=priority, discard=discard or "none") for path in paths]
    found = gather(host, [area.path for area in areas])
    known = [_as_listed(area, found.target(area.path), with_discard=discard is None) for area in areas]
    return converge(known, dry_run=dry_run, host=host, progress=progress, lock_timeout=lock_timeout)


def off(
    paths: Iterable[str],
    *,
    dry_run: bool = False,
    host: LocalHost | None = None,
    progress: Progress | None = None,
    lock_timeout: float = LOCK_TIMEOUT,
) -> Result:
    """Have the kernel leave areas until the next boot or `on`; fstab and the areas stay as they are."""
    areas = [Existing(path, persist="keep", active=False) for path in paths]
    return converge(areas, dry_run=dry_run, host=_live(host), progress=progress, lock_timeout=lock_timeout)


def _live(host: LocalHost | None) -> LocalHost:
    host = host or LocalHost()
    if not host.live:
        message = f"root {host.root!r} is not the running system, and only its kernel can turn an area on or off"
        raise InvalidInput(message, hint="leave --root out, or use ensure and remove")
    return host


def _as_listed(area: Area, target: Target, *, with_discard: bool) -> Area:
    priority = area.priority
    if priority is None and target.active:
        priority = target.active.priority if target.active.priority >= 0 else None
    elif priority is None and target.lines:
        listed = target.lines[0].entry.option("pri") or ""
        priority = int(listed) if listed.isdigit() else None
    discard = target.listed_discard if with_discard else area.discard
    return area.replace(priority=priority, discard=discard)


def _one_or_many(states: tuple[State, ...]) -> dict[str, object]:
    return states[0].to_dict() if len(states) == 1 else {"areas": [one.to_dict() for one in states]}


_NO_CHANGE = {"used", "reachable"}  # no run is about these


def _lines(one: State) -> str:
    return "".join(f"{name}: {_plain(value)}\n" for name, value in one.__dict__.items() if _is_shown(name, value))


def _is_shown(name: str, value: object) -> bool:
    return name not in _NO_CHANGE and not (name == "zram" and value is None)


def _plain(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)
