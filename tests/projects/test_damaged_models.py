"""A bit that flips in DVC's cache is found when the model is loaded, and what is said mends it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tenfold.models.shared import digests
from tenfold.runtime import UserError
from tests.project import Project, files_below

MODEL = "outputs/train/mlp/model"
FOLD_MODELS = "outputs/cross_validate/mlp/members"


@pytest.fixture
def networks(again: Project) -> Project:
    """The finished project as if it had searched for networks alone."""
    again.change(models={"mlp": again.params()["models"]["mlp"]}, select_model={"ensemble": "off"})
    return again


def flip_bit(file: Path) -> None:
    """As a disk does it: DVC trusts an object that only root could have written to."""
    mode = file.stat().st_mode
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.chmod(0o644)
    file.write_bytes(content)
    file.chmod(mode)


def object_of(project: Project, file: Path) -> Path:
    """Where DVC's cache keeps a file."""
    content = file.read_bytes()
    [found] = (
        path
        for path in (project / ".dvc/cache/files/md5").glob("??/*")
        if path.is_file() and path.read_bytes() == content
    )
    return found


def commands(message: str) -> list[str]:
    """What a message tells the user to type."""
    return re.findall("`([^`]+)`", message)


def refusal(ended: subprocess.CompletedProcess[str]) -> str:
    [error] = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    return error


@pytest.mark.parametrize("file", ["weights.safetensors", "preprocessing-0.skops", "digests.json"])
def test_a_damaged_object_of_a_model_is_named_and_mended(
    networks: Project, finished: Project, file: str
) -> None:
    damaged = object_of(networks, networks / MODEL / file)
    flip_bit(damaged)
    shutil.rmtree(networks / "outputs/train/mlp")
    ended = networks.attempt("dvc", "repro")
    assert ended.returncode != 0
    message = refusal(ended)
    assert f"{MODEL}/{file} is damaged" in message
    assert str(damaged) in message
    assert networks.client().get_experiment_by_name("breast_cancer") is None
    for command in commands(message):
        networks.run("sh", "-c", command)
    assert networks.champion_version() == "1"
    assert files_below(networks / MODEL) == files_below(finished / MODEL)
    shutil.rmtree(networks / "outputs/train/mlp")
    networks.run("dvc", "checkout")
    assert files_below(networks / MODEL) == files_below(finished / MODEL)


def test_damaged_fold_models_are_named_and_mended(networks: Project, finished: Project) -> None:
    flip_bit(object_of(networks, networks / FOLD_MODELS / "models/weights.safetensors"))
    for stage in ("cross_validate", "train"):
        shutil.rmtree(networks / f"outputs/{stage}/mlp")
    ended = networks.attempt("dvc", "repro")
    assert ended.returncode != 0
    for command in commands(refusal(ended)):
        networks.run("sh", "-c", command)
    for folder in (MODEL, FOLD_MODELS):
        assert files_below(networks / folder) == files_below(finished / folder)


def test_a_model_damaged_in_its_folder_alone_comes_back_from_the_cache(
    networks: Project, finished: Project
) -> None:
    flip_bit(networks / MODEL / "weights.safetensors")
    message = refusal(networks.stage("select_model"))
    assert "weights.safetensors is damaged" in message
    for command in commands(message):
        networks.run("sh", "-c", command)
    assert files_below(networks / MODEL) == files_below(finished / MODEL)


def test_a_registered_model_is_checked_and_published_again(again: Project) -> None:
    again.run("tenfold", "publish")
    [file] = (again / "mlruns/artifacts").rglob("predictor.json")
    flip_bit(file)
    row = ["tenfold", "predict", "data/raw/breast_cancer.csv", "scored.csv"]
    message = refusal(again.attempt(*row))
    assert f"{file} is damaged" in message
    for command in commands(message):
        again.run("sh", "-c", command)
    again.run(*row)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.json", "inner/b.bin", digests.DIGESTS])
def test_any_file_that_changed_is_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.json").write_text("{}")
    (tmp_path / "inner/b.bin").write_bytes(os.urandom(100))
    digests.write(tmp_path)
    digests.check(tmp_path)
    flip_bit(tmp_path / name)
    with pytest.raises(UserError, match="is damaged: it is not as it was written"):
        digests.check(tmp_path)


@pytest.mark.slow
def test_a_file_that_is_gone_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    digests.write(tmp_path)
    (tmp_path / "a.json").unlink()
    with pytest.raises(UserError, match=r"a\.json is damaged"):
        digests.check(tmp_path)
