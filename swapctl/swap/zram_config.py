"""What has a zram device made at boot: systemd-zram-generator's configuration, or a unit of ours. Pure.

Formats: zram-generator.conf(5), systemd.service(5). What is not ours keeps its bytes and its place.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..sizes import Size

CONTROL = "/sys/class/zram-control"
GENERATOR = "zram-generator"
GENERATORS = (
    "/etc/systemd/system-generators",
    "/usr/local/lib/systemd/system-generators",
    "/usr/lib/systemd/system-generators",
    "/lib/systemd/system-generators",
)
# Where the generator looks for its file, the first that is there, and for its fragments, the last of one name.
PLACES = ("/run/systemd", "/etc/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd")
FILE = "zram-generator.conf"
OWN_DIRECTORY = f"/etc/systemd/{FILE}.d"
# Options that make something else of the device, or overrule its size wherever that is given.
ELSEWISE = ("fs-type", "mount-point", "zram-fraction", "max-zram-size", "writeback-device")
LIMITS = ("host-memory-limit", "memory-limit")

# Services of others that make zram devices: what they are, and whether it is the first one alone.
OWNERS = {
    "zramswap.service": ("zram-tools", True),
    "zram-config.service": ("zram-config", False),
    "zram-swap.service": ("zram-swap", False),
    "zram.service": ("zram", False),
    "zramd.service": ("zramd", False),
    "armbian-zram-config.service": ("Armbian", False),
}

_MARK = "# Made by swapctl, which changes this section alone: see swapctl(8)."
_UNIT_MARK = "# Made by swapctl, which writes it anew and removes it: see swapctl(8)."
_MIB = 1 << 20
_HEADER = re.compile(r"[ \t]*\[([^\]]*)\]")
_SETTING = re.compile(r"[ \t]*([A-Za-z][A-Za-z0-9-]*)[ \t]*=[ \t]*(.*?)[ \t\r]*")


def settings(text: str, section: str) -> dict[str, str] | None:
    """Return what *text* sets in *section*, None if it has no such section."""
    lines = text.split("\n")
    spans = _spans(lines, section)
    if not spans:
        return None
    found = {}
    for start, end in spans:
        for line in lines[start + 1 : end]:
            match = _SETTING.fullmatch(line)
            if match:
                found[match.group(1)] = match.group(2)
    return found


def combined(texts: Iterable[str], section: str) -> dict[str, str] | None:
    """Return what *texts*, each overriding those before it, set in *section* together; None if none has it."""
    found = [one for one in (settings(text, section) for text in texts) if one is not None]
    return {key: value for one in found for key, value in one.items()} if found else None


def edit(text: str | None, section: str, values: Mapping[str, str] | None) -> str | None:
    """Return *text* in which *section* sets *values* and nothing else, or (None) sets nothing and is gone.

    Every other section, and every comment, keeps its bytes. None is for a file that is not there, or has nothing left.
    """
    lines = (text if text is not None else f"{_MARK}\n").split("\n")
    spans = _spans(lines, section)
    if values is None:
        if not spans:
            return text
        gone = {number for start, end in spans for number in range(start, end) if _is_setting(lines, number, start)}
        return _unless_empty([line for number, line in enumerate(lines) if number not in gone])
    if not spans:
        added = [f"[{section}]", *(_setting(key, value) for key, value in values.items()), ""]
        kept = lines[:-1] if lines[-1] == "" else lines
        return "\n".join([*kept, *added])
    return "\n".join(_with_values(lines, spans, values))


def expression(size: Size) -> str:
    """Return *size* as the generator computes it: in MiB, where ``ram`` is what the host has."""
    if not size.relative:
        return str(size.amount // _MIB) if size.amount % _MIB == 0 else f"{size.amount} / {_MIB}"
    percent = size.percent or 50.0
    return f"ram * {percent:.15g} / 100"


def sys_path(number: int) -> str:
    """Return the directory in which the kernel shows a device."""
    return f"/sys/block/zram{number}"


def own_name(number: int) -> str:
    """Return the name of the fragment of ours for a device, after those that most others give to theirs."""
    return f"90-swapctl-zram{number}.conf"


def own_path(number: int) -> str:
    """Return the path of that fragment."""
    return f"{OWN_DIRECTORY}/{own_name(number)}"


def generator_service(number: int) -> str:
    """Return the name of the generator's unit that sets a device up."""
    return f"systemd-zram-setup@zram{number}.service"


def service_name(number: int) -> str:
    """Return the name of the unit of ours that sets a device up."""
    return f"swapctl-zram{number}.service"


