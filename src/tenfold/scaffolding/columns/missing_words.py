"""The texts that mean no value, everywhere or in some columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tenfold.scaffolding.columns.readings import ALWAYS_MISSING, MAYBE_MISSING, Reading


@dataclass(frozen=True)
class MissingWords:
    """The texts that mean no value.

    Attributes:
        everywhere: those that mean it in every column they stand in -> why.
        own: column -> those that mean it there, and are values in another column.
        doubtful: column -> those that may mean it there, and are taken for values.
    """

    everywhere: Mapping[str, str]
    own: Mapping[str, Sequence[str]]
    doubtful: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, readings: Mapping[str, Reading]) -> MissingWords:
        """Those of a table's columns."""
        doubtful = {column: one.doubtful for column, one in readings.items() if one.doubtful}
        values = {word for words in doubtful.values() for word in words}
        everywhere: dict[str, str] = {}
        own: dict[str, list[str]] = {}
        for column, one in readings.items():
            for word in one.words:
                if word in values or word not in (*ALWAYS_MISSING, *MAYBE_MISSING):
                    own.setdefault(column, []).append(word)
                else:
                    everywhere.setdefault(word, f"{word} stands in {column}")
        return cls(everywhere, own, doubtful)

    def markers(self, column: str) -> tuple[str, ...]:
        """All that mean no value in a column."""
        return ("", *self.everywhere, *self.own.get(column, ()))
