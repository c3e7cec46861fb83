"""SQL that reads dates: `dataset.dates`, for whole columns."""

from __future__ import annotations

from tenfold.cleaning.cells import matches
from tenfold.dataset import dates
from tenfold.dataset.dates import DateFormat
from tenfold.sources import text

ZERO_OFFSET = "Z|[+-]00(:?00)?"


def moment(words: str, written: DateFormat) -> str:
    """SQL of the date that a text stands for; NULL if it is none of the years 1 to 9999."""
    if written.offset == "local":
        words, written = _on_the_clock(words, written), written.on_the_clock
    # A cast to TIMESTAMP would leave out the offset from UTC.
    found = (
        f"CASE WHEN {matches(words, dates.ISO.pattern)} "
        f"THEN make_timestamp(epoch_us(TRY_CAST({words} AS TIMESTAMPTZ))) END"
    )
    if written.form is not None:
        own = words
        for pattern in written.offsets[1:]:
            # DuckDB's strptime does not know Z.
            is_utc = f"regexp_extract({words}, {text(f'^{pattern}$')}, 2) = 'Z'"
            plain = f"regexp_replace({words}, {text(f'^{pattern}$')}, '\\1+0000\\3')"
            own = f"CASE WHEN {is_utc} THEN {plain} ELSE {words} END"
        own = f"make_timestamp(epoch_us(TRY_STRPTIME({own}, {text(written.form)})))"
        found = f"CASE WHEN {matches(words, written.pattern)} THEN {own} ELSE {found} END"
    return (
        f"list_transform([{found}], lambda found: CASE WHEN {in_range('found')} THEN found END)[1]"
    )


def in_range(date: str) -> str:
    """SQL: whether a date is one of the years 1 to 9999, which other programs know."""
    return f"(isfinite({date}) AND year({date}) BETWEEN {dates.MIN_YEAR} AND {dates.MAX_YEAR})"


def has_offset(words: str, written: DateFormat) -> str:
    """SQL: whether a text has an offset from UTC, other than zero."""
    found = [
        f"WHEN {matches(words, pattern)} "
        f"THEN NOT {matches(f'regexp_extract({words}, {text(pattern)}, 2)', ZERO_OFFSET)} "
        for pattern in written.offsets
    ]
    return f"CASE {''.join(found)}ELSE false END"


def _on_the_clock(words: str, written: DateFormat) -> str:
    """SQL of a text without its offset."""
    found = [
        f"WHEN {matches(words, pattern)} "
        f"THEN regexp_replace({words}, {text(f'^{pattern}$')}, '\\1\\3') "
        for pattern in written.offsets
    ]
    return f"CASE {''.join(found)}ELSE {words} END"
