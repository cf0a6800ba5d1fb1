"""Read the configuration that sets values of the kernel's at boot. Changes nothing."""

from __future__ import annotations

import stat

from .settings import File, OwnFile, in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..host import LocalHost


def own_file(host: LocalHost, path: str) -> OwnFile:
    """Return what is known of the file of ours at *path*."""
    return OwnFile(host.read_text(path), host.stat(path.rpartition("/")[0], follow=True) is not None)


def configuration(host: LocalHost, directories: Iterable[str]) -> tuple[File, ...]:
    """Return the files that count in *directories*, in the order in which they are read at boot."""
    names = [tuple(f"{directory}/{name}" for name in host.list(directory)) for directory in directories]
    return tuple(File(path, text_of(host, path)) for path in in_order(names))


def text_of(host: LocalHost, path: str) -> str:
    """Return the text of *path*, none if it is no file: a link to /dev/null masks files of its name."""
    status = host.stat(path, follow=True)
    return (host.read_text(path) or "") if status and stat.S_ISREG(status.st_mode) else ""
