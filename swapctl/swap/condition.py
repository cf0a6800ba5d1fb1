"""What has to be known of a host to examine it, besides the facts about its areas. Pure."""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import crypttab
    from .facts import Target
    from .hibernation import Hibernation


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
    overridden: tuple[str, ...] = ()  # lines in files of others that win over ours at boot, each as a sentence
    pressure: float | None = None  # percent of the last minute in which some tasks waited for memory
    hibernation: Hibernation | None = None
    crypttab: tuple[crypttab.Entry, ...] = ()  # what is opened at boot: it need not be there before

    def ground(self, target: Target) -> Ground:
        """Return what the area at *target* stands on."""
        return dict(self.grounds).get(target.path, Ground())
