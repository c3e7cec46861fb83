"""The `tenfold` command: from a table to a project, its results and a served champion."""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import tenfold.runtime.program as program
from tenfold import runtime
from tenfold.runtime import UserError

if TYPE_CHECKING:
    from tenfold.params import Params

# The exit code of `predict --rejects` if some rows were not scored.
SOME_REJECTED = 3
HOST = "127.0.0.1"
STAGES = ["clean", "split", "cross_validate", "train", "select_model"]


def main(arguments: list[str] | None = None) -> None:
    """Parse the command line and run one command; a UserError exits with 2."""
    parser, _ = command_line()
    chosen, left = parser.parse_known_args(arguments)
    # argparse takes no second place behind an option: `init TABLE --target COLUMN DIRECTORY`.
    if chosen.run is init and len(left) == 1 and not left[0].startswith("-"):
        chosen.directory = Path(left.pop())
    if left:
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    with program.one_message():
        chosen.run(chosen)


def command_line() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """The parser of the command line, and those of its commands by their names."""
    parser = argparse.ArgumentParser(prog="tenfold", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    command = commands.add_parser(
        "init", help="make a project from a table and explain every guess"
    )
    command.add_argument(
        "table", help="a file, a pattern, sqlite:FILE, postgresql:VARIABLE or sklearn:NAME"
    )
    command.add_argument("--target", required=True, metavar="COLUMN", help="what to predict")
    command.add_argument("--columns", default="", help="names, for a file without a header: a,b,c")
    command.add_argument("--query", help="what to SELECT from a database")
    command.add_argument("--sheet", help="of an Excel file")
    command.add_argument(
        "--time",
        type=seconds,
        default="5m",
        metavar="TIME",
        help="that a whole dvc repro may take, such as 90s, 5m or 2h (default: 5m)",
    )
    command.add_argument(
        "--force", action="store_true", help="replace params.yaml; it is kept as .old"
    )
    command.add_argument("directory", nargs="?", type=Path, default=Path(), help="default: here")
    command.set_defaults(run=init)

    command = commands.add_parser("family", help="write families/NAME.py, a family of your own")
    command.add_argument("name", help="its key under models: in params.yaml")
    command.add_argument(
        "--network", action="store_true", help="of stacked networks, not of scikit-learn estimators"
    )
    command.set_defaults(run=family)

    command = commands.add_parser("stage", help="run one stage, as dvc.yaml asks for it")
    command.add_argument("name", choices=STAGES)
    command.add_argument("family", nargs="?", help="of cross_validate and train")
    command.set_defaults(run=stage)

    command = commands.add_parser(
        "check", help="check params.yaml and look at the data, without training"
    )
    command.set_defaults(run=check)

    command = commands.add_parser("leaderboard", help="show the results and what to do next")
    command.set_defaults(run=leaderboard)

    command = commands.add_parser(
        "nested", help="score the whole experiment, its search and its choice, fold by fold"
    )
    command.add_argument(
        "--folds", type=at_least_one, metavar="N", help="run so many of the folds (default: all)"
    )
    command.set_defaults(run=nested)

    command = commands.add_parser("ui", help="open the MLflow UI on loopback")
    command.add_argument("--port", type=int, default=5000)
    command.set_defaults(run=ui)

    command = commands.add_parser("serve", help="serve the champion on loopback")
    command.add_argument("--model", help="default: the champion of this project")
    command.add_argument("--port", type=int, default=5001)
    command.set_defaults(run=serve)

    command = commands.add_parser("predict", help="score a file with a registered model")
    command.add_argument("--model", help="default: the champion of this project")
    command.add_argument(
        "--samples",
        type=int,
        default=0,
        metavar="N",
        help="mean and spread of N answers with dropout",
    )
    command.add_argument("--seed", type=int, default=0, help="decides which units are dropped")
    command.add_argument(
        "--intervals",
        action="store_true",
        help="add the intervals, or sets of classes, that select_model.intervals declares",
    )
    command.add_argument(
        "--rejects",
        type=Path,
        metavar="FILE",
        help="a CSV for the rows that cannot be read; the rest is scored, and the exit code is 3",
    )
    command.add_argument("source", type=Path, help="CSV, TSV, Parquet or JSON")
    command.add_argument("target", type=Path, help="the CSV to write")
    command.set_defaults(run=predict)

    command = commands.add_parser("publish", help="rebuild MLflow from the stages' outputs")
    command.set_defaults(run=publish)

    command = commands.add_parser("schema", help="print the JSON Schema of params.yaml")
    command.set_defaults(run=schema)
    return parser, commands.choices


def init(arguments: argparse.Namespace) -> None:
    """Write a project for a table, and say what was guessed."""

    from tenfold import scaffolding

    runtime.check_user()
    names = [name.strip() for name in arguments.columns.split(",") if name.strip()]
    given = {"columns": names, "query": arguments.query, "sheet": arguments.sheet}
    done = scaffolding.init(
        arguments.table,
        arguments.target,
        arguments.directory,
        {key: value for key, value in given.items() if value},
        seconds=arguments.time,
        force=arguments.force,
    )
    print("\n".join(done))
    folder = shlex.quote(str(arguments.directory))
    here = "" if arguments.directory == Path() else f"cd {folder} && "
    print(f"\nnext: {here}tenfold check && dvc repro")


def family(arguments: argparse.Namespace) -> None:
    """Write a family that works, to be changed."""
    from tenfold.scaffolding import own_family

    print("\n".join(own_family.write(arguments.name, network=arguments.network)))


def stage(arguments: argparse.Namespace) -> None:
    """Run the program of a stage; clean also records the versions of what is installed."""
    import runpy

    if arguments.name == "clean":
        runtime.write_json(Path("outputs/code.json"), runtime.installation())
    sys.argv = [arguments.name, *([arguments.family] if arguments.family else [])]
    runpy.run_module(f"tenfold.pipelines.{arguments.name}", run_name="__main__", alter_sys=True)


def check(arguments: argparse.Namespace) -> None:
    """Report what a stage would refuse before training, or what `dvc repro` would do."""
    from tenfold.scaffolding import check

    runtime.check_folder()
    runtime.check_user()
    print("\n".join(check.check(_params())))


def leaderboard(arguments: argparse.Namespace) -> None:
    """Print the leaderboard and the next commands."""
    from tenfold.reporting import nested_results, outputs, terminal

    experiment = _params()
    path, judged = Path("outputs/metrics.json"), Path("outputs/verdict.json")
    verdict = runtime.read_json(judged) if path.exists() and judged.exists() else {}
    # An earlier version of tenfold wrote no intervals.
    if "test" not in verdict:
        raise UserError(f"there is no {path} yet: run `dvc repro` first")
    intervals = verdict["test"]["intervals"]
    results, scores = runtime.read_json(path), runtime.read_json(Path("outputs/scores.json"))
    print(terminal.leaderboard(results, scores, experiment.metrics, intervals))
    said = nested_results.sentences(outputs.Outputs())
    print("\n" + "\n".join([*verdict["sentences"], *said]))
    # In tenfold's own clone make knows where the commands are installed.
    program = "make" if Path("pipelines").is_dir() else "tenfold"
    print(f"\nnext:  {program} ui      compare the runs in your browser")
    print(f"       {program} serve   ask the champion over HTTP")


def nested(arguments: argparse.Namespace) -> None:
    """Nested cross-validation: print each fold's result, and write all to outputs/nested.json."""
    from tenfold.reporting import nested_results

    for line in nested_results.run(_params(), arguments.folds, _run_stage):
        print(line, flush=True)


def _run_stage(folder: Path, words: Sequence[str]) -> None:
    """Run the program of a stage in another folder."""
    command = [str(Path(sys.executable).with_name("tenfold")), "stage", *words]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        # Its message has been printed.
        sys.exit(done.returncode)


def ui(arguments: argparse.Namespace) -> None:
    """Say where the leaderboard is, then become MLflow's server of the project's store."""
    from tenfold import tracking

    if tracking.uri().startswith(("http://", "https://")):
        raise UserError(
            f"MLFLOW_TRACKING_URI names a server, which has a UI of its own: open {tracking.uri()} "
            "in a browser"
        )
    _require_free(arguments.port)
    values = runtime.checked_params()
    page = tracking.page(values["name"] if values else None)
    print(f"MLflow UI: http://{HOST}:{arguments.port}{page}  (Ctrl-C ends it)", flush=True)
    where = ["--host", HOST, "--port", str(arguments.port), "--workers", "1"]
    # The address is not among the arguments, which all users of a machine can see.
    store = {"MLFLOW_BACKEND_STORE_URI": tracking.uri()}
    _become(["mlflow", "server", *where], {**tracking.environment(), **store})


def serve(arguments: argparse.Namespace) -> None:
    """Replace this process by MLflow's scoring server of the champion."""
    from tenfold import tracking

    _require_free(arguments.port)
    model = arguments.model or _champion()
    tracking.require_model(model)
    print(f"serving {model}: http://{HOST}:{arguments.port}/invocations", flush=True)
    where = ["--host", HOST, "--port", str(arguments.port), "--workers", "1"]
    command = ["uvicorn", "--factory", "tenfold.serving.app:create", *where]
    _become(command, {**tracking.environment(), "TENFOLD_MODEL": model})


def predict(arguments: argparse.Namespace) -> None:
    """Write the table, followed by columns with the prediction and class probabilities."""
    from tenfold import tracking
    from tenfold.serving import scoring

    _require_new_csv(arguments.target, arguments.source)
    if arguments.rejects:
        _require_new_csv(arguments.rejects, arguments.source)
        if arguments.rejects.resolve() == arguments.target.resolve():
            raise UserError(f"--rejects {arguments.rejects} is the file to write: name another")
    model = tracking.load_model(arguments.model or _champion())
    how = scoring.Scoring(
        n_samples=arguments.samples,
        seed=arguments.seed,
        skip_bad=arguments.rejects is not None,
        intervals=arguments.intervals,
        **model.model_config,
    )
    try:
        scored = scoring.score(arguments.source, model.get_raw_model(), how)
    except scoring.UnreadableRows as refusal:
        raise UserError(
            f"{refusal}. `--rejects FILE` writes such rows to a file and scores the rest"
        ) from None
    n_rejected = len(scored.rejected)
    if arguments.rejects:
        runtime.write_text(arguments.rejects, scored.rejected.to_csv(index=False))
    if len(scored.rows) == 0:
        raise UserError(f"no row of {arguments.source} can be scored: {arguments.rejects} says why")
    runtime.write_text(arguments.target, scored.table.to_csv(index=False))
    print(f"{arguments.target}: {len(scored.rows)} rows scored")
    print("".join(f"note: {note}\n" for note in scored.notes), end="")
    if n_rejected:
        rows = "1 row" if n_rejected == 1 else f"{n_rejected} rows"
        own = "its reason" if n_rejected == 1 else "their reasons"
        print(f"{arguments.rejects}: {rows} that cannot be read, with {own}")
        sys.exit(SOME_REJECTED)


def publish(arguments: argparse.Namespace) -> None:
    """Show the outputs in MLflow again; nothing is computed."""
    from tenfold import tracking
    from tenfold.reporting import outputs, results

    experiment, out = _params(), outputs.Outputs()
    values, fingerprint = experiment.model_dump(mode="json"), ""
    if all(outputs.stamp(out)):
        fingerprint = outputs.inputs_fingerprint(values, out)
    if not outputs.are_made_from(fingerprint, out):
        raise UserError("outputs/ does not hold this experiment's results: run `dvc repro` first")
    print(tracking.publish(results.read(experiment, out, fingerprint)))


def schema(arguments: argparse.Namespace) -> None:
    """Print the JSON Schema of params.yaml."""
    import json

    from tenfold import models, params

    print(json.dumps(params.json_schema(models), indent=2, sort_keys=True))


def seconds(text: str) -> float:
    """A span of time in seconds."""
    number, unit = text[:-1], text[-1:]
    with contextlib.suppress(ValueError):
        found = float(number) * {"s": 1, "m": 60, "h": 3600}.get(unit, math.nan)
        if 0 < found < math.inf:
            return found
    raise argparse.ArgumentTypeError(
        f"must be a number with s, m or h, such as 90s, 5m or 2h, but got {text!r}"
    )


def at_least_one(text: str) -> int:
    """A whole number from 1 on."""
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"must be a whole number from 1 on, but got {text!r}")


