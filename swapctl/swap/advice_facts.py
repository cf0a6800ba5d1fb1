"""Look at what advice about a host is made of, and see whether it could be applied. Changes nothing, runs nothing."""

from __future__ import annotations

import os
import re

from ..errors import InvalidInput, Refused, Unreadable
from ..host import APPEND_ONLY, IMMUTABLE, LocalHost
from . import blocks, filesystem, memory
from .advice import Activity, Advice, Present, Site, Situation, Wish, Zram, advise
from .converge import converge
from .export import export
from .gather import gather
from .hibernation_facts import configured, disks
from .layout import parse
from .zram_facts import gather_zram
from .zswap_facts import is_enabled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .facts import Facts, Target
    from .filesystem import Mount

_NAME = "swapfile"
_SUBVOLUME = "swap"
_HOLDING = {"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"}
# What is mounted there is another's, can be pulled out, or is needed before swap is.
_NOT_BELOW = ("/boot", "/dev", "/efi", "/etc", "/media", "/mnt", "/nix/store", "/proc", "/run", "/snap", "/sys", "/usr")
_CONTAINERS = re.compile(r"/(docker|containers|containerd|kubelet|overlay2)(/|$)")
_VIRTUAL = ("vd", "xvd", "loop")  # they say that they rotate whatever they are made of
_KUBELET = "/var/lib/kubelet/config.yaml"
_BEARS_SWAP = re.compile(r"^failSwapOn:\s*false\b", re.MULTILINE)
_MOST_SITES = 4
_MOST_DEVICES = 16
_UNTRIED = "an ordinary user asked, so it was not tried whether applying this would be refused"
_LITTLE_MEMORY = "how much RAM the host has is not known here"


def advice(host: LocalHost | None = None, wish: Wish | None = None, *, ram: int = 0) -> Advice:
    """Return what *host* should have; *ram*: reckon with this much instead of what it has now."""
    host, wish = host or LocalHost(), wish or Wish()
    known = look(host, ram=ram)
    found = advise(known, wish)
    refusal = _refusal(host, found)
    makes_zram = any(item.get("zram") == known.zram.name for item in found.layout["swap"]["areas"])
    if refusal and makes_zram and not known.zram.obstacle and known.zram.name in refusal:
        found = advise(known.replace(zram=known.zram.replace(obstacle=refusal)), wish)
        refusal = _refusal(host, found)
    if host.live and os.geteuid():
        return found.replace(remarks=(*found.remarks, _UNTRIED))
    return found.replace(remarks=(*found.remarks, f"applying this is refused now: {refusal}")) if refusal else found


def look(host: LocalHost, *, ram: int = 0) -> Situation:
    """Return what is to be known of *host*."""
    exported = export(host)
    swap = exported.document["swap"]
    found = gather(host, groups=False)
    total = ram or found.memory.total
    if not total:
        raise InvalidInput(_LITTLE_MEMORY, hint="give it with --ram, such as 4G")
    present = tuple(_present(host, swap["areas"], found))
    used = sum(target.active.used for target in found.targets if target.active)
    return Situation(
        ram=total,
        available=found.memory.available,
        swap_used=used,
        swap_total=sum(target.active.size for target in found.targets if target.active),
        present=present,
        sites=tuple(_sites(host, {one.name for one in present})),
        zram=_zram(host, found),
        zswap=host.live and is_enabled(host) is True,
        activity=_activity(host, found) if host.live and not ram else Activity(),
        persist=_persist(found),
        forbidden="" if found.uid else found.no_swapon,  # an ordinary user may ask what root is to do
        kubelet=host.live and _runs_kubelet(host),
        resumes=configured(host) is not None,
        settings={name: swap[name] for name in ("zswap", "tuning") if name in swap},
    )


def _refusal(host: LocalHost, found: Advice) -> str:
    if host.live and os.geteuid():
        return ""  # only root is told what would be refused
    try:
        converge(parse(found.layout), dry_run=True, host=host)
    except (InvalidInput, Refused, Unreadable) as refusal:
        return refusal.message
    return ""


# what is there


def _present(host: LocalHost, items: list[dict[str, object]], found: Facts) -> Iterator[Present]:
    for item in items:
        name = str(item.get("path") or f"/dev/{item['zram']}")
        listed = gather(host, [name], groups=False).targets[0]
        target = next((one for one in found.targets if one.identity and one.identity == listed.identity), listed)
        options = item.get("options")
        if not target.active and isinstance(options, list) and "noauto" in options:
            continue
        kind = "zram" if "zram" in item else target.kind
        kept = {key: value for key, value in item.items() if key != "active"}
        yield Present(
            kept,
            kind,
            _size(target),
            target.active.used if target.active else 0,
            target.filesystem.free if kind == "file" and target.filesystem else 0,
        )


def _size(target: Target) -> int:
    if target.zram and target.zram.disksize:
        return target.zram.disksize
    return target.header.size if target.header else target.active.size if target.active else target.size


# where there is room


def _sites(host: LocalHost, taken: set[str]) -> Iterator[Site]:
    mounts = filesystem.parse_mounts(LocalHost().text("/proc/self/mountinfo"))
    others = [one for one in mounts if _is_apt(one)] if host.live else []
    yield _site(host, "/", mounts, taken)
    seen = {mount.device for mount in mounts if mount.point == "/"}
    found = []
    for mount in others:
        if mount.device not in seen:
            seen.add(mount.device)
            found.append(_site(host, mount.point, mounts, taken))
    yield from sorted(found, key=lambda one: -one.free)[:_MOST_SITES]


