"""Which processes are meant. Pure: what was asked for, checked; nothing is looked at here."""

from __future__ import annotations

import re

from ..errors import InvalidInput
from ..record import Record
from ..sizes import parse as parse_size
from .match import Pattern
from .times import duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from typing import Any, Union

    Several = Union[str, int, Collection[Union[str, int]]]

STATES = "RSDTtZI"
_PID = re.compile(r"([0-9]{1,10})(?::([0-9]{1,20}))?", re.ASCII)
_LARGEST_PID = 1 << 22  # PID_MAX_LIMIT
_LARGEST_PORT = 65535

_LISTS = ("user", "group", "parent", "ancestor", "session", "tty", "cgroup", "unit", "exe", "pid", "env", "port")
_NAMES = ("user", "group", "tty", "cgroup", "unit", "exe", "env")
_TEXTS = ("pattern", "name", "state", "pidfile")
_MODES = ("regex", "glob", "exact", "ignore_case")
_HOW = (*_MODES, "invert", "newest", "oldest")


class Selector(Record):
    """What a process has to have; all of it must hold, and of a list one value.

    *pattern* is a literal, contiguous part of the command line or of the name, *name* one of the name alone; *regex*,
    *glob*, *exact* and *ignore_case* change how both are read, and *invert* asks for those that they do not match.
    Times are seconds or texts such as ``1h``, sizes bytes or texts such as ``64M``. A *pid* may be ``PID:INODE``, as
    `find` shows it. *newest* and *oldest* keep one of what is left.
    """

    pattern: str | None = None
    name: str | None = None
    regex: bool = False
    glob: bool = False
    exact: bool = False
    ignore_case: bool = False
    invert: bool = False
    user: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    parent: tuple[int, ...] = ()
    ancestor: tuple[int, ...] = ()
    session: tuple[int, ...] = ()
    tty: tuple[str, ...] = ()
    state: str | None = None
    older_than: float | None = None
    younger_than: float | None = None
    cgroup: tuple[str, ...] = ()
    unit: tuple[str, ...] = ()
    exe: tuple[str, ...] = ()
    pid: tuple[str, ...] = ()
    pidfile: str | None = None
    env: tuple[str, ...] = ()
    port: tuple[int, ...] = ()
    min_swap: int | None = None
    min_rss: int | None = None
    newest: bool = False
    oldest: bool = False

    if TYPE_CHECKING:  # what may be given is more than what is kept

        def __init__(
            self,
            pattern: str | None = None,
            *,
            name: str | None = None,
            regex: bool = False,
            glob: bool = False,
            exact: bool = False,
            ignore_case: bool = False,
            invert: bool = False,
            user: Several = (),
            group: Several = (),
            parent: Several = (),
            ancestor: Several = (),
            session: Several = (),
            tty: Several = (),
            state: str | None = None,
            older_than: float | str | None = None,
            younger_than: float | str | None = None,
            cgroup: Several = (),
            unit: Several = (),
            exe: Several = (),
            pid: Several = (),
            pidfile: str | None = None,
            env: Several = (),
            port: Several = (),
            min_swap: int | str | None = None,
            min_rss: int | str | None = None,
            newest: bool = False,
            oldest: bool = False,
        ) -> None: ...

    @classmethod
    def _checked(cls, fields: dict[str, Any]) -> dict[str, Any]:
        given = {**fields, **{name: _several(fields[name]) for name in _LISTS}}
        for name in _TEXTS:
            if given[name] is not None and not isinstance(given[name], str):
                raise InvalidInput(f"{name} {given[name]!r} is not a text")
        for name in _NAMES:
            given[name] = tuple(str(value) if isinstance(value, int) else value for value in given[name])
        for name in ("parent", "ancestor", "session"):
            given[name] = tuple(_number(value, name, _LARGEST_PID) for value in given[name])
        given["pid"] = tuple(_pid(value) for value in given["pid"])
        given["port"] = tuple(_number(value, "port", _LARGEST_PORT) for value in given["port"])
        for name in ("older_than", "younger_than"):
            given[name] = None if given[name] is None else duration(given[name], _option(name))
        for name in ("min_swap", "min_rss"):
            given[name] = None if given[name] is None else _size(given[name], name)
        _check_texts(given)
        for text in (given["pattern"], given["name"]):
            if text is not None:
                Pattern(text, **{mode: given[mode] for mode in _MODES}).refuse_if_it_matches_all()
        return given

    @classmethod
    def if_any(cls, options: Mapping[str, Any]) -> Selector | None:
        """Return what `from_options` does, None if no option says anything of processes: then all are meant."""
        is_any = any(options.get(name) not in (None, False) for name in cls._fields)
        return cls.from_options(options) if is_any else None

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Selector:
        """Return the selector that a command line's or a module's options mean: there *name* is a switch."""
        given = {field: options[field] for field in cls._fields if field != "name" and options.get(field) is not None}
        if options.get("name"):
            if "pattern" not in given:
                raise InvalidInput("name says how to read a pattern, and there is none", hint="give a pattern")
            given["name"] = given.pop("pattern")
        return cls(**given)

    @property
    def narrowing(self) -> tuple[str, ...]:
        """The names of the fields that narrow the choice, beside the patterns."""
        return tuple(
            name
            for name in self._fields
            if name not in {"pattern", "name", *_HOW} and self.__dict__[name] not in (None, ())
        )

    @property
    def named(self) -> bool:
        """Whether certain processes are meant, and not whatever matches: others that match later are not theirs.

        So it is with relatives as well: the number that they are told by can be somebody else's by then.
        """
        relatives = self.parent or self.ancestor or self.session
        return bool(self.pid or self.pidfile is not None or self.newest or self.oldest or relatives)

    def patterns(self) -> tuple[Pattern | None, Pattern | None]:
        """Return what the command line or name has to match, and what the name has to."""
        modes = {mode: self.__dict__[mode] for mode in _MODES}
        whole, name = (None if text is None else Pattern(text, **modes) for text in (self.pattern, self.name))
        return whole, name


