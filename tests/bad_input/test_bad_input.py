"""Every bad input has the outcome that the table says, and none is accepted in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bad_input.cases import CASES
from tests.bad_input.outcomes import Accepted, Case, Refused
from tests.bad_input.reading import silent
from tests.bad_input.stages import Ended, end

FORMS = [
    pytest.param(case, file, id=f"{case.name} ({Path(file).suffix[1:]})")
    for case in CASES
    for file in case.forms()
]


@pytest.mark.slow
@pytest.mark.parametrize(("case", "file"), FORMS)
def test_a_bad_input_ends_as_the_table_says(
    case: Case, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _, outcome = case.forms()[file]
    ended = end(case, file)
    if isinstance(outcome, Refused):
        _check_refused(ended, outcome)
    else:
        _check_accepted(ended, outcome)
        encoding = case.data.get("encoding", "utf-8")
        if Path(file).exists():
            assert silent(Path(file), encoding, ended.parts, ended.lines) == []


def _check_refused(ended: Ended, outcome: Refused) -> None:
    assert ended.refusal is not None, f"accepted: {ended.lines}"
    assert outcome.message in ended.refusal
    assert ended.stage == outcome.stage
    assert not Path("outputs", outcome.stage).exists()
    # One line that a terminal shows whole, whatever the names and cells.
    assert ended.refusal.isprintable()
    assert len(ended.refusal) < 600


def _check_accepted(ended: Ended, outcome: Accepted) -> None:
    assert ended.refusal is None
    for record in outcome.records:
        assert any(record in line for line in ended.lines), ended.lines
    assert all(line.isprintable() for line in ended.lines)
    for column, cells in outcome.cells.items():
        assert ended.cells(column) == list(cells)
    assert ended.lost() == []


def test_the_table_is_large_and_names_every_case_once() -> None:
    assert len(CASES) >= 50
    assert len({case.name for case in CASES}) == len(CASES)