def _is_apt(mount: Mount) -> bool:
    below = any(mount.point == name or mount.point.startswith(f"{name}/") for name in _NOT_BELOW)
    is_whole = mount.root == "/" or mount.type == "btrfs"  # else a directory is bound there, or a file
    is_others = below or mount.point == "/" or _CONTAINERS.search(mount.point) is not None
    return mount.type in _HOLDING and is_whole and not is_others


def _site(host: LocalHost, directory: str, mounts: tuple[Mount, ...], taken: set[str]) -> Site:
    own = directory.rstrip("/")
    here = gather(host, [f"{own}/{_NAME}"], groups=False).targets[0]
    place = here.filesystem
    if not place:
        return Site(f"{own}/{_NAME}", "", 0, f"{directory} is no directory")
    subvolume = place.type == "btrfs" and host.live and _can_have_subvolume(host, f"{own}/{_SUBVOLUME}")
    base = f"{own}/{_SUBVOLUME}" if subvolume else own
    names = (f"{base}/{_NAME}{number or ''}" for number in (0, *range(2, 100)))
    path = next(name for name in names if name not in taken and host.stat(name) is None)
    return Site(
        path,
        place.type,
        place.free,
        _obstacle(host, here, directory),
        _rotates(host, directory, place, mounts),
        subvolume,
    )


def _can_have_subvolume(host: LocalHost, directory: str) -> bool:
    there = host.stat(directory, follow=True)
    return there is None or gather(host, [f"{directory}/{_NAME}"], groups=False).targets[0].is_subvolume


def _obstacle(host: LocalHost, target: Target, directory: str) -> str:
    place = target.filesystem
    if not place:
        return ""
    if host.live and place.unsuitable:
        return place.unsuitable
    if place.read_only:
        return "it is read-only"
    if target.directory_flags & (IMMUTABLE | APPEND_ONLY):
        return "it is immutable or append-only"
    answer = host.query(directory, blocks.FILE_SYSTEM, bytes(1024)) if place.type == "btrfs" else None
    if answer and blocks.devices(answer) > 1:
        return "its btrfs has several devices, which no swap file can be spread over"
    return ""


def _rotates(host: LocalHost, directory: str, place: filesystem.Filesystem, mounts: tuple[Mount, ...]) -> bool | None:
    if not host.live:
        return None
    mount = filesystem.holding(mounts, host.locate(directory, follow=True))
    number = mount.device if mount else ""
    if place.type == "btrfs":  # its number is nobody's disk
        answer = host.query(directory, blocks.FILE_SYSTEM, bytes(1024))
        question = blocks.device_question(blocks.largest_number(answer)) if answer else b""
        answer = host.query(directory, blocks.DEVICE, question) if question else None
        device = host.stat(blocks.device_path(answer), follow=True) if answer else None
        number = f"{os.major(device.st_rdev)}:{os.minor(device.st_rdev)}" if device else ""
    names = disks(host, [number]) if number else set()
    told = {host.text(f"/sys/block/{name}/queue/rotational").strip() for name in names}
    if "1" in told:
        return None if any(name.startswith(_VIRTUAL) for name in names) else True
    return False if told == {"0"} else None


def _persist(found: Facts) -> str:
    if not found.fstab.obstacle and not found.fstab.is_mount_point:
        return "fstab"
    return "systemd" if found.systemd.is_there else "none"


# in compressed RAM


def _zram(host: LocalHost, found: Facts) -> Zram:
    if not host.live:
        return Zram(obstacle="what its kernel has is not known before it runs")
    persist = "systemd" if found.systemd.is_there else "none"
    for number in range(_MOST_DEVICES):
        device = gather_zram(host, f"/dev/zram{number}")
        if device is None or device.disksize:
            continue
        obstacle = "" if device.loadable else "the kernel has none"
        if device.boot.owners:
            obstacle = f"{', '.join(device.boot.owners)} makes such areas already"
        return Zram(device.name, device.algorithms, persist, obstacle)
    return Zram(persist=persist, obstacle=f"{_MOST_DEVICES} devices are in use")


# what has happened, and who is there


def _activity(host: LocalHost, found: Facts) -> Activity:
    events = memory.parse_events(host.text(memory.EVENTS))
    pressure = memory.parse_pressure(host.text(memory.PRESSURE)) or {}
    page = os.sysconf("SC_PAGE_SIZE")
    return Activity(
        swapped_in=events["pswpin"] * page if "pswpin" in events else None,
        swapped_out=events["pswpout"] * page if "pswpout" in events else None,
        oom_kills=events.get("oom_kill"),
        stalled=pressure["full"]["avg300"] if "full" in pressure else None,
        waited=pressure["some"]["total"] / 1e6 if "some" in pressure else None,
        committed=found.promised.amount or None,
    )


def _runs_kubelet(host: LocalHost) -> bool:
    """Whether a kubelet runs that is not told to start where there is swap."""
    if _BEARS_SWAP.search(host.text(_KUBELET)):
        return False
    return any(name.isdecimal() and host.text(f"/proc/{name}/comm") == "kubelet\n" for name in host.list("/proc"))
