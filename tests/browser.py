"""Chromium without a window, driven by its DevTools protocol over two pipes: no driver, no port, no package.

The protocol: https://chromedevtools.github.io/devtools-protocol/. Messages are JSON, each ended by a zero byte.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from typing import TYPE_CHECKING, Any

from tests.support import missing

if TYPE_CHECKING:
    from pathlib import Path

_PATIENCE = 60.0
_FLAGS = (
    "--headless",
    "--no-sandbox",  # the tests run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
# What it reads its commands from and writes its answers to.
_COMMANDS, _ANSWERS = 3, 4
KEYS = {"Enter": (13, "\r"), "Tab": (9, ""), "Escape": (27, ""), " ": (32, " ")}


class Browser:
    """A browser that ends when it is closed, with nothing left of its profile."""

    def __init__(self) -> None:
        program = shutil.which("chromium")
        if not program:
            missing("not installed: chromium")
        self._profile = tempfile.mkdtemp(prefix="swapctl-chromium-")
        to_browser, self._write = os.pipe()
        self._read, from_browser = os.pipe()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (it lasts as long as the browser)
        inherited = (os.dup(to_browser), os.dup(from_browser))
        try:
            # The shell puts the pipes where the browser looks for them, whatever their numbers are here.
            where = f"{_COMMANDS}</proc/self/fd/{inherited[0]} {_ANSWERS}>/proc/self/fd/{inherited[1]}"
            self._process = subprocess.Popen(
                [
                    *("setpriv", "--pdeathsig", "KILL", "sh", "-c", f'exec "$@" {where}'),
                    *("sh", program, *_FLAGS, f"--user-data-dir={self._profile}", "about:blank"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=inherited,
            )
        finally:
            for descriptor in (to_browser, from_browser, *inherited):
                os.close(descriptor)
        self._number = 0
        self._buffer = b""
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(OSError):
            os.close(self._write)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        self._log.close()
        until = time.monotonic() + 10
        while os.path.exists(self._profile) and time.monotonic() < until:
            shutil.rmtree(self._profile, ignore_errors=True)
            time.sleep(0.05)  # its children may still be writing there, and nothing tells when they have ended

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Have it do something, and return what it answers; what happens meanwhile is in `events`."""
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next(time.monotonic() + _PATIENCE)
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer)
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def _next(self, until: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready = select.select([self._read], [], [], max(0.0, until - time.monotonic()))[0]
            part = os.read(self._read, 1 << 20) if ready else b""
            if not part:
                self._log.seek(0)
                raise AssertionError(self._log.read().decode(errors="replace"))
            self._buffer += part
        line, _zero, self._buffer = self._buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def open(self, path: Path) -> None:
        """Load a file, and wait until it is there."""
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        until = time.monotonic() + _PATIENCE
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next(until))

    def load(self, path: Path) -> float:
        """Load a file, and return how many seconds that took."""
        self.open(path)
        took: float = self.eval("performance.getEntriesByType('navigation')[0].loadEventEnd")
        return took / 1000

    def look(self, width: int = 1280, height: int = 900, *, dark: bool = False) -> None:
        """Have a window of this size, of somebody who likes it light or dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def eval(self, expression: str) -> Any:
        """Return what a script's expression is."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def click(self, expression: str) -> None:
        """Click in the middle of the element that a script's *expression* is."""
        box = self.eval(
            f"(() => {{ const one = {expression}; one.scrollIntoView({{block: 'center', behavior: 'instant'}});"
            "const box = one.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def type(self, text: str) -> None:
        """Type *text*, a key for each of its letters."""
        for letter in text:
            self.call("Input.dispatchKeyEvent", type="keyDown", key=letter, text=letter)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=letter)

    def press(self, key: str) -> None:
        """Press a key of `KEYS`."""
        code, text = KEYS[key]
        said = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **said)
        self.call("Input.dispatchKeyEvent", type="keyUp", **said)

    def shot(self, path: Path, *, whole: bool = False) -> None:
        """Write what is seen, or the *whole* page, to a PNG."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def complaints(self) -> list[object]:
        """Return what the page wrote to the console, what failed in its scripts, and what it was not let do."""
        self.eval("new Promise((done) => setTimeout(done, 100))")
        wrong = {
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
            "Log.entryAdded",
            "Page.javascriptDialogOpening",
        }
        return [event for event in self.events if event["method"] in wrong]

    def requests(self) -> list[str]:
        """Return what the page asked for besides itself."""
        sent = [event["params"] for event in self.events if event["method"] == "Network.requestWillBeSent"]
        urls = [one["request"]["url"] for one in sent if one.get("type") != "Document"]
        return [url for url in urls if not url.startswith("data:")]
