"""A project's own families, metrics and losses."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tenfold import models, params
from tenfold.dataset import Schema
from tenfold.metrics import METRICS
from tenfold.models import FitSettings
from tenfold.models.shared import trial_fit
from tenfold.runtime import UserError, custom_code
from tenfold.scaffolding import own_family
from tenfold.training.catalogue import LOSSES
from tenfold.tuning import before_training
from tests.project import ROOT, Project

# The examples of the documentation.
METRIC, LOSS = re.findall(
    r"```python\n(.*?)```", (ROOT / "docs/custom_code.md").read_text(encoding="utf-8"), re.DOTALL
)
TRAINER = {"accelerator": "cpu", "devices": 1, "strategy": "auto", "precision": "32-true",
           "max_epochs": 1, "accumulate_grad_batches": 1, "compile": False}  # fmt: skip
BINARY = FitSettings("binary", ("no", "yes"), TRAINER)
REGRESSION = FitSettings("regression", (), TRAINER)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project's folder, the current one; what it registers is forgotten afterwards."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    before = dict(METRICS), dict(LOSSES)
    yield tmp_path
    METRICS.clear()
    METRICS.update(before[0])
    LOSSES.clear()
    LOSSES.update(before[1])


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def experiment(**changes: Any) -> params.Params:
    document = params.read_yaml(ROOT / "params.yaml") | changes
    return params.parse(document, models)


@pytest.mark.slow
@pytest.mark.parametrize("network", [False, True])
@pytest.mark.parametrize("settings", [BINARY, REGRESSION], ids=["classes", "values"])
def test_the_template_of_a_family_keeps_the_contract(
    folder: Path, settings: FitSettings, *, network: bool
) -> None:
    name = f"template_{settings.task}_{network}".lower()
    said = own_family.write(name, network=network)
    assert said[0] == f"written: families/{name}.py"
    assert name in models.names()
    assert name in Path("params.schema.json").read_text()
    experiment(models={name: {}})
    trial_fit.try_out(name, models.parameters(name)(), settings)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mlp", "is a name of tenfold's own"),
        ("ensemble", "is a name of tenfold's own"),
        ("my-model", "must be a Python name"),
        ("class", "must be a Python name"),
        ("taken", "is there already"),
    ],
)
def test_a_name_that_no_family_can_have_is_refused(folder: Path, name: str, said: str) -> None:
    write("families/taken.py", "")
    with pytest.raises(UserError, match=said):
        own_family.write(name, network=False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def build(:\n", r"families/broken.py, line 1: .*: correct it"),
        ("x = 1\ny = 1 / 0\n", "families/broken.py, line 2: ZeroDivisionError"),
        ("import no_such_package\n", "no_such_package is not installed"),
        ("Parameters = 1\n", "families/broken.py must define FAMILY"),
        ("Parameters = FAMILY = 1\n", "FAMILY must have the method shape"),
    ],
)
def test_a_family_that_breaks_the_contract_is_refused_in_words(
    folder: Path, text: str, said: str
) -> None:
    write("families/broken.py", text)
    with pytest.raises(UserError, match=said):
        experiment(models={"broken": {}})


def test_parameters_must_be_those_of_a_family(folder: Path) -> None:
    own_family.write("other", network=False)
    file = custom_code.file_of("families", "other")
    write(str(file), file.read_text().replace("(FamilyParameters)", ""))
    with pytest.raises(UserError, match=r"Parameters must be a subclass of .*FamilyParameters"):
        experiment(models={"other": {}})


def test_a_family_may_not_hide_a_built_in_one(folder: Path) -> None:
    write("families/linear.py", "")
    with pytest.raises(UserError, match="the name of a built-in family: give the file another"):
        experiment(models={"linear": {}})


@pytest.mark.parametrize(
    ("build", "said"),
    [
        ("raise TypeError('three')", r"families/\w+.py, line \d+: TypeError: three"),
        ("return Ridge()", r"a prediction must be of shape \(30, 2\)"),
        ("return Drifting()", "two fits with the same seed must be equal"),
        ("return Sure()", "must add up to 1"),
    ],
)
def test_a_family_that_cannot_be_trusted_is_refused_before_training(
    folder: Path, build: str, said: str
) -> None:
    name = f"odd_{abs(hash(build))}"
    write(
        f"families/{name}.py",
        f"""
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge
from tenfold.models import FamilyParameters
from tenfold.models.shared.scikit_family import ScikitFamily

class Parameters(FamilyParameters):
    pass

class Drifting(BaseEstimator):
    def fit(self, X, y):
        self.share_ = np.random.default_rng().random()
        return self
    def predict_proba(self, X):
        return np.tile([self.share_, 1 - self.share_], (len(X), 1))

class Sure(Drifting):
    def predict_proba(self, X):
        return np.ones((len(X), 2))

def build(parameters, task, seed):
    {build}

