"""The report in a real browser, where there is one: drawn, without requests, on any screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tenfold.metrics import Task
from tenfold.reporting import page as reporting_page
from tests.browser import Page, browsing
from tests.project import ROOT
from tests.reporting.candidates import CLASSES
from tests.reporting.content import content

pytestmark = pytest.mark.slow
# Of the smallest phones that are sold.
PHONE = 360


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    with browsing() as page:
        yield page


def shown(browser: Page, tmp_path: Path, task: Task) -> Path:
    path = tmp_path / "report.html"
    path.write_text(reporting_page.render(content(task)), encoding="utf-8")
    browser.requests.clear()
    browser.errors.clear()
    browser.open(path)
    browser.wait("document.body.dataset.charts")
    return path


@pytest.mark.parametrize("task", CLASSES)
def test_every_chart_is_drawn_without_an_error_or_a_request(
    task: Task, browser: Page, tmp_path: Path
) -> None:
    browser.size(1200)
    path = shown(browser, tmp_path, task)
    assert browser.ask("document.body.dataset.charts") == "drawn"
    assert browser.ask(
        "[...document.querySelectorAll('.vega')].every(v => v.querySelector('svg path, svg text'))"
    )
    assert browser.errors == []
    assert browser.requests == [path.resolve().as_uri()]


@pytest.mark.parametrize("joined", [True, False])
def test_a_class_with_html_is_text_on_the_page_of_dvc_plots(
    joined: bool, browser: Page, tmp_path: Path
) -> None:
    """Without the word joiner it would run: what the curves write is what keeps it from that."""
    from dvc_render import VegaRenderer, render_html

    rows = [row | {"rev": "workspace"} for row in content("binary").curves["confusion"]]
    if not joined:
        rows = [{key: value.replace("\u2060", "") for key, value in row.items()} for row in rows]
    chart = VegaRenderer(rows, "confusion", x="actual", y="predicted", template="confusion")
    path = tmp_path / "index.html"
    render_html([chart], path, ROOT / ".dvc/plots/vega.html")
    browser.requests.clear()
    browser.errors.clear()
    browser.open(path)
    assert browser.requests == [path.resolve().as_uri()]
    alarmed = [error for error in browser.errors if error.startswith("a dialog says")]
    if joined:
        browser.wait("document.querySelector('svg.marks, canvas')")
        assert alarmed == []
    else:
        assert alarmed


def test_the_page_fits_a_phone(browser: Page, tmp_path: Path) -> None:
    browser.size(PHONE, 740)
    shown(browser, tmp_path, "binary")
    assert browser.ask("document.documentElement.scrollWidth") <= PHONE
    # Wide tables and code scroll in a place of their own.
    found = browser.ask(
        "[...document.querySelectorAll('main *')].filter(one => !one.closest('.scroll, pre')"
        " && one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML)"
    )
    assert found == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_of_charts_follows_the_theme(scheme: str, browser: Page, tmp_path: Path) -> None:
    browser.size(1200)
    browser.prefer(scheme)
    shown(browser, tmp_path, "regression")
    ink = browser.ask("getComputedStyle(document.body).color")
    fills = browser.ask(
        "[...document.querySelectorAll('.vega svg text')].map(one => getComputedStyle(one).fill)"
    )
    assert set(fills) == {ink}
    assert (
        browser.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    ) == (scheme == "light")
    browser.prefer()


def test_a_mark_under_the_pointer_is_told(browser: Page, tmp_path: Path) -> None:
    browser.size(1200)
    shown(browser, tmp_path, "binary")
    place = browser.ask(
        "(() => { const bar = document.querySelector('#importance .mark-rect path');"
        "bar.scrollIntoView({block: 'center', behavior: 'instant'});"
        "const box = bar.getBoundingClientRect();"
        "return [box.x + box.width / 2, box.y + box.height / 2]; })()"
    )
    browser.send("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])
    browser.wait("document.querySelector('#vg-tooltip-element.visible')")
    assert "worse by" in browser.ask("document.querySelector('#vg-tooltip-element').textContent")


def test_what_is_folded_away_is_printed(browser: Page, tmp_path: Path) -> None:
    shown(browser, tmp_path, "binary")
    assert not browser.ask("document.querySelector('details').open")
    browser.ask("dispatchEvent(new Event('beforeprint'))")
    assert browser.ask("[...document.querySelectorAll('details')].every(one => one.open)")


def test_nothing_is_wider_than_paper(browser: Page, tmp_path: Path) -> None:
    browser.size(1600)
    shown(browser, tmp_path, "binary")
    browser.prefer("dark", "print")
    browser.ask("document.body.style.width = '718px'")  # A4 without its margins.
    found = browser.ask(
        "[...document.querySelectorAll('main figure, main table, main svg')]"
        ".filter(one => one.getBoundingClientRect().width > 718).map(one => one.outerHTML)"
    )
    paper = browser.ask("getComputedStyle(document.body).backgroundColor")
    browser.prefer()
    assert found == []
    assert paper == "rgb(255, 255, 255)"
