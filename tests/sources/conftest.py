"""The servers that tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sources.servers import Postgres, postgres


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A PostgreSQL with nothing in it; whoever makes a table drops it first."""
    with postgres() as running:
        yield running
