"""Write docs/bad_input.md from the table of bad inputs that the tests run.

Run from the project's root: `python docs/make_bad_input.py`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "bad_input.md"
sys.path.insert(0, str(ROOT))

from tests.bad_input.cases import CASES, CHAPTERS  # noqa: E402
from tests.bad_input.outcomes import Accepted, Case, Refused  # noqa: E402

HEAD = """# Bad input

Written by `python docs/make_bad_input.py` from the table that `tests/bad_input/` runs: every file
of every case goes through the stages clean and split, and the test fails if the outcome, the
message or a value differs.

- **refused**: exit code 2 and one message, before any training; the stage writes nothing.
- **mended**: cells were changed, rows put aside (`rejected.parquet`) or columns left out, and
  `report.json` counts them.
- **warned**: nothing was changed; a note in `report.json` and on the terminal says what to look at.
- **kept**: it looks odd and is sound; every value is there as it is written.

A silent acceptance would be a table whose values differ from what a careful person reads, or that
lacks rows or columns, without a word in the report. A case that is not refused names its record
and its values, and the test compares both; it also reads the file once more, with Python's `csv` or
pyarrow, compares every cell, and looks for every row and column.
"""


def page() -> str:
    """The whole page."""
    found: Counter[str] = Counter()
    for case in CASES:
        found.update(type(outcome).__name__.lower() for _, outcome in case.forms().values())
    counts = [
        ("cases", len(CASES)),
        ("files", found.total()),
        *((kind, found[kind]) for kind in ("refused", "mended", "warned", "kept")),
        ("silent acceptances", sum(_silent(case) for case in CASES)),
    ]
    lines = [HEAD, "| | |", "| --- | ---: |", *(f"| {what} | {count} |" for what, count in counts)]
    for chapter, cases in CHAPTERS.items():
        lines += ["", f"## {chapter}", "", "| case | CSV | Parquet | what is said |"]
        lines += ["| --- | --- | --- | --- |", *(_row(case) for case in cases)]
    return "\n".join(lines) + "\n"


def _silent(case: Case) -> int:
    """How many of its outcomes are tables of which no record is told."""
    outcomes = [outcome for _, outcome in case.forms().values()]
    return sum(isinstance(one, Accepted) and not one.records for one in outcomes)


def _row(case: Case) -> str:
    kinds = {"csv": "", "parquet": ""}
    for file, (_, outcome) in case.forms().items():
        stage = f" by {outcome.stage}" if isinstance(outcome, Refused) else ""
        place = "parquet" if file == "t.parquet" else "csv"
        kinds[place] = type(outcome).__name__.lower() + stage
    said = "<br>".join(dict.fromkeys(_said(case)))
    return f"| {_cell(case.name)} | {kinds['csv']} | {kinds['parquet']} | {said} |"


def _said(case: Case) -> Iterator[str]:
    for _, outcome in case.forms().values():
        said = [outcome.message] if isinstance(outcome, Refused) else outcome.records
        yield from (f"`{_cell(words)}`" for words in said)


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
