"""RealMLP: a multilayer perceptron with tuned defaults for tables, trained as one stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from tenfold.metrics import Task
from tenfold.models.shared.network_family import NetworkFamily
from tenfold.models.shared.network_parameters import NetworkParameters
from tenfold.preprocessing import CODES, InputForm
from tenfold.training.catalogue import LOSSES, SCHEDULES, SHARE_SCHEDULES
from tenfold.training.settings import Architecture, Key, Rates, Recipe, pick

if TYPE_CHECKING:
    from tenfold.training.networks import LayerFactory, StackedNetwork

# What `auto` stands for: for classes, and for regression.
LEARNING_RATE = (0.04, 0.2)
LABEL_SMOOTHING = (0.1, 0.0)
ACTIVATION = ("selu", "mish")


class Parameters(NetworkParameters):
    """RealMLP-TD, the tuned defaults. Source: Holzmueller, Grinsztajn & Steinwart (2024)."""

    fit_seconds = (2.0, 0.0, 0.0005)
    # Of its layers' own making.
    initializer: ClassVar[str] = "auto"  # type: ignore[misc]
    initializer_scale: ClassVar[float] = 0.05  # type: ignore[misc]
    max_norm: ClassVar[float | None] = None  # type: ignore[misc]

    n_blocks: int = Field(3, ge=0, description="Hidden layers.")
    d_block: int = Field(256, ge=1, description="Units of each hidden layer.")
    activation: Annotated[
        str,
        Key(
            "auto: selu, or mish for regression; each unit learns a share of it.",
            one_of=("auto", "elu", "gelu", "mish", "selu", "silu"),
        ),
    ] = "auto"
    n_epochs: Annotated[int, Field(ge=1)] | None = Field(
        256, description="Epochs that are run; null: trainer.max_epochs."
    )
    patience: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="A fold stops after as many epochs without improvement of the others; "
        "null: none.",
    )
    best_epoch_by: Annotated[
        str,
        Key(
            "The validation loss, or the share of wrong classes; for regression always the loss.",
            one_of=("loss", "error"),
        ),
    ] = "error"
    batch_size: Annotated[int, Field(ge=1)] | Literal["full"] = Field(256)
    drop_last: bool = True
    beta2: float = Field(0.95, ge=0, lt=1)
    learning_rate: Annotated[float, Field(gt=0)] | Literal["auto"] = Field(  # type: ignore[assignment]
        "auto", description="auto: 0.04, or 0.2 for regression."
    )
    schedule: Annotated[str, Key("Of the learning rate.", one_of=SCHEDULES)] = "coslog4"
    weight_decay: float = Field(0.02, ge=0, description="Decoupled; biases are not decayed.")
    weight_decay_schedule: Annotated[str, Key(one_of=SHARE_SCHEDULES)] = "flat_cosine"
    dropout: float = Field(0.15, ge=0, lt=1, description="Share of hidden units dropped.")
    dropout_schedule: Annotated[str, Key(one_of=SHARE_SCHEDULES)] = "flat_cosine"
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] | Literal["auto"] = Field(  # type: ignore[assignment]
        "auto", description="auto: 0.1 for classes."
    )
    scale_learning_rate_factor: float = Field(6.0, gt=0, description="Of the inputs' factors.")
    bias_learning_rate_factor: float = Field(0.1, gt=0)
    activation_learning_rate_factor: float = Field(0.1, gt=0)
    embedding_learning_rate_factor: float = Field(0.1, gt=0, description="Of numbers' embeddings.")
    numeric_embedding: Literal["none", "pbld"] = "pbld"
    d_numeric: int = Field(4, ge=2, description="Width of a number's vector.")
    n_frequencies: int = Field(16, ge=1)
    sigma: float = Field(0.1, gt=0, description="Standard deviation of the first frequencies.")
    max_one_hot: int = Field(8, ge=1, description="Columns of more categories are embedded.")
    d_categorical: int = Field(8, ge=1, description="Width of a category's vector.")

    @property
    def input_form(self) -> InputForm:
        """Categories are encoded in the network."""
        return CODES

    def rates(self, task: Task) -> Rates:
        """With the task's learning rate."""
        return pick(Rates, self, learning_rate=_chosen(self.learning_rate, LEARNING_RATE, task))

    def recipe(self, task: Task) -> Recipe:
        """With the task's label smoothing."""
        smoothing = _chosen(self.label_smoothing, LABEL_SMOOTHING, task)
        if self.label_smoothing == "auto" and self.loss not in ("auto", *LOSSES):
            # A loss of the project's own smooths by itself.
            smoothing = 0.0
        return pick(Recipe, super().recipe(task), label_smoothing=smoothing)

    def architecture(
        self, kind: str, build: Callable[..., Any], task: Task, **others: Any
    ) -> Architecture:
        """With the task, which its output depends on, and the task's activation."""
        activation = _chosen(self.activation, ACTIVATION, task)
        made = super().architecture(kind, build, task, activation=activation, **others)
        return pick(Architecture, made, own={**made.own, "task": task})


def _chosen(declared: Any, by_task: tuple[Any, Any], task: Task) -> Any:
    """What is declared, or what `auto` stands for."""
    return by_task[task == "regression"] if declared == "auto" else declared


def build(layers: LayerFactory) -> StackedNetwork:
    """`n_blocks` hidden layers of `d_block` units each behind scaled and embedded inputs."""
    from tenfold.training import realmlp

    return realmlp.build(layers)


FAMILY = NetworkFamily("realmlp", build)
