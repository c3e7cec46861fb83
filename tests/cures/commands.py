"""Refusals of `tenfold init`, `predict`, `serve` and `ui`, and of requests to a model."""

from __future__ import annotations

import contextlib
import io
import json
import socket
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from typing import Any
from unittest import mock

import pandas as pd
from mlflow.exceptions import MlflowException

from tenfold import cli, params, runtime, tracking
from tenfold import models as families
from tenfold.models.shared.predictor import Predictor
from tenfold.serving import app, pyfunc
from tenfold.tracking import database, store
from tests import bags
from tests.bad_input.making import N, X, Y, as_csv
from tests.cures import donors
from tests.cures.refusals import REMOVED, Change, Refusal, refusal
from tests.cures.refusals import database as as_database

# A project's folder as DVC and an earlier init leave it.
STARTED = {"new/.dvc/config": "", "new/params.schema.json": "{}"}
SIZES: dict[str, list[Any]] = {
    "size": [9.5, 11.0, 10.0],
    "weight": [0.1, -0.4, 1.0],
    "colour": ["red", "green", "blue"],
}


class Registered:
    """The model of `bags` as MLflow loads it."""

    def __init__(self, family: str) -> None:
        self.model_config = {"max_unseen": params.load(families).select_model.max_unseen}
        self._family = family

    def get_raw_model(self) -> Predictor:
        return predictor(self._family)


@cache
def predictor(family: str) -> Predictor:
    """A trained model."""
    if family == "mlp":
        return donors.bag().predictor
    data, asked = bags.dataset(), bags.parameters(family)
    transformers, X = bags.evaluator(family, data).inputs.whole(asked)
    model = families.family(family).fit(asked, X, data.y, 0, bags.setting(), None)
    return Predictor(family, data.schema, transformers, model)


@cache
def command(*words: str) -> Callable[[], None]:
    """What runs a command line; a refusal must be one message with exit code 2."""

    def run() -> None:
        said = io.StringIO()
        with _without_the_world(), contextlib.redirect_stderr(said):
            try:
                cli.main(list(words))
            except SystemExit as ended:
                if ended.code == cli.SOME_REJECTED:
                    return
                assert ended.code == 2
                message = said.getvalue()
                assert (message[:7], message.count("\n")) == ("error: ", 1)
                # Its context is the refusal itself.
                raise runtime.UserError(message[7:-1])  # noqa: B904

    return run


@contextlib.contextmanager
def _without_the_world() -> Iterator[None]:
    """No server is started, no store made, and the model is that of `bags`."""
    patches = (
        (cli, "_become", lambda command, environment: None),
        (tracking, "page", lambda name: ""),
        (tracking, "require_model", lambda model: None),
        (tracking, "load_model", lambda uri: Registered(uri.partition("@")[0].split("/")[-1])),
    )
    with contextlib.ExitStack() as stack, contextlib.redirect_stdout(io.StringIO()):
        for owner, name, fake in patches:
            stack.enter_context(mock.patch.object(owner, name, fake))
        yield


# Chapter: init


def of_init(
    name: str,
    says: str,
    words: tuple[str, ...],
    files: dict[str, Any],
    *cures: Change,
) -> Refusal:
    """A refusal of `tenfold init` with these words."""
    provoked = Change(says, files={**STARTED, **files}, run=_init(*words))
    return refusal(name, provoked, *cures)


def init(says: str, *words: str) -> Change:
    """A cure that is another command line of `tenfold init`."""
    return Change(says, run=_init(*words))


def _init(*words: str) -> Callable[[], None]:
    """The command line; the project is made in `new` unless a word names another folder."""
    folder = () if words[-1] in FOLDERS else ("new",)
    return command("init", *words, *folder)


def columns(**changed: Any) -> dict[str, str]:
    """A table of numbers and a target."""
    return {"t.csv": as_csv({"x": X, "n": [1, 2, 3] * 4, "y": Y, **changed})}


