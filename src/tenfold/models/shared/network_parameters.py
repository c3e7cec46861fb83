"""The keys of a network in params.yaml, and the combinations that are refused.

Most keys are inherited from `training.settings`, where each is declared once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tenfold.metrics import Task
from tenfold.models.shared.contract import FamilyParameters
from tenfold.params import ExperimentContext
from tenfold.preprocessing import CODES, DECLARED, IN_PLACE, InputForm
from tenfold.runtime import UserError, custom_code
from tenfold.training.catalogue import LOSSES, Loss, default_loss
from tenfold.training.settings import (
    ActivatedSettings,
    Architecture,
    EmbeddingSettings,
    Key,
    NetworkSettings,
    Rates,
    Recipe,
    pick,
)


class NetworkParameters(FamilyParameters, NetworkSettings):
    """How any network is trained."""

    bagged = True

    n_epochs: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Epochs that are run; null: trainer.max_epochs."
    )
    class_weight: Literal["balanced"] | dict[str, Annotated[float, Field(gt=0)]] | None = Field(
        None, description="Of the loss: balanced, or {'class': weight}, the class a text."
    )
    init_from: Annotated[str, Field(min_length=1)] | None = Field(
        None,
        description="Transfer learning: models:/<name>@<alias>, or a trained family's folder. "
        "Its preprocessing comes with it; DVC does not watch it.",
    )

    @classmethod
    def numbers_per_step(cls, values: Mapping[str, Any], n_rows: int) -> int:
        """The rows of a batch, times the units of each head."""
        from tenfold.training.batches import rows_per_batch

        batch = min(rows_per_batch([n_rows], values["batch_size"]), n_rows)
        return batch * int(values["d_block"]) * int(values.get("k", 1))

    @property
    def depth(self) -> int:
        """Blocks that can be frozen."""
        return self.n_blocks

    @model_validator(mode="after")
    def _agree(self) -> NetworkParameters:
        if self.freeze > self.depth:
            raise ValueError(
                f"freeze must not exceed the network's {self.depth} blocks, but got {self.freeze}: "
                "lower freeze"
            )
        if self.freeze and self.init_from is None:
            raise ValueError(
                f"freeze needs init_from, but got freeze={self.freeze} alone: blocks that were "
                "never trained would stay untrained: add init_from, or remove freeze"
            )
        if self.unfreeze_at is not None and not self.freeze:
            raise ValueError(
                f"unfreeze_at needs freeze, but got unfreeze_at={self.unfreeze_at} alone: "
                "add freeze, or remove unfreeze_at"
            )
        if self.body_learning_rate_factor < 1 and self.init_from is None:
            raise ValueError(
                "body_learning_rate_factor needs init_from, but got "
                f"{self.body_learning_rate_factor} alone: add init_from, or leave it out"
            )
        return self

    def check(self, context: ExperimentContext) -> None:
        """The loss must fit the task, the schedule the epochs."""
        super().check(context)
        task = context.task
        if self.loss != "auto" and self.loss not in LOSSES:
            LOSSES[self.loss] = _custom_loss(self.loss)
        if self.loss != "auto" and task not in LOSSES[self.loss].tasks:
            fitting = [name for name, loss in LOSSES.items() if task in loss.tasks]
            raise ValueError(
                f"loss {self.loss!r} does not fit task {task!r}; choose from "
                f"auto, {', '.join(fitting)}"
            )
        smoothing = self.recipe(task).label_smoothing
        if smoothing and self.loss in custom_code.names("losses"):
            raise ValueError(
                f"label_smoothing is of tenfold's own losses, but got {smoothing} with "
                f"loss {self.loss!r}: leave it out, and smooth within that loss"
            )
        if task == "regression" and smoothing:
            raise ValueError(
                f"label_smoothing fits classification, but got {self.label_smoothing} with task "
                "'regression': leave it out"
            )
        self._check_epochs(context.max_epochs, declared=context.epochs_declared)

    def _check_epochs(self, max_epochs: int, *, declared: bool) -> None:
        key = "trainer.max_epochs" if self.n_epochs is None else "n_epochs"
        max_epochs = self.n_epochs or max_epochs
        if self.schedule == "one_cycle" and not declared and self.n_epochs is None:
            raise ValueError(
                "schedule 'one_cycle' needs trainer.max_epochs, the length of its cycle, but got "
                "none: add it"
            )
        if self.unfreeze_at is not None and self.unfreeze_at >= max_epochs:
            raise ValueError(
                f"unfreeze_at must be less than {key}={max_epochs}, but got "
                f"{self.unfreeze_at}: leave it out to keep the blocks frozen"
            )
        if self.warmup_epochs >= max_epochs:
            raise ValueError(
                f"warmup_epochs must be less than {key}={max_epochs}, but got "
                f"{self.warmup_epochs}: lower warmup_epochs or raise "
                f"{key.removeprefix('trainer.')}"
            )

    def without_effect(self) -> dict[str, str]:
        """Those that belong to another activation, schedule, loss, initializer or embedding."""
        return _without_effect(self)

    def rates(self, task: Task) -> Rates:
        """What a member of a stack has of its own."""
        return pick(Rates, self)

    def recipe(self, task: Task) -> Recipe:
        """How a stack of these networks is trained."""
        return pick(Recipe, self, loss=default_loss(task) if self.loss == "auto" else self.loss)

    def architecture(
        self, kind: str, build: Callable[..., Any], task: Task, **others: Any
    ) -> Architecture:
        """The network of family `kind`; parameters that only it has are its `own`."""
        shared = {own.name for own in fields(Architecture)} | set(NetworkParameters.model_fields)
        own = {name: getattr(self, name) for name in type(self).model_fields if name not in shared}
        return pick(Architecture, self, kind=kind, build=build, own=own, **others)


def _without_effect(declared: BaseModel) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, field in type(declared).model_fields.items():
        value = getattr(declared, name)
        if isinstance(value, BaseModel):
            nested = _without_effect(value)
            found |= {f"{name}.{key}": f"{name}.{why}" for key, why in nested.items()}
        for key in field.metadata:
            if isinstance(key, Key) and key.only_if is not None:
                other, values = key.only_if
                if (chosen := getattr(declared, other, None)) not in values:
                    found[name] = f"{other} is {chosen}, not {' or '.join(values)}"
    return found


class ActivatedParameters(NetworkParameters, ActivatedSettings):
    """A network whose units have an activation of one's choice."""

    # Whether the proof of SELU's self-normalisation applies to the family's networks.
    plain_sequential: ClassVar[bool] = False

    @model_validator(mode="after")
    def _agree_with_activation(self) -> ActivatedParameters:
        if self.normalization == "batch_norm" and self.batch_size == 1:
            raise ValueError(
                "normalization 'batch_norm' needs more than one row a batch, but got "
                "batch_size=1: use layer_norm or a larger batch"
            )
        if self.activation == "selu":
            self._check_selu()
        return self

    def _check_selu(self) -> None:
        """The conditions of Klambauer et al. (2017)."""
        rule = "activation 'selu' normalises itself only"
        if not self.plain_sequential:
            raise ValueError(f"{rule} in a plain sequential network: use family mlp, or elu")
        if self.normalization != "none":
            raise ValueError(
                f"{rule} without another normalization, but got {self.normalization!r}: "
                "remove it, or use elu"
            )
        if self.initializer not in ("auto", "lecun_normal"):
            raise ValueError(
                f"{rule} from initializer lecun_normal, but got {self.initializer!r}: use auto"
            )
        if self.max_norm is not None:
            raise ValueError(f"{rule} without max_norm, but got {self.max_norm}: remove it")

    def check(self, context: ExperimentContext) -> None:
        """SELU needs standardised inputs."""
        super().check(context)
        if self.activation == "selu" and context.scale != "standard":
            raise ValueError(
                "activation 'selu' needs preprocessing.numeric.scale: standard, but got "
                f"{context.scale!r}: set every scale in preprocessing to standard, or use elu"
            )


