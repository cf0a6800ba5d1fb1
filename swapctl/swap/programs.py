"""What is asked of mkswap, swapon and swapoff, in the words that the one on this host understands.

util-linux has all that is needed. BusyBox has less, and not the same in each build: no UUID for mkswap, and in Debian's
no priority for swapon. What it lacks is done here.
"""

from __future__ import annotations

from ..errors import Failed
from . import explain, header
from .active_facts import active_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..host import LocalHost
    from .partitions import Partition
    from .transaction import Transaction

# <linux/swap.h>, swapon(2)
_PREFER = 0x8000
_DISCARD = {"none": 0, "both": 0x10000, "once": 0x30000, "pages": 0x50000}


def mkswap(host: LocalHost, path: str, size: int, label: str = "", uuid: str = "") -> None:
    """Write the header of an area of *size* bytes, and wait until it is on the disk; raises `Failed`."""
    is_busybox = host.is_busybox("mkswap")
    names = ["-L", label] if label else []
    if uuid and not is_busybox:
        names += ["-U", uuid]
    host.run(["mkswap", *names, "--", host.locate(path), str(size // 1024)])
    if uuid and is_busybox:
        host.write_at(path, header.UUID_OFFSET, header.uuid_bytes(uuid))
    host.sync(path)


def set_type(host: LocalHost, partition: Partition, kind: str) -> None:
    """Have the partition table say that a partition is of *kind*, and wait until udev has taken notice."""
    # The kernel has nothing to do with types: it need not read the table again, and would not while the disk is in use.
    host.run(["sfdisk", "--no-reread", "--no-tell-kernel", "--part-type", partition.disk, str(partition.number), kind])
    if host.stat("/run/udev/control"):
        host.run(["udevadm", "settle", "--timeout=10"])


def swapon(run: Transaction, path: str, priority: int | None, discard: str) -> None:
    """Have the kernel swap to the area at *path*; a negative priority is one that the kernel chose."""
    priority = None if priority is None or priority < 0 else priority
    try:
        if run.host.is_busybox("swapon"):
            run.host.swapon(path, _DISCARD[discard] | (0 if priority is None else _PREFER | priority))
        else:
            given = [] if priority is None else ["--priority", str(priority)]
            policy = {"none": [], "both": ["--discard"]}.get(discard, [f"--discard={discard}"])
            run.host.run(["swapon", *given, *policy, "--", path])
    except Failed as failure:
        if not active_at(run.host, path):
            raise explain.swapon(run.host, path, failure) from failure
        if failure.signal:
            raise
    if not active_at(run.host, path):
        message = f"{path} is not active, though swapon reported no failure"
        raise Failed(message)


def swapoff(run: Transaction, path: str) -> None:
    """Have the kernel leave the area at *path*, if it is active."""
    entry = active_at(run.host, path)
    if not entry:
        return
    report = run.report(f"turning off {path}")

    def tick() -> None:
        now = active_at(run.host, path)
        if report and now and entry.used:
            report(max(entry.used - now.used, 0), entry.used)

    try:
        run.host.run(["swapoff", "--", path], tick=tick if report and entry.used else None)
    except Failed as failure:
        if active_at(run.host, path):
            raise explain.swapoff(path, entry, failure) from failure
        if failure.signal:
            raise
    if active_at(run.host, path):
        message = f"{path} is still active, though swapoff reported no failure"
        raise Failed(message)
