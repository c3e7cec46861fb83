"""Check for columns that reveal the target: they predict it alone, or were filled in after it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenfold.audit import predictiveness, significance, target_copies
from tenfold.audit.audited_column import AuditedColumn
from tenfold.audit.finding import Observation, rounded, share
from tenfold.audit.split_table import SplitTable

# Above every honest column of the tables measured (0.972, iris' petal length; 0.90 elsewhere), and
# below the target with one label in two hundred changed.
MIN_AUROC = 0.99
# Above every honest column measured (0.45, California's median income), and below the target with
# noise of a twentieth of its spread.
MIN_R2 = 0.98
# A column whose score on this many rows is far below the threshold is not scored on all.
ROUGH_ROWS = 10_000
ROUGH_MARGIN = 0.03
# A shifted copy holds the neighbouring row's target in all rows but the gaps.
MIN_SHIFTED = 0.99
MIN_SHIFTED_ROWS = 50
KNOWN = "is it known when a prediction is asked for? If not, name it in clean.drop_columns"


def leak(table: SplitTable) -> Iterator[Observation]:
    """Columns that alone predict the target almost perfectly, or are filled for one class only."""
    if not significance.is_ruled_out(significance.log_arrangements(table.y), len(table.columns)):
        return
    metric, least = ("r2", MIN_R2) if table.task == "regression" else ("auroc", MIN_AUROC)
    for column in table.columns:
        if target_copies.kind_of_copy(table, column):
            continue
        found = score(table, column, least)
        filled = _filled_for(table, column)
        shifted = _shifted(table, column)
        if found >= least:
            yield Observation(
                [column.name],
                f"{column.name!r} alone predicts {table.target!r} almost perfectly ({metric} "
                f"{found:.3f} out of sample): {KNOWN}",
                {metric: rounded(found)},
            )
        elif filled:
            yield Observation([column.name], filled[0], filled[1])
        elif shifted:
            yield Observation(
                [column.name],
                f"{column.name!r} holds the target of the {shifted} row: in a random split that "
                "row may be a test row: set split.strategy: time, and if it is the future, name "
                "it in clean.drop_columns",
                {"row": shifted},
            )


def score(table: SplitTable, column: AuditedColumn, least: float) -> float:
    """Out-of-sample score of one column; a rough one where it is far below `least`."""
    if column.distinct < 2 and column.present in (0, len(table.in_test)):
        return 0.0
    seed = table.seed_for("leak", column.name)
    if table.n_train > ROUGH_ROWS:
        draw = np.random.default_rng(seed)
        rough = _score(table, column, draw.choice(table.n_train, ROUGH_ROWS, replace=False), seed)
        if rough < least - ROUGH_MARGIN:
            return rough
    return _score(table, column, np.arange(table.n_train), seed)


def _score(table: SplitTable, column: AuditedColumn, rows: NDArray[np.int64], seed: int) -> float:
    values, y = table.train(column)[rows], table.y[rows]
    if table.task != "regression":
        y = np.unique(y, return_inverse=True)[1]
    if y.max() == y.min():
        return 0.0
    return predictiveness.score(values, column.kind == "text", y, table.task, seed)


def _filled_for(table: SplitTable, column: AuditedColumn) -> tuple[str, dict[str, Any]] | None:
    """Whether a column is filled, or missing, for one class only, though not for all its rows."""
    if table.task == "regression":
        return None
    missing = np.isnan(table.train(column))
    for marked, word in ((~missing, "filled"), (missing, "missing")):
        classes = np.unique(table.y[marked])
        if len(classes) != 1 or marked.all():
            continue
        of_class = float(np.mean(table.y == classes[0]))
        if significance.is_ruled_out(-int(marked.sum()) * math.log(of_class), len(table.columns)):
            label = str(table.summary.classes[int(classes[0])])
            part = share(int(marked.sum()), int(np.sum(table.y == classes[0])))
            sentence = (
                f"{column.name!r} is {word} in {int(marked.sum())} training rows, all of class "
                f"{label!r} ({part} of its rows): was it written down after the outcome? Then "
                "name it in clean.drop_columns"
            )
            return sentence, {"rows": int(marked.sum()), "class": label, "cells": word}
    return None


def _shifted(table: SplitTable, column: AuditedColumn) -> str:
    """Whether a column holds the target of a neighbouring row: next, previous, or neither."""
    if column.kind == "text" and table.task == "regression":
        return ""
    y, rows = table.summary.y, table.summary.sample[: table.n_train]
    values = _as_target(table, column)
    for step, word in ((1, "next"), (-1, "previous")):
        inside = (rows + step >= 0) & (rows + step < len(y))
        neighbour = y[rows[inside] + step]
        held = float(np.mean(values[inside] == neighbour))
        own = float(np.mean(y[rows[inside]] == neighbour))
        # Where equal targets come in runs, a neighbour's target reveals nothing.
        if held >= MIN_SHIFTED and own < MIN_SHIFTED - 0.05 and len(y) >= MIN_SHIFTED_ROWS:
            return word
    return ""


def _as_target(table: SplitTable, column: AuditedColumn) -> NDArray[np.float64]:
    """A column's training values as values or codes of the target, NaN where they are none."""
    values = table.train(column)
    if table.task == "regression":
        return values
    labels = dict.fromkeys(table.summary.classes)
    codes = {label: float(code) for code, label in enumerate(labels)}
    if column.kind == "text":
        own = np.array([codes.get(label, np.nan) for label in column.labels] + [np.nan])
        return own[np.where(np.isnan(values), -1, values).astype(np.int64)]
    return np.array([codes.get(value, np.nan) for value in values.tolist()])
