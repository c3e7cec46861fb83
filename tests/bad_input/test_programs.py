"""The stages as programs: exit code 2, one line on stderr, nothing in outputs/."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bad_input.cases import CASES
from tests.bad_input.outcomes import Refused
from tests.bad_input.stages import write
from tests.project import ROOT

PIPELINES = ROOT / "pipelines"
# One of each chapter, and whatever could end in another way than by a refusal.
CHOSEN = [
    "an empty file",
    "a pipe with a file's name",
    "Parquet with a damaged page",
    "gzip, cut off",
    "an unclosed quote in the header",
    "a name of 5,000 characters",
    "every cell infinite",
    "text for regression",
    "one class",
]


def program(stage: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, PIPELINES / f"{stage}.py"], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", CHOSEN)
def test_a_refusal_is_one_line_and_exit_code_2_and_leaves_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (case,) = (case for case in CASES if case.name == name)
    file, (_, outcome) = next(iter(case.forms().items()))
    assert isinstance(outcome, Refused)
    write(case, file)
    ended = program("clean")
    if outcome.stage == "split":
        assert ended.returncode == 0
        ended = program("split")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1
    assert outcome.message in ended.stderr
    assert not Path("outputs", outcome.stage).exists()
    left = {path.name for path in Path("outputs").glob("*")} if Path("outputs").exists() else set()
    assert left == ({"clean", "families"} if outcome.stage == "split" else set())
