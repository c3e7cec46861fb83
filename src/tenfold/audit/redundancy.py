"""Checks for columns that add nothing: constants, copies of each other, ids."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tenfold.audit import significance
from tenfold.audit.audited_column import AuditedColumn, dense_ranks
from tenfold.audit.finding import Observation, named, rounded
from tenfold.audit.split_table import SplitTable
from tenfold.dataset.profile import MIN_AUDITED_ROWS

# The other values fill so few rows that not every fold of ten has one.
MIN_CONSTANT_SHARE = 0.995
MIN_CONSTANT_ROWS = 50
# Above the closest honest columns measured (0.998, breast cancer's radius and perimeter), and below
# a column rounded to a twentieth of its spread.
MIN_CORRELATION = 0.9999
# One outlier puts any two columns on a line, so their ranks must correlate, too.
MIN_RANK_CORRELATION = 0.999
MAX_CORRELATED_ROWS = 10_000


def constant(table: SplitTable) -> Iterator[Observation]:
    """Columns with one value in all rows, or with none."""
    rows = len(table.in_test)
    found = [c.name for c in table.columns if c.counts(rows).is_constant]
    if found:
        yield Observation(
            found,
            f"{named(found)} {_have(found)} one value only and cannot tell rows apart: name "
            f"{_them(found)} in clean.drop_columns",
            {"columns": len(found)},
        )


def nearly_constant(table: SplitTable) -> Iterator[Observation]:
    """Columns in which one value, or none, fills almost all rows."""
    found = {}
    for column in table.columns:
        if column.counts(len(table.in_test)).is_constant:
            continue
        rows = len(column.values)
        most = int(np.bincount(column.codes + 1).max())
        if rows - most <= max(1, (1 - MIN_CONSTANT_SHARE) * rows) and rows >= MIN_CONSTANT_ROWS:
            found[column.name] = rounded(most / rows)
    if found:
        names = sorted(found)
        yield Observation(
            names,
            f"{named(names)} {_have(names)} one value in almost all rows: folds "
            f"without the others learn nothing from {_them(names)}: if they do not matter, name "
            f"{_them(names)} in clean.drop_columns",
            {"share": found},
        )


def id_like(table: SplitTable) -> Iterator[Observation]:
    """Texts that hardly recur, and whole numbers that look like row numbers or assigned numbers."""
    for column in table.columns:
        counts = column.counts(column.present)
        if column.present < MIN_AUDITED_ROWS:
            continue
        if counts.is_free_text:
            kind = f"{column.distinct} texts in {column.present} rows"
        elif column.kind == "integer" and counts.is_id(MIN_AUDITED_ROWS):
            kind = "a different whole number in every row"
        else:
            continue
        yield Observation(
            [column.name],
            f"{column.name!r} looks like an id: {kind}: a model can only learn it by heart: name "
            "it in clean.drop_columns",
            {"distinct": column.distinct, "present": column.present},
        )


def copied_columns(table: SplitTable) -> Iterator[Observation]:
    """Columns that are recodings of each other, in the same order, or on a line."""
    group: dict[str, set[str]] = {}
    usable = [column for column in table.columns if column.distinct > 1]
    same = [*_recoded(usable), *_reordered(usable), *_rescaled(table, usable)]
    for one, other in same:
        joined = group.get(one, {one}) | group.get(other, {other})
        group |= dict.fromkeys(joined, joined)
    place = {column.name: number for number, column in enumerate(table.columns)}
    sets = {tuple(sorted(names, key=place.__getitem__)) for names in group.values()}
    for names in sorted(sets, key=lambda names: place[names[0]]):
        yield Observation(
            names,
            f"{named(names)} say the same: weights and importances are split between them: keep "
            f"one and name the others in clean.drop_columns",
            {"columns": len(names)},
        )


def _have(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _recoded(columns: list[AuditedColumn]) -> Iterator[tuple[str, str]]:
    """Pairs in one-to-one correspondence, missing cells included, where chance is ruled out."""
    tried = len(columns) ** 2
    known: dict[bytes, str] = {}
    for column in columns:
        codes = _by_appearance(column.codes)
        sets = int(codes.max()) + 1
        # Columns in which all rows differ always correspond one to one.
        if 2 * sets > len(codes) or not significance.is_ruled_out(
            significance.log_arrangements(codes), tried
        ):
            continue
        first = known.setdefault(codes.tobytes(), column.name)
        if first != column.name:
            yield first, column.name


def _reordered(columns: list[AuditedColumn]) -> Iterator[tuple[str, str]]:
    """Pairs of number columns that sort all rows in the same or the opposite order."""
    tried = len(columns) ** 2
    known: dict[bytes, str] = {}
    for column in columns:
        codes = column.codes
        if column.kind == "text" or not significance.is_ruled_out(
            significance.log_arrangements(codes), tried
        ):
            continue
        reverse = np.where(codes < 0, -1, codes.max() - codes)
        form = min(codes.tobytes(), reverse.tobytes())
        first = known.setdefault(form, column.name)
        if first != column.name:
            yield first, column.name


def _rescaled(table: SplitTable, columns: list[AuditedColumn]) -> Iterator[tuple[str, str]]:
    """Pairs of number columns that lie on a line but for rounding, missing in the same rows."""
    from scipy.stats import rankdata

    numbers = [column for column in columns if column.kind in ("integer", "double")]
    step = max(1, len(table.summary.sample) // MAX_CORRELATED_ROWS)
    sets: dict[bytes, list[tuple[str, NDArray[np.float64]]]] = {}
    for column in numbers:
        values = column.values[::step]
        present = ~np.isnan(values)
        codes = dense_ranks(values[present])
        if significance.is_ruled_out(significance.log_arrangements(codes), len(numbers) ** 2):
            entry = (column.name, values[present])
            sets.setdefault(np.packbits(present).tobytes(), []).append(entry)
    for same_rows in sets.values():
        if len(same_rows) < 2:
            continue
        values = np.array([cells / np.abs(cells).max() for _, cells in same_rows])
        line = np.abs(np.corrcoef(values)) >= MIN_CORRELATION
        line &= np.abs(np.corrcoef(rankdata(values, axis=1))) >= MIN_RANK_CORRELATION
        for one, other in np.argwhere(np.triu(line, 1)):
            yield same_rows[one][0], same_rows[other][0]


def _by_appearance(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Codes renumbered in order of appearance, which makes recodings equal."""
    _, first, places = np.unique(codes, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[places].astype(np.int64)
