"""The search: cross-validation of the configurations that a study proposes.

Trials are asked for in generations, evaluated in any order and told in index order. Every finished
trial is a folder, so that a search that was killed at any point proposes the same configurations
again and reads the results that it already has. Models are kept of those trials alone that are
among the best so far.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tenfold import metrics, runtime
from tenfold.metrics import named
from tenfold.models import Diverged, FamilyParameters
from tenfold.params import SearchSpace, Tune
from tenfold.params.preprocessing import TransformName
from tenfold.tuning.cross_validation import Evaluation
from tenfold.tuning.study import Proposal, Study

# Names the target's transform among the values that a search has chosen.
TRANSFORM = "target_transform"


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

    @property
    def transforms(self) -> Sequence[TransformName]:
        """Those of the target that are compared; the search is made with the first."""
        ...

    def __call__(
        self, asked: Sequence[tuple[int, FamilyParameters]], transform: TransformName
    ) -> Sequence[Evaluation | Diverged]:
        """Evaluate configurations of equal shape, each with its trial's number."""
        ...


@dataclass(frozen=True)
class Trial:
    """One configuration and its result; `evaluation` is None if it failed.

    `fold_models` is the folder of the folds' models, for families that keep them and trials that
    are among the best.
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
        return self.evaluation.score(metric)


def search(
    space: SearchSpace,
    evaluate: Evaluator,
    tune: Tune,
    scratch: Path,
    report: Callable[[Trial, int], None],
    first: Sequence[dict[str, Any]] = (),
) -> list[Trial]:
    """All trials of one family, in order.

    Trial i's proposal depends on the evaluator's seed, on i and on the trials told before. No
    configuration of a discrete space is tried twice, and all are if the budget suffices. The best
    of them is then tried with the target's other transforms.

    Args:
        space: the family's parameters, some leaves replaced by ranges or choices.
        evaluate: cross-validates configurations together.
        tune: budget, sampler, and how many of the best keep their models.
        scratch: the folder of finished trials, until the stage has written its outputs.
        report: called after every trial with it and the number of trials, for people.
        first: the values of the tuned leaves in the first trials; the sampler proposes the others.
    """
    n_proposed = space.n_trials(tune.n_trials)
    n_trials = n_proposed + len(evaluate.transforms) - 1
    study = Study(space, tune, evaluate.metric, evaluate.seed, first)
    trials: list[Trial] = []
    while asked := _ask(study, evaluate, trials, n_proposed):
        _evaluate(asked, evaluate, scratch, _Bar(trials, evaluate.metric, tune.n_kept))
        for proposal in asked:
            trial = _recall(proposal, scratch)
            report(trial, n_trials)
            trials.append(trial)
            study.tell(proposal, None if trial.evaluation is None else trial.score(evaluate.metric))
        trials = _without_models(trials, keep=ranked(trials, evaluate.metric)[: tune.n_kept])
    return trials


def best(trials: Sequence[Trial], metric: str) -> Trial:
    """The best trial by its mean score; the earlier one of equals.

    Raises:
        runtime.UserError: if every trial diverged.
    """
    found = ranked(trials, metric)
    if not found:
        raise runtime.UserError(
            f"no configuration could be cross-validated ({len(trials)} tried); the last: "
            f"{trials[-1].failure}"
        )
    return found[0]


def ranked(trials: Sequence[Trial], metric: str) -> list[Trial]:
    """The trials that did not fail, from best to worst; of equals the earlier one first."""
    sign = -1 if named(metric).direction == "maximize" else 1
    finished = [trial for trial in trials if trial.evaluation is not None]
    return sorted(finished, key=lambda trial: (sign * trial.score(metric), trial.number))


def table(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """One row a trial: number, state, mean and sd of the deciding metric, tuned values."""
    rows = []
    for trial in trials:
        row: dict[str, Any] = {"trial": trial.number, "state": "failed"}
        if trial.evaluation is not None:
            row["state"] = "complete"
            for name, summary in metrics.summarise(trial.evaluation.folds).items():
                row |= {f"{name}_mean": summary["mean"], f"{name}_sd": summary["sd"]}
        rows.append(row | trial.values)
    return rows


def describe(best: Trial, trials: Sequence[Trial], **recorded: Any) -> dict[str, Any]:
    """A configuration as JSON: its parameters, those tuned, its epochs, and what is `recorded`."""
    assert best.evaluation is not None
    return {
        **recorded,
        "epochs": best.evaluation.epochs,
        "failed": sum(trial.evaluation is None for trial in trials),
        "findings": best.evaluation.findings,
        "n_trials": len(trials),
        "parameters": best.parameters.model_dump(mode="json"),
        "trial": best.number,
        "tuned": best.values,
    }


class _Bar:
    """What the score of a further trial must pass for its models to be kept."""

    def __init__(self, trials: Sequence[Trial], metric: str, n_kept: int) -> None:
        self.metric = metric
        best = ranked(trials, metric)[:n_kept]
        self.height = best[-1].score(metric) if len(best) == n_kept else None

    def is_passed_by(self, evaluation: Evaluation) -> bool:
        """Whether the trial may be among the best; of equals the earlier one is."""
        if self.height is None:
            return True
        return named(self.metric).better(evaluation.score(self.metric), self.height)


def _ask(
    study: Study, evaluate: Evaluator, trials: Sequence[Trial], n_proposed: int
) -> list[Proposal]:
    """The next generation: the study's, and then the best of all with the other transforms."""
    first, *others = evaluate.transforms
    if len(trials) < n_proposed:
        last = min(len(trials) + study.generation_size, n_proposed)
        asked = [replace(study.ask(n), transform=first) for n in range(len(trials), last)]
    elif len(trials) == n_proposed:
        asked = [
            Proposal(n_proposed + place, best.values, best.parameters, transform=other)
            for best in ranked(trials, evaluate.metric)[:1]
            for place, other in enumerate(others)
        ]
    else:
        return []
    if not others:
        return asked
    return [replace(own, values={**own.values, TRANSFORM: own.transform}) for own in asked]


