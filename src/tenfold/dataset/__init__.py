"""A clean table as a model sees it: its schema, features, encoded target and folds."""

from tenfold.dataset.folds import FOLD, ROW
from tenfold.dataset.schema import MISSING, Schema
from tenfold.dataset.tables import (
    Dataset,
    read,
    read_out_of_fold,
    write_out_of_fold,
    write_predictions,
)

__all__ = [
    "FOLD",
    "MISSING",
    "ROW",
    "Dataset",
    "Schema",
    "read",
    "read_out_of_fold",
    "write_out_of_fold",
    "write_predictions",
]
