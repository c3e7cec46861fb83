"""The charts of the report as Vega-Lite specifications of plain data: nothing is drawn here.

Source: Satyanarayan et al. 2017, Vega-Lite: a grammar of interactive graphics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from tenfold.reporting.verdict import REFERENCES

Spec = dict[str, Any]
Rows = Sequence[Mapping[str, Any]]

# Each is told from white and from the dark page alike: a contrast of 3 or more with both.
COLORS = (
    "#2f7ed8", "#c8641b", "#2f9461", "#a05fc4", "#cc4b67", "#158a99", "#8d7a1f", "#7b7f86",
)  # fmt: skip
ACCENT, OTHER, REFERENCE = COLORS[0], COLORS[7], "#9a7b4f"
TEXT = "currentColor"
# Marks outside of this many times the spread of the serious candidates are named, not drawn.
MAX_DISTANCE = 2.0
HEIGHT = 260
ROW_HEIGHT = 24
MAX_COLUMNS = 20
# Letters of labels that stand side by side, on a phone.
MAX_LABELS = 32
# More classes make no readable picture.
MAX_CLASSES = 30
# Columns of the CSVs that hold texts.
WORDS = ("family", "role", "column", "of", "parameter", "value")

CONFIG: Spec = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "axis": {
        "labelColor": TEXT, "titleColor": TEXT, "domainColor": TEXT, "tickColor": TEXT,
        "gridColor": TEXT, "gridOpacity": 0.12, "domainOpacity": 0.4, "tickOpacity": 0.4,
        "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 220,
    },
    "legend": {"labelColor": TEXT, "titleColor": TEXT, "orient": "bottom", "columns": 3,
               "labelFontSize": 12, "labelLimit": 220},
    "view": {"stroke": None},
    "range": {"category": list(COLORS)},
}  # fmt: skip


def families(rows: Rows, metric: str) -> tuple[Spec, list[str]]:
    """Every candidate's mean and interval; those far from all others are named instead.

    Args:
        rows: of families.csv, from best to worst.
        metric: that decides.

    Returns:
        The chart, and the names of the candidates that it leaves out.
    """
    drawn, left_out = near(rows)
    names = [row["family"] for row in drawn]
    y = {"field": "family", "type": "nominal", "sort": names, "title": None}
    x = _quantity("mean", f"{metric}, mean over the folds", zero=False)
    color = _by_role()
    tooltip = _tooltip(family="candidate", role="role", mean=metric, low="low", high="high")
    lines = [row for row in drawn if row["family"] in REFERENCES]
    return _spec(
        [
            {
                "data": {"values": [dict(row) for row in lines]},
                "mark": {"type": "rule", "strokeDash": [3, 3], "opacity": 0.7, "color": REFERENCE},
                "encoding": {"x": x, "tooltip": tooltip},
            },
            {
                "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.6},
                "encoding": {"x": x | {"field": "low"}, "x2": {"field": "high"}, "y": y,
                             "color": color, "tooltip": tooltip},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90},
                "encoding": {"x": x, "y": y, "color": color, "tooltip": tooltip},
            },
        ],
        drawn,
        f"{metric} of every candidate with its 95 % interval",
        height=ROW_HEIGHT * len(drawn) + 10,
    ), left_out  # fmt: skip


def near(rows: Rows) -> tuple[list[Mapping[str, Any]], list[str]]:
    """The candidates within `MAX_DISTANCE` of the spread of those that are no reference."""
    serious = [row for row in rows if row["family"] not in REFERENCES] or list(rows)
    ends = [row[key] for row in serious for key in ("mean", "low", "high") if row[key] is not None]
    low, high = min(ends), max(ends)
    margin = MAX_DISTANCE * (high - low)
    drawn = [
        row for row in rows
        if high == low or low - margin <= row["mean"] <= high + margin or row in serious
    ]  # fmt: skip
    return drawn, [row["family"] for row in rows if row not in drawn]


def _by_role() -> Spec:
    """The champion stands out."""
    return {
        "condition": [
            {"test": "datum.role === 'champion'", "value": ACCENT},
            {"test": f"indexof({list(REFERENCES)}, datum.family) >= 0", "value": REFERENCE},
        ],
        "value": OTHER,
    }


def cost(rows: Rows, metric: str) -> Spec:
    """The size of each candidate's models beside its score."""
    drawn, _ = near(rows)
    x = _quantity("megabytes", "size of its models, MB", zero=False)
    if all(row["megabytes"] > 0 for row in drawn):
        x["scale"] = {"type": "log"}
        x["axis"] = {"tickCount": 4, "format": "~g"}
    y = _quantity("mean", metric, zero=False)
    tooltip = _tooltip(family="candidate", mean=metric, megabytes="MB", models="models")
    return _spec(
        [
            {
                "mark": {"type": "point", "filled": True, "size": 90},
                "encoding": {"x": x, "y": y, "color": _by_role(), "tooltip": tooltip},
            },
            {
                "mark": {"type": "text", "dy": -11, "color": TEXT, "fontSize": 11},
                "encoding": {"x": x, "y": y, "text": {"field": "family"}},
            },
        ],
        drawn,
        f"size and {metric} of every candidate",
        height=ROW_HEIGHT * max(6, len(drawn)) + 10,
    )


