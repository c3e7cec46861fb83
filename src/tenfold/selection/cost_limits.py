"""Rule `cost_aware`: what an answer of each candidate costs, and which are within the limits."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tenfold.models.shared import answer_cost, predictor
from tenfold.models.shared.answer_cost import AnswerCost
from tenfold.models.shared.assembling import assemble
from tenfold.params import ENSEMBLE
from tenfold.params.training import SelectModel
from tenfold.runtime import TemporaryFolder, UserError
from tenfold.selection.comparison import Scoreboard
from tenfold.selection.ensemble import Ensemble

if TYPE_CHECKING:
    import pandas as pd


def affordable(
    board: Scoreboard, limits: SelectModel, combined: Ensemble, trained: Path, row: pd.DataFrame
) -> tuple[Scoreboard, list[str]]:
    """The candidates within the limits, and a note for each of the others.

    Args:
        board: the scores of all candidates.
        limits: `max_megabytes` and `max_milliseconds`.
        combined: the ensemble, which is assembled in a temporary folder.
        trained: the folder that holds a trained model of each family.
        row: that each candidate answers.

    Raises:
        UserError: if no candidate is within the limits.
    """
    costs = {name: _cost(name, combined, trained, row) for name in board.cv}
    within = {name: own for name, own in board.cv.items() if _is_within(costs[name], limits)}
    if not within:
        raise UserError(_refusal(costs, limits))
    notes = [f"note: {name} is beyond the cost declared under select_model: {cost}"
             for name, cost in costs.items() if name not in within]  # fmt: skip
    return replace(board, cv=within), notes


def _cost(name: str, combined: Ensemble, trained: Path, row: pd.DataFrame) -> AnswerCost:
    with ExitStack() as stack:
        folder = trained / name / "model"
        if name == ENSEMBLE:
            folder = Path(stack.enter_context(TemporaryFolder("costs")))
            assemble(folder, combined.parts, combined.trained)
        return answer_cost.measure(predictor.load(folder), folder, row)


def _is_within(cost: AnswerCost, limits: SelectModel) -> bool:
    """Whether a cost is within each of the limits that are declared."""
    pairs = [
        (cost.megabytes, limits.max_megabytes),
        (cost.milliseconds, limits.max_milliseconds),
    ]
    return all(limit is None or value <= limit for value, limit in pairs)


def _refusal(costs: Mapping[str, AnswerCost], limits: SelectModel) -> str:
    declared = limits.model_dump(include={"max_megabytes", "max_milliseconds"}, exclude_none=True)
    asked = " and ".join(f"{name} {value:g}" for name, value in declared.items())
    found = "; ".join(f"{name} {cost}" for name, cost in costs.items())
    return (
        f"no candidate is within select_model's {asked}: {found}; raise the limit, declare a "
        "cheaper family, or set `train: {strategy: refit}`, which keeps one model instead of a "
        "fold's each"
    )
