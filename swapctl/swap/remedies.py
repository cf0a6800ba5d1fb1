"""Say how an area stays as it is but for what is wrong with it: as it is listed, and as a command. Pure."""

from __future__ import annotations

import shlex

from . import units
from .area import DISCARDS, LARGEST_PRIORITY, TAGS
from .drop_ins import values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import fstab
    from .facts import Target


def best_line(target: Target) -> fstab.Line | None:
    """Return the line that counts: the first that the boot reads, but a name that stays before one that does not."""
    lines = [line for line in target.lines if line.readable] or list(target.lines)
    stable = (line for line in lines if target.kind == "device" and line.entry.spec.startswith(TAGS))
    return next(stable, lines[0] if lines else None)


def effective_priority(entry: fstab.Entry) -> int | None:
    """Return what swapon makes of the entry's priority: too large a one is cut, any other nonsense passed over."""
    text = entry.option("pri") or ""
    return min(int(text), LARGEST_PRIORITY) if text.isascii() and text.isdigit() else None


def _unit_priority(target: Target) -> int | None:
    return next((unit.priority for unit in target.units if unit.acts_at_boot), None)


def listed_priority(target: Target) -> int | None:
    """Return the priority that the area gets at boot, None if the kernel chooses it."""
    line = best_line(target)
    if not line:
        return _unit_priority(target)
    own = units.listed(line.entry)
    name = units.name_of(line.entry.spec)
    then = values((one.text for one in target.drop_ins if one.unit == name), own)
    return effective_priority(line.entry) if then.priority == own.priority else then.priority


def name_of(target: Target, entry: fstab.Entry | None) -> str:
    """Return the name that stays: that of fstab, if it leads to the area at boot as well."""
    if not entry or is_tag_of_file(entry.spec, target):
        return target.path
    return entry.spec.replace('"', "") if entry.spec.startswith(TAGS) else entry.spec


def further_options(entry: fstab.Entry) -> tuple[str, ...]:
    """Return the options that an `Area` has no other word for."""
    known = {"pri", "discard", "nofail", "sw", "defaults"}
    return tuple(one for one in entry.options if one and one.partition("=")[0] not in known)


def ensure(target: Target, *more: str, name: str = "") -> str:
    """Return the command that leaves the area as it is, but for what is wrong and what *more* says."""
    line = best_line(target)
    entry = line.entry if line else None
    words = ["swapctl", "ensure", name or name_of(target, entry), *more]
    priority = listed_priority(target)
    if priority is not None and "--priority" not in more:
        words += ["--priority", str(priority)]
    if target.listed_discard in DISCARDS[1:] and "--discard" not in more:
        words += ["--discard", target.listed_discard]
    if entry and entry.option("nofail") is not None and "--nofail" not in more:
        words.append("--nofail")
    options = ",".join(further_options(entry)) if entry else ""
    if options:
        words += ["--options", options]
    if not entry and any(unit.acts_at_boot and unit.is_ours_to_change for unit in target.units):
        words += ["--persist", "systemd"]
    return " ".join(map(word, words))


def word(path: str) -> str:
    """Return *path* as one word of a command."""
    return shlex.quote(path)


def is_tag_of_file(spec: str, target: Target) -> bool:
    """Whether *spec* names a swap file by what it bears, which works for devices alone."""
    if target.kind != "file" or not target.header:
        return False
    name, _separator, quoted = spec.partition("=")
    borne = {"UUID": target.header.uuid, "LABEL": target.header.label}
    return spec.startswith(TAGS) and borne.get(name, "") == quoted.strip('"') != ""
