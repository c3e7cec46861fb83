"""The pyfunc that MLflow serves: it checks a request's values (status 400) and predicts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold.dataset import Schema, dates
from tenfold.models.shared import predictor

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ParamSpec
    from numpy.typing import NDArray


def signature(schema: Schema) -> ModelSignature:
    """The model's signature: numbers are double, so that they may be null; others are string."""
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, ParamSchema, TensorSpec
    from mlflow.types.schema import Schema as Columns

    inputs: list[ColSpec | TensorSpec] = [ColSpec("double", name) for name in schema.numeric]
    inputs += [ColSpec("string", name) for name in (*schema.categorical, *schema.dates)]
    label = "double"
    if schema.classes:
        label = "long" if isinstance(schema.classes[0], int) else "string"
    outputs: list[ColSpec | TensorSpec] = [ColSpec(label, "prediction")]
    outputs += [ColSpec("double", f"probability_{name}") for name in schema.classes]
    return ModelSignature(Columns(inputs), Columns(outputs), ParamSchema(_parameters()))


def _parameters() -> list[ParamSpec]:
    """The parameters of a request."""
    from mlflow.types.schema import ParamSpec

    return [ParamSpec("n_samples", "long", 0), ParamSpec("seed", "long", 0)]


class Served:
    """Answers a table with `prediction`, and for classes with the probability of each.

    If the parameter `n_samples` is above 0, the answer is the mean of so many passes with dropout,
    and `spread` (for classes `spread_<label>`) is their standard deviation; `seed` repeats them.
    """

    def __init__(self, model: predictor.Predictor) -> None:
        self.model = model

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        """Answer every row, also one with nulls or categories that were not in the training rows.

        Raises:
            MlflowException: (status 400) naming the column and row of a value of the wrong type,
                or the reason why there is no spread.
        """
        _check_values(model_input, self.model.schema)
        from mlflow.exceptions import MlflowException

        asked = {"n_samples": 0, "seed": 0} | (params or {})
        for name, value in asked.items():
            if isinstance(value, bool) or not isinstance(value, int):
                raise MlflowException.invalid_parameter_value(
                    f"params.{name} must be an integer, but got {value!r}"
                )
        if asked["n_samples"] == 0:
            return self.model.answer(model_input)
        try:
            return self.model.answer_with_spread(model_input, **asked)
        except ValueError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from None

    def get_raw_model(self) -> predictor.Predictor:
        """Return the predictor: MLflow's hook for callers that need more than `predict`."""
        return self.model


def _load_pyfunc(path: str) -> Served:
    """Load the model: MLflow's hook for `loader_module`."""
    return Served(predictor.load(Path(path)))


def _check_values(table: pd.DataFrame, schema: Schema) -> None:
    """Refuse values that MLflow lets through: it converts double columns and checks no others."""
    import numpy as np

    for name in schema.numeric:
        _refuse(name, table[name], np.isinf(table[name].to_numpy(np.float64)), "a finite number")
    for name in schema.categorical:
        column = table[name]
        wrong = column.notna() & ~column.map(lambda value: isinstance(value, str))
        _refuse(name, column, wrong.to_numpy(dtype=bool), "a string")
    for name in schema.dates:
        written = schema.date_format(name)
        no_date = dates.parse(table[name], schema.markers(name), written)[1]
        _refuse(name, table[name], no_date, written.rule)


def _refuse(name: str, column: pd.Series[Any], wrong: NDArray[np.bool_], rule: str) -> None:
    from mlflow.exceptions import MlflowException

    if wrong.any():
        row = int(wrong.argmax())
        raise MlflowException.invalid_parameter_value(
            f"column {name!r}, row {row}: must be {rule} or null, but got {column.tolist()[row]!r}"
        )
