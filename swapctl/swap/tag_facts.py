"""Find devices by what they bear: a UUID or a label. Changes nothing, runs nothing."""

from __future__ import annotations

from . import header, units

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..host import LocalHost

DIRECTORIES = {
    "UUID": "/dev/disk/by-uuid",
    "LABEL": "/dev/disk/by-label",
    "PARTUUID": "/dev/disk/by-partuuid",
    "PARTLABEL": "/dev/disk/by-partlabel",
}


def device_with(host: LocalHost, tag: str) -> str:
    """Return the path of the device that bears *tag*, such as UUID=, or nothing."""
    name, _separator, quoted = tag.partition("=")
    value = quoted.strip('"')
    return by_tag(host, name, value) or by_header(host, name, value)


def by_tag(host: LocalHost, name: str, value: str) -> str:
    """Return the device to which udev's link leads, or nothing."""
    value = value.lower() if name in {"UUID", "PARTUUID"} else value
    link = f"{DIRECTORIES[name]}/{units.udev_name(value)}"
    status = host.stat(link, follow=True)
    return host.inside(host.locate(link, follow=True)) if status else ""


def by_header(host: LocalHost, name: str, value: str) -> str:
    """Look for a swap area that bears the tag on every block device: a container has no udev to tell."""
    if not host.live:
        return ""
    rows = (host.read_text("/proc/partitions") or "").split("\n")[2:]
    devices = (f"/dev/{row.split()[3]}" for row in rows if row)
    return next((device for device in devices if bears(header_at(host, device), name, value)), "")


def bears(found: header.Header | None, name: str, value: str) -> bool:
    """Whether an area with that header bears the tag."""
    if not found or not value:
        return False
    return (name == "UUID" and found.uuid == value.lower()) or (name == "LABEL" and found.label == value)


def header_at(host: LocalHost, path: str) -> header.Header | None:
    """Return the header of the area at *path*, None if there is none or it cannot be read."""
    try:
        with host.opened(path) as descriptor:
            return header.parse(host.read_at(descriptor, 0, header.PAGE_SIZES[-1]))
    except OSError:
        return None
