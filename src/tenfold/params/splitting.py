"""`split:`: who is held out, and when."""

from __future__ import annotations

from pydantic import Field

from tenfold.params.section import Section


class Split(Section):
    """The hold-out test rows, and the folds of the rest."""

    test_size: float = Field(0.2, gt=0, lt=1, description="Share of rows kept for the last test.")
    n_splits: int = Field(10, ge=2, description="Folds of cross-validation.")
