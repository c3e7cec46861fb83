"""LightGBM: gradient-boosted trees that grow leaf by leaf; missing values and categories native."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from tenfold.metrics import Array, Task
from tenfold.models.shared.boosting_family import Asked, BoostingFamily
from tenfold.models.shared.boosting_parameters import BoostingParameters, by_task
from tenfold.models.shared.contract import Diverged

OBJECTIVES: dict[Task, tuple[str, str]] = {
    "regression": ("regression", "l2"),
    "binary": ("binary", "binary_logloss"),
    "multiclass": ("multiclass", "multi_logloss"),
}
REQUIREMENTS = ("lightgbm",)
FILE = "model.txt"
_OF_THREAD = threading.local()
# Numbers of rows that are meant for tables of 1,000 rows or more: LightGBM would split no smaller
# one. Of fewer rows they are the same share.
MEANT_FOR_ROWS = 1000
SHARES = ("min_data_in_leaf", "min_data_per_group")


class Parameters(BoostingParameters):
    """LightGBM's own names; the defaults are the tuned ones of Holzmueller et al. (2024)."""

    fit_seconds = (0.1, 0.0, 8e-06)
    task_defaults: ClassVar = {
        "learning_rate": (0.04, 0.05),
        "num_leaves": (50, 100),
        "min_data_in_leaf": (40, 3),
        "min_data_per_group": (100, 100),
        "bagging_fraction": (0.75, 0.7),
    }

    learning_rate: float | None = Field(
        None, gt=0, description=by_task(0.04, 0.05, "Shrinkage of each tree")
    )
    num_leaves: int | None = Field(None, ge=2, le=131072, description=by_task(50, 100, "Of a tree"))
    max_depth: int = Field(-1, ge=-1, description="-1: no limit but num_leaves.")
    min_data_in_leaf: int | None = Field(
        None, ge=1, description=by_task("40 (4% of fewer than 1,000 rows)", 3)
    )
    min_sum_hessian_in_leaf: float = Field(1e-7, ge=0)
    bagging_fraction: float | None = Field(
        None, gt=0, le=1, description=by_task(0.75, 0.7, "Share of the rows, drawn for each tree")
    )
    feature_fraction: float = Field(
        1.0, gt=0, le=1, description="Share of the columns, drawn for each tree."
    )
    lambda_l1: float = Field(0.0, ge=0)
    lambda_l2: float = Field(0.0, ge=0)
    max_bin: int = Field(255, ge=2)
    extra_trees: bool = Field(False, description="Draw each threshold at random.")
    min_data_per_group: int | None = Field(
        None,
        ge=1,
        description="Rows of a category that splits; when absent 100, or 10% of fewer than 1,000 "
        "rows.",
    )
    cat_smooth: float = Field(10.0, ge=0, description="Shrinks the statistics of rare categories.")
    cat_l2: float = Field(10.0, ge=0, description="lambda_l2 of splits on categories.")


def options(asked: Asked) -> dict[str, Any]:
    """What LightGBM is told; it answers the same for the same seed, on any number of cores."""
    task, n_rows = asked.settings.task, len(asked.train.y)
    objective, metric = OBJECTIVES[task]
    chosen: dict[str, Any] = asked.parameters.booster_options(task)
    if n_rows < MEANT_FOR_ROWS:
        for name in SHARES:
            if getattr(asked.parameters, name) is None:
                chosen[name] = max(1, chosen[name] * n_rows // MEANT_FOR_ROWS)
    if task == "multiclass":
        chosen["num_class"] = asked.settings.n_classes
    return chosen | {
        "objective": objective,
        "metric": metric,
        "device_type": asked.parameters.device,
        "bagging_freq": 1,
        "seed": asked.seed,
        "deterministic": True,
        # Otherwise the faster way is found by timing, and the two differ in their last bits.
        "force_row_wise": True,
        # Columns that never split a single row off are no use, but must not change with the leaf.
        "feature_pre_filter": False,
        "num_threads": 1,
        "verbosity": -1,
    }


class Growth:
    """A Booster that grows; its training rows are dropped when its trees are taken."""

    def __init__(self, asked: Asked) -> None:
        import lightgbm

        chosen = options(asked)
        self.train_losses: list[float] = []
        self.val_losses: list[float] = []
        with refusals(asked):
            rows = lightgbm.Dataset(
                asked.train.X,
                asked.train.y,
                weight=asked.train.weight,
                categorical_feature=asked.categorical,
                params=chosen,
            )
            self.trees: Any = lightgbm.Booster(chosen, rows)
            if asked.val is not None:
                val = asked.val
                self.trees.add_valid(
                    rows.create_valid(val.X, val.y, weight=val.weight, params=chosen), "val"
                )
        self.asked = asked

    def grow(self, n_rounds: int) -> None:
        """Add rounds; where no split is left they add nothing."""
        _be_quiet()
        with refusals(self.asked):
            for _ in range(n_rounds):
                self.trees.update()
                self.train_losses.append(self.trees.eval_train()[0][2])
                if self.asked.val is not None:
                    self.val_losses.append(self.trees.eval_valid()[0][2])

    def stop(self) -> None:
        """Nothing runs between calls of `grow`."""

    def booster(self, n_rounds: int) -> Trees:
        """The first rounds, as they are stored: what answers is what will be loaded."""
        text = self.trees.model_to_string(num_iteration=n_rounds)
        self.trees = None
        return Trees(without_settings(text))


class Trees:
    """LightGBM's model text, and the Booster that reads it."""

    def __init__(self, text: str) -> None:
        import lightgbm

        self.text = text
        self.trees = lightgbm.Booster(model_str=text)

    def outputs(self, X: Array) -> Array:
        """The sums of the trees."""
        found = self.trees.predict(X, raw_score=True, num_threads=1)
        return np.asarray(found, dtype=np.float64).reshape(len(X), -1)

    def save(self, folder: Path) -> None:
        """Write `model.txt`."""
        (folder / FILE).write_text(self.text, encoding="utf-8")


def load(folder: Path) -> Trees:
    """Read what `Trees.save` wrote."""
    return Trees((folder / FILE).read_text(encoding="utf-8"))


def without_settings(text: str) -> str:
    """A model's text without what it was trained with, which predicts nothing."""
    before, _, rest = text.partition("parameters:\n")
    return before + rest.partition("end of parameters\n")[2].lstrip("\n")


def _be_quiet() -> None:
    """Make LightGBM silent in this thread: each has a level of its own, set by what it builds."""
    import lightgbm

    if not hasattr(_OF_THREAD, "is_quiet"):
        lightgbm.Dataset(np.zeros((1, 1)), params={"verbosity": -1, "num_threads": 1}).construct()
        _OF_THREAD.is_quiet = True


@contextmanager
def refusals(asked: Asked) -> Iterator[None]:
    """Raise LightGBM's own errors as Diverged."""
    from lightgbm.basic import LightGBMError

    try:
        yield
    except LightGBMError as error:
        reason = str(error).splitlines()[0].rstrip(".")
        cure = "set device: cpu" if asked.parameters.device == "gpu" else "change the parameters"
        raise Diverged(
            f"LightGBM cannot be fitted to {len(asked.train.y)} rows: {reason}: {cure} under "
            "models.lightgbm, or remove it"
        ) from None


FAMILY = BoostingFamily("lightgbm", Growth, load)
