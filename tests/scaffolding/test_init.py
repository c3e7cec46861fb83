"""`tenfold init` and `tenfold check`: what is guessed of a table, and that the project runs."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from ruamel.yaml import YAML

from tenfold import models, params, scaffolding
from tenfold.runtime import UserError
from tenfold.scaffolding import check
from tenfold.scaffolding.project import working_in
from tests.project import ROOT, Project
from tests.scaffolding.guessing import checked, guessed, known_to_dvc, said_of, table


@pytest.mark.slow
def test_a_file_without_a_header_is_recognised_by_its_first_line_and_can_be_named() -> None:
    content = table().to_csv(index=False, header=False)
    found = guessed(content, "column_5")
    assert found["data"]["header"] is False
    named = guessed(content, "bought", "id", "colour", "size", "price", "bought")
    assert named["data"]["columns"][-1] == "bought"


@pytest.mark.slow
def test_an_encoding_that_could_be_another_is_asked_about() -> None:
    text = table().assign(town="Nîmes").to_csv(index=False)
    Path("t.csv").write_bytes(text.encode("cp1252"))
    said = "\n".join(scaffolding.init("t.csv", "bought", known_to_dvc(), {}, force=True))
    assert "check: data.encoding: with cp1252 cells are then 'Nîmes'; with cp1257: 'Nīmes'" in said


@pytest.mark.slow
def test_a_second_header_of_units_is_one_row_that_is_rejected() -> None:
    frame = table().astype(object)
    units = {"customer_id": "", "colour": "", "size": "cm", "price": "EUR", "bought": ""}
    said = said_of(pd.concat([pd.DataFrame([units]), frame]), "price")
    assert "check: the first row holds words among numbers ('cm' in size, 'EUR' in price)" in said
    assert "does not fit" not in said
    assert "121 rows read, 120 kept, 1 rejected" in checked()


@pytest.mark.slow
def test_what_check_refuses_for_another_cause_is_said_by_init() -> None:
    table().assign(twin=table()["bought"] * 10).to_csv("t.csv", index=False)
    said = "\n".join(scaffolding.init("t.csv", "bought", known_to_dvc(), {}, force=True))
    assert "check: tenfold check refuses this so far: target_copy" in said
    assert "'twin' is the target" in said


@pytest.mark.slow
def test_a_decimal_comma_and_an_old_encoding_are_guessed() -> None:
    frame = table().assign(town="Köln")
    text = frame.to_csv(index=False, sep=";", decimal=",")
    Path("t.csv").write_bytes(text.encode("cp1252"))
    scaffolding.init("t.csv", "bought", known_to_dvc(), {}, force=True)
    found = YAML(typ="safe").load(Path("project/params.yaml").read_text())
    assert (found["data"]["decimal"], found["data"]["encoding"]) == (",", "cp1252")


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_title_above_the_header_is_skipped(ending: str) -> None:
    path = f"t.{ending}"
    if ending == "csv":
        Path(path).write_text("Sales of May\n\n" + table().to_csv(index=False, sep=";"))
    else:
        with pd.ExcelWriter(path) as writer:
            table().to_excel(writer, index=False, startrow=2)
            writer.book.worksheets[0]["A1"] = "Sales of May"
    scaffolding.init(path, "bought", known_to_dvc(), {}, force=True)
    found = YAML(typ="safe").load(Path("project/params.yaml").read_text())
    assert found["data"]["skip_lines"] == 2
    assert found["task"] == "binary"


def test_odd_names_survive_the_file() -> None:
    names = {"size": "yes", "colour": 'a "b": c', "price": "# no", "customer_id": "null"}
    found = guessed(table().rename(columns=names), "bought")
    assert found["clean"]["drop_columns"] == ["null"]


def test_names_with_line_ends_stay_within_comments_and_values() -> None:
    odd = {"colour": "a\nseed: 8", "customer_id": "b\u2028c", "bought": "is\nit"}
    frame = table(400).rename(columns=odd)
    found = guessed(frame, "is\nit")
    assert (found["seed"], found["data"]["target"]) == (7, "is\nit")
    assert found["clean"]["drop_columns"] == ["b\u2028c"]


@pytest.mark.slow
def test_a_query_of_a_database_is_taken_over_and_its_file_seen_from_the_project() -> None:
    with contextlib.closing(sqlite3.connect("shop.db")) as database:
        table().to_sql("orders", database, index=False)
    settings = {"query": "SELECT * FROM orders WHERE size < 9"}
    scaffolding.init("sqlite:shop.db", "bought", known_to_dvc(), settings, force=False)
    with working_in(Path("project")):
        experiment = params.load(models)
        assert experiment.data.path == "sqlite:../shop.db"
        assert "120 rows read" in "\n".join(check.check(experiment))
    with pytest.raises(UserError, match="query is missing"):
        scaffolding.init("sqlite:shop.db", "bought", Path("other"), {}, force=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    "row",
    [
        b"1,2\n",
        b"1,2,3,4,5,6,7\n",
        b'"red" x,1,2,3,4\n',
    ],
    ids=["short", "long", "behind a quote"],
)
def test_a_table_with_a_damaged_row_is_looked_at_all_the_same(row: bytes) -> None:
    lines = table().to_csv(index=False).encode().splitlines(keepends=True)
    Path("t.csv").write_bytes(b"".join([*lines[:20], row, *lines[20:]]))
    scaffolding.init("t.csv", "bought", known_to_dvc(), {}, force=True)
    said = checked()
    assert "121 rows read, 120 kept, 1 rejected" in said


@pytest.mark.slow
def test_a_line_break_in_a_name_does_not_end_the_header() -> None:
    frame = table().rename(columns={"colour": "new\nline"})
    Path("t.csv").write_text(frame.to_csv(index=False, lineterminator="\r\n"), newline="")
    scaffolding.init("t.csv", "bought", known_to_dvc(), {}, force=True)
    assert "120 kept" in checked()


def test_a_first_line_that_names_the_target_is_a_header_whatever_else_it_holds() -> None:
    found = guessed(table().rename(columns={"size": "2019"}), "bought")
    assert "header" not in found["data"]
    with pytest.raises(
        UserError, match=r"its first line holds '1000', as rows do: name its columns"
    ):
        guessed(table().to_csv(index=False, header=False), "bought")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["br [x]", "st*r", "que?", "uni größe", "h#h", "year=2024"])
def test_a_project_may_have_any_name(name: str) -> None:
    table().to_csv("t.csv", index=False)
    scaffolding.init("t.csv", "bought", Path(name), {}, force=False)
    with working_in(Path(name)):
        assert "120 kept" in "\n".join(check.check(params.load(models)))
        site = subprocess.run(
            ["dvc", "config", "core.site_cache_dir"], capture_output=True, text=True, check=True
        )
        assert site.stdout.strip() == str(Path(".dvc/tmp/site").resolve())


def test_a_name_that_mlflow_cannot_work_in_is_refused_and_nothing_is_left() -> None:
    table().to_csv("t.csv", index=False)
    for name in ("a'b\"c", "per%cent"):
        with pytest.raises(UserError, match="must hold neither % nor both"):
            scaffolding.init("t.csv", "bought", Path(name), {}, force=False)
    with pytest.raises(UserError, match="no column 'no'"):
        scaffolding.init("t.csv", "no", Path("new"), {}, force=False)
    assert [path.name for path in Path().iterdir() if path.is_dir()] == []


@pytest.mark.slow
def test_what_a_folder_ignores_already_is_kept_and_completed() -> None:
    Path("project").mkdir()
    Path("project/.gitignore").write_text("*.tmp\n/outputs/")
    table().to_csv("t.csv", index=False)
    said = scaffolding.init("t.csv", "bought", Path("project"), {}, force=False)
    lines = Path("project/.gitignore").read_text().splitlines()
    assert lines[:2] == ["*.tmp", "/outputs/"]
    assert "/.tenfold/" in lines
    assert lines.count("/outputs/") == 1
    assert any(line.startswith("added to .gitignore: /mlruns/") for line in said)


@pytest.mark.slow
def test_a_sheet_of_an_excel_file_is_taken_over() -> None:
    with pd.ExcelWriter("book.xlsx") as book:
        table().to_excel(book, sheet_name="first", index=False)
        table().head(9).to_excel(book, sheet_name="second", index=False)
    scaffolding.init("book.xlsx", "bought", known_to_dvc(), {"sheet": "first"}, force=False)
    assert "--sheet first" in Path("project/params.yaml").read_text()
    with working_in(Path("project")):
        assert params.load(models).data.sheet == "first"


@pytest.mark.slow
def test_what_init_writes_is_valid_and_checked_in_seconds() -> None:
    guessed(table(), "bought")
    with working_in(Path("project")):
        said = "\n".join(check.check(params.load(models)))
    assert "120 rows read, 120 kept, 0 rejected" in said
    assert "10 folds of 9 to 10 rows, stratified" in said
    assert "120 fits, very roughly" in said
    assert "linear: 40 fits (4 of 4 configurations)" in said
    assert not Path("project/outputs").exists()


@pytest.mark.slow
def test_check_refuses_what_a_stage_would_refuse() -> None:
    guessed(table().assign(twin=table()["bought"] * 10), "bought")
    with working_in(Path("project")), pytest.raises(UserError, match="'twin' is the target"):
        check.check(params.load(models))


@pytest.mark.slow
def test_a_params_file_is_not_replaced_unless_forced_and_then_kept() -> None:
    table().to_csv("t.csv", index=False)
    scaffolding.init("t.csv", "bought", known_to_dvc(), {}, force=False)
    before = Path("project/params.yaml").read_text()
    with pytest.raises(UserError, match="--force keeps it"):
        scaffolding.init("t.csv", "price", Path("project"), {}, force=False)
    scaffolding.init("t.csv", "price", Path("project"), {}, force=True)
    assert Path("project/params.yaml.old").read_text() == before
    scaffolding.init("t.csv", "size", Path("project"), {}, force=True)
    assert Path("project/params.yaml.old").read_text() == before
    assert "target: price" in Path("project/params.yaml.old.2").read_text()


@pytest.mark.slow
def test_an_initialised_project_runs_and_an_upgrade_runs_all_of_it_again(tmp_path: Path) -> None:
    table().to_csv("t.csv", index=False)
    project = Project(tmp_path / "project")
    outside = Project(tmp_path)
    outside.run("tenfold", "init", "t.csv", "--target", "bought", "project")
    project.change(
        models={"dummy": {}, "linear": {}},
        split={"n_splits": 3},
        select_model={"inspect": "off"},
    )
    everything = ["clean", "split", "cross_validate@dummy", "cross_validate@linear"]
    everything += ["train@dummy", "train@linear", "select_model"]
    assert project.repro() == everything
    assert project.json("outputs/metrics.json")["champion"] == "linear"
    assert project.repro() == ["clean", "select_model"]
    assert project.json("outputs/code.json")["libraries"]["scikit-learn"]
    upgraded = shutil.copytree(ROOT / "src", tmp_path / "upgraded")
    with (upgraded / "tenfold" / "metrics" / "catalogue.py").open("a") as module:
        module.write("# Another version.\n")
    assert project.repro(env={"PYTHONPATH": str(upgraded)}) == everything
