"""A family of a boosting library: all folds grow together, and none chooses its own rounds."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array
from tenfold.models.shared.bag import Bag
from tenfold.models.shared.boosted_model import BoostedModel, Booster
from tenfold.models.shared.boosting_parameters import BoostingParameters
from tenfold.models.shared.contract import (
    Configuration,
    Diverged,
    FitSettings,
    Fold,
    FoldPredictions,
)
from tenfold.models.shared.network_model import TargetScale
from tenfold.runtime import UserError
from tenfold.training.leave_one_out import judged_by_themselves, leave_one_out_curves, overlapping

# Rounds that each fold grows before the folds' curves are compared.
ROUNDS_AT_ONCE = 20


@dataclass(frozen=True)
class Rows:
    """What a model grows on, or is validated by: X (n, d), y (n,), each row's weight (n,)."""

    X: Array
    y: NDArray[np.generic]
    weight: Array | None


@dataclass(frozen=True)
class Asked:
    """A model that is asked of a library; the loss of `val`, if given, is taken every round."""

    parameters: Any
    settings: FitSettings
    seed: int
    train: Rows
    val: Rows | None = None

    @property
    def categorical(self) -> list[int]:
        """The columns that are codes of categories; they come last."""
        n_columns = self.train.X.shape[1]
        return list(range(n_columns - self.settings.n_codes, n_columns))


class Growing(Protocol):
    """A library's model that gains one tree a round, one for each of many classes."""

    # A number for every round that was grown.
    train_losses: list[float]
    val_losses: list[float]

    def grow(self, n_rounds: int) -> None:
        """Add rounds.

        Raises:
            Diverged: if the library refuses the rows.
        """
        ...

    def booster(self, n_rounds: int) -> Booster:
        """The first rounds as a model; ends the growth."""
        ...

    def stop(self) -> None:
        """End the growth."""
        ...


class BoostingFamily:
    """A family of a boosting library.

    Args:
        package: the library.
        start: a model of no rounds.
        load: reads what `Booster.save` wrote.
    """

    def __init__(
        self, package: str, start: Callable[[Asked], Growing], load: Callable[[Path], Booster]
    ) -> None:
        self.package = package
        self.start = start
        self.load_booster = load

    def shape(self, parameters: BoostingParameters) -> Hashable:
        """The folds of one configuration fill the cores."""
        return object()

    def check(
        self, parameters: BoostingParameters, settings: FitSettings, n_columns: int | None
    ) -> None:
        """The library must be installed.

        Raises:
            UserError: if it cannot be imported.
        """
        self._require_package(f"models.{self.package}", f", or remove models.{self.package}")

    def predict_folds(
        self, configurations: Sequence[Configuration], folds: Sequence[Fold], settings: FitSettings
    ) -> list[FoldPredictions | Diverged]:
        """Grow the folds of one configuration after the other's."""
        found: list[FoldPredictions | Diverged] = []
        for configuration in configurations:
            try:
                found.append(self._evaluate(configuration, folds, settings))
            except Diverged as reason:
                found.append(reason)
        return found

    def _evaluate(
        self, configuration: Configuration, folds: Sequence[Fold], settings: FitSettings
    ) -> FoldPredictions:
        parameters = configuration.parameters
        scales = [TargetScale.of(fold.y_train, settings.task) for fold in folds]
        asked = [
            _asked(parameters, settings, seed, scale, fold)
            for fold, scale, seed in zip(folds, scales, configuration.seeds, strict=True)
        ]
        overlaps = overlapping([fold.val for fold in folds])
        growing, rounds = self._grow(asked, overlaps)
        members = [
            BoostedModel(own.booster(n_rounds), scale, settings.task)
            for own, n_rounds, scale in zip(growing, rounds, scales, strict=True)
        ]
        bag = Bag(members)
        bag.history = _curve(growing)
        predictions = [
            member.predict([fold.X_val]) for member, fold in zip(members, folds, strict=True)
        ]
        return FoldPredictions(
            predictions, rounds, bag.history, judged_by_themselves(overlaps, "its rounds"), bag
        )

    def _grow(
        self, asked: Sequence[Asked], overlaps: NDArray[np.bool_]
    ) -> tuple[list[Growing], list[int]]:
        """Grow all folds until the rounds of each are known.

        The number of folds that grow at once changes no result: a fold has one thread, and what
        is compared are whole curves.
        """
        parameters = asked[0].parameters
        with ThreadPoolExecutor(_workers(len(asked), parameters.device)) as workers:
            growing = list(workers.map(self.start, asked))
            grown, rounds = 0, None
            try:
                while rounds is None:
                    more = min(ROUNDS_AT_ONCE, parameters.n_estimators - grown)
                    list(workers.map(_grow, growing, repeat(more)))
                    grown += more
                    curves = np.array([own.val_losses for own in growing])
                    last = grown == parameters.n_estimators
                    rounds = stopped(curves, overlaps, parameters.early_stopping_rounds, last=last)
            finally:
                for own in growing:
                    own.stop()
        return growing, rounds

    def fit(
        self,
        parameters: BoostingParameters,
        X: Array,
        y: NDArray[np.generic],
        seed: int,
        settings: FitSettings,
        epochs: int | None,
    ) -> BoostedModel:
        """Grow one model on all rows, for as many rounds as cross-validation found.

        Raises:
            UserError: if the library refuses the rows.
        """
        scale, n_rounds = TargetScale.of(y, settings.task), epochs or parameters.n_estimators
        train = _rows(parameters, settings, scale, X, y, y)
        try:
            growing = self.start(Asked(parameters, settings, seed, train))
            growing.grow(n_rounds)
            booster = growing.booster(n_rounds)
        except Diverged as reason:
            raise UserError(f"all training rows: {reason}") from None
        return BoostedModel(booster, scale, settings.task, _curve([growing]))

    def load(self, folder: Path) -> BoostedModel:
        """Read what `BoostedModel.save` wrote.

        Raises:
            UserError: if the library cannot be imported.
        """
        self._require_package("the model")
        return BoostedModel.load(folder, self.load_booster)

    def _require_package(self, what: str, other_cure: str = "") -> None:
        try:
            importlib.import_module(self.package)
        except (ImportError, OSError) as error:
            raise UserError(
                f"{what} needs the package {self.package}, which cannot be "
                f"imported ({error}): run `pip install {self.package}`{other_cure}"
            ) from None


