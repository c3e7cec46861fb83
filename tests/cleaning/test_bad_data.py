"""Rules that cannot be right, lines and JSON that are no rows; tests/bad_input/ has the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tenfold import cleaning, runtime
from tenfold.params import Clean, Data


@pytest.fixture(autouse=True)
def _inside_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refusal(file: str, **given: Any) -> str:
    """The message for a source in a file, after checking that no output is left."""
    rules, task = Clean(**given.pop("clean", {})), given.pop("task", "binary")
    data = Data(path=file, target=given.pop("target", "y"), **given)
    before = {path for path in Path().iterdir() if path.name != str(runtime.SCRATCH)}
    with pytest.raises(runtime.UserError) as refused, runtime.directory(Path("out")) as out:
        cleaning.clean(data, rules, task, out)
    after = {path for path in Path().iterdir() if path.name != str(runtime.SCRATCH)}
    assert after == before
    message = str(refused.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        (b"a,y\n1,2\n3\n5,6\n", 3, "1 cells, but the header has 2"),
        (b"a,y\n1,2\n3,4,5\n5,6\n", 3, "3 cells, but the header has 2"),
        (b'a,y\n"1\n2",2\n4,5,6\n5,6\n', 4, "3 cells, but the header has 2"),
        (b"a,y\n1,2\n\n5,6\n", 3, "an empty line"),
        (b'a,y\n1,2\n"3,4\n5,6\n', 3, "a quote is not closed"),
        (b'a,y\n1,2\n"3" x,4\n5,6\n', 3, "',' expected after '\"'"),
        (b"a,y\n1,2\n3\0,4\n5,6\n", 3, "a zero byte"),
    ],
)
def test_a_line_that_is_no_record_is_kept_with_its_reason(
    content: bytes, line: int, reason: str
) -> None:
    Path("t.csv").write_bytes(content)
    Path("out").mkdir()
    report = cleaning.clean(Data(path="t.csv", target="y"), Clean(), "binary", Path("out"))
    assert (report["read"], report["kept"]) == (3, 2)
    assert report["rejected"] == {f"malformed: {reason}": 1}
    (odd,) = pq.read_table("out/rejected.parquet").to_pylist()
    assert (odd["tenfold_source"], odd["tenfold_line"]) == ("t.csv", line)
    assert odd["tenfold_reason"] == f"malformed: {reason}"
    assert odd["tenfold_content"] in content.replace(b"\0", b"").decode()
    kept = pq.read_table("out/table.parquet").to_pylist()
    assert [row["y"] for row in kept] == [2, 6]


@pytest.mark.parametrize(
    ("content", "file", "message"),
    [
        ("[]", "t.json", "has no rows"),
        ('[{"a": 1, "y": 2}', "t.json", "is it cut off?"),
        ('[{"a": 1}, {"a": tru}]', "t.json", "Malformed JSON"),
        ('[{"a": {"b": 1}, "y": 2}]', "t.json", "'a' holds a nested value in record 1"),
        ('{"y": 1}\n{"y": [2]}', "t.jsonl", "'y' holds a nested value in record 2"),
        ('[{"a": 1, "a": 2, "y": 1}]', "t.json", "record 1 is malformed: a key twice"),
        ('{"a": 1, "a": 2, "y": 1}', "t.jsonl", "none of its records is an object"),
        ('[{"a": 1}, 3]', "t.json", "record 2 is malformed: not an object but"),
        ('{"a": 1, "A": 2, "y": 1}', "t.jsonl", "differ only in case"),
        ('\ufeff[{"a": 1}]', "t.json", "byte order mark"),
    ],
)
def test_a_file_of_records_that_is_no_table_is_refused(
    content: str, file: str, message: str
) -> None:
    Path(file).write_text(content)
    assert message in refusal(file)


def test_a_zero_byte_in_a_name_is_refused() -> None:
    Path("t.csv").write_bytes(b'a,"b\x00c",y\n1,2,0\n')
    assert "column 'b\\x00c' has a zero byte in its name: rename it" in refusal("t.csv")


def test_a_delimiter_that_cannot_be_one_is_refused() -> None:
    Path("t.csv").write_text("a,y\n1,2\n")
    Path("t.json").write_text('[{"a": 1}]')
    with pytest.raises(ValueError, match="delimiter and quote must differ"):
        Data(path="t.csv", target="y", delimiter='"')
    assert "remove data.delimiter" in refusal("t.json", delimiter=",")


TABLE = "age,colour,y\n1,red,0\n2,blue,1\n-3,red,1\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("clean", "message"),
    [
        ({"drop_columns": ["colur"]}, "no column 'colur'; did you mean 'colour'?"),
        ({"types": {"agee": "double"}}, "no column 'agee'; did you mean 'age'?"),
        ({"drop_columns": ["age", "colour"]}, "no feature column is left"),
        ({"require": ["age > 100"]}, "no row is left of 3; rejected: {'require: age > 100': 3}"),
        ({"require": ["age >"]}, "'age >' is not valid SQL: syntax error at or near \">\""),
        ({"require": ["agee > 0"]}, "unknown column 'agee'; did you mean 'age'?"),
        ({"require": ['colour = "red"']}, "Text goes in single quotes"),
        ({"require": ["age + 1"]}, "must be true or false, but is BIGINT"),
        ({"require": ["age > 0) , (true"]}, "must be one expression"),
        ({"require": ["age > 0; DROP TABLE raw"]}, "is not valid SQL"),
        ({"require": ["sum(age) > 0"]}, "holds the aggregate sum()"),
        ({"require": ["geomean(age) > 0"]}, "holds the function geomean()"),
        ({"require": ["age > avg(age) OVER ()"]}, "holds a window"),
        ({"require": ["age IN (SELECT 1)"]}, "holds a subquery"),
        ({"require": ["(SELECT content FROM read_text('t.csv')) > ''"]}, "holds a subquery"),
        ({"require": ["read_text('t.csv') IS NULL"]}, "read_text()"),
        ({"require": ["random() < 0.5"]}, "random(), whose answer changes"),
        ({"require": ["current_date > '2020-01-01'"]}, "the time, which changes"),
        ({"require": ["COLUMNS(*) IS NOT NULL"]}, "columns without their names"),
        ({"require": ["colour::INT > 0"]}, "'colour::INT > 0' fails on a row"),
        ({"require": ["nosuch(age)"]}, "is not valid here"),
        ({"require": ["age > $1"]}, "must be one expression about a row"),
        ({"require": ["true) UNION SELECT (true"]}, "must be one expression about a row"),
        ({"require": ["age < 0) AND (age < 9"]}, "must be one expression about a row"),
        ({"require": ["age > 0) OR (1 = 1"]}, "must be one expression about a row"),
        ({"derive": {"more": "age) + (1"}}, "must be one expression about a row"),
        ({"derive": {"A B": "age", "a b": "age"}}, "'A B' and 'a b' differ only in case"),
        ({"derive": {"": "age"}}, "clean.derive: column 1 has no name"),
        (
            {"require": ["true) FROM read_text('/etc/passwd'); SELECT (true"]},
            "must be one expression about a row",
        ),
        ({"require": ["true) FROM rows; SELECT (true"]}, "must be one expression about a row"),
        (
            {"require": ["current_localtimestamp() > TIMESTAMP '2020-01-01'"]},
            "holds current_localtimestamp(), whose answer changes",
        ),
        ({"require": ["age(DATE '2000-01-01') > INTERVAL 1 DAY"]}, "holds age(), whose answer"),
        ({"require": ["age.age() > INTERVAL 1 DAY"]}, "holds age(), whose answer changes"),
        ({"require": ["current_database() = 'memory'"]}, "holds current_database(), whose answer"),
        ({"require": ["current_user = 'me'"]}, "holds current_user, which is not about a row"),
        ({"require": ["version() = 'v1'"]}, "holds version(), whose answer changes"),
        ({"require": ["session_user() = 'me'"]}, "session_user()"),
        ({"require": ["unnest([age > 1])"]}, "holds unnest(), which gives no single value"),
        ({"require": ["grouping(age) = 0"]}, "is not valid here"),
    ],
)
def test_a_rule_that_cannot_be_applied_is_refused(clean: dict[str, Any], message: str) -> None:
    Path("t.csv").write_text(TABLE)
    assert message in refusal("t.csv", clean=clean)


@pytest.mark.slow
@pytest.mark.parametrize(
    "predicate",
    [
        "repeat(colour, 2) IN ('redred', 'blueblue')",
        "len(range(age + 4)) > 0",
        "age(DATE '2001-01-01', DATE '2000-01-01') = INTERVAL 1 YEAR",
        "list_sum([age, 1]) > -9 AND list_transform([age], lambda x: x + 1)[1] > -9",
        "split_part(colour, 'e', 1) IN ('r', 'blu') -- a macro",
        "age BETWEEN -9 AND 9",
        "colour SIMILAR TO '[a-z]+' AND colour LIKE '%e%'",
        "CASE WHEN age > 0 THEN true ELSE colour COLLATE NOCASE = 'RED' END",
        "date_part('year', DATE '2020-05-01' + INTERVAL 1 DAY) = 2020",
    ],
)
def test_a_function_that_answers_alike_for_equal_cells_may_be_asked(predicate: str) -> None:
    Path("t.csv").write_text(TABLE)
    Path("out").mkdir()
    rules = Clean(require=[predicate])
    report = cleaning.clean(Data(path="t.csv", target="y"), rules, "binary", Path("out"))
    assert report["kept"] == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "given", "message"),
    [
        (TABLE, {"target": "Y"}, "no column 'Y'"),
        (TABLE, {"target": "agee"}, "no column 'agee'; did you mean 'age'?"),
        (TABLE, {"target": "colour", "task": "regression"}, "'colour' is 'red' in line 2"),
        ("a,y\n1,2\n2,x9\n", {"task": "regression"}, "'y' is 'x9' in line 3: change task"),
        ("a,y\n1,2\n2,07\n", {"task": "regression"}, "'y' is '07' in line 3"),
        ("a,y\n1,\n2,\n", {}, "no row is left"),
        (
            "a,y\n1,2\n2,\n",
            {"clean": {"drop_missing_target": False}},
            "1 rows have no 'y' (first: line 3)",
        ),
    ],
)
def test_a_target_that_cannot_be_one_is_refused(
    content: str, given: dict[str, Any], message: str
) -> None:
    Path("t.csv").write_text(content)
    assert message in refusal("t.csv", **given)
