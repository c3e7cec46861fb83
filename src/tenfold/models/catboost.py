"""CatBoost: gradient-boosted symmetric trees; categories as the statistics of earlier rows."""

from __future__ import annotations

import json
import tempfile
import threading
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from tenfold.metrics import Array, Task
from tenfold.models.shared.boosting_family import Asked, BoostingFamily, Rows
from tenfold.models.shared.boosting_parameters import BoostingParameters, by_task
from tenfold.models.shared.contract import Diverged

OBJECTIVES: dict[Task, str] = {
    "regression": "RMSE",
    "binary": "Logloss",
    "multiclass": "MultiClass",
}
REQUIREMENTS = ("catboost",)
FILE = "model.cbm"
# Where the classes are noted if some are absent.
CLASSES = "classes"
# The log-odds of a class that no training row has.
ABSENT = -1000.0
# Of 10,000 columns a round would take a second.
MAX_COLUMNS_TRIED = 1000
MIN_RSM = 0.05
# CatBoost's numbers have single precision.
MAX_NUMBER = float(np.finfo(np.float32).max)


class Parameters(BoostingParameters):
    """CatBoost's own names; the defaults are the tuned ones of Holzmueller et al. (2024)."""

    fit_seconds = (0.5, 0.0, 1e-05)
    task_defaults: ClassVar = {
        "learning_rate": (0.08, 0.09),
        "depth": (7, 9),
        "random_strength": (0.8, 0.0),
        "one_hot_max_size": (15, 20),
        "rsm": (1.0, 1.0),
    }

    learning_rate: float | None = Field(
        None, gt=0, description=by_task(0.08, 0.09, "Shrinkage of each tree")
    )
    depth: int | None = Field(None, ge=1, le=16, description=by_task(7, 9, "Of every tree"))
    l2_leaf_reg: float = Field(1e-5, ge=0)
    random_strength: float | None = Field(
        None, ge=0, description=by_task(0.8, 0.0, "Noise in the scores of splits, at the start")
    )
    subsample: float = Field(0.9, gt=0, le=1, description="Share of the rows, drawn for each tree.")
    rsm: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Share of the columns, drawn for each split; when absent all, or 1,000 of more "
        "but 5% at least.",
    )
    border_count: int = Field(254, ge=1, le=65535)
    one_hot_max_size: int | None = Field(
        None,
        ge=2,
        le=255,
        description=by_task(15, 20, "Columns of more categories become statistics of the target"),
    )
    max_ctr_complexity: int = Field(
        4, ge=1, le=15, description="Columns of categories that are combined; 1 is twice as fast."
    )
    boosting_type: str = Field(
        "Plain",
        pattern="^(Plain|Ordered)$",
        description="Ordered: no row's own target in its gradients; for few rows, and slower.",
    )


def options(asked: Asked) -> dict[str, Any]:
    """What CatBoost is told; it writes no file and no line."""
    task = asked.settings.task
    chosen: dict[str, Any] = asked.parameters.booster_options(task)
    if asked.parameters.rsm is None:
        share = MAX_COLUMNS_TRIED / asked.train.X.shape[1]
        chosen["rsm"] = min(1.0, max(MIN_RSM, share))
    return chosen | {
        "loss_function": OBJECTIVES[task],
        "iterations": asked.parameters.n_estimators,
        "bootstrap_type": "Bernoulli",
        "leaf_estimation_iterations": 1,
        "allow_const_label": True,
        "allow_writing_files": False,
        "logging_level": "Silent",
        "random_seed": asked.seed,
        "task_type": asked.parameters.device.upper(),
        "thread_count": 1,
    }


