"""What has areas come back at boot: the changes of fstab, units and crypttab that all areas of a plan need. Pure."""

from __future__ import annotations

from . import actions, crypttab, fstab, guards, units
from .crypttab import CRYPTTAB
from .texts import WriteText

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .action import Action
    from .facts import Facts
    from .needs import Need


class Persistence:
    """The changes of configuration for *needs*, in two parts: what is written before anything else, and the rest."""

    def __init__(self, needs: list[Need], facts: Facts) -> None:
        self._needs = needs
        self._facts = facts
        self._encrypted = [need for need in needs if need.area.lower]
        self._crypttab = facts.text(CRYPTTAB) if self._encrypted else None

    def first(self) -> list[Action]:
        """Return what the next run has to find of one that was killed: the mark that what is encrypted is ours."""
        if self._encrypted:
            guards.check_live(self._facts, "encryption")
        return self._crypttab_changes(need for need in self._encrypted if need.area.state == "present")

    def rest(self, *, backup: bool, in_place: bool) -> list[Action]:
        """Return the other changes; called after `first`."""
        changes = self._fstab_changes(backup=backup, in_place=in_place)
        for need in self._needs:
            changes += need.area.configuration(need.target, self._facts)
            if need.area.persist != "keep":
                changes += [*self._unit_changes(need), *(self._unit_changes(need.below) if need.below else [])]
        changes += self._crypttab_changes(self._encrypted)
        changes += units.emptied(changes, self._facts.systemd)
        guards.check_not_fixed(changes, self._facts)
        reads_again = changes or (self._encrypted and self._crypttab != self._facts.text(CRYPTTAB))
        reload = [actions.DaemonReload()] if reads_again and self._facts.runs_systemd else []
        return [*dict.fromkeys(changes), *reload]  # several areas may need the same directory

    def _fstab_changes(self, *, backup: bool, in_place: bool) -> list[Action]:
        found = self._facts.fstab
        before = found.text or ""
        both = [one for need in self._needs for one in (need, need.below) if one]
        after = fstab.edit(before, [(need.lines, need.entry) for need in both if need.area.persist != "keep"])
        if after == before:
            return []
        guards.check_fstab(found, in_place=in_place)
        reload = self._facts.runs_systemd
        return [actions.WriteFstab(found.text, after, reload=reload, in_place=in_place, backup=backup)]

    def _unit_changes(self, need: Need) -> list[Action]:
        if need.unit_entry:
            guards.check_units(self._facts)
        entry = need.entry or need.unit_entry
        systemd = self._facts.systemd
        is_up_to_systemd = systemd.runs if self._facts.live else systemd.is_there
        if entry and (need.unit_entry or is_up_to_systemd):
            guards.check_unit_path(entry)
        if entry and systemd.is_there:
            guards.check_drop_ins(need.target, entry, by_unit=need.unit_entry is not None)
        otherwise = need.area.comes_otherwise(need.target)
        entry = None if otherwise else need.unit_entry
        listed = need.entry or (need.unit_entry if otherwise else None)
        name = units.name_of(listed.spec) if listed else ""
        return units.changes(entry, need.area.units_to_change(need.target), self._facts.systemd, name)

    def _crypttab_changes(self, needs: Iterable[Need]) -> list[Action]:
        changes = [need.area.table_change(need.target) for need in needs]
        before = self._crypttab
        after = crypttab.edit(self._facts.text(CRYPTTAB) or "", changes) if changes else before or ""
        if after == (before or ""):
            return []
        self._crypttab = after
        return [WriteText(before, after, CRYPTTAB, reload=self._facts.runs_systemd)]
