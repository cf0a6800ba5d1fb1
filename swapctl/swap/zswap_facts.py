"""Find zswap as it is, what the kernel offers it, and what sets it at boot. Changes nothing, runs nothing."""

from __future__ import annotations

from . import settings_facts, zswap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..host import LocalHost
    from .settings import Value


def gather_zswap(host: LocalHost, compressor: str | None = None) -> zswap.Cache:
    """Return what zswap on *host* depends on, *compressor* being wanted; of the kernel nothing on a mere tree."""
    file = settings_facts.own_file(host, zswap.FILE)
    others = zswap.others(settings_facts.configuration(host, zswap.DIRECTORIES))
    if not host.live:
        return zswap.Cache(live=False, file=file, others=others)
    running = tuple(_running(host))
    known = zswap.compressors(host.read_text("/proc/crypto") or "")
    is_there = compressor is None or compressor in known or compressor == dict(running).get("compressor")
    return zswap.Cache(
        live=True,
        running=running,
        file=file,
        compressors=known,
        offers=is_there or _loads(host, compressor or ""),
        command_line=zswap.on_command_line(host.read_text("/proc/cmdline") or ""),
        others=others,
    )


def is_enabled(host: LocalHost) -> bool | None:
    """Return whether zswap is on; None where the kernel has none."""
    text = host.text(f"{zswap.PLACE}/enabled")
    return bool(zswap.read("enabled", text)) if text else None


def _running(host: LocalHost) -> Iterator[tuple[str, Value]]:
    for key in zswap.KEYS:
        text = host.read_text(f"{zswap.PLACE}/{key}")
        value = None if text is None else zswap.read(key, text)
        if value is not None:
            yield key, value


def _loads(host: LocalHost, compressor: str) -> bool | None:
    """Whether the kernel can load a module for *compressor*; None if that is out of sight, as in a container."""
    if host.stat("/proc/modules") is None:  # it takes no modules
        return False
    release = (host.read_text("/proc/sys/kernel/osrelease") or "").strip()
    aliases = host.read_text(f"/lib/modules/{release}/modules.alias")
    return None if aliases is None else zswap.is_module(compressor, aliases)
