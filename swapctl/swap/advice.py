"""How much swap a host should have, and which kind. Pure: what is known of it in, a layout with reasons out.

Distributions do not agree, and none knows what runs on a host. So this takes the middle of what they say, corrects it
by what the host has been through since it was booted, and tells of each figure where it comes from. What is there is
kept: an area grows or gets company, and is never made smaller.
"""

from __future__ import annotations

from ..errors import InvalidInput
from ..record import Record
from ..sizes import GIB, MIB, exact, human
from .area import LARGEST_PRIORITY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

KINDS = ("auto", "disk", "zram", "both")

_RED_HAT = "Red Hat Enterprise Linux: Managing storage devices, recommended system swap space"
_FEDORA = "Fedora: Changes/SwapOnZRAM"
_GENERATOR = "zram-generator.conf(5), zram-size"
_KUBERNETES = "Kubernetes: kubelet configuration, failSwapOn; Swap memory management"
_SLEEP = "Linux: Documentation/power/swsusp.rst; systemd-hibernate.service(8)"
_FILES = "swapon(8), NOTES"
_PRIORITY = "swapon(2), Priority"
_FSTAB = "fstab(5); swapon(8), --all"
_UNITS = "systemd.swap(5)"
_BTRFS = "btrfs(5), SWAPFILE SUPPORT"
_ZRAM = "Linux: Documentation/admin-guide/blockdev/zram.rst"
_ZSWAP = "Linux: Documentation/admin-guide/mm/zswap.rst"
_VM = "Linux: Documentation/admin-guide/sysctl/vm.rst"
_PSI = "Linux: Documentation/accounting/psi.rst, /proc/pressure/memory"
_VMSTAT = "proc_vmstat(5), since boot"
_MEMINFO = "proc_meminfo(5)"
_QUEUE = "Linux: Documentation/ABI/stable/sysfs-block, queue/rotational"
_OURS = "swapctl"

LEAST_RAM = 16 * MIB
STEP = 256 * MIB
SMALL = 2 * GIB
MEDIUM = 8 * GIB
LARGE = 64 * GIB
ENOUGH = 4 * GIB
_ZRAM_UP_TO = 4 * GIB  # of RAM: such hosts are advised to have zram before the disk
_MOST_ZRAM = 8 * GIB
_MOST_ZRAM_BEFORE_DISK = 4 * GIB
_MOST = 16 * GIB  # that what happened since boot alone makes of a figure
_SAME_ENOUGH = 8  # an eighth less than advised is no reason to change anything
_NEARLY_FULL = 4  # a quarter or less of swap is free
_PRESSED = 10.0  # percent of five minutes in which all tasks waited
_PRIORITY_BEFORE_DISK = 100
_ALGORITHMS = ("zstd", "lz4", "lzo-rle")


class Wish(Record):
    """What somebody wants of it: to hibernate, and *kind*, one of KINDS."""

    hibernation: bool = False
    kind: str = "auto"

    @classmethod
    def _checked(cls, fields: dict[str, Any]) -> dict[str, Any]:
        if fields["kind"] not in KINDS:
            raise InvalidInput(f"kind {fields['kind']!r} is not one of {', '.join(KINDS)}")
        if fields["hibernation"] and fields["kind"] == "zram":
            raise InvalidInput(
                "kind zram is in memory, so the host could not hibernate to it", hint="take disk or both"
            )
        return fields


class Site(Record):
    """A place for a new swap file: its *path*, the *type* of its file system and how much is *free* there.

    *obstacle*: why there can be none, or nothing. *rotates*: whether its disk does, None if that is not known.
    *subvolume*: the file gets a btrfs subvolume of its own.
    """

    path: str
    type: str
    free: int
    obstacle: str = ""
    rotates: bool | None = None
    subvolume: bool = False


class Present(Record):
    """An area that is there: as an *item* of a layout, its *kind* (file, device or zram), *size* and what is *used*.

    *room*: how much is free on the file system of a file that can grow, 0 for all others.
    """

    item: Mapping[str, Any]
    kind: str
    size: int
    used: int = 0
    room: int = 0

    @property
    def name(self) -> str:
        """What the layout calls it."""
        return str(self.item.get("path") or self.item.get("zram"))


class Zram(Record):
    """The zram device that a new area would be on: *obstacle* is why there can be none, or nothing.

    *persist*: what has such areas come back at boot.
    """

    name: str = "zram0"
    algorithms: tuple[str, ...] = ()
    persist: str = "systemd"
    obstacle: str = ""


