"""Metrics: what each is, where it is defined, and the scores of a prediction."""

from tenfold.metrics.catalogue import METRICS, named, scores, split_name, summarise
from tenfold.metrics.metric import (
    BINARY,
    CLASSIFICATION,
    REGRESSION,
    Array,
    Metric,
    Parameter,
    Task,
    is_constant,
)

__all__ = [
    "BINARY",
    "CLASSIFICATION",
    "METRICS",
    "REGRESSION",
    "Array",
    "Metric",
    "Parameter",
    "Task",
    "is_constant",
    "named",
    "scores",
    "split_name",
    "summarise",
]
