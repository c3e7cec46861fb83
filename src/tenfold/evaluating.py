"""Configurations of one family on one table: what each asks for, and what it achieves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tenfold import cross_validation, preprocessing, runtime
from tenfold.cross_validation import Evaluation
from tenfold.dataset import Dataset
from tenfold.models import (
    Configuration,
    Diverged,
    Family,
    FamilyParameters,
    Fold,
    Setting,
)
from tenfold.params import Preprocessing
from tenfold.predictor import Predictor


@dataclass(frozen=True)
class Inputs:
    """How rows reach a configuration: preprocessing as declared, as codes, or as its donor's."""

    dataset: Dataset
    declared: Preprocessing
    donor: Predictor | None = None

    def transformers(self, parameters: FamilyParameters) -> list[Any]:
        """A fitted transformer for every fold."""
        given = self.donor.transformers if self.donor is not None else ()
        return cross_validation.transformers(
            self.dataset, self.declared, codes=parameters.codes, given=given
        )

    def transformer(self, parameters: FamilyParameters) -> Any:
        """One fitted on all rows."""
        if self.donor is not None:
            return self.donor.transformers[0]
        unfitted = preprocessing.build(self.dataset.schema, self.declared, codes=parameters.codes)
        return unfitted.fit(self.dataset.X)

    def setting(self, parameters: FamilyParameters, setting: Setting) -> Setting:
        """`setting`, told what the columns are and where to start."""
        schema = self.dataset.schema
        return replace(
            setting,
            n_numeric=len(schema.numeric),
            n_codes=len(schema.categorical) if parameters.codes else 0,
            donor=None if self.donor is None else self.donor.model,
        )


@dataclass
class Evaluator:
    """Cross-validates configurations; folds are preprocessed once for all that share them."""

    family: Family
    inputs: Inputs
    setting: Setting
    metrics: Sequence[str]
    seed: int
    _folds: dict[bool, list[Fold]] = field(default_factory=dict)

    def __call__(
        self, asked: Sequence[tuple[int, FamilyParameters]]
    ) -> list[Evaluation | Diverged]:
        """Evaluate configurations of equal shape, each with its trial's number."""
        first = asked[0][1]
        if first.codes not in self._folds:
            fitted = self.inputs.transformers(first)
            self._folds[first.codes] = cross_validation.prepare(self.inputs.dataset, fitted)
        folds = self._folds[first.codes]
        configurations = [
            Configuration(parameters, seeds(self.seed, trial, len(folds)))
            for trial, parameters in asked
        ]
        setting = self.inputs.setting(first, self.setting)
        return cross_validation.cross_validate(
            self.family, configurations, folds, setting, self.metrics
        )


def seeds(seed: int, trial: int, n_folds: int) -> list[int]:
    """A seed for every fold of a trial."""
    return [runtime.derive_seed(seed, trial, fold) for fold in range(n_folds)]
