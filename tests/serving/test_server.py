"""The champion behind a real scoring server, and what the registry holds of it."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tenfold.dataset import Schema
from tenfold.models.shared import predictor
from tenfold.runtime import UserError
from tenfold.serving import app
from tests.project import Project
from tests.server import Server

NUMBER, TEXT = "mean_radius", "scanner"


@pytest.fixture(scope="module")
def server(finished: Project) -> Iterator[Server]:
    served = Server(finished, "serve", "/ping")
    yield served
    served.stop()


@pytest.fixture(scope="module")
def row(finished: Project) -> dict[str, Any]:
    """A test row as a client would send it."""
    schema = Schema.from_report(finished.json("outputs/split/report.json"))
    table = pd.read_parquet(finished / "outputs/split/test.parquet")
    first = table[list(schema.features)].dropna().iloc[0]
    found = {name: first[name] for name in schema.features}
    assert isinstance(found[NUMBER], float)
    assert isinstance(found[TEXT], str)
    return found


@pytest.fixture(scope="module")
def folder(finished: Project) -> Path:
    """Where the registry keeps the champion."""
    name, number = "breast_cancer", finished.champion_version()
    return Path(finished.client().get_model_version_download_uri(name, number).split("://")[-1])


def invoke(server: Server, *rows: dict[str, Any]) -> tuple[int, Any]:
    status, body = server.ask("/invocations", {"dataframe_records": list(rows)})
    return status, json.loads(body)


def probabilities(answer: Any) -> dict[str, float]:
    [first] = answer["predictions"]
    return {name: p for name, p in first.items() if name.startswith("probability_")}


def test_the_answer_over_http_is_the_one_in_process(
    server: Server, row: dict[str, Any], finished: Project
) -> None:
    status, answer = invoke(server, row)
    assert status == 200
    champion = finished.json("outputs/metrics.json")["champion"]
    model = predictor.load(finished / f"outputs/train/{champion}/model")
    [expected] = model.answer(pd.DataFrame([row])).to_dict("records")
    assert answer == {"predictions": [expected]}
    assert expected["prediction"] in ("benign", "malignant")


def test_many_rows_are_answered_in_their_order(
    server: Server, row: dict[str, Any], finished: Project
) -> None:
    other = {**row, NUMBER: 25.0, "worst_area": 3000.0, "worst_radius": 33.0}
    status, answer = invoke(server, row, other, row)
    assert status == 200
    first, second, third = answer["predictions"]
    assert first == third != second


@pytest.mark.parametrize("column", [NUMBER, TEXT])
def test_a_missing_column_is_named(server: Server, row: dict[str, Any], column: str) -> None:
    status, answer = invoke(server, {name: row[name] for name in row if name != column})
    assert status == 400
    assert column in answer["message"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (NUMBER, "wide"),
        (NUMBER, "1_000"),
        (NUMBER, math.inf),
        (NUMBER, [1.0]),
        (NUMBER, True),
        (TEXT, [1.0]),
        (TEXT, 2.0**60),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_by_its_column(
    server: Server, row: dict[str, Any], column: str, value: Any
) -> None:
    status, answer = invoke(server, row, {**row, column: value})
    assert status == 400
    assert f"column '{column}', row 1: must be " in answer["message"]
    assert answer["message"].endswith(f"but got {value!r}")
    assert "np." not in answer["message"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *((NUMBER, None), (NUMBER, 17), (NUMBER, " 17.5 "), (NUMBER, "")),
        *((TEXT, None), (TEXT, "Z9"), (TEXT, ""), (TEXT, 5), (TEXT, True)),
    ],
)
def test_a_null_an_unknown_category_and_an_integer_are_answered(
    server: Server, row: dict[str, Any], column: str, value: Any
) -> None:
    status, answer = invoke(server, {**row, column: value})
    assert status == 200
    assert set(probabilities(answer)) == {"probability_benign", "probability_malignant"}
    assert sum(probabilities(answer).values()) == pytest.approx(1.0, abs=1e-6)
    assert all(0 <= p <= 1 for p in probabilities(answer).values())


def test_a_row_of_nothing_but_nulls_is_answered(server: Server, row: dict[str, Any]) -> None:
    status, answer = invoke(server, dict.fromkeys(row))
    assert status == 200
    assert sum(probabilities(answer).values()) == pytest.approx(1.0, abs=1e-6)


def test_a_category_that_no_training_row_had_is_named_in_the_answer(
    server: Server, row: dict[str, Any]
) -> None:
    status, answer = invoke(server, row, {**row, TEXT: "Z9"}, {**row, TEXT: None})
    assert status == 200
    assert [one["unseen_categories"] for one in answer["predictions"]] == ["", TEXT, ""]


def test_a_csv_is_read_as_a_file_is(server: Server, row: dict[str, Any], folder: Path) -> None:
    rows = [{**row, "note": "a, b"}, {**row, NUMBER: "?", TEXT: " NA "}, {**row, TEXT: "None"}]
    text = pd.DataFrame(rows, dtype=object).to_csv(index=False)
    status, body = server.ask("/invocations", text, "text/csv")
    assert status == 200
    _, expected = invoke(server, row, {**row, NUMBER: None, TEXT: None}, {**row, TEXT: "None"})
    assert json.loads(body) == expected
    assert expected["predictions"][2]["unseen_categories"] == TEXT

    wide = pd.DataFrame([row, {**row, NUMBER: "wide"}], dtype=object).to_csv(index=False)
    status, body = server.ask("/invocations", wide, "text/csv; charset=utf-8")
    assert status == 400
    said = json.loads(body)["message"]
    assert f"the request, line 3: '{NUMBER}' must be a finite number, but got 'wide'" in said
    assert "--rejects" not in said


def test_mlflow_s_own_server_refuses_a_csv_which_pandas_would_misread(folder: Path) -> None:
    from mlflow import MlflowException, pyfunc
    from mlflow.pyfunc import scoring_server

    model = pyfunc.load_model(str(folder))
    schema = model.metadata.get_input_schema()
    answer: Any = scoring_server.invocations
    with pytest.raises(MlflowException) as refused:
        answer("a,b\n1,2\n", "text/csv", model, schema)
    assert refused.value.error_code == "BAD_REQUEST"


@pytest.mark.parametrize("name", ["n_sample", "method", ""])
def test_a_parameter_that_does_not_exist_is_refused(
    server: Server, row: dict[str, Any], name: str
) -> None:
    request = {"dataframe_records": [row], "params": {name: 1}}
    status, body = server.ask("/invocations", request)
    assert status == 400
    said = json.loads(body)["message"]
    assert f"params must not hold {name!r}" in said
    assert "known: intervals, n_samples, seed" in said


def test_what_is_no_json_is_a_bad_request(server: Server) -> None:
    status, _ = server.ask("/invocations", "{")
    assert status == 400


def test_the_registered_model_is_signed_exemplified_and_pinned(
    folder: Path, finished: Project, row: dict[str, Any]
) -> None:
    from mlflow.models import Model

    model = Model.load(str(folder))
    signature = model.signature
    assert signature is not None
    kinds = {column["name"]: column["type"] for column in signature.inputs.to_dict()}
    assert kinds == dict.fromkeys(row, "any")
    outputs = {column["name"]: column["type"] for column in signature.outputs.to_dict()}
    assert outputs == {
        "prediction": "string",
        "probability_benign": "double",
        "probability_malignant": "double",
        "unseen_categories": "string",
    }
    asked = {param["name"]: param["default"] for param in signature.params.to_dict()}
    assert asked == {"n_samples": 0, "seed": 0, "intervals": False}
    assert model.saved_input_example_info is not None
    example = json.loads((folder / "input_example.json").read_text())
    assert set(example["columns"]) == set(row)
    requirements = (folder / "requirements.txt").read_text().split()
    assert all("==" in requirement for requirement in requirements)
    assert f"scikit-learn=={version('scikit-learn')}" in requirements


def test_the_input_example_is_answered(server: Server, folder: Path) -> None:
    example = (folder / "serving_input_example.json").read_text()
    status, _ = server.ask("/invocations", example)
    assert status == 200


@pytest.mark.parametrize("value", [None, 2.5, "many"])
def test_a_number_of_samples_that_is_none_is_refused_in_words(
    server: Server, folder: Path, value: Any
) -> None:
    request = json.loads((folder / "serving_input_example.json").read_text())
    status, answer = server.ask(
        "/invocations", json.dumps(request | {"params": {"n_samples": value}})
    )
    assert status == 400
    assert "n_samples" in str(answer)
    assert "Traceback" not in str(answer)


def test_no_file_of_the_registered_model_is_a_pickle(folder: Path) -> None:
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert any(file.suffix == ".skops" for file in files)
    for file in files:
        assert file.suffix not in {".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt"}, file
        contents = {file.name: file.read_bytes()}
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                contents = {name: archive.read(name) for name in archive.namelist()}
        for name, content in contents.items():
            assert not (content[:1] == b"\x80" and content[-1:] == b"."), f"{file}: {name}"


def test_the_registered_model_loads_where_pickle_is_forbidden(
    finished: Project, row: dict[str, Any]
) -> None:
    code = (
        "import json, sys, mlflow, pandas; "
        "model = mlflow.pyfunc.load_model('models:/breast_cancer@champion'); "
        "print(model.predict(pandas.DataFrame([json.loads(sys.argv[1])])).to_json())"
    )
    env = {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false", "MLFLOW_TRACKING_URI": finished.store}
    printed = finished.run("python", "-c", code, json.dumps(row), env=env)
    assert json.loads(printed)["prediction"]["0"] in ("benign", "malignant")


def test_the_registered_model_loads_with_its_own_code_where_no_tenfold_is_installed(
    finished: Project, folder: Path, row: dict[str, Any]
) -> None:
    code = (
        "import importlib.util, json, sys, mlflow, pandas; "
        "sys.meta_path = [f for f in sys.meta_path if 'editable' not in repr(f)]; "
        "sys.path = [p for p in sys.path if not p.endswith('src')]; "
        "assert importlib.util.find_spec('tenfold') is None; "
        "model = mlflow.pyfunc.load_model(sys.argv[1]); "
        "model.predict(pandas.DataFrame([json.loads(sys.argv[2])])); "
        "files = {m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'tenfold'}; "
        "print(*files, sep='\\n')"
    )
    printed = finished.run(
        "python", "-c", code, str(folder), json.dumps(row), env={"PYTHONPATH": ""}
    )
    assert all(Path(file).is_relative_to(folder / "code") for file in printed.split())
    assert "serving/pyfunc.py" in printed


def test_a_regression_answers_a_number(line: Project) -> None:
    server = Server(line, "serve", "/ping", forked=True)
    try:
        status, answer = invoke(server, {"x": 6})
    finally:
        server.stop()
    assert status == 200
    [only] = answer["predictions"]
    assert set(only) == {"prediction"}  # It has no categories.
    assert only["prediction"] == pytest.approx(11, abs=0.1)


@pytest.mark.slow
def test_a_model_that_cannot_be_loaded_ends_the_server_with_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import mlflow.pyfunc.scoring_server  # Until then `mlflow.pyfunc` is a stand-in.

    def refuse(model_uri: str) -> None:
        raise UserError(f"{model_uri} lacks a file: run it again")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(app.MODEL, "models:/wine/1")
    monkeypatch.setattr(mlflow.pyfunc, "load_model", refuse)
    with pytest.raises(SystemExit) as ended:
        app.create()
    assert ended.value.code == 2
    assert capsys.readouterr().err == "error: models:/wine/1 lacks a file: run it again\n"
