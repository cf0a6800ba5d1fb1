"""How readily the kernel swaps: its values vm.*. Pure. Configuration: sysctl.d(5); meanings: proc_sys_vm(5)."""

from __future__ import annotations

from .. import sizes
from ..errors import InvalidInput, Refused
from ..record import Record
from ..validate import problems
from . import schema
from .settings import HEADER, File, OwnFile, Settings, Values, set_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from .action import Action
    from .memory import Memory, Promised

FILE = "/etc/sysctl.d/99-swapctl.conf"
PLACE = "/proc/sys/vm"
# Where values are set at boot: of files with one name the first counts, and they are read in the order of their names.
DIRECTORIES = (
    "/etc/sysctl.d",
    "/run/sysctl.d",
    "/usr/local/lib/sysctl.d",
    "/usr/lib/sysctl.d",
    "/lib/sysctl.d",
)
CLASSIC_FILE = "/etc/sysctl.conf"  # for sysctl(8), which reads it last; for systemd-sysctl(8) only through a link
KILOBYTES = "overcommit_kbytes"
STRICT = 2  # of overcommit_memory: no more is promised than there is

_UP_TO_200 = (5, 8)  # the first kernel whose swappiness goes beyond 100
_OLD_MOST = 100
_UP_TO_3000 = (
    5,
    17,
)  # the first kernel whose watermark_scale_factor goes beyond 1000, though some older ones got it, too
_OLD_MOST_SCALE = 1000


class Tuning(Record):
    """What the values are to be; None leaves one as it is, now and in files of others."""

    swappiness: int | None = None
    vfs_cache_pressure: int | None = None
    page_cluster: int | None = None
    watermark_scale_factor: int | None = None
    overcommit_memory: int | None = None
    overcommit_ratio: int | None = None
    min_free_kbytes: int | None = None

    @classmethod
    def _checked(cls, fields: dict[str, Any]) -> dict[str, Any]:
        given = {key: value for key, value in fields.items() if value is not None}
        for problem in problems(given, schema.TUNING):
            raise InvalidInput(f"{problem.where[-1]} {problem.message}", hint=problem.allowed)
        return fields

    @property
    def values(self) -> tuple[tuple[str, int], ...]:
        """The keys that are set, and their values."""
        return tuple((key, value) for key, value in self.__dict__.items() if value is not None)

    @property
    def text(self) -> str | None:
        """The file that sets them at boot, None if there is nothing to set."""
        lines = "".join(f"{known_name(key)} = {value}\n" for key, value in self.values)
        return f"{HEADER}{lines}" if lines else None


KEYS = tuple(schema.TUNING["properties"])


class Line(Record):
    """A line in a file of somebody else's that sets one of our keys. *is_later*: it is read after our file.

    A line on overcommit_kbytes counts as well, because the kernel forgets overcommit_ratio over it: even over 0 if
    sysctl(8) writes that. systemd-sysctl(8) does not write what is there already.
    """

    path: str
    number: int
    key: str
    value: str
    is_later: bool = False


class Tuned(Record):
    """What is found: the *running* values of the kernel, our *file*, and what other files say of the same keys."""

    live: bool = True
    read_only: bool = False  # the kernel's values cannot be written here, as in most containers
    kernel: tuple[int, ...] = ()
    memory: int = 0  # bytes
    running: tuple[tuple[str, int], ...] = ()
    overcommit_kbytes: int = 0
    file: OwnFile = OwnFile()
    others: tuple[Line, ...] = ()


def file_name(key: str) -> str:
    """Return the kernel's name for *key*."""
    return "page-cluster" if key == "page_cluster" else key


def known_name(key: str) -> str:
    """Return the name that sysctl(8) has for *key*."""
    return f"vm.{file_name(key)}"


def assignments(file: File) -> Iterator[tuple[int, str, str]]:
    """Yield number, key and value of each line of *file* that sets one of our keys, or overcommit_kbytes.

    A pattern such as ``vm.*`` counts for nothing where a key is set by its name, as ours are.
    """
    names = {file_name(key): key for key in (*KEYS, KILOBYTES)}
    for number, line in file.lines():
        name, equals, value = line.partition("=")
        directory, _slash, name = _path(name.strip().removeprefix("-").strip()).rpartition("/")
        if equals and directory == "vm" and name in names:
            yield number, names[name], value.strip()


def others(files: Iterable[File], classic: File | None = None) -> tuple[Line, ...]:
    """Return the lines that set our keys in *files*, which are in the order of reading, and in /etc/sysctl.conf."""
    own = FILE.rpartition("/")[2]
    return tuple(
        Line(file.path, number, key, value, is_later=file is classic or file.path.rpartition("/")[2] > own)
        for file in (*files, *([classic] if classic else []))
        if file.path.rpartition("/")[2] != own  # it counts instead of others with its name
        for number, key, value in assignments(file)
    )


def declared(text: str) -> tuple[dict[str, int], list[str]]:
    """Return what our file sets, and the lines in it that are not ours."""
    file = File(FILE, text)
    lines = [(number, key, value) for number, key, value in assignments(file) if key in KEYS]
    found = {number: (key, int(value)) for number, key, value in lines if value.isdigit()}
    return dict(found.values()), [line for number, line in file.lines() if number not in found]


