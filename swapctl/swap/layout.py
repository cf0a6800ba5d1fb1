"""All that a host should have, as one document. Pure: data in, what is wanted out.

The document is what YAML or JSON holds, or Ansible's options; `schema.LAYOUT` describes it.
"""

from __future__ import annotations

from ..errors import InvalidInput
from ..record import Record
from ..validate import path_of, problems
from . import schema
from .area import Area, Unlisted
from .crypt import CryptArea
from .crypttab import CRYPTTAB
from .crypttab import parse as parse_crypttab
from .tuning import Tuning
from .zram import UnlistedZram, ZramArea
from .zram_device import number_of
from .zswap import Zswap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from ..validate import Where
    from .crypttab import Entry
    from .facts import Facts, Target

    Place = Callable[[Where], str]  # where in its file that part of the document stands, as in "line 7 of web.yml"


class Layout(Record):
    """What a host should have: its *areas*, nothing else if *exclusive*, *delete* the files of all other areas.

    None leaves *tuning* and *zswap* as they are; tuning without values takes back what our file sets at boot.
    """

    areas: tuple[Area, ...] = ()
    exclusive: bool = False
    delete: bool = False
    tuning: Tuning | None = None
    zswap: Zswap | None = None

    @classmethod
    def _checked(cls, fields: dict[str, Any]) -> dict[str, Any]:
        if fields["delete"] and not fields["exclusive"]:
            message = "delete is about areas that are not listed, and they stay without exclusive: true"
            raise InvalidInput(message, hint="leave it out; state: absent deletes one file")
        return fields


def parse(document: Any, place: Place | None = None) -> Layout:  # noqa: ANN401 (whatever YAML holds)
    """Return the layout that *document* describes; InvalidInput names the key, the value and what is allowed."""
    for problem in problems(document, schema.LAYOUT):
        raise _invalid(problem.where, problem.message, problem.allowed, place)
    swap = document["swap"]
    items = swap.get("areas", [])
    areas = tuple(_area(item, ("swap", "areas", number), place) for number, item in enumerate(items))
    tuning = Tuning(**swap["tuning"]) if "tuning" in swap else None
    zswap = Zswap(**swap["zswap"]) if "zswap" in swap else None
    try:
        return Layout(areas, swap.get("exclusive", False), swap.get("delete", False), tuning, zswap)
    except InvalidInput as error:
        raise _invalid(("swap", "delete"), error.message, error.hint, place) from error


def unlisted(layout: Layout, everything: Facts, listed: Iterable[Target]) -> Iterator[Area]:
    """Yield how each area is to be that *layout* does not list, where it is to have no other."""
    known: set[object] = {target.place for target in listed}
    encrypted = mappings(everything)
    for target in everything.targets if layout.exclusive else ():
        if target.is_elsewhere or target.place in known:
            continue
        mapping = encrypted.get(mapping_name(target))
        known.add(target.place)  # a container's area of the same name leads to the same file
        if target.zram:
            yield UnlistedZram(target.path)
        elif mapping and CryptArea.takes(mapping.device):
            yield CryptArea(device=mapping.device, name=mapping.name, state="absent")
        elif layout.delete and target.kind == "file" and target.header:
            yield Area(target.path, state="absent")
        else:
            yield Unlisted(target.spec, active=False, persist="none")


def mappings(facts: Facts) -> dict[str, Entry]:
    """Return the mappings that crypttab makes a swap area of at each boot, by their names."""
    lines = parse_crypttab(facts.text(CRYPTTAB) or "")
    return {line.entry.name: line.entry for line in lines if line.entry.makes_swap}


def mapping_name(target: Target) -> str:
    """Return the name of the mapping that *target* is, or would be."""
    return target.mapped or target.spec.removeprefix("/dev/mapper/")


def area(item: Mapping[str, Any]) -> Area:
    """Return the area that *item* of a layout describes; InvalidInput if that makes no sense."""
    fields = dict(item)
    if "zram" in fields:
        return ZramArea(fields.pop("zram"), **fields)
    if fields.pop("encryption", "none") == "random":
        return CryptArea(device=fields.pop("path"), **fields)
    if "name" in fields:
        raise InvalidInput(f"name {fields['name']!r} goes with encryption: random alone", hint="leave it out")
    return Area(**fields)


def gone(path: str) -> Area:
    """Return what is wanted where the area at *path* is to be gone: of one in compressed memory, the device too."""
    return ZramArea(path, state="absent") if number_of(path) is not None else Area(path, state="absent")


def _area(item: Mapping[str, Any], where: Where, place: Place | None) -> Area:
    try:
        return area(item)
    except InvalidInput as error:
        named = error.message.split(" ", 1)[0]
        raise _invalid((*where, named) if named in item else where, error.message, error.hint, place) from error


def _invalid(where: Where, message: str, hint: str, place: Place | None) -> InvalidInput:
    at = f"{place(where)}: " if place else ""
    key = str(where[-1]) if where and isinstance(where[-1], str) else ""
    if not key:
        return InvalidInput(f"{at}{path_of(where)} {message}", hint=hint)
    about = message if message.startswith(f"{key} ") else f"{key} {message}"
    return InvalidInput(f"{at}{path_of(where[:-1])}: {about}", hint=hint)
