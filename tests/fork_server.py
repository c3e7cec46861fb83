"""Programs in forks of one process that has imported their libraries already.

A test that runs `dvc repro` starts a dozen programs, each of which imports torch, MLflow and DVC
for 3 to 8 seconds. Here `python`, `dvc` and `tenfold` are small programs that ask the server to
fork, hand it their working folder, environment and streams, and end as the fork ends. tenfold
itself is imported by the fork, from the project's own folder.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import gc
import importlib
import json
import os
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import types
from pathlib import Path
from typing import Any

CLIENT = Path(__file__).with_name("fork_client.py")
BINARIES = Path(sys.executable).parent
KEPT = ("PATH", "HOME", "MLFLOW_DISABLE_TELEMETRY")
LIBRARIES = [
    "catboost",
    "duckdb",
    "filelock",
    "jinja2",
    "lightgbm",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
    "numpy",
    "openpyxl",
    "optuna",
    "pandas",
    "psycopg",
    "pyarrow.compute",
    "pyarrow.csv",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "pydantic",
    "ruamel.yaml",
    "safetensors.numpy",
    "scipy.optimize",
    "scipy.stats",
    "skops.io",
    "sklearn.compose",
    "sklearn.dummy",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.model_selection",
    "sklearn.preprocessing",
    "threadpoolctl",
    "tqdm",
    "torch",
    "pytorch_lightning",
    "networkx",
    "tabulate",
    "mlflow",
    "mlflow.cli",
    "mlflow.pyfunc.scoring_server",
    "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.tracing.processor.base_mlflow",
    "dvc.api",
    "dvc.cli",
    "dvc.commands.repro",
    "dvc.repo.reproduce",
]


@functools.cache
def programs(threads: str = "1") -> Path:
    """A folder with `python`, `dvc` and `tenfold`, for PATH; the server ends with this process.

    Each number of threads has a server of its own, whose hashes have a seed of their own.
    """
    folder = Path(tempfile.mkdtemp(prefix="fork-"))
    address = folder / "socket"
    server = subprocess.Popen(
        [sys.executable, __file__, str(address)],
        cwd=folder,
        env={
            **{name: os.environ[name] for name in KEPT if name in os.environ},
            "OMP_NUM_THREADS": threads,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the clients, which hand it on.
    )
    assert server.stdout is not None
    server.stdout.readline()  # It listens.
    atexit.register(server.kill)
    for name in ("python", "dvc", "tenfold"):
        words = [sys.executable, "-IS", str(CLIENT), str(address), str(BINARIES / name)]
        (folder / name).write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        (folder / name).chmod(0o755)
    return folder


def main() -> None:
    """Become a program, in a fork, each time a client asks for one."""
    _end_with_parent()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(sys.argv[1])
        listening.listen(128)
        print(flush=True)
        for library in LIBRARIES:
            importlib.import_module(library)
        # Else each fork asks every installed package for its modules when it loads a model.
        packages: Any = importlib.import_module("mlflow.utils.requirements_utils")
        packages._init_modules_to_packages_map()
        gc.freeze()  # A fork that collected garbage would copy every page of the libraries.
        running: set[int] = set()
        while True:
            client, _ = listening.accept()
            if not (watch := os.fork()):
                break
            client.close()
            running = {one for one in running if not os.waitpid(one, os.WNOHANG)[0]} | {watch}
    message, streams, _, _ = socket.recv_fds(client, 1 << 20, 3)
    program = os.fork()
    if program:
        _watch(client, program)
    client.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _run(**json.loads(message))


def _run(folder: str, environment: dict[str, str], arguments: list[str]) -> None:
    """Run a program as the interpreter would, but end without taking every library apart."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = arguments
    given = environment.get("PYTHONPATH", "").split(os.pathsep)
    own = "" if arguments[0] == "-c" else str(Path(arguments[0]).absolute().parent)
    sys.path[:1] = [own, *filter(None, given)]
    code: object = None
    try:
        if arguments[0] == "-c":
            sys.argv = ["-c", *arguments[2:]]
            sys.modules["__main__"] = types.ModuleType("__main__")
            exec(compile(arguments[1], "<string>", "exec"), vars(sys.modules["__main__"]))
        else:
            runpy.run_path(arguments[0], run_name="__main__")
    except SystemExit as ended:
        code = ended.code
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        code = -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    if isinstance(code, str):
        print(code, file=sys.stderr)
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    if code == -signal.SIGINT:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(code if isinstance(code, int) else code is not None)


def _watch(client: socket.socket, program: int) -> None:
    """Tell the client how the program ends; end the program when the client is killed."""
    descriptor = os.pidfd_open(program)
    while descriptor not in select.select([client.fileno(), descriptor], [], [])[0]:
        asked = client.recv(1)
        os.kill(program, asked[0] if asked else signal.SIGKILL)
        if not asked:
            break
    _, status = os.waitpid(program, 0)
    with contextlib.suppress(OSError):
        client.send(os.waitstatus_to_exitcode(status).to_bytes(2, signed=True))
    os._exit(0)


def _end_with_parent() -> None:
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


if __name__ == "__main__":
    main()