FOLDERS = ("empty", "t.csv/new", "per%cent", "percent")
QUERY = "SELECT * FROM t"
TEXTS = [f"what somebody wrote {number}" for number in range(60)]
OF_INIT = [
    of_init(
        "init: a target that is not there",
        "t.csv has no column 'Y'",
        ("t.csv", "--target", "Y"),
        columns(),
        init("did you mean 'y'?", "t.csv", "--target", "y"),
    ),
    of_init(
        "init: a target that is not there in a file without a header",
        "its first line holds '0.5', as rows do",
        ("t.csv", "--target", "y"),
        {"t.csv": columns()["t.csv"].partition("\n")[2]},
        init("name its columns with --columns", "t.csv", "--target", "y", "--columns", "x,n,y"),
    ),
    of_init(
        "init: a table of one column",
        "t.csv has one column",
        ("t.csv", "--target", "y"),
        {"t.csv": as_csv({"y": Y})},
        Change("a table needs a target and a feature", files=columns()),
    ),
    of_init(
        "init: nothing to learn from",
        "all columns but the target 'y' would be left out",
        ("t.csv", "--target", "y"),
        {"t.csv": as_csv({"one": [1] * N, "y": Y})},
        Change("add a column that says something of new rows", files=columns(one=[1] * N)),
    ),
    of_init(
        "init: a target of one value",
        "--target: 'one' has 1 different values",
        ("t.csv", "--target", "one"),
        columns(one=[1] * N),
        init("name another column", "t.csv", "--target", "y"),
    ),
    of_init(
        "init: a target of free text",
        "which no model predicts",
        ("t.csv", "--target", "note"),
        {"t.csv": as_csv({"note": TEXTS, "x": [*X * 5], "y": Y * 5})},
        init("name another column", "t.csv", "--target", "y"),
    ),
    of_init(
        "init: a database without a query",
        "data: query is missing",
        ("sqlite:t.db", "--target", "y"),
        {"t.db": as_database},
        init(
            "on the command line: --query",
            "sqlite:t.db",
            "--target",
            "y",
            "--query",
            "SELECT * FROM t",
        ),
    ),
    of_init(
        "init: a params.yaml that is there",
        "params.yaml is there already",
        ("t.csv", "--target", "y"),
        {**columns(), "new/params.yaml": "name: mine\n"},
        init("--force keeps it as params.yaml.old", "t.csv", "--target", "y", "--force"),
    ),
    of_init(
        "init: another project's pipeline",
        "holds another project's dvc.yaml",
        ("t.csv", "--target", "y"),
        {**columns(), "new/dvc.yaml": "stages: {}\n", "empty/.dvc/config": ""},
        init("name an empty folder", "t.csv", "--target", "y", "empty"),
    ),
    of_init(
        "init: a folder below a file",
        "t.csv/new cannot be made",
        ("t.csv", "--target", "y", "t.csv/new"),
        columns(),
        init("name another folder", "t.csv", "--target", "y"),
    ),
    of_init(
        "init: a folder whose name MLflow cannot work in",
        "must hold neither % nor both",
        ("t.csv", "--target", "y", "per%cent"),
        {**columns(), "per%cent/.dvc/config": "", "percent/.dvc/config": ""},
        init("rename a folder", "t.csv", "--target", "y", "percent"),
    ),
]

# Chapter: predict


def of_predict(
    name: str,
    says: str,
    cells: dict[str, list[Any]],
    *cures: Change,
    words: tuple[str, ...] = (),
    files: dict[str, Any] | None = None,
    declared: dict[str, Any] | None = None,
) -> Refusal:
    """A refusal of `tenfold predict`, with cells in place of sound ones."""
    provoked = Change(
        says, declared or {}, {"in.csv": rows(**cells), **(files or {})}, run=predict(*words)
    )
    return refusal(name, provoked, *cures)


def rows(**changed: Any) -> str:
    """A file to score."""
    found = {**SIZES, **changed}
    return as_csv({name: cells for name, cells in found.items() if cells is not REMOVED})


def predict(*words: str) -> Callable[[], None]:
    """The command line; networks score `in.csv` into `out.csv` unless words say otherwise."""
    files = () if words and words[-1] in NAMED else ("in.csv", "out.csv")
    model = () if "--model" in words else ("--model", "models:/mlp@champion")
    return command("predict", *model, *words, *files)


def predicted(says: str, *words: str) -> Change:
    """A cure that is another command line of `tenfold predict`."""
    return Change(says, run=predict(*words))


def scored(says: str, **cells: Any) -> Change:
    """A cure that is another file to score."""
    return Change(says, files={"in.csv": rows(**cells)})