def stopped(
    curves: NDArray[np.float64], overlaps: NDArray[np.bool_], patience: int, *, last: bool
) -> list[int] | None:
    """The rounds of every fold by the other folds' mean curve; None until all are known.

    A fold that shares rows with all others, such as a single one, has its own curve only.

    Args:
        curves: the validation loss of each fold after every round (k, rounds).
        overlaps: which folds share validation rows (k, k).
        patience: rounds without improvement that end a curve.
        last: whether no more rounds are to come.
    """
    found = []
    for own, others in zip(curves, leave_one_out_curves(curves, overlaps), strict=True):
        curve = own if np.isnan(others).all() else others
        best = 0
        for number, loss in enumerate(curve):
            if loss < curve[best]:
                best = number
            if number - best >= patience:
                break
        else:
            if not last:
                return None
        found.append(best + 1)
    return found


def _asked(
    parameters: BoostingParameters,
    settings: FitSettings,
    seed: int,
    scale: TargetScale,
    fold: Fold,
) -> Asked:
    train, val = (
        _rows(parameters, settings, scale, X, y, fold.y_train)
        for X, y in ((fold.X_train, fold.y_train), (fold.X_val, fold.y_val))
    )
    return Asked(parameters, settings, seed, train, val)


def _rows(
    parameters: BoostingParameters,
    settings: FitSettings,
    scale: TargetScale,
    X: Array,
    y: NDArray[np.generic],
    learnt_from: NDArray[np.generic],
) -> Rows:
    """Rows with scaled targets, weighted by the frequency of their class among training rows."""
    scaled = scale.scale(y, settings.task)
    if parameters.class_weight is None:
        return Rows(X, scaled, None)
    counts = np.bincount(learnt_from.astype(np.int64), minlength=settings.n_classes)
    weights = len(learnt_from) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return Rows(X, scaled, weights[y.astype(np.int64)])


def _workers(n_folds: int, device: str) -> int:
    """How many folds grow at once: threads of one fit that wait for each other would spin."""
    from joblib import cpu_count

    return 1 if device == "gpu" else min(n_folds, int(cpu_count()))


def _curve(growing: Sequence[Growing]) -> list[dict[str, float]]:
    """The losses of every round, each the mean over the folds; without validation rows NaN."""
    train = np.mean([own.train_losses for own in growing], axis=0)
    val = np.mean([own.val_losses for own in growing], axis=0)
    return [
        {
            "epoch": number,
            "train_loss": float(train[number - 1]),
            **({"val_loss": float(val[number - 1])} if len(val) else {}),
        }
        for number in range(1, len(train) + 1)
        if math.isfinite(train[number - 1])
    ]


def _grow(growing: Growing, n_rounds: int) -> None:
    growing.grow(n_rounds)
