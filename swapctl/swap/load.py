"""Whether what areas hold that leave finds room elsewhere, all of a plan taken together. Pure. Amounts are bytes."""

from __future__ import annotations

from .. import sizes
from . import guards
from .header import usable_size
from .memory import displaced

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from ..errors import Refused
    from .facts import Facts, Target
    from .needs import Need


class Load:
    """What the areas hold that leave, if only for a moment, and the room that there is for it.

    *moving*: areas whose file becomes that of another one, by what they come from: they are on too late to make room,
    as those of *late* are.
    """

    def __init__(self, needs: list[Need], facts: Facts, late: Collection[Need] = ()) -> None:
        self.facts = facts
        self._late = late
        self.moving: dict[Need, Need] = {}
        self._needs = needs
        self._leaving = [one.target for need in needs for one in (need, need.below) if one and one.leaves]

    @property
    def displaced(self) -> int:
        """What has no room in memory, and must go to other areas."""
        memory = self.facts.memory
        freed = sum(
            target.zram.usage.compressed for target in self._leaving if target.zram
        )  # areas in RAM give it back
        return displaced(self._use, memory.replace(available=memory.available + freed), self.facts.groups)

    @property
    def elsewhere(self) -> int:
        """The room in the areas that stay on, and in those that are added first: but no area in RAM makes room."""
        gone = {target.identity for target in self._leaving}
        stay = (one.entry for one in self.facts.active if one.identity is None or one.identity not in gone)
        added = (need for need in self._needs if need.adds and not need.area.makes_device)
        added = (need for need in added if need not in self.moving and need not in self._late)
        return sum(entry.size - entry.used for entry in stay) + sum(need.size - self.facts.page_size for need in added)

    @property
    def _use(self) -> int:
        return sum(target.active.used for target in self._leaving if target.active)

    def bridge_size(self, need: Need) -> int:
        """Return how large an area must carry the load while that of *need* is off and comes back; 0 for none."""
        over = self.displaced - self.elsewhere
        if over <= 0 or not need.leaves or not need.comes_back:
            return 0
        return usable_size(over + self.facts.memory.margin + sizes.MIB, self.facts.page_size)

    def fits_into(self, need: Need) -> bool:
        """Whether it all fits when the area of *need* is there again."""
        return self.displaced <= self.elsewhere + need.size - self.facts.page_size

    def does_not_fit(self, target: Target, hint: str) -> Refused:
        """Return the refusal to turn off the area at *target*."""
        return guards.does_not_fit(
            target.path, self._use, self.facts, elsewhere=self.elsewhere, displaced=self.displaced, hint=hint
        )

    def check_old_bridge(self, path: str, used: int, room: int) -> None:
        """Refuse to leave a bridge of an earlier run whose load fits nowhere; *room* is what the area itself has."""
        own_free = sum(one.entry.size - one.entry.used for one in self.facts.active if one.entry.path == path)
        elsewhere = self.elsewhere - own_free + room
        over = displaced(used, self.facts.memory, self.facts.groups)
        if over > elsewhere:
            hint = "end what uses memory, or add another area first"
            raise guards.does_not_fit(path, used, self.facts, elsewhere=elsewhere, displaced=over, hint=hint)
