"""What all stages have written, read into one object: what MLflow shows of an experiment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenfold import runtime, selection
from tenfold.dataset import Schema
from tenfold.params import ENSEMBLE, Params, Split
from tenfold.params.search_space import flat
from tenfold.reporting.outputs import Outputs
from tenfold.selection import ensemble
from tenfold.selection.comparison import compare, possible
from tenfold.serving.row_reader import RowReader

if TYPE_CHECKING:
    import pandas as pd

Report = dict[str, Any]


@dataclass(frozen=True)
class FamilyResults:
    """What MLflow shows of one family, or of the ensemble; `fingerprint` identifies it.

    `stage` is the last one that it comes from; `interval` has the bounds of the 95 % interval of
    the deciding metric's mean, if there are several folds; `timing` is that of search and training,
    if they ran here.
    """

    name: str
    stage: str
    fingerprint: str
    parameters: dict[str, Any]
    scores: selection.Summary
    interval: tuple[float, float] | None
    timing: runtime.Timing | None
    history: list[dict[str, float]]
    findings: list[str]
    trials: list[dict[str, str]]
    files: list[Path]


@dataclass(frozen=True)
class Champion:
    """The chosen family or ensemble, its scores on the test rows, and what is registered of it.

    `members` are the families whose models it holds. `bounds` has `test/<metric>_low` and `_high`,
    and `cv/<metric>_corrected` for the choice with its own, and the figures of `postprocessing`, of
    which `served` is what becomes of predictions.
    """

    family: str
    members: list[str]
    fingerprint: str
    test: dict[str, float]
    bounds: dict[str, float]
    model: Path
    schema: Schema
    example: pd.DataFrame
    files: list[Path]
    max_unseen: float
    served: dict[str, Any]


@dataclass(frozen=True)
class ExperimentResults:
    """All results of an experiment; `fingerprint` identifies them.

    The first of `metrics` decides; `verdict` says how surely the champion won.
    """

    experiment: str
    metrics: list[str]
    verdict: dict[str, Any]
    registered_model: str
    fingerprint: str
    data: dict[str, Any]
    parameters: dict[str, Any]
    families: list[FamilyResults]
    champion: Champion


def read(params: Params, outputs: Outputs, fingerprint: str) -> ExperimentResults:
    """Read everything that MLflow shows; nothing is computed again."""
    report = runtime.read_json(outputs.split / "report.json")
    schema = Schema.from_report(report)
    results = runtime.read_json(outputs.folder / "metrics.json")
    scores = runtime.read_json(outputs.scores)
    table = outputs.clean / "table.parquet"
    data = {
        "columns": dict.fromkeys(schema.numeric, "double")
        | dict.fromkeys(schema.categorical, "string")
        | dict.fromkeys(schema.dates, "datetime"),
        "digest": runtime.digest(table),
        "name": Path(params.data.path).name,
        "path": params.data.path,
        "rows": sum(report["rows"].values()),
        "target": params.data.target,
        "train": report["rows"]["train"],
        "test": report["rows"]["test"],
        "folds": len(report["folds"]),
    }
    families = [_family(params, outputs, name, report, data["digest"]) for name in params.models]
    if ENSEMBLE in scores:
        families.append(_ensemble(params, outputs, report, families))
    return ExperimentResults(
        experiment=params.name,
        metrics=list(params.metrics),
        verdict=runtime.read_json(outputs.verdict),
        registered_model=params.select_model.registered_model_name,
        fingerprint=fingerprint,
        data=data,
        parameters={"seed": params.seed, "task": params.task, **_split(params.split, report)},
        families=families,
        champion=_champion(params, outputs, results, schema, families),
    )


def _split(rules: Split, report: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the split: number, size and strategy always, others where declared."""
    always = {"n_splits": rules.n_splits, "test_size": rules.test_size}
    if rules.strategy == "given":
        always = {"n_splits": len(report["folds"])}
    declared = rules.model_dump(mode="json", exclude_defaults=True, exclude={*always, "strategy"})
    special = {f"split_{key}": value for key, value in declared.items()}
    return {**always, **special, "split_strategy": report["strategy"]}


def configuration(outputs: Outputs, candidate: str) -> dict[str, Any]:
    """The `parameters` of a family's best configuration, or the weights; and the `findings`."""
    if candidate != ENSEMBLE:
        best: dict[str, Any] = runtime.read_json(outputs.cross_validate / candidate / "best.json")
        return best
    weights = ensemble.read_weights(outputs.ensemble)
    return {"parameters": {"weight": weights}, "findings": []}


def _interval(scores: selection.Summary, metric: str, report: Report) -> tuple[float, float] | None:
    """The 95 % interval of the mean over the folds; None of a single one."""
    folds = scores[metric]["folds"]
    shares = [
        val / train for val, train in zip(report["folds"], report["learnt_from"], strict=True)
    ]
    found = compare(folds, [0.0] * len(folds), sum(shares) / len(shares))
    return possible(metric, found.low, found.high) if found else None


def _timing(*made: str) -> runtime.Timing | None:
    """The start of the first of these folders, and the seconds that all have taken."""
    known = [timing for timing in map(runtime.timing, made) if timing is not None]
    if len(known) < len(made):
        return None
    return runtime.Timing(known[0].start, sum(timing.seconds for timing in known))


