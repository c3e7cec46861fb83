"""Calibration, decision and intervals are chosen by rows that have not made them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit

from tenfold import dataset, metrics, runtime
from tenfold.dataset import Dataset, Schema
from tenfold.dataset.folds import TRAIN, VAL, Folds
from tenfold.metrics import Array
from tenfold.models.shared import assembling, predictor
from tenfold.params import SelectModel
from tenfold.params.postprocessing import Decision, Intervals
from tenfold.postprocessing.calibrators import CALIBRATORS
from tenfold.postprocessing.conformal import Conformal, CvPlus, Quantile
from tenfold.postprocessing.decisions import LeastCost, Threshold
from tenfold.reporting import remarks
from tenfold.runtime import UserError
from tenfold.selection.fold_scores import FoldScorer
from tenfold.selection.postprocessing import calibration, decision, finish, uncertainty
from tenfold.selection.postprocessing.out_of_fold import OutOfFold
from tenfold.selection.postprocessing.reliability import (
    calibration_error,
    reliability,
    said_and_true,
)
from tests.bags import bag

CLASSES = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "regression": ()}


def two(p: Any) -> Array:
    return np.stack([1 - np.asarray(p), p], axis=1)


def known(
    y: Any,
    prediction: Array,
    task: Any = "binary",
    *,
    folds: Folds | None = None,
    groups: Any = None,
    z: Any = None,
) -> OutOfFold:
    """Predictions of the rows of a table with five folds, in the order of the folds."""
    n = len(y)
    columns = pd.DataFrame({"x": np.arange(float(n)), "z": ["all"] * n if z is None else z})
    schema = Schema(task, "y", ("x",), ("z",), CLASSES[task], ())
    own = Folds.of(np.arange(n) % 5) if folds is None else folds
    train = Dataset(schema, columns, np.asarray(y), np.arange(n), own, groups)
    return OutOfFold.of(train, [prediction[own.val(number)] for number in range(own.n)])


def odds_and_truths(n: int, seed: int = 0) -> tuple[Array, Any]:
    rng = np.random.default_rng(seed)
    odds = rng.normal(size=n)
    return odds, (rng.random(n) < expit(odds)).astype(np.int64)


# Chapter: calibration


def test_each_fold_is_calibrated_by_the_others_and_the_best_surely_better_way_is_kept() -> None:
    odds, y = odds_and_truths(1500)
    own = known(y, two(expit(2.5 * odds)))
    found = calibration.choose("auto", own)
    assert found.method in ("temperature", "beta")
    assert set(found.gains) == {"temperature", "isotonic", "beta"}
    before, losses = [], []
    for number in range(5):
        mine = own.fold == number
        made = CALIBRATORS[found.method].fit(own.prediction[~mine], own.y[~mine])
        calibrated = made(own.prediction[mine])
        np.testing.assert_array_equal(found.cross_fitted[mine], calibrated)
        losses += (-np.log(calibrated[np.arange(mine.sum()), own.y[mine]])).tolist()
        before += (-np.log(own.prediction[mine][np.arange(mine.sum()), own.y[mine]])).tolist()
    gain = found.gains[found.method]
    expected = stats.ttest_rel(before, losses)
    assert gain.mean == pytest.approx(np.mean(before) - np.mean(losses))
    interval = expected.confidence_interval()
    assert (gain.low, gain.high) == pytest.approx((interval.low, interval.high))


def test_what_may_be_chance_is_not_kept() -> None:
    kept = []
    for seed in range(12):
        odds, y = odds_and_truths(200, seed)
        kept.append(calibration.choose("auto", known(y, two(expit(odds)))).method)
    assert kept.count(None) >= 11


def test_rows_of_a_group_are_no_independent_draws() -> None:
    values = np.repeat(np.random.default_rng(0).normal(0.1, 1, 40), 25)
    groups = np.arange(1000) // 25
    alone = calibration.mean_of_units(values, np.arange(1000))
    found = calibration.mean_of_units(values, groups)
    expected = stats.ttest_1samp(values[::25], 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.high - found.low > 4 * (alone.high - alone.low)


@pytest.mark.parametrize(
    ("membership", "why"),
    [
        ([[VAL, VAL, TRAIN, TRAIN], [TRAIN, VAL, VAL, TRAIN]], "shares rows with each of the"),
        ([[VAL, VAL, TRAIN, TRAIN], [TRAIN, TRAIN, VAL, VAL]], "the others lack one of the"),
    ],
)
def test_what_cannot_be_tried_on_other_rows_is_not_done(membership: Any, why: str) -> None:
    folds = Folds(np.array(membership, np.int8))
    own = known([0, 0, 1, 1], two([0.1, 0.2, 0.8, 0.9]), folds=folds)
    found = calibration.choose("temperature", own)
    assert found.method is None
    assert why in found.why_none


def test_repeated_folds_are_fitted_by_those_that_share_no_row() -> None:
    fold = np.arange(20) % 2
    folds = Folds(
        np.concatenate([Folds.of(fold).membership, Folds.of(np.arange(20) // 10).membership])
    )
    own = known([0, 1] * 10, two(np.linspace(0.1, 0.9, 20)), folds=folds)
    for mine, others in own.parts():
        assert not set(own.places[mine]) & set(own.places[others])
        assert others.any()


# Chapter: reliability


def test_the_reliability_curve_is_scikit_learns() -> None:
    from sklearn.calibration import calibration_curve

    odds, y = odds_and_truths(500)
    p = two(expit(2 * odds))
    observed, predicted = calibration_curve(y, p[:, 1], n_bins=10, strategy="quantile")
    found = reliability(*said_and_true(p, y))
    np.testing.assert_allclose([own.predicted for own in found], predicted)
    np.testing.assert_allclose([own.observed for own in found], observed)
    assert calibration_error(p, y) == pytest.approx(np.mean(np.abs(observed - predicted)))
    said, true = said_and_true(p, y, 0)
    assert said.tolist() == p[:, 0].tolist()
    assert true.tolist() == (y == 0).tolist()


def test_of_many_classes_the_most_probable_one_counts_and_few_rows_make_one_bin() -> None:
    p = np.array([[0.6, 0.3, 0.1], [0.2, 0.8, 0.0]] * 5)
    assert calibration_error(p, np.array([0, 0] * 5)) == pytest.approx(0.2)


# Chapter: decision


@settings(max_examples=20)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from([0.0, 0.1, 0.3, 0.35, 0.6, 0.9, 1.0]), st.integers(0, 1)),
        min_size=4,
        max_size=20,
    ),
    asked=st.sampled_from(["accuracy", "balanced_accuracy", "f1", "mcc", "costs"]),
    positive=st.integers(0, 1),
)
def test_no_threshold_is_better_than_the_chosen_one(
    rows: list[tuple[float, int]], asked: Any, positive: int
) -> None:
    p, y = two([own for own, _ in rows]), np.array([*(truth for _, truth in rows)])
    y[:2] = [0, 1]
    costs = [[0.0, 1.0], [3.0, 0.5]]
    declared = Decision(costs=costs) if asked == "costs" else Decision(metric=asked)

    def goodness(threshold: float) -> float:
        codes = Threshold(positive, threshold)(p)
        if asked == "costs":
            return -float(np.array(decision.by_code(costs, positive))[y, codes].mean())
        return metrics.named(asked).score(y, np.eye(2)[codes], positive)

    found = decision.fit(declared, p, y, positive)
    assert isinstance(found, Threshold)
    tried = [0, 0.05, 0.2, 0.32, 0.5, 0.75, 0.95, 1.1]
    assert goodness(found.threshold) >= max(map(goodness, tried)) - 1e-9


def test_a_mistake_that_costs_five_times_as_much_is_made_less_often() -> None:
    odds, y = odds_and_truths(2000)
    p = two(expit(odds))
    found = decision.fit(Decision(costs=[[0, 1], [5, 0]]), p, y, 1)
    assert isinstance(found, Threshold)
    assert found.threshold == pytest.approx(1 / 6, abs=0.06)  # Elkan's, as the odds are right.
    turned = decision.fit(Decision(costs=[[0, 5], [1, 0]]), p[:, ::-1], 1 - y, 1)
    assert isinstance(turned, Threshold)
    assert turned.threshold == pytest.approx(5 / 6, abs=0.06)


def test_many_classes_are_answered_by_their_costs() -> None:
    costs = [[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [9.0, 9.0, 0.0]]
    p = np.full((2, 3), 1 / 3)
    found = decision.fit(Decision(costs=costs), p, np.array([0, 1]), None)
    assert found == LeastCost(costs)
    assert found(p).tolist() == [2, 2]


# Chapter: intervals


def test_residuals_of_all_rows_and_of_each_value_have_the_declared_quantile() -> None:
    rng = np.random.default_rng(0)
    z = np.where(np.arange(120) < 100, "many", "few")
    z[:3] = "rare"
    residuals = rng.exponential(size=120)
    own = known(residuals, np.zeros(120), "regression", z=z)
    found, fell_back = uncertainty.fit(Intervals(coverage=0.9, by="z"), own, fold_models=False)
    assert isinstance(found, Conformal)
    assert found.pooled == Quantile(float(np.sort(residuals)[109 - 1]))
    assert found.groups["many"] == Quantile(float(np.sort(residuals[z == "many"])[89 - 1]))
    assert set(found.groups) == {"few", "many"}
    assert fell_back == {"rare": 3}


def test_a_group_of_the_split_counts_as_one_row_does() -> None:
    residuals = np.concatenate([np.arange(20.0), np.full(80, 50.0)])
    groups = np.concatenate([np.arange(20), np.full(80, 20)])
    own = known(residuals, np.zeros(100), "regression", groups=groups)
    found, _ = uncertainty.fit(Intervals(coverage=0.8), own, fold_models=False)
    assert isinstance(found, Conformal)
    assert found.pooled == Quantile(17.0)  # 17.6 of 22 groups.


def test_too_few_rows_for_a_coverage_have_no_intervals_in_words() -> None:
    own = known(np.arange(8.0), np.zeros(8), "regression")
    found, _ = uncertainty.fit(Intervals(coverage=0.9), own, fold_models=False)
    assert found == "8 rows are too few for a coverage of 0.9"
    found, _ = uncertainty.fit(Intervals(coverage=0.8), own, fold_models=True)
    assert isinstance(found, Conformal) and isinstance(found.pooled, CvPlus)


def test_a_measurement_is_no_feature_to_group_by() -> None:
    own = known(np.zeros(120), np.zeros(120), "regression")
    with pytest.raises(UserError, match="100 values at most, but 'x' has 120: name another"):
        uncertainty.fit(Intervals(by="x"), own, fold_models=False)


def test_sets_hold_the_declared_share_where_the_most_probable_class_holds_less() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), 4000)
    y = (rng.random((4000, 1)) > np.cumsum(p, axis=1)).sum(axis=1)
    fitted, _ = uncertainty.fit(
        Intervals(coverage=0.9), known(y[:2000], p[:2000], "multiclass"), fold_models=True
    )
    assert isinstance(fitted, Conformal)
    held = fitted.sets(p[2000:], None)
    assert held[np.arange(2000), y[2000:]].mean() == pytest.approx(0.9, abs=0.02)
    assert held.sum(axis=1).mean() < 2.6


# Chapter: a champion


def finished(folder: Path, task: Any, **declared: Any) -> Any:
    """A bag of the folds' networks as it is finished, and the table it learns from."""
    made = bag(task=task)
    assert made.data.folds is not None
    (folder / "model").mkdir()
    made.predictor.save(folder / "model")
    oof = made.data.folds.by_fold(made.evaluation.oof)
    dataset.write_out_of_fold(folder / "oof.parquet", made.data, oof)
    positive = made.data.schema.classes[-1] if task == "binary" else None
    scorer = FoldScorer(["log_loss" if task == "binary" else "mse"], made.data, positive)
    asked = SelectModel.model_validate({"registered_model_name": "m", **declared})
    return finish(asked, scorer, folder, folder / "model"), made


