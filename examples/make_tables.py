"""Write the examples' tables: two of scikit-learn's own, and six points on a line.

Run from the project's root: `python examples/make_tables.py`.
"""

from pathlib import Path

import pandas as pd
from sklearn.datasets import load_diabetes, load_digits

FOLDER = Path(__file__).parent


def main() -> None:
    """Write diabetes.csv, digits.csv and line.csv beside this file."""
    diabetes = load_diabetes(as_frame=True, scaled=False).frame
    diabetes = diabetes.rename(columns={"target": "progression"})
    diabetes.to_csv(FOLDER / "diabetes.csv", index=False)
    digits = load_digits(as_frame=True).frame.astype(int)
    digits = digits.rename(columns={"target": "digit"})
    digits.to_csv(FOLDER / "digits.csv", index=False)
    line = pd.DataFrame({"x": [-1, 0, 1, 2, 3, 4]})
    line["y"] = 2 * line["x"] - 1
    line.to_csv(FOLDER / "line.csv", index=False)


if __name__ == "__main__":
    main()
