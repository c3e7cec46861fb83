"""All refusals that are tried."""

from __future__ import annotations

from tests.cures import (
    commands,
    databases,
    enqueued,
    families,
    files,
    findings,
    nested,
    networks,
    parts,
    postprocessing,
    rules,
    scores,
    sections,
)
from tests.cures.refusals import Refusal

REFUSALS: list[Refusal] = [
    *sections.CASES,
    *families.CASES,
    *enqueued.CASES,
    *files.CASES,
    *databases.CASES,
    *rules.CASES,
    *parts.CASES,
    *scores.CASES,
    *postprocessing.CASES,
    *findings.CASES,
    *networks.CASES,
    *nested.CASES,
    *commands.CASES,
]
