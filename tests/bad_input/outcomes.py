"""What becomes of a bad input: it is refused, or it is a table and the report says what was odd."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tenfold.metrics import Task

# A file's bytes or text, or what makes the file.
Content = bytes | str | Callable[[Path], None]


@dataclass(frozen=True)
class Refused:
    """Exit code 2 and a message that holds these words; the stage writes nothing."""

    message: str
    stage: Literal["clean", "split"] = "clean"


@dataclass(frozen=True)
class Accepted:
    """A table.

    Attributes:
        records: each stands in a line of the report, as `reports.lines` writes it.
        cells: columns of the parts after the split, row by row: what a careful person reads.
    """

    records: Sequence[str]
    cells: Mapping[str, Sequence[Any]]

    def __post_init__(self) -> None:
        assert self.records, "a table without a record would be a silent acceptance"
        assert self.cells, "nothing shows that the values are right"


class Mended(Accepted):
    """Cells were changed, rows put aside or columns left out, and the report counts them."""


class Warned(Accepted):
    """Nothing was changed, and a note says what to look at."""


class Kept(Accepted):
    """It looks odd and is sound: every value is there as it is written."""


@dataclass(frozen=True)
class Case:
    """A bad input, its file or files, and what becomes of it.

    Attributes:
        name: what is bad, in words.
        outcome: of each file, or of a CSV where `as_parquet` tells the other's.
        file: the name of the CSV; a Parquet file is always `t.parquet`.
        data: of params.yaml beside path and target; so are `clean` and `split`.
        before_judging: what somebody does to the file before its rows are read.
        before_writing: what somebody does to it before they are read again.
    """

    name: str
    outcome: Refused | Accepted
    csv: Content | None = None
    parquet: Content | None = None
    as_parquet: Refused | Accepted | None = None
    file: str = "t.csv"
    task: Task = "binary"
    metrics: Sequence[str] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    clean: Mapping[str, Any] = field(default_factory=dict)
    split: Mapping[str, Any] = field(default_factory=dict)
    before_judging: Callable[[Path], None] | None = None
    before_writing: Callable[[Path], None] | None = None

    def __post_init__(self) -> None:
        assert self.csv is not None or self.parquet is not None

    def forms(self) -> dict[str, tuple[Content, Refused | Accepted]]:
        """Its files by name, each with its outcome."""
        found: dict[str, tuple[Content, Refused | Accepted]] = {}
        if self.csv is not None:
            found[self.file] = self.csv, self.outcome
        if self.parquet is not None:
            found["t.parquet"] = self.parquet, self.as_parquet or self.outcome
        return found
