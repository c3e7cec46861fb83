"""What the champion's cross-validated score owes to having been chosen: bootstrap bias correction.

The best of several scores is flattered by chance. So the choice is made again on resamples of the
rows, and each time the chosen configuration is scored on the rows that were not drawn; nothing is
trained (Tsamardinos, Greasidou & Borboudakis 2018, Bootstrapping the out-of-sample predictions for
efficient and accurate cross-validation).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array, named
from tenfold.params import ENSEMBLE
from tenfold.params.training import Rule
from tenfold.selection import bootstrap, rules, weighted_scores
from tenfold.selection.comparison import Scoreboard, mean_error_width
from tenfold.selection.fold_scores import FoldScorer
from tenfold.selection.ranked_scores import Scorer

# candidate: of each of its configurations the predictions of each fold's rows.
Contenders = Mapping[str, Sequence[Sequence[Array]]]

# Rows x configurations x resamples: a second's work.
MAX_CELLS = 200_000_000
MIN_RESAMPLES, MAX_RESAMPLES = 100, 1000
# With more, the choice adds less to a score than is shown of it.
MAX_ROWS_TIMES_CONFIGURATIONS = 10_000_000
MAX_FOLDS = 100


@dataclass(frozen=True)
class CorrectedScore:
    """The champion's score less what the choice has added, and its 95 % interval.

    Attributes:
        score: corrected for the choice.
        low, high: the bounds of its interval.
        n_configurations: that were chosen among.
        n_resamples: of the rows.
    """

    score: float
    low: float
    high: float
    n_configurations: int
    n_resamples: int


def correct(
    board: Scoreboard, champion: str, rule: Rule, contenders: Contenders, scorer: FoldScorer
) -> CorrectedScore | str:
    """The champion's cross-validated score, corrected for the choice.

    As in the paper, the predictions of all folds are scored together: the rows of one fold that a
    resample leaves out are too few for an AUROC or r2. What the choice adds to that score is taken
    off the champion's mean over the folds.

    Args:
        board: the scores of all candidates.
        champion: the chosen one.
        rule: that chose it.
        contenders: what was chosen among, in the order of params.yaml.
        scorer: that scored the candidates.

    Returns:
        The score, or in words why there is none.
    """
    train = scorer.train
    assert train.folds is not None, "the training table has no folds"
    vals = [train.folds.val(number) for number in range(train.folds.n)]
    validations = np.concatenate(vals)
    units = bootstrap.Units.of(train, validations)
    n_configurations = sum(map(len, contenders.values()))
    cells = len(validations) * n_configurations * max(1, len(train.schema.classes) - 1)
    if why := _why_none(board.metric, len(vals), units, cells):
        return why
    n_resamples = int(np.clip(MAX_CELLS // cells, MIN_RESAMPLES, MAX_RESAMPLES))
    # More than 255 of one unit are never drawn.
    counts = np.array(list(units.counts(n_resamples)), dtype=np.uint8)
    table = _Rows(board.metric, train.y, vals, units.of_row, scorer.positive)
    out_of_bag = _out_of_bag(table, counts, contenders, board, rule)
    bounds = bootstrap.percentiles(out_of_bag)
    if isinstance(bounds, str):
        return bounds
    # What leaves the mean over the folds where it is if the choice adds nothing.
    pooled = table.pooled(contenders[champion][0])(np.ones((1, len(validations))))
    shift = board.cv[champion][board.metric]["mean"] - float(pooled[0])
    # No score is above 1, and no error below 0.
    limit = (None, 1) if named(board.metric).direction == "maximize" else (0, None)
    found = [float(np.nanmean(out_of_bag)), bounds.low, bounds.high]
    score, low, high = np.clip(shift + np.array(found), *limit).tolist()
    return CorrectedScore(score, low, high, n_configurations, n_resamples)


def _why_none(metric: str, n_folds: int, units: bootstrap.Units, cells: int) -> str:
    if not weighted_scores.is_weighted(metric):
        return f"{metric} is no metric of which many resamples are scored in a second"
    if n_folds > MAX_FOLDS:
        return f"it takes {MAX_FOLDS} folds at most, but there are {n_folds}"
    if units.n < bootstrap.MIN_UNITS:
        return f"{units.n} {units.name} are too few to resample"
    if cells > MAX_ROWS_TIMES_CONFIGURATIONS:
        return "there are so many rows that the choice adds next to nothing"
    return ""


@dataclass(frozen=True)
class _Rows:
    """The rows that the folds validate.

    Attributes:
        metric: that decides.
        y: the target of the table.
        vals: the positions of each fold's rows.
        unit_of: the unit of each of these, one fold after the other.
        positive: the code of the positive class of two.
    """

    metric: str
    y: NDArray[np.generic]
    vals: Sequence[NDArray[np.int64]]
    unit_of: NDArray[np.int64]
    positive: int | None

    def of_fold(self, number: int, prediction: Array) -> Scorer:
        """The scores of a fold by its rows' weights."""
        return self._scorer(self.vals[number], prediction)

    def pooled(self, predictions: Sequence[Array]) -> Scorer:
        """The scores of all folds together."""
        return self._scorer(np.concatenate(self.vals), np.concatenate(predictions))

    def _scorer(self, places: NDArray[np.int64], prediction: Array) -> Scorer:
        found = weighted_scores.scorer(self.metric, self.y[places], prediction, self.positive)
        assert found is not None, self.metric
        return found

    def weights(self, counts: NDArray[np.uint8]) -> Iterator[Array]:
        """The weights of each fold's rows, (resamples, rows)."""
        ends = np.cumsum([len(val) for val in self.vals])[:-1]
        for units in np.split(self.unit_of, ends):
            yield counts[:, units].astype(np.float64)