class Growth:
    """A model that grows in a thread of its own, which waits between calls of `grow`.

    CatBoost trains in one call and asks a callback after every round. A GPU has no callbacks: it
    grows all rounds at once.
    """

    def __init__(self, asked: Asked) -> None:
        import catboost

        self.asked = asked
        self.classes = np.unique(asked.train.y) if asked.settings.n_classes else None
        if self.classes is not None and len(self.classes) == 1:
            raise Diverged(
                f"CatBoost needs rows of two classes, but all {len(asked.train.y)} training rows "
                "of a fold are of one: choose another split.strategy, or remove models.catboost"
            )
        self.train_losses: list[float] = []
        self.val_losses: list[float] = []
        self.model: Any = catboost.CatBoost(options(asked))
        self.n_rounds = 0
        self.error: Exception | None = None
        self.is_stopped = self.is_done = False
        self.go, self.paused = threading.Semaphore(0), threading.Semaphore(0)
        self.thread = threading.Thread(target=self._fit, daemon=True)
        self.thread.start()

    def grow(self, n_rounds: int) -> None:
        """Let the thread go on for some rounds."""
        self.n_rounds += n_rounds
        if not self.is_done:
            self.go.release()
            self.paused.acquire()
        if self.error is not None:
            raise self._refusal(self.error) from None

    def booster(self, n_rounds: int) -> Trees:
        """The first rounds, without what they were trained with and when."""
        self.stop()
        self.model.shrink(ntree_end=min(n_rounds, self.model.tree_count_))
        described = self.model.get_metadata()
        for key in list(described.keys()):
            del described[key]
        n_classes = self.asked.settings.n_classes
        if self.classes is not None and len(self.classes) < n_classes:
            described[CLASSES] = json.dumps([n_classes, self.classes.tolist()])
        with tempfile.TemporaryDirectory() as folder:
            self.model.save_model(str(Path(folder, FILE)))
            return load(Path(folder))

    def stop(self) -> None:
        """End the thread."""
        self.is_stopped = True
        self.go.release()
        self.thread.join()

    def after_iteration(self, info: Any) -> bool:
        """CatBoost's callback: note the losses, wait when enough rounds are grown."""
        self._note(info.metrics)
        if len(self.train_losses) >= self.n_rounds:
            self.paused.release()
            self.go.acquire()
        return not self.is_stopped

    def _fit(self) -> None:
        self.go.acquire()
        try:
            if not self.is_stopped:
                self._train()
        except Exception as error:
            self.error = error
        finally:
            self.is_done = True
            self.paused.release()

    def _train(self) -> None:
        asked, n_codes = self.asked, self.asked.settings.n_codes
        train, val = self._of_known_classes(asked.train), None
        if asked.val is not None:
            known = self._of_known_classes(asked.val)
            val = pool(without_new_gaps(known.X, train.X), n_codes, known)
        on_gpu = asked.parameters.device == "gpu"
        self.model.fit(
            pool(train.X, n_codes, train),
            eval_set=val,
            use_best_model=False,
            callbacks=None if on_gpu else [self],
        )
        if on_gpu:
            self._note(self.model.get_evals_result())

    def _of_known_classes(self, rows: Rows) -> Rows:
        """Rows of the classes that the training rows have, which are numbered anew."""
        if self.classes is None or len(self.classes) == self.asked.settings.n_classes:
            return rows
        kept = np.isin(rows.y, self.classes)
        weight = None if rows.weight is None else rows.weight[kept]
        return Rows(rows.X[kept], np.searchsorted(self.classes, rows.y[kept]), weight)

    def _note(self, metrics: dict[str, dict[str, list[float]]]) -> None:
        """The losses of all rounds so far; CatBoost has the root of the mean squared error."""
        name = OBJECTIVES[self.asked.settings.task]
        power = 2 if name == "RMSE" else 1
        for part, losses in (("learn", self.train_losses), ("validation", self.val_losses)):
            values = metrics.get(part, {}).get(name, [])
            losses += [value**power for value in values[len(losses) :]]

    def _refusal(self, error: Exception) -> Diverged:
        reason = str(error).splitlines()[0].rpartition(": ")[2].rstrip(".")
        on_gpu = self.asked.parameters.device == "gpu"
        cure = "set device: cpu" if on_gpu else "change the parameters"
        return Diverged(
            f"CatBoost cannot be fitted to {len(self.asked.train.y)} rows: {reason}: {cure} under "
            "models.catboost, or remove it"
        )


class Trees:
    """CatBoost's binary model, and the CatBoost that reads it.

    A model that was loaded is not saved again by CatBoost, which would add parameters to it.
    """

    def __init__(self, content: bytes) -> None:
        import catboost

        self.content = content
        self.model = model = catboost.CatBoost()
        model.load_model(blob=content)
        self.n_codes = len(model.get_cat_feature_indices())
        self.n_classes, self.classes = json.loads(model.get_metadata().get(CLASSES, "[0, []]"))

    def outputs(self, X: Array) -> Array:
        """The sums of the trees."""
        found = self.model.predict(
            pool(X, self.n_codes),
            prediction_type="RawFormulaVal",
            thread_count=1,
        )
        outputs = np.asarray(found, dtype=np.float64).reshape(len(X), -1)
        if not self.classes:
            return outputs
        widened = np.full((len(X), self.n_classes), ABSENT)
        widened[:, self.classes] = outputs
        return widened

    def save(self, folder: Path) -> None:
        """Write `model.cbm`, CatBoost's own format; its JSON would lose the last digits."""
        (folder / FILE).write_bytes(self.content)


def load(folder: Path) -> Trees:
    """Read what `Trees.save` wrote."""
    return Trees((folder / FILE).read_bytes())


def pool(X: Array, n_codes: int, labelled: Rows | None = None) -> Any:
    """Rows as CatBoost takes them: numbers in single precision, then categories as bytes."""
    import catboost

    n_numbers = X.shape[1] - n_codes
    numbers = np.clip(X[:, :n_numbers], -MAX_NUMBER, MAX_NUMBER).astype(np.float32)
    seen, places = np.unique(np.nan_to_num(X[:, n_numbers:], nan=-1), return_inverse=True)
    texts = np.array([b"%d" % code for code in seen], dtype=object)
    columns = catboost.FeaturesData(
        np.ascontiguousarray(numbers) if n_numbers else None,
        np.ascontiguousarray(texts[places.reshape(len(X), n_codes)]) if n_codes else None,
    )
    if labelled is None:
        return catboost.Pool(columns)
    return catboost.Pool(columns, labelled.y, weight=labelled.weight)


def without_new_gaps(X_val: Array, X_train: Array) -> Array:
    """Validation rows without NaN in columns that have none in training, which CatBoost refuses.

    There the smallest number takes its place: the trees send both the same way.
    """
    is_new = np.isnan(X_val) & ~np.isnan(X_train).any(axis=0)
    return np.where(is_new, -MAX_NUMBER, X_val)


FAMILY = BoostingFamily("catboost", Growth, load)