def curves(
    rows: Rows,
    x: tuple[str, str],
    y: tuple[str, str],
    candidates: Sequence[str],
    diagonal: bool,
) -> Spec:
    """A line for each candidate, the champion's thicker.

    Args:
        rows: of roc.csv or precision_recall.csv.
        x, y: column and title of each axis.
        candidates: of the experiment, the champion first.
        diagonal: whether to draw what knowing nothing gives.
    """
    layers: list[Spec] = [
        {
            "mark": {"type": "line", "interpolate": "linear", "clip": True},
            "encoding": {
                "x": _quantity(x[0], x[1], zero=True),
                "y": _quantity(y[0], y[1], zero=True),
                "color": _family(rows, candidates),
                "order": {"field": x[0], "type": "quantitative"},
                "size": {
                    "condition": {"test": {"field": "family", "equal": candidates[0]}, "value": 3},
                    "value": 1.3,
                },
                "tooltip": _tooltip(**{"family": "candidate", x[0]: x[1], y[0]: y[1]}),
            },
        }
    ]
    if diagonal:
        layers.insert(0, _diagonal([(0.0, 0.0), (1.0, 1.0)]))
    return _spec(layers, rows, f"{y[1]} against {x[1]} of every candidate")


def calibration(rows: Rows) -> Spec:
    """How often what the champion says with a probability is so.

    Args:
        rows: of calibration.csv: as it was trained, then as it is served if that differs.
    """
    x = _quantity("predicted", "predicted probability", zero=True)
    y = _quantity("observed", "share that is so", zero=True)
    color = _family(rows, list(dict.fromkeys(row["family"] for row in reversed(rows))))
    if rows[0]["family"] == rows[-1]["family"]:
        color["legend"] = None
    tooltip = _tooltip(
        family="champion",
        predicted="predicted",
        observed="observed",
        low="low",
        high="high",
        rows="rows",
    )
    return _spec(
        [
            _diagonal([(0.0, 0.0), (1.0, 1.0)]),
            {
                "mark": {"type": "rule", "opacity": 0.6},
                "encoding": {
                    "x": x,
                    "y": y | {"field": "low"},
                    "y2": {"field": "high"},
                    "color": color,
                },
            },
            {
                "mark": {"type": "line", "point": {"size": 60}},
                "encoding": {"x": x, "y": y, "color": color, "tooltip": tooltip},
            },
        ],
        rows,
        "reliability of the champion's probabilities",
    )


def confusion(rows: Rows, classes: Sequence[str]) -> Spec:
    """How often each class is predicted as each.

    Args:
        rows: of confusion.csv: a pair for each row.
        classes: in order.
    """
    counts = Counter((str(row["actual"]), str(row["predicted"])) for row in rows)
    totals = Counter(str(row["actual"]) for row in rows)
    cells = [
        {"actual": a, "predicted": p, "rows": counts[a, p],
         "share": counts[a, p] / totals[a] if totals[a] else 0.0}
        for a in classes for p in classes
    ]  # fmt: skip
    x = {"field": "predicted", "type": "nominal", "sort": list(classes), "axis": {"labelAngle": 0}}
    if sum(map(len, classes)) > MAX_LABELS:
        x["axis"] = {"labelAngle": -40}
    y = {"field": "actual", "type": "nominal", "sort": list(classes)}
    share = {
        "field": "share",
        "type": "quantitative",
        "scale": {"domain": [0, 1], "range": [0, 0.6]},
    }
    tooltip = _tooltip(
        words=("actual", "predicted"),
        actual="actual",
        predicted="predicted",
        rows="rows",
        share="share of actual",
    )
    return _spec(
        [
            {
                "mark": {"type": "rect", "color": ACCENT, "stroke": TEXT, "strokeOpacity": 0.15},
                "encoding": {"x": x, "y": y, "fillOpacity": share | {"legend": None},
                             "tooltip": tooltip},
            },
            {
                "mark": {"type": "text", "color": TEXT, "fontSize": 12},
                "encoding": {"x": x, "y": y, "text": {"field": "rows"}, "tooltip": tooltip},
            },
        ],
        cells,
        "predicted and actual classes of the test rows",
        height=max(HEIGHT, 22 * len(classes)),
    )  # fmt: skip