def _params() -> Params:
    """The experiment; a stage that returns at once needs none of these imports."""
    from tenfold import models, params

    return params.load(models)


def _champion() -> str:
    return f"models:/{_params().select_model.registered_model_name}@champion"


def _require_new_csv(target: Path, source: Path) -> None:
    if target.suffix != ".csv" or target.is_dir():
        raise UserError(f"the file to write must be a CSV, but got {target}: let it end in .csv")
    if target.resolve() == source.resolve():
        raise UserError(f"{target} is the file to read: name another to write")
    if not os.access(target.parent, os.W_OK):
        raise UserError(f"{target.parent} is no folder that can be written to: name another")


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            raise UserError(f"port {port} cannot be used: name another with --port") from None


def _become(command: list[str], environment: dict[str, str]) -> None:
    """Replace this process by a command of the same virtual environment."""
    if runtime.secrets():
        # What it prints goes through a process that masks passwords.
        masking = subprocess.Popen(
            [sys.executable, "-c", "from tenfold import runtime; runtime.mask_lines()"],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        assert masking.stdin is not None
        for stream in (sys.stdout, sys.stderr):
            os.dup2(masking.stdin.fileno(), stream.fileno())
    binary = Path(sys.executable).with_name(command[0])
    os.execve(binary, command, environment)
