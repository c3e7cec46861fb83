"""Peak resident memory of tenfold and of a stack written by hand, each in a fresh process.

Run from the project's root, on Linux: `python benchmarks/memory.py`. Measured is what a work adds
to the memory after imports, its table and its folds included. The aim is a ratio of 1.3 at most.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

# A program that is started as a file finds only modules beside it.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import contenders, works

RESULTS = Path(__file__).parent / "results" / "memory.json"
# The allocator's luck moves a peak by a tenth: the median of these is taken.
PROCESSES = 3
# Memory is the same after two epochs as after twenty.
WORKS = {
    "table_20k-b256": replace(works.WORKS["table_20k-b256"], epochs=2),
    "table_200k-b256": replace(works.LARGE, epochs=2),
}


def main() -> None:
    results: list[dict[str, Any]] = []
    for name, work in WORKS.items():
        own, bare = (
            statistics.median(peak_alone(contender, work) for _ in range(PROCESSES))
            for contender in ("tenfold", "bare_stacked")
        )
        ratio = own / bare
        print(f"{name}: tenfold {own:.0f} MiB, bare_stacked {bare:.0f} MiB, ratio {ratio:.2f}")
        results.append({"work": name, "tenfold_mib": own, "bare_stacked_mib": bare, "ratio": ratio})
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def peak_alone(contender: str, work: works.Work) -> float:
    """`peak` in a process that has done nothing before."""
    with multiprocessing.get_context("spawn").Pool(1) as process:
        return process.apply(peak, (contender, work))


def peak(contender: str, work: works.Work) -> float:
    """MiB that a work adds at most to what is resident after imports."""
    contenders.hush()
    # Libraries import more when they first train.
    tiny = replace(work, rows=100, epochs=1)
    contenders.CONTENDERS[contender](tiny, works.make(tiny))
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # Forget the peak so far.
    contenders.CONTENDERS[contender](work, works.make(work))
    return resident("VmHWM") - before


def resident(field: str) -> float:
    """A field of the kernel's account of this process, in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        name, value = line.split(":")
        if name == field:
            return int(value.split()[0]) / 1024
    raise KeyError(field)


if __name__ == "__main__":
    main()
