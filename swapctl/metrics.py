"""What a host has of swap, as text that Prometheus reads: OpenMetrics, or the older text format. Pure.

Formats: the OpenMetrics specification 1.0, and Prometheus' "Exposition formats", version 0.0.4. The collector of
node_exporter's that reads text files takes the older one alone: an *info* metric makes it reject the whole file.
"""

from __future__ import annotations

import re

from .record import Record
from .swap.finding import SEVERITIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .swap.finding import Finding
    from .swap.memory import Memory
    from .swap.state import State

    Labels = tuple[tuple[str, str], ...]

FORMATS = ("openmetrics", "prometheus")
TOP = 10

_PREFIX = "swapctl"
_UNITS = ("bytes", "seconds", "ratio")
_MICROSECOND = 1e-6
_CHANGING = re.compile(r"-[^.-]*\d[^.]*(?=\.scope$)|(?<=^run)-[^.]*(?=\.service$)")


class Sample(Record):
    """One value, and the *labels* that tell it from others of its family."""

    value: float
    labels: Labels = ()


class Family(Record):
    """Samples of one *name*: of a *kind* that OpenMetrics knows. Equal labels become one sample, as *together* says."""

    name: str
    kind: str
    help: str
    samples: tuple[Sample, ...]
    together: str = "sum"  # or max

    @property
    def unit(self) -> str:
        """The unit, which the name ends in, or nothing."""
        last = self.name.rpartition("_")[2]
        return last if last in _UNITS else ""

    @property
    def distinct(self) -> dict[Labels, float]:
        """The values by their labels, as they are printed: areas of containers can have the same path."""
        found: dict[Labels, float] = {}
        for sample in self.samples:
            labels = tuple((name, readable(value)) for name, value in sample.labels)
            known = found.get(labels)
            both = sample.value if known is None else self._both(known, sample.value)
            found[labels] = both
        return found

    def _both(self, one: float, other: float) -> float:
        return one + other if self.together == "sum" else max(one, other)

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        samples = [{"labels": dict(labels), "value": value} for labels, value in self.distinct.items()]
        return {"name": self.name, "type": self.kind, "unit": self.unit, "help": self.help, "samples": samples}


class User(Record):
    """What the processes of one *program* in one *unit* have in swap, in bytes, and how many they are."""

    program: str
    unit: str
    swap: int
    processes: int = 1


class Users(Record):
    """The *largest* users of swap, and what *all* processes that were looked at have there; *partial*: some hide."""

    largest: tuple[User, ...] = ()
    all: int = 0
    partial: bool = False


class Sight(Record):
    """What there is to tell of a host; None is "not known here"."""

    areas: tuple[State, ...] = ()
    memory: Memory | None = None
    pressure: Mapping[str, Mapping[str, float]] | None = None
    events: Mapping[str, int] | None = None  # /proc/vmstat
    zswap: Mapping[str, int] | None = None  # enabled, memory, original
    users: Users | None = None
    findings: tuple[Finding, ...] | None = None
    page_size: int = 4096


def families(sight: Sight) -> tuple[Family, ...]:
    """Return all there is to tell, in a fixed order; a family of which nothing is known is left out."""
    parts = (_areas(sight), _memory(sight), _events(sight), _pressure(sight), _zram(sight), _zswap(sight))
    found = [one for part in parts for one in part]
    found += [*_users(sight), *_findings(sight)]
    return tuple(one for one in found if one.samples)


def openmetrics(found: Iterable[Family]) -> str:
    """Return *found* as OpenMetrics text."""
    return "".join(f"{line}\n" for line in (*(line for one in found for line in _lines(one)), "# EOF"))


def prometheus(found: Iterable[Family]) -> str:
    """Return *found* in the text format that is older than OpenMetrics."""
    return "".join(f"{line}\n" for one in found for line in _old_lines(one))


def largest(users: Iterable[User], number: int, *, partial: bool = False) -> Users:
    """Return the *number* largest of *users*, those of one program and unit added up."""
    found: dict[tuple[str, str], User] = {}
    for one in users:
        known = found.get((one.program, one.unit), one.replace(swap=0, processes=0))
        together = known.replace(swap=known.swap + one.swap, processes=known.processes + one.processes)
        found[one.program, one.unit] = together
    ordered = sorted(found.values(), key=lambda one: (-one.swap, one.program, one.unit))
    return Users(tuple(ordered[:number]), sum(one.swap for one in ordered), partial)


