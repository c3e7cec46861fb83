"""The table of bad inputs."""

from __future__ import annotations

from tests.bad_input import columns, files, lines, parts, targets, values
from tests.bad_input.outcomes import Case

CHAPTERS: dict[str, list[Case]] = {
    "Files": files.CASES,
    "Lines": lines.CASES,
    "Column names and kinds": columns.CASES,
    "Values": values.CASES,
    "Target": targets.CASES,
    "Groups, times and given folds": parts.CASES,
}
CASES: list[Case] = [case for cases in CHAPTERS.values() for case in cases]