NAMED = ("in.csv", "out.csv", "out.parquet", "none/out.csv")
NEW = {"colour": ["red", "teal", "plum"]}
WIDE = {"size": [9.5, "wide", 10.0]}
OF_PREDICT = [
    of_predict(
        "predict: no CSV to write",
        "the file to write must be a CSV, but got out.parquet",
        {},
        predicted("let it end in .csv", "in.csv", "out.csv"),
        words=("in.csv", "out.parquet"),
    ),
    of_predict(
        "predict: the file to read is the one to write",
        "in.csv is the file to read",
        {},
        predicted("name another to write", "in.csv", "out.csv"),
        words=("in.csv", "in.csv"),
    ),
    of_predict(
        "predict: a folder that is not there",
        "none is no folder that can be written to",
        {},
        predicted("name another", "in.csv", "out.csv"),
        words=("in.csv", "none/out.csv"),
    ),
    of_predict(
        "predict: rejects and answers in one file",
        "--rejects out.csv is the file to write",
        {},
        predicted("name another", "--rejects", "bad.csv", "in.csv", "out.csv"),
        words=("--rejects", "out.csv", "in.csv", "out.csv"),
    ),
    of_predict(
        "predict: a cell that is no number",
        "line 3: 'size' must be a finite number, but got 'wide'",
        WIDE,
        scored("correct it"),
        scored("leave it empty", size=[9.5, "", 10.0]),
        predicted("`--rejects FILE` writes such rows to a file", "--rejects", "bad.csv"),
    ),
    of_predict(
        "predict: no row that can be scored",
        "no row of in.csv can be scored",
        {"size": ["wide"] * 3},
        scored("bad.csv says why"),
        words=("--rejects", "bad.csv"),
    ),
    of_predict(
        "predict: an empty file",
        "in.csv is empty",
        {},
        scored("it needs a header and rows"),
        files={"in.csv": ""},
    ),
    of_predict(
        "predict: a malformed line",
        "line 3: malformed: 2 cells, but the header has 3",
        {},
        scored("mend it"),
        predicted("mend it", "--rejects", "bad.csv"),
        files={"in.csv": "size,weight,colour\n9.5,0.1,red\n11.0,-0.4\n"},
    ),
    of_predict(
        "predict: a file that lacks a column",
        "in.csv lacks the column 'weight'",
        {"weight": REMOVED, "wieght": SIZES["weight"]},
        scored("did you mean 'wieght'?"),
    ),
    of_predict(
        "predict: a database",
        "sqlite:t.db is no file, but predict scores files",
        {},
        predicted("write its rows to a CSV first", "in.csv", "out.csv"),
        words=("sqlite:t.db", "out.csv"),
    ),
    of_predict(
        "predict: a column of the name of the answer",
        "has a column 'prediction' already",
        {"prediction": [1, 2, 3]},
        scored("rename it", old_prediction=[1, 2, 3]),
    ),
    of_predict(
        "predict: more unseen categories than declared",
        "'colour': 2 rows have a category that no training row had (66.7%)",
        NEW,
        scored("correct them"),
        Change("raise it", {"select_model.max_unseen": 0.9}),
        declared={"select_model.max_unseen": 0.5},
    ),
    of_predict(
        "predict: too many samples",
        "--samples 10001: n_samples must be between 1 and 10000",
        {},
        predicted("between 1 and 10000", "--samples", "10"),
        words=("--samples", "10001"),
    ),
    of_predict(
        "predict: samples of a model without a spread",
        "has no spread",
        {},
        predicted("it is not a network", "--model", "models:/linear@champion"),
        predicted("it is not a network", "--samples", "10"),
        words=("--samples", "10", "--model", "models:/linear@champion"),
    ),
    of_predict(
        "predict: intervals of a model that has none",
        "--intervals: the model has no intervals (select_model.intervals is off)",
        {},
        predicted("or do not ask for them"),
        words=("--intervals",),
    ),
]

# Chapter: requests


@cache
def asked(body: str, kind: str = "json") -> Callable[[], None]:
    """What sends a request to the model."""

    def run() -> None:
        model = pyfunc.Served(predictor("mlp"), 0.5)
        if kind == "csv":
            app.CheckedServer(None, Registered("mlp"))._answer_csv(body.encode())
            return
        app._check_parameters(body.encode())
        request = json.loads(body)
        table = pd.DataFrame(request["dataframe_records"], dtype=object)
        try:
            model.predict(table, request.get("params"))
        except MlflowException as refused:
            assert refused.error_code == "INVALID_PARAMETER_VALUE"
            raise runtime.UserError(refused.message) from None

    return run


def request(parameters: dict[str, Any] | None = None, **cells: Any) -> Callable[[], None]:
    """A JSON request of one row."""
    row = {"size": 9.5, "weight": 0.1, "colour": "red", **cells}
    record = {name: cell for name, cell in row.items() if cell is not REMOVED}
    return asked(json.dumps({"dataframe_records": [record], "params": parameters or {}}))