def predicted(rows: Rows, target: str) -> Spec:
    """Predicted against actual values."""
    ends = [row[key] for row in rows for key in ("actual", "predicted")]
    x = _quantity("actual", f"actual {target}", zero=False)
    y = _quantity("predicted", f"predicted {target}", zero=False)
    tooltip = _tooltip(actual="actual", predicted="predicted")
    return _spec(
        [_diagonal([(low, low) for low in (min(ends), max(ends))]), _cloud(x, y, tooltip)],
        rows,
        f"predicted and actual {target} of the test rows",
    )


def residuals(rows: Rows, target: str) -> Spec:
    """What is left of the target beside what was predicted."""
    x = _quantity("predicted", f"predicted {target}", zero=False)
    y = _quantity("residual", "actual less predicted", zero=True)
    tooltip = _tooltip(predicted="predicted", residual="actual less predicted")
    zero: Spec = {
        "data": {"values": [{"residual": 0}]},
        "mark": {"type": "rule", "strokeDash": [3, 3], "color": TEXT, "opacity": 0.6},
        "encoding": {"y": y},
    }
    return _spec([zero, _cloud(x, y, tooltip)], rows, f"residuals of {target}, out-of-fold")


def _cloud(x: Spec, y: Spec, tooltip: list[Spec]) -> Spec:
    mark = {"type": "point", "filled": True, "size": 22, "opacity": 0.6, "color": ACCENT}
    return {"mark": mark, "encoding": {"x": x, "y": y, "tooltip": tooltip}}


def learning_curves(rows: Rows, candidates: Sequence[str]) -> Spec:
    """Training and validation loss of the families that train in epochs."""
    long = [
        {"family": row["family"], "epoch": row["epoch"], "of": of, "loss": row[key]}
        for row in rows
        for key, of in (("train_loss", "training rows"), ("val_loss", "validation rows"))
        if row[key] is not None
    ]
    encoding = {
        "x": _quantity("epoch", "epoch", zero=False),
        "y": _quantity("loss", "loss, mean over the folds", zero=False),
        "color": _family(long, candidates),
        "strokeDash": {"field": "of", "type": "nominal", "title": None},
        "tooltip": _tooltip(family="family", of="of", epoch="epoch", loss="loss"),
    }
    return _spec([{"mark": "line", "encoding": encoding}], long, "learning curves")


def folds(rows: Rows, metric: str, candidates: Sequence[str]) -> Spec:
    """Each candidate's score in each fold."""
    encoding = {
        "x": {"field": "fold", "type": "ordinal", "title": "fold", "axis": {"labelAngle": 0}},
        "y": _quantity("score", metric, zero=False),
        "color": _family(rows, candidates),
        "size": {
            "condition": {"test": {"field": "family", "equal": candidates[0]}, "value": 3},
            "value": 1,
        },
        "tooltip": _tooltip(family="candidate", fold="fold", score=metric),
    }
    mark = {"type": "line", "point": {"size": 36}}
    return _spec([{"mark": mark, "encoding": encoding}], rows, f"{metric} fold by fold")


def importance(rows: Rows, metric: str) -> Spec:
    """What the score loses when each column is shuffled.

    Args:
        rows: of importance.csv, the greatest first.
        metric: that decides.
    """
    rows = rows[:MAX_COLUMNS]
    names = [row["column"] for row in rows]
    y = {"field": "column", "type": "nominal", "sort": names, "title": None}
    x = _quantity("mean", f"worse by, in units of {metric}", zero=True)
    tooltip = _tooltip(column="column", mean="worse by", low="low", high="high")
    return _spec(
        [
            {
                "mark": {"type": "bar", "color": ACCENT, "opacity": 0.55},
                "encoding": {"x": x, "y": y, "tooltip": tooltip},
            },
            {
                "mark": {"type": "rule", "color": TEXT, "opacity": 0.7},
                "encoding": {"x": x | {"field": "low"}, "x2": {"field": "high"}, "y": y},
            },
        ],
        rows,
        "permutation importance of the columns",
        height=ROW_HEIGHT * len(rows) + 10,
    )


