"""What users see of an area: its state as found, or as it will be. Pure."""

from __future__ import annotations

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .facts import Facts, Target


class State(Record):
    """One area. Sizes in bytes; None is "not known" or "there is none".

    *size* counts the header page, as `size` in a request does; *usable* is what the kernel shows. *reachable*: *path*
    leads to the area; it does not where another mount namespace, such as a container's, has turned it on. *options* are
    those of fstab; *unit* is the unit of systemd's that activates it at boot besides fstab.
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
    reachable: bool = True

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form, without what only a list of all areas tells."""
        fields = {name: value for name, value in self.__dict__.items() if name != "reachable"}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


def state(target: Target, facts: Facts) -> State:
    """Return the state of the area at *target*."""
    header, active = target.header, target.active
    size = header.size if header else active.size + facts.page_size if active else None
    listed = [line.entry for line in target.lines if line.readable]
    return State(
        path=target.path,
        type=_type(target),
        size=size,
        usable=active.size if active else size and size - facts.page_size,
        used=active.used if active else 0,
        priority=active.priority if active else None,
        active=bool(active),
        persistent=(bool(listed) and "noauto" not in listed[0].options)
        or any(one.acts_at_boot for one in target.units),
        label=(header and header.label) or None,
        uuid=(header and header.uuid) or None,
        options=listed[0].options if listed else None,
        unit=next((one.name for one in target.units if one.acts_at_boot), None),
        reachable=not active or target.identity is not None,
    )


def _type(target: Target) -> str | None:
    if target.active:  # its name may be of another mount namespace, where nothing, or something else, stands here
        return "device" if target.active.type == "partition" else "file"
    return target.kind if target.header else None
