"""The building's own rules: what imports what, and what each stage declares to DVC."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tenfold import models

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "tenfold"
STAGES = ["clean", "split", "cross_validate", "train", "select_model"]

# What `training.registry.resolve` imports: "tenfold.training.dense:MLP".
RESOLVED = re.compile(r"[a-z_]+(\.[a-z_]+)*:\w+")

# library: the modules that may import it
DOORS = {
    "dvc": (),
    "duckdb": ("cleaning", "expressions", "sources"),
    "mlflow": ("serving", "tracking"),
    "optuna": ("search_space", "tuning"),
    "pytorch_lightning": ("training",),
    "torch": ("training",),
    "skops": ("persistence",),
    "ruamel": ("params",),
    "matplotlib": ("plots",),
    "openpyxl": ("sources.excel",),
    "psycopg": ("sources.postgresql",),
    "sqlite3": ("sources.sqlite", "tracking.registry"),
}


def imports(path: Path, *, at_runtime: bool = True) -> Iterator[tuple[str, str | None]]:
    """(module, name) of every import in a file, also inside functions and in registries."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and at_runtime:
            skipped.update(id(child) for part in node.body for child in ast.walk(part))
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Constant) and RESOLVED.fullmatch(str(node.value)):
            module, _, name = str(node.value).partition(":")
            yield module, name


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


def family_file(family: str) -> Path:
    return PACKAGE / "models" / f"{family}.py"


def declared(stage: str, family: str) -> set[Path]:
    """The files of ours in a stage's deps, folders opened."""
    document: dict[str, Any] = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())
    described = document["stages"][stage]
    deps = described.get("do", described)["deps"]
    found: set[Path] = set()
    for dep in deps:
        path = ROOT / dep.replace("${key}", family)
        if path.is_dir() and PACKAGE in [path, *path.parents]:
            found.update(path.rglob("*.py"))
        elif path.suffix == ".py":
            found.add(path)
    return found


@pytest.mark.parametrize("stage", ["clean", "split"])
def test_a_stage_depends_on_the_modules_it_runs(stage: str) -> None:
    assert declared(stage, "") == reached_from(ROOT / "pipelines" / f"{stage}.py")


def test_select_model_which_loads_any_family_depends_on_all_modules() -> None:
    families = [family_file(name) for name in models.names()]
    reached = reached_from(ROOT / "pipelines" / "select_model.py", *families)
    assert reached <= declared("select_model", "")


@pytest.mark.parametrize("stage", ["cross_validate", "train"])
@pytest.mark.parametrize("family", models.names())
def test_a_stage_of_a_family_depends_on_the_modules_it_runs(stage: str, family: str) -> None:
    reached = reached_from(ROOT / "pipelines" / f"{stage}.py", family_file(family))
    found = declared(stage, family)
    assert reached <= found
    # One declaration serves all families, so it names what any of them runs.
    others = [family_file(name) for name in models.names()]
    assert found <= reached_from(ROOT / "pipelines" / f"{stage}.py", *others)
    assert not found & {family_file(name) for name in models.names() if name != family}


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


@pytest.mark.parametrize("program", ["clean", "split"])
def test_the_light_stages_load_nothing_heavy(program: str) -> None:
    heavy = {"torch", "pytorch_lightning", "mlflow", "optuna", "matplotlib", "sklearn"}
    heavy |= {"openpyxl", "psycopg"}
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
