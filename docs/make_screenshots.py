"""Take the pictures of the README: the report, the terminal, and MLflow's leaderboard.

Run from the root of a finished project with the tests at hand, where Chromium is:
`python docs/make_screenshots.py`.
"""

from __future__ import annotations

import html
import socket
import subprocess
import tempfile
from pathlib import Path

from tests.browser import Page, browsing

IMAGES = Path(__file__).parent / "images"
WIDTH = 1200
TERMINAL = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: #15181c; color: #e6e8eb }}
pre {{ margin: 0; padding: 20px; font: 15px/1.5 monospace; white-space: pre-wrap }}
</style><pre><b>$ tenfold leaderboard</b>
{}</pre>"""


def main() -> None:
    """Take all of them."""
    with browsing() as page:
        report(page)
        terminal(page)
        leaderboard(page)


def report(page: Page) -> None:
    """The first screen of the report, in light and in dark."""
    for scheme in ("light", "dark"):
        page.size(WIDTH, 900)
        page.prefer(scheme)
        page.open(Path("outputs/report.html"))
        page.wait("document.body.dataset.charts === 'drawn'")
        page.picture(IMAGES / f"report_{scheme}.png")
    page.prefer()


def terminal(page: Page) -> None:
    """What `tenfold leaderboard` prints."""
    ended = subprocess.run(["tenfold", "leaderboard"], check=True, capture_output=True, text=True)
    with tempfile.TemporaryDirectory() as folder:
        shown = Path(folder, "terminal.html")
        shown.write_text(TERMINAL.format(html.escape(ended.stdout)), encoding="utf-8")
        page.size(WIDTH, 100)
        page.open(shown)
        page.size(WIDTH, page.ask("document.querySelector('pre').offsetHeight"))
        page.picture(IMAGES / "terminal.png")


def leaderboard(page: Page) -> None:
    """What MLflow's UI opens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["tenfold", "ui", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[2]
            _wait_for(port)
            page.size(WIDTH + 240, 700)
            page.send("Page.navigate", url=address)
            page.wait("document.body && document.body.innerText.includes('champion')")
            page.picture(IMAGES / "mlflow.png")
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    while True:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return


if __name__ == "__main__":
    main()
