"""A trial of a project's own family on a few random rows: whether it keeps the contract."""

from __future__ import annotations

import math
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold import models
from tenfold.metrics import Array
from tenfold.models.shared.contract import (
    Configuration,
    Diverged,
    Family,
    FitSettings,
    Fitted,
    Fold,
    FoldPredictions,
)
from tenfold.runtime import UserError, custom_code, digest

N_ROWS = 60
N_COLUMNS = 4


def try_out(name: str, parameters: Any, settings: FitSettings) -> None:
    """Cross-validate, fit, predict, save and load a family of one's own.

    Args:
        name: of the family.
        parameters: of one configuration.
        settings: of the experiment; networks train for one epoch.

    Raises:
        UserError: naming the rule that the family breaks.
    """
    file = custom_code.file_of("families", name)
    try:
        broken = _broken(models.family(name), parameters, settings)
    except (UserError, Diverged) as refusal:
        raise UserError(f"{file}: on {N_ROWS} random rows: {refusal}") from None
    except Exception as error:
        raise custom_code.failure(file, error) from None
    if broken:
        raise UserError(f"{file}: on {N_ROWS} random rows {broken}")


def _broken(family: Family, parameters: Any, settings: FitSettings) -> str:
    """The first rule that is broken, in words."""
    settings = replace(settings, trainer={**settings.trainer, "max_epochs": 1})
    X, y = _rows(parameters, settings)
    half = N_ROWS // 2
    val = np.arange(half, N_ROWS)
    fold = Fold(X[:half], y[:half], X[half:], y[half:], val)
    (found,) = family.predict_folds([Configuration(parameters, [1, 2])], [fold, fold], settings)
    if isinstance(found, Diverged):
        raise found
    if not isinstance(found, FoldPredictions):
        return (
            f"predict_folds must return FoldPredictions, but returns {type(found).__name__}: "
            "return one for each configuration"
        )
    fitted = family.fit(parameters, X, y, 1, settings, 1)
    again = family.fit(parameters, X, y, 1, settings, 1)
    for prediction in (*found.predictions, fitted.predict([X])):
        if said := _misshapen(prediction, settings):
            return said
    if not np.array_equal(fitted.predict([X]), again.predict([X])):
        return "two fits with the same seed must be equal, but differ: draw from `seed` alone"
    return _not_stored(family, fitted, X)


def _rows(parameters: Any, settings: FitSettings) -> tuple[Array, NDArray[np.generic]]:
    draw = np.random.default_rng(0)
    shape = getattr(parameters, "shape", None)
    X = draw.normal(size=(N_ROWS, math.prod(shape) if shape else N_COLUMNS))
    if settings.n_classes:
        return X, np.arange(N_ROWS) % settings.n_classes
    return X, draw.normal(size=N_ROWS)


def _misshapen(prediction: Array, settings: FitSettings) -> str:
    expected = (len(prediction), settings.n_classes) if settings.n_classes else (len(prediction),)
    if np.shape(prediction) != expected:
        return f"a prediction must be of shape {expected}, but is of shape {np.shape(prediction)}"
    if not np.isfinite(prediction).all():
        return "a prediction must be finite, but some are not"
    if settings.n_classes and not np.allclose(prediction.sum(axis=1), 1):
        return "the probabilities of a row must add up to 1, but do not"
    return ""


def _not_stored(family: Family, fitted: Fitted, X: Array) -> str:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        fitted.save(Path(one))
        fitted.save(Path(two))
        if digest(Path(one)) != digest(Path(two)):
            return "save must write the same bytes each time, but does not: leave out times"
        loaded = family.load(Path(one)).predict([X])
    if not np.array_equal(loaded, fitted.predict([X])):
        return "a model that was saved and loaded must predict the same, but does not"
    return ""
