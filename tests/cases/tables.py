"""Tables as people have them: each stands for a kind of trouble that users of such tools report.

All values are drawn.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

Draw = np.random.Generator


def thousands(draw: Draw) -> pd.DataFrame:
    """A feature whose thousands have a comma; smaller values have none."""
    income = draw.integers(300, 2500, 500)
    return pd.DataFrame(
        {
            "income": [f"{value:,}" for value in income],
            "age": draw.integers(18, 80, 500),
            "y": (income / 2 + draw.normal(0, 9, 500)).round(2),
        }
    )


def years(draw: Draw) -> pd.DataFrame:
    """Years of two digits, and a target that rises with them."""
    day = pd.to_datetime("2019-01-01") + pd.to_timedelta(draw.integers(0, 2000, 600), "D")
    y = 3 * (day.year - 2019) + 5 * (day.month >= 6) + draw.normal(0, 1, 600)
    return pd.DataFrame(
        {
            "sold": day.strftime("%d/%m/%y"),
            "x": draw.normal(size=600).round(3),
            "y": y.to_numpy().round(3),
        }
    )


def dollars(draw: Draw, n: int) -> pd.DataFrame:
    """A target in money; of 60 rows each has a value of its own."""
    size = draw.integers(1, 60, n)
    more = draw.choice([0, 500, 1000], n) + (np.arange(n) if n == 60 else 0)
    price = [f"${value:,}" for value in size * 500 + more]
    return pd.DataFrame({"size": size, "age": draw.integers(0, 40, n), "price": price})


def percents(draw: Draw) -> pd.DataFrame:
    """A target in percent."""
    size = draw.integers(1, 60, 400)
    rate = size / 2 + draw.normal(0, 1, 400)
    return pd.DataFrame({"size": size, "rate": [f"{value:.1f}%" for value in rate]})


def money_and_percent(draw: Draw) -> pd.DataFrame:
    """Money and percents as features."""
    income, rate = draw.lognormal(11, 0.6, 1000), draw.uniform(0, 30, 1000)
    logit = income / 1e5 - rate / 20 + draw.normal(0, 0.3, 1000)
    return pd.DataFrame(
        {
            "income": [f"${value:,.2f}" for value in income],
            "rate": [f"{value:.1f}%" for value in rate],
            "kids": draw.integers(0, 4, 1000),
            "y": (logit > 0).astype(int),
        }
    )


def all_different(draw: Draw) -> pd.DataFrame:
    """Integers that measure and never repeat."""
    population = draw.choice(np.arange(50_000, 9_000_000), 60, replace=False)
    return pd.DataFrame(
        {
            "population": population,
            "area": draw.choice(np.arange(500, 400_000), 60, replace=False),
            "coast": draw.choice(["yes", "no"], 60),
            "gdp": (population * 0.03 * (1 + draw.normal(0, 0.05, 60))).astype(int),
        }
    )


def checkbox(draw: Draw, tick: str) -> pd.DataFrame:
    """A tick or nothing."""
    ticked = draw.random(1000) < 0.35
    return pd.DataFrame(
        {
            "smoker": np.where(ticked, tick, ""),
            "noise": draw.normal(size=1000).round(3),
            "y": (draw.random(1000) < np.where(ticked, 0.8, 0.15)).astype(int),
        }
    )


def none_is_a_class(draw: Draw) -> pd.DataFrame:
    """None means no value in `days`, and is a class of `defect`."""
    defect = draw.choice(["None", "scratch", "dent"], 600, p=[0.15, 0.5, 0.35])
    days = draw.integers(0, 90, 600).astype(str)
    return pd.DataFrame(
        {
            "days": np.where(draw.random(600) < 0.05, "None", days),
            "z": (draw.normal(size=600) + (defect == "dent")).round(4),
            "defect": defect,
        }
    )


def sentinel(draw: Draw) -> pd.DataFrame:
    """-999, written -999.0, means no value."""
    x = draw.uniform(0, 50, 800)
    return pd.DataFrame(
        {
            "age": np.where(draw.random(800) < 0.2, -999, x.round(2)),
            "z": draw.normal(size=800).round(3),
            "rooms": draw.integers(0, 6, 800),
            "y": (2 * x + draw.normal(0, 6, 800)).round(3),
        }
    )


def na_is_a_value(draw: Draw) -> pd.DataFrame:
    """NA and None are categories."""
    means: dict[str, float] = {"NA": 100, "Gd": 150, "Ex": 200, "None": 120, "": 170}
    basement = draw.choice(list(means), 600)
    y = np.array([means[word] for word in basement]) + draw.normal(0, 12, 600)
    return pd.DataFrame(
        {"basement": basement, "x": draw.normal(size=600).round(3), "y": y.round(3)}
    )


def codes(draw: Draw) -> pd.DataFrame:
    """Categories 1, 2, 3 and X, and booleans."""
    means = {"1": 0, "2": 10, "3": 20, "X": 30}
    grade, is_ok = draw.choice(list(means), 800), draw.random(800) < 0.5
    y = np.array([means[word] for word in grade]) + 3 * is_ok + draw.normal(0, 4, 800)
    return pd.DataFrame(
        {"grade": grade, "ok": is_ok, "z": draw.normal(size=800).round(3), "y": y.round(3)}
    )


def workbook_dates(draw: Draw) -> pd.DataFrame:
    """Dates such as 31.01.2024."""
    day = pd.to_datetime("2024-01-01") + pd.to_timedelta(draw.integers(0, 300, 400), "D")
    return pd.DataFrame(
        {
            "day": day.strftime("%d.%m.%Y"),
            "rooms": draw.integers(1, 7, 400),
            "y": (day.month * 2 + draw.normal(0, 1, 400)).to_numpy().round(3),
        }
    )


def repeated(draw: Draw) -> pd.DataFrame:
    """A log of two variants, where equal rows are different people."""
    n = 8000
    device = draw.choice(["phone", "desktop", "tablet"], n, p=[0.6, 0.3, 0.1])
    country, variant = draw.choice(["DE", "FR", "US", "JP"], n), draw.choice(["A", "B"], n)
    rate = 0.03 + 0.05 * (variant == "B") + 0.04 * (device == "desktop") + 0.02 * (country == "US")
    return pd.DataFrame(
        {
            "device": device,
            "country": country,
            "variant": variant,
            "y": (draw.random(n) < rate).astype(int),
        }
    )


def published_split(draw: Draw) -> pd.DataFrame:
    """A given part column; six test rows equal a training row."""
    a = draw.normal(size=600).round(6)
    a[480:486] = a[:6]
    part = np.where(np.arange(600) < 480, "train", "test")
    return pd.DataFrame({"a": a, "b": 1.5, "part": part, "y": (a > 0).astype(int)})


def late_class(draw: Draw) -> pd.DataFrame:
    """In time order, class 1 begins late."""
    day = pd.date_range("2022-01-01", periods=1000).strftime("%Y-%m-%d")
    late = (np.arange(1000) > 700).astype(int)
    return pd.DataFrame({"day": day, "x": draw.normal(size=1000).round(3), "y": late})


def panel(draw: Draw) -> pd.DataFrame:
    """50 machines in 40 weeks; what a machine adds, no other column says."""
    machine, week = (grid.ravel() for grid in np.meshgrid(np.arange(50), np.arange(40)))
    y = draw.normal(0, 3, 50)[machine] + 0.05 * week + draw.normal(size=2000)
    return pd.DataFrame(
        {
            "machine": [f"m{number}" for number in machine],
            "week": week,
            "x": draw.normal(size=2000).round(3),
            "y": y.round(3),
        }
    )


def rare_class(draw: Draw) -> pd.DataFrame:
    """Three rows of class c, two of them equal."""
    frame = pd.DataFrame(
        {
            "x": draw.normal(size=2000).round(6),
            "k": draw.integers(0, 9, 2000),
            "y": ["a"] * 1200 + ["b"] * 797 + ["c"] * 3,
        }
    )
    frame.loc[1999, ["x", "k"]] = frame.loc[1998, ["x", "k"]]
    return frame


def blank_keys(draw: Draw) -> pd.DataFrame:
    """Rows that agree in a and b, where b is blank, and a as well in some."""
    many = pd.DataFrame(
        {"a": [100, 100, 100, None, None, 101, 101] * 30, "b": ["", "", "", "", "", "5", "5"] * 30}
    )
    many["a"] += np.arange(210) // 7 * 10
    return many.assign(y=draw.normal(size=210).round(6))