OF_REQUESTS = [
    refusal(
        "request: a parameter that is not known",
        Change("params must not hold 'samples'", run=request({"samples": 3})),
        Change("did you mean 'n_samples'?", run=request({"n_samples": 3})),
    ),
    refusal(
        "request: a parameter that is no integer",
        Change("params.n_samples must be an integer, but got '3'", run=request({"n_samples": "3"})),
        Change("must be an integer", run=request({"n_samples": 3})),
    ),
    refusal(
        "request: intervals that are neither on nor off",
        Change("params.intervals must be true or false, but got 1", run=request({"intervals": 1})),
        Change("true or false", run=request({"intervals": False})),
    ),
    refusal(
        "request: intervals of a model that has none",
        Change("the model has no intervals", run=request({"intervals": True})),
        Change("or do not ask for them", run=request({"intervals": False})),
    ),
    refusal(
        "request: too many samples",
        Change("n_samples must be between 1 and 10000", run=request({"n_samples": 10_001})),
        Change("between 1 and 10000", run=request({"n_samples": 10})),
    ),
    refusal(
        "request: a row that lacks a column",
        Change("the request lacks the columns ['weight']", run=request(weight=REMOVED)),
        Change("add them", run=request()),
    ),
    refusal(
        "request: a cell that is no number",
        Change("column 'size', row 0: must be a finite number or null", run=request(size="wide")),
        Change("must be a finite number", run=request(size="9.5")),
        Change("or null", run=request(size=None)),
    ),
    refusal(
        "request: more unseen categories than declared",
        Change(
            "'teal', more than the 50.0% of select_model.max_unseen", run=request(colour="teal")
        ),
        Change("correct them", run=request(colour="blue")),
    ),
    refusal(
        "request: a CSV that cannot be read",
        Change(
            "the request, line 2: 'size' must be a finite number, but got 'wide'",
            run=asked("size,weight,colour\nwide,1,red\n", "csv"),
        ),
        Change("correct it", run=asked("size,weight,colour\n9.5,1,red\n", "csv")),
        Change("leave it empty", run=asked("size,weight,colour\n,1,red\n", "csv")),
    ),
]

# Chapter: the rest


@cache
def with_taken_port(*words: str) -> Callable[[], None]:
    """What runs a command while somebody listens on the port that it asks for, unless named."""

    def run() -> None:
        with socket.socket() as taken:
            taken.bind((cli.HOST, 0))
            taken.listen()
            port = () if "--port" in words else ("--port", str(taken.getsockname()[1]))
            command(*words, *port)()

    return run


TEMPLATE = resources.files("tenfold.scaffolding").joinpath("family.py.j2").read_text("utf-8")
FOLDER = {"folder/a.txt": ""}


@cache
def in_folder(run: Callable[[], None]) -> Callable[[], None]:
    """What runs a command in a folder of the project."""

    def run_there() -> None:
        with contextlib.chdir("folder"):
            run()

    return run_there


def make_store() -> None:
    """Look for the project's store; MLflow, which takes seconds to make one, is not asked."""
    with mock.patch.object(database, "_create", lambda path: None):
        store.ensure_store()


def connect() -> None:
    """Connect to the store that the environment names."""
    store.connect()


THE_REST = [
    refusal(
        "family: no project",
        Change("there is no params.yaml in", files=FOLDER, run=in_folder(command("family", "a"))),
        Change("run this in the project", run=command("family", "a")),
    ),
    refusal(
        "family: a name that Python cannot have",
        Change("must be a Python name such as my_model", run=command("family", "my-model")),
        Change("such as my_model", run=command("family", "my_model")),
    ),
    refusal(
        "family: a name of tenfold's own",
        Change("'mlp' is a name of tenfold's own", run=command("family", "mlp")),
        Change("name your family otherwise", run=command("family", "my_mlp")),
    ),
    refusal(
        "family: a file that is there",
        Change(
            "families/mine.py is there already",
            files={"families/mine.py": TEMPLATE},
            run=command("family", "mine"),
        ),
        Change("or name another family", run=command("family", "mine_too")),
    ),
    refusal(
        "serve: a port that is taken",
        Change("cannot be used", run=with_taken_port("serve")),
        Change("name another with --port", run=with_taken_port("serve", "--port", "0")),
    ),
    refusal(
        "ui: a server that has one of its own",
        Change(
            "MLFLOW_TRACKING_URI names a server, which has a UI of its own: open http://127.0.0.1:1",
            environment={"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"},
            run=command("ui", "--port", "0"),
        ),
        Change("MLFLOW_TRACKING_URI names a server", environment={"MLFLOW_TRACKING_URI": ""}),
    ),
    refusal(
        "a store that is damaged",
        Change(
            "mlruns/mlflow.db is damaged (file is not a database)",
            files={"mlruns/mlflow.db": "no database " * 100},
            run=make_store,
        ),
        Change("move it away (`mv ", files={"mlruns/mlflow.db": REMOVED}),
    ),
    refusal(
        "an address that MLflow does not know",
        Change(
            "cannot connect to nowhere://here",
            environment={"MLFLOW_TRACKING_URI": "nowhere://here"},
            run=connect,
        ),
        Change(
            "Correct MLFLOW_TRACKING_URI", environment={"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"}
        ),
    ),
]

CASES = [*OF_INIT, *OF_PREDICT, *OF_REQUESTS, *THE_REST]
