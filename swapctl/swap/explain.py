"""Find out why the kernel said no, and what helps. swapon(2) and swapoff(2) answer a dozen causes with four numbers."""

from __future__ import annotations

from .. import host as hosts
from .. import sizes
from ..errors import Failed
from .gather import gather

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..host import LocalHost
    from .facts import Facts, Target
    from .table import Entry

_KILLED = -9
_NO_MEMORY = 2  # swapoff(8), EXIT STATUS
_TOO_MANY = 20  # the kernel takes 32 less what its configuration reserves: 23 to 29 in practice (swapon(2), NOTES)


def swapon(host: LocalHost, path: str, failure: Failed) -> Failed:
    """Return *failure* with its cause named, as far as it can be found."""
    if failure.signal:
        return failure
    found = gather(host, [path])
    cause, hint = next(_causes(found, found.target(path), failure), ("", ""))
    message = f"{path} could not be turned on: {cause or failure.message}"
    return Failed(message, hint=hint or failure.hint or "dmesg may say why", code=failure.code)


def swapoff(path: str, entry: Entry, failure: Failed) -> Failed:
    """Return *failure* with its cause named, as far as it can be found."""
    if failure.signal:
        return failure
    message, hint = failure.message, failure.hint
    killed = failure.code == _KILLED and entry.used > 0  # by the kernel, whose first choice it is when memory runs out
    out_of_memory = failure.code == _NO_MEMORY or killed or "Cannot allocate memory" in message
    if out_of_memory:
        message = f"what it holds ({sizes.human(entry.used)}) found no room in memory"
        hint = "end what uses memory, or add another area first"
    elif _says(failure, "Operation not permitted", "Not superuser"):
        message, hint = f"the kernel does not permit it ({message})", "look for chattr +i on the file, and for seccomp"
    elif _says(failure, "Invalid argument"):  # of an area that is listed, the kernel says so while it is emptied
        message, hint = (
            "somebody else is turning it off already",
            "wait until swapon --show lists it no more, and run again",
        )
    return Failed(f"{path} could not be turned off: {message}", hint=hint, code=failure.code)


def _causes(found: Facts, target: Target, failure: Failed) -> Iterator[tuple[str, str]]:
    if failure.code == hosts.NOT_INSTALLED:
        yield failure.message, failure.hint
    if _says(failure, "Device or resource busy"):
        yield "it is in use already, perhaps under another name or from a container", "see swapon --show and lsblk"
    if _says(failure, "Cannot allocate memory"):
        yield "the kernel found no memory for the area's map", "make the area smaller or free memory"
    if _says(failure, "Operation not permitted"):
        yield from _not_permitted(found, target)
    if _says(failure, "Invalid argument", "holes", "Input/output error"):
        yield from _not_suitable(found, target)


def _not_permitted(found: Facts, target: Target) -> Iterator[tuple[str, str]]:
    if found.no_swapon:
        yield found.no_swapon, "run it on the host, or give the container CAP_SYS_ADMIN"
    if target.flags & (hosts.IMMUTABLE | hosts.APPEND_ONLY):
        yield "the file is immutable or append-only", f"chattr -i -a {target.path}"
    if len(found.active) >= _TOO_MANY:
        yield f"the kernel takes no more than the {len(found.active)} areas that are active", "turn one off"
    yield "the kernel does not permit it, though this process has CAP_SYS_ADMIN", "look for seccomp or SELinux"


def _not_suitable(found: Facts, target: Target) -> Iterator[tuple[str, str]]:
    place = target.filesystem
    if place and place.unsuitable:
        yield place.unsuitable, "put it on ext4, XFS or btrfs"
    if target.header and target.header.page_size != found.page_size:
        yield f"it was made for pages of {target.header.page_size} bytes, not {found.page_size}", "make it anew"
    if target.header and target.header.size > target.size:
        yield "it is shorter than its header says", "make it anew"
    if place and place.copies_on_write and not target.flags & hosts.NOCOW:
        yield "the file is copy-on-write", "make it anew; it needs chattr +C while it is empty"
    if place and place.copies_on_write:
        yield "btrfs refuses it", "it must be on one device, with single data, uncompressed and without snapshots"
    if target.kind == "file" and target.allocated < target.size:
        yield "the file has holes", "make it anew"
    if place and place.type == "xfs":
        yield "its blocks are shared with another file (a reflink copy), or were never written", "make it anew"


def _says(failure: Failed, *texts: str) -> bool:
    return any(text in failure.message for text in texts)
