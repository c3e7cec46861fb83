"""Write breast_cancer.csv: scikit-learn's Wisconsin table as a clinic might export it.

569 biopsies with 30 numeric features, with these defects, all drawn from one seed:

- `patient_id` identifies, `site` is the same in every row, and `scanner` says nothing about the
  diagnosis; 40 of its cells are missing.
- 60 numeric cells are missing, written as nothing, `NA` or `?`.
- 6 values are impossible: two negative radii, two areas of 0, two of 99999.
- 3 rows have no diagnosis.
- 15 rows were exported twice and stand again, cell for cell, further down.

Run it in this folder: python make_breast_cancer.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer

SEED = 1995
MARKERS = ["", "NA", "?"]
IMPOSSIBLE = [
    ("mean_radius", "-14.2"),
    ("mean_radius", "-9.87"),
    ("mean_area", "0"),
    ("mean_area", "0"),
    ("mean_area", "99999"),
    ("mean_area", "99999"),
]


def main() -> None:
    """Build the rows, spoil them, and write the CSV beside this file."""
    rng = np.random.default_rng(SEED)
    table = load_breast_cancer()
    features = [str(name).replace(" ", "_") for name in table.feature_names]
    rows = []
    for number, (values, code) in enumerate(zip(table.data, table.target, strict=True)):
        row = {"patient_id": f"P-{100000 + 7 * number:06d}", "site": "north"}
        row["scanner"] = str(rng.choice(["A100", "B20", "C3"]))
        row |= {name: repr(float(value)) for name, value in zip(features, values, strict=True)}
        row["diagnosis"] = str(table.target_names[code])
        rows.append(row)

    # Every defect has rows of its own, so that each is counted once and for one reason.
    shuffled = iter([rows[place] for place in rng.permutation(len(rows))])
    for name, value in IMPOSSIBLE:
        next(shuffled)[name] = value
    for _ in range(3):
        next(shuffled)["diagnosis"] = ""
    for count in range(60):
        next(shuffled)[str(rng.choice(features))] = MARKERS[count % len(MARKERS)]
    for count in range(40):
        next(shuffled)["scanner"] = MARKERS[count % len(MARKERS)]
    for original in [next(shuffled) for _ in range(15)]:
        rows.insert(int(rng.integers(rows.index(original) + 1, len(rows) + 1)), dict(original))

    with Path(__file__).with_name("breast_cancer.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
