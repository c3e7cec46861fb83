"""How a file is read that a model is to score: as its training table was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import duckdb
import openpyxl
import pandas as pd
import pytest

from tenfold import cleaning, sources
from tenfold.dataset import Schema
from tenfold.models.shared.predictor import Predictor
from tenfold.params import Clean, Data
from tenfold.runtime import UserError
from tenfold.serving import scoring


class Model:
    """Answers with its own features, so that a test sees what a model gets."""

    def __init__(self, derive: dict[str, str], *numeric: str) -> None:
        kinds = dict.fromkeys("ab", "integer")
        reading = {"clean": {"derive": derive}, "kinds": kinds}
        self.schema = Schema("regression", "y", numeric, (), (), ("",), reading=reading)

    def answer(self, features: Any) -> Any:
        return features.add_prefix("got_")

    def unseen(self, features: Any) -> dict[str, Any]:
        return {}


def score(path: Path, model: Model, **how: Any) -> scoring.Scored:
    return scoring.score(path, cast(Predictor, model), scoring.Scoring(**how))


def scored(path: Path, derive: dict[str, str], *numeric: str) -> pd.DataFrame:
    return score(path, Model(derive, *numeric)).table


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    return path


def test_a_derived_column_is_made_of_those_that_it_is_derived_from(source: Path) -> None:
    derive = {"sum": "a + b", "lost": "gone * 2", "twice": '2 * "SUM"'}
    assert scored(source, derive, "twice", "a")["got_twice"].tolist() == [6.0, 14.0]


def test_a_declared_cast_is_that_of_the_training_table(source: Path) -> None:
    types = {
        "day": {"type": "date", "format": "%d.%m.%Y"},
        "size": {"type": "double", "decimal": ","},
        "b": "integer",
    }
    model = Model({}, "size", "b")
    kinds: dict[str, Any] = {"day": "date", "size": "double", "b": "integer"}
    reading = cleaning.reading(
        Data(path="t.csv", target="y"), Clean.model_validate({"types": types}), kinds
    )
    model.schema = replace(model.schema, dates=("day",), reading=reading)
    source.write_text('day,size,b\n31.12.2023,"1,5",2\n')
    found = score(source, model).table
    assert found["got_size"].tolist() == [1.5]
    assert found["got_day"].tolist() == [pd.Timestamp("2023-12-31")]


def test_a_database_is_no_file_to_score() -> None:
    with pytest.raises(UserError, match="predict scores files: write its rows to a CSV first"):
        scored(Path("sqlite:shop.db"), {}, "a")


def test_a_cell_that_a_derived_column_cannot_be_made_of_is_refused(source: Path) -> None:
    source.write_text("a,b\n1,2\n3,four\n")
    with pytest.raises(UserError, match="line 3: 'b' must be an integer, but got 'four'"):
        scored(source, {"sum": "a + b"}, "sum")


def test_a_model_s_expression_reaches_no_file_but_the_one_that_is_scored(
    source: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("secret")
    with pytest.raises((UserError, duckdb.Error)):
        scored(source, {"c": f"length((SELECT content FROM read_text('{other}')))"}, "c")
    database = sources.open_database().cursor()
    with pytest.raises(duckdb.PermissionException):
        database.execute(f"FROM read_text('{other}')")


@pytest.mark.parametrize(
    ("lines", "first", "others"),
    [
        (
            "1,2\nx,4\n5,y\n7,8",
            "'a' must be a finite number, but got 'x': correct it",
            "1 more row",
        ),
        ("1,2\n3\nx,4\n5", "malformed: 1 cells, but the header has 2: mend it", "2 more rows"),
    ],
)
def test_a_file_with_rows_that_cannot_be_read_is_refused_by_the_first_and_their_number(
    source: Path, lines: str, first: str, others: str
) -> None:
    source.write_text(f"a,b\n{lines}\n")
    with pytest.raises(scoring.UnreadableRows) as refused:
        score(source, Model({}, "a", "b"))
    said = str(refused.value)
    assert f"line 3: {first}" in said
    assert said.endswith(f"{others} cannot be read")


def test_rows_that_cannot_be_read_are_set_aside_with_line_and_reason(source: Path) -> None:
    source.write_text('a,b,note\n1,2,x\nx,4,"y\nz"\n5,6\n\n7,inf,w\n9,10,v\n')
    found = score(source, Model({}, "a", "b"), skip_bad=True)
    assert found.table["got_a"].tolist() == [1.0, 9.0]
    assert found.rows["note"].tolist() == ["x", "v"]
    rejected = found.rejected.set_index("tenfold_line")
    assert rejected["tenfold_reason"].to_dict() == {
        3: "'a' must be a finite number, but got 'x'",
        5: "malformed: 2 cells, but the header has 3",
        6: "malformed: an empty line",
        7: "'b' must be a finite number, but got 'inf'",
    }
    assert rejected["note"].dropna().to_dict() == {3: "y\nz", 7: "w"}
    assert rejected["tenfold_content"].dropna().to_dict()[5] == "5,6"


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_titles_above_the_header_of_a_file_are_its_own(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"in.{ending}"
    rows: list[list[Any]] = [["Orders of May"], [], ["a", "b"], [1, 2], [3, "four"]]
    if ending == "csv":
        path.write_text("\n".join(",".join(map(str, row)) for row in rows))
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(path)
    found = score(path, Model({}, "a"))
    assert found.table["got_a"].tolist() == [1.0, 3.0]
    assert found.notes == [f"{path}: 2 lines are skipped, above the one that names 'a'"]


def test_a_derived_value_that_is_not_finite_is_refused(source: Path) -> None:
    source.write_text("a,b\n1,2\n3,0\n")
    with pytest.raises(UserError, match="line 3: 'share' must be a finite number, but got inf"):
        score(source, Model({"share": "a / b"}, "share"))


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16", "cp1251"])
def test_the_encoding_of_a_file_is_its_own_and_not_the_training_table_s(
    source: Path, encoding: str
) -> None:
    towns = ["M\u00fcnchen", "K\u00f6ln", "D\u00fcsseldorf"]
    if encoding == "cp1251":
        towns = [
            "\u041c\u043e\u0441\u043a\u0432\u0430",
            "\u041a\u0430\u0437\u0430\u043d\u044c",
            "\u041e\u043c\u0441\u043a",
        ]
    rows = "".join(f"{number},{town}\n" for number, town in enumerate(towns))
    source.write_bytes(f"a,town\n{rows}".encode(encoding))
    model = Model({}, "a")
    reading = {**model.schema.reading, "data": {"encoding": "cp1250"}}
    model.schema = replace(model.schema, categorical=("town",), reading=reading)
    found = score(source, model)
    assert found.table["got_town"].tolist() == towns
    told = [] if encoding.startswith("utf") else [f"is not UTF-8, and was read as {encoding}: "]
    assert len(found.notes) == len(told)
    assert all(words in note for words, note in zip(told, found.notes, strict=True))
