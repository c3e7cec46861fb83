"""A family of scikit-learn estimators: one per fold, stored with skops."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.metrics import Array, Task
from tenfold.models.shared import persistence
from tenfold.models.shared.bag import Bag
from tenfold.models.shared.contract import (
    Configuration,
    Diverged,
    FamilyParameters,
    FitSettings,
    Fold,
    FoldPredictions,
    NoSpread,
)
from tenfold.runtime import UserError

Build = Callable[[Any, Task, int], Any]

# A second OpenMP thread gained nothing up to the 200,000 cells measured; the limit is a guess
# beyond. At a load of 8 on two cores, threads that wait for each other took 140 seconds for 2.
MAX_CELLS_ON_ONE_THREAD = 1_000_000


class ScikitModel:
    """A fitted scikit-learn estimator, and the warnings of its fit: category -> first message."""

    def __init__(
        self,
        estimator: Any,
        caught: Sequence[warnings.WarningMessage] = (),
        trusted: Sequence[str] = (),
    ) -> None:
        self.estimator = estimator
        self.trusted = trusted
        self.history: list[dict[str, float]] = []
        self.warnings = {own.category: str(own.message) for own in reversed(caught)}

    @property
    def findings(self) -> list[str]:
        """The warnings in words."""
        return describe([self.warnings])

    def predict(self, inputs: Sequence[Array]) -> Array:
        """Values (n,), or class probabilities (n, C)."""
        (X,) = inputs
        with _threads(X):
            if hasattr(self.estimator, "predict_proba"):
                prediction = self.estimator.predict_proba(X)
            else:
                prediction = self.estimator.predict(X)
        if not np.isfinite(prediction).all():
            raise Diverged(f"{type(self.estimator).__name__} predicted a number that is not finite")
        return np.asarray(prediction, dtype=np.float64)

    def draws(self, inputs: Sequence[Array], n_samples: int, seed: int) -> Array:
        """Raises NoSpread: a single estimator has no spread."""
        raise NoSpread(f"{type(self.estimator).__name__} has no spread: it is not a network")

    def save(self, folder: Path) -> None:
        """Write `model.skops`."""
        persistence.save(self.estimator, folder / "model.skops", self.trusted)


class ScikitFamily:
    """A family given by `build(parameters, task, seed) -> unfitted scikit-learn estimator`.

    Args:
        build: makes the estimator.
        trusted: types in the fitted estimator, beyond those that tenfold's own families have,
            whose code may run whenever the model is loaded: "package.module.Type".
    """

    # What its fitted estimators become.
    model: type[ScikitModel] = ScikitModel

    def __init__(self, build: Build, trusted: Sequence[str] = ()) -> None:
        self.build = build
        self.trusted = list(trusted)

    def shape(self, parameters: Any) -> Hashable:
        """No two estimators are fitted together."""
        return object()

    def check(self, parameters: Any, settings: FitSettings, n_columns: int | None) -> None:
        """Nothing can be refused before an estimator is fitted."""

    def predict_folds(
        self, configurations: Sequence[Configuration], folds: Sequence[Fold], settings: FitSettings
    ) -> list[FoldPredictions | Diverged]:
        """Fit and predict one fold after another."""
        return [self._evaluate(configuration, folds, settings) for configuration in configurations]

    def _evaluate(
        self, configuration: Configuration, folds: Sequence[Fold], settings: FitSettings
    ) -> FoldPredictions | Diverged:
        predictions, caught, members = [], [], []
        parameters = configuration.parameters
        bagged = isinstance(parameters, FamilyParameters) and parameters.bagged
        for fold, seed in zip(folds, configuration.seeds, strict=True):
            try:
                model = self._fit(parameters, fold.X_train, fold.y_train, seed, settings)
                predictions.append(model.predict([fold.X_val]))
            except Diverged as reason:
                return reason
            caught.append(model.warnings)
            if bagged:
                members.append(model)
        bag = Bag(members) if bagged else None
        return FoldPredictions(predictions, findings=describe(caught), bag=bag)

    def fit(
        self,
        parameters: Any,
        X: Array,
        y: NDArray[np.generic],
        seed: int,
        settings: FitSettings,
        epochs: int | None = None,
    ) -> ScikitModel:
        """Fit one estimator on all rows.

        Raises:
            UserError: if the estimator refuses them.
        """
        try:
            return self._fit(parameters, X, y, seed, settings)
        except Diverged as reason:
            raise UserError(f"all training rows: {reason}") from None

    def _fit(
        self, parameters: Any, X: Array, y: NDArray[np.generic], seed: int, settings: FitSettings
    ) -> ScikitModel:
        estimator = self.build(parameters, settings.task, seed)
        if settings.n_codes and hasattr(estimator, "categorical_features"):
            codes = range(X.shape[1] - settings.n_codes, X.shape[1])
            estimator.set_params(categorical_features=list(codes))
        with _threads(X), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            for category in (DeprecationWarning, FutureWarning, PendingDeprecationWarning):
                # These are addressed to programmers.
                warnings.simplefilter("ignore", category)
            try:
                estimator.fit(X, y)
            except ValueError as error:
                name, reason = type(estimator).__name__, str(error).splitlines()[0].rstrip(".")
                # Early stopping sets rows of every class aside.
                stops = getattr(parameters, "early_stopping", False)
                cure = "set early_stopping: false" if stops else "change the family's parameters"
                raise Diverged(
                    f"{name} cannot be fitted to {len(y)} rows: {reason}: {cure}, or lower "
                    "split.n_splits"
                ) from None
        if hasattr(estimator, "n_jobs"):
            # Threads add a forest's votes in any order, and the last bits differ.
            estimator.set_params(n_jobs=1)
        return self.model(estimator, caught, self.trusted)

    def load(self, folder: Path) -> ScikitModel:
        """Read what `ScikitModel.save` wrote."""
        return self.model(
            persistence.load(folder / "model.skops", self.trusted), trusted=self.trusted
        )


def describe(fits: Sequence[Mapping[type[Warning], str]]) -> list[str]:
    """One sentence for each kind of warning, with the number of fits that gave it.

    >>> from sklearn.exceptions import ConvergenceWarning
    >>> describe([{ConvergenceWarning: "lbfgs failed to converge"}, {}])
    ['the solver did not converge in 1 of 2 folds: raise max_iter, or scale the inputs']
    """
    from sklearn.exceptions import ConvergenceWarning

    found = []
    for category in dict.fromkeys(category for fit in fits for category in fit):
        messages = [fit[category] for fit in fits if category in fit]
        where = f" in {len(messages)} of {len(fits)} folds" if len(fits) > 1 else ""
        if issubclass(category, ConvergenceWarning):
            found.append(f"the solver did not converge{where}: raise max_iter, or scale the inputs")
        else:
            found.append(f"scikit-learn warns{where}: {messages[0].splitlines()[0]}")
    return found


def _threads(X: Array) -> AbstractContextManager[Any]:
    """One thread of OpenMP for a small table, all of them for a large one; always one of BLAS.

    The threads of BLAS add up in an order of their own, and wait for each other by spinning: beside
    other work, a logistic regression of 39,000 x 108 takes four times as long on two.
    """
    from threadpoolctl import threadpool_limits

    few = X.size < MAX_CELLS_ON_ONE_THREAD
    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api=None if few else "blas")
    return limits
