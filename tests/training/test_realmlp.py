"""RealMLP's parts against closed formulas, and its members against the same folds alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from tenfold import models
from tenfold.models.realmlp import build
from tenfold.training import fitting, networks
from tenfold.training.embeddings import InputColumns
from tenfold.training.networks import MemberSpec
from tenfold.training.realmlp import Output, RealMLP
from tenfold.training.robust_inputs import RobustInputs, RobustScale
from tenfold.training.settings import Rates
from tests.training import folds, plain
from tests.training.differences import largest_difference

SMALL = {"n_blocks": 2, "d_block": 6, "n_epochs": 6, "n_frequencies": 3, "d_categorical": 2}


def parameters(**changes: Any) -> Any:
    return models.parameters("realmlp").model_validate(SMALL | changes)


def table(n: int, cardinalities: tuple[int, ...], n_rest: int, seed: int) -> Any:
    """Two numbers, codes of which each is there, and 0/1 columns."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(n, 2)) * [1, 50]
    codes = [rng.permutation(np.arange(n) % count) for count in cardinalities]
    rest = rng.integers(0, 2, (n, n_rest))
    return np.column_stack([numbers, *codes, rest]).astype(float)


def stack(task: str) -> list[fitting.Member]:
    """Three folds whose categories and indicators differ."""
    made = []
    for number, cardinalities in enumerate([(2, 9, 3), (2, 8, 3), (1, 10, 9)]):
        x = table(70, cardinalities, number, number)
        columns = InputColumns(x.shape[1], 2, cardinalities)
        score = x[:, 0] + (x[:, 3] > 4)
        y: Any = {
            "regression": score,
            "binary": (score > 0.5).astype(float),
            "multiclass": np.digitize(score, [0, 1]),
        }[task]
        rates = parameters().rates(task)
        x[0, 3] = -1
        made.append(fitting.Member(number, x[20:], y[20:], x[:20], y[:20], rates, columns))
    return made


def train(members: list[fitting.Member], task: str, **changes: Any) -> fitting.Trained:
    chosen = parameters(**changes)
    return fitting.train(
        chosen.architecture("realmlp", build, task),
        replace(chosen.recipe(task), batch_size=16),
        members,
        folds.N_OUTPUTS[task],
        max_epochs=6,
        steps_per_epoch=3,
        trainer=folds.FLOAT64,
    )


def untrained(members: list[fitting.Member], task: str) -> RealMLP:
    architecture = parameters().architecture("realmlp", build, task)
    network: Any = plain.untrained(architecture, members, folds.N_OUTPUTS[task])
    with plain.in_float64():
        network.fit_inputs(
            [torch.from_numpy(member.x_train) for member in members],
            [torch.from_numpy(member.y_train) for member in members],
        )
    assert isinstance(network, RealMLP)
    return network


@pytest.mark.slow
@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_a_member_is_the_same_fold_trained_alone(task: str) -> None:
    members = stack(task)
    together = train(members, task)
    pairs = []
    for number, member in enumerate(members):
        alone = train([member], task)
        assert alone.epochs == [together.epochs[number]]
        found = together.predict(folds.validation(members))[number]
        pairs.append((alone.predict(folds.validation([member]))[0], found))
    assert largest_difference(pairs) < 1e-9


def test_part_of_a_stack_answers_as_the_stack_does() -> None:
    members = stack("multiclass")
    together = train(members, "multiclass")
    part = together.part(slice(1, 2)).predict(folds.validation(members[1:2]))[0]
    assert largest_difference([(part, together.predict(folds.validation(members))[1])]) < 1e-12


def test_numbers_are_scaled_by_their_quartiles_and_clipped() -> None:
    rng = np.random.default_rng(0)
    rare = (np.arange(41) == 3) * 4.0
    rows = np.column_stack([rng.normal(size=41) * 9 + 5, rare, np.full(41, 7.0)])
    scale = RobustScale([3]).double()
    scale.fit(0, torch.from_numpy(rows))
    low, median, high = np.quantile(rows[:, 0], [0.25, 0.5, 0.75])
    first = (rows[:, 0] - median) / (high - low)
    second = rare / 2
    expected = np.column_stack([x / np.sqrt(1 + x**2 / 9) for x in (first, second, 0 * first)])
    found = scale(torch.from_numpy(rows)[None])[0]
    assert largest_difference([(found, expected)]) < 1e-12
    extreme = torch.full((1, 1, 3), 1e300, dtype=torch.float64)
    assert scale(extreme)[0, 0].tolist() == pytest.approx([3, 3, 0])


