"""A headless Chromium driven over its debugging socket.

For the tests of the pages, and for whoever wants to look at one::

    with browser() as tab:
        tab.size(390)
        tab.open(Path("_build/html/index.html"))
        tab.picture(Path("index.png"))
"""

import base64
import json
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
]
# Seconds: long enough for a busy machine; a browser that hangs still ends.
PATIENCE = 300


def chromium() -> str | None:
    """The browser's path, or None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((p for p in map(shutil.which, names) if p), None)


class BrowserError(RuntimeError):
    """The browser ended by itself; nothing is known about the page."""


class Tab:
    """One page of the browser."""

    def __init__(self, address: str):
        import websocket

        self.socket = websocket.create_connection(address, timeout=PATIENCE)
        self.sent = 0
        self.events = []
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters) -> dict:
        """Send a command and wait for its answer; events are kept."""
        self.sent += 1
        message = {"id": self.sent, "method": method, "params": parameters}
        self._guarded(self.socket.send, json.dumps(message))
        while True:
            answer = json.loads(self._guarded(self.socket.recv))
            if answer.get("id") == self.sent:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def _guarded(self, act, *arguments):
        from websocket import WebSocketException

        try:
            return act(*arguments)
        except (WebSocketException, OSError) as error:
            raise BrowserError(f"the browser is gone: {error}") from error

    def size(self, width: int, height: int = 900) -> None:
        """Show pages at this width, as a phone does below 500 pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )

    def open(self, page: Path, pause: float = 0.3) -> None:
        """Load a page from disk and wait until it has settled."""
        self.events = []
        self.call("Page.navigate", url=page.resolve().as_uri())
        limit = time.monotonic() + PATIENCE
        while self.js("document.readyState") != "complete":
            if time.monotonic() > limit:
                raise RuntimeError(f"{page} did not load in {PATIENCE} s")
            time.sleep(0.05)
        time.sleep(pause)
        self.js("document.fonts.ready.then(() => 0)")

    def js(self, expression: str):
        """The value of a JavaScript expression; promises are awaited."""
        answer = self.call(
            "Runtime.evaluate",
            expression=expression,
            returnByValue=True,
            awaitPromise=True,
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def requests(self) -> list[str]:
        """Every address that the page asked for since it was opened."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event.get("method") == "Network.requestWillBeSent"
        ]

    def errors(self) -> list[str]:
        """Uncaught errors and failed loads since the page was opened."""
        found = []
        for event in self.events:
            method, about = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                details = about["exceptionDetails"]
                said = details.get("exception", {}).get("description")
                found.append(said or details["text"])
            if method == "Log.entryAdded" and about["entry"]["level"] == (
                "error"
            ):
                found.append(about["entry"]["text"])
        return found

    def picture(self, path: Path, whole: bool = True) -> None:
        """A screenshot, of the whole page or of what a window shows."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))


def inspect(look):
    """What ``look(tab)`` returns; tried again once if the browser dies."""
    try:
        with browser() as tab:
            return look(tab)
    except BrowserError:
        with browser() as tab:
            return look(tab)


@contextmanager
def browser():
    """A fresh browser with one tab."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [chromium(), *FLAGS, f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            port = _port(Path(folder) / "DevToolsActivePort")
            address = f"http://localhost:{port}/json"
            with urlopen(address, timeout=PATIENCE) as listed:
                tabs = json.load(listed)
            pages = [tab for tab in tabs if tab["type"] == "page"]
            yield Tab(pages[0]["webSocketDebuggerUrl"])
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


def _port(path: Path) -> str:
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        if path.exists() and (lines := path.read_text().split()):
            return lines[0]
        time.sleep(0.05)
    raise BrowserError(
        f"the browser did not open its debugging port in {PATIENCE} s"
    )
