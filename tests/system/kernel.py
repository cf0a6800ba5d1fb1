"""Values of the running kernel, which all who use this machine share: one test at a time changes them, and puts them back."""

from __future__ import annotations

import contextlib
import fcntl
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LOCK = Path("/run/swapctl-test-global.lock")


class Kept:
    """The files in one directory of the kernel's, and what they held at first."""

    def __init__(self, directory: Path, names: Iterable[str]) -> None:
        self.directory = directory
        self.first = {name: (directory / name).read_text().strip() for name in names}

    def __getitem__(self, name: str) -> str:
        return (self.directory / name).read_text().strip()

    def __setitem__(self, name: str, value: object) -> None:
        (self.directory / name).write_text(str(value))

    @property
    def all(self) -> dict[str, str]:
        return {name: self[name] for name in self.first}


@contextlib.contextmanager
def kept(directory: Path, names: Iterable[str]) -> Iterator[Kept]:
    """Give the values *names* in *directory*, to nobody else meanwhile, and put back what they were."""
    with LOCK.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        values = Kept(directory, names)
        try:
            yield values
        finally:
            for name, value in values.first.items():
                if values[name] != value:
                    values[name] = value
            assert values.all == values.first
