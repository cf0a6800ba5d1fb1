"""Processes that tests stop, and others that must not be hit: each waits for a pipe, so all end when the test run does."""

from __future__ import annotations

import os
import subprocess
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Victims:
    """Starts processes, and ends what is left of them."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[bytes]] = []

    def __enter__(self):
        return self

    def __exit__(self, *_error: object) -> None:
        for process in self._started:
            process.kill()
            process.wait()
            if process.stdin:
                process.stdin.close()

    def start(
        self,
        *words: str,
        script: str = "read line",
        uid: int | None = None,
        env: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
    ) -> subprocess.Popen[bytes]:
        """Return a process with *words* on its command line; an end of it is noticed at once, as by any good parent."""
        who = {} if uid is None else {"user": uid, "group": uid, "extra_groups": []}
        process: subprocess.Popen[bytes] = subprocess.Popen(
            ["env", "--default-signal", "sh", "-c", f"{script}; :", *words],  # nohup would have some ignored
            cwd="/",
            env={**os.environ, **(env or {})},
            pass_fds=pass_fds,
            stdin=subprocess.PIPE,
            start_new_session=True,
            **who,  # type: ignore[call-overload]  # the types of several keywords in one
        )
        threading.Thread(target=process.wait, daemon=True).start()
        self._started.append(process)
        return process

    @property
    def living(self) -> list[subprocess.Popen[bytes]]:
        """Those that are still there."""
        return [process for process in self._started if process.poll() is None]
