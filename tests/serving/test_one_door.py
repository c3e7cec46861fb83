"""A cell means the same in training, in a file to score and in a request, or is refused by each."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from mlflow.models.utils import _enforce_schema
from mlflow.utils.proto_json_utils import dataframe_from_parsed_json

from tenfold import cleaning
from tenfold.dataset import ROW, Schema
from tenfold.models.shared.predictor import Predictor
from tenfold.params import Clean, Data
from tenfold.runtime import UserError
from tenfold.serving import app, pyfunc, scoring
from tenfold.sources import LINE

# A column's declaration, and cells: well-formed, nearly so, markers, and what is another column's.
COLUMNS: dict[str, tuple[Any, list[str]]] = {
    "plain": (
        "double",
        [
            *("1", "-2.5", "1e3", ".5", "007", "+3", " 4 ", "2.0", "-999", "-999.0", "1e300"),
            *("1_000", "0x1", "inf", "nan", "abc", "1,5", "1 000", "5%", "true", "\u22125"),
        ],
    ),
    "euro": ({"type": "double", "decimal": ","}, ["1,5", "1.5", "2", "-,5", "1.000,5", "-999"]),
    "money": (
        {"type": "double", "strip": ["$", "USD"], "thousands": ","},
        ["$1,200", "1200", "1,20", "$ 5", "5 USD", "-$3", "abc", "12,34,567", "$", "-999"],
    ),
    "share": ({"type": "double", "percent": True}, ["5%", "0.5 %", "5", "0", "%", "-999%"]),
    "loss": ({"type": "double", "negative": "brackets"}, ["(5)", "-5", "(5", "(-5)", "5.5"]),
    "dose": ({"type": "double", "detection_limit": "missing"}, ["<0.5", ">3", "2", "< x"]),
    "size": ({"type": "double", "multiples": {"k": 1000}}, ["5k", "5", "k", "2.5k", "5m"]),
    "count": ("integer", ["1", "1.0", "1.5", "-3", " 7", "9007199254740993", "1e2", "x"]),
    "flag": ("boolean", ["true", "TRUE", "no", "0", "1", "1.0", "maybe", "False"]),
    "day": (
        {"type": "date", "format": "%d/%m/%y"},
        ["05/03/20", "2020-03-05", "31/02/20", "5/3/20", "2020-13-01", "05.03.20", "20200305"],
    ),
    "when": (
        "date",
        ["2024-05-31", "2024-05-31T13:45:00+02:00", "2024-02-30", "31.05.2024", " 2024-01-01"],
    ),
    "town": (
        "text",
        ["Paris", " Paris", "paris", "None", "NULL", "nan", "3", "3.0", "true", "\u00df", "x,y"],
    ),
}
ANYWHERE = ["", " ", "NA", " NA", "N/A"]


@dataclass(frozen=True)
class Table:
    """Cells as texts, and the rules by which they are read."""

    cells: pd.DataFrame
    rules: dict[str, Any]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Tables of some of `COLUMNS`, with markers and replacements of all or of one."""
    names = draw(st.lists(st.sampled_from(list(COLUMNS)), min_size=2, max_size=4, unique=True))
    n_rows = draw(st.integers(4, 12))
    cells = {
        name: draw(
            st.lists(
                st.sampled_from([*COLUMNS[name][1] * 3, *ANYWHERE]),
                min_size=n_rows,
                max_size=n_rows,
            )
        )
        for name in names
    }
    some = st.lists(st.sampled_from(names), max_size=2, unique=True)
    rules = {
        "types": {name: COLUMNS[name][0] for name in names},
        "trim": draw(st.booleans()),
        "missing_values": ["", *draw(st.sampled_from([[], ["NA"], ["NA", "-999", "None"]]))],
        "column_missing_values": {
            name: ["", draw(st.sampled_from(COLUMNS[name][1]))] for name in draw(some)
        },
        "replace": {
            name: {
                draw(st.sampled_from(COLUMNS[name][1])): draw(st.sampled_from([None, "8", "zz"]))
            }
            for name in draw(some)
        },
        "drop_duplicates": False,
    }
    target = [str(number) for number in range(n_rows)]
    return Table(pd.DataFrame({**cells, "y": target}), rules)