def _without_models(trials: Sequence[Trial], keep: Sequence[Trial]) -> list[Trial]:
    """The trials, of which all but those to keep lose their models, on disk too."""
    numbers, left = {trial.number for trial in keep}, []
    for trial in trials:
        if trial.fold_models is None or trial.number in numbers:
            left.append(trial)
        else:
            runtime.discard(trial.fold_models)
            left.append(replace(trial, fold_models=None))
    return left


def _evaluate(asked: Sequence[Proposal], evaluate: Evaluator, scratch: Path, bar: _Bar) -> None:
    """Evaluate what was not finished before a crash, and write it.

    Configurations that are evaluated together stay together: a group is evaluated again as a
    whole if a crash left a part of it, so that the results are those of an unbroken run.
    """
    groups: dict[Hashable, list[Proposal]] = {}
    for proposal in asked:
        if not proposal.failure:
            alike = (proposal.transform, evaluate.shape(proposal.parameters))
            groups.setdefault(alike, []).append(proposal)
    for group in groups.values():
        missing = [proposal for proposal in group if not _folder(scratch, proposal).exists()]
        if not missing:
            continue
        numbered = [(proposal.number, proposal.parameters) for proposal in group]
        found = evaluate(numbered, group[0].transform)
        for proposal, result in zip(group, found, strict=True):
            if proposal in missing:
                with runtime.directory(_folder(scratch, proposal)) as files:
                    _keep(files, result, bar)


def _folder(scratch: Path, proposal: Proposal) -> Path:
    return scratch / f"trial-{proposal.number:05d}"


def _keep(folder: Path, result: Evaluation | Diverged, bar: _Bar) -> None:
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
    if result.bag is not None and bar.is_passed_by(result):
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