class Activity(Record):
    """What has happened since boot, in bytes, processes and percent; None is "not known here"."""

    swapped_in: int | None = None
    swapped_out: int | None = None
    oom_kills: int | None = None
    stalled: float | None = None  # share of the last five minutes in which all tasks waited, in percent
    waited: float | None = None  # seconds since boot in which some did
    committed: int | None = None

    @property
    def told(self) -> str:
        """All of it in words."""
        parts = [
            f"{human(self.swapped_out)} went to swap" if self.swapped_out is not None else "",
            f"{human(self.swapped_in)} came back" if self.swapped_in is not None else "",
            f"{self.oom_kills} processes were killed for want of memory" if self.oom_kills is not None else "",
            f"programs waited {self.waited:.0f} s for memory" if self.waited is not None else "",
        ]
        return ", ".join(part for part in parts if part)


class Situation(Record):
    """All that is to be known of a host. *persist*: what has a new file come back at boot.

    *forbidden*: why no swap can be turned on here, or nothing. *kubelet*: it runs, and is not told to bear swap.
    *resumes*: the host is told to wake up from an area. *zswap*: it is on. *settings*: what the host's layout has of
    zswap and tuning.
    """

    ram: int
    available: int = 0
    swap_used: int = 0
    swap_total: int = 0
    present: tuple[Present, ...] = ()
    sites: tuple[Site, ...] = ()
    zram: Zram = Zram()
    zswap: bool = False
    activity: Activity = Activity()
    persist: str = "fstab"
    forbidden: str = ""
    kubelet: bool = False
    resumes: bool = False
    settings: Mapping[str, Any] = {}


class Reason(Record):
    """One figure or choice: what it is *about*, its *value*, *why*, and the *source* of that; *unit*: bytes or none."""

    about: str
    value: int | str
    why: str
    source: str
    unit: str = ""

    def __str__(self) -> str:
        value = human(int(self.value)) if self.unit else self.value
        return f"{self.about}: {value}: {self.why} [{self.source}]"

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        return dict(self.__dict__)


