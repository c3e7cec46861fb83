"""The configurations that a champion is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tenfold import models, runtime
from tenfold.reporting import configurations
from tenfold.reporting.outputs import Outputs
from tests.reporting.candidates import experiment


def kept(outputs: Outputs, family: str, name: str, tuned: dict[str, Any], **fixed: Any) -> None:
    parameters = models.parameters(family).model_validate(tuned | fixed)
    runtime.write_json(
        outputs.cross_validate / family / name,
        {"parameters": parameters.model_dump(mode="json"), "tuned": tuned, "findings": ["dead"]},
    )


def written(tmp_path: Path) -> Outputs:
    outputs = Outputs(tmp_path)
    kept(outputs, "mlp", "best.json", {"dropout": 0.0}, batch_size=64)
    kept(outputs, "mlp", "runners_up/1/configuration.json", {"dropout": 0.5})
    runtime.write_json(outputs.cross_validate / "mlp/runners_up/trials.json", [3])
    kept(outputs, "linear", "best.json", {})
    runtime.write_json(outputs.cross_validate / "linear/runners_up/trials.json", [])
    return outputs


def test_what_was_tuned_or_declared_comes_before_the_defaults(tmp_path: Path) -> None:
    [mlp] = configurations.members(written(tmp_path), "mlp", experiment("binary"))
    changed = {one.name: (one.value, one.tuned) for one in mlp.changed}
    # A tuned value is shown where it is the default, too.
    assert changed == {"dropout": (0.0, True), "batch_size": (64, False)}
    assert {"embeddings.numeric", "patience"} <= {one.name for one in mlp.others}
    assert all(one.value == one.default for one in mlp.others)
    assert (mlp.name, mlp.weight, mlp.findings) == ("mlp", 1.0, ["dead"])


def test_an_ensemble_has_all_of_its_members_the_heaviest_first(tmp_path: Path) -> None:
    outputs = written(tmp_path)
    parts = [("linear", 0, 0.25), ("mlp", 1, 0.75)]
    runtime.write_json(
        outputs.ensemble / "weights.json",
        {
            "members": [
                dict(zip(("family", "runner_up", "weight"), part, strict=True)) for part in parts
            ]
        },
    )
    first, second = configurations.members(outputs, "ensemble", experiment("binary"))
    assert (first.name, first.weight) == ("mlp.1", 0.75)
    assert [one.value for one in first.changed] == [0.5]
    assert (second.name, second.changed) == ("linear", [])


def test_a_default_that_depends_on_the_task_is_one(tmp_path: Path) -> None:
    outputs = written(tmp_path)
    kept(outputs, "lightgbm", "best.json", {"learning_rate": 0.5}, num_leaves=7)
    runtime.write_json(outputs.cross_validate / "lightgbm/runners_up/trials.json", [])
    [found] = configurations.members(outputs, "lightgbm", experiment("binary"))
    assert [one.name for one in found.changed] == ["learning_rate", "num_leaves"]
    defaults = models.parameters("lightgbm").defaults("binary")
    shown = {one.name: one.value for one in found.others}
    assert shown["min_data_in_leaf"] == defaults["min_data_in_leaf"]
