"""Try what was guessed: what `tenfold check` would refuse is settled, or said."""

from __future__ import annotations

from collections.abc import Callable

from tenfold import models, runtime, sources
from tenfold.params import parse_text
from tenfold.runtime import UserError
from tenfold.scaffolding import check

# Fewer folds that are tried where there are too few rows of something for more.
FEWER_FOLDS = (5, 3, 2)
# Of a larger file the first rows are enough if they pass, without the audit.
MAX_BYTES, MAX_ROWS = 5_000_000, 20_000


def settle(render: Callable[[int], str], n_splits: int) -> tuple[str, str]:
    """The params.yaml that can be run, with fewer folds if need be.

    Args:
        render: the text of params.yaml with so many folds.
        n_splits: as many as would be best.

    Returns:
        The text, and what `tenfold check` refuses in it, if anything.
    """
    refusal = ""
    for n in (n_splits, *(fewer for fewer in FEWER_FOLDS if fewer < n_splits)):
        text = render(n)
        try:
            _try(text)
        except UserError as error:
            refusal = refusal or str(error)
            if "split.n_splits" not in str(error):
                break
        else:
            return text, ""
    runtime.check_interrupted()
    return render(n_splits), refusal


def _try(text: str) -> None:
    experiment = parse_text(text, models)
    if sources.size(experiment.data) > MAX_BYTES:
        try:
            check.look_quickly(experiment, limit=MAX_ROWS)
        except UserError:
            # More rows may hold what these lack.
            runtime.check_interrupted()
        else:
            return
    check.look(experiment, limit=check.row_limit(experiment))
