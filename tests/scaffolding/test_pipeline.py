"""dvc.yaml of an initialised project: tenfold's own, with the installation in place of modules."""

from __future__ import annotations

from ruamel.yaml import YAML

from tenfold.scaffolding import pipeline
from tests.project import ROOT

OURS = (ROOT / "dvc.yaml").read_text()


def test_stages_are_the_same_but_for_the_program_and_the_code() -> None:
    ours, theirs = YAML(typ="safe").load(OURS), YAML(typ="safe").load(pipeline.pipeline())
    assert theirs["plots"] == ours["plots"]
    assert list(theirs["stages"]) == list(ours["stages"])
    theirs["stages"]["clean"]["outs"].remove({"outputs/code.json": {"persist": True}})
    for name, stage in ours["stages"].items():
        own, described = stage.get("do", stage), theirs["stages"][name]
        other = described.get("do", described)
        code = ("src/", "pipelines/", "requirements.lock")
        data = [dep for dep in own["deps"] if not dep.startswith(code)]
        installed = [] if name == "clean" else ["outputs/code.json"]
        assert sorted(other.pop("deps", [])) == sorted([*data, *installed])
        assert other.pop("cmd") == f"exec tenfold stage {name}" + own["cmd"].partition(".py")[2]
        same = {key: value for key, value in own.items() if key not in ("cmd", "deps")}
        assert other == same
        assert "foreach" not in stage or described["foreach"] == stage["foreach"]


def test_comments_stay_and_the_first_tells_what_is_different() -> None:
    text = pipeline.pipeline()
    assert "outputs/code.json names the installed tenfold" in text.partition("stages:")[0]
    _, _, ours = OURS.partition("stages:")
    comments = [line for line in ours.splitlines() if line.lstrip().startswith("#")]
    assert comments
    assert [line for line in text.splitlines() if line in comments] == comments
    assert "pipelines/" not in text
    assert len(text.splitlines()) <= 110
    assert max(map(len, text.splitlines())) <= 101
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_templates_of_plots_are_the_same() -> None:
    ours = {file.name: file.read_text() for file in (ROOT / ".dvc/plots").iterdir()}
    assert pipeline.plot_templates() == ours