class Model:
    """Answers with the features it gets."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.model_config: dict[str, Any] = {}

    def get_raw_model(self) -> Model:
        return self

    def answer(self, features: pd.DataFrame) -> pd.DataFrame:
        return self.schema.frame(features).add_prefix("got_").astype(object)

    def unseen(self, features: pd.DataFrame) -> dict[str, Any]:
        return {}


# Of every row, by its place: what the model gets, or None if the row is refused.
Rows = dict[int, tuple[Any, ...] | None]


def rows_of(answers: pd.DataFrame, places: Any) -> Rows:
    """What a model got, row by row; NaN and NaT are equal to themselves."""
    cells = answers.astype(object).where(answers.notna(), None)
    return dict(zip(places, cells.itertuples(index=False, name=None), strict=True))


def trained(table: Table, folder: Path) -> tuple[Model, Rows] | None:
    """How stage clean reads a table; None if it leaves nothing to learn from a column."""
    table.cells.to_csv(folder / "t.csv", index=False)
    data, rules = Data(path=str(folder / "t.csv"), target="y"), Clean.model_validate(table.rules)
    (folder / "out").mkdir()
    try:
        report = cleaning.clean(data, rules, "regression", folder / "out")
    except UserError as refused:
        assert "no row is left" in str(refused) or "no feature column" in str(refused)
        return None
    kinds = {column: report["columns"][column]["type"] for column in report["columns"]}
    del kinds["y"]
    if len(kinds) < len(table.cells.columns) - 1:  # It may have rejected rows for an empty one.
        return None
    of_kind = {
        kind: tuple(name for name in kinds if kinds[name] == kind)
        for kind in ("integer", "double", "text", "date")
    }
    schema = Schema(
        "regression", "y", of_kind["integer"] + of_kind["double"], of_kind["text"], (),
        tuple(report["missing_values"]), of_kind["date"], report["reading"],
    )  # fmt: skip
    model = Model(Schema.from_json(json.loads(json.dumps(schema.to_json()))))
    clean = pq.read_table(folder / "out/table.parquet").to_pandas()
    expected: Rows = dict.fromkeys(range(len(table.cells)))
    return model, expected | rows_of(model.answer(clean), clean[ROW] - 2)


def write(table: pd.DataFrame, path: Path) -> Path:
    """Write a table of texts in the format of the path's ending."""
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for row in (list(table), *table.itertuples(index=False, name=None)):
            book.active.append(row)
        book.save(path)
    elif path.suffix == ".parquet":
        table.to_parquet(path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(f"{json.dumps(row)}\n" for row in table.to_dict("records")))
    else:
        table.to_csv(path, index=False)
    return path


def scored(model: Model, path: Path) -> Rows:
    """How a file is read that is to be scored."""
    found = scoring.score(path, cast(Predictor, model), scoring.Scoring(skip_bad=True))
    first = 2 if path.suffix == ".csv" else 1
    places = [*(found.rows.index - first), *(found.rejected[LINE] - first)]
    return rows_of(found.answers, places[: len(found.rows)]) | dict.fromkeys(
        places[len(found.rows) :]
    )


def requested(model: Model, records: list[dict[Any, Any]]) -> Rows:
    """How MLflow's server and the model read a request."""
    signature = pyfunc.signature(model.schema)
    asked = [{name: row[name] for name in signature.inputs.input_names()} for row in records]
    parse: Any = dataframe_from_parsed_json
    table = parse(json.loads(json.dumps(asked)), "records", signature.inputs)
    read = pyfunc.Served(cast(Predictor, model))._requests.read(
        _enforce_schema(table, signature.inputs)
    )
    return rows_of(model.answer(read.features), range(len(records))) | dict.fromkeys(
        cell.row for cell in read.bad
    )


def with_numbers(table: Table) -> list[dict[Any, Any]]:
    """Records in which a number of a column of plain numbers is a number of JSON."""

    def number(text: str) -> Any:
        try:
            value = json.loads(text)
        except ValueError:
            return text
        return value if json.dumps(value) == text else text  # 1e2 is no integer, and 100.0 is.

    plain = [name for name in table.cells if name in ("plain", "count")]
    return [
        {name: number(cell) if name in plain else cell for name, cell in row.items()}
        for row in table.cells.to_dict("records")
    ]


# Beside a missing cell pandas makes doubles of JSON's integers.
LARGE_INTEGERS = Table(
    pd.DataFrame({"count": ["9007199254740993", "", *map(str, range(9))], "y": range(11)}).astype(
        {"y": str}
    ),
    {"types": {"count": "integer"}, "missing_values": [""], "drop_duplicates": False},
)

# A rule knows an integer by all of its digits.
REPLACED_INTEGERS = Table(
    LARGE_INTEGERS.cells,
    LARGE_INTEGERS.rules | {"replace": {"count": {"9007199254740993": None}}},
)


