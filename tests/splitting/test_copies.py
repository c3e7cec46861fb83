"""A log in which people look alike: rows that repeat by nature are kept, drawn and scored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from tenfold import cleaning
from tenfold.dataset import ROW
from tenfold.params import Clean, Data
from tests.tables import split_table


@pytest.mark.slow
def test_a_log_of_few_values_is_scored_on_rows_such_as_were_learnt_from(tmp_path: Path) -> None:
    draw, n = np.random.default_rng(0), 20_000
    device = draw.choice(["phone", "desktop", "tablet"], n, p=[0.6, 0.3, 0.1])
    country, variant = draw.choice(["DE", "FR", "US", "JP"], n), draw.choice(["A", "B"], n)
    chance = (
        0.03 + 0.05 * (variant == "B") + 0.04 * (device == "desktop") + 0.02 * (country == "US")
    )
    log = pd.DataFrame({"device": device, "country": country, "variant": variant})
    log.assign(target=(draw.random(n) < chance).astype(int)).to_csv(tmp_path / "t.csv", index=False)
    data = Data(path=str(tmp_path / "t.csv"), target="target")
    assert cleaning.clean(data, Clean(), "binary", tmp_path)["kept"] == n
    parts = split_table(pq.read_table(tmp_path / "table.parquet"), "binary", ("auroc",))
    assert parts.report["rows"] == {"train": 16_000, "test": 4000, "left_out": 0}
    train, test = (part.drop_columns(ROW).to_pandas() for part in (parts.train, parts.test))
    keys = ["device", "country", "variant"]
    rates = train.groupby(keys, as_index=False)["target"].mean()
    scored = test.merge(rates, on=keys, suffixes=("", "_rate"))
    assert len(scored) == 4000
    assert 0.58 < roc_auc_score(scored["target"], scored["target_rate"]) < 0.68
