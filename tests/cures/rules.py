"""Refusals of `clean:` and of `preprocessing:` that a table provokes."""

from __future__ import annotations

from typing import Any

from tests.bad_input.making import as_csv
from tests.cures.refusals import COLUMNS, Change, Refusal, refusal, table

HEADLESS = as_csv({"0.25": COLUMNS["x"], "red": COLUMNS["z"], "no": COLUMNS["y"]})
FEATURES = [name for name in COLUMNS if name != "y"]
ROWS = 30
# Thirty rows whose texts all differ.
NOTES = {
    "t.csv": as_csv(
        {
            "x": list(range(ROWS)),
            "note": [f"what somebody wrote, {number}" for number in range(ROWS)],
            "y": ["no", "yes"] * (ROWS // 2),
        }
    )
}
DATES = {"clean.types": {"t": "date"}}


def of_predicate(name: str, says: str, predicate: str, words: str, *cured: str) -> Refusal:
    """A refusal of a predicate; the cure is other predicates."""
    return refusal(
        name,
        Change(f"clean.require: {predicate!r} {says}", {"clean.require": [predicate]}),
        Change(words, {"clean.require": list(cured)}),
    )


def of_column(name: str, says: str, declared: dict[str, Any], *cures: tuple[str, Any]) -> Refusal:
    """A refusal of what `preprocessing.columns` declares; a cure declares something else."""
    changes = [
        Change(words, cured)
        if any("." in key for key in cured)
        else Change(words, {"preprocessing.columns": cured})
        for words, cured in cures
    ]
    return refusal(name, Change(says, {"preprocessing.columns": declared}), *changes)


CASES = [
    refusal(
        "a target that is not there",
        Change("data.target: t.csv has no column 'Y'", {"data.target": "Y"}),
        Change("did you mean 'y'?", {"data.target": "y"}),
    ),
    refusal(
        "a rule about a column that is not there",
        Change("clean.drop_columns: t.csv has no column 'zz'", {"clean.drop_columns": ["zz"]}),
        Change("did you mean 'z'?", {"clean.drop_columns": ["z"]}),
    ),
    refusal(
        "a rule about a column whose letters the encoding decides",
        Change(
            "clean.types: t.csv has no column 'gr\u00c3\u00b6\u00dfe'",
            {"clean.types": {"gr\u00c3\u00b6\u00dfe": "double"}},
            table(**{"gr\u00f6\u00dfe": [*range(12)]}),
        ),
        Change(
            "was data.encoding changed? then letters of names are others, too: write it as the "
            "table has it now",
            {"clean.types": {"gr\u00f6\u00dfe": "double"}},
        ),
    ),
    refusal(
        "a file without a header",
        Change(
            "is its header line missing?",
            files={"t.csv": HEADLESS},
        ),
        Change("set data.header: false", {"data.header": False, "data.columns": ["x", "z", "y"]}),
    ),
    refusal(
        "one value replaced in two ways",
        Change(
            "clean.replace.x: '1' and '1.0' are one value, but are replaced by '2' and '3'",
            {"clean.replace": {"x": {"1": "2", "1.0": "3"}}},
        ),
        Change("remove one", {"clean.replace": {"x": {"1": "2"}}}),
    ),
    refusal(
        "a value that is replaced in another spelling",
        Change(
            "clean.replace.x: what takes a text's place must not be replaced itself, but '1'",
            {"clean.replace": {"x": {"0": "1", "1.0": "2"}}},
        ),
        Change(
            "name its own replacement at once", {"clean.replace": {"x": {"0": "2", "1.0": "2"}}}
        ),
    ),
    refusal(
        "a derived column that is there already",
        Change("clean.derive.x: t.csv has such a column already", {"clean.derive": {"x": "x + 1"}}),
        Change("choose another name", {"clean.derive": {"x1": "x + 1"}}),
    ),
    refusal(
        "a derived column that tells the target",
        Change("must not look at the target 'y'", {"clean.derive": {"late": "y = 'no'"}}),
        Change("leave it out", {"clean.derive": {}}),
    ),
    refusal(
        "a derived list",
        Change("but is DOUBLE[]: cast it", {"clean.derive": {"both": "[x]"}}),
        Change("cast it", {"clean.derive": {"both": "[x]::VARCHAR"}}),
    ),
    of_predicate(
        "a predicate that breaks off",
        'is not valid SQL: syntax error at or near ">": correct it',
        "x >",
        "correct it",
        "x > 0",
    ),
    of_predicate(
        "a predicate with a second query",
        "must be one expression about a row, without FROM, UNION",
        "x > 0) UNION SELECT (true",
        "one expression about a row",
        "x > 0",
    ),
    of_predicate(
        "two predicates in a line",
        "must be one expression",
        "x > 0, z = 'red'",
        "put each in its own line",
        "x > 0",
        "x < 99",
    ),
    of_predicate(
        "brackets that do not match",
        "must be one expression about a row, but its brackets do not match",
        "x > 9) OR (x < 5",
        "close every bracket that it opens",
        "(x > 2) OR (x < 5)",
    ),
    of_predicate(
        "a predicate of all rows",
        "must look at one row only, but holds the aggregate avg()",
        "x <= avg(x)",
        "say it without",
        "x <= 99",
    ),
    of_predicate(
        "a predicate of an unknown column",
        "names an unknown column 'xx'",
        "xx > 0",
        "did you mean 'x'?",
        "x > 0",
    ),
    of_predicate(
        "a text in double quotes",
        "names an unknown column 'red'",
        'z <> "red"',
        "Text goes in single quotes",
        "z <> 'redd'",
    ),
    of_predicate(
        "a sum of a text",
        "is not valid here: No function matches",
        "x + f > 0",
        "cast it",
        "x + TRY_CAST(f AS INTEGER) > 0",
    ),
    of_predicate(
        "a predicate that is a number",
        "must be true or false, but is DOUBLE",
        "x",
        "compare it",
        "x > 0",
    ),
    refusal(
        "a predicate that fails on a row",
        Change("fails on a row: Could not convert string", {"clean.require": ["f::INTEGER > 0"]}),
        Change("TRY(...)", {"clean.require": ["TRY(f::INTEGER) > 0"]}),
        Change("TRY_CAST", {"clean.require": ["TRY_CAST(f AS INTEGER) > 0"]}),
    ),
    refusal(
        "a date format that is none",
        Change(
            "clean.types.t.format must be made of %d, %m, %Y",
            {"clean.types": {"t": {"type": "date", "format": "%Q"}}},
        ),
        Change("made of %d, %m, %Y", {"clean.types.t.format": "%Y-%m-%d"}),
    ),
    refusal(
        "limits of a text",
        Change(
            "clean.ranges.f is for a number, but 'f' is text",
            {"clean.ranges": {"f": {"min": 0}}, "clean.drop_missing_target": True},
            table(f=["1", "2", "01"] * 4),
        ),
        Change("declare its type in clean.types", {"clean.types": {"f": "integer"}}),
        Change("clean.allowed", {"clean.ranges": {}, "clean.allowed": {"f": ["1", "2", "01"]}}),
        Change("clean.require", {"clean.ranges": {}, "clean.require": ["f >= '0'"]}),
    ),
    refusal(
        "allowed numbers of a text",
        Change("clean.allowed.z must hold texts", {"clean.allowed": {"z": [1]}}),
        Change("write it so", {"clean.allowed": {"z": ["red", "green", "blue"]}}),
    ),
    refusal(
        "allowed texts of a number",
        Change(
            "clean.allowed.x must hold numbers",
            {"clean.allowed": {"x": ["a", "b"]}},
            table(x=[1, 2] * 6),
        ),
        Change("write it so", {"clean.allowed": {"x": [1, 2]}}),
        Change(
            "declare its type in clean.types",
            {"clean.types": {"x": "text"}, "clean.allowed": {"x": ["1", "2"]}},
        ),
    ),
    refusal(
        "one mark for thousands and for the data's decimals",
        Change(
            "clean.types.x.thousands and the decimal mark must differ",
            {"data.decimal": ",", "clean.types": {"x": {"type": "double", "thousands": ","}}},
        ),
        Change("set clean.types.x.decimal", {"clean.types.x.decimal": "."}),
    ),
    refusal(
        "every row rejected by a rule",
        Change("no row is left of 12; rejected", {"clean.require": ["x > 99"]}),
        Change("loosen a rule of clean", {"clean.require": ["x < 99"]}),
    ),
    refusal(
        "every row rejected for the source",
        Change("no row is left of 12; rejected", files=table(y=[None] * 12)),
        Change("mend the source", files=table()),
    ),
    refusal(
        "more rejected than may be",
        Change(
            "clean.max_rejected: 8.3% of 12 rows are rejected, more than 5.0%",
            {"clean.require": ["x > 1"], "clean.max_rejected": 0.05},
        ),
        Change("raise max_rejected", {"clean.max_rejected": 0.5}),
    ),
    refusal(
        "rows without a target that must stay",
        Change(
            "clean.drop_missing_target is false, but 1 rows have no 'y'",
            {"clean.drop_missing_target": False},
            table(y=[None, *COLUMNS["y"][1:]]),
        ),
        Change("set it to true", {"clean.drop_missing_target": True}),
        Change("fill them in", files=table()),
    ),
    refusal(
        "a column with an answer's name",
        Change(
            "column 'prediction' has the name that",
            files=table(prediction=COLUMNS["x"]),
        ),
        Change("rename it", files=table(guess=COLUMNS["x"])),
        Change("name it in clean.drop_columns", {"clean.drop_columns": ["prediction"]}),
    ),
    refusal(
        "every feature dropped",
        Change("no feature column is left beside the target 'y'", {"clean.drop_columns": FEATURES}),
        Change("keep one of them", {"clean.drop_columns": FEATURES[1:]}),
    ),
    refusal(
        "features without values",
        Change(
            "('x': no value in any row)",
            files={"t.csv": as_csv({"x": [None] * 12, "y": COLUMNS["y"]})},
        ),
        Change(
            "add a column with values",
            files={"t.csv": as_csv({"x": COLUMNS["x"], "y": COLUMNS["y"]})},
        ),
    ),
    refusal(
        "features with few values",
        Change(
            "('x': 20.0% missing, more than clean.max_missing)",
            {"clean.max_missing": 0.1},
            {"t.csv": as_csv({"x": [*range(8), *[None] * 4], "y": COLUMNS["y"]})},
        ),
        Change("keep one of them", {"clean.max_missing": 0.9}),
    ),
    refusal(
        "a text for regression",
        Change(
            "task regression needs a numeric target, but 'y' is 'no'",
            {"task": "regression", "metrics": ["mse"]},
        ),
        Change("change task", {"task": "binary", "metrics": ["accuracy"]}),
        Change("data.target", {"data.target": "x"}),
    ),
    refusal(
        "decimal commas for regression",
        Change(
            "task regression needs a numeric target, but 'y' is '0,5'",
            {"task": "regression", "metrics": ["mse"]},
            table(y=[f"{number},5" for number in range(12)]),
        ),
        Change(
            "declare it in clean.types", {"clean.types": {"y": {"type": "double", "decimal": ","}}}
        ),
    ),
    # Preprocessing.
    refusal(
        "free text",
        Change("free text is no feature, but there is 'note' (30 different values", files=NOTES),
        Change("set preprocessing.text: drop", {"preprocessing.text": "drop"}),
        Change("name such columns in clean.drop_columns", {"clean.drop_columns": ["note"]}),
        Change(
            "preprocessing.columns.<name>.encode",
            {"preprocessing.columns": {"note": {"encode": "ordinal"}}},
        ),
    ),
    refusal(
        "nothing but text",
        Change(
            "no feature column is left but text (note)",
            {"preprocessing.text": "drop", "clean.drop_columns": ["x"]},
            NOTES,
        ),
        Change(
            "preprocessing.columns.<name>.encode",
            {"preprocessing.columns": {"note": {"encode": "target"}}},
        ),
    ),
    of_column(
        "an unknown column to preprocess",
        "preprocessing.columns.xx: there is no feature column 'xx'",
        {"xx": {"impute": "mean"}},
        ("did you mean 'x'?", {"x": {"impute": "mean"}}),
    ),
    of_column(
        "a scale of a text",
        "preprocessing.columns.z.scale does not fit a column of text",
        {"z": {"scale": "robust"}},
        ("encode", {"z": {"encode": "ordinal"}}),
    ),
    of_column(
        "a code of a number",
        "preprocessing.columns.x.encode does not fit a column of numbers",
        {"x": {"encode": "ordinal"}},
        ("declare another type in clean.types", {"clean.types": {"x": "text"}}),
        ("scale", {"x": {"scale": "robust"}}),
    ),
    refusal(
        "a constant date",
        Change(
            "preprocessing.columns.t.impute must be median, mean or most_frequent for dates",
            {**DATES, "preprocessing.columns": {"t": {"impute": "constant"}}},
        ),
        Change("choose one", {"preprocessing.columns.t.impute": "mean"}),
    ),
]
