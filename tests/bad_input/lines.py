"""Bad inputs: lines of a text file that are no records, or do not look like the others."""

from __future__ import annotations

from tests.bad_input.making import X, Y, as_csv, as_parquet, lines, without
from tests.bad_input.outcomes import Case, Kept, Mended, Refused, Warned

BIG = "long " * 200_000 + "end"

CASES = [
    Case(
        "a long row",
        Mended(["1 rejected: malformed: 3 cells, but the header has 2"], {"x": without(4)}),
        lines((4, "2.5,no,9")),
    ),
    Case(
        "every row long",
        Refused("no row is left of 12; rejected: {'malformed: 3 cells, but the header has 2': 12}"),
        lines().replace("\n", ",9\n").replace("x,y,9", "x,y"),
    ),
    Case(
        "a delimiter at the end of each row",
        Mended(["note: t.csv: rows end in a delimiter, which is ignored"], {"x": X}),
        lines().replace("\n", ",\n").replace("x,y,", "x,y"),
    ),
    Case(
        "a delimiter at the end of each line",
        Warned(["note: t.csv: column 3 has no name and is called column_3"], {"x": X}),
        lines().replace("\n", ",\n"),
    ),
    Case(
        "a short row",
        Mended(["1 rejected: malformed: 1 cells, but the header has 2"], {"x": without(4)}),
        lines((4, "2.5")),
    ),
    Case(
        "every row short",
        Refused("no row is left of 12; rejected: {'malformed: 2 cells, but the header has 3': 12}"),
        lines((1, "x,z,y")),
    ),
    Case(
        "an unclosed quote",
        Mended(["1 rejected: malformed: a quote is not closed"], {"x": without(4)}),
        lines((4, '"2.5,no')),
    ),
    Case(
        "an unclosed quote in the header",
        Refused("the header cannot be read"),
        lines((1, '"x,y')),
    ),
    Case(
        "text behind a closing quote",
        Mended(["1 rejected: malformed: ',' expected after '\"'"], {"x": without(4)}),
        lines((4, '"2.5"?,no')),
    ),
    Case(
        "a quote in the middle of a cell",
        Kept(["'z' is text, 0 missing, 12 distinct"], {"z": [f'{n}" pipe' for n in range(12)]}),
        "x,z,y\n"
        + "".join(f'{x},{n}" pipe,{y}\n' for n, (x, y) in enumerate(zip(X, Y, strict=True))),
    ),
    Case(
        "a NUL byte",
        Mended(["1 rejected: malformed: a zero byte"], {"x": without(4)}),
        lines((4, "2.5\0,no")),
        as_parquet({"x": [*X[:2], None, *X[3:]], "z": ["a\0b", *"cdefghijklm"[:11]], "y": Y}),
        as_parquet=Kept(["'z' is text"], {"z": ["a\0b", *"cdefghijklm"[:11]]}),
    ),
    Case(
        "an empty line",
        Mended(["1 rejected: malformed: an empty line"], {"x": without(4)}),
        lines((4, "")),
    ),
    Case(
        "empty lines at the end",
        Kept(["'x' is double, 0 missing, 12 distinct"], {"x": X}),
        lines() + "\n\n\n",
    ),
    Case(
        "a line of delimiters",
        Mended(["1 rejected: missing target"], {"x": without(4)}),
        lines((4, ",")),
    ),
    Case(
        "a title above the header",
        Refused("has one column, 'Results of May', but a table needs a target and a feature"),
        "Results of May\n" + lines(),
    ),
    Case(
        "a comment",
        Mended(["1 rejected: malformed: 1 cells, but the header has 2"], {"x": without(4)}),
        lines((4, "# checked by hand")),
    ),
    Case(
        "the header again in the middle",
        Mended(["1 rejected: malformed: the header again"], {"x": without(4)}),
        lines((4, "x,y")),
    ),
    Case(
        "a last line that is cut off",
        Mended(["1 rejected: malformed: 1 cells, but the header has 2"], {"x": without(13)}),
        lines().rpartition(",")[0],
    ),
    Case(
        "a last line without an end",
        Kept(["'x' is double, 0 missing, 12 distinct"], {"x": X}),
        lines().rstrip("\n"),
    ),
    Case(
        "line ends of several systems",
        Mended(["note: t.csv has more than one kind of line end"], {"x": X, "y": Y}),
        lines().replace("no\n", "no\r\n"),
    ),
    Case(
        "line ends of an old system",
        Kept(["'x' is double, 0 missing, 12 distinct"], {"x": X, "y": Y}),
        lines(end="\r"),
    ),
    Case(
        "a line end in a cell",
        Kept(["'z' is text"], {"z": ["a\nb", *"cdefghijklm"]}),
        as_csv({"x": X, "z": ["a\nb", *"cdefghijklm"], "y": Y}),
        as_parquet({"x": X, "z": ["a\nb", *"cdefghijklm"], "y": Y}),
    ),
    Case(
        "a cell of a million characters",
        Kept(["'z' is text"], {"z": [BIG, *"cdefghijklm"]}),
        as_csv({"x": X, "z": [BIG, *"cdefghijklm"], "y": Y}),
        as_parquet({"x": X, "z": [BIG, *"cdefghijklm"], "y": Y}),
    ),
]
