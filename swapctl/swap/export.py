"""Say what a host has as a layout that, applied to it, changes nothing."""

from __future__ import annotations

from .. import sizes
from ..errors import InvalidInput, Refused
from ..host import LocalHost
from ..record import Record
from . import layout, zswap
from .area import Area
from .crypttab import CRYPTTAB
from .gather import gather
from .plan import plan
from .state import state
from .tuning import FILE, Tuning, declared, plan_tuning
from .tuning_facts import gather_tuning
from .units import TIMEOUT
from .zswap_facts import gather_zswap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .facts import Facts, Target
    from .settings import Settings
    from .zram_device import Device

_OWN = {"sw", "defaults", "pri", "discard", "nofail"}


class Export(Record):
    """A *document* as `layout.parse` takes it, and *remarks* on what it does not say, or would change."""

    document: dict[str, Any]
    remarks: tuple[str, ...] = ()


def export(host: LocalHost | None = None) -> Export:
    """Return the layout of *host*."""
    host = host or LocalHost()
    found = gather(host, texts=(CRYPTTAB,))
    areas, remarks = [], []
    for target in found.targets:
        if target.is_elsewhere:
            remarks.append(f"{target.path} is left out: another mount namespace has turned it on")
        elif target.kind not in {"file", "device"}:
            remarks.append(f"{target.spec} is left out: fstab lists it, and it does not exist")
        elif target.unreadable:
            remarks.append(f"{target.path} is left out: {target.unreadable}")
        else:
            item, remark = _item(target, found, host)
            if not found.live:  # what is off there is so because its kernel does not run, and not by wish
                item.pop("active", None)
            areas.append(item)
            remarks += remark
    swap: dict[str, Any] = {"areas": areas}
    for name, values, remark in (_zswap(host), _tuning(host)):
        if values is not None:
            swap[name] = values
        remarks += remark
    return Export({"swap": swap}, tuple(remarks))


def _tuning(host: LocalHost) -> tuple[str, dict[str, Any] | None, list[str]]:
    found = gather_tuning(host)
    if found.file.text is None:
        return "tuning", None, []
    values, strange = declared(found.file.text)
    remarks = [f"{FILE}: {line!r} is left out: it sets none of a layout's keys" for line in strange]
    return "tuning", values, [*remarks, *_settings_differ(lambda: plan_tuning(Tuning(**values), found))]


def _zswap(host: LocalHost) -> tuple[str, dict[str, Any] | None, list[str]]:
    found = gather_zswap(host)
    if found.file.text is None:
        return "zswap", None, []
    values, strange = zswap.declared(found.file.text)
    remarks = [f"{zswap.FILE}: {line!r} is left out: it sets nothing of zswap's" for line in strange]
    if "enabled" not in values:
        return "zswap", None, [*remarks, f"{zswap.FILE} is left out: it does not say whether zswap is enabled"]
    return "zswap", values, [*remarks, *_settings_differ(lambda: zswap.plan_zswap(zswap.Zswap(**values), found))]


def _settings_differ(settings: Callable[[], Settings]) -> list[str]:
    """Return a remark if applying what *settings* plans would do something."""
    try:
        planned = settings()
    except (InvalidInput, Refused) as refusal:
        return [f"applying what is set at boot would be refused: {refusal.message}"]
    would = "; ".join(f"{action.name} {action.detail}" for action in planned.actions)
    return [f"{planned.name} is not as it is at boot; applying this would {would}"] if would else []


def _item(target: Target, found: Facts, host: LocalHost) -> tuple[dict[str, Any], list[str]]:
    """Return what to say of an area: as it comes back at boot if that is what it is, else as it is now."""
    complaint = ""
    for candidate in _candidates(target, found):
        complaint = _difference(candidate, host)
        if not complaint:
            return candidate, []
    return next(_candidates(target, found)), [f"{target.path} is not as it should be; applying this would {complaint}"]


def _candidates(target: Target, found: Facts) -> Iterator[dict[str, Any]]:
    mapping = layout.mappings(found).get(layout.mapping_name(target))
    if target.zram:
        item = _zram(target.zram, target)
        yield from ({**item, "persist": how} for how in _ways_back(target, found))
    elif mapping:
        yield {**_as_listed(target), "path": mapping.device, "encryption": "random", "name": mapping.name}
    else:
        yield _as_listed(target)
        yield {**_as_it_is(target), "persist": "keep"}


def _difference(item: dict[str, Any], host: LocalHost) -> str:
    try:
        area = layout.area(item)
        lower = {area.path: area.lower} if area.lower else {}
        facts = gather(host, [area.path], groups=False, texts=area.reads, lower=lower)
        return "; ".join(f"{action.name} {action.detail}" for action in plan(area, facts))
    except (InvalidInput, Refused) as refusal:
        return f"be refused: {refusal.message}"


def _as_listed(target: Target) -> dict[str, Any]:
    entry = next((line.entry for line in target.lines if line.readable), None)
    unit = next((one for one in target.units if one.acts_at_boot and one.is_ours_to_change), None)
    listed = entry.options if entry else unit.options if unit else ()
    options = [one for one in listed if one.partition("=")[0] not in _OWN]
    nofail = entry.option("nofail") is not None if entry else unit is not None and unit.is_optional
    options = [one for one in options if not (nofail and one == f"{TIMEOUT}={Area.device_timeout}")]
    item = _as_it_is(target)
    item["path"] = entry.spec if entry else target.path
    item["persist"] = "fstab" if entry else "systemd" if unit else "none"
    if target.listed_discard != "none":
        item["discard"] = target.listed_discard
    if nofail:
        item["nofail"] = True
    if options:
        item["options"] = options
    return item


def _as_it_is(target: Target) -> dict[str, Any]:
    return {"path": target.path, **dict(_fields(target))}


def _ways_back(target: Target, found: Facts) -> tuple[str, ...]:
    return ("systemd", "keep") if state(target, found).persistent else ("none",)


def _zram(device: Device, target: Target) -> dict[str, Any]:
    return {
        "zram": device.name,
        "size": sizes.exact(device.disksize),
        "algorithm": device.algorithm,
        **({"memory_limit": sizes.exact(device.usage.limit)} if device.usage.limit else {}),
        **dict(_fields(target)),
    }


def _fields(target: Target) -> Iterator[tuple[str, Any]]:
    header = target.header
    if header and target.kind == "file":
        yield "size", sizes.exact(header.size)
    if not target.active:
        yield "active", False
    priority = target.active.priority if target.active else _listed_priority(target)
    if priority is not None and priority >= 0:
        yield "priority", priority


def _listed_priority(target: Target) -> int | None:
    for line in target.lines:
        value = line.entry.option("pri") or ""
        return int(value) if value.isdigit() else None
    return next((unit.priority for unit in target.units), None)