def test_few_categories_become_columns_and_many_become_vectors() -> None:
    settings = parameters().model_dump()
    columns = InputColumns(5, 0, (2, 3, 9, 1))
    inputs = RobustInputs(settings, [columns], [torch.Generator().manual_seed(0)])
    assert inputs.widths == [1 + 1 + 3 + 1 + 2]
    codes = torch.tensor([[[0, 2, 8, 0], [1, 0, 0, 0], [-1, -1, -1, -1]]])
    one_hot = inputs.one_hot(codes)[0].tolist()
    assert one_hot == [[1, 0, 0, 1, 1], [-1, 1, 0, 0, 1], [0, 0, 0, 0, 0]]
    vectors = inputs.learned(codes)[0]
    assert torch.equal(vectors[:2], inputs.learned.table[0, [9, 1]])
    assert not vectors[2].any()


def test_first_answers_have_variance_1_and_biases_put_kinks_among_the_rows() -> None:
    members = stack("regression")
    network = untrained(members, "regression")
    assert network.embed is not None
    for number, member in enumerate(members):
        x = torch.zeros(3, len(member.x_train), max(m.x_train.shape[1] for m in members)).double()
        x[number, :, : member.x_train.shape[1]] = torch.from_numpy(member.x_train)
        x = network.embed(x)
        for layer in network.blocks:
            block: Any = layer
            answers = block.linear(x)[number] - block.linear.bias[number]
            sd = answers.std(0, correction=0)
            assert torch.allclose(sd, torch.ones_like(sd), atol=1e-6)
            kinks = -block.linear.bias[number, 0]
            assert (kinks <= answers.amax(0)).all()
            assert (kinks >= answers.amin(0)).all()
            x = block.activation(block.linear(x))


def test_constant_columns_leave_the_first_weights_finite() -> None:
    member = fitting.Member(0, np.full((20, 3), 2.0), np.arange(20.0), columns=InputColumns(3, 3))
    network = untrained([member], "regression")
    assert all(bool(value.isfinite().all()) for value in network.parameters())


def test_values_are_clipped_to_the_training_targets_in_evaluation_alone() -> None:
    members = stack("regression")
    network = untrained(members, "regression")
    x = 50 * torch.randn(3, 9, 6, dtype=torch.float64)
    output: Output = network.output
    found = output.eval()(x)
    for number, member in enumerate(members):
        free = torch.addmm(output.bias[number], x[number], output.weight[number], alpha=6**-0.5)
        low, high = member.y_train.min(), member.y_train.max()
        expected = free.detach().numpy().clip(low, high)
        assert largest_difference([(found[number].detach(), expected)]) < 1e-12
    assert output.train()(x).max().item() > found.max().item()


def test_two_classes_have_a_logit_each() -> None:
    network = untrained(stack("binary"), "binary")
    assert network.output.weight.shape == (3, 6, 2)
    assert network(torch.zeros(3, 5, 7).double()).shape == (3, 5, 1)


def test_parameters_have_their_factors_of_the_rate_and_of_the_decay() -> None:
    network = untrained(stack("binary"), "binary")
    names = {id(value): name for name, value in network.named_parameters()}
    found = {
        (group.rate, group.decay): sorted(names[id(value)] for value in group.parameters)
        for group in network.parameter_groups(1.0)
    }
    assert found[6.0, 6.0] == ["first.scale"]
    assert found[0.1, 0.0] == ["blocks.0.linear.bias", "blocks.1.linear.bias", "output.bias"]
    assert set(found[0.1, 0.1]) == {
        *(f"blocks.{number}.activation.share" for number in range(2)),
        *(f"embed.periodic.{name}" for name in ("bias", "frequency", "phase", "weight")),
    }
    assert found[1.0, 1.0][-2:] == ["embed.learned.table", "output.weight"]


def test_auto_stands_for_the_tuned_defaults_of_each_task() -> None:
    chosen = models.parameters("realmlp").model_validate({})
    assert isinstance(chosen, type(parameters()))
    own: Any = chosen
    assert own.rates("binary") == Rates(0.04, weight_decay=0.02, dropout=0.15)
    assert own.rates("regression").learning_rate == 0.2
    assert own.recipe("regression").label_smoothing == 0.0
    assert own.recipe("multiclass").label_smoothing == 0.1
    assert own.architecture("realmlp", build, "regression").activation == "mish"
    assert own.architecture("realmlp", build, "binary").activation == "selu"


def test_an_extra_member_spec_does_not_change_the_first_weights() -> None:
    architecture = parameters().architecture("realmlp", build, "binary")
    specs = [MemberSpec(seed, InputColumns(width, 2)) for seed, width in ((1, 4), (2, 3))]
    both, alone = networks.build(architecture, specs, 1), networks.build(architecture, specs[1:], 1)
    for name, value in alone.named_parameters():
        cut = both.get_parameter(name)[1:][tuple(map(slice, value.shape))]
        assert torch.equal(cut, value), name
