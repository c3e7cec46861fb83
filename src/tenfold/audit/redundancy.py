"""Columns that add nothing or name the row: constants, copies of each other, ids."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from tenfold.audit import chance
from tenfold.audit.audited_column import AuditedColumn, dense
from tenfold.audit.finding import Observation, named, rounded
from tenfold.audit.split_table import SplitTable

# A text seen in fewer than two rows on average names its row; real categories come again.
DISTINCT_TEXT = 0.5
# Fewer rows than this may all differ in honest numbers.
FEWEST_IDS = 50
# Ids count up, so their range is not much wider than their number ...
ID_RANGE = 10
# ... or have digits of one length; measurements spread over several.
ID_DIGITS = 0.9
LONG_ID = 4
# The other values fill less than one row in two hundred: no fold of ten sees them reliably.
NEARLY = 0.995
FEWEST_ROWS = 50
# Above the closest honest measurements on the tables measured (0.998, breast cancer's radius and
# perimeter), and below what rounding to a twentieth of the spread leaves.
LINEAR = 0.9999
# One outlier makes any two columns a line, so the order of the rows must say so too.
SAME_ORDER = 0.999
CORRELATED_ROWS = 10_000


def constant(table: SplitTable) -> Iterator[Observation]:
    """Columns with one value, none of them missing."""
    rows = len(table.in_test)
    found = [c.name for c in table.columns if c.distinct == 0 or _is_one(c, rows)]
    if found:
        yield Observation(
            found,
            f"{named(found)} {_have(found)} one value only and cannot tell rows apart: name "
            f"{_them(found)} in clean.drop_columns",
            {"columns": len(found)},
        )


def nearly_constant(table: SplitTable) -> Iterator[Observation]:
    """Columns in which one value, or the missing one, fills almost all rows."""
    found = {}
    for column in table.columns:
        if column.distinct == 0 or _is_one(column, len(table.in_test)):
            continue
        rows = len(column.values)
        most = int(np.bincount(column.codes + 1).max())
        if rows - most <= max(1, (1 - NEARLY) * rows) and rows >= FEWEST_ROWS:
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
    """Texts that hardly come again, and whole numbers that count rows."""
    for column in table.columns:
        if column.present < FEWEST_IDS:
            continue
        differing = column.distinct / column.present
        if column.kind == "text" and differing > DISTINCT_TEXT:
            kind = f"{column.distinct} texts in {column.present} rows"
        elif column.kind == "integer" and differing == 1 and _counts(column):
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
    """Columns that are each other's recoding, one to one, in the same order, or linear."""
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


def _is_one(column: AuditedColumn, rows: int) -> bool:
    return column.distinct == 1 and column.present == rows


def _have(names: list[str]) -> str:
    return "has" if len(names) == 1 else "have"


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"


def _counts(column: AuditedColumn) -> bool:
    """Whether whole numbers, all different, are numbered or have the look of numbers given out."""
    values = column.values[~np.isnan(column.values)]
    low, high = float(values.min()), float(values.max())
    if high - low < ID_RANGE * column.present:
        return True
    if low < 0:
        return False
    digits = np.floor(np.log10(np.maximum(values, 1))).astype(int) + 1
    usual = np.bincount(digits)
    return bool(usual.argmax() >= LONG_ID and usual.max() >= ID_DIGITS * len(values))


def _recoded(columns: list[AuditedColumn]) -> Iterator[tuple[str, str]]:
    """Pairs with a one-to-one recoding, missing cells included, that chance cannot explain."""
    tried = len(columns) ** 2
    known: dict[bytes, str] = {}
    for column in columns:
        codes = _by_appearance(column.codes)
        sets = int(codes.max()) + 1
        # Columns in which all rows differ are recodings of each other by necessity.
        if 2 * sets > len(codes) or not chance.is_beyond(chance.log_arrangements(codes), tried):
            continue
        first = known.setdefault(codes.tobytes(), column.name)
        if first != column.name:
            yield first, column.name


def _reordered(columns: list[AuditedColumn]) -> Iterator[tuple[str, str]]:
    """Pairs of numbers that put all rows in the same order, or in the opposite one."""
    tried = len(columns) ** 2
    known: dict[bytes, str] = {}
    for column in columns:
        codes = column.codes
        if column.kind == "text" or not chance.is_beyond(chance.log_arrangements(codes), tried):
            continue
        reverse = np.where(codes < 0, -1, codes.max() - codes)
        form = min(codes.tobytes(), reverse.tobytes())
        first = known.setdefault(form, column.name)
        if first != column.name:
            yield first, column.name


def _rescaled(table: SplitTable, columns: list[AuditedColumn]) -> Iterator[tuple[str, str]]:
    """Pairs of numbers that lie on a straight line but for rounding, missing cells alike."""
    from scipy.stats import rankdata

    numbers = [column for column in columns if column.kind in ("integer", "double")]
    step = max(1, len(table.summary.sample) // CORRELATED_ROWS)
    sets: dict[bytes, list[tuple[str, NDArray[np.float64]]]] = {}
    for column in numbers:
        values = column.values[::step]
        present = ~np.isnan(values)
        codes = dense(values[present])
        if chance.is_beyond(chance.log_arrangements(codes), len(numbers) ** 2):
            entry = (column.name, values[present])
            sets.setdefault(np.packbits(present).tobytes(), []).append(entry)
    for alike in sets.values():
        unit = np.array([_unit(values) for _, values in alike])
        ranks = np.array([_unit(rankdata(values)) for _, values in alike])
        line = (np.abs(unit @ unit.T) >= LINEAR) & (np.abs(ranks @ ranks.T) >= SAME_ORDER)
        for one, other in np.argwhere(np.triu(line, 1)):
            yield alike[one][0], alike[other][0]


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    scaled = values / max(float(np.abs(values).max()), 1e-300)
    centred = scaled - scaled.mean()
    length = float(np.linalg.norm(centred))
    return np.asarray(centred / length if length > 0 else centred)


def _by_appearance(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Codes numbered in the order in which they appear, so that recodings become equal."""
    _, first, places = np.unique(codes, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[places].astype(np.int64)
