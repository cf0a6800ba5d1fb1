"""Sizes as people write them. Pure: text in, bytes out, and back."""

from __future__ import annotations

import re

from .errors import InvalidInput
from .record import Record

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

ALLOWED = "bytes, K M G T (powers of 1024), KB MB GB TB (powers of 1000), a percentage of RAM such as 50%, or auto"

_SIZE = re.compile(r"(\d{1,20}(?:\.\d{1,20})?) ?(%|(?:[KMGTP]I?)?B?)", re.IGNORECASE | re.ASCII)
_LETTERS = "KMGTP"
_LARGEST_PERCENTAGE = 1000
_THREE_DIGITS = 100


class Size(Record):
    """How large an area is to be: *amount* bytes, *percent* of RAM, or (both zero) what suits the host."""

    amount: int = 0
    percent: float = 0.0

    @property
    def relative(self) -> bool:
        """Whether the size follows the host's memory, so that a small difference is no difference."""
        return not self.amount

    def bytes(self, memory: int) -> int:
        """Return the size in bytes on a host with *memory* bytes of RAM."""
        if self.amount:
            return self.amount
        if self.percent:
            return int(memory * self.percent / 100)
        return automatic(memory)


def automatic(memory: int) -> int:
    """Return a usual size for a host with *memory* bytes of RAM: as much as RAM, within 1 GiB and 8 GiB."""
    whole = -(-memory // (256 * MIB)) * 256 * MIB
    return min(max(whole, GIB), 8 * GIB)


def parse(text: str | int) -> Size:
    """Return the size that *text* names; InvalidInput says what is allowed."""
    written = str(text).strip()
    if written.lower() == "auto":
        return Size()
    match = _SIZE.fullmatch(written)
    if not match:
        message = f"size {text!r} is not a size"
        raise InvalidInput(message, hint=f"allowed are {ALLOWED}")
    number, unit = match.group(1), match.group(2).upper()
    if unit == "%":
        percent = float(number)
        if not 0 < percent <= _LARGEST_PERCENTAGE:
            message = f"size {text!r} is outside 0% to {_LARGEST_PERCENTAGE}% of RAM"
            raise InvalidInput(message)
        return Size(percent=percent)
    amount = _scaled(number, _factor(unit))
    if not amount:
        message = f"size {text!r} is nothing"
        raise InvalidInput(message, hint="to be rid of an area, remove it")
    return Size(amount)


def human(amount: int) -> str:
    """Return *amount* bytes for a person: three digits at most and a binary unit."""
    value, unit = float(amount), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB", "PiB"):
        if round(abs(value)) < KIB:
            break
        value, unit = value / KIB, larger
    digits = f"{value:.1f}".rstrip("0").rstrip(".") if value < _THREE_DIGITS else f"{value:.0f}"
    return f"{digits} {unit}"


def exact(amount: int) -> str | int:
    """Return *amount* bytes in the largest unit that has it in whole numbers, as `parse` takes it."""
    for unit, factor in (("G", GIB), ("M", MIB), ("K", KIB)):
        if amount % factor == 0:
            return f"{amount // factor}{unit}"
    return amount


def _factor(unit: str) -> int:
    if unit in {"", "B"}:
        return 1
    base = 1000 if unit.endswith("B") and "I" not in unit else 1024
    factor: int = base ** (_LETTERS.index(unit[0]) + 1)
    return factor


def _scaled(number: str, factor: int) -> int:
    whole, _separator, fraction = number.partition(".")
    scale: int = 10 ** len(fraction)
    return int(whole) * factor + int(fraction or "0") * factor // scale
