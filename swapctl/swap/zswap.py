"""Zswap, the compressed cache in front of swap. Pure. Values: zswap.rst of the kernel; at boot: tmpfiles.d(5)."""

from __future__ import annotations

from ..errors import InvalidInput, Refused
from ..record import Record
from ..validate import problems
from . import schema
from .settings import HEADER, File, OwnFile, Settings, Values, set_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from .settings import Pairs, Value

FILE = "/etc/tmpfiles.d/swapctl-zswap.conf"
MODULE = "/sys/module/zswap"
PLACE = f"{MODULE}/parameters"
DIRECTORIES = ("/etc/tmpfiles.d", "/run/tmpfiles.d", "/usr/local/lib/tmpfiles.d", "/usr/lib/tmpfiles.d")
KEYS = ("enabled", "compressor", "max_pool_percent")

_COMPRESSION = {"compression", "scomp", "acomp"}  # what /proc/crypto calls it, by the kernel's age
_FIELDS = 7  # of a line with an argument: type, path, mode, user, group, age, argument
_YES = {"1", "y", "t", "on", ""}  # kstrtobool(); a parameter without a value is on


class Zswap(Record):
    """What zswap is to be; None leaves a value as it is. *persist*: ``tmpfiles`` sets it at boot, ``none`` nobody."""

    enabled: bool
    compressor: str | None = None
    max_pool_percent: int | None = None
    persist: str = "tmpfiles"

    @classmethod
    def _checked(cls, fields: dict[str, Any]) -> dict[str, Any]:
        given = {key: value for key, value in fields.items() if value is not None}
        for problem in problems(given, schema.ZSWAP):
            name = " ".join(map(str, problem.where)) or "zswap"
            raise InvalidInput(f"{name} {problem.message}", hint=problem.allowed)
        return fields

    @property
    def values(self) -> Pairs:
        """The keys that are set, and their values."""
        return tuple((key, self.__dict__[key]) for key in KEYS if self.__dict__[key] is not None)

    @property
    def text(self) -> str | None:
        """The file that sets them at boot, None if nothing is to."""
        lines = "".join(f"w {PLACE}/{key} - - - - {written(value)}\n" for key, value in self.values)
        return f"{HEADER}{lines}" if self.persist == "tmpfiles" else None


class Setting(Record):
    """A line of somebody else's that sets one of the values at boot."""

    path: str
    number: int
    key: str
    value: str


class Cache(Record):
    """What is found: zswap as it is *running*, empty where the kernel has none, our *file*, and what else sets it.

    *offers*: whether the kernel offers the wanted compressor, None if that cannot be told beforehand.
    """

    live: bool = True
    running: Pairs = ()
    file: OwnFile = OwnFile()
    compressors: tuple[str, ...] = ()
    offers: bool | None = True
    command_line: tuple[tuple[str, str], ...] = ()
    others: tuple[Setting, ...] = ()


def written(value: Value) -> str:
    """Return *value* as the kernel writes it."""
    return ("Y" if value else "N") if isinstance(value, bool) else str(value)


def read(key: str, text: str) -> Value | None:
    """Return the value of *key* that *text* is, None if it is none."""
    text = text.strip()
    if key == "enabled":
        return text.lower() in _YES
    if key == "max_pool_percent":
        return int(text) if text.isdigit() else None
    return text or None


def compressors(crypto: str) -> tuple[str, ...]:
    """Return the compressors in *crypto*, the text of /proc/crypto."""
    found = set()
    for block in crypto.split("\n\n"):
        fields = {
            name.strip(): value.strip() for name, _colon, value in (line.partition(":") for line in block.split("\n"))
        }
        if fields.get("type") in _COMPRESSION:
            found.add(fields.get("name", ""))
    return tuple(sorted(found - {""}))


def is_module(compressor: str, aliases: str) -> bool:
    """Whether *aliases*, the text of modules.alias, has a module for *compressor*."""
    return any(line.startswith(f"alias crypto-{compressor} ") for line in aliases.split("\n"))


