"""Ten-fold cross-validation by tenfold and by others, in one run.

Run from the project's root: `python benchmarks/folds.py` (`--quick` for the small table only).
The contenders take turns, so that what else the machine does hits all of them; medians are
printed. It needs torch, Lightning and numpy; skorch and pytabkit are left out where absent.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

# A program that is started as a file finds only modules beside it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import contenders, works

RESULTS = Path(__file__).parent / "results" / "folds.json"


@dataclass
class Turns:
    """What one contender's turns took, and the validation loss of the last."""

    seconds: list[float] = field(default_factory=list)
    loss: float = float("nan")


def main() -> None:
    options = arguments()
    contenders.hush()
    names = [name for name in contenders.installed() if name in options.contenders]
    results: list[dict[str, Any]] = []
    for work in options.works:
        measured = measure(chosen(options.accelerator)[work], names, options.turns)
        print(work, *lines(measured), sep="\n", flush=True)
        results += [
            {"work": work, "contender": name, "seconds": turns.seconds}
            for name, turns in measured.items()
        ]
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the small table only")
    parser.add_argument("--accelerator", choices=["cpu", "gpu"], default="cpu")
    parser.add_argument("--works", nargs="+", help="by default all that suit the accelerator")
    parser.add_argument(
        "--contenders", nargs="+", choices=contenders.CONTENDERS, default=[*contenders.CONTENDERS]
    )
    parser.add_argument("--turns", type=int, default=5, help="after one to warm up")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    known = chosen(options.accelerator)
    if options.works is None:
        options.works = [n for n, work in known.items() if work.rows < 1000 or not options.quick]
    for name in options.works:
        if name not in known:
            parser.error(f"--works must be among {', '.join(known)}, but got {name}")
    return options


def chosen(accelerator: str) -> dict[str, works.Work]:
    """The works that suit an accelerator."""
    if accelerator == "cpu":
        return works.WORKS
    every = works.WORKS | works.GPU_WORKS
    return {name: replace(work, accelerator="gpu") for name, work in every.items()}


def measure(work: works.Work, names: list[str], turns: int) -> dict[str, Turns]:
    """The contenders in turn, `turns` times after one turn that only warms up."""
    data = works.make(work)
    measured = {name: Turns() for name in names if contenders.able(name, work)}
    for turn in range(turns + 1):
        for name, own in measured.items():
            taken, own.loss = contenders.seconds(name, work, data)
            if turn:
                own.seconds.append(taken)
    return measured


def lines(measured: dict[str, Turns]) -> list[str]:
    """Each contender's median, its median ratio to tenfold within a turn, and its loss."""
    made = []
    for name, own in measured.items():
        line = f"  {name:20} {statistics.median(own.seconds):7.2f} s"
        if "tenfold" in measured:
            pairs = zip(own.seconds, measured["tenfold"].seconds, strict=True)
            line += f"  {statistics.median(own / ours for own, ours in pairs):6.2f} x tenfold"
        made.append(f"{line}  validation loss {own.loss:.4f}")
    return made


if __name__ == "__main__":
    main()
