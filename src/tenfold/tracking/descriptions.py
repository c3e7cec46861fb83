"""What MLflow's UI says of an experiment, a run and a version, in Markdown."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenfold.reporting.results import ExperimentResults, FamilyResults
    from tenfold.tracking.standings import Standing

NOTE = "mlflow.note.content"
# Ends every description that may be replaced; what a person has written stays.
SIGNATURE = "(written by tenfold)"
MARKUP = re.compile(r"([\\`*_\[\]#~|])")


def experiment(results: ExperimentResults) -> str:
    """Who won, by how much, on what data, what decides, and how to read the columns."""
    # The UI shows the first line alone until a click.
    first, *more = results.verdict["sentences"]
    return _signed(
        f"**{escaped(first)}**",
        _listed(more),
        _on_test(results),
        _what_decides(results),
        "Roles: champion, challenger (tied with it), rejected (surely worse), superseded (of "
        "earlier results), candidate (of a DVC experiment outside of the workspace). A score is a "
        "mean over the folds with its 95 % interval.",
    )


def run(results: ExperimentResults, family: FamilyResults, standing: Standing) -> str:
    """How a candidate did, where it stands, and what its diagnostics found."""
    tested = _on_test(results) if family.name == results.champion.family else ""
    return _signed(
        f"**{escaped(family.name)}** is {standing.role}: {escaped(standing.verdict)}.",
        f"{escaped(results.metrics[0])} {standing.score}, the mean over "
        f"{results.data['folds']} folds.",
        tested,
        _listed(family.findings),
        _what_decides(results),
    )


def version(results: ExperimentResults) -> str:
    """What a version of the registered model is, and why it was chosen."""
    return _signed(
        f"**{escaped(results.champion.family)}**, the champion of "
        f"{escaped(results.experiment)} when it was registered.",
        _listed(results.verdict["sentences"]),
        _on_test(results),
        _what_decides(results),
    )


def registered_model(results: ExperimentResults) -> str:
    """What the versions of a registered model are."""
    return _signed(
        f"The champions of {escaped(results.experiment)}, which predict "
        f"{escaped(results.data['target'])}. The alias champion is on the one that outputs/ "
        "holds; others are superseded, or of DVC experiments outside of the workspace.",
    )


def may_replace(written: str | None, findings: Iterable[str] = ()) -> bool:
    """Whether a description is ours: empty, signed, or the findings that once were all of it."""
    earlier = "\n".join(f"- {finding}" for finding in findings)
    return not written or SIGNATURE in written or written == earlier


def escaped(text: str) -> str:
    r"""A text of the user's, such as a column's name, without meaning to Markdown or HTML.

    >>> escaped("<b>*price*</b>")
    '&lt;b&gt;\\*price\\*&lt;/b&gt;'
    """
    return MARKUP.sub(r"\\\1", html.escape(text, quote=False))


def _on_test(results: ExperimentResults) -> str:
    from tenfold.reporting.terminal import short

    test = ", ".join(f"{name} {short(score)}" for name, score in results.champion.test.items())
    return f"On the {results.data['test']} test rows, seen once: {escaped(test)}."


def _what_decides(results: ExperimentResults) -> str:
    from tenfold.metrics import named

    data, metric = results.data, results.metrics[0]
    better = "greater" if named(metric).direction == "maximize" else "less"
    return (
        f"What decides: {escaped(metric)} ({better} is better), the mean over {data['folds']} "
        f"folds of {data['train']} rows of {escaped(data['name'])}; the target is "
        f"{escaped(data['target'])}."
    )


def _listed(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {escaped(sentence)}" for sentence in sentences)


def _signed(*paragraphs: str) -> str:
    return "\n\n".join([*filter(None, paragraphs), SIGNATURE])
