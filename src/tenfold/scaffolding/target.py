"""Guess the task from the target's values, and look at its classes and its greatest value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tenfold.metrics import Task
from tenfold.runtime import UserError
from tenfold.scaffolding.columns import GuessedColumn
from tenfold.scaffolding.columns.first_rows import Cells
from tenfold.scaffolding.columns.readings import MAX_CLASSES, MAX_NAMED

# A target looks capped if more than this share of its rows has its greatest value.
MIN_CAPPED = 0.01
# Integers are classes if each comes so many times or more, in the mean.
ROWS_OF_A_CLASS = 10
# A class with fewer rows, which are a smaller share of all, cannot be learnt and scored in folds.
MIN_CLASS_ROWS, MIN_CLASS_SHARE = 8, 0.01


@dataclass(frozen=True)
class GuessedTarget:
    """What is predicted.

    Attributes:
        task: what the target is, and `reason` why.
        classes: those that are learnt -> rows; empty for regression.
        left_out: classes with too few rows to be learnt and scored -> rows.
        are_numbers: whether the classes are.
        cap: the greatest value, if so many rows have it that it looks like a cap.
    """

    task: Task
    reason: str
    classes: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    are_numbers: bool = False
    cap: float | None = None

    @property
    def why_left_out(self) -> str:
        """What is said of the classes that are left out."""
        listed = [f"{value!r} ({rows} rows)" for value, rows in self.left_out.items()]
        more = ", ..." if len(listed) > MAX_NAMED else ""
        what = "class" if len(listed) == 1 else f"{len(listed)} classes"
        return (
            f"{what} {', '.join(listed[:MAX_NAMED])}{more} cannot be learnt and scored from so few "
            "rows: clean.require leaves them out"
        )


def guess_target(cells: Cells, column: GuessedColumn) -> GuessedTarget:
    """The task, and what is to be known of the target.

    Raises:
        UserError: if the target has one value only, or is free text.
    """
    task, reason = _task(column)
    if task == "regression":
        return GuessedTarget(task, reason, cap=_cap(cells, column))
    every = cells.classes(column.plan)
    rare = {value: rows for value, rows in every.items() if _is_rare(rows, column.present)}
    if len(every) - len(rare) < 2:
        rare = {}
    classes = {value: rows for value, rows in every.items() if value not in rare}
    if len(every) > len(classes) == 2:
        task, reason = "binary", f"{column.plan.name} has two classes that are not rare"
    return GuessedTarget(task, reason, classes, rare, column.plan.kind != "text")


def _is_rare(rows: int, total: int) -> bool:
    return rows < MIN_CLASS_ROWS and rows < MIN_CLASS_SHARE * total


def _task(column: GuessedColumn) -> tuple[Task, str]:
    """The task, and why."""
    target = column.plan.name
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
    few_values = column.distinct <= min(MAX_CLASSES, column.present // ROWS_OF_A_CLASS)
    if column.kind == "integer" and few_values:
        return "multiclass", f"{target} holds integers with {values}; regression if they measure"
    return "regression", f"{target} is a number with {values}"


def _cap(cells: Cells, column: GuessedColumn) -> float | None:
    """The greatest value, if so many rows have it that it looks like a cap."""
    largest = cells.largest(column.plan, 2)
    (top, count), *rest = largest
    next_count = rest[0][1] if rest else 0
    return top if count > MIN_CAPPED * column.rows and count > 10 * next_count else None
