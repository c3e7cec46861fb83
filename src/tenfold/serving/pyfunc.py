"""What the MLflow registry loads: a pyfunc around a predictor, without pickle."""

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
    """Numbers as double, so that a missing one may be null; categories and dates as string."""
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
    """What a request may ask for besides its rows."""
    from mlflow.types.schema import ParamSpec

    return [ParamSpec("n_samples", "long", 0), ParamSpec("seed", "long", 0)]


class Served:
    """The pyfunc: a table in, `prediction` and each class's probability out.

    With the parameter `n_samples` above 0 the answer is the mean of the model's draws, and
    `spread`, or each class's `spread_<label>`, their standard deviation; `seed` repeats them.
    """

    def __init__(self, model: predictor.Predictor) -> None:
        self.model = model

    def predict(self, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
        """Answer for every row; a null or a category never seen is answered too.

        Raises:
            MlflowException: (status 400) naming the column and row of a value of the wrong type,
                or saying why there is no spread.
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
        """MLflow's hook for those who need more than `predict`."""
        return self.model


def _load_pyfunc(path: str) -> Served:
    """MLflow's hook for `loader_module`."""
    return Served(predictor.load(Path(path)))


def _check_values(table: pd.DataFrame, schema: Schema) -> None:
    """MLflow makes numbers of the double columns; all else that JSON holds arrives as it is."""
    import numpy as np

    for name in schema.numeric:
        _refuse(name, table[name], np.isinf(table[name].to_numpy(np.float64)), "a finite number")
    for name in schema.categorical:
        column = table[name]
        wrong = column.notna() & ~column.map(lambda value: isinstance(value, str))
        _refuse(name, column, wrong.to_numpy(dtype=bool), "a string")
    for name in schema.dates:
        _refuse(name, table[name], dates.parse(table[name], schema.markers(name))[1], dates.RULE)


def _refuse(name: str, column: pd.Series[Any], wrong: NDArray[np.bool_], rule: str) -> None:
    from mlflow.exceptions import MlflowException

    if wrong.any():
        row = int(wrong.argmax())
        raise MlflowException.invalid_parameter_value(
            f"column {name!r}, row {row}: must be {rule} or null, but got {column.iloc[row]!r}"
        )
