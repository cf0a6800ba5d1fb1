"""From which area the host wakes up after hibernation, and whether it still would. Pure.

The kernel reads the image from a device and, in a swap file, from an offset: that of the file's first block on the
device, in pages (``Documentation/power/swsusp-and-swap-files.rst``). Whoever makes the file anew moves it.
"""

from __future__ import annotations

import re
import shlex

from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

COMMAND_LINE = "/proc/cmdline"
DEVICE, OFFSET = "/sys/power/resume", "/sys/power/resume_offset"
INITRAMFS = "/etc/initramfs-tools/conf.d/resume"

_DRACUT = re.compile(r"\bresume(_offset)?=([^\s\"']+)")
_NOWHERE = {"", "0:0", "none", "auto"}
_NUMBER = re.compile(r"(\d+):(\d+)")


class Resume(Record):
    """What a host is told to wake up from: *device* as it is written, *offset* in pages, by *source*."""

    source: str
    device: str
    offset: int = 0


class Place(Record):
    """Where an area is: the *device*, as MAJOR:MINOR and by *name*, and the *offset* in pages, None if not known."""

    path: str
    device: str
    name: str
    offset: int | None = 0


class Hibernation(Record):
    """What a host wakes up from, and where that area really is; None is "not known" or "there is none".

    *area* is the one that is meant; *expected_device* and *expected_offset* are what would lead to it. *stale*: what is
    configured does not, for this *reason*.
    """

    source: str
    device: str
    offset: int
    area: str | None = None
    expected_device: str | None = None
    expected_offset: int | None = None
    stale: bool = False
    reason: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        return dict(self.__dict__)


def from_command_line(text: str) -> Resume | None:
    """Return what the kernel's command line says, the last of equals; None if it says nothing, or noresume."""
    words = text.split()
    values = dict(word.partition("=")[::2] for word in words)
    if "noresume" in words or values.get("resume", "") in _NOWHERE:
        return None
    return Resume(COMMAND_LINE, values["resume"].strip('"'), _whole(values.get("resume_offset", "")))


def from_kernel(device: str, offset: str) -> Resume | None:
    """Return what the kernel itself has been told, from the texts of DEVICE and OFFSET."""
    return None if device.strip() in _NOWHERE else Resume(DEVICE, device.strip(), _whole(offset.strip()))


def from_initramfs(text: str) -> Resume | None:
    """Return what the configuration of initramfs-tools says: see initramfs.conf(5), RESUME."""
    values = {}
    for line in text.split("\n"):
        name, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith("#"):
            values[name.strip()] = " ".join(_words(value))
    # A shell reads it: an offset can stand in a line of its own, or behind the device as one more assignment.
    device, *more = values.get("RESUME", "").split() or [""]
    offset = next((word.partition("=")[2] for word in more if word.startswith("resume_offset=")), "")
    return None if device in _NOWHERE else Resume(INITRAMFS, device, _whole(values.get("resume_offset", offset)))


def from_dracut(path: str, text: str) -> Resume | None:
    """Return what a configuration file of dracut adds to the kernel's command line: see dracut.conf(5)."""
    lines = (line for line in text.split("\n") if not line.lstrip().startswith("#"))
    values = {bool(offset): value for line in lines for offset, value in _DRACUT.findall(line)}
    return None if values.get(False, "") in _NOWHERE else Resume(path, values[False], _whole(values.get(True, "")))


def hibernation(resume: Resume, device: Place | None, areas: Iterable[Place]) -> Hibernation:
    """Compare what is configured with where *areas* are; *device* is what it names, as an area if it is one.

    Of several areas on the device the first is taken for the one that is meant, unless another is just there.
    """
    found = Hibernation(resume.source, resume.device, resume.offset)
    if device is None:
        return found.replace(stale=True, reason=f"nothing here is {resume.device}")
    here = [area for area in areas if area.device == device.device]
    at = next((area for area in here if area.offset == resume.offset), here[0] if here else None)
    if at is None:
        return found.replace(stale=True, reason=f"there is no swap area on {resume.device}")
    known = found.replace(area=at.path, expected_device=resume.device, expected_offset=at.offset)
    if at.offset is None or at.offset == resume.offset:
        return known
    return known.replace(stale=True, reason=f"{at.path} begins at {at.offset}, and {resume.offset} is configured")


def parse_number(text: str) -> tuple[int, int] | None:
    """Return the numbers of a device that is written as MAJOR:MINOR."""
    match = _NUMBER.fullmatch(text)
    return (int(match.group(1)), int(match.group(2))) if match else None


def _whole(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:  # a quote without its partner
        return text.split()
