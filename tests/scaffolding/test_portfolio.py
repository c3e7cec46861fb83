"""Which families `tenfold init` writes, for the time that there is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold import cli, models, params
from tenfold.models import Diverged
from tenfold.runtime import UserError
from tenfold.scaffolding import costs, portfolio
from tenfold.scaffolding.costs import Measurement, Point, Size, extrapolate
from tenfold.scaffolding.portfolio import FAMILY_SECONDS, STAGES_SECONDS, STEPS, Step
from tenfold.scaffolding.project import working_in
from tests.scaffolding.guessing import guess, table


@pytest.mark.slow
@given(
    st.floats(1, 5000),
    st.lists(st.floats(0, 500), min_size=len(STEPS), max_size=len(STEPS)),
)
def test_a_portfolio_keeps_to_its_time(budget: float, costs: list[float]) -> None:
    drawn = iter(costs)
    found = portfolio.choose(budget, lambda *step: next(drawn))
    assert list(found.chosen)[:2] == ["dummy", "linear"]
    always = STAGES_SECONDS + sum(found.seconds[name] for name in ("dummy", "linear"))
    assert found.total <= max(budget, always) + 1e-6
    assert {*found.chosen, *found.left_out} == {step.family for step in STEPS}
    assert not set(found.chosen) & set(found.left_out)


def test_more_time_buys_more_of_the_same_family() -> None:
    def cost(family: str, declared: Mapping[str, Any], n_trials: int) -> float:
        return float(declared.get("n_epochs", 1))

    few = portfolio.choose(200, cost).chosen["realmlp"]["n_epochs"]
    many = portfolio.choose(600, cost).chosen["realmlp"]["n_epochs"]
    assert (few, many) == (128, 256)


def test_what_takes_too_long_is_left_out_with_its_time() -> None:
    found = portfolio.choose(300, lambda family, *_: 1000.0 if family == "catboost" else 0.0)
    assert found.left_out == {"catboost": 1000.0 + FAMILY_SECONDS}
    said = " ".join(found.summary(300))
    assert "left out for want of time: catboost; --time gives more" in said


@pytest.mark.parametrize("refusal", [UserError("no text so long"), Diverged("no text so long")])
def test_a_family_that_refuses_the_table_is_left_out_with_its_reason(refusal: Exception) -> None:
    def cost(family: str, *_: Any) -> float:
        if family == "catboost":
            raise refusal
        return 0.0

    found = portfolio.choose(300, cost)
    assert found.left_out == {"catboost": "no text so long"}
    assert "catboost is left out: no text so long" in found.summary(300)


def test_every_step_is_of_a_family_and_has_few_configurations() -> None:
    for step in STEPS:
        assert step.family in models.built_in()
        assert 1 <= step.n_configurations <= 10


def test_a_small_table_is_planned_without_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Measurement, "__enter__", lambda self: pytest.fail("measured"))
    frame = table(60)
    found = guess(frame, "price")
    size = found.size(found.n_splits)
    assert size.n_columns == len(found.features)
    with working_in(Path("project")):
        n_splits, plan = portfolio.plan(params.load(models), found.size, [found.n_splits, 3], 300)
    assert n_splits == found.n_splits
    assert plan.total <= 300
    assert not plan.measured


@pytest.mark.slow
def test_costs_are_measured_where_time_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = table(300).sort_values("bought")  # The first rows are of one class.
    found = guess(frame, "bought")
    monkeypatch.setattr(portfolio, "STEPS", (*STEPS[:3], Step("tabm", {"k": 2, "d_block": 8})))
    monkeypatch.setattr(costs, "N_FIRST_ROWS", 20)
    monkeypatch.setattr(costs, "ENOUGH_SECONDS", 0.0)
    monkeypatch.setattr(costs, "HARMLESS", 0.0)
    with working_in(Path("project")):
        experiment = params.load(models)
        with Measurement(experiment, 300) as measured:
            two = measured.seconds("linear", {}, 1, found.size(2))
            many = measured.seconds("linear", {}, 3, found.size(2))
            assert max(measured.samples) == 80
        _, plan = portfolio.plan(experiment, found.size, [10], 25)
    assert many == pytest.approx(3 * two)
    assert plan.measured


@pytest.mark.parametrize("family", models.built_in())
def test_fewer_epochs_are_forecast_to_take_less(family: str) -> None:
    if "n_epochs" in models.parameters(family).model_fields:
        few, usual = (
            costs.forecast(family, declared, 1, Size([100], 4))
            for declared in ({"n_epochs": 5}, {})
        )
        assert 0 < few < usual


@pytest.mark.slow
def test_what_is_far_beyond_the_time_is_not_measured() -> None:
    found = guess(table(300), "bought")
    with working_in(Path("project")), Measurement(params.load(models), 300) as measured:
        size = Size.of(10**9, 10, len(found.features))
        assert measured.seconds("tabm", {}, 1, size) == costs.forecast("tabm", {}, 1, size)
        assert not measured.known


def test_a_table_of_which_a_sample_tells_little_is_planned_by_the_forecast(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Measurement, "__enter__", lambda self: pytest.fail("measured"))
    guess(table(60), "price")
    with working_in(Path("project")):
        experiment = params.load(models)
        n_splits, plan = portfolio.plan(
            experiment, lambda n: Size.of(10**6, n, 6), [5, 3], portfolio.SECONDS
        )
    assert n_splits == 3
    assert {"linear", "lightgbm", "catboost"} <= set(plan.chosen)
    assert plan.total <= portfolio.SECONDS


@pytest.mark.slow
def test_fewer_folds_let_the_first_families_in(monkeypatch: pytest.MonkeyPatch) -> None:
    found = guess(table(300), "bought")

    def cost(measured: Measurement, family: str, declared: Any, n: int, size: Size) -> float:
        return 9.0 * len(size.rows) if family == "lightgbm" else 0.0

    monkeypatch.setattr(Measurement, "seconds", cost)
    with working_in(Path("project")):
        experiment = params.load(models)
        plans = {
            budget: portfolio.plan(experiment, found.size, [10, 3], budget)
            for budget in (30, 100, 200)
        }
    assert {budget: n_splits for budget, (n_splits, _) in plans.items()} == {
        30: 10,
        100: 3,
        200: 10,
    }
    assert "lightgbm" in plans[100][1].chosen


@given(
    st.floats(0, 10),
    st.floats(1e-6, 1e-2),
    st.floats(1e3, 1e5),
    st.floats(1.5, 10),
    st.floats(1, 1e3),
)
def test_a_line_of_costs_is_followed(
    fixed: float, slope: float, work: float, growth: float, factor: float
) -> None:
    points = [Point(w, fixed + slope * w) for w in (work, growth * work)]
    wanted = factor * growth * work
    assert extrapolate(points, wanted) == pytest.approx(fixed + slope * wanted, rel=1e-6)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5m", 300), ("1.5h", 5400)])
def test_a_time_is_a_number_with_a_unit(text: str, seconds: float) -> None:
    assert cli.seconds(text) == seconds


@pytest.mark.parametrize("text", ["5", "m", "0s", "nanm", "infh", "five minutes", ""])
def test_a_time_without_a_unit_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["init", "t.csv", "--target", "y", "--time", text])
    assert ended.value.code == 2
    assert "must be a number with s, m or h, such as 90s, 5m or 2h" in capsys.readouterr().err
