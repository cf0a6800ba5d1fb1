"""Who brings areas about that no fstab lists: generators of systemd's and services, each by its name. Pure."""

from __future__ import annotations

from . import units, zram_config
from .texts import Mask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .action import Action
    from .facts import Facts, Target

DPHYS = "/etc/dphys-swapfile"
READS = (DPHYS,)

_DPHYS_SERVICE = "dphys-swapfile.service"
_DPHYS_FILE = "/var/swap"  # where nothing is said
_SWAPSPACE, _SWAPSPACE_FILES = "swapspace.service", "/var/lib/swapspace/"
_GENERATORS = {
    "zram-generator": "systemd-zram-generator",
    "systemd-gpt-auto-generator": "the discovery of GPT partitions (systemd-gpt-auto-generator)",
}
_CLOUD_FILE = "/swap.img"


def origin(target: Target, facts: Facts) -> str:
    """Return who has made the area at *target*, or has it come back, as far as that is known."""
    generators = [_GENERATORS[unit.maker] for unit in target.units if unit.maker in _GENERATORS]
    known = {_DPHYS_SERVICE: "dphys-swapfile", _SWAPSPACE: "swapspace"}
    services = [known.get(name, name) for name in _services(target, facts)]
    cloud = ["a cloud image, or the installer of Ubuntu Server"] if target.path == _CLOUD_FILE else []
    return " and ".join(dict.fromkeys([*generators, *services, *cloud]))


def masks(target: Target, facts: Facts) -> list[Action]:
    """Return what keeps services from bringing the area at *target* back."""
    return [
        Mask(f"{units.DIRECTORY}/{name}", reload=facts.runs_systemd)
        for name in _services(target, facts)
        if name not in facts.systemd.masked
    ]


def _services(target: Target, facts: Facts) -> Iterator[str]:
    """Yield the services that are started at boot and make the area at *target*."""
    enabled = facts.systemd.enabled
    if _DPHYS_SERVICE in enabled and target.path == _dphys_file(facts.text(DPHYS)):
        yield _DPHYS_SERVICE
    if _SWAPSPACE in enabled and target.path.startswith(_SWAPSPACE_FILES):
        yield _SWAPSPACE
    for name, (_package, first_alone) in zram_config.OWNERS.items():
        if name in enabled and target.zram and (target.zram.number == 0 or not first_alone):
            yield name


def _dphys_file(text: str | None) -> str:
    lines = (line.strip() for line in (text or "").split("\n"))
    said = [line.partition("=")[2].strip("\"'") for line in lines if line.startswith("CONF_SWAPFILE=")]
    return said[-1] if said else _DPHYS_FILE
