"""The search: killed and resumed, extended, diverged, deterministic."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, model_validator

from tenfold import runtime
from tenfold.models import Diverged, FamilyParameters
from tenfold.params import SearchSpace, Tune
from tenfold.params.preprocessing import TransformName
from tenfold.runtime import UserError
from tenfold.tuning import search as tuning
from tenfold.tuning.cross_validation import Evaluation
from tenfold.tuning.search import Trial
from tests.project import Project


class Parameters(FamilyParameters):
    x: float = 0.0
    n: int = Field(1, ge=1)
    kind: str = "a"


DECLARED = {
    "x": {"low": -1.0, "high": 1.0},
    "n": {"low": 1, "high": 64, "log": True},
    "kind": {"choices": ["a", "b"]},
}
Evaluate = Callable[[int, FamilyParameters], Evaluation]


def bowl(number: int, parameters: FamilyParameters) -> Evaluation:
    """Lowest at x = 0.5 and n = 8: two folds that differ by one."""
    assert isinstance(parameters, Parameters)
    score = (parameters.x - 0.5) ** 2 + (np.log2(parameters.n) - 3) ** 2 / 9
    score += parameters.kind == "b"
    folds = [{"mse": score, "r2": -score}, {"mse": score + 1, "r2": -score}]
    oof = np.array([score, float(number)])
    return Evaluation(oof, folds, [number + 1, 3], [{"epoch": 1}], ["dead units"])


def alone(parameters: FamilyParameters) -> Hashable:
    """The shape of a family that evaluates one configuration after another."""
    return object()


def together(parameters: FamilyParameters) -> Hashable:
    """The shape of a family that evaluates those of the same kind at once."""
    assert isinstance(parameters, Parameters)
    return parameters.kind


def search(
    scratch: Path,
    evaluate: Evaluate = bowl,
    declared: dict[str, Any] = DECLARED,
    metric: str = "mse",
    seed: int = 0,
    report: Callable[[Trial, int], None] = lambda trial, n_trials: None,
    shape: Callable[[FamilyParameters], Hashable] = alone,
    schema: type[FamilyParameters] = Parameters,
    first: Sequence[dict[str, Any]] = (),
    transforms: Sequence[TransformName] = ("none",),
    **tune: Any,
) -> list[Trial]:
    evaluator = Evaluator(evaluate, shape, metric, seed, transforms=transforms)
    space = SearchSpace(declared, schema)
    return tuning.search(space, evaluator, Tune(**tune), scratch, report, first)


@dataclass
class Evaluator:
    """Evaluates one configuration after another by a function; `calls` holds what was asked."""

    evaluate: Evaluate
    shape_of: Callable[[FamilyParameters], Hashable] = alone
    metric: str = "mse"
    seed: int = 0
    calls: list[list[tuple[int, FamilyParameters]]] = field(default_factory=list)
    transforms: Sequence[TransformName] = ("none",)
    asked_for: list[TransformName] = field(default_factory=list)

    def shape(self, parameters: FamilyParameters) -> Hashable:
        return self.shape_of(parameters)

    def __call__(
        self, asked: Sequence[tuple[int, FamilyParameters]], transform: TransformName
    ) -> list[Evaluation | Diverged]:
        self.calls.append(list(asked))
        self.asked_for.append(transform)
        return [_answer(self.evaluate, number, parameters) for number, parameters in asked]


def _answer(evaluate: Evaluate, number: int, parameters: FamilyParameters) -> Evaluation | Diverged:
    try:
        return evaluate(number, parameters)
    except Diverged as reason:
        return reason


def facts(trials: list[Trial]) -> list[Any]:
    """All that a trial holds, in a form that can be compared."""
    return [
        (
            trial.number,
            trial.values,
            trial.parameters.model_dump(),
            trial.failure,
            trial.evaluation
            and (
                trial.evaluation.oof.tolist(),
                trial.evaluation.folds,
                trial.evaluation.epochs,
                trial.evaluation.history,
                trial.evaluation.findings,
            ),
        )
        for trial in trials
    ]


class PowerCut(Exception):
    pass


class Kept:
    """A bag that can only be saved; `saving` is called with its number when it is."""

    def __init__(self, number: int, saving: Callable[[int], None] = lambda number: None) -> None:
        self.number = number
        self.saving = saving
        self.history: list[dict[str, float]] = []
        self.findings: list[str] = []

    def predict(self, inputs: Any) -> Any:
        raise NotImplementedError

    def draws(self, inputs: Any, n_samples: int, seed: int) -> Any:
        raise NotImplementedError

    def save(self, folder: Path) -> None:
        self.saving(self.number)
        (folder / "number.json").write_text(json.dumps(self.number))


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["tpe", "random"])
@pytest.mark.parametrize("at", [0, 3, 7])
def test_a_resumed_search_is_an_unbroken_one_and_evaluates_nothing_twice(
    sampler: str, at: int, tmp_path: Path
) -> None:
    tune: dict[str, Any] = {"n_trials": 12, "generation_size": 4, "sampler": sampler}
    evaluated: list[int] = []

    def failing(number: int, parameters: FamilyParameters) -> Evaluation:
        if number == at and number not in evaluated and not (tmp_path / "cut").exists():
            (tmp_path / "cut").touch()
            raise PowerCut
        evaluated.append(number)
        return bowl(number, parameters)

    with pytest.raises(PowerCut):
        search(tmp_path / "broken", failing, **tune)
    assert evaluated == list(range(at))
    resumed = search(tmp_path / "broken", failing, **tune)
    assert evaluated == list(range(12))
    assert facts(resumed) == facts(search(tmp_path / "unbroken", **tune))


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["tpe", "random"])
@pytest.mark.parametrize("generation_size", [1, 5])
def test_the_seed_alone_decides(sampler: str, generation_size: int, tmp_path: Path) -> None:
    tune: dict[str, Any] = {"n_trials": 11, "generation_size": generation_size, "sampler": sampler}
    first = facts(search(tmp_path / "1", **tune))
    assert facts(search(tmp_path / "2", **tune)) == first
    other = search(tmp_path / "3", seed=1, **tune)
    assert [trial.values for trial in other] != [values for _, values, *_ in first]


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_a_larger_budget_extends_the_search(sampler: str, tmp_path: Path) -> None:
    fewer = search(tmp_path / "a", n_trials=7, generation_size=5, sampler=sampler)
    more = search(tmp_path / "b", n_trials=12, generation_size=5, sampler=sampler)
    assert len(more) == 12
    assert facts(more[:7]) == facts(fewer)


def test_trials_of_a_generation_differ_and_lie_in_their_ranges(tmp_path: Path) -> None:
    trials = search(tmp_path, n_trials=20, generation_size=5)
    assert len({tuple(trial.values.items()) for trial in trials}) == 20
    for trial in trials:
        assert isinstance(trial.parameters, Parameters)
        assert -1 <= trial.parameters.x <= 1
        assert 1 <= trial.parameters.n <= 64
        assert trial.parameters.kind in ("a", "b")


@pytest.mark.slow
def test_tpe_learns_from_what_it_was_told(tmp_path: Path) -> None:
    trials = search(tmp_path / "a", n_trials=40)
    early = np.mean([trial.score("mse") for trial in trials[:10]])
    late = np.mean([trial.score("mse") for trial in trials[-10:]])
    assert late < early
    # Told the opposite, it goes the opposite way: the direction is the metric's.
    inverse = search(
        tmp_path / "b",
        lambda number, p: Evaluation(
            np.zeros(1), [{"r2": fold["mse"]} for fold in bowl(number, p).folds], None, [], []
        ),
        metric="r2",
        n_trials=40,
    )
    assert np.mean([trial.score("r2") for trial in inverse[-10:]]) > np.mean(
        [trial.score("r2") for trial in inverse[:10]]
    )


def test_a_trial_that_diverged_is_marked_and_the_others_go_on(tmp_path: Path) -> None:
    calls: list[int] = []

    def sometimes(number: int, parameters: FamilyParameters) -> Evaluation:
        calls.append(number)
        if number % 3 == 0:
            raise Diverged(f"loss of trial {number} was nan")
        return bowl(number, parameters)

    trials = search(tmp_path, sometimes, n_trials=8)
    failed = [trial.number for trial in trials if trial.evaluation is None]
    assert failed == [0, 3, 6]
    assert trials[3].failure == "loss of trial 3 was nan"
    assert tuning.best(trials, "mse").number not in failed
    rows = tuning.table(trials)
    assert [row["trial"] for row in rows if row["state"] == "failed"] == failed
    assert "mse_mean" not in rows[0]
    assert tuning.describe(tuning.best(trials, "mse"), trials)["failed"] == 3
    assert facts(search(tmp_path, sometimes, n_trials=8)) == facts(trials)
    assert calls == list(range(8)), "a failed trial was evaluated again"


def test_a_search_without_a_finite_trial_is_refused(tmp_path: Path) -> None:
    def never(number: int, parameters: FamilyParameters) -> Evaluation:
        raise Diverged("the loss was never finite")

    trials = search(tmp_path, never, n_trials=3)
    with pytest.raises(
        UserError, match=r"no configuration .* \(3 tried\); the last: .* never finite"
    ):
        tuning.best(trials, "mse")


def test_the_best_is_the_one_of_the_metrics_direction_and_the_earlier_of_equals() -> None:
    def trial(number: int, score: float) -> Trial:
        folds = [{"mse": score, "r2": score}]
        return Trial(number, {}, Parameters(), Evaluation(np.zeros(1), folds, None, [], []))

    trials = [trial(0, 2.0), trial(1, 3.0), trial(2, 1.0), trial(3, 1.0), trial(4, 3.0)]
    assert tuning.best(trials, "mse").number == 2
    assert tuning.best(trials, "r2").number == 1


def test_a_family_without_tuned_leaves_has_one_trial(tmp_path: Path) -> None:
    trials = search(tmp_path, declared={"x": 0.5, "n": 8}, n_trials=15)
    assert len(trials) == 1
    assert trials[0].values == {}
    assert trials[0].parameters == Parameters(x=0.5, n=8)


DISCRETE = st.fixed_dictionaries(
    {},
    optional={
        "x": st.sampled_from(
            [{"choices": [0.1, 1.0, 10.0, 1]}, {"low": -1.0, "high": 1.0, "step": 0.5}]
        ),
        "n": st.sampled_from(
            [{"low": 1, "high": 5}, {"low": 2, "high": 9, "step": 3}, {"choices": [1, 2]}]
        ),
        "kind": st.sampled_from([{"choices": ["a", "b"]}, {"choices": ["a"]}, "b"]),
    },
)


@pytest.mark.slow
@given(
    declared=DISCRETE,
    sampler=st.sampled_from(["tpe", "random"]),
    generation_size=st.integers(1, 6),
    budgets=st.tuples(st.integers(1, 40), st.integers(1, 40)).map(sorted),
    seed=st.integers(0, 3),
)
@hypothesis.settings(max_examples=25)
def test_each_configuration_of_a_discrete_space_is_tried_once_and_all_if_the_budget_suffices(
    declared: dict[str, Any],
    sampler: str,
    generation_size: int,
    budgets: list[int],
    seed: int,
) -> None:
    space = SearchSpace(declared, Parameters)
    found = []
    for budget in budgets:
        with tempfile.TemporaryDirectory() as folder:
            trials = search(
                Path(folder), declared=declared, seed=seed, n_trials=budget, sampler=sampler,
                generation_size=generation_size,
            )  # fmt: skip
        assert len(trials) == min(budget, space.size)
        assert [trial.number for trial in trials] == list(range(len(trials)))
        tried = {tuple(trial.parameters.model_dump().items()) for trial in trials}
        assert len(tried) == len(trials)
        found.append(facts(trials))
    fewer, more = found
    assert more[: len(fewer)] == fewer


def test_a_configuration_that_failed_is_not_tried_again(tmp_path: Path) -> None:
    def never(number: int, parameters: FamilyParameters) -> Evaluation:
        assert isinstance(parameters, Parameters)
        if parameters.x:
            raise Diverged("too far")
        return bowl(number, parameters)

    declared = {"x": {"choices": [1.0, 0.0, 2.0, 3.0]}}
    trials = search(tmp_path, never, declared, n_trials=20)
    assert sorted(trial.values["x"] for trial in trials) == [0.0, 1.0, 2.0, 3.0]
    assert tuning.best(trials, "mse").values == {"x": 0.0}


@pytest.mark.slow
@pytest.mark.parametrize("at", [0, 2, 5])
def test_a_resumed_search_of_a_discrete_space_is_an_unbroken_one(at: int, tmp_path: Path) -> None:
    declared = {"x": {"low": 0.0, "high": 1.0, "step": 0.25}, "kind": {"choices": ["a", "b"]}}
    calls: list[int] = []

    def failing(number: int, parameters: FamilyParameters) -> Evaluation:
        calls.append(number)
        if number == at and calls.count(at) == 1:
            raise PowerCut
        return bowl(number, parameters)

    with pytest.raises(PowerCut):
        search(tmp_path / "broken", failing, declared, n_trials=15)
    resumed = search(tmp_path / "broken", failing, declared, n_trials=15)
    assert len(calls) == 11
    assert facts(resumed) == facts(search(tmp_path / "unbroken", bowl, declared, n_trials=15))


def test_the_default_tables_three_configurations_are_three_trials(again: Project) -> None:
    models = {"linear": {"alpha": {"choices": [0.1, 1.0, 10.0]}}}
    tried = []
    for n_trials in (3, 15):
        again.change(models=models, tune={"n_trials": n_trials, "generation_size": 5})
        said = again.stage("cross_validate", "linear").stdout
        assert "cross_validate@linear: 3 of 3 configurations, best auroc" in said
        rows = runtime.read_rows(again / "outputs/cross_validate/linear/trials.csv")
        tried.append([row["alpha"] for row in rows])
        assert again.json("outputs/cross_validate/linear/best.json")["n_trials"] == 3
    assert sorted(tried[0]) == ["0.1", "1.0", "10.0"]
    assert tried[0] == tried[1]
    assert "linear: 9 fits (3 of 3 configurations), about" in again.run("tenfold", "check")


def test_every_trial_is_reported_once_with_the_budget(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    search(tmp_path, n_trials=7, report=lambda trial, total: seen.append((trial.number, total)))
    assert seen == [(number, 7) for number in range(7)]


def test_a_trials_row_holds_mean_deviation_and_values(tmp_path: Path) -> None:
    trials = search(tmp_path, n_trials=3)
    for trial, row in zip(trials, tuning.table(trials), strict=True):
        assert trial.evaluation is not None
        assert row["mse_mean"] == trial.score("mse")
        assert row["mse_sd"] == pytest.approx(np.sqrt(0.5))
        assert {name: row[name] for name in DECLARED} == trial.values
        assert row["state"] == "complete"


def test_the_best_is_described_by_all_of_its_parameters(tmp_path: Path) -> None:
    trials = search(tmp_path, declared={"x": {"low": 0.0, "high": 1.0}, "n": 8}, n_trials=4)
    best = tuning.best(trials, "mse")
    described = tuning.describe(best, trials)
    assert described["parameters"] == {"x": best.values["x"], "n": 8, "kind": "a"}
    assert described["tuned"] == {"x": best.values["x"]}
    assert described["epochs"] == [best.number + 1, 3]
    assert (described["trial"], described["n_trials"]) == (best.number, 4)
    assert described["findings"] == ["dead units"]


@pytest.mark.slow
@pytest.mark.parametrize("shape", [alone, together])
def test_configurations_of_equal_shape_are_evaluated_at_once_and_no_others(
    shape: Callable[[FamilyParameters], Hashable], tmp_path: Path
) -> None:
    evaluator = Evaluator(bowl, shape)
    calls, tune = evaluator.calls, Tune(n_trials=12, generation_size=6)
    space = SearchSpace(DECLARED, Parameters)
    trials = tuning.search(space, evaluator, tune, tmp_path, lambda *_: None)
    assert sorted(number for call in calls for number, _ in call) == list(range(12))
    for call in calls:
        assert len({number // 6 for number, _ in call}) == 1, "generations were mixed"
        assert len({shape(parameters) for _, parameters in call}) == 1 or len(call) == 1
    if shape is together:
        kinds = [{trial.values["kind"] for trial in part} for part in (trials[:6], trials[6:])]
        assert len(calls) == sum(map(len, kinds)), "equal shapes were evaluated apart"
    else:
        assert [len(call) for call in calls] == [1] * 12
    assert facts(trials) == facts(search(tmp_path / "bowl", n_trials=12, generation_size=6))


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 4, 9])
def test_a_group_cut_off_while_it_was_kept_is_evaluated_again_as_a_whole(
    at: int, tmp_path: Path
) -> None:
    tune: dict[str, Any] = {
        "n_trials": 12, "generation_size": 6, "n_kept": 12, "shape": together
    }  # fmt: skip
    unbroken = search(tmp_path / "unbroken", **tune)
    calls: list[int] = []
    saved: list[int] = []

    def save(number: int) -> None:
        if len(saved) == at:
            raise PowerCut
        saved.append(number)

    def noted(number: int, parameters: FamilyParameters) -> Evaluation:
        calls.append(number)
        return replace(bowl(number, parameters), bag=Kept(number, save))

    with pytest.raises(PowerCut):
        search(tmp_path / "broken", noted, **tune)
    left = {int(path.name[-5:]) for path in (tmp_path / "broken").glob("trial-*")}
    assert len(left) == at
    written = {number: tmp_path / f"broken/trial-{number:05d}/oof.npy" for number in left}
    before = {number: file.stat().st_mtime_ns for number, file in written.items()}
    calls.clear()
    at = 99
    resumed = search(tmp_path / "broken", noted, **tune)
    assert facts(resumed) == facts(unbroken)
    groups: dict[tuple[int, Any], set[int]] = {}
    for trial in unbroken:
        groups.setdefault((trial.number // 6, trial.values["kind"]), set()).add(trial.number)
    expected = [group for group in groups.values() if not group <= left]
    assert sorted(calls) == sorted(number for group in expected for number in group)
    for number, file in written.items():
        assert file.stat().st_mtime_ns == before[number], "what was kept was written again"


class Odd(Parameters):
    @model_validator(mode="after")
    def _odd(self) -> Odd:
        if self.n % 2 == 0:
            raise ValueError(f"n must be odd, but got {self.n}")
        return self


def test_a_proposal_that_contradicts_itself_is_a_failed_trial_and_never_evaluated(
    tmp_path: Path,
) -> None:
    calls: list[int] = []

    def noted(number: int, parameters: FamilyParameters) -> Evaluation:
        calls.append(number)
        return bowl(number, parameters)

    trials = search(tmp_path, noted, schema=Odd, shape=together, n_trials=15)
    even = [trial.number for trial in trials if trial.values["n"] % 2 == 0]
    assert even, "no trial contradicted itself"
    assert calls == [trial.number for trial in trials if trial.number not in even]
    for number in even:
        assert trials[number].evaluation is None
        assert trials[number].failure == f"n must be odd, but got {trials[number].values['n']}"
    assert tuning.best(trials, "mse").number not in even
    states = [row["state"] for row in tuning.table(trials)]
    assert states.count("failed") == len(even)


def test_a_trial_keeps_its_folds_models(tmp_path: Path) -> None:
    def bagged(number: int, parameters: FamilyParameters) -> Evaluation:
        return replace(bowl(number, parameters), bag=Kept(number) if number else None)

    trials = search(tmp_path, bagged, n_trials=3)
    assert trials[0].fold_models is None
    for trial in trials[1:]:
        assert trial.fold_models is not None
        assert (trial.fold_models / "number.json").read_text() == str(trial.number)


@pytest.mark.slow
@pytest.mark.parametrize("n_kept", [1, 3])
@pytest.mark.parametrize("generation_size", [1, 5])
def test_models_lie_in_the_scratch_of_those_trials_alone_that_may_be_among_the_best(
    n_kept: int, generation_size: int, tmp_path: Path
) -> None:
    saved: list[int] = []

    def bagged(number: int, parameters: FamilyParameters) -> Evaluation:
        return replace(bowl(number, parameters), bag=Kept(number, saved.append))

    seen: list[Trial] = []

    def check(trial: Trial, n_trials: int) -> None:
        told = list(seen)
        seen.append(trial)
        if trial.number % generation_size:
            return
        best = [other.number for other in tuning.ranked(told, "mse")[:n_kept]]
        left = {int(path.parent.name[-5:]) for path in tmp_path.glob("trial-*/members")}
        assert left <= {*best, *range(trial.number, trial.number + generation_size)}
        assert left >= set(best)

    trials = search(
        tmp_path, bagged, n_trials=20, generation_size=generation_size, n_kept=n_kept, report=check
    )
    best = tuning.ranked(trials, "mse")[:n_kept]
    assert best[0] is tuning.best(trials, "mse")
    assert [trial.fold_models for trial in best] == [
        tmp_path / f"trial-{trial.number:05d}/members" for trial in best
    ]
    others = [trial for trial in trials if trial not in best]
    assert all(trial.fold_models is None for trial in others)
    left = {path.parent for path in tmp_path.glob("trial-*/members")}
    assert left == {trial.fold_models.parent for trial in best if trial.fold_models}
    assert len(saved) < 20, "models were written that could not be among the best"


def test_trials_are_ranked_by_score_and_of_equals_the_earlier_first() -> None:
    def trial(number: int, score: float | None) -> Trial:
        evaluation = score and Evaluation(np.zeros(1), [{"mse": score, "r2": score}], None, [], [])
        return Trial(number, {}, Parameters(), evaluation or None)

    trials = [trial(0, 2.0), trial(1, 3.0), trial(2, None), trial(3, 1.0), trial(4, 2.0)]
    assert [one.number for one in tuning.ranked(trials, "mse")] == [3, 0, 4, 1]
    assert [one.number for one in tuning.ranked(trials, "r2")] == [1, 0, 4, 3]


FIRST = [{"x": 0.0, "n": 1, "kind": "a"}, {"x": 0.5, "n": 8, "kind": "b"}]


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["tpe", "random"])
@pytest.mark.parametrize("generation_size", [1, 5])
def test_the_first_trials_are_those_asked_for_and_a_resumed_search_has_them_too(
    sampler: str, generation_size: int, tmp_path: Path
) -> None:
    tune: dict[str, Any] = {"n_trials": 8, "generation_size": generation_size, "sampler": sampler}
    trials = search(tmp_path / "a", first=FIRST, **tune)
    assert [trial.values for trial in trials[:2]] == FIRST
    assert len({tuple(trial.values.items()) for trial in trials}) == 8

    def failing(number: int, parameters: FamilyParameters) -> Evaluation:
        if number == 1 and not (tmp_path / "cut").exists():
            (tmp_path / "cut").touch()
            raise PowerCut
        return bowl(number, parameters)

    with pytest.raises(PowerCut):
        search(tmp_path / "b", failing, first=FIRST, **tune)
    assert facts(search(tmp_path / "b", failing, first=FIRST, **tune)) == facts(trials)


@pytest.mark.parametrize("n_trials", [2, 5, 40])
def test_what_is_tried_first_of_a_discrete_space_is_not_tried_again(
    n_trials: int, tmp_path: Path
) -> None:
    declared = {"n": {"low": 1, "high": 5}, "kind": {"choices": ["a", "b"]}}
    first = [{"n": 3, "kind": "b"}, {"n": 1, "kind": "a"}]
    trials = search(tmp_path, declared=declared, first=first, n_trials=n_trials)
    assert [trial.values for trial in trials[:2]] == first
    assert len({tuple(trial.values.items()) for trial in trials}) == min(n_trials, 10)


def test_the_best_configuration_is_tried_with_the_targets_other_transforms(tmp_path: Path) -> None:
    def better_at_the_end(number: int, parameters: FamilyParameters) -> Evaluation:
        found = bowl(number, parameters)
        gain = {4: 0.01, 5: 0.02}.get(number, 0.0)
        return replace(found, folds=[{**fold, "mse": fold["mse"] - gain} for fold in found.folds])

    evaluator = Evaluator(better_at_the_end, transforms=("none", "log", "quantile"))
    told: list[tuple[int, int]] = []
    trials = tuning.search(
        SearchSpace(DECLARED, Parameters),
        evaluator,
        Tune(n_trials=4, generation_size=2),
        tmp_path,
        lambda trial, n_trials: told.append((trial.number, n_trials)),
    )
    assert told == [(number, 6) for number in range(6)]
    assert evaluator.asked_for == ["none"] * 4 + ["log", "quantile"]
    best = tuning.best(trials[:4], "mse")
    for trial, transform in zip(trials[4:], ("log", "quantile"), strict=True):
        assert trial.parameters == best.parameters
        assert trial.values == {**best.values, tuning.TRANSFORM: transform}
    assert all(trial.values[tuning.TRANSFORM] == "none" for trial in trials[:4])
    assert tuning.best(trials, "mse").number == 5
    assert tuning.describe(trials[5], trials)["tuned"][tuning.TRANSFORM] == "quantile"
    # What was proposed is what is proposed without them.
    assert [t.parameters for t in trials[:4]] == [
        t.parameters for t in search(tmp_path / "none", n_trials=4, generation_size=2)
    ]


def test_a_search_with_transforms_is_resumed_where_it_was_killed(tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    def killed(number: int, parameters: FamilyParameters) -> Evaluation:
        if number == 4:
            raise Killed
        return bowl(number, parameters)

    options: dict[str, Any] = {"n_trials": 3, "transforms": ("none", "log", "quantile")}
    unbroken = search(tmp_path / "unbroken", **options)
    with pytest.raises(Killed):
        search(tmp_path / "killed", killed, **options)
    resumed = search(tmp_path / "killed", **options)
    assert tuning.table(resumed) == tuning.table(unbroken)
