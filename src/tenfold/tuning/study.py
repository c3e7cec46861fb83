"""An Optuna study that proposes the configurations of a search, none of a discrete space twice."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from tenfold import runtime
from tenfold.metrics import named
from tenfold.models import FamilyParameters
from tenfold.params import SearchSpace, Tune, messages, search_space
from tenfold.params.preprocessing import TransformName

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Proposal:
    """A configuration to try; `failure` says why it contradicts itself, if it does.

    `transform` is that of the target.
    """

    number: int
    values: dict[str, Any]
    parameters: FamilyParameters
    question: optuna.Trial | None = None
    failure: str = ""
    transform: TransformName = "none"


class Study:
    """Proposes configurations and is told their scores.

    Args:
        space: of configurations.
        tune: the sampler.
        metric: what is optimised, in its own direction.
        seed: of all proposals.
        first: the values of the tuned leaves in the first configurations.
    """

    def __init__(
        self,
        space: SearchSpace,
        tune: Tune,
        metric: str,
        seed: int,
        first: Sequence[dict[str, Any]] = (),
    ) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.study = optuna.create_study(direction=named(metric).direction)
        self.space = space
        self.tune = tune
        assert tune.generation_size != "auto", "see tuning.generations"
        self.generation_size: int = tune.generation_size
        self.seed = seed
        self.first = first
        self.distributions = search_space.distributions(space.leaves, space.schema)
        self.tried: set[int] = set()

    def ask(self, number: int) -> Proposal:
        """The configuration of trial `number`, which depends on it and on the trials told before.

        After the first ones it is the sampler's, or another one if a discrete space has that one
        behind it.
        """
        if number < len(self.first):
            self.study.enqueue_trial(self.first[number])
        question = self._ask(number)
        configuration = self.space.number_of(question.params)
        if configuration in self.tried:
            # A sampler knows nothing of trials that failed.
            self._fail(question)
            seed = runtime.derive_seed(self.seed, "untried", number)
            self.study.enqueue_trial(self.space.untried(self.tried, seed))
            question = self._ask(number)
            configuration = self.space.number_of(question.params)
        if configuration is not None:
            self.tried.add(configuration)
        return self._proposal(number, question)

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Tell a proposal's score, or None if it failed; if it is the study's own, it learns."""
        if proposal.question is None:
            return
        if score is None:
            self._fail(proposal.question)
        else:
            self.study.tell(proposal.question, score)

    def _ask(self, number: int) -> optuna.Trial:
        # A fresh sampler per trial, so that a resumed search draws what an unbroken one would.
        self.study.sampler = self._sampler(runtime.derive_seed(self.seed, "sampler", number))
        return self.study.ask(self.distributions)

    def _fail(self, question: optuna.Trial) -> None:
        from optuna.trial import TrialState

        self.study.tell(question, state=TrialState.FAIL)

    def _sampler(self, seed: int) -> optuna.samplers.BaseSampler:
        import optuna

        if self.tune.sampler == "random":
            return optuna.samplers.RandomSampler(seed=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return optuna.samplers.TPESampler(
                seed=seed,
                n_startup_trials=self.generation_size,
                # Trials of one generation do not know each other's scores; this spreads them out.
                constant_liar=self.generation_size > 1,
            )

    def _proposal(self, number: int, question: optuna.Trial) -> Proposal:
        values, schema = question.params, self.space.schema
        configuration = search_space.substitute(self.space.declared, values)
        try:
            return Proposal(number, values, schema.model_validate(configuration), question)
        except ValidationError as error:
            failure = messages.explain(error, configuration, schema)[0]
            unchecked = schema.model_construct(**configuration)
            return Proposal(number, values, unchecked, question, failure)
