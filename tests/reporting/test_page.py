"""The page that a person reads."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tenfold import models, params
from tenfold.reporting import page as reporting_page

EVIL = "<script>alert('x')</script> & \"co\""


def page(tmp_path: Path, findings: Sequence[str] = (), audit: Sequence[dict[str, str]] = ()) -> str:
    experiment = params.parse(
        {
            "name": "housing",
            "task": "regression",
            "seed": 0,
            "metrics": ["mse", "mae"],
            **dict.fromkeys(
                ("clean", "split", "audit", "preprocessing", "tune", "train", "trainer")
            ),
            "data": {"path": "t.csv", "target": "y"},
            "models": {"dummy": {}, "linear": {}},
            "select_model": {"registered_model_name": "housing"},
        },
        models,
    )
    score = {"mean": 2.0, "sd": 0.5}
    results: dict[str, Any] = {
        "champion": "linear",
        "cv": {
            "dummy": {"mse": {"mean": 9.0, "sd": 1.0}, "mae": score},
            "linear": {"mse": score, "mae": score},
        },
        "test": {"mse": 2.5, "mae": 1.5},
    }
    picture = tmp_path / "fold_scores.png"
    picture.write_bytes(b"\x89PNG picture")
    return reporting_page.render(
        experiment,
        results,
        {
            "read": 120,
            "kept": 110,
            "rejected": {f"require: a {EVIL}": 10},
            "dropped_columns": {EVIL: "one value only"},
        },
        {
            "strategy": "random",
            "rows": {"train": 88, "test": 22, "left_out": 0},
            "folds": [44, 44],
            "copies": 90,
            "copies_are": "independent",
            "dropped_columns": {"remark": "free text"},
            "audit": list(audit),
        },
        {
            "parameters": {"alpha": 1.0, "note": EVIL, "embeddings": {"numeric": "periodic"}},
            "findings": list(findings),
        },
        [picture],
        {
            "sentences": [f"{EVIL} beats all others"],
            "test": {
                "intervals": {
                    "mse": {"low": 2.0, "high": 3.0},
                    "mae": {"why_none": f"1 test rows of class {EVIL} are too few to tell"},
                }
            },
        },
    )


def test_what_the_data_says_is_text_and_never_markup(tmp_path: Path) -> None:
    found = page(tmp_path)
    assert "<script" not in found
    assert found.count("&lt;script&gt;") == 5


def test_the_same_experiment_gives_the_same_page(tmp_path: Path) -> None:
    assert page(tmp_path) == page(tmp_path)


def test_families_stand_from_best_to_worst_with_what_was_found(tmp_path: Path) -> None:
    found = page(tmp_path)
    assert found.index("<td>linear</td>") < found.index("<td>dummy</td>")
    assert "<td>9.0000 ± 1.0000</td>" in found
    assert "mse <strong>2.5000</strong> (2.0000 to 3.0000), mae <strong>1.5000</strong>." in found
    assert "no interval of mae: 1 test rows of class" in found
    assert "120 rows read, 110 kept: 88 to train in\n2 folds (random), 22 to test" in found


def test_a_nested_parameter_stands_under_its_dotted_name(tmp_path: Path) -> None:
    assert "<td>embeddings.numeric</td><td>periodic</td>" in page(tmp_path)


def test_what_the_diagnostics_found_is_said_as_text(tmp_path: Path) -> None:
    assert "Diagnosis" not in page(tmp_path)
    found = page(tmp_path, [f"dead units: {EVIL}", "loss spikes: 3"])
    assert "<h2>Diagnosis</h2>" in found
    assert "<li>dead units: &lt;script&gt;" in found
    assert "<li>loss spikes: 3</li>" in found
    assert "<script" not in found


def test_what_the_audit_found_is_said_as_text(tmp_path: Path) -> None:
    assert "Audit" not in page(tmp_path)
    found = page(tmp_path, audit=[{"check": "id_like", "sentence": f"{EVIL} looks like an id"}])
    assert "<h2>Audit</h2>\n<ul><li>id_like: &lt;script&gt;" in found
    assert "<script" not in found


def test_what_scores_mean_where_rows_are_equal_is_said(tmp_path: Path) -> None:
    assert (
        "22 to test. 90 rows are equal to an earlier one in all features: they are drawn like any "
        "others, so scores are of rows such as were learnt from"
    ) in page(tmp_path)


def test_pictures_are_inside_the_page(tmp_path: Path) -> None:
    encoded = base64.b64encode(b"\x89PNG picture").decode()
    assert f'<img alt="fold scores" src="data:image/png;base64,{encoded}">' in page(tmp_path)
    assert "http" not in page(tmp_path)
    assert str(tmp_path) not in page(tmp_path)


class Balance(HTMLParser):
    """Counts that every element is closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_element_is_closed(tmp_path: Path) -> None:
    parser = Balance()
    parser.feed(page(tmp_path))
    assert parser.open == []


@pytest.mark.parametrize("title", ["rejected because", "dropped column", "parameter"])
def test_every_table_has_its_header(title: str, tmp_path: Path) -> None:
    assert f"<th>{title}</th>" in page(tmp_path)