def _out_of_bag(
    rows: _Rows,
    counts: NDArray[np.uint8],
    contenders: Contenders,
    board: Scoreboard,
    rule: Rule,
) -> Array:
    """The score of what each resample chooses, on the rows that it does not draw (resamples,)."""
    configurations = [own for each in contenders.values() for own in each]
    chosen = _choices(_in_bag(rows, counts, configurations), contenders, board, rule)
    found = np.full(len(counts), np.nan)
    for number in np.unique(chosen).tolist():
        scorer = rows.pooled(configurations[number])
        for resample in np.flatnonzero(chosen == number).tolist():
            weights = (counts[resample] == 0)[rows.unit_of].astype(np.float64)
            found[resample] = scorer(weights[None])[0]
    return found


def _in_bag(
    rows: _Rows, counts: NDArray[np.uint8], configurations: Sequence[Sequence[Array]]
) -> Array:
    """The score of each configuration on the drawn rows: (resamples, configurations, folds)."""
    found = np.empty((len(counts), len(configurations), len(rows.vals)))
    for fold, weights in enumerate(rows.weights(counts)):
        for number, predictions in enumerate(configurations):
            found[:, number, fold] = rows.of_fold(fold, predictions[fold])(weights)
    return found


def _choices(
    in_bag: Array, contenders: Contenders, board: Scoreboard, rule: Rule
) -> NDArray[np.int64]:
    """The number of the configuration that each resample chooses, as `select_model` does.

    Each family enters with its best configuration.
    """
    scores = in_bag if named(board.metric).direction == "maximize" else -in_bag
    ends = np.cumsum([len(own) for own in contenders.values()])
    means = mean_error_width(scores, 0.0)[0]
    best = np.stack(
        [
            end - len(own) + np.argmax(means[:, end - len(own) : end], axis=1)
            for end, own in zip(ends, contenders.values(), strict=True)
        ],
        axis=1,
    )
    entered = np.take_along_axis(scores, best[:, :, None], axis=1)
    names = list(contenders)
    ensemble = names.index(ENSEMBLE) if ENSEMBLE in names else None
    winners = rules.winners(rule, entered, ensemble, board.val_share)
    chosen: NDArray[np.int64] = np.take_along_axis(best, winners[:, None], axis=1)[:, 0]
    return chosen
