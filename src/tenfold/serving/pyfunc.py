"""The pyfunc that MLflow serves: it reads a request's cells, or refuses them, and predicts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold.dataset import Schema
from tenfold.models.shared import predictor
from tenfold.runtime import nearest
from tenfold.serving import unseen
from tenfold.serving.request_reader import RequestReader
from tenfold.serving.row_reader import BadCell, RowReader

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ParamSpec

# What a request may set, and by default.
PARAMETERS: dict[str, int | bool] = {"n_samples": 0, "seed": 0, "intervals": False}

# What they must be, in words.
KINDS = {int: "an integer", bool: "true or false"}


def signature(schema: Schema) -> ModelSignature:
    """The model's signature; a column is of any type, since MLflow would convert others itself.

    It would take `1_000` and `true` for numbers, and read `NA` in a CSV as no value.
    """
    from mlflow.models import ModelSignature
    from mlflow.types.schema import AnyType, ColSpec, ParamSchema, TensorSpec
    from mlflow.types.schema import Schema as Columns

    any_type = AnyType()  # type: ignore[no-untyped-call]
    names = RowReader(schema).columns
    inputs: list[ColSpec | TensorSpec] = [ColSpec(any_type, name) for name in names]
    label = "double"
    if schema.classes:
        label = "long" if isinstance(schema.classes[0], int) else "string"
    outputs: list[ColSpec | TensorSpec] = [ColSpec(label, "prediction")]
    outputs += [ColSpec("double", f"probability_{name}") for name in schema.classes]
    if schema.categorical:
        outputs.append(ColSpec("string", predictor.UNSEEN))
    return ModelSignature(Columns(inputs), Columns(outputs), ParamSchema(_parameters()))


def _parameters() -> list[ParamSpec]:
    """The parameters of a request."""
    from mlflow.types.schema import ParamSpec

    return [
        ParamSpec(name, "boolean" if isinstance(default, bool) else "long", default)
        for name, default in PARAMETERS.items()
    ]


class Served:
    """Answers a table with `prediction`, and for classes with the probability of each.

    If the parameter `n_samples` is above 0, the answer is the mean of so many passes with dropout,
    and `spread` (for classes `spread_<label>`) is their standard deviation; `seed` repeats them. If
    `intervals` is true, `lower` and `upper` (for classes `in_set_<label>`) stand beside them.
    `unseen_categories` names a row's columns whose category the training rows did not have.

    Args:
        model: that predicts.
        max_unseen: the greatest share of a request's rows with such a category in one column.
    """

    def __init__(self, model: predictor.Predictor, max_unseen: float = 1.0) -> None:
        self.model = model
        self.max_unseen = max_unseen
        self._requests = RequestReader(RowReader(model.schema))

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        """Answer every row, also one with nulls or categories that were not in the training rows.

        Raises:
            MlflowException: (status 400) naming the column and row of a cell that cannot be read,
                the column with too many unseen categories, or why there is no spread or interval.
        """
        from mlflow.exceptions import MlflowException

        asked = PARAMETERS | (params or {})
        problem = self._problem_of(asked, model_input)
        if problem:
            raise MlflowException.invalid_parameter_value(problem)
        read = self._requests.read(model_input)
        if read.bad:
            raise MlflowException.invalid_parameter_value(_refusal(read.bad))
        too_many = unseen.refusal(unseen.count(self.model, read.features), self.max_unseen)
        if too_many:
            raise MlflowException.invalid_parameter_value(too_many)
        features = read.features.set_axis(model_input.index)
        if not asked["n_samples"] and not asked["intervals"]:
            return self.model.answer(features)
        try:
            if asked["n_samples"]:
                return self.model.answer_with_spread(features, **asked)
            return self.model.answer(features, intervals=True)
        except ValueError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from None

    def _problem_of(self, params: dict[str, Any], table: pd.DataFrame) -> str | None:
        """What is wrong with a request as a whole."""
        for name, value in params.items():
            if name not in PARAMETERS:
                return unknown_parameter(name)
            wanted = type(PARAMETERS[name])
            if type(value) is not wanted:
                return f"params.{name} must be {KINDS[wanted]}, but got {value!r}"
        missing = [column for column in self._requests.rows.columns if column not in table]
        return f"the request lacks the columns {missing}: add them" if missing else None

    def get_raw_model(self) -> predictor.Predictor:
        """Return the predictor: MLflow's hook for callers that need more than `predict`."""
        return self.model


def _load_pyfunc(path: str, model_config: dict[str, Any] | None = None) -> Served:
    """Load the model: MLflow's hook for `loader_module`."""
    return Served(predictor.load(Path(path)), **(model_config or {}))


def unknown_parameter(name: str) -> str:
    """The message about a parameter that no request may set."""
    return f"params must not hold {name!r}; {nearest(name, PARAMETERS)}"


def _refusal(bad: Sequence[BadCell]) -> str:
    first, more = bad[0], len(bad) - 1
    others = f"; {more} more row{'s have' if more > 1 else ' has'} such a cell" if more else ""
    return (
        f"column {first.column!r}, row {first.row}: must be {first.rule} or null, but got "
        f"{first.value!r}{others}"
    )