class Advice(Record):
    """A *layout*, as `layout.parse` takes it, the *reasons* for it, and *remarks* on what it cannot do."""

    layout: dict[str, Any]
    reasons: tuple[Reason, ...] = ()
    remarks: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the documented JSON form."""
        reasons = [one.to_dict() for one in self.reasons]
        return {"layout": self.layout, "reasons": reasons, "remarks": list(self.remarks)}


def advise(known: Situation, wish: Wish) -> Advice:
    """Return what a host should have."""
    return _Adviser(known, wish).advice()


def usual(ram: int) -> tuple[int, str]:
    """Return how much swap is usual on a disk for *ram*, and why."""
    if ram <= SMALL:
        return 2 * ram, f"twice the RAM, where that is no more than {human(SMALL)}"
    if ram <= MEDIUM:
        return ram, f"as much as RAM, where that is no more than {human(MEDIUM)}"
    beyond = "they hold what is not used again, and more comes back too slowly to help"
    if ram <= LARGE:
        return ENOUGH, f"the least that is recommended: {beyond}"
    return ENOUGH, f"the least that is recommended, above {human(LARGE)} as well: {beyond}"


def whole(size: int, step: int = 0) -> int:
    """Return *size* rounded up to whole *step*s or, without one, to what people would write: an eighth more at most."""
    step = step or _step(size)
    return -(-size // step) * step


def _step(size: int) -> int:
    if size > MEDIUM:
        return GIB
    eighth = max(size // 8, MIB)
    return min(STEP, 1 << (eighth.bit_length() - 1))


class _Adviser:
    """One piece of advice in the making."""

    def __init__(self, known: Situation, wish: Wish) -> None:
        self.known = known
        self.wish = wish
        self.ram = whole(known.ram)
        self.items: list[dict[str, Any]] = [dict(one.item) for one in known.present]
        self.reasons: list[Reason] = []
        self.remarks: list[str] = []
        self.settings: dict[str, Any] = {name: dict(value) for name, value in known.settings.items()}
        self.more = 0  # than is there, on disks
        self.has_only_zram = False

    def advice(self) -> Advice:
        none = self._none()
        if none is not None:
            return Advice({"swap": none}, tuple(self.reasons), tuple(self.remarks))
        self._observe()
        amount = self._amount()
        self._keep()
        self._provide(amount)
        self._tune()
        return Advice({"swap": {"areas": self.items, **self.settings}}, tuple(self.reasons), tuple(self.remarks))

    def _none(self) -> dict[str, Any] | None:
        known = self.known
        if known.forbidden:
            why = f"no swap can be turned on here: {known.forbidden}; it is the host's to have"
            self._reason("swap", "as it is", why, "swapon(2), EPERM")
            return {"areas": []}
        if known.kubelet and not known.swap_total:
            why = "kubelet runs here, and does not start where there is swap unless it is told to bear it"
            self._reason("swap", "none", why, _KUBERNETES)
            return {"exclusive": True, "areas": []}
        return None

    # how much

    def _observe(self) -> None:
        """Tell what the host has been through, and what of that no swap can help."""
        seen = self.known.activity
        if seen.told:
            self._reason(
                "since boot",
                "swap was used" if seen.swapped_out else "swap was not used",
                seen.told,
                f"{_VMSTAT}; {_PSI}",
            )
        if seen.stalled is not None and seen.stalled >= _PRESSED:
            self.remarks.append(
                f"for {seen.stalled:g}% of the last five minutes everything waited for memory: more swap only draws "
                f"that out; it takes more RAM or less work ({_PSI})"
            )
        if self.known.resumes and not self.wish.hibernation:
            self.remarks.append(
                "the host is told to wake up from an area after hibernation: with --hibernation, that has its room"
            )
        if self.known.kubelet:
            self.remarks.append(
                f"kubelet runs here with swap, so it bears it; none is what it expects without that ({_KUBERNETES})"
            )

    def _amount(self) -> int:
        size, why = usual(self.ram)
        taken = f", taken for {human(self.ram)}: the kernel keeps some to itself" if self.ram > self.known.ram else ""
        self._reason("usual", size, f"{why}; there are {human(self.known.ram)}{taken}", _RED_HAT)
        for raised, reason, source in self._raises(size):
            if raised > size:
                size = raised
                self._reason("raised", size, reason, source)
        return size

    def _raises(self, size: int) -> Iterator[tuple[int, str, str]]:
        known, seen = self.known, self.known.activity
        if known.swap_used:
            needed = whole(known.swap_used + known.swap_used // 2)
            yield needed, f"{human(known.swap_used)} are in use now, and half as much again is to be free", _MEMINFO
        committed = seen.committed or 0
        if committed > self.ram:
            why = (
                f"programs were promised {human(committed)}, more than there is RAM; so far they may never touch it all"
            )
            yield min(whole(committed - self.ram), max(_MOST, size)), why, f"{_MEMINFO}, Committed_AS"
        is_full = known.swap_used * _NEARLY_FULL >= known.swap_total * (_NEARLY_FULL - 1)
        if seen.oom_kills and is_full:
            why = (
                f"the kernel has killed {seen.oom_kills} processes for want of memory, limits of control groups "
                "included, and swap is full or not there"
            )
            yield min(whole(size + size // 2), max(_MOST, size)), why, f"{_VMSTAT}, oom_kill"

    # what is there

    def _keep(self) -> None:
        for one, item in zip(self.known.present, self.items):
            used = f", of which {human(one.used)} are in use" if one.used else ""
            self._reason(one.name, one.size, f"is there already, and is kept{used}", _OURS)
            self._have_back(one, item)

    def _have_back(self, one: Present, item: dict[str, Any]) -> None:
        """Have an area come back at boot that would not."""
        if "noauto" in item.get("options", ()):
            self.remarks.append(f"{one.name} is gone after a reboot: /etc/fstab has it with noauto ({_FSTAB})")
        if item.get("persist") != "none":
            return
        persist = self.known.zram.persist if one.kind == "zram" else self.known.persist
        if persist == "none":
            self.remarks.append(f"{one.name} is gone after a reboot: nothing here could turn it on at boot")
            return
        item["persist"] = persist
        why = f"nothing turns {one.name} on at boot, so it would be gone after a reboot"
        self._reason("persist", persist, why, _FSTAB if persist == "fstab" else _UNITS)

    def _provide(self, amount: int) -> None:
        if self.wish.hibernation:
            self._provide_for_sleep(amount)
        kind = self.wish.kind
        counted = [one.size for one in self.known.present if one.kind != "zram" or kind in {"auto", "zram"}]
        has = sum(counted) + self.more
        is_enough = has + amount // _SAME_ENOUGH >= amount
        if is_enough and kind in {"auto", "disk"}:
            if not self.more:
                self._reason("enough", has, f"what is there is about the {human(amount)} advised, or more", _OURS)
            return
        zram, disk = self._kinds()
        if disk and not is_enough and not self._grow(amount - has) and not self._add(amount - has):
            self.remarks.append("there is no room on a disk for a swap file: " + "; ".join(self._why_not()))
            zram = zram or (kind == "auto" and not self.known.zram.obstacle and not self._has_zram)
        if zram:
            self._add_zram(before_disk=any("path" in item for item in self.items))
        if not self.items:
            self.remarks.append("so this host stays without swap")

    @property
    def _has_zram(self) -> bool:
        return any(one.kind == "zram" for one in self.known.present)

    def _kinds(self) -> tuple[bool, bool]:
        """Return whether to make an area in zram, and whether to make or enlarge one on a disk."""
        kind, zram = self.wish.kind, self.known.zram
        if kind in {"zram", "both"}:
            if zram.obstacle and not self._has_zram:
                self.remarks.append(f"no area in zram: {zram.obstacle}")
            return not zram.obstacle and not self._has_zram, kind == "both"
        if kind == "disk" or self._has_zram:
            return False, True
        before_disk, why, source = self._of_this_host()
        self._reason("kind", "zram, then disk" if before_disk else "disk", why, source)
        return before_disk, True

    def _of_this_host(self) -> tuple[bool, str, str]:
        """Return whether an area in zram, before one on a disk, suits the host, why, and the source of that."""
        known, site = self.known, self._site()
        back = known.activity.swapped_in or 0
        cases = (
            (known.zswap, False, "zswap is on, and compresses before the disk what zram would", _ZSWAP),
            (bool(known.zram.obstacle), False, f"there can be no zram: {known.zram.obstacle}", _ZRAM),
            (
                self.ram <= _ZRAM_UP_TO,
                True,
                f"up to {human(_ZRAM_UP_TO)} of RAM swap is often in use, and compressed RAM is faster than a disk",
                f"{_OURS}; {_FEDORA}",
            ),
            (
                back > self.ram,
                True,
                f"{human(back)} came back from swap since boot, and from compressed RAM they come faster",
                f"{_VMSTAT}, pswpin",
            ),
            (
                site is not None and site.rotates is True,
                True,
                "the disk rotates, and each page that comes back costs a seek",
                _QUEUE,
            ),
            (True, False, "what is hardly ever used leaves RAM altogether, which in zram it does not", _ZRAM),
        )
        return next((before, why, source) for holds, before, why, source in cases if holds)

    # on a disk

    def _site(self) -> Site | None:
        return next((one for one in self.known.sites if not one.obstacle and self._room(one.free) >= STEP), None)

    def _room(self, free: int) -> int:
        """Return how much of what is *free* swap may take: a disk that is full stops more than swap helps."""
        step = _step(free // 2)
        return free // 2 // step * step

    def _why_not(self) -> list[str]:
        told = [
            f"{one.path}: {one.obstacle or f'{human(one.free)} are free, of which it would take at most half'}"
            for one in self.known.sites
        ]
        return told or ["no file system was found that holds one"]

    def _grow(self, more: int) -> bool:
        """Enlarge a file that is there, if it can be turned off for that, and return whether one could be."""
        files = sorted(self.known.present, key=lambda one: -one.size)
        return any(self._grow_to(one, whole(one.size + more, MIB)) for one in files)

    def _grow_to(self, one: Present, wanted: int) -> bool:
        more = wanted - one.size
        stays = max(self.ram // 25, 64 * MIB)
        fits_elsewhere = not one.used or one.used + stays <= self.known.available
        if one.kind != "file" or not 0 < more <= self._room(one.room) or not fits_elsewhere:
            return False
        self.items[self.known.present.index(one)]["size"] = exact(wanted)
        self.more += more
        self._reason(one.name, wanted, f"grows by {human(more)}; {human(one.room)} are free there", _FILES)
        return True

    def _add(self, more: int, least: int = STEP) -> bool:
        """Add a file of *more* bytes, or as near to that as there is room, but not below *least* unless *more* is."""
        for site in self.known.sites:
            size = min(whole(more), self._room(site.free))
            if site.obstacle or size < min(least, whole(more)):
                continue
            item: dict[str, Any] = {"path": site.path, "size": exact(size)}
            short = f", less than the {human(more)} that are missing" if size < more else ""
            why = f"a file on {site.type}, where {human(site.free)} are free; it takes at most half of that{short}"
            self._reason(site.path, size, why, _FILES)
            if site.subvolume:
                item["subvolume"] = True
                self._reason(
                    "subvolume", site.path.rpartition("/")[0], "else nothing around it can be snapshotted", _BTRFS
                )
            if self.known.persist != "fstab":
                item["persist"] = self.known.persist
            self.items.append(item)
            self.more += size
            self._tell_disk(site)
            return True
        return False

    def _tell_disk(self, site: Site) -> None:
        if site.rotates is None:
            return
        word = "rotates" if site.rotates else "does not rotate"
        why = (
            "many pages read back at once make the host wait"
            if site.rotates
            else "a page is read back in well under a millisecond"
        )
        self._reason("disk", word, why, _QUEUE)

    def _provide_for_sleep(self, amount: int) -> None:
        """Have one area on a disk that holds all of RAM besides what is swapped: an image goes to one area."""
        needed = whole(self.ram + amount)
        if self.ram > LARGE:
            self.remarks.append(
                f"hibernation is not recommended above {human(LARGE)} of RAM: to write it all takes long ({_RED_HAT})"
            )
        why = f"one area for the {human(self.ram)} of RAM, besides what is in swap then: an image goes to one area"
        self._reason("hibernation", needed, why, _SLEEP)
        on_disk = sorted((one for one in self.known.present if one.kind != "zram"), key=lambda one: -one.size)
        if any(one.size + needed // _SAME_ENOUGH >= needed for one in on_disk):
            return
        if any(self._grow_to(one, needed) for one in on_disk) or self._add(needed, least=needed):
            self.remarks.append(
                "set resume= and resume_offset= to that area, and make the initial RAM disk anew; swapctl doctor tells "
                "whether they are right"
            )
            return
        room = "; ".join(self._why_not())
        self.remarks.append(f"the host cannot hibernate: no area of {human(needed)} fits on a disk: {room}")

    # in compressed RAM

    def _add_zram(self, *, before_disk: bool) -> None:
        zram = self.known.zram
        if before_disk:
            size = min(whole(self.ram // 2, MIB), _MOST_ZRAM_BEFORE_DISK)
            why = f"half of RAM, at most {human(_MOST_ZRAM_BEFORE_DISK)}, besides what is on the disk"
            self._reason(zram.name, size, why, _GENERATOR)
        else:
            size = min(self.ram, _MOST_ZRAM)
            why = f"as much as RAM, at most {human(_MOST_ZRAM)}: when it is full it takes a half or a third of that"
            self._reason(zram.name, size, why, _FEDORA)
        item: dict[str, Any] = {"zram": zram.name, "size": exact(size), "priority": self._priority()}
        algorithm = next((one for one in _ALGORITHMS if one in zram.algorithms), None)
        if algorithm:
            item["algorithm"] = algorithm
            why = f"of {', '.join(zram.algorithms)}: the first of {', '.join(_ALGORITHMS)} that the kernel offers"
            self._reason("algorithm", algorithm, why, _ZRAM)
        if zram.persist != "systemd":
            item["persist"] = zram.persist
            self.remarks.append(f"nothing makes {zram.name} at boot: this host has no systemd")
        self.items.append(item)
        self.has_only_zram = not before_disk

    def _priority(self) -> int:
        """Return a priority above those of all areas that are there, as far as there is one."""
        set_already = {one.name: one.item.get("priority", -1) for one in self.known.present}
        first = max(set_already, key=lambda name: set_already[name], default="")
        highest = set_already.get(first, -1)
        if highest < _PRIORITY_BEFORE_DISK:
            priority, why = _PRIORITY_BEFORE_DISK, "filled before what is on a disk, which has a lower one or none set"
        elif highest < LARGEST_PRIORITY:
            priority, why = highest + 1, f"filled before {first}, which has {highest}"
        else:
            priority, why = highest, f"the highest that there is; {first} has it, too, so they are filled in turn"
            self.remarks.append(f"to have zram filled first, give {first} a priority below {highest}")
        self._reason("priority", priority, why, _PRIORITY, unit="")
        return priority

    def _tune(self) -> None:
        """Have swap in RAM alone used as readily as the cache is dropped, and read page by page."""
        if not self.has_only_zram:
            return
        if self.known.zswap:
            self.settings["zswap"] = {**self.settings.get("zswap", {}), "enabled": False}
            self._reason("zswap", "off", "else pages are compressed twice, and the old ones keep zram full", _ZSWAP)
        tuning = self.settings.setdefault("tuning", {})
        for key, value, why in (
            ("swappiness", 100, "where swap is in RAM, it costs no more than to read a file again"),
            ("page_cluster", 0, "where there is no disk, to read pages ahead saves nothing"),
        ):
            if key not in tuning:
                tuning[key] = value
                self._reason(key, value, why, _VM, unit="")

    def _reason(self, about: str, value: int | str, why: str, source: str, unit: str = "bytes") -> None:
        self.reasons.append(Reason(about, value, why, source, unit if isinstance(value, int) else ""))
