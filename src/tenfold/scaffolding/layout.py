"""Guess the layout of a text file: its encoding, its header, its decimal mark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tenfold import cleaning, sources
from tenfold.params import Data
from tenfold.params.data import SCHEMES
from tenfold.params.messages import explain
from tenfold.runtime import UserError
from tenfold.sources import encodings, name, source_files

MAX_ROWS = 5_000
# Numbers with a decimal comma, those whose comma may group digits instead, and those with a point.
COMMA = r"[+-]?[0-9]{1,3}(\.?[0-9]{3})*,[0-9]+|[+-]?[0-9]+,[0-9]+"
GROUPED = r"[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+"
POINT = r"[0-9]+[.][0-9]+"
# So many of a column's cells at least have a comma, ...
MIN_COMMAS = 0.5
# ... and so many one that groups no digits; fewer may be slips.
MIN_CERTAIN = 0.01


@dataclass
class GuessedLayout:
    """Settings of `data`, the reason for each, and what a person must decide."""

    settings: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)

    def set(self, key: str, value: Any, reason: str) -> None:
        """Add a setting."""
        self.settings[key] = value
        self.reasons[key] = reason


def guess(path: str, target: str, given: Mapping[str, Any]) -> tuple[Data, GuessedLayout]:
    """The settings of `data` that a table needs to be read as it is meant.

    Settings in `given` are not guessed.

    Raises:
        UserError: if it cannot be read as a table at all.
    """
    found = GuessedLayout()
    settings: dict[str, Any] = {"path": path, "target": target, **given}
    for key, value in given.items():
        found.set(key, value, "as given on the command line")
    delimited = _data(settings).scheme is None and sources.is_delimited(Path(path))
    if delimited:
        _guess_encoding(path, found)
    _guess_skip_lines(settings | found.settings, found)
    if delimited:
        _guess_header(settings | found.settings, found)
        _guess_decimal(settings | found.settings, found)
    return Data.model_validate(settings | found.settings), found


def _data(given: dict[str, Any]) -> Data:
    try:
        return Data.model_validate(given)
    except ValidationError as error:
        needed = SCHEMES.get(given["path"].partition(":")[0]) and "query" not in given
        hint = " (on the command line: --query)" if needed else ""
        raise UserError("; ".join(explain(error, given, Data, ("data",))) + hint) from None


def _guess_encoding(path: str, found: GuessedLayout) -> None:
    """The likeliest encoding of a file that is not all UTF-8, nor marked as UTF-16."""
    file = Path(path)
    if not file.is_file() or file.suffix.lower() in source_files.PACKED:
        return
    likely = None if encodings.is_unicode(file) else encodings.guess(file)
    if likely:
        if likely.others:
            found.questions.append(
                f"data.encoding: with {likely.name} {likely.shown}: which reads right?"
            )
        found.set("encoding", likely.name, "; ".join(filter(None, ("not UTF-8", likely.shown))))


def _guess_skip_lines(given: dict[str, Any], found: GuessedLayout) -> None:
    """The lines above the header are those above the line that names the target."""
    above = sources.lines_above_header(Data.model_validate(given))
    if above and "columns" not in given:
        found.set("skip_lines", above, f"line {above + 1} names {given['target']!r}")


def _guess_header(given: dict[str, Any], found: GuessedLayout) -> None:
    """A first line that holds a number is no header, unless it names the target."""
    no_header = Data.model_validate({**given, "header": False, "columns": []})
    source = sources.preview(no_header, MAX_ROWS)
    first = source.connection.execute(
        f"SELECT {', '.join(map(name, source.columns))} FROM {sources.RAW} LIMIT 1"
    ).fetchall()
    if not first:
        return
    values = [str(cell).strip() for cell in first[0]]
    numbers = [value for value in values if re.fullmatch(cleaning.NUMBER, value)]
    if numbers and given["target"] not in values:
        found.set("header", False, f"its first line holds {numbers[0]!r}, as rows do")


def _guess_decimal(given: dict[str, Any], found: GuessedLayout) -> None:
    """A comma, if some column certainly has numbers such as 3,5: 1,200 alone may be 1200."""
    source = sources.preview(Data.model_validate(given), MAX_ROWS)
    commas = _shares(source, source.columns, COMMA)
    likely = [column for column, share in commas.items() if share > MIN_COMMAS]
    grouped, points = _shares(source, likely, GROUPED), _shares(source, likely, POINT)
    for column in likely:
        if commas[column] > grouped[column] + MIN_CERTAIN and not points[column]:
            found.set("decimal", ",", f"column {column!r} holds numbers such as 3,5")
            return


def _shares(source: sources.Source, columns: Iterable[str], pattern: str) -> dict[str, float]:
    """The share of present cells of columns that match a pattern."""
    words = {column: f"trim({name(column)})" for column in columns}
    if not words:
        return {}
    shares = ", ".join(
        f"avg({cleaning.matches(cell, pattern)}::INTEGER) FILTER ({cell} <> '')"
        for cell in words.values()
    )
    seen = source.connection.execute(
        f"SELECT {shares} FROM (FROM {sources.RAW} LIMIT {MAX_ROWS})"
    ).fetchall()[0]
    return {column: share or 0.0 for column, share in zip(words, seen, strict=True)}