def _family(
    params: Params, outputs: Outputs, name: str, report: Report, data: str
) -> FamilyResults:
    folder = outputs.cross_validate / name
    best = configuration(outputs, name)
    files = [folder / "best.json", folder / "trials.csv"]
    scores = runtime.read_json(outputs.scores)[name]
    # The pictures are drawn from the results, so they are not part of what identifies a run.
    made = runtime.digest(folder), runtime.digest(outputs.train / name)
    fingerprint = runtime.fingerprint(params.name, name, params.models[name], data, *made)
    return FamilyResults(
        name=name,
        stage=f"train@{name}",
        fingerprint=fingerprint,
        parameters=flat(best["parameters"]) | {"best_trial": best["trial"]},
        scores=scores,
        interval=_interval(scores, params.metrics[0], report),
        timing=_timing(*made),
        history=[
            {key: float(value) for key, value in row.items() if value}
            for row in runtime.read_rows(folder / "history.csv")
        ],
        findings=best["findings"],
        trials=runtime.read_rows(folder / "trials.csv"),
        files=[*files, *sorted((outputs.folder / "plots" / name).glob("*.png"))],
    )


def _ensemble(
    params: Params, outputs: Outputs, report: Report, families: list[FamilyResults]
) -> FamilyResults:
    folder = outputs.ensemble
    weights, scores = folder / "weights.json", runtime.read_json(outputs.scores)[ENSEMBLE]
    members = _members(outputs, ENSEMBLE)
    fingerprint = runtime.fingerprint(
        params.name,
        ENSEMBLE,
        runtime.digest(weights),
        runtime.digest(folder / "oof.parquet"),
        [family.fingerprint for family in families if family.name in members],
    )
    described = configuration(outputs, ENSEMBLE)
    return FamilyResults(
        name=ENSEMBLE,
        stage="select_model",
        fingerprint=fingerprint,
        parameters=flat(described["parameters"]),
        scores=scores,
        interval=_interval(scores, params.metrics[0], report),
        timing=None,
        history=[],
        findings=described["findings"],
        trials=[],
        files=[weights, *sorted((outputs.folder / "plots" / ENSEMBLE).glob("*.png"))],
    )


def _members(outputs: Outputs, candidate: str) -> list[str]:
    """The family itself, or those whose models the ensemble holds."""
    if candidate != ENSEMBLE:
        return [candidate]
    members = runtime.read_json(outputs.ensemble / "weights.json")["members"]
    return list(dict.fromkeys(one["family"] for one in members))


def _champion(
    params: Params,
    outputs: Outputs,
    results: dict[str, Any],
    schema: Schema,
    families: list[FamilyResults],
) -> Champion:
    import pandas as pd

    family = results["champion"]
    train = pd.read_parquet(outputs.split / "train.parquet")
    finished = runtime.read_json(outputs.postprocessing)
    return Champion(
        family=family,
        members=_members(outputs, family),
        fingerprint=next(other.fingerprint for other in families if other.name == family),
        test=results["test"],
        bounds=_bounds(runtime.read_json(outputs.verdict)) | _figures(finished["figures"]),
        model=outputs.model(family),
        schema=schema,
        example=example(train, schema),
        files=[outputs.folder / "report.html"],
        max_unseen=params.select_model.max_unseen,
        served=finished["served"],
    )


def _bounds(verdict: dict[str, Any]) -> dict[str, float]:
    corrected, name = verdict["corrected"], f"cv/{verdict['metric']}_corrected"
    intervals = {f"test/{key}": interval for key, interval in verdict["test"]["intervals"].items()}
    found = {
        f"{key}_{bound}": interval[bound]
        for key, interval in (intervals | {name: corrected}).items()
        for bound in ("low", "high")
        if bound in interval
    }
    return found | ({name: corrected["score"]} if "score" in corrected else {})


def _figures(postprocessing: dict[str, Any]) -> dict[str, float]:
    """The figures of calibration, decision and intervals, such as `decision/test_f1_after`."""
    found = {}
    for key, own in postprocessing.items():
        for rows in ("cross_fitted", "test"):
            for name, value in flat(own.get(rows, {})).items():
                # A group has a name of the table's own.
                if isinstance(value, float) and not name.startswith("groups."):
                    found[f"{key}/{rows}_{name.replace('.', '_')}"] = value
    return found


def example(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """One row that a client may send: the first, numbers as double, dates as ISO 8601.

    A column that is no feature, and of which derived features are made, is null.
    """
    columns = RowReader(schema).columns
    row = table.iloc[:1].reindex(columns=list(columns)).reset_index(drop=True)
    for name in set(schema.numeric).intersection(columns):
        row[name] = row[name].astype("float64")
    for name in set(schema.categorical).intersection(columns):
        row[name] = row[name].astype(object).where(row[name].notna(), None)
    for name in set(schema.dates).intersection(columns):
        texts = row[name].map(lambda date: date.isoformat(), na_action="ignore")
        row[name] = texts.astype(object).where(row[name].notna(), None)
    return row
