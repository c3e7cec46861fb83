"""Where each candidate stands: its rank, its role, and how far it is from the champion in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenfold.reporting.results import ExperimentResults, FamilyResults
    from tenfold.selection.comparison import Difference

# Tags of runs and of model versions, without a prefix since MLflow's UI has narrow columns.
ROLE = "role"
SCORE = "score"
VERDICT = "verdict"
CHAMPION = "champion"  # The one that was chosen.
CHALLENGER = "challenger"  # Tied with it: the folds do not tell the two apart.
REJECTED = "rejected"  # Surely worse.
SUPERSEDED = "superseded"  # Of results that outputs/ holds no more.
CANDIDATE = "candidate"  # Of a DVC experiment outside of the workspace.


@dataclass(frozen=True)
class Standing:
    """The place of a candidate, of which 1 is the champion's; its role, score and why, in words."""

    rank: int
    role: str
    score: str
    verdict: str


def standings(results: ExperimentResults) -> dict[str, Standing]:
    """Where all candidates stand: the champion first, the others by the deciding metric."""
    from tenfold import selection
    from tenfold.selection.comparison import Difference

    champion, metric = results.champion.family, results.metrics[0]
    cv = {family.name: family.scores for family in results.families}
    scores = {family.name: _score(metric, family) for family in results.families}
    ahead = {name: Difference(**known) for name, known in results.verdict["better_by"].items()}
    found = {champion: Standing(1, CHAMPION, scores[champion], _won(ahead))}
    others = [name for name in selection.rank(cv, metric) if name != champion]
    for rank, name in enumerate(others, 2):
        role, verdict = _lost(champion, ahead.get(name))
        found[name] = Standing(rank, role, scores[name], verdict)
    return found


def _score(metric: str, family: FamilyResults) -> str:
    """The mean of the deciding metric, and its 95 % interval."""
    from tenfold.reporting.terminal import short

    mean = short(family.scores[metric]["mean"])
    if family.interval is None:
        return f"{mean} (one fold)"
    low, high = family.interval
    return f"{mean} ({short(low)} to {short(high)})"


def _won(ahead: Mapping[str, Difference]) -> str:
    """How surely the champion is ahead of the others."""
    if not ahead:
        return "not compared with others"
    tied = [name for name, difference in ahead.items() if difference.low <= 0]
    return f"tied with {', '.join(tied)}" if tied else "surely better than all others"


def _lost(champion: str, ahead: Difference | None) -> tuple[str, str]:
    """The role and the verdict of a candidate that the champion is `ahead` of by so much.

    >>> from tenfold.selection.comparison import Difference
    >>> _lost("mlp", Difference(0.02, 0.01, 0.03, 0.001, 0.999))
    ('rejected', '0.0200 behind mlp (95 % interval 0.0100 to 0.0300)')
    >>> _lost("mlp", Difference(-0.01, -0.03, 0.01, 0.3, 0.15))
    ('challenger', 'tied: 0.0100 ahead of mlp (95 % interval -0.0100 to 0.0300)')
    """
    from tenfold.reporting.terminal import short

    if ahead is None:
        return CHALLENGER, "not compared: one fold does not tell how sure a difference is"
    if ahead.mean < 0:
        by = f"{short(-ahead.mean)} ahead of {champion} (95 % interval "
        by += f"{short(-ahead.high)} to {short(-ahead.low)})"
    else:
        by = f"{short(ahead.mean)} behind {champion} (95 % interval "
        by += f"{short(ahead.low)} to {short(ahead.high)})"
    if ahead.low > 0:
        return REJECTED, by
    return CHALLENGER, by if ahead.is_sure else f"tied: {by}"
