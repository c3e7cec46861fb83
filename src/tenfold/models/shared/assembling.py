"""Folders of models made of others: an ensemble of its trained models, a model as it is served."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tenfold import postprocessing, runtime
from tenfold.models.shared import digests, ensemble, predictor
from tenfold.models.shared.ensemble import Part
from tenfold.params import ENSEMBLE
from tenfold.postprocessing import Postprocessing


def assemble(folder: Path, parts: Sequence[Part], trained: Sequence[Path]) -> None:
    """Write an ensemble as `Predictor.save` would, without loading a model.

    Args:
        folder: existing and empty.
        parts: each member's family, configuration and weight.
        trained: the folder of each member, as `Predictor.save` wrote it.

    Raises:
        runtime.UserError: if a file of a member is not as it was written.
    """
    numbers: dict[str, int] = {}
    placed = []
    for number, (part, source) in enumerate(zip(parts, trained, strict=True)):
        digests.check(source)
        described = runtime.read_json(source / predictor.DESCRIBED)
        own = ensemble.member_folder(folder, number)
        shutil.copytree(source, own)
        for name in (predictor.DESCRIBED, digests.DIGESTS):
            (own / name).unlink(missing_ok=True)
        places = []
        for transformer in range(described["n_transformers"]):
            file = predictor.preprocessing_file(own, transformer)
            place = numbers.setdefault(runtime.digest(file), len(numbers))
            file.replace(predictor.preprocessing_file(folder, place))
            places.append(place)
        placed.append(replace(part, transformers=places))
    ensemble.describe(folder, placed)
    described |= {"family": ENSEMBLE, "n_transformers": len(numbers)}
    runtime.write_json(folder / predictor.DESCRIBED, described)
    digests.write(folder)


def with_postprocessing(folder: Path, source: Path, served: Mapping[str, Any]) -> None:
    """Write a model as it is served, without loading it.

    Args:
        folder: that does not exist.
        source: the folder of the model, as `Predictor.save` wrote it.
        served: what becomes of its predictions, as `Postprocessing.to_json` says.

    Raises:
        runtime.UserError: if a file of the model is not as it was written.
    """
    digests.check(source)
    shutil.copytree(source, folder)
    (folder / digests.DIGESTS).unlink(missing_ok=True)
    postprocessing.write(folder, Postprocessing.from_json(served))
    digests.write(folder)
