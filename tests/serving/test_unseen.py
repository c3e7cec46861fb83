"""Categories that no training row had are named, counted and limited."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from tenfold.models.shared.predictor import UNSEEN
from tenfold.serving import pyfunc, unseen
from tests.bags import bag, table

COLOURS: list[Any] = ["red", "purple", None, "teal"]
ROWS = table(4, seed=3).assign(size=4.0, colour=COLOURS)


@pytest.mark.parametrize("encode", [{}, {"embeddings": {"categorical": "learned"}}])
def test_a_rows_answer_names_the_columns_with_a_category_that_was_never_seen(
    encode: dict[str, Any],
) -> None:
    answer = bag(**encode).predictor.answer(ROWS)
    assert answer[UNSEEN].tolist() == ["", "colour", "", "colour"]


def test_they_are_counted_by_column() -> None:
    [found] = unseen.count(bag().predictor, ROWS)
    assert str(found) == (
        "'colour': 2 rows have a category that no training row had (50.0%), such as 'purple', "
        "'teal'"
    )
    assert unseen.count(bag().predictor, ROWS.iloc[[0, 2]]) == []


@pytest.mark.slow
@pytest.mark.parametrize(("max_unseen", "is_refused"), [(1.0, False), (0.5, False), (0.4, True)])
def test_a_request_with_more_of_them_than_declared_is_refused(
    max_unseen: float, is_refused: bool
) -> None:
    served = pyfunc.Served(bag().predictor, max_unseen)
    if not is_refused:
        assert len(served.predict(ROWS)) == 4
        return
    with pytest.raises(MlflowException) as refused:
        served.predict(ROWS)
    said = str(refused.value)
    assert "column 'colour': 2 rows have a category that no training row had (50.0%)" in said
    assert "more than the 40.0% of select_model.max_unseen" in said
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_row_is_answered_alike_whatever_type_its_cells_have() -> None:
    served = pyfunc.Served(bag().predictor)
    rows: list[dict[Any, Any]] = [
        {"size": 4, "colour": "red"},
        {"size": " 4.0", "colour": " red"},
        {"size": None, "colour": "red"},
    ]
    template: dict[Any, Any] = ROWS.iloc[0].to_dict()
    asked = pd.DataFrame([template | row for row in rows], dtype=object)
    answers = served.predict(asked)["prediction"].tolist()
    assert answers[0] == answers[1] != answers[2]
    alone = [served.predict(asked.iloc[[n]])["prediction"].iloc[0] for n in range(3)]
    assert alone == answers