FAMILY = ScikitFamily(build, trusted=["families.{name}.Drifting", "families.{name}.Sure"])
""",
    )
    with pytest.raises(UserError, match=said):
        trial_fit.try_out(name, models.parameters(name)(), BINARY)


def test_a_metric_of_ones_own_decides(folder: Path) -> None:
    write("metrics/gini.py", METRIC)
    assert experiment(metrics=["gini", "auroc"]).metrics == ["gini", "auroc"]
    assert METRICS["gini"].better(0.9, 0.8)


def test_a_metric_of_ones_own_is_among_the_known(folder: Path) -> None:
    write("metrics/lift.py", METRIC)
    with pytest.raises(UserError, match="unknown metric 'litf'; did you mean 'lift'"):
        experiment(metrics=["litf"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("METRIC = 1", "METRIC must be a tenfold.metrics.Metric, but is int"),
        ("", "metrics/odd.py must define METRIC"),
        (METRIC.replace('("binary",)', '("regression",)'), "does not fit task 'binary'"),
    ],
)
def test_a_metric_that_breaks_the_contract_is_refused(folder: Path, text: str, said: str) -> None:
    write("metrics/odd.py", text)
    with pytest.raises(UserError, match=said):
        experiment(metrics=["odd"])


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ("1 / 0", r"metrics/odd.py, line \d+: ZeroDivisionError: .*: correct it"),
        ("float('nan')", "metrics/odd.py: on 60 random rows the score must be a finite number"),
        ("'good'", "but is 'good': correct it"),
    ],
)
def test_a_metric_that_fails_is_refused_before_training(
    folder: Path, returned: str, said: str
) -> None:
    write("metrics/odd.py", METRIC.replace("return 2 *", f"return {returned}; 2 *"))
    schema = Schema("binary", "y", ("x",), (), ("no", "yes"), ())
    with pytest.raises(UserError, match=said):
        before_training.check(experiment(metrics=["auroc", "odd"]), [], schema, print)


def test_a_metric_that_works_is_accepted_before_training(folder: Path) -> None:
    write("metrics/gini.py", METRIC)
    schema = Schema("binary", "y", ("x",), (), ("no", "yes"), ())
    before_training.check(experiment(metrics=["auroc", "gini"]), [], schema, print)


def test_code_of_a_metric_belongs_to_a_family_only_where_it_decides(folder: Path) -> None:
    def after(metric: str, code: str) -> str:
        write("metrics/gini.py", code)
        custom_code.write_digests(["linear"], metric)
        return (custom_code.DIGESTS / "linear.json").read_text()

    assert after("auroc", METRIC) == after("auroc", METRIC + "# Another edition.")
    assert after("gini", METRIC) != after("gini", METRIC + "# Another edition.")


def test_a_loss_of_ones_own_trains_a_network(folder: Path) -> None:
    write("losses/focal.py", LOSS)
    own_family.write("with_loss", network=True)
    experiment(models={"with_loss": {"loss": "focal"}})
    parameters = models.parameters("with_loss").model_validate({"loss": "focal"})
    trial_fit.try_out("with_loss", parameters, BINARY)


def test_a_loss_of_ones_own_is_not_smoothed(folder: Path) -> None:
    write("losses/focal.py", LOSS)
    own_family.write("smoothed", network=True)
    with pytest.raises(UserError, match="leave it out, and smooth within that loss"):
        experiment(models={"smoothed": {"loss": "focal", "label_smoothing": 0.1}})


def test_a_family_of_ones_own_goes_from_its_file_to_the_served_model(
    project: Callable[..., Project], tmp_path: Path
) -> None:
    own = project(models={"dummy": {}, "my_kernel": {"n_components": 20}}, split={"n_splits": 3})
    own.run("tenfold", "family", "my_kernel")
    assert "cross_validate@my_kernel" in own.repro()
    model = tmp_path / "model"
    shutil.copytree(own / "outputs/train/my_kernel/model", model)
    (own / "families/my_kernel.py").open("a").write("# Another edition.\n")
    assert sorted(own.repro("--dry")) == ["clean", "select_model"]
    own.run("python", "pipelines/clean.py")
    changed = own.repro("--dry")
    assert [stage for stage in changed if "my_kernel" in stage or "dummy" in stage] == [
        "cross_validate@my_kernel",
        "train@my_kernel",
    ]
    # The model brings its code: no folder families/ is needed where it answers.
    code = (
        "import sys; from pathlib import Path; import pandas as pd; "
        "from tenfold.models.shared import predictor; "
        "found = predictor.load(Path(sys.argv[1])); "
        "print(found.predict(pd.read_parquet(sys.argv[2])).shape)"
    )
    elsewhere = Project(tmp_path)
    said = elsewhere.run("python", "-c", code, str(model), str(own / "outputs/split/test.parquet"))
    assert said.split() == ["(112,", "2)"]