def test_nothing_declared_changes_nothing(tmp_path: Path) -> None:
    served, made = finished(tmp_path, "binary")
    assert served.predictor.postprocessing.to_json() == {}
    assert remarks.write(tmp_path / "p.json", served, made.data) == []
    assert runtime.read_json(tmp_path / "p.json") == {"served": {}, "figures": {}}
    pd.testing.assert_frame_equal(
        served.predictor.answer(made.data.X), made.predictor.answer(made.data.X)
    )


def test_a_classifier_is_served_calibrated_with_its_threshold_and_its_sets(tmp_path: Path) -> None:
    served, made = finished(
        tmp_path,
        "binary",
        calibration="temperature",
        decision={"metric": "f1"},
        intervals={"coverage": 0.8, "by": "colour"},
    )
    said = remarks.write(tmp_path / "p.json", served, made.data)
    written = runtime.read_json(tmp_path / "p.json")
    figures = written["figures"]
    assert set(figures) == {"calibration", "decision", "intervals"}
    model, made_of = served.predictor, served.predictor.postprocessing
    answers = model.answer(made.data.X, intervals=True)
    p = answers[["probability_no", "probability_yes"]].to_numpy()
    if figures["calibration"]["method"] is not None:
        raw = made.predictor.predict(made.data.X)
        np.testing.assert_allclose(p, made_of.calibrator(raw), rtol=1e-12)
    yes = p[:, 1] >= made_of.decision.threshold
    assert answers["prediction"].tolist() == np.where(yes, "yes", "no").tolist()
    f1 = figures["decision"]["test"]["f1"]["after"]
    truth = np.array(["no", "yes"])[made.data.y.astype(int)]
    hits = (yes & (truth == "yes")).sum()
    assert f1 == pytest.approx(2 * hits / (yes.sum() + (truth == "yes").sum()))
    held = answers[["in_set_no", "in_set_yes"]].to_numpy()
    assert held.any(axis=1).all()
    assert figures["intervals"]["test"]["mean_size"] == held.sum(axis=1).mean()
    assert figures["intervals"]["fell_back"] == {"black": 1}
    assert any("yes is answered from a probability of" in line for line in said)
    assert any("values of colour with too few rows for 0.8 have" in line for line in said)

    folder = tmp_path / "served"
    assembling.with_postprocessing(folder, tmp_path / "model", written["served"])
    pd.testing.assert_frame_equal(
        predictor.load(folder).answer(made.data.X, intervals=True), answers
    )


