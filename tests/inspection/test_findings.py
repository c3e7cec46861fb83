"""All that is found of a champion: a leak is named, an honest table is not accused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tenfold.dataset import Dataset, Schema
from tenfold.dataset.folds import Folds
from tenfold.inspection import Inspection, findings, inspect
from tenfold.inspection.held_out import HeldOut, HeldOutSet
from tenfold.metrics import METRICS, summarise
from tenfold.params.training import Inspect
from tenfold.selection.comparison import Scoreboard
from tests.bags import bag

N, N_FOLDS = 400, 5
FEATURES = ("a", "b", "c", "d")


def table(columns: dict[str, Any], y: Any) -> Dataset:
    schema = Schema("binary", "y", tuple(columns), (), ("no", "yes"), ())
    X = schema.frame(pd.DataFrame(columns))
    return Dataset(schema, X, y, np.arange(100, 100 + N), Folds.of(np.arange(N) % N_FOLDS))


def looked_at(data: Dataset, metric: str = "auroc") -> Inspection:
    found = bag("lightgbm", "binary", data=data, n_estimators=30, learning_rate=0.2)
    assert data.folds is not None
    oof = data.folds.by_fold(found.evaluation.oof)
    board = Scoreboard({"lightgbm": summarise([{metric: 0.5}] * N_FOLDS)}, metric, 0.25)
    return inspect(found.predictor, oof, data, data, board, Inspect())


def honest(seed: int = 0) -> tuple[dict[str, Any], Any]:
    """Four columns that tell about as much of the target each."""
    draw = np.random.default_rng(seed)
    columns = {name: draw.normal(size=N) for name in FEATURES}
    y = (sum(columns.values()) + draw.normal(size=N) > 0).astype(np.int64)
    return columns, y


@pytest.mark.slow
def test_a_leak_that_the_audit_lets_pass_is_named() -> None:
    columns, y = honest()
    draw = np.random.default_rng(1)
    leak = y + draw.normal(scale=0.5, size=N)
    shares = np.column_stack([1 - leak, leak])
    assert METRICS["auroc"].function(y, shares) == pytest.approx(0.94, abs=0.02)
    found = looked_at(table({**columns, "billed_after": leak}, y))
    assert found.importances[0].column == "billed_after"
    [sentence] = found.sentences
    assert sentence.startswith("'billed_after' carries the champion: shuffling it costs 0.")
    assert "clean.drop_columns" in sentence


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["auroc", "log_loss"])
def test_columns_that_share_the_work_are_not_accused(metric: str) -> None:
    found = looked_at(table(*honest()), metric)
    assert found.sentences == []
    assert {one.column for one in found.importances if one.is_sure} == set(FEATURES)
    assert [one.column for one in found.dependences] == [one.column for one in found.importances]
    assert found.rows == "out-of-fold rows"
    assert found.n_rows == N


@pytest.mark.slow
def test_of_very_many_columns_importance_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "MAX_COLUMNS", len(FEATURES) - 1)
    found = looked_at(table(*honest()))
    assert not (found.importances or found.dependences or found.sentences)


@pytest.mark.parametrize(
    ("n_columns", "cost", "n_rows"), [(15, 1, 5000), (15, 50, 160), (200, 1, 600), (500, 1, 120)]
)
def test_wide_tables_and_slow_champions_are_asked_on_fewer_rows(
    n_columns: int, cost: int, n_rows: int
) -> None:
    X = pd.DataFrame(np.zeros((1, n_columns)))
    own = HeldOutSet(X, np.zeros(1), lambda asked: np.zeros(len(asked)), cost)
    assert findings._n_rows(HeldOut([own], of_folds=False), Inspect()) == n_rows


@pytest.mark.slow
def test_a_wrong_label_is_named_by_its_row() -> None:
    columns, y = honest()
    sure = int(np.argmax(sum(columns.values())))
    y[sure] = 0
    found = looked_at(table(columns, y))
    assert found.suspects[0]["row"] == 100 + sure
    assert (found.suspects[0]["given"], found.suspects[0]["likelier"]) == ("no", "yes")
    assert len(found.suspects) <= found.n_suspects < N / 4
