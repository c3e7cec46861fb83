"""dvc.yaml of an initialised project, made from tenfold's own."""

from __future__ import annotations

import copy
import io
from importlib import resources

from ruamel.yaml import YAML

# Links to tenfold's own files; named dvc.yaml, DVC would run it as a pipeline of this folder.
SHIPPED = resources.files("tenfold.scaffolding")
# What deps name that lies in tenfold's repository only, and what stands in for it.
IN_REPOSITORY = ("src/", "pipelines/", "requirements.lock")
CODE = "outputs/code.json"
# Where the plots begin.
PLOTS = "\n# Every file is written for every task"
HEAD = """\
The DVC pipeline: five stages in sequence. Each is a program of tenfold that reads what it declares
here and writes its folder of outputs/. `exec` makes DVC the program's own parent, so that a
killed `dvc repro` takes its stage with it. outputs/code.json names the installed tenfold and its
libraries: after an upgrade every stage runs again.
"""


def plot_templates() -> dict[str, str]:
    """The templates of `dvc plots`, of charts and of the page: file name -> content."""
    page = resources.files("tenfold.reporting").joinpath("vega.html")
    files = [*SHIPPED.joinpath("plots").iterdir(), page]
    return {file.name: file.read_text("utf-8") for file in files}


def pipeline() -> str:
    """tenfold's own dvc.yaml, with `tenfold stage` for programs and `CODE` for modules."""
    yaml = YAML()
    yaml.width = 60  # A line is broken after the item that passes it.
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    # What is plotted is the same, and stays as it is written.
    stages, begin, plots = SHIPPED.joinpath("pipeline.yaml").read_text("utf-8").partition(PLOTS)
    document = yaml.load(stages)
    document.ca.comment = None
    document.yaml_set_start_comment(HEAD)
    for name, declared in document["stages"].items():
        stage = declared.get("do", declared)
        stage["cmd"] = stage["cmd"].replace(f"python pipelines/{name}.py", f"tenfold stage {name}")
        data = [dep for dep in stage["deps"] if not dep.startswith(IN_REPOSITORY)]
        # Stage clean writes CODE, so it cannot depend on it.
        stage["deps"][:] = data if name == "clean" else [*data, CODE]
        if not stage["deps"]:
            del stage["deps"]
    outs = document["stages"]["clean"]["outs"]
    outs.append({CODE: copy.deepcopy(outs[0]["outputs/clean"])})
    text = io.StringIO()
    yaml.dump(document, text)
    lines = text.getvalue().rstrip().splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines) + begin + plots
