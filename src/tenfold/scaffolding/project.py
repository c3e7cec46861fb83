"""The files of a project, in this project's own clone or in an empty folder."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tenfold import models, params, runtime
from tenfold.params.data import SCHEMES
from tenfold.runtime import UserError
from tenfold.scaffolding import pipeline

PARAMS = Path("params.yaml")
SCHEMA = Path("params.schema.json")
GIT_IGNORED = "/mlruns/\n/outputs/\n/.tenfold/\n/dvc_plots/\n__pycache__/\n.venv/\n"
DVC_CONFIG = (
    "[plots]\n    html_template = plots/vega.html\n"
    "[core]\n    analytics = false\n    check_update = false\n"
)
DVC_IGNORED = ".venv\n.tenfold\nmlruns\ndvc_plots\n__pycache__\n"


def relative_path(table: str, folder: Path) -> str:
    """A table's path relative to `folder`, so that both can move together."""
    scheme, _, path = table.partition(":")
    if scheme == "sqlite":
        return f"sqlite:{os.path.relpath(path, folder)}"
    return table if scheme in SCHEMES else os.path.relpath(table, folder)


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Make `folder` the current one for a while; it is made if there is none.

    One that was made is removed again if the work fails.

    Raises:
        UserError: if it cannot be made.
    """
    before, is_new = Path.cwd(), not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{folder} cannot be made ({error.strerror}): name another folder"
        ) from None
    os.chdir(folder)
    try:
        yield
    except BaseException:
        os.chdir(before)
        if is_new:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        os.chdir(before)


def write(experiment: str, *, force: bool) -> list[str]:
    """Write params.yaml, and those of the other files that are missing.

    Returns:
        Lines that tell what was written.

    Raises:
        UserError: if there is a params.yaml, or a dvc.yaml of another project.
    """
    done = []
    if PARAMS.exists():
        if not force:
            raise UserError(
                f"{PARAMS.resolve()} is there already: --force keeps it as params.yaml.old"
            )
        old = _unused("params.yaml.old")
        PARAMS.replace(old)
        done.append(f"params.yaml is now {old}")
    if Path("dvc.yaml").exists() and "tenfold" not in Path("dvc.yaml").read_text(encoding="utf-8"):
        raise UserError(f"{Path.cwd()} holds another project's dvc.yaml: name an empty folder")
    runtime.write_text(PARAMS, experiment)
    files: dict[str, Callable[[], str]] = {
        "dvc.yaml": pipeline.pipeline,
        str(SCHEMA): _schema,
        ".gitignore": lambda: GIT_IGNORED,
        ".dvcignore": lambda: DVC_IGNORED,
    }
    new = [file for file in files if not Path(file).exists()]
    for file in new:
        runtime.write_text(Path(file), files[file]())
    done.append(f"written: {', '.join(['params.yaml', *new])}")
    if not Path(".dvc").exists():
        for file in (".gitignore", ".dvcignore"):
            done += [] if file in new else _add_lines(Path(file), files[file]())
        _start_dvc()
        for name, template in pipeline.plot_templates().items():
            runtime.write_text(Path(".dvc/plots") / name, template)
    return done


def write_schema() -> None:
    """Write params.schema.json, which knows the project's own families."""
    runtime.write_text(SCHEMA, _schema())


def _schema() -> str:
    return json.dumps(params.json_schema(models), indent=2, sort_keys=True) + "\n"


def _unused(name: str) -> Path:
    """The name, with a number behind it if a file has it already."""
    numbered = (Path(f"{name}.{number}") for number in itertools.count(2))
    return next(path for path in itertools.chain([Path(name)], numbered) if not path.exists())


def _add_lines(path: Path, needed: str) -> list[str]:
    """Add the lines that a file lacks; return a line about it."""
    present = path.read_text(encoding="utf-8")
    missing = [line for line in needed.splitlines() if line not in present.splitlines()]
    if not missing:
        return []
    runtime.write_text(path, "\n".join([present.rstrip("\n"), *missing, ""]))
    return [f"added to {path}: {' '.join(missing)}"]


def _start_dvc() -> None:
    """Make a DVC project, within git where there is one."""
    git = shutil.which("git")
    if git and not _is_in_git(git):
        subprocess.run([git, "init", "--quiet"], check=True)
    dvc = str(Path(sys.executable).with_name("dvc"))
    if not git:
        place, config = ["--no-scm"], f"{DVC_CONFIG}    no_scm = true\n"
    else:
        place, config = [] if Path(".git").exists() else ["--subdir"], DVC_CONFIG
    _run([dvc, "init", "--quiet", *place])
    runtime.write_text(Path(".dvc/config"), config)
    # By default it is a folder that everybody on the machine may write to.
    site = str(Path(".dvc/tmp/site").resolve())
    if '"' in site:
        _run([dvc, "config", "--local", "core.site_cache_dir", site])
    else:  # A command of DVC takes half a second, and writes no path that is not ASCII.
        line = f'[core]\n    site_cache_dir = "{site}"\n'
        runtime.write_text(Path(".dvc/config.local"), line)


def _is_in_git(git: str) -> bool:
    asked = subprocess.run(
        [git, "rev-parse", "--is-inside-work-tree"], capture_output=True, check=False
    )
    return asked.returncode == 0


def _run(command: list[str]) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise UserError(f"{' '.join(command)} failed: {' '.join(ended.stderr.split())}")
