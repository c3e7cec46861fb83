"""What MLflow's UI opens on: who won, by how much, how long it took, in which order."""

from __future__ import annotations

import json
from typing import Any

from mlflow.entities import Experiment, Run

from tenfold import runtime, selection
from tenfold.tracking import descriptions
from tests.project import Project

NOTE = "mlflow.note.content"
VIEW = "mlflow.sharedViewState.leaderboard"


def experiment(project: Project) -> Experiment:
    found = project.client().get_experiment_by_name("breast_cancer")
    assert found is not None
    return found


def ranked(project: Project) -> list[str]:
    """The champion, then the others by the deciding metric."""
    champion, scores = (
        project.json("outputs/metrics.json")["champion"],
        project.json("outputs/scores.json"),
    )
    others = [name for name in selection.rank(scores, "auroc") if name != champion]
    return [champion, *others]


def leaderboard(project: Project) -> tuple[dict[str, Any], list[Run]]:
    """The state of the view that the UI opens on, and the runs that it lists."""
    shown = experiment(project)
    state = json.loads(json.loads(shown.tags[VIEW])["state"])
    order = f"{state['orderByKey']} {'ASC' if state['orderByAsc'] else 'DESC'}"
    found = project.client().search_runs(
        [shown.experiment_id], state["searchFilter"], order_by=[order]
    )
    return state, list(found)


def test_the_leaderboard_lists_the_families_and_the_champion_first(finished: Project) -> None:
    state, runs = leaderboard(finished)
    assert [run.info.run_name for run in runs] == ranked(finished)
    champion = runs[0]
    known = {f"tags.`{key}`" for key in champion.data.tags}
    known |= {f"metrics.`{key}`" for key in champion.data.metrics}
    assert set(state["selectedColumns"]) <= known
    assert not any(column.endswith("_fold`") for column in state["selectedColumns"])


def test_the_first_charts_are_the_deciding_metric_and_its_folds(finished: Project) -> None:
    state, runs = leaderboard(finished)
    charts = [(chart["type"], chart["metricKey"]) for chart in state["compareRunCharts"]]
    assert charts == [("BAR", "cv/auroc"), ("LINE", "cv/auroc_fold")]
    assert {key for _, key in charts} <= set(runs[0].data.metrics)
    [section] = state["compareRunSections"]
    assert {chart["metricSectionId"] for chart in state["compareRunCharts"]} == {section["uuid"]}


def test_a_deciding_metric_with_a_threshold_has_a_name_that_mlflow_takes(again: Project) -> None:
    again.change(metrics=["precision@0.3"], models={"dummy": {}, "linear": {}})
    again.repro()
    state, runs = leaderboard(again)
    keys = {chart["metricKey"] for chart in state["compareRunCharts"]}
    assert keys == {"cv/precision_at_0.3", "cv/precision_at_0.3_fold"} <= set(runs[0].data.metrics)


def test_every_run_says_where_it_stands_and_how_surely(finished: Project) -> None:
    better = finished.json("outputs/verdict.json")["better_by"]
    [champion, *others] = leaderboard(finished)[1]
    assert champion.data.tags["role"] == "champion"
    assert others
    for rank, run in enumerate(others, 2):
        by = better[run.info.run_name]
        assert run.data.metrics["rank"] == rank
        assert run.data.tags["role"] == ("rejected" if by["low"] > 0 else "challenger")
        assert f"{abs(by['mean']):.4f}" in run.data.tags["verdict"]
        assert run.data.tags["score"].startswith(f"{run.data.metrics['cv/auroc']:.4f} (")
        assert descriptions.escaped(run.data.tags["verdict"]) in run.data.tags[NOTE]


def test_experiment_model_and_version_say_who_won_by_how_much_on_what(finished: Project) -> None:
    client = finished.client()
    version = finished.champion().description or ""
    assert finished.champion().tags["role"] == "champion"
    note = experiment(finished).tags[NOTE]
    for sentence in finished.json("outputs/verdict.json")["sentences"]:
        assert descriptions.escaped(sentence) in note
        assert descriptions.escaped(sentence) in version
    first = finished.json("outputs/verdict.json")["sentences"][0]
    assert note.splitlines()[0] == f"**{descriptions.escaped(first)}**"
    for text in (note, version):
        assert "breast\\_cancer.csv; the target is diagnosis" in text
        assert "What decides: auroc (greater is better)" in text
    assert "predict diagnosis" in (client.get_registered_model("breast_cancer").description or "")


def test_a_run_lasts_as_long_as_its_search_and_training(finished: Project) -> None:
    for family, run in finished.family_runs().items():
        if family == "ensemble":
            assert run.info.end_time is None
            continue
        timings = [
            finished.json(f".tenfold/timings/{runtime.digest(finished / folder)}.json")
            for folder in (f"outputs/cross_validate/{family}", f"outputs/train/{family}")
        ]
        assert run.info.start_time == round(timings[0]["start"] * 1000)
        lasted = sum(timing["seconds"] for timing in timings)
        assert run.info.end_time is not None
        assert abs(run.info.end_time - run.info.start_time - 1000 * lasted) < 2


def test_a_run_of_results_made_elsewhere_claims_no_duration(again: Project) -> None:
    runtime.discard(again / ".tenfold/timings")
    again.run("tenfold", "publish")
    assert {run.info.end_time for run in again.family_runs().values()} == {None}
    assert {run.info.status for run in again.runs()} == {"FINISHED"}


def test_a_store_of_an_earlier_version_gets_what_is_new(again: Project) -> None:
    again.run("tenfold", "publish")
    client, before = again.client(), again.family_runs()
    ours, [model] = before["mlp"], client.search_registered_models()
    shown = experiment(again).experiment_id
    # As an earlier version has left it: no roles, and runs of the same name.
    for run in before.values():
        for tag in ("role", "score", "verdict", NOTE):
            client.delete_tag(run.info.run_id, tag)
        client.set_tag(run.info.run_id, "tenfold.champion", "false")
    client.set_tag(before["linear"].info.run_id, NOTE, "mine")
    client.delete_experiment_tag(shown, VIEW)
    client.set_experiment_tag(shown, NOTE, "my experiment")
    client.update_registered_model(model.name, "my model")
    old = client.create_run(
        shown,
        tags={"tenfold.fingerprint": "other", "tenfold.family": "mlp"},
        run_name="mlp",
    )
    client.set_terminated(old.info.run_id)

    again.run("tenfold", "publish")
    after = {run.info.run_id: run for run in again.runs()}
    assert len(after) == len(again.runs())
    runs = [after[run.info.run_id] for run in before.values()]
    assert {run.data.tags["role"] for run in runs} <= {"champion", "challenger", "rejected"}
    assert "tenfold.champion" not in {tag for run in runs for tag in run.data.tags}
    names = {after[ours.info.run_id].info.run_name, after[old.info.run_id].info.run_name}
    assert names == {"mlp", "mlp 2"}
    assert after[old.info.run_id].data.tags["role"] == "superseded"
    assert old.info.run_id not in {run.info.run_id for run in leaderboard(again)[1]}
    # What a person has written stays.
    assert after[before["linear"].info.run_id].data.tags[NOTE] == "mine"
    assert experiment(again).tags[NOTE] == "my experiment"
    assert client.get_registered_model(model.name).description == "my model"
