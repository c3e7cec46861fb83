"""All that can be declared of a network and its training, each setting once.

The schemas of the families in `models/` inherit these classes: every field is a key of
params.yaml, and its `Key` says what may be written there. Light to import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from tenfold.training.catalogue import (
    ACTIVATIONS,
    INITIALIZERS,
    NORMALIZATIONS,
    NUMERIC_EMBEDDINGS,
    OPTIMIZERS,
    RECURRENT_CELLS,
    SCHEDULES,
    SHARE_SCHEDULES,
    loss_names,
)

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Settings = TypeVar("Settings", bound=DataclassInstance)


class Key:
    """Annotates a field with its meaning and with what it may be; pydantic calls both methods.

    Args:
        description: for docs/params.md and for editors.
        one_of: the only texts allowed, or a function that returns them.
        only_if: another key, and its values with which this one has an effect; all if it is None.
        limits: gt, ge, lt or le of a number.
    """

    def __init__(
        self,
        description: str = "",
        *,
        one_of: Iterable[str] | Callable[[], Iterable[str]] = (),
        only_if: tuple[str, tuple[str, ...]] | None = None,
        **limits: float,
    ) -> None:
        self.description = description
        self.one_of = list(one_of() if callable(one_of) else one_of)
        self.only_if = only_if
        self.limits = limits

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """What is checked."""
        if self.one_of:
            return {"type": "literal", "expected": self.one_of}
        schema = handler(source)
        # An optional number is limited where it is given.
        limited = schema["schema"] if schema["type"] == "nullable" else schema
        limited.update(self.limits)
        return schema

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> Any:
        """What is described."""
        described = handler(core_schema)
        return described | ({"description": self.description} if self.description else {})


@dataclass(frozen=True)
class Rates:
    """What may differ from member to member of a stack."""

    learning_rate: Annotated[float, Key(gt=0)] = 1e-3
    weight_decay: Annotated[float, Key("L2 penalty, torch's own; decoupled for adamw.", ge=0)] = 0.0
    l1: Annotated[float, Key("L1 penalty on weights.", ge=0)] = 0.0
    dropout: Annotated[float, Key("Share of hidden units dropped.", ge=0, lt=1)] = 0.0
    input_dropout: Annotated[float, Key("Share of inputs dropped.", ge=0, lt=1)] = 0.0


@dataclass(frozen=True)
class LossSettings:
    """The loss; `auto` must be resolved before training, by the task."""

    loss: Annotated[str, Key("auto: mse, or cross-entropy.", one_of=loss_names)] = "auto"
    huber_delta: Annotated[
        float,
        Key(
            "Of huber: where it turns linear, in standard deviations.",
            gt=0,
            only_if=("loss", ("huber",)),
        ),
    ] = 1.0
    label_smoothing: Annotated[
        float, Key("Share of each label spread over all classes.", ge=0, lt=1)
    ] = 0.0


@dataclass(frozen=True)
class ScheduleSettings:
    """The learning rate over time."""

    schedule: Annotated[
        str, Key("Of the learning rate, over trainer.max_epochs.", one_of=SCHEDULES)
    ] = "constant"
    warmup_epochs: Annotated[int, Key("Linear growth of the rate before it.", ge=0)] = 0
    step_size: Annotated[
        int, Key("Of step: epochs between reductions.", ge=1, only_if=("schedule", ("step",)))
    ] = 30
    gamma: Annotated[
        float | None,
        Key(
            "Factor of step (0.1), exponential (0.95), reduce_on_plateau (0.1).",
            gt=0,
            lt=1,
            only_if=("schedule", ("step", "exponential", "reduce_on_plateau")),
        ),
    ] = None
    plateau_patience: Annotated[
        int,
        Key(
            "Of reduce_on_plateau: epochs without improvement.",
            ge=0,
            only_if=("schedule", ("reduce_on_plateau",)),
        ),
    ] = 5
    weight_decay_schedule: Annotated[
        str, Key("Of weight_decay, beside that of the rate.", one_of=SHARE_SCHEDULES)
    ] = "constant"
    dropout_schedule: Annotated[str, Key("Of dropout.", one_of=SHARE_SCHEDULES)] = "constant"


@dataclass(frozen=True)
class Recipe(ScheduleSettings, LossSettings):
    """How all members of a stack are trained."""

    optimizer: Annotated[str, Key(one_of=OPTIMIZERS)] = "adamw"
    beta2: Annotated[
        float,
        Key(
            "Of adam, adamw, nadam: how slowly they forget squared gradients.",
            ge=0,
            lt=1,
            only_if=("optimizer", ("adam", "adamw", "nadam")),
        ),
    ] = 0.999
    batch_size: Annotated[
        Annotated[int, Key(ge=1)] | Literal["auto", "full"],
        Key(
            "full: batch gradient descent; 1: stochastic gradient descent; auto: 32 to 1024 by the "
            "number of rows."
        ),
    ] = 32
    drop_last: Annotated[
        bool, Key("Batches of exactly batch_size rows; an epoch leaves out the rows beyond them.")
    ] = False
    patience: Annotated[
        int | None,
        Key(
            "A fold stops after as many epochs without improvement of the others; null: none.",
            ge=1,
        ),
    ] = 10
    min_delta: Annotated[float, Key("Smallest improvement that counts.", ge=0)] = 0.0
    best_epoch_by: Annotated[
        str,
        Key(
            "What improves: the validation loss, or the share of wrong classes, of whose best "
            "epochs the last is taken; for regression always the loss.",
            one_of=("loss", "error"),
        ),
    ] = "loss"
    max_norm: Annotated[
        float | None, Key("Largest norm of the weights into a hidden unit.", gt=0)
    ] = None
    gradient_clip_val: Annotated[
        float | None, Key("Largest norm of each network's gradient.", gt=0)
    ] = None
    freeze: Annotated[int, Key("First blocks that keep the weights of init_from.", ge=0)] = 0
    unfreeze_at: Annotated[
        int | None, Key("Epoch from which the frozen blocks learn too, if any.", ge=1)
    ] = None
    body_learning_rate_factor: Annotated[
        float, Key("Share of the rate for all but the output layer.", gt=0, le=1)
    ] = 1.0


@dataclass(frozen=True)
class BlockSettings:
    """The blocks between input and output, and the weights they start from."""

    n_blocks: Annotated[int, Key("Blocks between input and output.", ge=1)] = 2
    d_block: Annotated[int, Key("Units of each hidden layer.", ge=1)] = 128
    initializer: Annotated[
        str,
        Key(
            "auto: He (ReLU kind), Xavier (sigmoid, tanh) or LeCun (selu).",
            one_of=("auto", *INITIALIZERS),
        ),
    ] = "auto"
    initializer_scale: Annotated[
        float,
        Key(
            "constant: the value; uniform: the bound; normal: the sd.",
            gt=0,
            only_if=("initializer", ("constant", "uniform", "normal")),
        ),
    ] = 0.05


@dataclass(frozen=True)
class ActivationSettings(BlockSettings):
    """With what follows each layer of a block."""

    activation: Annotated[str, Key(one_of=ACTIVATIONS)] = "relu"
    negative_slope: Annotated[
        float, Key("Of leaky_relu.", ge=0, only_if=("activation", ("leaky_relu",)))
    ] = 0.01
    elu_alpha: Annotated[
        float,
        Key("Of elu: minus its value far below zero.", gt=0, only_if=("activation", ("elu",))),
    ] = 1.0
    normalization: Annotated[str, Key(one_of=("none", *NORMALIZATIONS))] = "none"


@dataclass(frozen=True)
class NetworkSettings(BlockSettings, Rates, Recipe):
    """All that can be declared of any network, in one class, so that a family may redefine it."""


@dataclass(frozen=True)
class ActivatedSettings(ActivationSettings, NetworkSettings):
    """The same, of a network whose units have an activation of one's choice."""


