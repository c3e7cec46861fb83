"""The building's own rules: what imports what, and what each stage declares to DVC."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tenfold import models
from tests.project import ROOT

SOURCE = ROOT / "src"
PACKAGE = SOURCE / "tenfold"
STAGES = ["clean", "split", "cross_validate", "train", "select_model"]

# What `training.catalogue.resolve` imports: "tenfold.training.layers:StackedBatchNorm".
RESOLVED = re.compile(r"[a-z_]+(\.[a-z_]+)*:\w+")

# library: the modules that may import it
DOORS = {
    "dvc": (),
    "duckdb": ("cleaning", "sources"),
    "mlflow": ("serving", "tracking"),
    "optuna": ("params.search_space", "tuning"),
    "pytorch_lightning": ("training",),
    "torch": ("training",),
    "skops": ("models.shared.persistence",),
    "jinja2": ("reporting.page", "scaffolding.experiment"),
    "catboost": ("models.catboost",),
    "lightgbm": ("models.lightgbm",),
    "ruamel": ("params", "scaffolding"),
    "matplotlib": ("reporting.pictures",),
    "openpyxl": ("sources.readers.excel", "sources.readers.merged_cells"),
    "psycopg": ("sources.readers.postgresql",),
    "sqlite3": ("sources.readers.sqlite", "tracking.database", "tracking.registry"),
}


@cache
def imports(path: Path, *, at_runtime: bool = True) -> list[tuple[str, str | None]]:
    """(module, name) of every import in a file, also inside functions and in registries."""
    found: list[tuple[str, str | None]] = []
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and at_runtime:
            skipped.update(id(child) for part in node.body for child in ast.walk(part))
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            found += [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [(node.module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Constant) and RESOLVED.fullmatch(str(node.value)):
            module, _, name = str(node.value).partition(":")
            found.append((module, name))
    return found


def files_of(module: str, name: str | None) -> Iterator[Path]:
    """The files of ours that importing `name` from `module` runs."""
    parts = [*module.split("."), *([name] if name else [])]
    for length in range(1, len(parts) + 1):
        path = SOURCE.joinpath(*parts[:length])
        for file in (path / "__init__.py", path.with_suffix(".py")):
            if file.is_file():
                yield file


def reached_from(*starts: Path) -> set[Path]:
    """Every file of ours that a program runs, families chosen by name left out."""
    reached: set[Path] = set()
    waiting = list(starts)
    while waiting:
        file = waiting.pop()
        if file in reached:
            continue
        reached.add(file)
        for module, name in imports(file):
            if module.split(".")[0] == "tenfold":
                waiting.extend(files_of(module, name))
    return reached


# Packages in one line: each imports only from those before it.
ORDER = [
    "metrics", "runtime", "params", "dataset", "sources", "cleaning", "audit", "splitting",
    "preprocessing", "postprocessing", "training", "models", "tuning", "selection", "inspection",
    "serving", "reporting", "tracking", "scaffolding", "cli.py",
]  # fmt: skip
# What a stage's program reaches and its outputs do not depend on, so that an edit of it runs
# nothing again: what it prints, what it looks at before the first training, and what lets it find
# a model that DVC does not watch.
NOT_DECLARED = {
    "clean": {"models", "preprocessing", "reporting", "selection", "training", "tuning"},
    "split": {
        *("cleaning", "models", "postprocessing", "preprocessing", "reporting", "selection"),
        *("serving", "tracking", "tuning"),
    },
    "cross_validate": {
        *("cleaning", "postprocessing", "reporting", "selection", "serving", "sources"),
        "tracking",
    },
    "train": {"postprocessing", "reporting", "selection"},
}


def package_of(file: Path) -> str:
    """The package, or the module, of `src/tenfold/` that a file of it lies in."""
    return file.relative_to(PACKAGE).parts[0]


def packages_reached_from(*starts: Path) -> set[str]:
    reached = {file for file in reached_from(*starts) if PACKAGE in file.parents}
    return {package_of(file) for file in reached} - {"__init__.py"}


def family_file(family: str) -> Path:
    return PACKAGE / "models" / f"{family}.py"


def declared(stage: str) -> list[str]:
    """A stage's deps."""
    document: dict[str, Any] = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())
    described = document["stages"][stage]
    return list(described.get("do", described)["deps"])


