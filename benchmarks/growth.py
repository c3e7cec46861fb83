"""How seconds grow with rows, width and folds: tenfold, a stack by hand, one fit per fold.

Run from the project's root: `python benchmarks/growth.py`; it takes some minutes, writes
benchmarks/results/growth.json and draws docs/images/growth.png. Needs matplotlib besides.
"""

from __future__ import annotations

import json
import statistics
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

# A program that is started as a file finds only modules beside it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import contenders, works

RESULTS = Path(__file__).parent / "results" / "growth.json"
IMAGE = Path(__file__).parents[1] / "docs" / "images" / "growth.png"
TURNS = 3
MIDDLE = works.Work(rows=2_000, columns=12, batch_size=256, epochs=5)
GROWING = {
    "rows": [replace(MIDDLE, rows=rows) for rows in (500, 2_000, 8_000, 32_000)],
    "width": [replace(MIDDLE, width=width) for width in (32, 64, 128, 256, 512)],
    "folds": [replace(MIDDLE, folds=folds) for folds in (2, 5, 10, 20, 40)],
}
# contender: what a reader should call it, colour and marker
LINES = {
    "lightning_per_fold": ("Lightning, fold after fold", "#b0543c", "s"),
    "tenfold": ("tenfold", "#1f5fa8", "o"),
    "bare_stacked": ("bare PyTorch, stacked by hand", "#6b6b6b", "^"),
}


def main() -> None:
    contenders.hush()
    results = [point for growing in GROWING for point in measure(growing)]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    draw(results)


def measure(growing: str) -> list[dict[str, Any]]:
    """Median seconds of every contender at every value of what grows."""
    points = []
    for work in GROWING[growing]:
        value = getattr(work, growing)
        data = works.make(work)
        taken: dict[str, list[float]] = {name: [] for name in LINES}
        for turn in range(TURNS + 1):
            for name, seconds in taken.items():
                one, _ = contenders.seconds(name, work, data)
                if turn:  # The first only warms up.
                    seconds.append(one)
        medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
        print(f"{growing} {value}: {medians}", flush=True)
        points += [
            {"growing": growing, "value": value, "contender": name, "seconds": seconds}
            for name, seconds in medians.items()
        ]
    return points


def draw(results: list[dict[str, Any]]) -> None:
    """One panel for each thing that grows."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

    figure, panels = plt.subplots(1, 3, figsize=(10, 3.6), sharey=True, layout="constrained")
    labels = {"rows": "rows", "width": "units in each hidden layer", "folds": "folds"}
    for panel, (growing, measured) in zip(panels, GROWING.items(), strict=True):
        values = [getattr(work, growing) for work in measured]
        for contender, (label, colour, marker) in LINES.items():
            seconds = [
                point["seconds"]
                for point in results
                if (point["growing"], point["contender"]) == (growing, contender)
            ]
            panel.plot(values, seconds, color=colour, marker=marker, markersize=5, label=label)
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_xticks(values, [f"{value:,}" for value in values])
        panel.xaxis.set_minor_locator(NullLocator())
        panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        panel.yaxis.set_minor_formatter(NullFormatter())
        panel.set_xlabel(labels[growing])
        panel.grid(alpha=0.25)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel(f"seconds for {MIDDLE.epochs} epochs")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=3, frameon=False)
    IMAGE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(IMAGE, dpi=150)


if __name__ == "__main__":
    main()
