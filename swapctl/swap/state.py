"""What users see of an area: its state as found, or as it will be. Pure."""

from __future__ import annotations

from ..record import Record
from . import units

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .facts import Facts, Target


class Zram(Record):
    """How a zram device compresses, and what it holds. Sizes in bytes; *memory_limit* None is "any amount".

    *original* is what is stored, *compressed* what is left of it, *memory* the RAM that it takes, *ratio* how many
    bytes of the first are in one of the last. All are None where only a run can tell.
    """

    algorithm: str | None = None
    memory_limit: int | None = None
    original: int | None = None
    compressed: int | None = None
    memory: int | None = None
    ratio: float | None = None

    @property
    def settings(self) -> Zram:
        """What was asked for, without what it holds, which changes by itself."""
        return Zram(self.algorithm, self.memory_limit)

    def __str__(self) -> str:
        limit = "" if self.memory_limit is None else f" within {self.memory_limit} bytes"
        return f"{self.algorithm or 'by the kernel'}{limit}"


class State(Record):
    """One area. Sizes in bytes; None is "not known" or "there is none".

    *size* counts the header page, as `size` in a request does; *usable* is what the kernel shows. *reachable*: *path*
    leads to the area; it does not where another mount namespace, such as a container's, has turned it on. *options* are
    those of fstab; *unit* is the unit of systemd's that activates it at boot besides fstab. *zram*: what an area in
    compressed RAM is made of, and what it holds.
    """

    path: str
    type: str | None = None
    size: int | None = None
    usable: int | None = None
    used: int = 0
    priority: int | None = None
    active: bool = False
    persistent: bool = False
    label: str | None = None
    uuid: str | None = None
    options: tuple[str, ...] | None = None
    unit: str | None = None
    zram: Zram | None = None
    reachable: bool = True

    @property
    def settings(self) -> State:
        """The state without what changes by itself."""
        return self.replace(used=0, zram=self.zram and self.zram.settings)

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form, without what only a list of all areas tells."""
        fields = {name: value for name, value in self.__dict__.items() if name != "reachable"}
        return {name: _plain(value) for name, value in fields.items()}


def state(target: Target, facts: Facts) -> State:
    """Return the state of the area at *target*."""
    header, active = target.header, target.active
    size = header.size if header else active.size + facts.page_size if active else None
    listed = [line.entry for line in target.lines if line.readable]
    unit = next((one.name for one in target.units if one.acts_at_boot), None)
    if not unit and target.zram and target.zram.at_boot:  # the generator has not run since
        unit = units.name_of(target.path)
    return State(
        path=target.path,
        type=_type(target),
        size=size,
        usable=active.size if active else size and size - facts.page_size,
        used=active.used if active else 0,
        priority=active.priority if active else None,
        active=bool(active),
        persistent=(bool(listed) and "noauto" not in listed[0].options) or unit is not None,
        label=(header and header.label) or None,
        uuid=(header and header.uuid) or None,
        options=listed[0].options if listed else None,
        unit=unit,
        zram=_zram(target),
        reachable=not target.is_elsewhere,
    )


def _zram(target: Target) -> Zram | None:
    device = target.zram
    if not device or not device.disksize:
        return None
    usage = device.usage
    return Zram(device.algorithm, usage.limit or None, usage.original, usage.compressed, usage.memory, usage.ratio)


def _plain(value: object) -> object:
    if isinstance(value, Zram):
        return dict(value.__dict__)
    return list(value) if isinstance(value, tuple) else value


def _type(target: Target) -> str | None:
    if target.active:  # its name may be of another mount namespace, where nothing, or something else, stands here
        return "device" if target.active.type == "partition" else "file"
    return target.kind if target.header else None
