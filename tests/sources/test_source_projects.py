"""`dvc repro` on sources that are no single file: the results follow the source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.project import Project, new_project
from tests.sources.servers import Postgres

pytestmark = pytest.mark.slow
FAMILIES: dict[str, Any] = {"dummy": {}, "linear": {}}
QUERY = "SELECT size, colour, sold FROM houses WHERE price > 0"


def houses(n: int = 90) -> pd.DataFrame:
    rows = range(n)
    return pd.DataFrame(
        {
            "price": [1 + row % 7 for row in rows],
            "size": [(row * 37 % 101) / 4 for row in rows],
            "colour": [["red", "green", "blue"][row % 3] for row in rows],
            "sold": ["yes" if row * 37 % 101 > 45 else "no" for row in rows],
        }
    )


def project_of(root: Path, **data: Any) -> Project:
    return new_project(
        root,
        name="houses",
        data={**data, "target": "sold"},
        clean={"require": [], "drop_columns": []},
        split={"n_splits": 3},
        models=FAMILIES,
    )


def test_a_query_to_postgresql_is_asked_again_at_each_repro(
    server: Postgres, tmp_path: Path
) -> None:
    server.execute(
        "DROP TABLE IF EXISTS houses",
        "CREATE TABLE houses (price int, size numeric, colour text, sold text)",
    )
    for price, size, colour, sold in houses().itertuples(index=False):
        server.execute(f"INSERT INTO houses VALUES ({price}, {size}, '{colour}', '{sold}')")
    project = project_of(tmp_path / "project", path="postgresql:HOUSES_URL", query=QUERY)
    refused = project.stage("clean")
    assert refused.returncode == 2
    assert "the environment has no variable 'HOUSES_URL'" in refused.stderr
    environment = {"HOUSES_URL": server.address()}
    assert len(project.repro(env=environment)) == 7
    assert project.json("outputs/clean/report.json")["read"] == 90
    champion = project.json("outputs/metrics.json")
    assert project.repro(env=environment) == ["clean", "select_model"]
    server.execute("INSERT INTO houses VALUES (1, 7.5, 'red', 'no')")
    assert len(project.repro(env=environment)) == 7
    assert project.json("outputs/clean/report.json")["read"] == 91
    for file in project.root.rglob("outputs/**/*.json"):
        assert server.address() not in file.read_text()
    assert champion["champion"] == "linear"


def test_a_pattern_of_parquet_files_is_one_table_that_grows_with_its_folder(
    tmp_path: Path,
) -> None:
    project = project_of(tmp_path / "project", path="data/parts/*.parquet")
    (project / "data/parts").mkdir()
    table = houses().drop(columns="price")
    for number in range(3):
        part = table.iloc[30 * number : 30 * (number + 1)]
        part.to_parquet(project / f"data/parts/{number}.parquet")
    assert len(project.repro()) == 7
    report = project.json("outputs/clean/report.json")
    assert report["sources"] == [f"data/parts/{number}.parquet" for number in range(3)]
    assert (report["read"], report["kept"]) == (90, 90)
    assert project.repro() == ["clean", "select_model"]
    table.assign(size=table["size"] + 0.1).iloc[:9].to_parquet(project / "data/parts/3.parquet")
    assert len(project.repro()) == 7
    assert project.json("outputs/clean/report.json")["read"] == 99
