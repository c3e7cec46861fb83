"""`tenfold family`: the file of a model family of one's own, which works and is to be changed."""

from __future__ import annotations

import keyword
from importlib import resources
from pathlib import Path

from tenfold import models, runtime
from tenfold.runtime import UserError, custom_code
from tenfold.scaffolding import project

# What outputs/ and the leaderboard call other things than families.
RESERVED = ("ensemble",)


def write(name: str, *, network: bool) -> list[str]:
    """Write families/<name>.py, and the schema that lets editors know it.

    Args:
        name: of the family.
        network: of stacked networks; otherwise of scikit-learn estimators.

    Returns:
        Lines that tell what was written and what to do next.

    Raises:
        UserError: if the name cannot be used, or there is no project here.
    """
    if not Path("params.yaml").is_file():
        raise UserError(f"there is no params.yaml in {Path.cwd()}: run this in the project")
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise UserError(
            f"a family's name must be a Python name such as my_model, but got {name!r}: name it so"
        )
    if name in models.built_in() or name in RESERVED:
        raise UserError(f"{name!r} is a name of tenfold's own: name your family otherwise")
    file = custom_code.file_of("families", name)
    if file.exists():
        raise UserError(f"{file} is there already: change it, or name another family")
    template = "network_family.py.j2" if network else "family.py.j2"
    text = resources.files("tenfold.scaffolding").joinpath(template).read_text("utf-8")
    runtime.write_text(file, text.replace("{{ name }}", name))
    project.write_schema()
    return [
        f"written: {file}",
        "",
        f"next: add `{name}: {{}}` under models: in params.yaml; then tenfold check && dvc repro",
    ]