def packages_declared(stage: str) -> set[str]:
    prefix = "src/tenfold/"
    code = [dep.removeprefix(prefix) for dep in declared(stage) if dep.startswith(prefix)]
    return {dep.split("/")[0] for dep in code}


@pytest.mark.slow
@pytest.mark.parametrize("stage", sorted(NOT_DECLARED))
def test_a_stage_depends_on_the_packages_it_runs(stage: str) -> None:
    families = [family_file(name) for name in models.names()]
    chosen = families if "${key}" in " ".join(declared(stage)) else []
    reached = packages_reached_from(ROOT / "pipelines" / f"{stage}.py", *chosen)
    assert packages_declared(stage) == reached - NOT_DECLARED[stage]
    assert reached >= NOT_DECLARED[stage]
    assert f"pipelines/{stage}.py" in declared(stage)
    assert "requirements.lock" in declared(stage)


@pytest.mark.parametrize("stage", ["cross_validate", "train"])
def test_a_stage_of_a_family_depends_on_this_family_alone(stage: str) -> None:
    own = [dep for dep in declared(stage) if dep.startswith("src/tenfold/models")]
    assert own == ["src/tenfold/models/__init__.py", "src/tenfold/models/shared"]
    # Stage clean writes it: a digest of the family's file, wherever that lies.
    assert "outputs/families/${key}.json" in declared(stage)
    shared = (PACKAGE / "models" / "shared").rglob("*.py")
    assert not reached_from(*shared) & {family_file(name) for name in models.names()}


def test_select_model_which_loads_any_family_depends_on_all_packages() -> None:
    assert "src/tenfold" in declared("select_model")


def test_packages_import_one_way() -> None:
    for file in PACKAGE.rglob("*.py"):
        for module, name in imports(file):
            if module.split(".")[0] != "tenfold":
                continue
            for other in map(package_of, files_of(module, name)):
                own = package_of(file)
                if other not in (own, "__init__.py") and own != "__init__.py":
                    assert ORDER.index(other) < ORDER.index(own), f"{file} imports {module}"


def test_the_house_has_few_rooms_and_all_are_in_order() -> None:
    found = [p.name for p in PACKAGE.iterdir() if p.name not in ("__pycache__", "py.typed")]
    assert sorted(found) == sorted([*ORDER, "__init__.py"])
    assert len(ORDER) <= 20


def test_the_pipeline_is_short() -> None:
    assert len((ROOT / "dvc.yaml").read_text().splitlines()) <= 110


@pytest.mark.parametrize("library", sorted(DOORS))
def test_a_library_is_imported_only_behind_its_door(library: str) -> None:
    for file in PACKAGE.rglob("*.py"):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        rooms = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
        for module, _ in imports(file):
            if module.split(".")[0] == library:
                assert rooms & set(DOORS[library]), f"{file} imports {module}"


def test_the_training_room_needs_nothing_else_of_tenfold() -> None:
    allowed = {"torch", "pytorch_lightning", "numpy", "tqdm", "tenfold"}
    for file in (PACKAGE / "training").glob("*.py"):
        for module, name in imports(file):
            top = module.split(".")[0]
            assert top in allowed | set(sys.stdlib_module_names), f"{file} imports {module}"
            if top == "tenfold":
                assert f"{module}.{name}".startswith("tenfold.training"), f"{file}: {module}"


def test_parts_know_no_stage() -> None:
    for file in PACKAGE.rglob("*.py"):
        assert not any(module.split(".")[0] == "pipelines" for module, _ in imports(file))


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_program_is_short(stage: str) -> None:
    lines = (ROOT / "pipelines" / f"{stage}.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 60


HEAVY = {"torch", "pytorch_lightning", "mlflow", "optuna", "matplotlib", "sklearn", "openpyxl"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "heavy"),
    [
        ("clean", HEAVY | {"psycopg"}),
        ("split", HEAVY | {"psycopg"}),
        ("tenfold.training.prediction", {"pytorch_lightning"}),
    ],
)
def test_what_is_light_loads_nothing_heavy(program: str, heavy: set[str]) -> None:
    code = (
        f"import sys; sys.path.insert(0, 'pipelines'); import {program}; "
        f"print(sorted({heavy} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_importing_tenfold_loads_only_tenfold() -> None:
    code = "import sys; before = set(sys.modules); import tenfold; print(set(sys.modules) - before)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "{'tenfold'}"