def dependence(rows: Rows, target: str) -> Spec:
    """The mean prediction at each value of a column.

    Args:
        rows: of partial_dependence.csv, those of the column.
        target: what is predicted.
    """
    column, kind = rows[0]["column"], rows[0]["kind"]
    labels = list(dict.fromkeys(row["of"] for row in rows))
    several, spread = len(labels) > 1, rows[0]["low"] is not None
    kinds: dict[str, Spec] = {
        "number": {"type": "quantitative", "scale": {"zero": False}},
        "date": {"type": "temporal"},
        "category": {
            "type": "nominal",
            "sort": None,
            "axis": {"labelAngle": -40, "labelLimit": 90},
        },
    }
    x: Spec = {"field": "value", "title": column, **kinds[kind]}
    y = _quantity("mean", "probability" if several else labels[0], zero=False)
    color = {"color": {"field": "of", "type": "nominal", "title": None}} if several else {}
    tooltip = [{"field": "value", "title": column, "type": x["type"]}]
    tooltip += _tooltip(of="of", mean="mean", low="least", high="greatest")[: 4 if spread else 2]
    shape = (
        {"type": "point", "filled": True, "size": 70} if kind == "category" else {"type": "line"}
    )
    layers: list[Spec] = []
    if spread:
        band = {"type": "rule", "strokeWidth": 3} if kind == "category" else {"type": "area"}
        layers.append(
            {
                "mark": band | {"opacity": 0.22} | ({} if several else {"color": ACCENT}),
                "encoding": {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}, **color},
            }
        )
    layers.append(
        {
            "mark": shape | ({} if several else {"color": ACCENT}),
            "encoding": {"x": x, "y": y, "tooltip": tooltip, **color},
        }
    )
    return _spec(layers, rows, f"partial dependence on {column}", height=180)


def trials(rows: Rows, metric: str) -> Spec:
    """A family's trials: a line each, over an axis for every tuned parameter and the score."""
    axes = list(dict.fromkeys(row["parameter"] for row in rows))
    encoding = {
        "x": {"field": "parameter", "type": "nominal", "sort": axes, "title": None,
              "axis": {"labelAngle": -25, "grid": True}},
        "y": {"field": "place", "type": "quantitative", "title": None,
              "axis": {"values": [0, 1], "labelExpr": "datum.value ? 'high' : 'low'"}},
        "detail": {"field": "trial"},
        "color": {"field": "score", "type": "quantitative", "title": metric,
                  "scale": {"range": [OTHER, ACCENT]},
                  "legend": {"type": "gradient", "direction": "horizontal"}},
        "tooltip": _tooltip(trial="trial", parameter="parameter", value="value", score=metric),
    }  # fmt: skip
    best = max(rows, key=lambda row: row["place"] if row["parameter"] == axes[-1] else -1.0)[
        "trial"
    ]
    encoding["size"] = {
        "condition": {"test": {"field": "trial", "equal": best}, "value": 3.5},
        "value": 1.2,
    }
    mark = {"type": "line", "point": {"size": 30}, "opacity": 0.8}
    return _spec([{"mark": mark, "encoding": encoding}], rows, "trials over their parameters", 200)


def _spec(
    layers: list[Spec], rows: Iterable[Mapping[str, Any]], says: str, height: int = HEIGHT
) -> Spec:
    """A chart as wide as its place on the page."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": says,
        "data": {"values": [dict(row) for row in rows]},
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "layer": layers,
    }


def _quantity(field: str, title: str, *, zero: bool) -> Spec:
    return {"field": field, "type": "quantitative", "title": title, "scale": {"zero": zero}}


def _family(rows: Rows, candidates: Sequence[str]) -> Spec:
    """A candidate's colour, the same in every chart: the accent for the champion, the first of all.

    What knows nothing is grey.
    """
    shown = {row["family"] for row in rows}
    names = [name for name in candidates if name in shown]
    colors = {
        name: OTHER if name == REFERENCES[0] else COLORS[place % (len(COLORS) - 1)]
        for place, name in enumerate(candidates)
        if name in shown
    }
    scale = {"domain": names, "range": list(colors.values())}
    return {"field": "family", "type": "nominal", "title": None, "scale": scale}


def _diagonal(ends: Sequence[tuple[float, float]]) -> Spec:
    return {
        "data": {"values": [{"x": x, "y": y} for x, y in ends]},
        "mark": {"type": "line", "strokeDash": [3, 3], "color": TEXT, "opacity": 0.5},
        "encoding": {"x": {"field": "x", "type": "quantitative"},
                     "y": {"field": "y", "type": "quantitative"}},
    }  # fmt: skip


def _tooltip(*, words: Collection[str] = WORDS, **titles: str) -> list[Spec]:
    """What is shown of a mark under the pointer: the columns and their titles."""
    return [
        {"field": field, "title": title}
        | ({"type": "nominal"} if field in words else {"type": "quantitative", "format": ".5~g"})
        for field, title in titles.items()
    ]
