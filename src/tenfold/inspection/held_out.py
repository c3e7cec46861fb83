"""Rows that a model has not learnt from: those of each fold and its own model, or the test rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tenfold.dataset import Dataset
from tenfold.metrics import Array
from tenfold.models import Fitted
from tenfold.models.shared.bag import Bag
from tenfold.models.shared.ensemble import Ensemble
from tenfold.models.shared.network_model import NetworkModel
from tenfold.models.shared.predictor import Predictor
from tenfold.models.shared.scikit_family import ScikitModel
from tenfold.models.shared.transformed_target import TransformedTargetModel

if TYPE_CHECKING:
    import pandas as pd

SEED = 0
# Of a forest that take as long as 500 rounds of boosting, and rows that neighbours are sought in.
TREES, NEIGHBOURS = 100, 700


@dataclass(frozen=True)
class HeldOutSet:
    """Rows, and a model that has not learnt from them.

    Attributes:
        X: features (n, columns), as `Schema.frame` makes them.
        y: the target (n,).
        predict: features -> values (n,), or class probabilities (n, C).
        cost: of an answer, in answers of one boosted model.
    """

    X: pd.DataFrame
    y: NDArray[np.generic]
    predict: Callable[[pd.DataFrame], Array]
    cost: int = 1

    def take(self, places: NDArray[np.int64]) -> HeldOutSet:
        """Some of the rows."""
        return replace(self, X=self.X.iloc[places], y=self.y[places])


@dataclass(frozen=True)
class HeldOut:
    """All that the champion may be looked at on.

    Attributes:
        sets: one for each fold, or a single one.
        of_folds: whether they are those of the folds.
    """

    sets: Sequence[HeldOutSet]
    of_folds: bool

    @property
    def n_rows(self) -> int:
        """How many rows there are, one that several folds validate for each of them."""
        return sum(len(own.y) for own in self.sets)

    @property
    def name(self) -> str:
        """What the rows are, in words."""
        return "out-of-fold rows" if self.of_folds else "test rows"

    def sample(self, n_rows: int) -> HeldOut:
        """At most about so many rows, drawn evenly from the sets; the same at each call."""
        if self.n_rows <= n_rows:
            return self
        draw, share = np.random.default_rng(SEED), n_rows / self.n_rows
        return replace(
            self,
            sets=[
                own.take(np.sort(draw.permutation(len(own.y))[: max(1, round(len(own.y) * share))]))
                for own in self.sets
            ],
        )


def of(champion: Predictor, train: Dataset, test: Dataset) -> HeldOut:
    """The rows of each fold with the fold's own model, where the champion holds these.

    A champion that has models of all rows is looked at on the test rows: of these it has seen none.
    """
    assert train.folds is not None, "the training table has no folds"
    found = []
    for number in range(train.folds.n):
        own = of_fold(champion, number, train.folds.n)
        if own is None:
            everything = HeldOutSet(test.X, test.y, _answer(champion), _cost(champion.model))
            return HeldOut([everything], of_folds=False)
        val = train.folds.val(number)
        found.append(HeldOutSet(train.X.iloc[val], train.y[val], _answer(own), _cost(own.model)))
    return HeldOut(found, of_folds=True)


def of_fold(champion: Predictor, number: int, n_folds: int) -> Predictor | None:
    """The models of one fold alone; None if the champion, or a part of it, learnt from all rows."""
    model = champion.model
    if not isinstance(model, Ensemble):
        own = _member(model, number, n_folds)
        if own is None:
            return None
        return replace(champion, transformers=[champion.transformers[number]], model=own)
    members = [_member(member, number, n_folds) for member in model.members]
    fitted = [member for member in members if member is not None]
    if len(fitted) < len(members):
        return None
    parts = [replace(part, transformers=(place,)) for place, part in enumerate(model.parts)]
    transformers = [champion.transformers[part.transformers[number]] for part in model.parts]
    return replace(champion, transformers=transformers, model=Ensemble(parts, fitted, model.codes))


def _member(model: Fitted, number: int, n_folds: int) -> Fitted | None:
    """The model of one fold, if there is one for each."""
    if isinstance(model, TransformedTargetModel):
        own = _member(model.model, number, n_folds)
        return own and TransformedTargetModel(own, [model.transforms[number]])
    if isinstance(model, Bag) and len(model.members) == n_folds:
        return model.members[number]
    if isinstance(model, NetworkModel) and len(model.specs) == n_folds:
        return model.with_members([number])
    return None


def _answer(predictor: Predictor) -> Callable[[pd.DataFrame], Array]:
    def predict(X: pd.DataFrame) -> Array:
        return predictor.model.predict([one.transform(X) for one in predictor.transformers])

    return predict


def _cost(model: Fitted) -> int:
    """What an answer costs, in answers of one boosted model."""
    if isinstance(model, Ensemble | Bag):
        return sum(map(_cost, model.members))
    if isinstance(model, TransformedTargetModel):
        return _cost(model.model)
    if isinstance(model, ScikitModel):
        trees = len(getattr(model.estimator, "estimators_", ()))
        neighbours = getattr(model.estimator, "n_samples_fit_", 0)
        return max(1, trees // TREES, neighbours // NEIGHBOURS)
    return len(model.specs) if isinstance(model, NetworkModel) else 1