def on_command_line(text: str) -> tuple[tuple[str, str], ...]:
    """Return what *text*, the kernel's command line, says of zswap: the last word on each key."""
    found = {}
    for word in text.split():
        name, _equals, value = word.replace('"', "").partition("=")
        module, dot, key = name.replace("-", "_").partition(".")
        if dot and module == "zswap" and key in KEYS:
            found[key] = value
    return tuple(found.items())


def assignments(file: File) -> Iterator[tuple[int, str, str]]:
    """Yield number, key and value of each line of *file* that sets one of the values."""
    for number, line in file.lines():
        fields = line.split(None, 6)
        has_value = len(fields) == _FIELDS
        place, _slash, key = fields[1].rpartition("/") if has_value else ("", "", "")
        if has_value and fields[0].rstrip("+-!=~^$") == "w" and place == PLACE and key in KEYS:
            yield number, key, fields[6].strip()


def others(files: Iterable[File]) -> tuple[Setting, ...]:
    """Return the lines that set the values in *files*, ours and those that it hides left out."""
    own = FILE.rpartition("/")[2]
    return tuple(
        Setting(file.path, number, key, value)
        for file in files
        if file.path.rpartition("/")[2] != own
        for number, key, value in assignments(file)
    )


def declared(text: str) -> tuple[dict[str, Any], list[str]]:
    """Return what our file sets, and the lines in it that are not ours."""
    file = File(FILE, text)
    found = {number: (key, read(key, value)) for number, key, value in assignments(file)}
    known = {number: (key, value) for number, (key, value) in found.items() if value is not None}
    return dict(known.values()), [line for number, line in file.lines() if number not in known]


def plan_zswap(wanted: Zswap, found: Cache, zram: Iterable[str] = ()) -> Settings:
    """Return what takes *found* to *wanted*; Refused where the kernel cannot. *zram*: areas in RAM that are wanted."""
    if found.live:
        _check(wanted, found)
    running = dict(found.running)
    pairs = [(key, value) for key, value in wanted.values if key in running]
    persistent, _rest = declared(found.file.text or "")
    return Settings(
        name="zswap",
        place=PLACE,
        before=Values(tuple((key, running[key]) for key, _value in pairs), tuple(persistent.items())),
        after=Values(tuple(pairs), wanted.values if wanted.persist == "tmpfiles" else ()),
        # It is enabled first: the kernel checks a compressor only once it has set itself up.
        actions=(
            *set_values(PLACE, ((key, written(value), written(running[key])) for key, value in pairs)),
            *found.file.changes(FILE, wanted.text),
        ),
        warnings=tuple(_warnings(wanted, found, zram)),
    )


def _check(wanted: Zswap, found: Cache) -> None:
    if not found.running and wanted.enabled:
        raise Refused("this kernel has no zswap", hint="leave zswap out, or take a kernel with CONFIG_ZSWAP")
    if found.running and found.offers is False:
        message = f"this kernel does not offer {wanted.compressor} as a compressor"
        raise Refused(message, hint=f"it has {', '.join(found.compressors) or 'none'}")


def _warnings(wanted: Zswap, found: Cache, zram: Iterable[str]) -> Iterator[str]:
    values = dict(wanted.values)
    if wanted.compressor and not found.live:
        yield f"whether its kernel offers the compressor {wanted.compressor} shows at boot: it does not run here"
    for key, text in found.command_line:
        if key in values and read(key, text) != values[key]:
            yield f"the kernel's command line says zswap.{key}={text}{_outcome(wanted, key)}"
    for line in found.others:
        if line.key in values and read(line.key, line.value) != values[line.key]:
            says = f"{line.path} line {line.number} sets zswap's {line.key} to {line.value} at boot"
            yield f"{says}, not {_shown(wanted, line.key)}"
    areas = list(zram)
    if wanted.enabled and areas:
        yield f"zswap compresses what {', '.join(areas)} compresses, too, and keeps it from disks: have one of them"


def _outcome(wanted: Zswap, key: str) -> str:
    if wanted.persist == "tmpfiles":
        return f"; until {FILE} is read at boot, it is not {_shown(wanted, key)}"
    return f": after a boot it is not {_shown(wanted, key)}"


def _shown(wanted: Zswap, key: str) -> str:
    value = dict(wanted.values)[key]
    return str(value).lower() if isinstance(value, bool) else str(value)
