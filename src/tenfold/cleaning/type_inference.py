"""Which kind every column is, from the forms of its cells: guessed from some, doubted by any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tenfold.cleaning import grouping
from tenfold.cleaning.cells import Cell, shared
from tenfold.sources import RAW, Kind, Source

# Rows from whose cells a column's kind is guessed; all the others then confirm it.
SAMPLE = 5_000
# Of a wide table, fewer rows show as much.
SAMPLE_CELLS = 1_000_000
FEWEST_ROWS = 100
# Columns of one query; DuckDB plans wider ones slowly.
WIDTH = 200


def guess(source: Source, cells: Sequence[Cell]) -> dict[str, Kind | None]:
    """The kind that a column's first rows show; None if they do not decide."""
    most = max(FEWEST_ROWS, min(SAMPLE, SAMPLE_CELLS // max(1, len(cells))))
    forms = _forms(source, cells, f"(FROM {RAW} LIMIT {most})")
    return {cell.column: _guess(cell, forms[cell.column]) for cell in cells}


def corrected(
    source: Source, cells: Sequence[Cell], guesses: Mapping[str, Kind | None]
) -> dict[str, Kind]:
    """The kinds of the columns that hold a cell which does not fit the guess."""
    wrong = _contradicted(source, cells, guesses)
    forms = _forms(source, wrong, RAW)
    return {cell.column: _shown(cell, forms[cell.column]) for cell in wrong}


def contradiction(cell: Cell, guessed: Kind | None) -> str:
    """SQL: whether a cell does not fit the guess; empty where none can."""
    if guessed is None:
        return f"{cell.words()} IS NOT NULL"
    found = cell.contradicts(guessed)
    return "" if found == "false" else found


def _forms(source: Source, cells: Sequence[Cell], rows: str) -> dict[str, set[str]]:
    """Which forms the present cells of every column have."""
    found: dict[str, set[str]] = {cell.column: set() for cell in cells}
    unsure = [cell for cell in cells if cell.given not in ("double", "date")]
    groups, few = grouping.alike(unsure)
    for many in groups:
        one = grouping.any_of(many)
        columns = [cell.column for cell in many]
        query = (
            f"SELECT place, list(DISTINCT cell) FROM ({grouping.long(columns, rows, one.form())})"
        )
        for place, own in source.connection.execute(f"{query} GROUP BY place").fetchall():
            found[columns[place - 1]] = set(own or ()) - {None}
    for start in range(0, len(few), WIDTH):
        part = few[start : start + WIDTH]
        forms = [f"list(DISTINCT {cell.form()})" for cell in part]
        lists = source.connection.execute(f"SELECT {', '.join(forms)} FROM {rows}").fetchall()[0]
        found |= {
            cell.column: set(own or ()) - {None} for cell, own in zip(part, lists, strict=True)
        }
    return found


def _contradicted(
    source: Source, cells: Sequence[Cell], guesses: Mapping[str, Kind | None]
) -> list[Cell]:
    """The columns that have a cell which their guess does not fit."""
    doubted = [cell for cell in cells if contradiction(cell, guesses[cell.column])]
    wrong = set()
    groups, few = grouping.alike(doubted, guesses)
    for many in groups:
        one = contradiction(grouping.any_of(many), guesses[many[0].column])
        columns = [cell.column for cell in many]
        query = f"SELECT DISTINCT place FROM ({grouping.long(columns, RAW, one)}) WHERE cell"
        wrong |= {columns[place - 1] for (place,) in source.connection.execute(query).fetchall()}
    if few:
        odd = ", ".join(f"bool_or({contradiction(c, guesses[c.column])})" for c in few)
        found = source.connection.execute(f"SELECT {odd} FROM {RAW}").fetchall()[0]
        wrong |= {cell.column for cell, is_odd in zip(few, found, strict=True) if is_odd}
    return [cell for cell in doubted if cell.column in wrong]


def _guess(cell: Cell, forms: set[str]) -> Kind | None:
    kind = _shown(cell, forms)
    if kind == "text" and cell.given == "text":
        return "text" if "text" in forms else None
    return kind if cell.given in ("double", "date") or forms - {"nan"} else None


def _shown(cell: Cell, forms: set[str]) -> Kind:
    """The kind that cells of such forms show."""
    return cell.given if cell.given in ("double", "date") else shared(forms)
