"""A headless Chromium that shows a page, spoken to over pipes in its own protocol (CDP)."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OPTIONS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--no-first-run",
    "--hide-scrollbars",
)


def program() -> str | None:
    """The browser of this machine, if it has one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """An open page: what it asked for, what went wrong, and what it shows."""

    def __init__(self, to: int, back: int) -> None:
        self.to, self.back = to, back
        self.last = 0
        self.session = ""
        self.buffer = b""
        self.requests: list[str] = []
        self.errors: list[str] = []

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask the browser, and wait for its answer."""
        number = self._ask(method, **params)
        while True:
            said = self._read()
            if said.get("id") == number:
                assert "error" not in said, said
                result: dict[str, Any] = said["result"]
                return result

    def _ask(self, method: str, **params: Any) -> int:
        self.last += 1
        asked = {"id": self.last, "method": method, "params": params}
        if self.session:
            asked["sessionId"] = self.session
        os.write(self.to, json.dumps(asked).encode() + b"\0")
        return self.last

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self.buffer:
            got = os.read(self.back, 1 << 20)
            assert got, "the browser has gone"
            self.buffer += got
        text, _, self.buffer = self.buffer.partition(b"\0")
        said: dict[str, Any] = json.loads(text)
        about = said.get("params", {})
        if said.get("method") == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])
        if said.get("method") == "Page.javascriptDialogOpening":
            self.errors.append(f"a dialog says {about['message']}")
            self._ask("Page.handleJavaScriptDialog", accept=True)
        if said.get("method") == "Runtime.exceptionThrown":
            self.errors.append(str(about["exceptionDetails"]))
        if said.get("method") == "Log.entryAdded" and about["entry"]["level"] == "error":
            self.errors.append(about["entry"]["text"])
        if said.get("method") == "Runtime.consoleAPICalled" and about["type"] in (
            "error",
            "warning",
        ):
            self.errors.append(" ".join(str(one.get("value")) for one in about["args"]))
        return said

    def open(self, path: Path) -> None:
        """Show a file, and wait until it stands."""
        self.send("Page.navigate", url=path.resolve().as_uri())
        self.wait("document.readyState === 'complete'")

    def wait(self, condition: str) -> None:
        """Wait until an expression is true in the page, for a minute at most."""
        look = f"const look = n => ({condition} || !n) ? done(n) : setTimeout(look, 20, n - 1)"
        found = self.send(
            "Runtime.evaluate",
            expression=f"new Promise(done => {{ {look}; look(3000); }})",
            awaitPromise=True,
            returnByValue=True,
        )
        assert found["result"].get("value"), f"waited in vain for {condition}: {self.errors}"

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page."""
        found = self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def size(self, width: int, height: int = 900) -> None:
        """Show it as wide and as high."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip

    def prefer(self, scheme: str = "light", media: str = "") -> None:
        """Show it to a person who prefers light or dark, or as it is printed."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.send("Emulation.setEmulatedMedia", media=media, features=features)

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """Write what it shows as a PNG."""
        found = self.send("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))


@contextmanager
def browsing() -> Iterator[Page]:
    """Start the browser with an empty page."""
    binary = program()
    assert binary, "there is no browser"
    ours, theirs = os.pipe(), os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # The browser reads commands from descriptor 3 and answers on 4.
        shell = f'exec "$0" "$@" 3<&{ours[0]} 4>&{theirs[1]}'
        started = subprocess.Popen(
            ["bash", "-c", shell, binary, *OPTIONS, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(ours[0], theirs[1]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(ours[0])
        os.close(theirs[1])
        page = Page(ours[1], theirs[0])
        try:
            targets: Sequence[Mapping[str, Any]] = page.send("Target.getTargets")["targetInfos"]
            target = next(one["targetId"] for one in targets if one["type"] == "page")
            page.session = page.send("Target.attachToTarget", targetId=target, flatten=True)[
                "sessionId"
            ]
            for domain in ("Page", "Runtime", "Network", "Log"):
                page.send(f"{domain}.enable")
            yield page
        finally:
            started.terminate()
            started.wait()
            os.close(ours[1])
            os.close(theirs[0])