def _check_texts(given: Mapping[str, Any]) -> None:
    patterned = given["pattern"] is not None or given["name"] is not None
    if not patterned and all(given[name] in (None, ()) for name in _criteria()):
        message = "nothing says which processes are meant"
        raise InvalidInput(message, hint="give a PATTERN, or a selector such as --user or --pidfile")
    if given["invert"] and not patterned:
        raise InvalidInput("invert has no pattern to invert", hint="give a PATTERN, or leave --invert out")
    modes = [_option(mode) for mode in _MODES if given[mode]]
    if modes and not patterned:
        raise InvalidInput(f"{modes[0]} says how to read a pattern, and there is none", hint="give a PATTERN")
    if given["newest"] and given["oldest"]:
        raise InvalidInput("newest and oldest cannot both be meant", hint="give --newest or --oldest")
    unknown = sorted(set(given["state"] or "") - {*STATES, ",", " "})
    if unknown or (given["state"] is not None and not given["state"].strip(", ")):
        message = f"--state: {given['state']!r} has no such letter"
        raise InvalidInput(message, hint=f"allowed are the letters {' '.join(STATES)}, several together or with commas")
    for name in _NAMES:
        if not all(str(value).partition("=")[0].strip() for value in given[name]):
            raise InvalidInput(f"{_option(name)} is empty", hint=f"name one, or leave {_option(name)} out")
    if given["pidfile"] == "":
        raise InvalidInput("--pidfile is empty", hint="name a file, or leave --pidfile out")


def _criteria() -> tuple[str, ...]:
    """Return the names of the fields that say something about a process."""
    return tuple(name for name in Selector._fields if name not in _HOW)


def _several(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 (one value or several, from anybody)
    if value is None:
        return ()
    return tuple(value) if isinstance(value, (list, tuple, set, frozenset)) else (value,)


def _pid(value: object) -> str:
    match = None if isinstance(value, bool) else _PID.fullmatch(str(value).strip())
    if not match or not 0 < int(match.group(1)) <= _LARGEST_PID:
        message = f"{value!r} is not a process id"  # which can stand without an option, too
        raise InvalidInput(message, hint="allowed are whole numbers from 1, or PID:INODE as find shows it")
    return match.group(0)


def _number(value: object, name: str, most: int) -> int:
    written = "" if isinstance(value, bool) else str(value).strip()
    if not (written.isascii() and written.isdigit() and len(written) <= len(str(most)) and 0 < int(written) <= most):
        raise InvalidInput(f"{_option(name)}: {value!r} is outside 1 to {most}", hint="give a whole number")
    return int(written)


def _size(value: object, name: str) -> int:
    try:
        size = parse_size(str(value))
    except InvalidInput:
        size = None
    if size is None or size.relative:
        message = f"{_option(name)}: {value!r} is not a size"
        hint = "allowed are bytes from 1, or a number with K, M, G or T"
        raise InvalidInput(message, hint=hint)
    return size.amount


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
