"""What captured steps are worth on a GPU: every figure of docs/benchmarks.md's chapter, in one run.

Run from the project's root: `bash benchmarks/gpu.sh`. Each measurement runs in a process of its
own and under its own limit, so that none of them can spoil the others; all together take eight
minutes at most. `--accelerator cpu --tiny` shows on any machine that the program works. It needs
torch 2.11 or newer, Lightning and numpy.
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

# Else the first look for a GPU would spoil it for the processes that measure.
os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "1"
# A program that is started as a file finds only modules beside it.
sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "src"))

import numpy as np
import torch

from benchmarks import adult_work, captured, contenders, works
from benchmarks.bare import bare_stacked
from benchmarks.bare_captured import bare_captured
from benchmarks.captured import Choice
from benchmarks.works import Data, Work
from tenfold.training.settings import Rates

RESULTS = Path(__file__).parent / "results" / "gpu.json"
SECONDS = 480
# The first warms up.
TURNS = 3
BREAST_CANCER = works.WORKS["breast_cancer-b32"]
# Two epochs of a large table tell as much as twenty.
SPEED = {
    "breast_cancer-b32": BREAST_CANCER,
    "breast_cancer-b256": works.WORKS["breast_cancer-b256"],
    "table_20k-b256": works.WORKS["table_20k-b256"],
    "table_20k-b256-bf16": replace(works.WORKS["table_20k-b256"], precision="bf16-mixed"),
    "table_200k-b256": replace(works.LARGE, epochs=4),
    "table_200k-b256-bf16": replace(works.LARGE, epochs=4, precision="bf16-mixed"),
}
# Enough steps that what a training does besides them weighs little.
STEP_EPOCHS = {"breast_cancer-b32": 800, "table_20k-b256": 60, "table_200k-b256": 6}
TRIALS = 30
# The trials that are trained at once.
GENERATIONS = (5, 10, 30)
ADULT_TRIALS = 10
Measure = Callable[[argparse.Namespace], Any]


def main() -> None:
    options = arguments()
    contenders.hush()
    deadline, results = time.monotonic() + options.seconds, dict[str, Any]()
    results["machine"] = within(30, machine, options)
    if not isinstance(results["machine"], dict):
        raise SystemExit(f"{results['machine']}: --accelerator cpu --tiny tries the program alone")
    for name, (limit, measure) in measures(options).items():
        if options.only and not any(name.startswith(only) for only in options.only):
            continue
        left = deadline - time.monotonic()
        results[name] = within(min(limit, left), measure, options) if left > 2 else "no time left"
        print(f"{name}: {json.dumps(results[name])}", flush=True)
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accelerator", choices=["cpu", "gpu"], default="gpu")
    parser.add_argument("--tiny", action="store_true", help="very small works, to try the program")
    parser.add_argument("--only", nargs="+", help="measurements whose names begin so")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of the whole run")
    parser.add_argument("--output", type=Path, default=RESULTS)
    return parser.parse_args()


def measures(options: argparse.Namespace) -> dict[str, tuple[float, Measure]]:
    """Name -> the seconds that it may take, and what is measured, the most wanted first."""
    found: dict[str, tuple[float, Measure]] = {}
    rivals: dict[str, Callable[[Work, Data], float]] = {
        "tenfold": contenders.tenfold,
        "tenfold, one fold": contenders.tenfold,
        "tenfold, uncaptured": uncaptured,
        "bare_stacked": bare_stacked,
    }
    if options.accelerator == "gpu":
        rivals["bare_captured"] = bare_captured
    for work in SPEED:
        for rival, train in rivals.items():
            found[f"speed/{work}/{rival}"] = (25, speed(work, train, one="one fold" in rival))
        if work.startswith("breast_cancer") or work == "table_20k-b256":
            # One fit of one fold; a fit of every fold takes as many times as long.
            train = contenders.lightning_per_fold
            found[f"speed/{work}/lightning, one fold"] = (40, speed(work, train, one=True, turns=2))
    found["differences"] = (90, differences)
    found["trials alone"] = (20, trials_alone)
    for size in GENERATIONS:
        found[f"study/{size} at once"] = (45, study(size))
    for kind in adult_work.FAMILIES:
        found[f"adult/{kind}"] = (45, adult(kind))
    found["twice and on the processor"] = (30, twice)
    found["a step"] = (20, a_step)
    return found


def within(seconds: float, measure: Measure, options: argparse.Namespace) -> Any:
    """A measurement's result, or why there is none; a process that takes longer is ended."""
    # torch is loaded once, and each process starts its own work on the device.
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(measure, options, there))
    process.start()
    there.close()
    found: Any = f"stopped after {seconds:.0f} s"
    if here.poll(seconds):
        try:
            found = here.recv()
        except EOFError:
            found = "the process died"
    process.kill()
    process.join()
    return found


