"""A terminal with a program in it, to type and to read."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]")
_HEEDING = ("env", "--default-signal=INT,QUIT,TSTP")  # in the background of a script they are ignored
_PATIENCE = 30.0


class Terminal:
    """Runs *command*, with the terminal as its own, so many *columns* wide; it is hung up in the end."""

    def __init__(self, command: list[str], env: Mapping[str, str], *, columns: int = 200) -> None:
        self._master, slave = os.openpty()
        self.resize(columns)
        try:
            self.process = subprocess.Popen(
                [*_HEEDING, "setsid", "--ctty", *command],
                env={"TERM": "xterm", **env},
                stdin=slave,
                stdout=slave,
                stderr=slave,
            )
        finally:
            os.close(slave)
        self._received = b""  # in parts, which can end within a character or a colour
        self.output = ""

    def __enter__(self):
        return self

    def __exit__(self, *_error: object) -> None:
        os.close(self._master)
        self.process.kill()
        self.process.wait()

    def resize(self, columns: int, lines: int = 50) -> None:
        """Make it larger or smaller."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._master, text.encode())

    def read(self, until: str) -> str:
        """Return all that was shown so far, once *until* matches somewhere in it; without colours."""
        deadline = time.monotonic() + _PATIENCE
        while not re.search(until, self.output):
            assert self._read(deadline - time.monotonic()), f"no {until!r} in {self.output!r}"
        return self.output

    def end(self) -> int:
        """Return the exit status, once the program has ended."""
        deadline = time.monotonic() + _PATIENCE
        while self._read(deadline - time.monotonic()):
            pass
        return self.process.wait(_PATIENCE)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], max(0.0, seconds))[0]:
            return False
        with contextlib.suppress(OSError):  # EIO: nobody has it open any more
            part = os.read(self._master, 1 << 16)
            self._received += part
            self.output = _CONTROL.sub("", self._received.decode("utf-8", "replace"))
            return bool(part)
        return False
