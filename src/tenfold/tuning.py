"""The search: an Optuna study over cross-validation that can be killed at any point.

Trials are asked for in generations, evaluated in any order and told in index order. Every
finished trial is a folder, so a restarted search asks the same questions and reads the answers
it already has.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tenfold import metrics, runtime, search_space
from tenfold.cross_validation import Evaluation
from tenfold.metrics import METRICS
from tenfold.models import Diverged, FamilyParameters
from tenfold.params import Tune

if TYPE_CHECKING:
    import optuna

Evaluate = Callable[[int, FamilyParameters], Evaluation]


@dataclass(frozen=True)
class Trial:
    """One configuration and what it achieved; `evaluation` is None if it diverged."""

    number: int
    values: dict[str, Any]
    parameters: FamilyParameters
    evaluation: Evaluation | None
    failure: str = ""

    def score(self, metric: str) -> float:
        """The mean of a metric over the folds."""
        assert self.evaluation is not None
        return float(np.mean([fold[metric] for fold in self.evaluation.folds]))


def search(
    declared: Mapping[str, Any],
    schema: type[FamilyParameters],
    evaluate: Evaluate,
    tune: Tune,
    metric: str,
    seed: int,
    scratch: Path,
    report: Callable[[Trial, int], None],
) -> list[Trial]:
    """All trials of one family, in order.

    Args:
        declared: the family's parameters, some leaves replaced by ranges or choices.
        schema: what one configuration must fit.
        evaluate: cross-validates configuration number i.
        tune: budget and sampler.
        metric: decides; its direction is the study's.
        seed: of the sampler; trial i's proposal depends on it, i and the trials told before.
        scratch: where finished trials are kept until the stage has written its outputs.
        report: called after every trial with it and the number of trials, for people.
    """
    import optuna

    space = search_space.leaves(declared)
    distributions = search_space.distributions(space, schema)
    # Without a leaf to tune there is one configuration.
    n_trials = tune.n_trials if space else 1
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction=METRICS[metric].direction)
    trials: list[Trial] = []
    while len(trials) < n_trials:
        generation = []
        for number in range(len(trials), min(len(trials) + tune.generation_size, n_trials)):
            study.sampler = _sampler(tune, runtime.derive_seed(seed, "sampler", number))
            generation.append(study.ask(distributions))
        for asked in generation:
            parameters = schema.model_validate(search_space.substitute(declared, asked.params))
            trial = _run(asked.number, asked.params, parameters, evaluate, scratch)
            report(trial, n_trials)
            trials.append(trial)
            if trial.evaluation is None:
                study.tell(asked, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(asked, trial.score(metric))
    return trials


def best(trials: list[Trial], metric: str) -> Trial:
    """The best trial by its mean score; the earlier one of equals.

    Raises:
        runtime.Refused: if every trial diverged.
    """
    finished = [trial for trial in trials if trial.evaluation is not None]
    if not finished:
        raise runtime.Refused(
            f"all {len(trials)} configurations failed, the last because {trials[-1].failure}: "
            "lower learning_rate or the ranges tuned"
        )
    champion = finished[0]
    for trial in finished[1:]:
        if METRICS[metric].better(trial.score(metric), champion.score(metric)):
            champion = trial
    return champion


def table(trials: list[Trial]) -> list[dict[str, Any]]:
    """One row a trial: number, state, mean and sd of every metric, tuned values."""
    rows = []
    for trial in trials:
        row: dict[str, Any] = {"trial": trial.number, "state": "failed"}
        if trial.evaluation is not None:
            row["state"] = "complete"
            for name, summary in metrics.summarise(trial.evaluation.folds).items():
                row |= {f"{name}_mean": summary["mean"], f"{name}_sd": summary["sd"]}
        rows.append(row | trial.values)
    return rows


def describe(best: Trial, trials: list[Trial]) -> dict[str, Any]:
    """The best configuration as JSON: all of its parameters, those tuned, its epochs."""
    assert best.evaluation is not None
    return {
        "epochs": best.evaluation.epochs,
        "failed": sum(trial.evaluation is None for trial in trials),
        "n_trials": len(trials),
        "parameters": best.parameters.model_dump(mode="json"),
        "trial": best.number,
        "tuned": best.values,
    }


def _sampler(tune: Tune, seed: int) -> optuna.samplers.BaseSampler:
    """A fresh sampler per trial, so that a resumed search draws what an unbroken one would."""
    import optuna

    if tune.sampler == "random":
        return optuna.samplers.RandomSampler(seed=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.TPESampler(
            seed=seed,
            n_startup_trials=tune.generation_size,
            # Trials of one generation do not know each other's scores; this keeps them apart.
            constant_liar=tune.generation_size > 1,
        )


def _run(
    number: int,
    values: dict[str, Any],
    parameters: FamilyParameters,
    evaluate: Evaluate,
    scratch: Path,
) -> Trial:
    """Read the trial if it was finished before a crash, else evaluate and keep it."""
    folder = scratch / f"trial-{number:05d}"
    if not folder.exists():
        evaluation, failure = None, ""
        try:
            evaluation = evaluate(number, parameters)
        except Diverged as reason:
            failure = str(reason)
        with runtime.directory(folder) as files:
            _keep(files, evaluation, failure)
    evaluation, failure = _recall(folder)
    return Trial(number, values, parameters, evaluation, failure)


def _keep(folder: Path, evaluation: Evaluation | None, failure: str) -> None:
    described: dict[str, Any] = {"failure": failure}
    if evaluation is not None:
        described |= {
            "epochs": evaluation.epochs,
            "folds": evaluation.folds,
            "history": evaluation.history,
        }
        np.save(folder / "oof.npy", evaluation.oof, allow_pickle=False)
    runtime.write_json(folder / "trial.json", described)


def _recall(folder: Path) -> tuple[Evaluation | None, str]:
    described = runtime.read_json(folder / "trial.json")
    if described["failure"]:
        return None, described["failure"]
    oof = np.load(folder / "oof.npy", allow_pickle=False)
    found = Evaluation(oof, described["folds"], described["epochs"], described["history"])
    return found, ""