def _measure(measure: Measure, options: argparse.Namespace, answer: Any) -> None:
    try:
        found = measure(options)
    except Exception as error:  # Whatever it is, the other measurements go on.
        found = f"{type(error).__name__}: {error}"
    answer.send(found)


# Chapter: what is measured


def machine(options: argparse.Namespace) -> dict[str, Any]:
    """What is measured on."""
    name = "a processor" if options.accelerator == "cpu" else torch.cuda.get_device_name()
    return {
        "device": name,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "tiny": options.tiny,
    }


def speed(
    name: str, train: Callable[[Work, Data], float], *, one: bool, turns: int = TURNS
) -> Measure:
    """Seconds of a work's turns after the first, and the loss that was reached."""

    def measure(options: argparse.Namespace) -> dict[str, Any]:
        work = sized(SPEED[name], options)
        data = works.make(work)
        if one:
            work, data = replace(work, folds=1), replace(data, folds=data.folds[:1])
        taken, loss = [], 0.0
        for _ in range(turns):
            seconds, loss = timed(lambda: train(work, data), options)
            taken.append(seconds)
        return {"seconds": taken[1:], "first": taken[0], "loss": loss}

    return measure


def sized(work: Work, options: argparse.Namespace) -> Work:
    """The work on the device that was asked for, or a very small one of its kind."""
    work = replace(work, accelerator=options.accelerator)
    return replace(work, rows=200, epochs=1, width=8, folds=3) if options.tiny else work


def timed(train: Callable[[], Any], options: argparse.Namespace) -> tuple[float, Any]:
    """How long a training takes until the device has done it, and what it returns."""
    start = time.perf_counter()
    found = train()
    if options.accelerator == "gpu":
        torch.cuda.synchronize()
    return time.perf_counter() - start, found


def uncaptured(work: Work, data: Data) -> float:
    """tenfold, one kernel at a time."""
    with captured.uncaptured():
        return contenders.tenfold(work, data)


def differences(options: argparse.Namespace) -> dict[str, Any]:
    """Of every choice, the largest difference of captured steps; or why they were not captured."""
    found: dict[str, Any] = {}
    every = captured.choices()
    for name in list(every)[:3] if options.tiny else every:
        try:
            one, two = captured.both(every[name], options.accelerator)
            found[name] = captured.difference(one, two)
            if one.not_captured is not None:
                found[name] = str(one.not_captured)
        except Exception as error:
            found[name] = f"{type(error).__name__}: {error}"
    numbers = [value for value in found.values() if isinstance(value, float)]
    return {"largest": max(numbers, default=None), "choices": found}


def trials_alone(options: argparse.Namespace) -> float:
    """In float64, the largest difference of trials of a stack from each trial alone."""
    choice = Choice()
    folds = captured.members(choice, 3)
    trials = [[replace(fold, rates=own) for fold in folds] for own in drawn(4)]
    stack = [member for trial in trials for member in trial]
    overlaps = ~np.kron(np.eye(4, dtype=np.bool_), ~np.eye(3, dtype=np.bool_))
    together = captured.train(choice, stack, options.accelerator, overlaps=overlaps)
    apart = [captured.train(choice, trial, options.accelerator) for trial in trials]
    return max(
        captured.difference(together.part(slice(3 * n, 3 * n + 3)), alone)
        for n, alone in enumerate(apart)
    )


def drawn(count: int) -> list[Rates]:
    """The rates of so many trials, as a search draws them."""
    rng = np.random.default_rng(0)
    return [
        Rates(
            learning_rate=float(10 ** rng.uniform(-3.5, -2)),
            weight_decay=float(10 ** rng.uniform(-4, -1)),
            dropout=float(rng.uniform(0, 0.4)),
        )
        for _ in range(count)
    ]


