"""Take the pictures of the README: the report, and MLflow's leaderboard.

Run from the root of a finished project with the tests at hand, where Chromium is:
`python docs/make_screenshots.py`.
"""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

from tests.browser import Page, browsing

IMAGES = Path(__file__).parent / "images"
WIDTH = 1200
# In MLflow's UI: the runs, and what closes the panel that talks to a language model.
ROWS = ".ag-center-cols-container"
ASSISTANT = '[data-component-id="mlflow.assistant.chat_panel.close"]'


def main() -> None:
    """Take both."""
    with browsing() as page:
        report(page)
        leaderboard(page)


def report(page: Page) -> None:
    """The first screen of the report, in light and in dark."""
    for scheme in ("light", "dark"):
        page.size(WIDTH, 900)
        page.prefer(scheme)
        page.open(Path("outputs/report.html"))
        page.wait("document.body.dataset.charts === 'drawn'")
        page.picture(IMAGES / f"report_{scheme}.png", whole=False)
    page.prefer()


def leaderboard(page: Page) -> None:
    """What MLflow's UI opens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["tenfold", "ui", "--port", str(port)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[2]
            _wait_for(port)
            page.size(WIDTH + 240, 700)
            page.send("Page.navigate", url=address)
            page.wait(f"document.querySelector('{ASSISTANT}')")
            page.ask(f"document.querySelector('{ASSISTANT}').click()")
            page.wait(f"document.querySelector('{ROWS}')?.innerText.includes('challenger')")
            page.picture(IMAGES / "mlflow.png", whole=False)
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    while True:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return


if __name__ == "__main__":
    main()
