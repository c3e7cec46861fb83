"""Write the examples' tables: two of scikit-learn's own, six points on a line, and waves.

Run from the project's root: `python examples/make_tables.py`.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes, load_digits

FOLDER = Path(__file__).parent


def main() -> None:
    """Write diabetes.csv, digits.csv, line.csv and waves.csv beside this file."""
    diabetes = load_diabetes(as_frame=True, scaled=False).frame
    diabetes = diabetes.rename(columns={"target": "progression"})
    diabetes.to_csv(FOLDER / "diabetes.csv", index=False)
    digits = load_digits(as_frame=True).frame.astype(int)
    digits = digits.rename(columns={"target": "digit"})
    digits.to_csv(FOLDER / "digits.csv", index=False)
    line = pd.DataFrame({"x": [-1, 0, 1, 2, 3, 4]})
    line["y"] = 2 * line["x"] - 1
    line.to_csv(FOLDER / "line.csv", index=False)
    waves().to_csv(FOLDER / "waves.csv", index=False)


def waves(rows: int = 800, steps: int = 24) -> pd.DataFrame:
    """Noisy waves of any phase, slow or fast: each step by itself says nothing of which."""
    rng = np.random.default_rng(0)
    fast = rng.integers(0, 2, rows)
    period = np.where(fast, rng.uniform(4, 6, rows), rng.uniform(7, 10, rows))[:, None]
    phase = rng.uniform(0, 2 * np.pi, (rows, 1))
    wave = np.sin(2 * np.pi * np.arange(steps) / period + phase)
    wave += 0.5 * rng.normal(size=wave.shape)
    table = pd.DataFrame(wave.round(3), columns=[f"step_{step:02d}" for step in range(steps)])
    table["speed"] = np.where(fast, "fast", "slow")
    return table


if __name__ == "__main__":
    main()
