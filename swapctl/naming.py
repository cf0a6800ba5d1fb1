"""Names of the files that one run makes for another. Pure."""

from __future__ import annotations

KINDS = ("new", "old", "bridge")
_LONGEST = 255  # bytes; NAME_MAX


def temporary_name(path: str, kind: str) -> str:
    """Return the name, beside *path*, of a file made for it: *kind* is one of KINDS.

    It can be told from any other file, so that the next run knows a leftover.
    """
    directory, _separator, name = path.rpartition("/")
    suffix = f".swapctl-{kind}"
    room = _LONGEST - len(suffix) - 1
    kept = name.encode("utf-8", "surrogateescape")[:room].decode("utf-8", "surrogateescape")
    return f"{directory}/.{kept}{suffix}"
