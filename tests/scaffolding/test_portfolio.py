"""Which families `tenfold init` writes, for the time that there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold import cli, models, params
from tenfold.models import Diverged
from tenfold.runtime import UserError
from tenfold.scaffolding import portfolio
from tenfold.scaffolding.portfolio import (
    FAMILY_SECONDS,
    STAGES_SECONDS,
    STEPS,
    Measurement,
    Size,
    Step,
)
from tenfold.scaffolding.project import working_in
from tests.scaffolding.guessing import guess, table


@given(
    st.floats(1, 5000),
    st.lists(st.floats(0, 500), min_size=len(STEPS), max_size=len(STEPS)),
)
def test_a_portfolio_keeps_to_its_time(budget: float, costs: list[float]) -> None:
    of_step = {id(step): cost for step, cost in zip(STEPS, costs, strict=True)}
    found = portfolio.choose(budget, lambda step: of_step[id(step)])
    assert list(found.chosen)[:2] == ["dummy", "linear"]
    always = STAGES_SECONDS + sum(found.seconds[name] for name in ("dummy", "linear"))
    assert found.total <= max(budget, always) + 1e-6
    assert {*found.chosen, *found.left_out} == {step.family for step in STEPS}
    assert not set(found.chosen) & set(found.left_out)


def test_more_time_buys_more_of_the_same_family() -> None:
    def cost(step: Step) -> float:
        return float(step.n_epochs or 1)

    few = portfolio.choose(200, cost).chosen["realmlp"]["n_epochs"]
    many = portfolio.choose(600, cost).chosen["realmlp"]["n_epochs"]
    assert (few, many) == (128, 256)


def test_what_takes_too_long_is_left_out_with_its_time() -> None:
    found = portfolio.choose(300, lambda step: 1000.0 if step.family == "catboost" else 0.0)
    assert found.left_out == {"catboost": 1000.0 + FAMILY_SECONDS}
    said = " ".join(found.summary(300))
    assert "left out for want of time: catboost; --time gives more" in said


@pytest.mark.parametrize("refusal", [UserError("no text so long"), Diverged("no text so long")])
def test_a_family_that_refuses_the_table_is_left_out_with_its_reason(refusal: Exception) -> None:
    def cost(step: Step) -> float:
        if step.family == "catboost":
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
        plan = portfolio.plan(params.load(models), size, 300)
    assert plan.total <= 300
    assert not plan.measured


def test_costs_are_measured_where_time_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = table(300).sort_values("bought")  # The first rows are of one class.
    found = guess(frame, "bought")
    monkeypatch.setattr(portfolio, "STEPS", (*STEPS[:3], Step("tabm", {"k": 2, "d_block": 8})))
    monkeypatch.setattr(portfolio, "N_SAMPLE", 80)
    with working_in(Path("project")):
        experiment = params.load(models)
        with Measurement(experiment, found.size(2)) as measured:
            assert measured.rows <= 80
            one = measured.cost(STEPS[1])
            ten = Measurement.cost(replace_size(measured, found.size(10)), STEPS[1])
        plan = portfolio.plan(experiment, found.size(10), 25)
    assert ten == pytest.approx(9 * one, rel=0.1)
    assert plan.measured


def replace_size(measured: Measurement, size: Size) -> Measurement:
    """The same measurement for another table."""
    measured.size = size
    return measured


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5m", 300), ("1.5h", 5400)])
def test_a_time_is_a_number_with_a_unit(text: str, seconds: float) -> None:
    assert cli.seconds(text) == seconds


@pytest.mark.parametrize("text", ["5", "m", "0s", "nanm", "infh", "five minutes", ""])
def test_a_time_without_a_unit_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["init", "t.csv", "--target", "y", "--time", text])
    assert ended.value.code == 2
    assert "must be a number with s, m or h, such as 90s, 5m or 2h" in capsys.readouterr().err
