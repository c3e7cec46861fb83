"""Where the stages write, and what select_model has made its outputs from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenfold import runtime


@dataclass(frozen=True)
class Outputs:
    """The folders and files that the stages write."""

    folder: Path = Path("outputs")

    @property
    def clean(self) -> Path:
        """The folder of stage clean."""
        return self.folder / "clean"

    @property
    def split(self) -> Path:
        """The folder of stage split."""
        return self.folder / "split"

    @property
    def cross_validate(self) -> Path:
        """The folder of the stages cross_validate@family."""
        return self.folder / "cross_validate"

    @property
    def train(self) -> Path:
        """The folder of the stages train@family."""
        return self.folder / "train"

    @property
    def ensemble(self) -> Path:
        """The folder of the ensemble, a candidate beside the families."""
        return self.folder / "ensemble"

    def scored(self, candidate: str) -> Path:
        """The folder with the scores and the out-of-fold predictions of a family or ensemble."""
        return self.ensemble if candidate == self.ensemble.name else self.cross_validate / candidate

    def model(self, candidate: str) -> Path:
        """The folder of the model of a family, or of an ensemble that is the champion."""
        own = self.ensemble if candidate == self.ensemble.name else self.train / candidate
        return own / "model"

    def folders(self, candidate: str) -> tuple[Path, Path]:
        """The folders `scored` and `model` of a candidate."""
        return self.scored(candidate), self.model(candidate)

    @property
    def select_model(self) -> list[Path]:
        """The outputs of stage select_model but its stamp."""
        names = ("ensemble", "metrics.json", "plots", "report.html", "test_predictions.parquet")
        return [
            *(self.folder / name for name in names),
            *(self.postprocessing, self.scores, self.verdict),
        ]

    @property
    def scores(self) -> Path:
        """The file of all candidates' scores, fold by fold, in every metric."""
        return self.folder / "scores.json"

    @property
    def postprocessing(self) -> Path:
        """The file of what becomes of the champion's predictions, and its figures."""
        return self.folder / "postprocessing.json"

    @property
    def verdict(self) -> Path:
        """The file that says how surely the champion won."""
        return self.folder / "verdict.json"

    @property
    def nested(self) -> Path:
        """The file that `tenfold nested` writes."""
        return self.folder / "nested.json"

    @property
    def stamp(self) -> Path:
        """The file that says what the outputs of select_model were made from, and their digest."""
        return self.folder / "select_model.json"


def inputs_fingerprint(params: Mapping[str, Any], outputs: Outputs) -> str:
    """Fingerprint of all that select_model reads: families, test rows, names and code.

    Args:
        params: the values of params.yaml.
        outputs: of the stages.
    """
    families = [
        (name, runtime.digest(outputs.cross_validate / name), runtime.digest(outputs.train / name))
        for name in params["models"]
    ]
    return runtime.fingerprint(
        params["name"],
        params["metrics"],
        params["select_model"],
        families,
        runtime.digest(outputs.split),
        runtime.digest(outputs.clean / "report.json"),
        runtime.code_digest(),
    )


def outputs_digest(outputs: Outputs) -> str:
    """Digest of the outputs of select_model as they are on disk now."""
    return runtime.fingerprint(
        [(path.name, runtime.digest(path)) for path in outputs.select_model if path.exists()]
    )


def stamp(outputs: Outputs) -> tuple[str, str]:
    """Fingerprint of the inputs that select_model ran on, and digest of its outputs then."""
    written = runtime.read_stamp(outputs.stamp)
    if not isinstance(written, dict):
        return "", ""
    return written.get("inputs", ""), written.get("outputs", "")


def are_made_from(fingerprint: str, outputs: Outputs) -> bool:
    """Whether the outputs of select_model were made from these inputs and left as they were."""
    return stamp(outputs) == (fingerprint, outputs_digest(outputs))


def write_stamp(outputs: Outputs, fingerprint: str) -> None:
    """Record the inputs that the outputs of select_model were made from."""
    written = {"inputs": fingerprint, "outputs": outputs_digest(outputs)}
    runtime.write_json(outputs.stamp, written)