def service(number: int, size: int, *, algorithm: str = "", limit: int = 0, label: str = "", uuid: str = "") -> str:
    """Return the text of a unit that makes a device and formats it, for the swap unit that uses it.

    It does so in the kernel's order, and leaves a device alone that is in use already. What the shell is given holds
    nothing but numbers and the name of an algorithm.
    """
    device, sys = f"/dev/zram{number}", sys_path(number)
    reset = f"until echo 1 > {sys}/reset; do sleep 0.2; done"
    names = (["-L", _quoted(label)] if label else []) + (["-U", uuid] if uuid else [])
    lines = [
        _UNIT_MARK,
        "[Unit]",
        f"Description=Compressed RAM for the swap area {device}",
        "Documentation=man:swapctl(8)",
        "DefaultDependencies=no",
        "After=systemd-modules-load.service systemd-udevd.service",
        f"Before=dev-zram{number}.swap",
        "ConditionVirtualization=!container",
        "",
        "[Service]",
        "Type=oneshot",
        "RemainAfterExit=yes",
        "TimeoutSec=30",
        f"ExecCondition=awk '$$1 == \"{device}\" {{ exit 1 }}' /proc/swaps",
        "ExecStart=-modprobe zram num_devices=1",
        # The kernel gives the lowest number that is free.
        f"ExecStart=sh -c 'until test -e {sys}; do read -r added < {CONTROL}/hot_add || exit 1; done'",
        f"ExecStart=sh -c '{reset}'",
        *([f"ExecStart=-sh -c 'echo {algorithm} > {sys}/comp_algorithm'"] if algorithm else []),
        *([f"ExecStart=sh -c 'echo {limit} > {sys}/mem_limit'"] if limit else []),
        f"ExecStart=sh -c 'echo {size} > {sys}/disksize'",
        f"ExecStart={' '.join(['mkswap', *names, '--', device])}",
        f"ExecStop=sh -c '{reset}'",
        "NoNewPrivileges=yes",
        "ProtectHome=yes",
        "ProtectSystem=strict",
        "PrivateNetwork=yes",
        "RestrictAddressFamilies=AF_UNIX",
        "RestrictRealtime=yes",
        "LockPersonality=yes",
        "MemoryDenyWriteExecute=yes",
        "CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SYS_MODULE CAP_DAC_OVERRIDE",
        "",
        "[Install]",
        f"RequiredBy=dev-zram{number}.swap",
        "",
    ]
    return "\n".join(lines)


def service_size(text: str) -> int | None:
    """Return how large a device the unit *text* makes, None if it does not say."""
    match = re.search(r"^ExecStart=sh -c 'echo (\d+) > \S+/disksize'$", text, re.MULTILINE)
    return int(match.group(1)) if match else None


def _quoted(text: str) -> str:
    """Return *text* as one word of a command in a unit (systemd.service(5), COMMAND LINES)."""
    special = {"\\": "\\\\", '"': '\\"', "%": "%%", "$": "$$"}
    return '"' + "".join(special.get(one, one) for one in text) + '"'


def _spans(lines: list[str], section: str) -> list[tuple[int, int]]:
    """Return where *section* begins and ends; what stands right above the next header belongs to that."""
    headers = [
        (number, match.group(1)) for number, line in enumerate(lines) for match in [_HEADER.match(line)] if match
    ]
    ends = [number for number, _name in headers[1:]] + [len(lines)]
    return [
        (start, _without_foreword(lines, start, end)) for (start, name), end in zip(headers, ends) if name == section
    ]


def _without_foreword(lines: list[str], start: int, end: int) -> int:
    while end > start + 1 and not _SETTING.fullmatch(lines[end - 1]):
        end -= 1
    return end


def _is_setting(lines: list[str], number: int, start: int) -> bool:
    return number == start or bool(_SETTING.fullmatch(lines[number]))


def _with_values(lines: list[str], spans: list[tuple[int, int]], values: Mapping[str, str]) -> list[str]:
    """Return *lines* in which the first of *spans* has *values*, each where it stood, and the others have none."""
    left = dict(values)
    result: list[str] = []
    first_start, first_end = spans[0]
    within = {number: start for start, end in spans for number in range(start, end)}
    for number, line in enumerate(lines):
        match = _SETTING.fullmatch(line) if number in within else None
        if number in within and within[number] != first_start and (match or number == within[number]):
            continue  # said once more
        if match and match.group(1) in left:
            key = match.group(1)
            value = left.pop(key)
            result.append(line if match.group(2) == value else _setting(key, value))
        elif not match:
            result.append(line)
        if number == first_end - 1:
            here = len(result)
            while not (_SETTING.fullmatch(result[here - 1]) or _HEADER.match(result[here - 1])):
                here -= 1
            last = [key for key in values if key in left]
            result[here:here] = [_setting(key, left.pop(key)) for key in last]
    return result


def _setting(key: str, value: str) -> str:
    return f"{key} = {value}".rstrip(" ")


def _unless_empty(lines: list[str]) -> str | None:
    text = "\n".join(lines)
    return None if text.strip() in {"", _MARK} else text
