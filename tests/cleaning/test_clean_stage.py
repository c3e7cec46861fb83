"""Stage clean, which DVC always runs, returns at once unless what it read or made has changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines import clean
from tenfold import runtime
from tenfold.runtime import UserError

PARAMS = """
name: x
task: regression
seed: 1
metrics: [mse]
data: {path: "parts/*.csv", target: y}
clean: {}
split: {}
audit: {}
preprocessing: {}
tune: {}
train: {}
trainer: {}
models: {mlp: {}, dummy: {}}
select_model: {registered_model_name: x}
"""


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("parts", ".tenfold", "outputs/train/mlp"):
        Path(folder).mkdir(parents=True)
    Path("params.yaml").write_text(PARAMS)
    Path("parts/a.csv").write_text("x,y\n1,2\n3,4\n")


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    """Run the stage; return what it prints."""

    def run() -> str:
        clean.main()
        return capsys.readouterr().out

    return run


def change(old: str, new: str) -> Callable[[], object]:
    """Replace words of params.yaml."""
    return lambda: Path("params.yaml").write_text(PARAMS.replace(old, new))


def rewrite_in_place() -> None:
    """Change a cell and nothing else of the file: neither its size nor its time."""
    path = Path("parts/a.csv")
    seen = path.stat()
    path.write_text("x,y\n1,2\n3,5\n")
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        rewrite_in_place,
        lambda: Path("parts/b.csv").write_text("x,y\n5,6\n"),
        lambda: Path("parts/a.csv").rename("parts/b.csv"),
        change("clean: {}", "clean: {trim: false}"),
        change("target: y", "target: x"),
        change("parts/*.csv", "parts/a.csv"),
        lambda: Path("outputs/clean/table.parquet").write_bytes(b""),
        lambda: runtime.discard(Path("outputs/clean")),
        lambda: Path(".tenfold/stamps/clean.json").write_text("["),
    ],
)
def test_whatever_the_outputs_depend_on_makes_them_anew(
    printed: Callable[[], str], changes: Callable[[], object]
) -> None:
    assert "2 rows read" in printed()
    assert printed() == "parts/*.csv: unchanged\n"
    changes()
    assert "rows read" in printed()
    assert printed().endswith(": unchanged\n")


def test_an_unchanged_params_yaml_is_not_checked_again(
    printed: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    printed()

    def refuse(*_: Any) -> None:
        raise AssertionError

    monkeypatch.setattr("tenfold.params.load", refuse)
    assert printed() == "parts/*.csv: unchanged\n"
    change("seed: 1", "seed: 2")()
    with pytest.raises(AssertionError):
        printed()


@pytest.mark.slow
@pytest.mark.parametrize("noted", ["", "[", "{}", "[1, 2]"])
def test_another_section_of_params_yaml_is_checked_and_cleans_nothing_again(
    printed: Callable[[], str], noted: str
) -> None:
    printed()
    change("seed: 1", "seed: 2")()
    assert printed() == "parts/*.csv: unchanged\n"
    change("seed: 1", "seed: -1")()
    with pytest.raises(UserError, match="seed"):
        printed()
    change("", "")()
    Path(".tenfold/stamps/params.json").write_text(noted)
    assert printed() == "parts/*.csv: unchanged\n"


def test_what_is_left_of_a_removed_family_goes_though_nothing_else_changed(
    printed: Callable[[], str],
) -> None:
    printed()
    left = Path("outputs/train/linear")
    left.mkdir()
    assert printed() == "parts/*.csv: unchanged\n"
    assert not left.exists()
    assert Path("outputs/train/mlp").exists()


def test_the_values_of_a_params_yaml_that_changes_while_it_is_checked_are_not_kept(
    printed: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tenfold import params

    load = params.load

    def load_and_change(*given: Any) -> Any:
        change("seed: 1", "seed: 2")()
        return load(*given)

    monkeypatch.setattr("tenfold.params.load", load_and_change)
    printed()
    assert runtime.checked_params() is None
    monkeypatch.setattr("tenfold.params.load", load)
    printed()
    assert runtime.checked_params()["seed"] == 2
    assert list(runtime.checked_params()["models"]) == ["mlp", "dummy"]