@dataclass(frozen=True)
class EmbeddingSettings:
    """Learned representations of single columns, in front of the network."""

    numeric: Annotated[str, Key(one_of=NUMERIC_EMBEDDINGS)] = "none"
    d_numeric: Annotated[
        int,
        Key(
            "Width of a number's vector.",
            ge=1,
            only_if=("numeric", ("pbld", "piecewise_linear", "periodic")),
        ),
    ] = 16
    n_bins: Annotated[
        int, Key("Of piecewise_linear.", ge=2, only_if=("numeric", ("piecewise_linear",)))
    ] = 16
    n_frequencies: Annotated[
        int, Key("Of periodic and pbld.", ge=1, only_if=("numeric", ("pbld", "periodic")))
    ] = 16
    sigma: Annotated[
        float,
        Key(
            "Of periodic and pbld: sd of the first frequencies.",
            gt=0,
            only_if=("numeric", ("pbld", "periodic")),
        ),
    ] = 0.1
    d_categorical: Annotated[
        int, Key("Width of a category's vector.", ge=1, only_if=("categorical", ("learned",)))
    ] = 8


@dataclass(frozen=True)
class ConvolutionSettings:
    """Of networks for pictures."""

    channels: Annotated[int, Key("Maps of the first; doubled by each further one.", ge=1)] = 16
    kernel_size: Annotated[int, Key("Odd; of every convolution.", ge=1)] = 3


@dataclass(frozen=True)
class RecurrentSettings:
    """Of networks for sequences."""

    cell: Annotated[str, Key(one_of=RECURRENT_CELLS)] = "gru"


@dataclass(frozen=True, kw_only=True)
class Architecture(RecurrentSettings, ConvolutionSettings, ActivationSettings):
    """What all networks of a stack share.

    Args:
        kind: the family's name.
        build: the family's function that makes a StackedNetwork with a LayerFactory.
        embeddings: of single columns, for tables.
        shape: of the input: (channels, height, width) of cnn, (steps, channels) of rnn.
        own: settings that only this family has.
    """

    kind: str
    build: Callable[..., Any]
    embeddings: EmbeddingSettings | None = None
    shape: tuple[int, ...] = ()
    own: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """All settings by name; `build` is code."""
        settings: dict[str, Any] = asdict(self)
        del settings["build"]
        own: dict[str, Any] = settings.pop("own")
        return settings | own

    @classmethod
    def from_json(cls, written: Mapping[str, Any], build: Callable[..., Any]) -> Architecture:
        """The inverse of `to_json`."""
        names = {own.name for own in fields(cls)}
        known = {name: value for name, value in written.items() if name in names}
        embeddings = known["embeddings"] and EmbeddingSettings(**known["embeddings"])
        changes = {"embeddings": embeddings, "shape": tuple(known["shape"])}
        own = {name: value for name, value in written.items() if name not in names}
        return cls(build=build, own=own, **known | changes)


def pick(kind: type[Settings], declared: object, /, **others: Any) -> Settings:
    """The settings of `kind` that `declared` has attributes for, and `others`.

    >>> pick(Rates, Recipe(optimizer="sgd"), l1=0.5).l1
    0.5
    """
    names = [own.name for own in fields(kind) if hasattr(declared, own.name)]
    return kind(**{name: getattr(declared, name) for name in names} | others)
