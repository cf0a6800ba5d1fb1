"""What is wrong with a host as a whole: how areas stand to each other, to memory and to its settings. Pure."""

from __future__ import annotations

from ..sizes import GIB, human
from .area import LARGEST_PRIORITY
from .finding import WARNING, Finding, finding
from .remedies import ensure, word
from .tuning import STRICT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .condition import Condition
    from .facts import Facts, Target

LITTLE_MEMORY = 2 * GIB  # below this, a host without swap kills programs early
_MOST_OF_MEMORY = 4  # times RAM that disks need not hold
_ENOUGH = 16 * GIB  # up to here it is no matter how little RAM there is
_MOST_ZRAM = 2  # times RAM
_FULL = 10  # percent of swap that is free
_PRESSED = 10.0  # percent of a minute in which tasks waited for memory
_HIGHEST_SWAPPINESS = 100  # above it, swap is taken to be faster than files are


def of_host(facts: Facts, condition: Condition) -> Iterator[Finding]:
    """Yield what is wrong with how much swap there is, with settings, and with hibernation."""
    hibernation = condition.hibernation
    if hibernation and hibernation.stale:
        right = f"resume={hibernation.expected_device} resume_offset={hibernation.expected_offset}"
        yield finding(
            "resume-stale",
            hibernation.device,
            f"{hibernation.source} has the host wake up from a place where no image will be: {hibernation.reason}",
            f"set {right} there, and make the initial RAM disk anew"
            if hibernation.area
            else f"take resume= out of {hibernation.source}, or set it to an area of swapctl status",
        )
    for sentence in condition.overridden:
        yield finding("tuning-overridden", "tuning", sentence, "take that line out, or give the file an earlier name")
    if not facts.live or not facts.memory.total:
        return
    yield from _of_amount(facts, condition)
    yield from _of_tuning(facts, condition)


def _of_amount(facts: Facts, condition: Condition) -> Iterator[Finding]:
    memory = facts.memory
    if not facts.active and memory.total < LITTLE_MEMORY:
        yield finding(
            "swap-none",
            "host",
            f"there is no active swap area, and only {human(memory.total)} of RAM",
            "swapctl ensure /swapfile --size auto",
        )
    zram = dict(condition.zram)
    on_disk = sum(one.entry.size for one in facts.active if one.entry.path not in zram)
    if on_disk > max(_MOST_OF_MEMORY * memory.total, _ENOUGH):
        yield finding(
            "swap-too-much",
            "host",
            f"{human(on_disk)} of swap on disks are more than {_MOST_OF_MEMORY} times the {human(memory.total)} of RAM:"
            " long before they are full, nothing works any more",
            "swapctl remove what is not needed",
        )
    for path, size in condition.zram:
        if size > _MOST_ZRAM * memory.total:
            yield finding(
                "zram-too-large",
                path,
                f"its {human(size)} are more than {_MOST_ZRAM} times the {human(memory.total)} of RAM, in which they "
                "would have to fit when compressed",
                "make it anew with a smaller size",
            )
    is_full = memory.swap_total and memory.swap_free * 100 < memory.swap_total * _FULL
    if is_full and condition.pressure is not None and condition.pressure >= _PRESSED:
        yield finding(
            "swap-full",
            "host",
            f"{human(memory.swap_free)} of {human(memory.swap_total)} of swap are free, and for "
            f"{condition.pressure:g}% of the last minute programs waited for memory",
            "swapctl find --min-rss 1G shows who takes most; end some of it, or add an area",
        )


def _of_tuning(facts: Facts, condition: Condition) -> Iterator[Finding]:
    is_active = bool(facts.active)
    if condition.overcommit == STRICT and not is_active:
        yield finding(
            "overcommit",
            "vm.overcommit_memory",
            "it is 2, so programs get no more than swap and a part of RAM, and there is no swap",
            "swapctl ensure /swapfile --size auto, or sysctl vm.overcommit_memory=0",
        )
    if condition.overcommit == STRICT and is_active and facts.promised.amount > facts.promised.limit:
        yield finding(
            "overcommit",
            "vm.overcommit_memory",
            f"it is 2, so programs get no more than {human(facts.promised.limit)}, and they were promised "
            f"{human(facts.promised.amount)} already",
            "swapctl ensure another area, or sysctl vm.overcommit_ratio=100, or vm.overcommit_memory=0",
        )
    if condition.zswap and any(one.entry.path in dict(condition.zram) for one in facts.active):
        yield finding(
            "zram-and-zswap",
            "zswap",
            "it is enabled, and so is an area in zram: pages are compressed twice, and the old ones keep zram full",
            "echo N > /sys/module/zswap/parameters/enabled, and zswap.enabled=0 on the kernel's command line",
        )
    if condition.zswap and not is_active:
        yield finding(
            "zswap-alone",
            "zswap",
            "it is enabled, and does nothing without a swap area",
            "swapctl ensure /swapfile --size auto",
        )
    if condition.swappiness == 0 and is_active:
        yield finding(
            "swappiness-low",
            "vm.swappiness",
            "it is 0, so the kernel swaps only when it is about to kill",
            "sysctl vm.swappiness=1, or more",
        )
    swaps_to_disk = any(not one.entry.path.startswith("/dev/zram") for one in facts.active)
    if (
        condition.swappiness is not None
        and condition.swappiness > _HIGHEST_SWAPPINESS
        and swaps_to_disk
        and not condition.zswap
    ):
        yield finding(
            "swappiness-high",
            "vm.swappiness",
            f"it is {condition.swappiness}, which is for swap in memory, and there is swap on a disk",
            "sysctl vm.swappiness=60",
        )


def of_priorities(facts: Facts, condition: Condition) -> Iterator[Finding]:
    """Yield what is wrong with the order in which areas are filled."""
    areas = [target for target in facts.targets if target.active and target.identity is not None]
    in_memory = [target for target in areas if target.path.startswith("/dev/zram")]
    on_disk = [target for target in areas if target not in in_memory]
    for zram in in_memory:
        for disk in on_disk:
            if _priority(disk) > _priority(zram):
                yield finding(
                    "priority-inversion",
                    disk.path,
                    f"its priority {_priority(disk)} is above the {_priority(zram)} of {zram.path}, so the disk is "
                    "filled before the memory that is faster",
                    f"swapctl on {zram.path} --priority {min(max(_priority(disk), 0) + 100, LARGEST_PRIORITY)}",
                )
            if _priority(disk) == _priority(zram):
                yield finding(
                    "priority-tie",
                    disk.path,
                    f"it and {zram.path} have the same priority {_priority(zram)}: disk and memory are filled in turn",
                    f"swapctl on {zram.path} --priority {min(max(_priority(disk), 0) + 100, LARGEST_PRIORITY)}",
                )
    for number, area in enumerate(on_disk):
        ground = condition.ground(area)
        for other in on_disk[:number]:
            same = set(ground.disks) & set(condition.ground(other).disks)
            if same and _priority(area) == _priority(other) >= 0:
                found = finding(
                    "priority-one-disk",
                    area.path,
                    f"it and {other.path} have the same priority {_priority(area)}, and both are on {min(same)}: in "
                    "turn gives no more speed there",
                    f"swapctl remove {word(area.path)}, or {ensure(area)} with another --priority",
                )
                yield found.replace(severity=WARNING) if ground.rotates else found


def _priority(target: Target) -> int:
    return target.active.priority if target.active else 0
