"""What is wrong with the swap of a host, and what to do about it. Pure: facts in, findings and repairs out.

A repair is an area as it is wanted, made of what is there; converging does the rest. It never makes an area anew, and
it decides nothing that is a matter of taste: what is not safe has a remedy, and no repair.
"""

from __future__ import annotations

from ..errors import InvalidInput
from .area import Area
from .doctor_areas import SECRET, of_leftovers, of_target, of_types
from .doctor_host import of_host, of_priorities
from .finding import FINDINGS, SEVERITIES
from .needs import Need
from .remedies import best_line, further_options, listed_priority, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .condition import Condition
    from .facts import Facts, Target
    from .finding import Finding


def examine(facts: Facts, condition: Condition) -> tuple[Finding, ...]:
    """Return what is wrong, the gravest first, of equals in the order in which the areas are known."""
    found = [*of_types(facts), *of_host(facts, condition), *of_priorities(facts, condition)]
    for target in facts.targets:
        found += of_target(target, facts, condition)
    for target in condition.strays:
        found += of_leftovers(target)
    checked = [_with_repair(one, facts, condition) for one in found]
    return tuple(sorted(checked, key=lambda one: (SEVERITIES.index(one.severity), list(FINDINGS).index(one.id))))


def repairs(findings: Iterable[Finding], facts: Facts, condition: Condition) -> tuple[Area, ...]:
    """Return the areas that, when they are brought about, repair what of *findings* is fixable."""
    wanted: dict[str, set[str]] = {}
    for one in findings:
        if one.fixable:
            wanted.setdefault(one.spec, set()).add(one.repair)
    areas = (_repaired(_target(spec, facts, condition), repair) for spec, repair in wanted.items())
    return tuple(area for area in areas if area)


def unchecked(facts: Facts) -> tuple[str, ...]:
    """Return what could not be looked at, each a sentence."""
    told = [f"{target.path}: {target.unreadable}" for target in facts.targets if target.unreadable]
    if not facts.live:
        told.append("what is active, and everything else about the kernel: it does not run here")
    return tuple(told)


def _with_repair(finding: Finding, facts: Facts, condition: Condition) -> Finding:
    if not finding.repair:
        return finding
    target = _target(finding.spec, facts, condition)
    area = _repaired(target, {finding.repair})
    # It would have to be made anew, for another reason than this one: that is more than a repair.
    return finding.replace(fixable=area is not None and not (area.state == "present" and _is_made(area, target, facts)))


def _target(spec: str, facts: Facts, condition: Condition) -> Target:
    return next(target for target in (*facts.targets, *condition.strays) if target.spec == spec)


def _is_made(area: Area, target: Target, facts: Facts) -> bool:
    return target.kind not in SECRET or Need(area, target, facts).is_made


def _repaired(target: Target, repair: set[str]) -> Area | None:
    """Return the area at *target* as it is, with *repair* done; None if it cannot be said."""
    if "gone" in repair:
        return Area(target.path, state="absent", persist="keep")
    line = best_line(target)
    entry = line.entry if line else None
    try:
        return Area(
            name_of(target, entry),
            active=True if "active" in repair else None,
            persist="fstab" if "fstab" in repair else "keep",
            priority=listed_priority(target),
            discard=target.listed_discard,
            nofail=bool(entry and entry.option("nofail") is not None),
            options=further_options(entry) if entry else (),
        )
    except InvalidInput:  # what is there makes no sense: somebody has to say what is meant
        return None
