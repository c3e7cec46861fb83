"""`tune:`, `train:`, `trainer:`, `select_model:` and `run:`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from tenfold.params.postprocessing import Calibration, Decision, Intervals
from tenfold.params.section import Name, Section


class Tune(Section):
    """The search over every `{low, high}` and `{choices}` of a family."""

    n_trials: int = Field(
        15,
        ge=1,
        description="Configurations tried per tuned family, none twice: all, if there are fewer.",
    )
    sampler: Literal["tpe", "random"] = "tpe"
    generation_size: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        5,
        description="Configurations asked for at once, before any is scored; auto: as many as fill "
        "a GPU, by the table and params.yaml, 5 or more.",
    )
    enqueue: dict[str, list[dict[str, Any]]] = Field(
        {},
        description="Family: configurations to try first, after its default; a tuned parameter "
        "that one leaves out is at its default.",
    )
    n_kept: int = Field(
        3,
        ge=1,
        description="Best configurations of each family whose predictions and models are kept, as "
        "candidates of an ensemble; 1 keeps the best alone.",
    )


class Train(Section):
    """The last fit of every family."""

    strategy: Literal["auto", "bag", "refit"] = Field(
        "auto",
        description="bag: keep the folds' models, which answer as one; refit: fit one on all rows, "
        "a network for the median of the folds' best epochs; auto: bag for networks and boosting, "
        "refit for all else, where the folds do not validate all rows alike, as in time order, and "
        "where there are more than 100.",
    )


class Trainer(Section):
    """Handed to Lightning's Trainer, for the network families."""

    max_epochs: int = Field(100, ge=1)
    accelerator: Literal["auto", "cpu", "gpu", "mps"] = "auto"
    devices: Annotated[int, Field(ge=1)] | Literal["auto"] = Field(
        1, description="Processes, or GPUs; several share every network's batches."
    )
    strategy: Literal["auto", "ddp"] = Field("auto", description="auto: ddp for several devices.")
    precision: Literal["32-true", "64-true", "bf16-mixed"] = "32-true"
    accumulate_grad_batches: int = Field(
        1, ge=1, description="Batches whose gradients make one step."
    )
    compile: bool = Field(False, description="torch.compile the networks.")


class Ensemble(Section):
    """The weighted mean of the families' models, which is a candidate like each of them."""

    max_members: int = Field(
        5, ge=2, description="Models that it may hold; each makes an answer slower."
    )


class Inspect(Section):
    """How much the champion is looked at: which columns carry it, how it answers, where it errs."""

    max_rows: int = Field(
        5000,
        ge=20,
        description="Rows on which columns are shuffled; fewer of a wide table or a slow champion.",
    )
    n_repeats: int = Field(5, ge=1, description="How often each column is shuffled.")


Rule = Literal["auto", "best", "one_standard_error", "cost_aware"]


class SelectModel(Section):
    """What is chosen among, and where the champion goes."""

    ensemble: Literal["off"] | Ensemble = Field(
        Ensemble(), description="off: choose among the families only."
    )
    rule: Rule = Field(
        "auto",
        description="best: the best mean of the first metric. auto: likewise, but the ensemble "
        "where the folds do not tell it from the best. one_standard_error: the first family, as "
        "they stand under models, that is within one standard error of the best. cost_aware: the "
        "best mean of those within the declared cost.",
    )
    max_megabytes: float | None = Field(
        None, gt=0, description="cost_aware: the size of the champion's files."
    )
    max_milliseconds: float | None = Field(
        None, gt=0, description="cost_aware: its answer for one row, on this machine."
    )
    inspect: Literal["off"] | Inspect = Field(
        Inspect(), description="off: do not ask what the champion has learnt."
    )
    calibration: Calibration = Field(
        "off",
        description="Mend the probabilities of the champion by its out-of-fold predictions, if "
        "that surely helps; auto: in the best of these ways.",
    )
    decision: Literal["most_probable"] | Decision = Field(
        "most_probable", description="Which class is answered."
    )
    intervals: Literal["off"] | Intervals = Field(
        "off", description="Intervals of numbers, or sets of classes, of a declared coverage."
    )
    registered_model_name: Name = Field(description="Its name in the MLflow registry.")
    max_unseen: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Refuse to predict for a file or a request if a greater share of its rows has, "
        "in any one column, a category that no training row had.",
    )

    @model_validator(mode="after")
    def _cost_and_rule(self) -> SelectModel:
        limited = self.max_megabytes is not None or self.max_milliseconds is not None
        if self.rule == "cost_aware" and not limited:
            raise ValueError(
                "rule cost_aware needs a cost: set max_megabytes or max_milliseconds beside it"
            )
        if limited and self.rule != "cost_aware":
            raise ValueError(
                f"max_megabytes and max_milliseconds limit rule cost_aware, but rule is "
                f"{self.rule}: set `rule: cost_aware`, or remove them"
            )
        return self


class Run(Section):
    """Where and how loudly things run; no stage depends on it and no result may."""

    progress: Literal["auto", "on", "off"] = Field("auto", description="auto: on a terminal.")
