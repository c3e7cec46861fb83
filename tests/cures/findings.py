"""Refusals of the audit: a finding of every check, as an error."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.bad_input.making import as_csv
from tests.cures.refusals import Change, Refusal, refusal

N = 200
DRAWN = np.random.default_rng(7)
X = DRAWN.normal(size=N).round(6).tolist()
W = DRAWN.normal(size=N).round(6).tolist()
Y = [int(value) for value in DRAWN.integers(0, 2, N)]
NEAR = [y + x / 1000 for x, y in zip(X, Y, strict=True)]
HONEST: dict[str, list[Any]] = {
    "x": X,
    "w": W,
    "y": Y,
}


def of_check(
    check: str,
    says: str,
    columns: dict[str, Any],
    *cures: Change,
    params: dict[str, Any] | None = None,
) -> Refusal:
    """A finding as an error; besides what its sentence names, `warn` is a cure of each."""
    level = {f"audit.{check}": "error"}
    return refusal(
        check,
        Change(
            f"{check}: {says}",
            {**(params or {}), **level},
            {"t.csv": as_csv({**HONEST, **columns})},
        ),
        Change(f"set audit: {{{check}: warn}}", {f"audit.{check}": "warn"}),
        *cures,
    )


def dropped(column: str, words: str = "clean.drop_columns") -> Change:
    """The cure that leaves a column out."""
    return Change(words, {"clean.drop_columns": [column]})


# A published split in which ten test rows stand among the training rows, too.
COPIED: dict[str, list[Any]] = {
    "x": [*X[: N - 10], *X[:10]],
    "w": [*W[: N - 10], *W[:10]],
    "y": [*Y[: N - 10], *Y[:10]],
    "f": [*["train"] * (N - 50), *["test"] * 50],
}
GIVEN = {"split": {"strategy": "given", "column": "f", "n_splits": 2}}
PATIENTS = [number // 5 for number in range(N)]
OF_PATIENTS = [patient * 37 % 2 for patient in PATIENTS]

CASES = [
    of_check(
        "identical_rows",
        "10 of 50 test rows",
        COPIED,
        Change("clean.drop_duplicates", {"clean.drop_duplicates": {"by": ["x", "w", "y"]}}),
        params=GIVEN,
    ),
    of_check(
        "target_copy",
        "'copy' is the target 'y' in disguise",
        {"copy": [2 * y + 1 for y in Y]},
        dropped("copy"),
    ),
    of_check("leak", "'near' alone predicts 'y' almost perfectly", {"near": NEAR}, dropped("near")),
    of_check("id_like", "'id' looks like an id", {"id": [*range(1, N + 1)]}, dropped("id")),
    of_check("copied_columns", "'x', 'x2' say the same", {"x2": [2 * x for x in X]}, dropped("x2")),
    of_check("constant", "'one' has one value only", {"one": [1] * N}, dropped("one")),
    of_check(
        "nearly_constant", "'rare' has one value in", {"rare": [1, *[0] * (N - 1)]}, dropped("rare")
    ),
    of_check(
        "shift",
        "test rows differ from training rows",
        {"n": [*range(N)], "f": [*["train"] * 150, *["test"] * 50]},
        dropped("n"),
        params=GIVEN,
    ),
    of_check(
        "unused_group",
        "rows with the same 'patient' resemble each other",
        {"patient": [f"p{number}" for number in PATIENTS], "y": OF_PATIENTS},
        Change(
            "set split: {strategy: grouped, group: patient}",
            {"split.strategy": "grouped", "split.group": "patient"},
        ),
        Change("set audit: {unused_group: off}", {"audit.unused_group": "off"}),
    ),
    of_check(
        "imbalance",
        "class '0' is rare",
        {"y": [*[0] * 6, *[1] * (N - 6)]},
    ),
    of_check(
        "label_conflicts",
        "80 rows (40%) have the features of a row with another label",
        {
            "x": [*X[:160], *X[:40]],
            "w": [*W[:160], *W[:40]],
            "y": [*Y[:160], *[1 - y for y in Y[:40]]],
        },
        Change("a column that tells them apart", files={"t.csv": as_csv(HONEST)}),
    ),
]
