"""A project's own code: files of its folders families/, metrics/ and losses/, one a name."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterable
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Literal

from tenfold.runtime.errors import UserError
from tenfold.runtime.files import write_json
from tenfold.runtime.fingerprints import digest

Kind = Literal["families", "metrics", "losses"]
DIGESTS = Path("outputs/families")
# tenfold's own families.
BUILT_IN = Path(__file__).parent.parent / "models"


def names(kind: Kind) -> list[str]:
    """What the project's folder defines, sorted; a file that starts with `_` defines nothing."""
    return sorted(file.stem for file in Path(kind).glob("*.py") if not file.name.startswith("_"))


def file_of(kind: Kind, name: str) -> Path:
    """The file that defines `name`."""
    return Path(kind) / f"{name}.py"


def load(
    kind: Kind, name: str, file: Path | None = None, defines: Iterable[str] = ()
) -> ModuleType:
    """Import the module that defines `name`.

    Args:
        kind: of what it defines.
        name: of what it defines.
        file: where it lies, by default in this project.
        defines: the names that it must have.

    Raises:
        UserError: if it cannot be imported or lacks one of `defines`.
    """
    file = file or file_of(kind, name)
    module = _import(f"{kind}.{name}", file.absolute(), digest(file))
    for needed in defines:
        if not hasattr(module, needed):
            raise UserError(
                f"{file} must define {needed}, but does not: docs/custom_code.md shows a whole one"
            )
    return module


def write_digests(families: Iterable[str], metric: str) -> None:
    """Write for each family a file that changes whenever code that trains it does.

    DVC watches these files, since dvc.yaml cannot say whether a family lies in the project or in
    tenfold.
    """
    families = list(families)
    for old in DIGESTS.glob("*.json"):
        if old.stem not in families:
            old.unlink()
    for name in families:
        write_json(DIGESTS / f"{name}.json", training_code(name, metric))


def training_code(family: str, metric: str) -> dict[str, Any]:
    """Digests of the code that a family is trained with.

    Of metrics, `metric` alone decides what is trained; of losses all count.
    """
    file, own = file_of("families", family), file_of("metrics", metric)
    return {
        "family": digest(file if file.is_file() else BUILT_IN / file.name),
        "losses": {name: digest(file_of("losses", name)) for name in names("losses")},
        "metric": digest(own) if own.is_file() else None,
    }


class _SourceLoader(SourceFileLoader):
    """Compiles the source anew: bytecode beside it would change the folder of a stored model."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


@cache
def _import(name: str, file: Path, _digest: str) -> ModuleType:
    loader = _SourceLoader(name, str(file))
    spec = importlib.util.spec_from_file_location(name, file, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    # Under this name annotations, and types in a stored model, are looked up.
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise failure(file, error) from None
    return module


def failure(file: Path, error: Exception) -> UserError:
    """An error in the project's own code, in one message that names the line."""
    return UserError(f"{_place(file.absolute(), error)}: {_reason(error)}")


def _place(file: Path, error: Exception) -> str:
    shown = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    if isinstance(error, SyntaxError):
        return f"{shown}, line {error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)
             if frame.filename == str(file)]  # fmt: skip
    return f"{shown}, line {lines[-1]}" if lines else str(shown)


def _reason(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed: `pip install` what the file imports"
    said = error.msg if isinstance(error, SyntaxError) else f"{type(error).__name__}: {error}"
    return f"{said}: correct it, then run the same command again"
