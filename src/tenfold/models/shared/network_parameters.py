"""What can be declared of a network in params.yaml, and what contradicts itself there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tenfold.models import FamilyParameters, OneOf
from tenfold.params import ExperimentContext
from tenfold.training.activations import ACTIVATIONS
from tenfold.training.initializers import INITIALIZERS
from tenfold.training.losses import LOSSES
from tenfold.training.normalizations import NORMALIZATIONS
from tenfold.training.optimizers import OPTIMIZERS
from tenfold.training.schedules import SCHEDULES

if TYPE_CHECKING:
    from tenfold.training.embeddings import Embeddings

Share = Annotated[float, Field(ge=0, lt=1)]

# What may differ from member to member of one stack.
OWN_RATES = ("learning_rate", "weight_decay", "l1", "dropout", "input_dropout")


class NetworkParameters(FamilyParameters):
    """How any network is trained."""

    loss: Annotated[str, OneOf("auto", *LOSSES)] = Field(
        "auto", description="auto: mse, or cross-entropy."
    )
    huber_delta: float = Field(
        1.0, gt=0, description="Of huber: where it turns linear, in standard deviations."
    )
    label_smoothing: Share = Field(0.0, description="Share of each label spread over all classes.")
    class_weight: Literal["balanced"] | dict[str, Annotated[float, Field(gt=0)]] | None = Field(
        None, description="Of the loss: balanced, or {'class': weight}, the class a text."
    )
    optimizer: Annotated[str, OneOf(*OPTIMIZERS)] = "adamw"
    learning_rate: float = Field(1e-3, gt=0)
    schedule: Annotated[str, OneOf(*SCHEDULES)] = Field(
        "constant", description="Of the learning rate, over trainer.max_epochs."
    )
    warmup_epochs: int = Field(0, ge=0, description="Linear growth of the rate before it.")
    step_size: int = Field(30, ge=1, description="Of step: epochs between reductions.")
    gamma: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="Factor of step (0.1), exponential (0.95), reduce_on_plateau (0.1)."
    )
    plateau_patience: int = Field(
        5, ge=0, description="Of reduce_on_plateau: epochs without improvement."
    )
    weight_decay: float = Field(
        0.0, ge=0, description="L2 penalty, torch's own; decoupled for adamw."
    )
    l1: float = Field(0.0, ge=0, description="L1 penalty on weights.")
    max_norm: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Largest norm of the weights into a hidden unit."
    )
    gradient_clip_val: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Largest norm of each network's gradient."
    )
    dropout: Share = Field(0.0, description="Share of hidden units dropped.")
    input_dropout: Share = Field(0.0, description="Share of inputs dropped.")
    batch_size: Annotated[int, Field(ge=1)] | Literal["full"] = Field(
        32, description="full: batch gradient descent; 1: stochastic gradient descent."
    )
    patience: int = Field(10, ge=1, description="Epochs without improvement before a fold stops.")
    min_delta: float = Field(0.0, ge=0, description="Smallest improvement that counts.")
    initializer: Annotated[str, OneOf("auto", *INITIALIZERS)] = Field(
        "auto",
        description="auto: He (ReLU kind), Xavier (sigmoid, tanh) or LeCun (selu).",
    )
    initializer_scale: float = Field(
        0.05, gt=0, description="constant: the value; uniform: the bound; normal: the sd."
    )
    init_from: Annotated[str, Field(min_length=1)] | None = Field(
        None,
        description="Transfer learning: models:/<name>@<alias>, or a trained family's folder. "
        "Its preprocessing comes with it; DVC does not watch it.",
    )
    freeze: int = Field(0, ge=0, description="First blocks that keep the weights of init_from.")
    unfreeze_at: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Epoch from which the frozen blocks learn too, if any."
    )
    body_learning_rate_factor: float = Field(
        1.0, gt=0, le=1, description="Share of the rate for all but the output layer."
    )
    n_blocks: int = Field(2, ge=1, description="Blocks between input and output.")

    @property
    def donor(self) -> str | None:
        """Where the weights to start from are."""
        return self.init_from

    @property
    def depth(self) -> int:
        """Blocks that can be frozen."""
        return self.n_blocks

    @model_validator(mode="after")
    def _agree(self) -> NetworkParameters:
        if self.freeze > self.depth:
            raise ValueError(
                f"freeze must not exceed the network's {self.depth} blocks, but got {self.freeze}"
            )
        if self.freeze and self.init_from is None:
            raise ValueError(
                f"freeze needs init_from, but got freeze={self.freeze} alone: blocks that were "
                "never trained would stay so"
            )
        if self.unfreeze_at is not None and not self.freeze:
            raise ValueError(
                f"unfreeze_at needs freeze, but got unfreeze_at={self.unfreeze_at} alone"
            )
        if self.body_learning_rate_factor < 1 and self.init_from is None:
            raise ValueError(
                "body_learning_rate_factor needs init_from, but got "
                f"{self.body_learning_rate_factor} alone: leave it out"
            )
        return self

    def check(self, context: ExperimentContext) -> None:
        """The loss must fit the task, the schedule the epochs."""
        task = context.task
        if self.loss != "auto" and task not in LOSSES[self.loss].tasks:
            fitting = [name for name, loss in LOSSES.items() if task in loss.tasks]
            raise ValueError(
                f"loss {self.loss!r} does not fit task {task!r}; choose from "
                f"auto, {', '.join(fitting)}"
            )
        if task == "regression" and self.label_smoothing:
            raise ValueError(
                f"label_smoothing fits classification, but got {self.label_smoothing} with task "
                "'regression': leave it out"
            )
        if task == "regression" and self.class_weight is not None:
            raise ValueError(
                f"class_weight fits classification, but got {self.class_weight!r} with task "
                "'regression': leave it out"
            )
        self._check_epochs(context.max_epochs, declared=context.epochs_declared)

    def _check_epochs(self, max_epochs: int, *, declared: bool) -> None:
        if self.schedule == "one_cycle" and not declared:
            raise ValueError(
                "schedule 'one_cycle' needs trainer.max_epochs, the length of its cycle, but got "
                "none: add it"
            )
        if self.unfreeze_at is not None and self.unfreeze_at >= max_epochs:
            raise ValueError(
                f"unfreeze_at must be less than trainer.max_epochs={max_epochs}, but got "
                f"{self.unfreeze_at}: leave it out to keep the blocks frozen"
            )
        if self.warmup_epochs >= max_epochs:
            raise ValueError(
                f"warmup_epochs must be less than trainer.max_epochs={max_epochs}, but got "
                f"{self.warmup_epochs}"
            )

    def architecture(self) -> dict[str, Any]:
        """The fields of the stacked network's description, by their names there."""
        return {
            "n_blocks": self.n_blocks,
            "initializer": self.initializer,
            "initializer_scale": self.initializer_scale,
        }


