"""How a family builds its networks, without the packages that check its parameters.

The training room needs torch, Lightning and numpy alone; so do the benchmarks.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import tenfold


@functools.cache
def build_of(family: str) -> Callable[..., Any]:
    """The function `build` of a family's file, of which only functions are loaded."""
    path = Path(tenfold.__file__).parent / "models" / f"{family}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    # Types are not looked up: __future__ stays.
    kept = [own for own in tree.body if isinstance(own, ast.FunctionDef) or _is_future(own)]
    module = ModuleType(f"tenfold.models.{family}")
    exec(compile(ast.Module(kept, []), str(path), "exec"), module.__dict__)
    build: Callable[..., Any] = module.__dict__["build"]
    return build


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"