def lasting(unit: str) -> str:
    """Return the name of a *unit* of systemd's with what changes from one start to the next as *.

    Sessions, containers and what systemd-run starts have names of their own each time. As labels they would make a new
    series each time, which Prometheus keeps all.
    """
    return _CHANGING.sub("-*", unit)


def readable(text: str) -> str:
    r"""Return *text* as valid UTF-8, which both formats are: a byte that is none as ``\xff``."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


# what is told


def _family(name: str, kind: str, about: str, samples: Iterable[Sample], together: str = "sum") -> Family:
    return Family(f"{_PREFIX}_{name}", kind, about, tuple(samples), together)


def _gauge(name: str, about: str, value: float | None) -> Family:
    return _family(name, "gauge", about, [] if value is None else [Sample(value)])


def _counter(name: str, about: str, value: float | None) -> Family:
    return _family(name, "counter", about, [] if value is None else [Sample(value)])


def _areas(sight: Sight) -> Iterator[Family]:
    def each(name: str, about: str, values: Iterable[tuple[State, float | None]], together: str = "sum") -> Family:
        samples = [Sample(value, _of(area)) for area, value in values if value is not None]
        return _family(f"area_{name}", "gauge", about, samples, together)

    areas = sight.areas
    yield each("size_bytes", "Size of a swap area, its header included.", ((one, one.size) for one in areas))
    yield each("used_bytes", "How much of an active area is in use.", ((one, one.used) for one in areas if one.active))
    priorities = ((one, one.priority) for one in areas)
    yield each("priority", "Priority of an active area; a higher one is filled first.", priorities, "max")
    yield each("active", "Whether the kernel swaps to the area now.", ((one, int(one.active)) for one in areas), "max")
    persistent = ((one, int(one.persistent)) for one in areas)
    yield each("persistent", "Whether something has the area turned on at boot.", persistent, "max")


def _of(area: State) -> Labels:
    kind = "zram" if area.zram or area.path.startswith("/dev/zram") else area.type or ""
    return (("path", area.path), ("type", kind))


def _memory(sight: Sight) -> Iterator[Family]:
    memory = sight.memory
    if not memory or not memory.total:
        return
    yield _gauge("memory_bytes", "RAM of the host.", memory.total)
    yield _gauge("memory_available_bytes", "RAM that programs can have without swapping.", memory.available)
    yield _gauge("swap_bytes", "Room in all active areas.", memory.swap_total)
    yield _gauge("swap_free_bytes", "Room in all active areas that is free.", memory.swap_free)


def _events(sight: Sight) -> Iterator[Family]:
    def count(name: str, unit: int = 1) -> int | None:
        value = (sight.events or {}).get(name)
        return None if value is None else value * unit

    page = sight.page_size
    yield _counter("swap_in_bytes", "Read back from swap areas since boot.", count("pswpin", page))
    yield _counter("swap_out_bytes", "Written to swap areas since boot.", count("pswpout", page))
    yield _counter("zswap_in_bytes", "Taken back out of zswap since boot.", count("zswpin", page))
    yield _counter("zswap_out_bytes", "Taken into zswap since boot.", count("zswpout", page))
    yield _counter("major_faults", "Page faults since boot that had to wait for a disk.", count("pgmajfault"))
    yield _counter("oom_kills", "Processes that the kernel has killed for want of memory.", count("oom_kill"))


def _pressure(sight: Sight) -> Iterator[Family]:
    pressure = sight.pressure or {}
    waited = [Sample(share["total"] * _MICROSECOND, (("tasks", who),)) for who, share in pressure.items()]
    about = "Time in which some or all tasks waited for memory."
    yield _family("memory_pressure_seconds", "counter", about, waited)
    shares = [
        Sample(round(share[f"avg{window}"] / 100, 6), (("tasks", who), ("window", f"{window}s")))
        for who, share in pressure.items()
        for window in (10, 60, 300)
    ]
    yield _family("memory_pressure_ratio", "gauge", "Share of the last seconds in which they did.", shares)


def _zram(sight: Sight) -> Iterator[Family]:
    devices = [(one, one.zram) for one in sight.areas if one.zram]

    def each(name: str, about: str, values: Iterable[tuple[State, float | None]]) -> Family:
        samples = [Sample(value, (("path", area.path),)) for area, value in values if value is not None]
        return _family(f"zram_{name}", "gauge", about, samples, "max")

    yield _family(
        "zram",
        "info",
        "How a zram device compresses.",
        [Sample(1, (("path", area.path), ("algorithm", zram.algorithm or ""))) for area, zram in devices],
        "max",
    )
    original = ((area, zram.original) for area, zram in devices)
    yield each("original_bytes", "What a zram device holds, before compression.", original)
    compressed = ((area, zram.compressed) for area, zram in devices)
    yield each("compressed_bytes", "What a zram device holds, after compression.", compressed)
    yield each("memory_bytes", "RAM that a zram device takes.", ((area, zram.memory) for area, zram in devices))
    limits = ((area, zram.memory_limit) for area, zram in devices)
    yield each("memory_limit_bytes", "RAM that a zram device may take; none: any amount.", limits)
    about = "How many bytes a zram device holds in one byte of RAM."
    yield each("compression_ratio", about, ((area, zram.ratio) for area, zram in devices))


def _zswap(sight: Sight) -> Iterator[Family]:
    known = sight.zswap or {}
    yield _gauge("zswap_enabled", "Whether pages on their way to an area go to zswap first.", known.get("enabled"))
    yield _gauge("zswap_memory_bytes", "RAM that zswap takes.", known.get("memory"))
    yield _gauge("zswap_original_bytes", "What zswap holds, before compression.", known.get("original"))
    memory, original = known.get("memory"), known.get("original")
    ratio = round(original / memory, 2) if memory and original else None
    yield _gauge("zswap_compression_ratio", "How many bytes zswap holds in one byte of RAM.", ratio)


def _users(sight: Sight) -> Iterator[Family]:
    users = sight.users
    if users is None:
        return
    yield _family(
        "program_swap_bytes",
        "gauge",
        "What the processes of a program in a unit have in swap, of the largest; what they share counts for each.",
        [Sample(one.swap, (("program", one.program), ("unit", one.unit))) for one in users.largest],
    )
    yield _family(
        "program_processes",
        "gauge",
        "How many processes that are.",
        [Sample(one.processes, (("program", one.program), ("unit", one.unit))) for one in users.largest],
    )
    yield _gauge(
        "processes_swap_bytes",
        "What all processes that can be seen have in swap; what they share counts for each.",
        users.all,
    )
    yield _gauge("processes_hidden", "Whether processes of others cannot be seen.", int(users.partial))


def _findings(sight: Sight) -> Iterator[Family]:
    if sight.findings is None:
        return
    count = dict.fromkeys(SEVERITIES, 0)
    for one in sight.findings:
        count[one.severity] += 1
    samples = [Sample(number, (("severity", severity),)) for severity, number in count.items()]
    yield _family("findings", "gauge", "What swapctl doctor finds.", samples)


# how it is written


def _lines(family: Family) -> Iterator[str]:
    yield f"# TYPE {family.name} {family.kind}"
    if family.unit:
        yield f"# UNIT {family.name} {family.unit}"
    yield f"# HELP {family.name} {_escape(family.help)}"
    suffix = {"counter": "_total", "info": "_info"}.get(family.kind, "")
    yield from _values(f"{family.name}{suffix}", family)


def _old_lines(family: Family) -> Iterator[str]:
    name = f"{family.name}{ {'counter': '_total', 'info': '_info'}.get(family.kind, '') }"
    yield f"# HELP {name} {family.help}"
    yield f"# TYPE {name} {'gauge' if family.kind == 'info' else family.kind}"
    yield from _values(name, family)


def _values(name: str, family: Family) -> Iterator[str]:
    for labels, value in family.distinct.items():
        inner = ",".join(f'{key}="{_escape(text)}"' for key, text in labels)
        yield f"{name}{f'{{{inner}}}' if inner else ''} {_number(value)}"


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else repr(round(value, 6))


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
