"""Split a clean table, choose the columns that models see, and audit the result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tenfold import audit, splitting
from tenfold.audit import Finding
from tenfold.dataset import roles
from tenfold.params import Params
from tenfold.splitting import SplitSettings


def split_and_audit(
    table: Path, out: Path, experiment: Params
) -> tuple[dict[str, Any], list[Finding]]:
    """Write training rows, folds and test rows into `out`.

    Args:
        table: the clean table, as Parquet.
        out: the folder to write to.
        experiment: the whole of params.yaml.

    Returns:
        The report, and what the audit found.

    Raises:
        UserError: if the rows cannot be split so, a column cannot be what it is declared to be, or
            a finding of the audit is an error.
    """
    report = splitting.split(table, out, SplitSettings.of(experiment))
    features, dropped = roles.choose(
        report["features"],
        experiment.preprocessing,
        lambda name: pq.read_table(table, columns=[name])[name],
    )
    seen = [name for names in features.values() for name in names]
    findings = audit.audit_files(
        table,
        out,
        experiment,
        seen,
        independent=report.get("copies_are") == "independent",
    )
    audit.refuse(findings)
    return {
        **report,
        "features": features,
        "dropped_columns": dropped,
        "audit": [finding.to_json() for finding in findings],
    }, findings
