"""What a person does with a table: init, a look at what is read, a model, answers by every road."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
from mlflow.models.utils import _enforce_schema
from mlflow.utils.proto_json_utils import dataframe_from_parsed_json
from ruamel.yaml import YAML

from tenfold import cleaning, dataset, metrics, models, params, runtime, scaffolding
from tenfold.dataset import Schema
from tenfold.models import FitSettings
from tenfold.models.shared.predictor import Predictor
from tenfold.params import Audit, Params, SearchSpace, Tune
from tenfold.scaffolding import check
from tenfold.scaffolding.project import working_in
from tenfold.serving import app, pyfunc, scoring
from tenfold.splitting.split_and_audit import split_and_audit
from tenfold.tuning import search
from tenfold.tuning.evaluation import Evaluator, Inputs
from tenfold.tuning.search import Trial

FOLDER = Path("project")


@dataclass(frozen=True)
class Read:
    """What stages clean and split make of the table.

    Attributes:
        clean: the clean table.
        rejected: the rows that were rejected.
        schema: the columns that models see.
        train, test: the parts.
        report: of the split.
        cleaned: the report of the cleaning.
    """

    clean: pd.DataFrame
    rejected: pd.DataFrame
    schema: Schema
    train: dataset.Dataset
    test: dataset.Dataset
    report: Mapping[str, Any]
    cleaned: Mapping[str, Any]


class Case:
    """A project of a table, as `tenfold init` makes it; `said` is what that prints.

    Args:
        table: of its rows.
        target: the column to predict.
        family: of its model.
    """

    def __init__(self, table: pd.DataFrame, target: str, family: str = "linear") -> None:
        self.family = family
        table.to_csv("t.csv", index=False)
        # DVC and the schema are there already: they take a second each.
        (FOLDER / ".dvc").mkdir(parents=True, exist_ok=True)
        (FOLDER / "params.schema.json").touch()
        # Time enough for every family, so that none is tried for its speed.
        done = scaffolding.init("t.csv", target, FOLDER, {}, seconds=1e5, force=True)
        self.said = "\n".join(done)

    @property
    def params(self) -> dict[str, Any]:
        """What params.yaml holds."""
        document: dict[str, Any] = YAML(typ="safe").load((FOLDER / "params.yaml").read_text())
        return document

    def change(self, **sections: Any) -> Case:
        """Change keys of sections of params.yaml; a section that is None loses all."""
        document = self.params
        for name, keys in sections.items():
            document[name] = {} if keys is None else {**document[name], **keys}
        with (FOLDER / "params.yaml").open("w") as file:
            YAML().dump(document, file)
        self.__dict__.pop("read", None)
        self.__dict__.pop("model", None)
        return self

    def by_chance(self) -> Case:
        """Draw the parts by chance, so that the time is a feature."""
        split = {
            key: n for key, n in self.params["split"].items() if key in ("test_size", "n_splits")
        }
        return self.change(split=None).change(split=split)

    @property
    def experiment(self) -> Params:
        """The params.yaml, checked."""
        with working_in(FOLDER):
            return params.load(models)

    def check(self) -> str:
        """What `tenfold check` says."""
        experiment = self.experiment
        with working_in(FOLDER):
            return "\n".join(check.check(experiment))

    @cached_property
    def read(self) -> Read:
        """Run stages clean and split, without the audit."""
        silent = Audit.model_validate(dict.fromkeys(Audit.model_fields, "off"))
        experiment = self.experiment.model_copy(update={"audit": silent})
        with working_in(FOLDER), runtime.TemporaryFolder("case") as name:
            out = Path(name)
            cleaned = cleaning.clean(experiment.data, experiment.clean, experiment.task, out)
            report, _ = split_and_audit(out / cleaning.TABLE, out, experiment)
            told = {key: cleaned[key] for key in ("missing_values", "reading")}
            schema = Schema.from_report(report | told)
            return Read(
                clean=pq.read_table(out / cleaning.TABLE).to_pandas(),
                rejected=pq.read_table(out / "rejected.parquet").to_pandas(),
                schema=schema,
                train=dataset.read(out / "train.parquet", schema, out / "folds.parquet"),
                test=dataset.read(out / "test.parquet", schema),
                report=report,
                cleaned=cleaned,
            )

    @cached_property
    def model(self) -> Predictor:
        """A model with its family's defaults, fitted to the training rows."""
        experiment, read = self.experiment, self.read
        family, parameters = models.family(self.family), models.parameters(self.family)()
        inputs = Inputs(read.train, experiment.preprocessing)
        transformers, X = inputs.whole(parameters)
        settings = FitSettings(experiment.task, read.schema.classes)
        model = family.fit(parameters, X, read.train.y, 0, settings, None)
        return Predictor(self.family, read.schema, transformers, model)

    def score(self, metric: str) -> float:
        """A score of the model on the test rows."""
        test = self.read.test
        prediction = self.model.predict(test.X)
        return metrics.scores([metric], test.y, prediction)[metric]

    def search(self, n_trials: int) -> list[Trial]:
        """The trials of the family's search."""
        experiment, schema = self.experiment, models.parameters(self.family)
        evaluate = Evaluator(
            models.family(self.family),
            Inputs(self.read.train, experiment.preprocessing),
            FitSettings(experiment.task, self.read.schema.classes),
            experiment.metrics,
            seed=0,
        )
        with runtime.TemporaryFolder("search") as scratch:
            return search.search(
                SearchSpace(experiment.models[self.family], schema),
                evaluate,
                Tune(n_trials=n_trials),
                Path(scratch),
                lambda trial, n: None,
            )

    def of_file(self, table: pd.DataFrame | Path) -> scoring.Scored:
        """What `tenfold predict` answers to a file, or to a table as a CSV."""
        path = table if isinstance(table, Path) else Path("in.csv")
        if isinstance(table, pd.DataFrame):
            table.to_csv(path, index=False)
        return scoring.score(path, self.model)

    def by_file(self, table: pd.DataFrame | Path) -> list[Any]:
        """The predictions of a file."""
        predictions: list[Any] = self.of_file(table).answers["prediction"].tolist()
        return predictions

    def by_json(self, rows: list[dict[str, Any]]) -> list[Any]:
        """The predictions that the server answers to a JSON request."""
        signature = pyfunc.signature(self.read.schema)
        parse: Any = dataframe_from_parsed_json
        table = parse(json.loads(json.dumps(rows)), "records", signature.inputs)
        asked = _enforce_schema(table, signature.inputs)
        predictions: list[Any] = pyfunc.Served(self.model).predict(asked)["prediction"].tolist()
        return predictions

    def by_csv(self, table: pd.DataFrame) -> list[Any]:
        """The predictions that the server answers to a text/csv request."""
        server = app.CheckedServer(None, _Served(self.model))
        answer = server._answer_csv(table.to_csv(index=False).encode())
        return [row["prediction"] for row in answer["predictions"]]


class _Served:
    """A model as MLflow loads it."""

    model_config: Mapping[str, Any] = {}

    def __init__(self, model: Predictor) -> None:
        self._model = model

    def get_raw_model(self) -> Predictor:
        return self._model
