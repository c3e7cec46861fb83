"""The table of bad inputs."""

from __future__ import annotations

from tests.bad_input import columns, files, lines, targets, values
from tests.bad_input.outcomes import Case

CHAPTERS: dict[str, list[Case]] = {
    "Files": files.CASES,
    "Lines": lines.CASES,
    "Column names and kinds": columns.CASES,
    "Values": values.CASES,
    "Target": targets.CASES,
}
CASES: list[Case] = [case for cases in CHAPTERS.values() for case in cases]