def test_a_bag_has_cv_plus_intervals_of_its_members_beside_their_spread(tmp_path: Path) -> None:
    served, made = finished(tmp_path, "regression", intervals={"coverage": 0.8})
    answers = served.predictor.answer(made.data.X.head(5), intervals=True)
    assert served.predictor.postprocessing.conformal.method == "cv+"
    known = served.known
    inputs = [own.transform(made.data.X.head(5)) for own in made.predictor.transformers]
    each = made.predictor.model.predict_each(inputs)
    residuals = np.abs(known.y - known.prediction)
    rank = int(np.ceil(61 * 0.8))
    for row in range(5):
        highs = np.sort(each[known.fold, row] + residuals)
        lows = np.sort(each[known.fold, row] - residuals)
        assert answers["upper"].iloc[row] == pytest.approx(highs[rank - 1], rel=1e-9)
        assert answers["lower"].iloc[row] == pytest.approx(lows[60 - rank], rel=1e-9)
    both = served.predictor.answer_with_spread(made.data.X.head(5), 4, intervals=True)
    assert list(both)[:4] == ["prediction", "spread", "lower", "upper"]
    pd.testing.assert_series_equal(both["upper"], answers["upper"])
    said = remarks.write(tmp_path / "p.json", served, made.data)
    assert said[0].startswith("0.8 intervals (cv+): ")
