"""MLflow's SQLite file: created whole, and known when it is half-made or damaged."""

from __future__ import annotations

import contextlib
import itertools
import shlex
import sqlite3
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from tenfold import runtime

# What SQLite writes beside a database; a journal of another file would damage a new one.
COMPANIONS = ("", "-journal", "-wal", "-shm")


def ensure(path: Path, lock: Path) -> None:
    """Create the store at `path` unless it is there; set a half-made one aside before.

    Raises:
        runtime.UserError: if it is damaged, or cannot be created.
    """
    if _has_runs(path):
        return
    with runtime.lock(lock, wait=True):
        if _is_complete(path):
            return
        half_made = path.exists()
        aside = _set_aside(path)
        if half_made:
            print(
                f"note: {path} was half-made and holds no runs: it is now {aside.name}, and a new "
                "store is created",
                file=sys.stderr,
            )
        _create(path)


def damaged(path: Path, reason: object) -> runtime.UserError:
    """What to tell the user about a store that SQLite cannot read."""
    move = shlex.join(["mv", str(path), f"{path}.damaged"])
    return runtime.UserError(
        f"MLflow's store {path} is damaged ({reason}): it only shows what outputs/ holds, so move "
        f"it away (`{move}`) and run `tenfold publish`"
    )


def _unusable(path: Path, reason: object) -> runtime.UserError:
    return runtime.UserError(
        f"MLflow's store {path} cannot be used ({reason}): make room or allow writing there, then "
        "run the same command again"
    )


def _has_runs(path: Path) -> bool:
    return _first(path, "runs", "run_uuid") is not None


def _is_complete(path: Path) -> bool:
    """Whether all of MLflow's migrations have run; MLflow itself judges a store with runs."""
    version = _first(path, "alembic_version", "version_num")
    return _has_runs(path) or (version is not None and version == _last_version())


def _first(path: Path, table: str, column: str) -> object:
    """A value of a column; None if there is no row, no such table or no store."""
    if not path.exists():
        return None
    # Not read-only, so that SQLite can undo what a killed process has left half-written.
    address = f"file:{quote(str(path))}?mode=rw"
    try:
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=60)) as store:
            tables = store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            if (table,) not in tables:
                return None
            row = store.execute(f"SELECT {column} FROM {table} LIMIT 1").fetchone()
            return row and row[0]
    except sqlite3.OperationalError as error:
        raise _unusable(path, error) from None
    except sqlite3.DatabaseError as error:
        raise damaged(path, error) from None


def _last_version() -> str | None:
    """The version of the schema that the installed MLflow needs."""
    import mlflow
    from alembic.script import ScriptDirectory

    migrations = Path(mlflow.__file__).parent / "store" / "db_migrations"
    return ScriptDirectory(str(migrations)).get_current_head()


def _set_aside(path: Path) -> Path:
    """Rename a store and what belongs to it; return its new path."""
    names = itertools.chain([""], (f".{number}" for number in itertools.count(2)))
    candidates = (path.with_name(f"{path.name}.half-made{name}") for name in names)
    aside = next(candidate for candidate in candidates if not candidate.exists())
    for suffix in COMPANIONS:
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside


def _create(path: Path) -> None:
    """Let MLflow make a store under another name, then rename it: a kill leaves no half of it."""
    from mlflow.db import upgrade
    from sqlalchemy.exc import SQLAlchemyError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f".{path.name}.*"):
            runtime.discard(left)
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            new = Path(folder) / path.name
            upgrade.main([f"sqlite:///{new}"], standalone_mode=False)
            new.rename(path)
    except (SQLAlchemyError, OSError) as error:
        raise _unusable(path, str(error).splitlines()[0]) from None
