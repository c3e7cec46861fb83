"""Leaks and flaws planted in honest tables: what a person might do by mistake, one function each.

A planted fault changes a `Trial` and says which check must see it; `None` means that no
check can, by design, and the measured table says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tenfold.metrics import Task

N = "planted"
CLASSES = ("binary", "multiclass")
ALL = ("regression", *CLASSES)


@dataclass(frozen=True)
class Trial:
    """A clean table, split; `y` is its target as numbers (values or class codes)."""

    frame: pd.DataFrame
    target: str
    task: Task
    in_test: NDArray[np.bool_]
    draw: np.random.Generator
    groups: NDArray[Any] | None = None
    time: NDArray[Any] | None = None

    @property
    def y(self) -> NDArray[np.float64]:
        """Values, or class codes in sorted order."""
        values = self.frame[self.target]
        if self.task == "regression":
            return values.to_numpy(dtype=np.float64)
        return np.unique(values.astype(str), return_inverse=True)[1].astype(np.float64)

    @property
    def widest(self) -> str:
        """The numeric feature with the most different values."""
        numbers = self.frame.drop(columns=self.target).select_dtypes("number")
        return str(numbers.nunique().sort_values(kind="stable").index[-1])

    def adds(self, values: Any, name: str = N) -> Trial:
        """The trial with one more feature."""
        return replace(self, frame=self.frame.assign(**{name: values}))


@dataclass(frozen=True)
class PlantedFault:
    """A mistake, the tasks it fits, and what must see it: by task, if they differ."""

    make: Callable[[Trial], Trial]
    tasks: tuple[str, ...]
    check: str | dict[str, str] | None

    @property
    def words(self) -> str:
        """What is planted."""
        return (self.make.__doc__ or "").strip().rstrip(".")

    def expected(self, task: str) -> str | None:
        """The check that must see it in a table of this task."""
        return self.check[task] if isinstance(self.check, dict) else self.check


PLANTED_FAULTS: dict[str, PlantedFault] = {}


def planted(
    *tasks: str, check: str | dict[str, str] | None
) -> Callable[[Callable[[Trial], Trial]], Callable[[Trial], Trial]]:
    """Register a planted fault under its function's name."""

    def register(make: Callable[[Trial], Trial]) -> Callable[[Trial], Trial]:
        PLANTED_FAULTS[make.__name__] = PlantedFault(make, tasks, check)
        return make

    return register


# Chapter: the target in disguise


@planted(*CLASSES, check="target_copy")
def target_as_text(trial: Trial) -> Trial:
    """The class once more, in other words."""
    return trial.adds([f"grade {'abcdefghij'[int(code)]}" for code in trial.y])


@planted("regression", check="target_copy")
def target_with_unit(trial: Trial) -> Trial:
    """The target as text with a unit."""
    return trial.adds([f"{value!r} EUR" for value in trial.y.tolist()])


@planted(*ALL, check="target_copy")
def target_plus_constant(trial: Trial) -> Trial:
    """The target plus a constant."""
    return trial.adds(trial.y + 1000)


@planted("regression", check="target_copy")
def target_in_other_units(trial: Trial) -> Trial:
    """The target times -0.45, plus 3."""
    return trial.adds(trial.y * -0.45 + 3)


@planted("regression", check="target_copy")
def target_rounded(trial: Trial) -> Trial:
    """The target rounded to a tenth of its spread."""
    step = float(np.std(trial.y)) / 10
    return trial.adds(np.round(trial.y / step))


@planted("regression", check="target_copy")
def target_in_bands(trial: Trial) -> Trial:
    """The target cut into five bands with names."""
    cuts = np.quantile(trial.y, [0.2, 0.4, 0.6, 0.8])
    return trial.adds(np.array(["teal", "red", "blue", "pink", "grey"])[np.digitize(trial.y, cuts)])


@planted("regression", check="target_copy")
def target_logarithm(trial: Trial) -> Trial:
    """The logarithm of the target."""
    return trial.adds(np.log(trial.y - trial.y.min() + 1))


@planted("regression", check="target_copy")
def target_half_missing(trial: Trial) -> Trial:
    """The target in half of the rows, missing in the others."""
    return trial.adds(np.where(trial.draw.random(len(trial.y)) < 0.5, trial.y, np.nan))


@planted("binary", check="target_copy")
def missing_for_one_class(trial: Trial) -> Trial:
    """A measurement that is there for one class and missing for the other."""
    return trial.adds(np.where(trial.y == 1, trial.draw.normal(size=len(trial.y)), np.nan))


# Chapter: columns that know too much


@planted(*ALL, check="leak")
def target_with_noise(trial: Trial) -> Trial:
    """The target with noise of a twentieth of its spread; of classes, one in 500 changed."""
    if trial.task == "regression":
        noise = trial.draw.normal(size=len(trial.y)) * np.std(trial.y) / 20
        return trial.adds(trial.y + noise)
    return trial.adds([f"grade {int(code)}" for code in _flipped(trial, 1 / 500)])


