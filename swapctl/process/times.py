"""Times as people write them. Pure: text in, seconds out, and back."""

from __future__ import annotations

import math
import re

from ..errors import InvalidInput

_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_NUMBER, _UNIT = r"\d{1,12}(?:\.\d{1,9})?", r"ms|s|min|m|h|d|w"
_TIME = re.compile(rf"{_NUMBER}|(?:{_NUMBER}(?:{_UNIT}))+", re.ASCII)
_PART = re.compile(rf"({_NUMBER})({_UNIT}|)", re.ASCII)
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_LONGEST = 36500 * _DAY  # the system's own timers end after 292 years


def duration(text: str | float, what: str) -> float:
    """Return the seconds that a time such as ``500ms``, ``10s``, ``1h30m`` or a bare number names."""
    seconds = _seconds(text)
    if seconds is None:
        message = f"{what}: {text!r} is not a time"
        raise InvalidInput(message, hint="allowed are seconds, or a number with ms, s, m, h, d or w, such as 1h30m")
    if seconds > _LONGEST:
        raise InvalidInput(f"{what}: {text!r} is too long", hint=f"allowed are up to {_LONGEST // _DAY}d")
    return seconds


def _seconds(text: str | float) -> float | None:
    if isinstance(text, (int, float)) and not isinstance(text, bool) and 0 <= text < math.inf:
        return float(text)
    written = str(text).strip()
    if not _TIME.fullmatch(written):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(written))


def human(seconds: float) -> str:
    """Return a time for a person: its two largest units."""
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m{whole % _MINUTE:02}s"
    if whole < _DAY:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02}m"
    return f"{whole // _DAY}d{whole % _DAY // _HOUR:02}h"
