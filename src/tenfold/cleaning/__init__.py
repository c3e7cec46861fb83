"""Clean a table: typed rows that keep every rule, and rejected rows with their line and reason."""

from tenfold.cleaning.cells import NUMBER, kind_of, matches
from tenfold.cleaning.clean import REJECTED, TABLE, clean, reading
from tenfold.cleaning.column_groups import MAX_NUMBER
from tenfold.cleaning.columns import KINDS, ColumnPlan
from tenfold.cleaning.expressions import ROWS, columns_of
from tenfold.cleaning.views import typed_rows

__all__ = [
    "KINDS",
    "MAX_NUMBER",
    "NUMBER",
    "REJECTED",
    "ROWS",
    "TABLE",
    "ColumnPlan",
    "clean",
    "columns_of",
    "kind_of",
    "matches",
    "reading",
    "typed_rows",
]
