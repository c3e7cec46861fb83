"""The page that a person reads, as far as its text tells; test_page_in_a_browser.py looks at it."""

from __future__ import annotations

import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tenfold.metrics import Task
from tenfold.reporting import charts, page
from tests.reporting.candidates import CLASSES, EVIL
from tests.reporting.content import content, made

VOID = {"meta", "img", "br", "link"}
# What loads something from elsewhere.
LOADING = {"src", "href", "srcset", "action", "data", "poster", "background", "xlink:href"}


class Reader(HTMLParser):
    """The elements of a page: what is open, what each attribute says, text outside of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words = ""
        self.held: dict[str, str] = {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        self.script_id = dict(attrs).get("id", "") if tag == "script" else ""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self.open[-1] if self.open else ""
        if inside == "script":
            self.held[self.script_id] = data
        elif inside != "style":
            self.words += data


def rendered(task: Task = "binary", **options: Any) -> tuple[str, Reader]:
    text = page.render(content(task, **options))
    return text, Reader(text)


def without_scripts(text: str) -> str:
    """The page without the scripts that tenfold brings along."""
    return text.replace(page.scripts(), "")


@pytest.mark.parametrize("task", CLASSES)
def test_every_element_is_closed_and_every_chart_has_its_place(task: Task) -> None:
    _, read = rendered(task)
    assert read.open == []
    places = {value for tag, name, value in read.attributes if (tag, name) == ("figure", "id")}
    drawn = json.loads(read.held["charts"])
    assert set(drawn["specs"]) == places
    ids = [value for _, name, value in read.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = {value for tag, name, value in read.attributes if (tag, name) == ("a", "href")}
    assert links <= {f"#{name}" for name in ids}


@pytest.mark.parametrize("task", CLASSES)
def test_what_the_data_says_is_text_and_never_markup(task: Task) -> None:
    text, read = rendered(task)
    own = without_scripts(text)
    assert "alert(" in own
    # Only as text, as a value in quotes, or in data within which no tag can begin.
    assert "<script>alert" not in own
    assert "<script>alert" not in own.replace("\u2060", "")
    assert own.count("</script>") == own.count("<script")
    assert not [name for _, name, _ in read.attributes if name.startswith("on")]
    assert f"require: {EVIL}" in read.words
    assert f"{EVIL} looks like an id" in read.words
    assert f"dead units: {EVIL}" in read.words


def test_the_page_needs_no_network() -> None:
    text, read = rendered()
    for _, name, value in read.attributes:
        if name in LOADING:
            assert value.startswith(("#", "data:")), value
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert not any("url(" in own or "@import" in own for own in style)
    [policy] = [value for _, _, value in read.attributes if value.startswith("default-src")]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules
    assert not re.search(r"https?:|eval", policy)


def test_the_same_experiment_gives_the_same_page(tmp_path: Path) -> None:
    again = made(tmp_path, "binary", looked_at=True)
    assert page.render(again) == rendered()[0]


def test_the_first_screen_says_who_won_and_how_surely() -> None:
    _, read = rendered()
    first = read.words.partition("Rejected rows")[0]
    for said in ("mlp beats all others.", "0.8750", "95\xa0% interval (0.7500 to 0.9500)"):
        assert said in first
    assert first.index("mlp beats all others") < first.index("cv auroc")
    assert first.index("champion") < first.index("behind")


def test_what_becomes_of_predictions_is_said_where_certainty_is() -> None:
    _, read = rendered()
    first, _, rest = read.words.partition("Rejected rows")
    sure = rest.partition("How sure it is")[2].partition("Configuration")[0]
    assert "mlp: auroc 0.9" in first and "mlp: auroc 0.9" in sure
    assert "no calibration" not in first
    assert f"no calibration: {EVIL}" in sure


def test_headings_go_down_one_level_at_a_time() -> None:
    text, _ = rendered()
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", without_scripts(text))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_rejected_rows_have_a_reason_a_number_and_an_example() -> None:
    _, read = rendered()
    assert "150 rows read from t.csv, 123 kept: 120 to train in\n3 folds (random), 3 to test" in (
        read.words
    )
    assert f"line 3: x = {EVIL}" in read.words
    assert "90 rows are equal to an earlier one in all features: they are drawn like any" in (
        read.words
    )


def test_what_differs_from_the_defaults_comes_first() -> None:
    _, read = rendered()
    own = read.words.partition("Configuration of the champion")[2]
    assert own.index("dropout") < own.index("1 parameters at their defaults") < own.index("note")


@pytest.mark.parametrize("task", CLASSES)
def test_every_chart_says_whether_it_is_out_of_fold_or_of_the_test_rows(task: Task) -> None:
    text, _ = rendered(task)
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", text)
    said = [re.sub(r"<[^>]+>", "", caption).strip() for caption in captions]
    assert len(said) > 5
    told = ("out-of-fold", "test rows", "over the folds")
    # Partial dependence replaces values; its heading says of which models.
    assert all(any(word in caption for word in told) for caption in said if caption)


def test_a_champion_that_was_not_looked_at_has_no_pictures_of_it() -> None:
    _, read = rendered(looked_at=False)
    assert "The champion was not looked at" in read.words
    assert "importance" not in json.loads(read.held["charts"])["specs"]


def luminance(color: str) -> float:
    """WCAG 2.2's relative luminance of #rrggbb."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def themes() -> list[dict[str, str]]:
    """The colours of each theme of report.css: light, dark, printed."""
    style = (Path(page.__file__).parent / "report.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    return [dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in blocks]


def test_there_are_a_light_a_dark_and_a_printed_theme_of_the_same_names() -> None:
    light, dark, printed = themes()
    assert light.keys() == dark.keys()
    assert light == printed
    assert luminance(light["page"]) > 0.9
    assert luminance(dark["page"]) < 0.05


@pytest.mark.parametrize("theme", range(3))
def test_text_can_be_read_in_every_theme(theme: int) -> None:
    colors = themes()[theme]
    for text in ("ink", "soft", "accent", "note"):
        for ground in ("page", "panel"):
            assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)


@pytest.mark.parametrize("theme", range(3))
@pytest.mark.parametrize("color", [*charts.COLORS, charts.REFERENCE])
def test_marks_are_told_from_the_ground_in_every_theme(theme: int, color: str) -> None:
    assert contrast(color, themes()[theme]["page"]) >= 3


def test_bars_are_told_from_the_ground_in_every_theme() -> None:
    for colors in themes():
        assert contrast(colors["bar"], colors["page"]) >= 1.9
