"""The search: cross-validation of the configurations that a study proposes.

Trials are asked for in generations, evaluated in any order and told in index order. Every finished
trial is a folder, so that a search that was killed at any point proposes the same configurations
again and reads the results that it already has.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tenfold import metrics, runtime
from tenfold.metrics import METRICS
from tenfold.models import CURVE, Diverged, FamilyParameters
from tenfold.params import SearchSpace, Tune
from tenfold.tuning.cross_validation import Evaluation
from tenfold.tuning.study import Proposal, Study


class Evaluator(Protocol):
    """Cross-validates configurations of one family on one table; `tuning.evaluation` has one."""

    @property
    def metric(self) -> str:
        """What is optimised, in its own direction."""
        ...

    @property
    def seed(self) -> int:
        """Of the family in this experiment."""
        ...

    def shape(self, parameters: FamilyParameters) -> Hashable:
        """Configurations of equal shape are evaluated together."""
        ...

    def __call__(
        self, asked: Sequence[tuple[int, FamilyParameters]]
    ) -> Sequence[Evaluation | Diverged]:
        """Evaluate configurations of equal shape, each with its trial's number."""
        ...


@dataclass(frozen=True)
class Trial:
    """One configuration and its result; `evaluation` is None if it failed.

    `fold_models` is the folder of the folds' models, for families that keep them.
    """

    number: int
    values: dict[str, Any]
    parameters: FamilyParameters
    evaluation: Evaluation | None
    failure: str = ""
    fold_models: Path | None = None

    def score(self, metric: str) -> float:
        """The mean of a metric over the folds."""
        assert self.evaluation is not None
        return float(np.mean([fold[metric] for fold in self.evaluation.folds]))


def search(
    space: SearchSpace,
    evaluate: Evaluator,
    tune: Tune,
    scratch: Path,
    report: Callable[[Trial, int], None],
) -> list[Trial]:
    """All trials of one family, in order.

    Trial i's proposal depends on the evaluator's seed, on i and on the trials told before. No
    configuration of a discrete space is tried twice, and all are if the budget suffices.

    Args:
        space: the family's parameters, some leaves replaced by ranges or choices.
        evaluate: cross-validates configurations together.
        tune: budget and sampler.
        scratch: the folder of finished trials, until the stage has written its outputs.
        report: called after every trial with it and the number of trials, for people.
    """
    n_trials = space.n_trials(tune.n_trials)
    study = Study(space, tune, evaluate.metric, evaluate.seed)
    trials: list[Trial] = []
    while len(trials) < n_trials:
        last = min(len(trials) + tune.generation_size, n_trials)
        asked = [study.ask(number) for number in range(len(trials), last)]
        _evaluate(asked, evaluate, scratch)
        for proposal in asked:
            trial = _recall(proposal, scratch)
            report(trial, n_trials)
            trials.append(trial)
            study.tell(proposal, None if trial.evaluation is None else trial.score(evaluate.metric))
    return trials


def best(trials: list[Trial], metric: str) -> Trial:
    """The best trial by its mean score; the earlier one of equals.

    Raises:
        runtime.UserError: if every trial diverged.
    """
    finished = [trial for trial in trials if trial.evaluation is not None]
    if not finished:
        raise runtime.UserError(
            f"no configuration could be cross-validated ({len(trials)} tried); the last: "
            f"{trials[-1].failure}"
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
        "findings": best.evaluation.findings,
        "n_trials": len(trials),
        "parameters": best.parameters.model_dump(mode="json"),
        "trial": best.number,
        "tuned": best.values,
    }


def write(folder: Path, best: Trial, trials: list[Trial]) -> None:
    """Write what people and later stages read of a search."""
    assert best.evaluation is not None
    runtime.write_json(folder / "best.json", describe(best, trials))
    runtime.write_json(folder / "scores.json", metrics.summarise(best.evaluation.folds))
    runtime.write_rows(folder / "trials.csv", table(trials))
    runtime.write_rows(folder / "history.csv", best.evaluation.history, CURVE)


def _evaluate(asked: Sequence[Proposal], evaluate: Evaluator, scratch: Path) -> None:
    """Evaluate what was not finished before a crash, and write it.

    Configurations that are evaluated together stay together: a group is evaluated again as a
    whole if a crash left a part of it, so that the results are those of an unbroken run.
    """
    groups: dict[Hashable, list[Proposal]] = {}
    for proposal in asked:
        if not proposal.failure:
            groups.setdefault(evaluate.shape(proposal.parameters), []).append(proposal)
    for group in groups.values():
        missing = [proposal for proposal in group if not _folder(scratch, proposal).exists()]
        if not missing:
            continue
        found = evaluate([(proposal.number, proposal.parameters) for proposal in group])
        for proposal, result in zip(group, found, strict=True):
            if proposal in missing:
                with runtime.directory(_folder(scratch, proposal)) as files:
                    _keep(files, result)


def _folder(scratch: Path, proposal: Proposal) -> Path:
    return scratch / f"trial-{proposal.number:05d}"


def _keep(folder: Path, result: Evaluation | Diverged) -> None:
    if isinstance(result, Diverged):
        runtime.write_json(folder / "trial.json", {"failure": str(result)})
        return
    described = {
        "epochs": result.epochs,
        "failure": "",
        "findings": result.findings,
        "folds": result.folds,
        "history": result.history,
    }
    runtime.write_json(folder / "trial.json", described)
    np.save(folder / "oof.npy", result.oof, allow_pickle=False)
    if result.bag is not None:
        (folder / "members").mkdir()
        result.bag.save(folder / "members")


def _recall(proposal: Proposal, scratch: Path) -> Trial:
    """The finished trial, from its folder."""
    number, values, parameters = proposal.number, proposal.values, proposal.parameters
    if proposal.failure:
        return Trial(number, values, parameters, None, proposal.failure)
    folder = _folder(scratch, proposal)
    described = runtime.read_json(folder / "trial.json")
    if described["failure"]:
        return Trial(number, values, parameters, None, described["failure"])
    evaluation = Evaluation(
        np.load(folder / "oof.npy", allow_pickle=False),
        described["folds"],
        described["epochs"],
        described["history"],
        described["findings"],
    )
    models = folder / "members"
    kept = models if models.exists() else None
    return Trial(number, values, parameters, evaluation, fold_models=kept)
