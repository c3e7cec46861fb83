"""Guess the task from the target's values, and look at its classes and its greatest value."""

from __future__ import annotations

from tenfold.metrics import Task
from tenfold.runtime import UserError
from tenfold.scaffolding.columns import MAX_CLASSES, GuessedColumn
from tenfold.scaffolding.first_rows import Cells

# A target looks capped if more than this share of its rows has its greatest value.
MIN_CAPPED = 0.01


def guess_task(target: str, column: GuessedColumn) -> tuple[Task, str]:
    """The task, and why.

    Raises:
        UserError: if the target has one value only, or is free text.
    """
    if column.distinct < 2:
        raise UserError(
            f"--target: {target!r} has {column.distinct} different values: name another column"
        )
    values = f"{column.distinct} different values"
    if column.distinct == 2:
        return "binary", f"{target} has two different values"
    if column.kind == "text":
        if column.is_free_text:
            said = "".join(f" ({question})" for question in column.reading.questions)
            raise UserError(
                f"--target: {target!r} is text with {values} in {column.present} rows{said}, which "
                "no model predicts: name another column"
            )
        return "multiclass", f"{target} is text with {values}"
    few_values = column.distinct <= MAX_CLASSES and column.present >= 10 * MAX_CLASSES
    if column.kind == "integer" and few_values:
        return "multiclass", f"{target} holds integers with {values}; regression if they measure"
    return "regression", f"{target} is a number with {values}"


def cap(cells: Cells, column: GuessedColumn) -> float | None:
    """The greatest value, if so many rows have it that it looks like a cap."""
    largest = cells.largest(column.plan, 2)
    (top, count), *rest = largest
    next_count = rest[0][1] if rest else 0
    return top if count > MIN_CAPPED * column.rows and count > 10 * next_count else None