def study(size: int) -> Measure:
    """Seconds of thirty trials of ten folds of 20,000 rows, so many trials at once."""

    def measure(options: argparse.Namespace) -> dict[str, Any]:
        work = sized(SPEED["table_20k-b256"], options)
        data = works.make(work)
        trials, size_ = (4, 2) if options.tiny else (TRIALS, size)
        rates = drawn(trials)
        start = time.perf_counter()
        for first in range(0, trials, size_):
            contenders.tenfold(work, data, rates[first : first + size_])
        return {"seconds": time.perf_counter() - start, "trials": trials, "folds": work.folds}

    return measure


def adult(kind: str) -> Measure:
    """Seconds of ten trials of five folds of a table of adult's size, its categories embedded."""

    def measure(options: argparse.Namespace) -> dict[str, Any]:
        choice, epochs = adult_work.FAMILIES[kind]
        folds = adult_work.make(400 if options.tiny else adult_work.ROWS)
        trials = drawn(2 if options.tiny else ADULT_TRIALS)
        if kind == "realmlp":
            trials = [replace(own, learning_rate=20 * own.learning_rate) for own in trials]
        start, ended = time.perf_counter(), 0
        for first in range(0, len(trials), GENERATIONS[0]):
            part = trials[first : first + GENERATIONS[0]]
            stack = [replace(fold, rates=own) for own in part for fold in folds]
            own = np.eye(len(part), dtype=np.bool_)
            trained = captured.train(
                choice,
                stack,
                options.accelerator,
                precision="32-true",
                max_epochs=2 if options.tiny else epochs,
                overlaps=~np.kron(own, ~np.eye(len(folds), dtype=np.bool_)),
            )
            trained.predict([fold.x_val for fold in stack if fold.x_val is not None])
            ended = max(ended, len(trained.history))
        said = trained.not_captured
        return {
            "seconds": time.perf_counter() - start,
            "epochs": ended,
            "not captured": None if said is None else str(said),
        }

    return measure


def twice(options: argparse.Namespace) -> dict[str, Any]:
    """Whether the device gives the same bytes twice, and how far it is from a processor."""
    choice = Choice({"optimizer": "adamw"}, {"dropout": 0.2, "weight_decay": 0.01})
    stack = captured.members(choice, 5)
    run: dict[str, Any] = {"precision": "32-true", "max_epochs": 2 if options.tiny else 40}
    one, two = (captured.train(choice, stack, options.accelerator, **run) for _ in range(2))
    host = captured.train(choice, stack, "cpu", **run)
    best = [min(epoch["val_loss"][0] for epoch in own.history) for own in (one, host)]
    return {
        "same bytes": one.history == two.history and captured.difference(one, two) == 0,
        "from a processor": captured.difference(one, host),
        "best losses": best,
    }


def a_step(options: argparse.Namespace) -> dict[str, Any]:
    """What one step of ten folds moves and computes, and how fast that is."""
    found = {}
    for name, enough in STEP_EPOCHS.items():
        work = sized(SPEED[name], options)
        data = works.make(work)
        epochs = 2 if options.tiny else enough
        few, many = (
            timed(functools.partial(contenders.tenfold, replace(work, epochs=count), data), options)
            for count in (epochs // 2, epochs)
        )
        rows = max(len(fold.y_train) for fold in data.folds)
        steps = -(-rows // work.batch_size) * (epochs - epochs // 2)
        seconds = (many[0] - few[0]) / steps
        weights = work.columns * work.width + work.width**2 + 3 * work.width + 1
        # Forwards and twice backwards, a product and a sum for every weight and row.
        operations = 6 * weights * work.batch_size * work.folds
        # Weights, gradients and two moments, read and written; activations, written and read.
        moved = (
            4 * work.folds * (8 * weights + 8 * work.batch_size * (2 * work.width + work.columns))
        )
        found[name] = {
            "seconds": seconds,
            "operations": operations,
            "bytes": moved,
            "TFLOP/s": operations / seconds / 1e12,
            "TB/s": moved / seconds / 1e12,
        }
    return found


if __name__ == "__main__":
    main()