class ActivatedParameters(NetworkParameters):
    """A network whose units have an activation of one's choice."""

    d_block: int = Field(128, ge=1, description="Units of each hidden layer.")
    activation: Annotated[str, OneOf(*ACTIVATIONS)] = "relu"
    negative_slope: float = Field(0.01, ge=0, description="Of leaky_relu.")
    elu_alpha: float = Field(1.0, gt=0, description="Of elu: minus its value far below zero.")
    normalization: Annotated[str, OneOf("none", *NORMALIZATIONS)] = "none"

    # Whether the family's networks are what the proof of SELU's self-normalisation is about.
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
                f"{context.scale!r}"
            )

    def architecture(self) -> dict[str, Any]:
        """With units and activation."""
        return super().architecture() | {
            "d_block": self.d_block,
            "activation": self.activation,
            "negative_slope": self.negative_slope,
            "elu_alpha": self.elu_alpha,
            "normalization": self.normalization,
        }


class EmbeddingParameters(BaseModel):
    """Learned representations of single columns, in front of the network."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    numeric: Literal["none", "piecewise_linear", "periodic"] = "none"
    d_numeric: int = Field(16, ge=1, description="Width of a number's vector.")
    n_bins: int = Field(16, ge=2, description="Of piecewise_linear.")
    n_frequencies: int = Field(16, ge=1, description="Of periodic.")
    sigma: float = Field(0.1, gt=0, description="Of periodic: sd of the first frequencies.")
    categorical: Literal["none", "learned"] = Field(
        "none", description="none: as preprocessing encodes them."
    )
    d_categorical: int = Field(8, ge=1, description="Width of a category's vector.")


class TableParameters(ActivatedParameters):
    """A network that may embed its columns."""

    embeddings: EmbeddingParameters = EmbeddingParameters()

    @property
    def codes(self) -> bool:
        """Learned category embeddings look codes up."""
        return self.embeddings.categorical == "learned"

    @property
    def embeds(self) -> bool:
        """Whether any column is embedded."""
        return self.codes or self.embeddings.numeric != "none"

    @property
    def positional(self) -> bool:
        """An embedding belongs to its column."""
        return self.embeds

    def _check_selu(self) -> None:
        super()._check_selu()
        if self.embeds:
            raise ValueError(
                "activation 'selu' normalises itself only on standardised inputs, which "
                "embeddings are not: remove them, or use elu"
            )

    def architecture(self) -> dict[str, Any]:
        """With embeddings."""
        return super().architecture() | {"embeddings": self._embeddings()}

    def _embeddings(self) -> Embeddings | None:
        from tenfold.training.embeddings import Embeddings

        if not self.embeds:
            return None
        return Embeddings(**self.embeddings.model_dump(exclude={"categorical"}))
