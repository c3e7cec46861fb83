"""What can be declared under `preprocessing:`, and how a contradiction is said."""

from __future__ import annotations

from typing import Any

import pytest

from tenfold import models, params
from tenfold.params import Preprocessing
from tests.params.documents import declare, refusal

COLUMN = "preprocessing.columns"
SELU = {"activation": "selu"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({f"{COLUMN}": {"a": {"impuet": "mean"}}}, "did you mean 'impute'? (known: cyclic,"),
        ({f"{COLUMN}": {"a": {"impute": "meen"}}}, f"{COLUMN}.a.impute must be 'median',"),
        ({f"{COLUMN}": {"a": 3}}, f"{COLUMN}.a must be a mapping of keys to values, but got 3"),
        ({"preprocessing.colums": {}}, "did you mean 'columns'?"),
        ({"preprocessing.text": "ignore"}, "must be 'refuse' or 'drop', but got 'ignore'"),
        ({"preprocessing.categorical.max_categories": 1}, "greater than or equal to 2"),
        ({"preprocessing.dates": {"parts": ["yeer"]}}, "but got 'yeer'; did you mean 'year'?"),
        ({"preprocessing.dates": {"parts": []}}, "preprocessing.dates.parts must not be empty"),
        (
            {"preprocessing.dates": {"parts": ["day", "day"]}},
            "preprocessing.dates.parts: each part must be named once, but got day, day",
        ),
        (
            {"preprocessing.numeric": {"fill_value": 1}},
            "preprocessing.numeric: fill_value needs impute: constant, but got fill_value=1 with "
            "impute: median: leave it out",
        ),
        (
            {f"{COLUMN}": {"a": {"fill_value": 1.0}}},
            "columns.a.fill_value needs impute: constant, but got impute: median",
        ),
        (
            {f"{COLUMN}": {"a": {"text": "drop", "encode": "target"}}},
            f"{COLUMN}.a: text: drop removes the column, but got encode, text",
        ),
        *(
            (
                {"models.mlp": SELU, **changes},
                "activation 'selu' needs preprocessing.numeric.scale: standard, but got 'robust'",
            )
            for changes in (
                {f"{COLUMN}": {"a": {"scale": "robust"}}},
                {"preprocessing.dates": {"scale": "robust"}},
            )
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(changes: dict[str, Any], message: str) -> None:
    found = refusal(declare(changes))
    assert message in found
    assert "\n" not in found


@pytest.mark.parametrize(
    "changes",
    [
        {COLUMN: {"a": {"impute": "constant", "fill_value": 1.0}}},
        {COLUMN: {"a": {"fill_value": 1.0}}, "preprocessing.numeric": {"impute": "constant"}},
        {COLUMN: {"a": {}}},
        {COLUMN: {}},
        {"models.mlp": SELU, COLUMN: {"a": {"impute": "mean"}}},
    ],
)
def test_what_agrees_is_accepted(changes: dict[str, Any]) -> None:
    params.parse(declare(changes), models)


def test_a_column_takes_from_its_kind_what_it_does_not_declare() -> None:
    declared = Preprocessing.model_validate(
        {
            "numeric": {"impute": "mean", "scale": "robust"},
            "categorical": {"min_frequency": 4},
            "dates": {"cyclic": False},
            "columns": {
                "size": {"scale": "none"},
                "colour": {"encode": "target"},
                "when": {"parts": ["year"]},
            },
        }
    )
    size, other = declared.of_number("size"), declared.of_number("other")
    assert (size.impute, size.scale) == ("mean", "none")
    assert other == declared.numeric
    colour = declared.of_category("colour")
    assert (colour.encode, colour.min_frequency) == ("target", 4)
    when = declared.of_date("when")
    assert (when.parts, when.cyclic, when.scale) == (["year"], False, "robust")
