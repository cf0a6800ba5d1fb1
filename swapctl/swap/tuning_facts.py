"""Find the kernel's vm.* values, and what sets them at boot. Changes nothing, runs nothing."""

from __future__ import annotations

from . import memory, settings_facts, tuning
from .settings import File

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..host import LocalHost


def gather_tuning(host: LocalHost) -> tuning.Tuned:
    """Return what tuning *host* depends on; of the kernel nothing, if it does not run that tree."""
    files = settings_facts.configuration(host, tuning.DIRECTORIES)
    return tuning.Tuned(
        live=host.live,
        read_only=host.live and host.free(tuning.PLACE)[1],
        kernel=host.kernel,
        memory=memory.parse(host.read_text("/proc/meminfo") or "").total if host.live else 0,
        running=tuple(_running(host)) if host.live else (),
        overcommit_kbytes=_number(host, tuning.KILOBYTES) or 0 if host.live else 0,
        file=settings_facts.own_file(host, tuning.FILE),
        others=tuning.others(files, _classic(host, files)),
    )


def _running(host: LocalHost) -> Iterator[tuple[str, int]]:
    for key in tuning.KEYS:
        value = _number(host, tuning.file_name(key))
        if value is not None:
            yield key, value


def _number(host: LocalHost, name: str) -> int | None:
    text = host.read_text(f"{tuning.PLACE}/{name}")
    return int(text) if text and text.strip().lstrip("-").isdigit() else None


def _classic(host: LocalHost, files: tuple[File, ...]) -> File | None:
    """Return /etc/sysctl.conf, unless one of *files* is a link to it."""
    real = host.locate(tuning.CLASSIC_FILE, follow=True)
    if any(host.locate(file.path, follow=True) == real for file in files):
        return None
    text = settings_facts.text_of(host, tuning.CLASSIC_FILE)
    return File(tuning.CLASSIC_FILE, text) if text else None
