"""The verdict: who won, how surely, and whether a network was worth it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from tenfold import models, runtime
from tenfold.models.shared.network_family import NetworkFamily
from tenfold.params import ENSEMBLE, Params
from tenfold.params.training import Rule
from tenfold.reporting import remarks
from tenfold.reporting.outputs import Outputs
from tenfold.reporting.terminal import short
from tenfold.selection.bias_correction import CorrectedScore
from tenfold.selection.bootstrap import Interval
from tenfold.selection.choosing import Choice
from tenfold.selection.comparison import Difference, Scoreboard
from tenfold.selection.postprocessing import Finished
from tenfold.selection.testing import ChampionTest

# Why a candidate wins that has not the best mean.
WHY: Mapping[Rule, str] = {
    "auto": "of tied candidates the ensemble wins",
    "one_standard_error": "the first within one standard error of the best wins",
    "cost_aware": "the best within the declared cost wins",
}
# Why one wins although another is surely better.
BEHIND: Mapping[Rule, str] = {
    "one_standard_error": "within one standard error of",
    "cost_aware": "the best within the declared cost, but behind",
}
# Families that know nothing of a row, or that anybody can check.
REFERENCES = ("dummy", "linear")


def write(
    outputs: Outputs, experiment: Params, choice: Choice, tested: ChampionTest, served: Finished
) -> list[str]:
    """Write the verdict and what becomes of predictions as JSON; return all sentences.

    Args:
        outputs: of the stages.
        experiment: params.yaml.
        choice: the champion and the scores of all candidates.
        tested: the champion on the test rows.
        served: the champion as it is served.
    """
    networks = {
        name for name in experiment.models if isinstance(models.family(name), NetworkFamily)
    }
    rule, repeated = experiment.select_model.rule, experiment.split.n_repeats > 1
    found = verdict(choice.board, choice.champion, networks, rule, repeated=repeated)
    sentences: list[str] = found["sentences"]
    told = remarks.write(outputs.postprocessing, served, tested.rows)
    sentences += [*scored(choice, tested), *told]
    intervals = {name: _plain(interval) for name, interval in tested.intervals.items()}
    test = {"rows": len(tested.rows.y), "intervals": intervals}
    found |= {"corrected": _plain(choice.corrected), "test": test}
    runtime.write_json(outputs.verdict, found)
    return sentences


def verdict(
    board: Scoreboard,
    champion: str,
    networks: Collection[str],
    rule: Rule = "auto",
    *,
    repeated: bool = False,
) -> dict[str, Any]:
    """Sentences, and by how much the champion is better than each other candidate.

    Args:
        board: the scores of all candidates.
        champion: the chosen one.
        networks: the families that are neural networks.
        rule: by which the champion was chosen.
        repeated: whether folds were drawn several times, so that they tell how probable it is that
            a network is better.
    """
    others = [name for name in board.ranked if name != champion]
    found = {name: board.better(champion, name) for name in others}
    sure = {name: difference for name, difference in found.items() if difference is not None}
    if sure:
        sentences = [
            _first(board, champion, sure, rule),
            *_network(board, networks, repeated=repeated),
            *_references(champion, sure),
        ]
    else:
        why = "one fold does not tell how sure that is" if others else "there is no other candidate"
        sentences = [f"{champion} has {board.metric} {_score(board, champion)}; {why}"]
    return {
        "champion": champion,
        "metric": board.metric,
        "rule": rule,
        "sentences": sentences,
        "better_by": {name: asdict(difference) for name, difference in sure.items()},
    }


def _first(board: Scoreboard, champion: str, better: Mapping[str, Difference], rule: Rule) -> str:
    tied = [name for name, difference in better.items() if not difference.is_sure]
    ahead = [name for name, difference in better.items() if difference.high < 0]
    if ahead:
        return (
            f"{champion} is the champion, {BEHIND[rule]} {ahead[0]}: "
            f"{board.metric} {_score(board, champion)} against {_score(board, ahead[0])}"
        )
    if not tied:
        second = next(iter(better))
        return (
            f"{champion} beats all others by cross-validated {board.metric}: "
            f"{_score(board, champion)} against {_score(board, second)} of {second}, "
            f"{_by(better[second])}"
        )
    scored = [f"{name} ({_score(board, name)})" for name in (champion, *tied)]
    said = f"{scored[0]} is the champion, tied by cross-validated {board.metric} with "
    why = f"; rule {rule}: {WHY[rule]}" if champion != board.ranked[0] else ""
    return f"{said}{_all_of(scored[1:])}{why}"


def scored(choice: Choice, tested: ChampionTest) -> list[str]:
    """How good the champion is: corrected for the choice, and on the test rows."""
    metric, corrected, test = choice.board.metric, choice.corrected, tested.intervals
    said = f"{choice.champion}: {metric} {_score(choice.board, choice.champion)}"
    if isinstance(corrected, str):
        said += f", not corrected for the choice ({corrected})"
    elif corrected.n_configurations > 1:
        said += f", corrected for the choice {short(corrected.score)}"
    if isinstance(corrected, CorrectedScore):
        said += f" ({_range(corrected)})"
    shown = test[metric]
    bounds = shown if isinstance(shown, str) else _range(shown)
    said += f"; on the {len(tested.rows.y)} test rows {short(tested.scores[metric])} ({bounds})"
    if isinstance(corrected, str) or isinstance(shown, str):
        return [said]
    if shown.low <= corrected.high and corrected.low <= shown.high:
        return [said]
    return [
        said,
        "that is another score than chance explains: either the test rows are of another kind than "
        "the training rows, or the folds share what the test rows do not",
    ]


def _plain(figures: CorrectedScore | Interval | str) -> dict[str, Any]:
    return {"why_none": figures} if isinstance(figures, str) else asdict(figures)


def _network(board: Scoreboard, networks: Collection[str], *, repeated: bool) -> list[str]:
    """The best network against the best of the other families."""
    families = [name for name in board.ranked if name not in (ENSEMBLE, REFERENCES[0])]
    deep = [name for name in families if name in networks]
    classical = [name for name in families if name not in networks]
    if not deep or not classical:
        return []
    network, rival = deep[0], classical[0]
    difference = board.better(network, rival)
    assert difference is not None, "others have been compared on these folds"
    scores = f"{_score(board, network)} against {_score(board, rival)}"
    if not difference.is_sure:
        said = f"is tied with {rival}, the best classical model: {scores}"
    elif difference.mean > 0:
        said = f"beats {rival}, the best classical model: {scores}, {_by(difference)}"
    else:
        said = f"is behind {rival}, the best classical model: {scores}"
    if repeated:
        said += f"; it is better with probability {difference.probability:.2f}"
    return [f"{network}, the best network, {said}"]


def _references(champion: str, better: Mapping[str, Difference]) -> list[str]:
    """The champion against what anybody would try first."""
    known = [name for name in REFERENCES if name in better]
    weak = [name for name in known if not (better[name].is_sure and better[name].mean > 0)]
    if REFERENCES[0] in weak or champion == REFERENCES[0]:
        return [
            f"nothing is surely better than {REFERENCES[0]}, which looks at no feature: these "
            "features may tell nothing of the target"
        ]
    beaten = [f"{name} {_by(better[name])}" for name in known if name not in weak]
    return [f"{champion} beats {_all_of(beaten)}"] if beaten else []


def _score(board: Scoreboard, name: str) -> str:
    return short(board.cv[name][board.metric]["mean"])


def _by(difference: Difference) -> str:
    return f"by {short(difference.mean)} (95 % interval {_range(difference)})"


def _range(interval: Difference | CorrectedScore | Interval) -> str:
    return f"{short(interval.low)} to {short(interval.high)}"


def _all_of(names: Sequence[str]) -> str:
    """`a`, `a and b`, or `a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