@planted(*ALL, check="leak")
def target_bent(trial: Trial) -> Trial:
    """A number from which the target follows by a curve that goes down and up."""
    n = len(trial.y)
    if trial.task == "regression":
        sign = trial.draw.choice([-1.0, 1.0], n)
        noise = trial.draw.normal(size=n) * np.std(trial.y) / 50
        return trial.adds(sign * (trial.y - trial.y.min() + noise))
    many = int(trial.y.max()) + 1
    return trial.adds(trial.draw.integers(0, 3, n) * many + trial.y + trial.draw.random(n) * 0.9)


@planted(*CLASSES, check="leak")
def category_for_class(trial: Trial) -> Trial:
    """A ward, ten to each class."""
    return trial.adds([f"ward {int(code)}{ward}" for code, ward in _wards(trial)])


@planted(*ALL, check={"regression": "target_copy", "binary": "leak", "multiclass": "leak"})
def ids_in_order_of_target(trial: Trial) -> Trial:
    """Ids that were given out after sorting by the target."""
    ids = np.empty(len(trial.y), dtype=np.int64)
    ids[np.argsort(trial.y, kind="stable")] = np.arange(len(trial.y)) + 10_000
    return trial.adds(ids)


@planted(*CLASSES, check="leak")
def filled_after_outcome(trial: Trial) -> Trial:
    """A number that was written down after one outcome only, in half of the cases."""
    filled = (trial.y == 1) & (trial.draw.random(len(trial.y)) < 0.5)
    return trial.adds(np.where(filled, trial.draw.normal(size=len(trial.y)), np.nan))


@planted(*CLASSES, check="leak")
def lost_after_outcome(trial: Trial) -> Trial:
    """A number that is missing in half of the cases of one class and in no other."""
    lost = (trial.y == 0) & (trial.draw.random(len(trial.y)) < 0.5)
    return trial.adds(np.where(lost, np.nan, trial.draw.normal(size=len(trial.y))))


@planted(*ALL, check="leak")
def target_of_next_row(trial: Trial) -> Trial:
    """The target of the row below."""
    y = trial.frame[trial.target]
    shuffled = trial.draw.permutation(len(y))
    trial = replace(trial, frame=trial.frame.iloc[shuffled], in_test=trial.in_test[shuffled])
    return trial.adds(trial.frame[trial.target].shift(-1).to_numpy())


# Chapter: rows on both sides


