"""Try what was guessed: what `tenfold check` would refuse is settled, or said."""

from __future__ import annotations

from collections.abc import Callable

from tenfold import models, runtime
from tenfold.params import parse_text
from tenfold.runtime import UserError
from tenfold.scaffolding import check

# Fewer folds that are tried where there are too few rows of something for more.
FEWER_FOLDS = (5, 3, 2)


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
            check.look(parse_text(text, models))
        except UserError as error:
            refusal = refusal or str(error)
            if "split.n_splits" not in str(error):
                break
        else:
            return text, ""
    runtime.check_interrupted()
    return render(n_splits), refusal
