"""Cross-validation of one family's configurations on one table, and how rows reach them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tenfold import preprocessing, runtime
from tenfold.dataset import Dataset
from tenfold.metrics import Array
from tenfold.models import (
    Configuration,
    Diverged,
    Family,
    FamilyParameters,
    FitSettings,
    Fold,
)
from tenfold.models.shared.predictor import Predictor
from tenfold.models.shared.transformed_target import with_target, without_transform
from tenfold.params import Preprocessing
from tenfold.params.preprocessing import TransformName
from tenfold.preprocessing import InputForm
from tenfold.tuning import cross_validation
from tenfold.tuning.cross_validation import Evaluation


@dataclass(frozen=True)
class Inputs:
    """How rows reach a configuration: preprocessed as declared, or by the model it starts from.

    `seed` is the experiment's: the same rows are prepared in the same way for every family.
    """

    dataset: Dataset
    declared: Preprocessing
    pretrained: Predictor | None = None
    seed: int = 0

    def folds(self, parameters: FamilyParameters) -> tuple[list[Any], list[Fold]]:
        """A fitted transformer for every fold, and the fold as it makes it."""
        return cross_validation.prepare(
            self.dataset,
            self.declared,
            seed=runtime.derive_seed(self.seed, "preprocessing", "folds"),
            given=self.pretrained.transformers if self.pretrained is not None else (),
            form=parameters.input_form,
        )

    def whole(self, parameters: FamilyParameters) -> tuple[list[Any], Array]:
        """The one transformer fitted on all rows, and these rows transformed."""
        if self.pretrained is not None:
            given = self.pretrained.transformers[0]
            return [given], given.transform(self.dataset.X)
        fitted, X = preprocessing.fit(
            self.dataset.schema,
            self.declared,
            self.dataset.X,
            self.dataset.y,
            seed=runtime.derive_seed(self.seed, "preprocessing", "train"),
            form=parameters.input_form,
        )
        return [fitted], X

    def fit_settings(self, parameters: FamilyParameters, settings: FitSettings) -> FitSettings:
        """`settings` with the kinds of columns that have places, and the model to start from."""
        schema, start = self.dataset.schema, self.pretrained
        form = parameters.input_form
        numbers = preprocessing.n_numbers(schema, self.declared, form) if form.in_place else 0
        return replace(
            settings,
            n_numeric=numbers,
            n_codes=len(schema.categorical) if form.has_codes else 0,
            pretrained=None if start is None else without_transform(start.model),
        )


@dataclass
class Evaluator:
    """Cross-validates configurations; folds are preprocessed once for all that share them.

    Trials are scored in `metrics`, of which the first decides; `positive` is the code of the
    positive class of two.
    """

    family: Family
    inputs: Inputs
    settings: FitSettings
    metrics: Sequence[str]
    seed: int
    positive: int | None = None
    _folds: dict[InputForm, list[Fold]] = field(default_factory=dict)

    @property
    def metric(self) -> str:
        """The first of the metrics, which decides."""
        return self.metrics[0]

    def shape(self, parameters: FamilyParameters) -> Hashable:
        """The family's: configurations of equal shape are evaluated together."""
        return self.family.shape(parameters)

    @property
    def transforms(self) -> Sequence[TransformName]:
        """Those of the target that are compared; the search is made with the first."""
        return self.inputs.declared.target.tried

    def __call__(
        self, asked: Sequence[tuple[int, FamilyParameters]], transform: TransformName | None = None
    ) -> list[Evaluation | Diverged]:
        """Evaluate configurations of equal shape, each with its trial's number.

        `transform` is that of the target; by default the first.
        """
        first = asked[0][1]
        form = first.input_form
        if form not in self._folds:
            self._folds[form] = self.inputs.folds(first)[1]
        folds = self._folds[form]
        configurations = [
            Configuration(parameters, seeds(self.seed, trial, len(folds)))
            for trial, parameters in asked
        ]
        settings = self.inputs.fit_settings(first, self.settings)
        family = with_target(self.family, transform or self.transforms[0])
        return cross_validation.cross_validate(
            family, configurations, folds, settings, self.metrics, self.positive
        )


def seeds(seed: int, trial: int, n_folds: int) -> list[int]:
    """A seed for every fold of a trial."""
    return [runtime.derive_seed(seed, trial, fold) for fold in range(n_folds)]
