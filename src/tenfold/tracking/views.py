"""What MLflow's UI opens on: views of the runs' page, which it keeps as tags of the experiment.

The format is that of the button "Save view" of MLflow 3.17: a tag `mlflow.sharedViewState.<key>`
with a name, two times and the page's state as JSON. `viewStateShareKey=<key>` in an address opens
it. A UI that knows no such tag ignores it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tenfold.tracking.standings import ROLE, SCORE, SUPERSEDED, VERDICT

if TYPE_CHECKING:
    from tenfold.reporting.results import ExperimentResults

TAG = "mlflow.sharedViewState."
LEADERBOARD = "leaderboard"
HISTORY = "history"
RANK = "rank"
DURATION = "duration"  # A column that is always there.


def saved(results: ExperimentResults, created: int) -> dict[str, str]:
    """The tags of an experiment that hold its views.

    Args:
        results: name the metrics.
        created: when the experiment was created, in milliseconds.
    """
    from tenfold.metrics import named

    maximize = named(results.metrics[0]).direction == "maximize"
    current = f"metrics.{RANK} > 0 and tags.{ROLE} != '{SUPERSEDED}'"
    decisive = f"metrics.`cv/{metric_key(results.metrics[0])}`"
    views = {
        LEADERBOARD: ("Leaderboard", current, f"metrics.`{RANK}`", True),
        HISTORY: ("All results, earlier ones too", f"tags.{ROLE} LIKE '%'", decisive, not maximize),
    }
    # The UI lists the latest first.
    return {
        f"{TAG}{key}": _tag(name, created - place, _state(results, where, order, ascending))
        for place, (key, (name, where, order, ascending)) in enumerate(views.items())
    }


def address(experiment: str) -> str:
    """The part of an address behind the server's that opens the leaderboard of an experiment."""
    # Without a workflow, the UI shows the menu of language models.
    query = f"viewStateShareKey={LEADERBOARD}&workflowType=machine_learning"
    return f"/#/experiments/{experiment}/runs?{query}"


def metric_key(metric: str) -> str:
    """A metric's name as MLflow takes it, which knows no @.

    >>> metric_key("precision@0.3")
    'precision_at_0.3'
    """
    return metric.replace("@", "_at_")


def _tag(name: str, created: int, state: dict[str, Any]) -> str:
    times = {"createdAt": created, "updatedAt": created}
    return json.dumps({"name": name, **times, "state": json.dumps(state)})


def _state(results: ExperimentResults, where: str, order: str, ascending: bool) -> dict[str, Any]:
    columns = _columns(results.metrics)
    return {
        "searchFilter": where,
        "orderByKey": order,
        "orderByAsc": ascending,
        "selectedColumns": [column for column in columns if column != DURATION],
        "columnOrder": list(columns),
        "columnWidths": columns,
        "compareRunSections": [_section()],
        "compareRunCharts": _charts(results.metrics[0]),
        "hideEmptyCharts": True,
        "isAccordionReordered": True,  # Else the sections are sorted by their names.
    }


def _columns(metrics: list[str]) -> dict[str, int]:
    """The columns of the table from left to right, and their widths in pixels."""
    return {
        f"tags.`{ROLE}`": 90,
        f"tags.`{SCORE}`": 190,
        f"tags.`{VERDICT}`": 400,
        f"metrics.`{RANK}`": 70,
        f"metrics.`test/{metric_key(metrics[0])}`": 100,
        **{f"metrics.`cv/{metric_key(name)}`": 100 for name in metrics},
        DURATION: 90,
    }


def _section() -> dict[str, Any]:
    return {
        "uuid": "tenfold-decides",
        "name": "What decides",
        "display": True,
        "isReordered": True,
        "deleted": False,
        "isGenerated": False,
    }


def _charts(metric: str) -> list[dict[str, Any]]:
    """The deciding metric of each run, and fold by fold."""
    return [
        {
            "uuid": f"tenfold-{kind.lower()}",
            "type": kind,
            "runsCountToCompare": 10,
            "metricSectionId": _section()["uuid"],
            "deleted": False,
            "isGenerated": False,
            "metricKey": key,
            "displayName": name,
            **more,
        }
        for kind, key, name, more in (
            ("BAR", f"cv/{metric_key(metric)}", f"cv/{metric}, the mean over the folds", {}),
            (
                "LINE",
                f"cv/{metric_key(metric)}_fold",
                f"{metric} of each fold",
                {
                    "lineSmoothness": 0,
                    "xAxisScaleType": "linear",
                    "scaleType": "linear",
                    "range": {},
                    "xAxisKey": "step",
                    "selectedXAxisMetricKey": "",
                    "displayPoints": True,
                    "yAxisKey": "metric",
                    "yAxisExpressions": [],
                    "ignoreOutliers": False,
                    "useGlobalXaxisKey": True,
                    "useGlobalLineSmoothing": True,
                },
            ),
        )
    ]
