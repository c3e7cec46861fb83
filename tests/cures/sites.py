"""The places in the source that make a message, and those that a run came by."""

from __future__ import annotations

import ast
import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from pydantic import ValidationError

from tenfold.runtime import UserError
from tests.project import ROOT

PACKAGE = ROOT / "src" / "tenfold"
# Packages whose schemas raise ValueError, which pydantic hands to `params.messages`.
WITH_SCHEMAS = ("params", "models")


@dataclass(frozen=True, order=True)
class Place:
    """A file below `src/tenfold/` and a line of it."""

    file: str
    line: int


def all_places() -> dict[Place, str]:
    """Every place that makes a UserError, or a schema's ValueError, and its source text."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        file, text = path.relative_to(PACKAGE).as_posix(), path.read_text(encoding="utf-8")
        wanted = {"UserError", "UnfitParts"} | (
            {"ValueError"} if file.split("/")[0] in WITH_SCHEMAS else set()
        )
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in wanted:
                found[Place(file, node.lineno)] = ast.get_source_segment(text, node) or ""
    return found


@dataclass
class Recorded:
    """Where messages were made, and the types of pydantic's errors among them."""

    places: set[Place] = field(default_factory=set)
    problems: set[str] = field(default_factory=set)

    def add(self, error: BaseException | None) -> None:
        """The places of an error, of those that it comes from, and of those that pydantic holds."""
        while error is not None:
            trace = error.__traceback__
            while trace is not None:
                self.add_place(trace.tb_frame.f_code.co_filename, trace.tb_lineno)
                trace = trace.tb_next
            if isinstance(error, ValidationError):
                for problem in error.errors():
                    self.problems.add(problem["type"])
                    self.add(problem.get("ctx", {}).get("error"))
            error = error.__cause__ or error.__context__

    def add_place(self, file: str, line: int) -> None:
        """A line, if it is one of tenfold's."""
        with contextlib.suppress(ValueError):
            self.places.add(Place(Path(file).relative_to(PACKAGE).as_posix(), line))


@contextlib.contextmanager
def recorded() -> Iterator[Recorded]:
    """Record every place that makes a UserError meanwhile."""
    found = Recorded()

    def init(error: UserError, *arguments: Any) -> None:
        caller = sys._getframe(1)
        found.add_place(caller.f_code.co_filename, caller.f_lineno)
        Exception.__init__(error, *arguments)

    with mock.patch.object(UserError, "__init__", init):
        yield found