def plan_tuning(wanted: Tuning, found: Tuned) -> Settings:
    """Return what takes *found* to *wanted*; Refused where the kernel has no such value."""
    running = dict(found.running)
    if found.live:
        _check(wanted, found)
    keys = [key for key, _value in wanted.values if key in running]
    before = tuple((key, running[key]) for key in keys)
    persistent, _rest = declared(found.file.text or "")
    return Settings(
        name="tuning",
        place=PLACE,
        before=Values(before, tuple(persistent.items())),
        after=Values(tuple((key, getattr(wanted, key)) for key in keys), wanted.values),
        actions=(*_running(wanted, found), *found.file.changes(FILE, wanted.text)),
        warnings=(*_beyond_old_kernels(wanted, found), *conflicts(wanted, found)),
    )


def overpromised(wanted: Tuning, now: Memory, promised: Promised, swap: int) -> Iterator[str]:
    """Yield a sentence if programs were *promised* more than *wanted* lets them have on a host with *swap* bytes."""
    if wanted.overcommit_memory != STRICT:
        return
    ratio = wanted.overcommit_ratio
    limit = swap + (promised.limit - now.swap_total if ratio is None else now.total * ratio // 100)
    if promised.amount > limit:
        yield (
            f"with overcommit_memory {STRICT} programs may have {sizes.human(limit)}, and were promised "
            f"{sizes.human(promised.amount)} already: none gets more until others end"
        )


def _beyond_old_kernels(wanted: Tuning, found: Tuned) -> Iterator[str]:
    """Yield what the kernel may not know, as far as that cannot be told beforehand."""
    for key, most, since in (
        ("swappiness", _OLD_MOST, _UP_TO_200),
        ("watermark_scale_factor", _OLD_MOST_SCALE, _UP_TO_3000),
    ):
        value = dict(wanted.values).get(key, 0)
        if value > most and (not found.live or found.kernel < since):
            needed = ".".join(map(str, since))
            yield f"{known_name(key)} {value} is for Linux {needed} or later: before, the most is {most}"


def conflicts(wanted: Tuning, found: Tuned) -> Iterator[str]:
    """Yield a sentence for each line of somebody else's that wins over ours at boot, or says something else."""
    values: dict[str, int | str] = dict(wanted.values)
    if wanted.overcommit_ratio is not None:
        values[KILOBYTES] = f"{known_name('overcommit_ratio')} {wanted.overcommit_ratio}"
    for line in found.others:
        value = values.get(line.key)
        is_same = line.value == str(value)
        if value is None or (is_same and not line.is_later):
            continue
        says = f"{line.path} line {line.number} sets {known_name(line.key)} to {line.value}"
        if line.path == CLASSIC_FILE:
            yield f"{says}, which sysctl --system reads after {FILE} with {value}"
        elif is_same:
            yield f"{says}, too, and is read after {FILE}: a change here would not last beyond a boot"
        elif line.is_later:
            yield f"{says} and is read after {FILE}: at boot it wins over {value}"
        else:
            yield f"{says}; {FILE} is read after it, and wins at boot with {value}"


def overridden(found: Tuned) -> tuple[str, ...]:
    """Return a sentence for each line of somebody else's that wins at boot over what our file declares."""
    values, _rest = declared(found.file.text or "")
    later = tuple(line for line in found.others if line.is_later and line.path != CLASSIC_FILE)
    wanted = Tuning(**{key: value for key, value in values.items() if _is_allowed(key, value)})
    return tuple(conflicts(wanted, found.replace(others=later)))


def _is_allowed(key: str, value: int) -> bool:
    limits = schema.TUNING["properties"][key]
    return bool(limits["minimum"] <= value <= limits.get("maximum", value))


def _running(wanted: Tuning, found: Tuned) -> Iterator[Action]:
    running = dict(found.running)
    pairs = [(file_name(key), str(value), str(running[key])) for key, value in wanted.values if key in running]
    if found.overcommit_kbytes and wanted.overcommit_ratio is not None:
        # The kernel forgets it as soon as there is a ratio. By a step of its own it comes back if the run fails.
        pairs.insert(0, (KILOBYTES, "0", str(found.overcommit_kbytes)))
    yield from set_values(PLACE, pairs)


def _check(wanted: Tuning, found: Tuned) -> None:
    running = dict(found.running)
    other = [known_name(key) for key, value in wanted.values if running.get(key, value) != value]
    if found.read_only and other:
        raise Refused(f"{PLACE} is read-only here, so that {other[0]} cannot be set", hint="run it on the host")
    for key, value in wanted.values:
        if key not in running:
            raise Refused(f"this kernel has no {known_name(key)}, which is to be {value}", hint=f"leave {key} out")
    swappiness, least = wanted.swappiness, wanted.min_free_kbytes
    if swappiness is not None and swappiness > _OLD_MOST and found.kernel < _UP_TO_200:
        version = ".".join(map(str, found.kernel))
        raise Refused(f"swappiness {swappiness} is outside 0..100, which is all that Linux {version} knows")
    if least is not None and found.memory and least * sizes.KIB > found.memory // 2:
        human = sizes.human(least * sizes.KIB), sizes.human(found.memory)
        message = (
            f"min_free_kbytes {least} would keep {human[0]} of {human[1]} of memory free: programs would be killed"
        )
        raise Refused(message, hint="keep no more than half free; 1 to 5% is usual")


def _path(name: str) -> str:
    """Return the path below /proc/sys of *name*: where its first separator is a dot, dots and slashes change roles."""
    dot, slash = name.find("."), name.find("/")
    if dot >= 0 and (slash < 0 or dot < slash):
        return name.translate({ord("."): "/", ord("/"): "."})
    return name