@planted(*ALL, check="identical_rows")
def copied_rows(trial: Trial) -> Trial:
    """Three rows in a hundred of training, copied into the test."""
    train = np.flatnonzero(~trial.in_test)
    copies = trial.draw.choice(train, max(15, len(train) * 3 // 100), replace=False)
    frame = pd.concat([trial.frame, trial.frame.iloc[copies]], ignore_index=True)
    in_test = np.concatenate([trial.in_test, np.ones(len(copies), dtype=np.bool_)])
    return replace(trial, frame=frame, in_test=in_test)


@planted(*ALL, check="group_crossing")
def groups_split(trial: Trial) -> Trial:
    """Declared groups of five rows, split by rows."""
    return replace(trial, groups=np.array([f"p{row // 5}" for row in range(len(trial.y))]))


@planted(*ALL, check="time_crossing")
def future_in_training(trial: Trial) -> Trial:
    """A declared time, split at random."""
    return replace(trial, time=np.arange(len(trial.y)).astype("datetime64[D]"))


@planted(*ALL, check="shift")
def test_from_elsewhere(trial: Trial) -> Trial:
    """Test rows whose widest column is a spread higher."""
    column = trial.frame[trial.widest].astype(np.float64)
    moved = np.where(trial.in_test, column + column.std(), column)
    return replace(trial, frame=trial.frame.assign(**{trial.widest: moved}))


@planted(*ALL, check="shift")
def test_from_another_site(trial: Trial) -> Trial:
    """A site that is 'north' for most test rows and 'south' for most training rows."""
    likely = np.where(trial.in_test, 0.8, 0.3)
    north = trial.draw.random(len(trial.y)) < likely
    return trial.adds(np.where(north, "north", "south"))


@planted(*CLASSES, check="label_conflicts")
def labels_in_conflict(trial: Trial) -> Trial:
    """Two rows in a hundred twice, with different labels."""
    rows = trial.draw.choice(len(trial.y), max(5, len(trial.y) // 50), replace=False)
    again = trial.frame.iloc[rows].copy()
    labels = np.unique(trial.frame[trial.target].to_numpy())
    codes = (trial.y[rows].astype(int) + 1) % len(labels)
    again[trial.target] = labels[codes]
    frame = pd.concat([trial.frame, again], ignore_index=True)
    in_test = np.concatenate([trial.in_test, trial.in_test[rows]])
    return replace(trial, frame=frame, in_test=in_test)


# Chapter: poor columns


@planted(*ALL, check="copied_columns")
def column_rescaled(trial: Trial) -> Trial:
    """The widest column in other units."""
    return trial.adds(trial.frame[trial.widest] * 2.54 + 1)


@planted(*ALL, check="copied_columns")
def column_rounded(trial: Trial) -> Trial:
    """The widest column, rounded to a fiftieth of its spread."""
    column = trial.frame[trial.widest].astype(np.float64)
    return trial.adds((column / (column.std() / 50)).round())


@planted(*ALL, check="copied_columns")
def category_and_code(trial: Trial) -> Trial:
    """A category of seven, as text and as number."""
    codes = trial.draw.integers(0, 7, len(trial.y))
    return trial.adds([f"kind {'dabfceg'[code]}" for code in codes], "kind").adds(codes)


@planted(*ALL, check="id_like")
def text_ids(trial: Trial) -> Trial:
    """A text that differs in every row."""
    return trial.adds([f"{bits:016x}" for bits in trial.draw.integers(2**62, size=len(trial.y))])


@planted(*ALL, check="id_like")
def numeric_ids(trial: Trial) -> Trial:
    """Numbers of six digits, given out at random."""
    return trial.adds(trial.draw.choice(900_000, len(trial.y), replace=False) + 100_000)


@planted(*ALL, check="id_like")
def row_number(trial: Trial) -> Trial:
    """The row's number in a file that is roughly in order of the target."""
    return trial.adds(_noisy_ranks(trial))


@planted(*ALL, check="constant")
def one_value(trial: Trial) -> Trial:
    """A column of one value."""
    return trial.adds(3.0)


@planted(*ALL, check="nearly_constant")
def one_value_nearly(trial: Trial) -> Trial:
    """A column with one row in five hundred that differs."""
    return trial.adds(np.where(np.arange(len(trial.y)) % 500 == 7, "yes", "no"))


@planted(*CLASSES, check="imbalance")
def rare_class(trial: Trial) -> Trial:
    """One class in forty rows of the others."""
    rare = np.flatnonzero(trial.y == 0)
    others = np.flatnonzero(trial.y != 0)
    kept = np.sort(np.concatenate([others, rare[: max(3, len(others) // 40)]]))
    return replace(trial, frame=trial.frame.iloc[kept], in_test=trial.in_test[kept])


# Chapter: groups and times that the split was not told of


@planted("regression", check="unused_group")
def groups_that_resemble_each_other(trial: Trial) -> Trial:
    """A patient with five rows of like targets, whom the split was not told of."""
    return trial.adds([f"p{rank // 5}" for rank in _noisy_ranks(trial)], "patient_id")


@planted("regression", check="unused_time")
def target_that_drifts(trial: Trial) -> Trial:
    """A date by which the target rises, which the split was not told of."""
    days = np.datetime64("2020-01-01") + _noisy_ranks(trial)
    return trial.adds(days.astype("datetime64[us]"), "seen_on")


def _noisy_ranks(trial: Trial) -> NDArray[np.int64]:
    """The order of the rows by the target with noise of its spread."""
    noisy = trial.y + trial.draw.normal(size=len(trial.y)) * np.std(trial.y)
    return np.argsort(np.argsort(noisy)).astype(np.int64)


# Chapter: what no check sees, by design


@planted(*ALL, check=None)
def target_of_two_columns(trial: Trial) -> Trial:
    """Two columns whose difference is the target."""
    noise = trial.draw.normal(size=len(trial.y)) * 10 * np.std(trial.y)
    return trial.adds(noise, "paid").adds(trial.y + noise, "owed")


@planted(*ALL, check=None)
def strong_hint(trial: Trial) -> Trial:
    """The target with noise of half its spread; of classes, one in ten changed."""
    if trial.task == "regression":
        return trial.adds(trial.y + trial.draw.normal(size=len(trial.y)) * np.std(trial.y) / 2)
    return trial.adds([f"grade {int(code)}" for code in _flipped(trial, 0.1)])


@planted(*ALL, check=None)
def groups_undeclared(trial: Trial) -> Trial:
    """A patient with five rows that differ, whom the split was not told of."""
    return trial.adds([f"p{row // 5}" for row in trial.draw.permutation(len(trial.y))])


def _flipped(trial: Trial, share: float) -> NDArray[np.float64]:
    codes = trial.y.copy()
    rows = trial.draw.choice(len(codes), max(1, round(len(codes) * share)), replace=False)
    codes[rows] = (codes[rows] + 1) % (codes.max() + 1)
    return codes


def _wards(trial: Trial) -> list[tuple[float, int]]:
    return list(zip(trial.y.tolist(), trial.draw.integers(0, 10, len(trial.y)), strict=True))