@pytest.mark.slow
@example(REPLACED_INTEGERS)
@example(LARGE_INTEGERS)
@settings(max_examples=10, phases=set(Phase) - {Phase.shrink, Phase.explain})
@given(tables())
def test_a_row_has_the_same_features_by_every_road_or_is_refused(table: Table) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = trained(table, folder)
        if found is None:
            return
        model, expected = found
        for ending in ("csv", "parquet", "xlsx", "jsonl"):
            assert scored(model, write(table.cells, folder / f"in.{ending}")) == expected, ending
        records = table.cells.to_dict("records")
        assert requested(model, records) == expected
        assert requested(model, with_numbers(table)) == expected
        assert requested(model, records[:1]) == {0: expected[0]}
        server = app.CheckedServer(None, model)
        body = table.cells.iloc[:1].to_csv(index=False).encode()
        if expected[0] is None:
            with pytest.raises(UserError, match="must be"):
                server._answer_csv(body)
        else:
            [answer] = server._answer_csv(body)["predictions"]
            assert rows_of(pd.DataFrame([answer], dtype=object), [0]) == {0: expected[0]}


@dataclass(frozen=True)
class Case:
    """A column that public reports tell of, and cells that mean the same by every road.

    Attributes:
        cells: of the training table.
        rules: of `clean:`.
        files: each road's cells, in a CSV.
        requests: cells in JSON.
        expected: what the model gets.
    """

    cells: list[str]
    rules: dict[str, Any]
    files: list[str]
    requests: list[Any]
    expected: list[Any]


CASES = {
    "codes that programs write as floats": Case(
        ["1", "2", "X"], {}, ["1.0", "2", "1"], [1, 2.0, "1.0"], ["1", "2", "1"]
    ),
    "booleans": Case(
        ["True", "False"], {}, ["TRUE", "false", "True"], [True, False, "True"],
        ["true", "false", "true"],
    ),
    "NA and None as values": Case(
        ["NA", "None", "Gd", ""], {"missing_values": [""]}, ["NA", "None", "null"],
        ["NA", "None", "null"], ["NA", "None", "null"],
    ),
    "None as a marker of one column": Case(
        ["1", "None"], {"column_missing_values": {"x": ["", "None"]}}, ["None", "3", ""],
        ["None", 3, None], [None, 3.0, None],
    ),
    "a marker that is a number": Case(
        ["-999", "5", "2.5"], {"missing_values": ["", "-999"]}, ["-999.0", "-9.99e2", "5"],
        [-999, "-999.00", 5], [None, None, 5.0],
    ),
    "a number that is replaced": Case(
        ["0", "5"], {"replace": {"x": {"0": None}}}, ["0.0", "5.0", "0"], [0.0, 5, "0"],
        [None, 5.0, None],
    ),
    "two-digit years": Case(
        ["24/06/22", "29/11/19"], {"types": {"x": {"type": "date", "format": "%d/%m/%y"}}},
        ["05/03/20", "2020-03-05", ""], ["05/03/20", "2020-03-05", None],
        [pd.Timestamp("2020-03-05"), pd.Timestamp("2020-03-05"), None],
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_cells_of_public_reports_mean_the_same_by_every_road(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    cells = pd.DataFrame({"x": case.cells, "y": [str(n) for n in range(len(case.cells))]})
    found = trained(Table(cells, case.rules), tmp_path)
    assert found
    model, _ = found
    file = pd.DataFrame({"x": case.files, "note": "."})
    got = {place: "(missing)" if model.schema.categorical and value is None else value
           for place, value in enumerate(case.expected)}  # fmt: skip
    expected: Rows = {place: (value,) for place, value in got.items()}
    assert scored(model, write(file, tmp_path / "in.csv")) == expected
    assert scored(model, write(file, tmp_path / "in.xlsx")) == expected
    assert requested(model, [{"x": cell} for cell in case.requests]) == expected
    for place, cell in enumerate(case.requests):
        assert requested(model, [{"x": cell}]) == {0: expected[place]}


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("20200305", "must be a date written as %d/%m/%y, or an ISO 8601 date"),
        (20200305, "must be a date written as %d/%m/%y, or an ISO 8601 date"),
        (True, "but got True"),
        ([1], "must be a single value, but got [1]"),
    ],
)
def test_a_refusal_names_the_declared_format_and_the_cell_as_it_was_given(
    cell: Any, said: str
) -> None:
    rules = {"types": {"x": {"type": "date", "format": "%d/%m/%y"}}}
    reading = {"clean": rules, "kinds": {"x": "date"}}
    schema = Schema("regression", "y", (), (), (), ("",), ("x",), reading)
    model = cast(Predictor, Model(schema))
    [bad] = pyfunc.Served(model)._requests.read(pd.DataFrame({"x": [cell]}, dtype=object)).bad
    assert said in str(bad)
    assert str(bad).endswith(f"but got {cell!r}")
