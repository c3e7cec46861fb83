"""Score a file: read it as the training table was read, and put the answers behind its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tenfold import sources
from tenfold.dataset import ROW, Schema
from tenfold.models.shared.predictor import Predictor
from tenfold.params import Data
from tenfold.params.data import SCHEMES
from tenfold.postprocessing import NoIntervals
from tenfold.runtime import UserError, nearest
from tenfold.serving import unseen
from tenfold.serving.row_reader import BadCell, RowReader
from tenfold.sources import CONTENT, LINE, MALFORMED, REASON, Source

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Scoring:
    """How a file is scored.

    Attributes:
        n_samples: answers with dropout, of whose mean and spread the answer is made; 0: none.
        seed: of the units dropped.
        skip_bad: whether rows that cannot be read are set aside, instead of refusing the file.
        max_unseen: the greatest share of rows with an unseen category in one column.
        intervals: whether intervals, or sets of classes, are added.
    """

    n_samples: int = 0
    seed: int = 0
    skip_bad: bool = False
    max_unseen: float = 1.0
    intervals: bool = False


class UnreadableRows(UserError):
    """Some rows of a file have cells that cannot be read."""


@dataclass(frozen=True)
class Scored:
    """A scored file.

    Attributes:
        rows: its columns.
        answers: `prediction` and each class's probability, and what else is asked for.
        rejected: the line of each row that cannot be read, the reason, and its columns.
        notes: what its reader should know, in words.
    """

    rows: pd.DataFrame
    answers: pd.DataFrame
    rejected: pd.DataFrame
    notes: Sequence[str]

    @property
    def table(self) -> pd.DataFrame:
        """The answers behind the file's columns."""
        import pandas as pd

        beside: pd.DataFrame = pd.concat([self.rows, self.answers], axis=1)
        return beside.reset_index(drop=True)


def score(path: Path, model: Predictor, how: Scoring = Scoring()) -> Scored:
    """Score every row of a file.

    Args:
        path: a table with every column that the model needs; others are passed through.
        model: that predicts.
        how: the settings.

    Raises:
        UserError: naming a column that is missing, the line of a cell that cannot be read or a
            column with too many unseen categories; or if a spread or intervals are asked of a
            model that has none.
    """
    reader = RowReader(model.schema)
    source, notes = _read(path, model.schema, reader.columns)
    sources.seal(source, Path(source.scratch.name))
    table = source.connection.execute(f"FROM {sources.RAW} ORDER BY {ROW}").df().set_index(ROW)
    read = reader.read(reader.prepare(source))
    rejected = _rejected(source, table, read.bad)
    if len(rejected) and not how.skip_bad:
        raise UnreadableRows(_refusal(path, source, rejected, read.bad))
    kept = ~read.features.index.isin([cell.row for cell in read.bad])
    features, table = read.features[kept], table[kept]
    if len(features) == 0:
        return Scored(table, table[[]], rejected, notes)
    found = unseen.count(model, features)
    too_many = unseen.refusal(found, how.max_unseen)
    if too_many:
        raise UserError(f"{path}: {too_many}")
    answers = _answers(model, features, how)
    taken = [column for column in answers if column in table]
    if taken:
        raise UserError(f"{path} has a column {taken[0]!r} already: rename it")
    return Scored(table, answers, rejected, [*notes, *map(str, found)])


def _read(path: Path, schema: Schema, columns: Sequence[str]) -> tuple[Source, list[str]]:
    """The file in the layout of the training table; encoding and titles above it are its own."""
    if str(path).partition(":")[0] in SCHEMES and not path.exists():
        raise UserError(
            f"{path} is no file, but predict scores files: write its rows to a CSV first"
        )
    layout, notes = {}, []
    if sources.is_delimited(path):
        layout = {**schema.reading.get("data", {}), "encoding": "utf-8"}
        own = sources.own_encoding(path)
        if own:
            layout["encoding"] = own.name
            notes.append(f"{path} is not UTF-8, and was read as {own.name}: {own.shown}")
    data = Data(path=str(path), target=schema.target, **layout)
    try:
        above = _lines_above_header(data, columns)
        if above:
            data = data.model_copy(update={"skip_lines": above})
            lines = "1 line is" if above == 1 else f"{above} lines are"
            notes.append(f"{path}: {lines} skipped, above the one that names {columns[0]!r}")
        source = sources.read_sound(data)
    except UserError as refusal:
        raise UserError(str(refusal).removeprefix("data.path: ")) from None
    for name in columns:
        if name not in source.columns:
            raise UserError(f"{path} lacks the column {name!r}; {nearest(name, source.columns)}")
    return source, notes


def _lines_above_header(data: Data, columns: Sequence[str]) -> int:
    """The lines above the one that names the first column; none where no line names columns."""
    if not columns or not data.header or data.columns:
        return 0
    return sources.lines_above_header(data.model_copy(update={"target": columns[0]}))


def _refusal(path: Path, source: Source, rejected: pd.DataFrame, bad: Sequence[BadCell]) -> str:
    """The first row that cannot be read, what cures it, and how many others there are."""
    row, reason = int(rejected[LINE].iloc[0]), rejected[REASON].iloc[0]
    more, cure = len(rejected) - 1, "mend it"
    if any(cell.row == row for cell in bad):
        cure = (
            "correct it or leave it empty (a text that means no value belongs in "
            "clean.missing_values)"
        )
    others = f". {more} more row{'s' if more > 1 else ''} cannot be read" if more else ""
    return f"{path}, {source.where(row)}: {reason}: {cure}{others}"


def _rejected(source: Source, table: pd.DataFrame, bad: Sequence[BadCell]) -> pd.DataFrame:
    """The rows that cannot be read, by line; of what is no row its text."""
    import pandas as pd

    malformed = source.connection.execute(
        f"SELECT {ROW} AS {LINE}, {REASON}, {CONTENT} FROM {MALFORMED}"
    ).df()
    rows = [cell.row for cell in bad]
    reasons = pd.DataFrame({LINE: rows, REASON: list(map(str, bad))}, index=rows)
    of_cells = pd.concat([reasons, table.loc[rows]], axis=1)
    found: pd.DataFrame = pd.concat([of_cells, malformed])
    return found.sort_values(LINE, ignore_index=True)


def _answers(model: Predictor, features: pd.DataFrame, how: Scoring) -> pd.DataFrame:
    if not how.n_samples and not how.intervals:
        return model.answer(features)
    try:
        if not how.n_samples:
            return model.answer(features, intervals=True)
        return model.answer_with_spread(features, how.n_samples, how.seed, intervals=how.intervals)
    except NoIntervals as error:
        raise UserError(f"--intervals: {error}") from None
    except ValueError as error:
        raise UserError(f"--samples {how.n_samples}: {error}") from None
