"""The charts of the report."""

from __future__ import annotations

from typing import Any

from tenfold.reporting import charts


def row(family: str, mean: float, width: float | None = 0.01, role: str = "tied") -> dict[str, Any]:
    low, high = (mean - width, mean + width) if width is not None else (None, None)
    own = {"family": family, "role": role, "mean": mean, "low": low, "high": high}
    return {**own, "megabytes": 1.0, "models": 1.0}


def drawn(spec: dict[str, Any]) -> list[str]:
    return [one["family"] for one in spec["data"]["values"]]


def test_a_reference_far_from_all_others_is_named_and_not_drawn() -> None:
    rows = [row("mlp", 0.995), row("linear", 0.99), row("dummy", 0.5)]
    spec, left_out = charts.families(rows, "auroc")
    assert drawn(spec) == ["mlp", "linear"]
    assert left_out == ["dummy"]
    spec, left_out = charts.families([*rows[:2], row("dummy", 0.96)], "auroc")
    assert (drawn(spec), left_out) == (["mlp", "linear", "dummy"], [])


def test_no_serious_candidate_is_left_out() -> None:
    rows = [row("mlp", 0.9), row("knn", 0.2), row("linear", 0.89)]
    assert charts.families(rows, "auroc")[1] == []


def test_candidates_of_a_single_fold_have_no_interval_and_are_drawn() -> None:
    spec, left_out = charts.families([row("mlp", 0.9, None), row("linear", 0.9, None)], "auroc")
    assert (drawn(spec), left_out) == (["mlp", "linear"], [])


def test_only_references_are_drawn_as_any_others() -> None:
    spec, left_out = charts.families([row("linear", 0.9), row("dummy", 0.5)], "auroc")
    assert (drawn(spec), left_out) == (["linear", "dummy"], [])


def test_counts_of_confusion_are_shares_of_the_actual_class() -> None:
    pairs = [("a", "a"), ("a", "b"), ("b", "b")]
    rows = [{"actual": actual, "predicted": predicted} for actual, predicted in pairs]
    cells = charts.confusion(rows, ["a", "b", "c"])["data"]["values"]
    found = {(one["actual"], one["predicted"]): (one["rows"], one["share"]) for one in cells}
    assert found["a", "b"] == (1, 0.5)
    assert found["b", "b"] == (1, 1.0)
    assert found["c", "a"] == (0, 0.0)
    assert len(found) == 9


def colors_of(spec: charts.Spec) -> dict[str, str]:
    scale = spec["layer"][0]["encoding"]["color"]["scale"]
    return dict(zip(scale["domain"], scale["range"], strict=True))


def test_the_champion_has_the_accent_and_what_knows_nothing_is_grey() -> None:
    rows = [{"family": name, "fold": 0.0, "score": 0.5} for name in ("dummy", "linear", "mlp")]
    candidates = ["mlp", "dummy", "linear"]
    colors = colors_of(charts.folds(rows, "auroc", candidates))
    assert colors["mlp"] == charts.ACCENT
    assert colors["dummy"] == charts.OTHER
    assert colors["linear"] not in (charts.ACCENT, charts.OTHER)
    without = charts.folds(rows[:2], "auroc", candidates)
    assert colors_of(without) == {name: colors[name] for name in ("dummy", "linear")}


def test_calibration_shows_what_is_served_beside_what_was_trained() -> None:
    point = {"predicted": 0.5, "observed": 0.4, "low": 0.3, "high": 0.5, "rows": 10.0}
    rows = [{"family": name, **point} for name in ("mlp", "mlp, calibrated")]
    color = charts.calibration(rows)["layer"][2]["encoding"]["color"]
    colors = dict(zip(color["scale"]["domain"], color["scale"]["range"], strict=True))
    assert colors["mlp, calibrated"] == charts.ACCENT != colors["mlp"]
    assert "legend" not in color
    alone = charts.calibration(rows[:1])["layer"][2]["encoding"]["color"]
    assert alone["legend"] is None