class EmbeddingParameters(BaseModel, EmbeddingSettings):
    """Learned representations of single columns, in front of the network."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    categorical: Literal["none", "learned"] = Field(
        "none", description="none: as preprocessing encodes them."
    )


class EmbeddedParameters(NetworkParameters):
    """A network that may embed its columns."""

    embeddings: EmbeddingParameters = EmbeddingParameters()

    @property
    def embeds(self) -> bool:
        """Whether any column is embedded."""
        return self.input_form.in_place

    @property
    def input_form(self) -> InputForm:
        """Learned category embeddings look codes up; any embedding belongs to its column."""
        if self.embeddings.categorical == "learned":
            return CODES
        return DECLARED if self.embeddings.numeric == "none" else IN_PLACE

    def architecture(
        self, kind: str, build: Callable[..., Any], task: Task, **others: Any
    ) -> Architecture:
        """With embeddings, if any column has one."""
        embeddings = pick(EmbeddingSettings, self.embeddings) if self.embeds else None
        return super().architecture(kind, build, task, embeddings=embeddings, **others)


class TableParameters(EmbeddedParameters, ActivatedParameters):
    """A network for tables whose units have an activation of one's choice."""

    def _check_selu(self) -> None:
        super()._check_selu()
        if self.embeds:
            raise ValueError(
                "activation 'selu' normalises itself only on standardised inputs, which "
                "embeddings are not: remove them, or use elu"
            )


def _custom_loss(name: str) -> Loss:
    """The loss that the project's file losses/<name>.py defines."""
    found = custom_code.load("losses", name, defines=["LOSS"]).LOSS
    if not isinstance(found, Loss):
        raise UserError(
            f"{custom_code.file_of('losses', name)}: LOSS must be a "
            f"tenfold.training.catalogue.Loss, but is {type(found).__name__}: write "
            f"LOSS = Loss('losses.{name}:FUNCTION', TASKS)"
        )
    return found
