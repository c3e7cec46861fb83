"""What the network families promise beyond every family: bags, stacks, spread, transfer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tenfold import models
from tenfold.metrics import Array, Task
from tenfold.models import Configuration, Diverged, FitSettings, Fold, FoldPredictions
from tenfold.runtime import UserError
from tests.models.cases import CLASSES, NETWORKS, TASKS, WIDTH, data, folds, parameters, setting

CASES = [(family, task) for family in NETWORKS for task in TASKS]
SEEDS = (1, 2, 3)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads that wait for each other cost more than these small fits."""
    with threadpool_limits(1):
        yield


def exact(task: Task, **trainer: Any) -> FitSettings:
    return setting(task, precision="64-true", **trainer)


def evaluate(
    family: str,
    parts: Sequence[Fold],
    chosen: FitSettings,
    *changes: dict[str, Any],
    seeds: Sequence[Sequence[int]] = (),
) -> list[FoldPredictions]:
    """What configurations, trained as one stack, answer for their folds."""
    own = seeds or [[number * 100 + fold for fold in range(len(parts))] for number in range(9)]
    asked = [
        Configuration(parameters(family, **change), own[number])
        for number, change in enumerate(changes)
    ]
    found = models.family(family).predict_folds(asked, parts, chosen)
    kept = [result for result in found if not isinstance(result, Diverged)]
    assert len(kept) == len(found)
    return kept


def vals(parts: Sequence[Fold], row: slice = slice(None)) -> list[Array]:
    return [part.X_val[row] for part in parts]


def members(model: Any, inputs: Sequence[Array]) -> Array:
    """Each member's own answer; a bag without dropout has no other draws."""
    drawn: Array = model.draws(inputs, 1, 0)
    assert len(drawn) == len(inputs)
    return drawn


# --- bags ---


@pytest.mark.slow
@pytest.mark.parametrize(("family", "task"), CASES)
def test_a_bag_answers_with_the_mean_of_its_members_each_given_its_own_input(
    family: str, task: Task
) -> None:
    parts = folds(family, task)
    [found] = evaluate(family, parts, exact(task), {"dropout": 0.0})
    inputs = [part.X_val[:9] for part in parts]
    assert found.bag is not None
    apart = members(found.bag, inputs)
    np.testing.assert_allclose(found.bag.predict(inputs), apart.mean(axis=0), rtol=1e-12)
    assert not np.allclose(apart[0], apart[1]), "members do not differ"


@pytest.mark.slow
@pytest.mark.parametrize(("family", "task"), CASES)
def test_a_member_of_a_bag_answers_its_validation_rows_as_in_cross_validation(
    family: str, task: Task
) -> None:
    parts = folds(family, task)
    [found] = evaluate(family, parts, exact(task), {"dropout": 0.0})
    for number, (part, prediction) in enumerate(zip(parts, found.predictions, strict=True)):
        # The others get as many rows of their own width.
        inputs = [np.zeros((len(part.val), one.X_val.shape[1])) for one in parts]
        inputs[number] = part.X_val
        np.testing.assert_allclose(
            members(found.bag, inputs)[number], prediction, rtol=1e-9, atol=1e-12
        )


@pytest.mark.slow
@pytest.mark.parametrize(("family", "task"), CASES)
@pytest.mark.parametrize("precision", ["32-true", "64-true"])
def test_a_saved_and_loaded_bag_answers_exactly_the_same(
    family: str, task: Task, precision: str, tmp_path: Path
) -> None:
    parts = folds(family, task)
    chosen = setting(task, precision=precision)
    [found] = evaluate(family, parts, chosen, {"dropout": 0.25, "input_dropout": 0.1})
    assert found.bag is not None
    found.bag.save(tmp_path)
    loaded = models.family(family).load(tmp_path)
    inputs = vals(parts, slice(9))
    np.testing.assert_array_equal(loaded.predict(inputs), found.bag.predict(inputs))
    np.testing.assert_array_equal(loaded.draws(inputs, 4, 7), found.bag.draws(inputs, 4, 7))


@pytest.mark.parametrize("task", TASKS)
def test_what_a_bag_keeps_is_the_network_that_its_numbers_describe(
    task: Task, tmp_path: Path
) -> None:
    from safetensors.numpy import load_file

    parts = folds("mlp", task)
    [found] = evaluate("mlp", parts, exact(task), {"n_blocks": 1, "dropout": 0.0})
    assert found.bag is not None
    found.bag.save(tmp_path)
    weights = load_file(tmp_path / "weights.safetensors")
    described = json.loads((tmp_path / "network.json").read_text())
    inputs, answers = vals(parts, slice(9)), []
    for number, X in enumerate(inputs):
        first = weights["blocks.0.linear.weight"][number][: X.shape[1]]
        hidden = np.maximum(X @ first + weights["blocks.0.linear.bias"][number], 0)
        output = hidden @ weights["output.weight"][number] + weights["output.bias"][number]
        if task == "regression":
            scale = described["members"][number]["target_scale"]
            answers.append(output[:, 0] * scale["sd"] + scale["mean"])
        elif task == "binary":
            positive = 1 / (1 + np.exp(-output[:, 0]))
            answers.append(np.stack([1 - positive, positive], axis=1))
        else:
            shares = np.exp(output)
            answers.append(shares / shares.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(found.bag.predict(inputs), np.mean(answers, axis=0), rtol=1e-9)


# --- stacks ---

GENERATION: list[dict[str, Any]] = [
    {"learning_rate": 0.01, "dropout": 0.0, "weight_decay": 0.0},
    {"learning_rate": 0.03, "dropout": 0.3, "weight_decay": 0.1},
    {"learning_rate": 0.001, "dropout": 0.1, "weight_decay": 0.01, "l1": 0.001},
    {"learning_rate": 0.02, "dropout": 0.5, "weight_decay": 0.0, "input_dropout": 0.2},
]


@pytest.mark.slow
@pytest.mark.parametrize(("family", "task"), CASES)
def test_a_configuration_of_a_generation_is_what_it_is_alone(family: str, task: Task) -> None:
    parts, chosen = folds(family, task), exact(task, max_epochs=12)
    shapes = {
        models.family(family).shape(parameters(family, **change, patience=2))
        for change in GENERATION
    }
    assert len(shapes) == 1, "they would not be trained together"
    changes = [{**change, "patience": 2} for change in GENERATION]
    seeds = [[10 * number + fold for fold in range(3)] for number in range(4)]
    together = evaluate(family, parts, chosen, *changes, seeds=seeds)
    for number, change in enumerate(changes):
        [alone] = evaluate(family, parts, chosen, change, seeds=[seeds[number]])
        one = together[number]
        assert one.epochs == alone.epochs
        assert len(one.history) == len(alone.history)
        for mine, own in zip(one.history, alone.history, strict=True):
            assert mine == pytest.approx(own, rel=1e-6, abs=1e-9)
        for first, second in zip(one.predictions, alone.predictions, strict=True):
            np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-9)
        assert one.bag is not None
        assert alone.bag is not None
        inputs = vals(parts, slice(9))
        np.testing.assert_allclose(
            one.bag.predict(inputs), alone.bag.predict(inputs), rtol=1e-9, atol=1e-9
        )


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
def test_a_configuration_of_a_generation_is_what_it_is_alone_with_any_optimizer(
    optimizer: str,
) -> None:
    parts, chosen = folds("mlp", "regression"), exact("regression")
    changes = [{**change, "optimizer": optimizer} for change in GENERATION]
    seeds = [[10 * number + fold for fold in range(3)] for number in range(4)]
    together = evaluate("mlp", parts, chosen, *changes, seeds=seeds)
    for number, change in enumerate(changes):
        [alone] = evaluate("mlp", parts, chosen, change, seeds=[seeds[number]])
        assert together[number].epochs == alone.epochs
        for first, second in zip(together[number].predictions, alone.predictions, strict=True):
            np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("family", NETWORKS)
def test_what_cannot_differ_inside_a_stack_makes_another_shape(family: str) -> None:
    shape = models.family(family).shape
    plain = shape(parameters(family))
    for change in ({"batch_size": 16}, {"d_block": 8}, {"optimizer": "sgd"}, {"patience": 3}):
        assert shape(parameters(family, **change)) != plain
    assert shape(parameters(family, learning_rate=0.5, dropout=0.0, l1=0.1)) == plain


def test_a_configuration_that_diverges_takes_no_other_with_it() -> None:
    parts, chosen = folds("mlp", "regression"), exact("regression")
    tame = {"learning_rate": 0.01, "optimizer": "sgd"}
    asked = [
        Configuration(parameters("mlp", **change), SEEDS)
        for change in ({**tame, "learning_rate": 1e30}, tame)
    ]
    wild, kept = models.family("mlp").predict_folds(asked, parts, chosen)
    assert isinstance(wild, Diverged)
    assert isinstance(kept, FoldPredictions)
    [alone] = evaluate("mlp", parts, chosen, tame, seeds=[SEEDS])
    for first, second in zip(kept.predictions, alone.predictions, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-9)


# --- spread ---


@pytest.mark.slow
@pytest.mark.parametrize(("family", "task"), CASES)
def test_dropout_gives_as_many_draws_as_asked_of_every_member(family: str, task: Task) -> None:
    parts = folds(family, task)
    [found] = evaluate(family, parts, exact(task), {"dropout": 0.4})
    assert found.bag is not None
    inputs = vals(parts, slice(9))
    draws = found.bag.draws(inputs, 5, 3)
    assert draws.shape == (15, 9, *found.predictions[0].shape[1:])
    assert np.isfinite(draws).all()
    assert len(np.unique(draws.reshape(15, -1), axis=0)) == 15, "draws repeat themselves"
    np.testing.assert_array_equal(found.bag.draws(inputs, 5, 3), draws)
    assert not np.array_equal(found.bag.draws(inputs, 5, 4), draws)
    np.testing.assert_array_equal(found.bag.draws(inputs, 2, 3), draws[:6])


def test_a_draw_drops_the_same_units_for_every_row() -> None:
    parts = folds("mlp", "regression")
    [found] = evaluate("mlp", parts, exact("regression"), {"dropout": 0.4})
    assert found.bag is not None
    inputs = [part.X_val[[0, 3, 0]] for part in parts]
    draws = found.bag.draws(inputs, 6, 1)
    np.testing.assert_allclose(draws[:, 0], draws[:, 2], rtol=1e-12)
    apart = found.bag.draws([one[:1] for one in inputs], 6, 1)
    np.testing.assert_allclose(apart[:, 0], draws[:, 0], rtol=1e-12)


def test_asking_for_draws_leaves_the_answer_as_it_was() -> None:
    parts = folds("mlp", "binary")
    [found] = evaluate("mlp", parts, exact("binary"), {"dropout": 0.4})
    assert found.bag is not None
    inputs = vals(parts, slice(9))
    before = found.bag.predict(inputs)
    found.bag.draws(inputs, 3, 1)
    np.testing.assert_array_equal(found.bag.predict(inputs), before)


@pytest.mark.slow
def test_answers_in_threads_are_those_of_a_model_that_is_asked_once_at_a_time() -> None:
    parts = folds("mlp", "binary")
    [found] = evaluate("mlp", parts, exact("binary"), {"dropout": 0.4, "input_dropout": 0.2})
    model = found.bag
    assert model is not None
    # Requests of different sizes.
    asked = [vals(parts, slice(rows)) for rows in (1, 5, 9)]
    plain = [model.predict(inputs) for inputs in asked]
    drawn = [model.draws(inputs, 20, 3) for inputs in asked]

    def differs(number: int) -> bool:
        kind, which = number % 2, number % 3
        if kind:
            return not np.array_equal(model.draws(asked[which], 20, 3), drawn[which])
        return not np.array_equal(model.predict(asked[which]), plain[which])

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(differs, range(300))) == 0


def test_without_dropout_the_members_are_the_draws() -> None:
    parts = folds("mlp", "binary")
    [found] = evaluate("mlp", parts, exact("binary"), {"dropout": 0.0})
    assert found.bag is not None
    inputs = vals(parts, slice(9))
    assert found.bag.draws(inputs, 50, 1).shape == (3, 9, 2)
    np.testing.assert_array_equal(found.bag.draws(inputs, 50, 1), found.bag.draws(inputs, 2, 9))


@pytest.mark.parametrize("family", ["mlp", "linear", "random_forest", "dummy"])
def test_a_model_that_is_sure_of_itself_says_so_when_asked_for_its_spread(family: str) -> None:
    X, y = data("regression")
    own = {"dropout": 0.0} if family == "mlp" else {}
    model = models.family(family).fit(parameters(family, **own), X, y, 0, setting("regression"), 2)
    with pytest.raises(ValueError, match="no spread"):
        model.draws([X], 10, 0)


# --- embeddings ---

EMBEDDED = {"numeric": "piecewise_linear", "d_numeric": 4, "n_bins": 4, "categorical": "learned"}


def coded(task: Task) -> list[Fold]:
    """Two numbers, then two codes of categories; the last fold never sees two of them."""
    X, y = data(task)
    codes = np.random.default_rng(2).integers(0, [3, 5], size=(len(X), 2)).astype(float)
    parts = []
    for number in range(3):
        own = codes.copy()
        val = np.arange(number, len(X), 3)
        train = np.delete(np.arange(len(X)), val)
        if number == 2:
            own[train, 1] = np.minimum(own[train, 1], 2)
            own[val, 1] = np.where(own[val, 1] > 2, -1, own[val, 1])
        table = np.column_stack([X[:, :2], own, X[:, 2]])
        parts.append(Fold(table[train], y[train], table[val], y[val], val))
    return parts


def coded_setting(task: Task, **trainer: Any) -> FitSettings:
    return replace(exact(task, **trainer), n_numeric=2, n_codes=2)


@pytest.mark.slow
@pytest.mark.parametrize("numeric", ["none", "piecewise_linear", "periodic"])
@pytest.mark.parametrize("family", ["mlp", "resnet"])
def test_an_embedding_network_answers_also_for_a_category_that_was_never_seen(
    family: str, numeric: str, tmp_path: Path
) -> None:
    parts = coded("binary")
    declared = {"embeddings": EMBEDDED | {"numeric": numeric}, "dropout": 0.0}
    [found] = evaluate(family, parts, coded_setting("binary"), declared)
    assert found.bag is not None
    inputs = vals(parts, slice(6))
    unseen = [np.copy(one) for one in inputs]
    for one in unseen:
        one[:, 2] = -1
    known, answered = found.bag.predict(inputs), found.bag.predict(unseen)
    assert np.isfinite(answered).all()
    assert not np.allclose(known, answered)
    found.bag.save(tmp_path)
    loaded = models.family(family).load(tmp_path)
    np.testing.assert_array_equal(loaded.predict(unseen), answered)


def test_a_category_never_seen_is_the_zero_vector_of_its_own_column_alone(
    tmp_path: Path,
) -> None:
    from safetensors.numpy import load_file

    parts = coded("regression")
    declared = {
        "embeddings": {"categorical": "learned", "d_categorical": 3},
        "n_blocks": 0,
        "dropout": 0.0,
    }
    [found] = evaluate("mlp", parts, coded_setting("regression"), declared)
    assert found.bag is not None
    found.bag.save(tmp_path)
    weights = load_file(tmp_path / "weights.safetensors")
    described = json.loads((tmp_path / "network.json").read_text())["members"]
    assert [one["slot"]["columns"]["cardinalities"] for one in described] == [
        [3, 5],
        [3, 5],
        [3, 3],
    ]
    X = np.array([[0.5, -1.0, -1.0, 2.0, 0.25], [0.5, -1.0, 1.0, -1.0, 0.25]])
    answers = []
    for number in range(3):
        table = weights["embed.categorical.table"][number]
        zero = np.zeros(3)
        embedded = np.array(
            [
                [0.5, -1.0, *zero, *table[1, 2], 0.25],
                [0.5, -1.0, *table[0, 1], *zero, 0.25],
            ]
        )
        output = embedded @ weights["output.weight"][number] + weights["output.bias"][number]
        scale = described[number]["target_scale"]
        answers.append(output[:, 0] * scale["sd"] + scale["mean"])
    np.testing.assert_allclose(members(found.bag, [X] * 3), answers, rtol=1e-9)


@pytest.mark.slow
def test_an_embedding_generation_is_what_its_configurations_are_alone() -> None:
    parts, chosen = coded("multiclass"), coded_setting("multiclass")
    changes = [{**change, "embeddings": EMBEDDED} for change in GENERATION]
    seeds = [[10 * number + fold for fold in range(3)] for number in range(4)]
    together = evaluate("mlp", parts, chosen, *changes, seeds=seeds)
    for number, change in enumerate(changes):
        [alone] = evaluate("mlp", parts, chosen, change, seeds=[seeds[number]])
        assert together[number].epochs == alone.epochs
        for first, second in zip(together[number].predictions, alone.predictions, strict=True):
            np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-9)


# --- transfer ---


def pretrained(family: str, task: Task, n_members: int, **changes: Any) -> Any:
    """A bag of so many networks, trained on other rows of the same columns."""
    X, y = data(task, seed=5)
    parts = cut(X, y, max(2, n_members))[:n_members]
    [found] = evaluate(family, parts, exact(task), {"dropout": 0.0, **changes})
    return found.bag


def cut(X: Array, y: NDArray[Any], n_folds: int) -> list[Fold]:
    """Folds of equal width."""
    rows = np.array_split(np.arange(len(X)), n_folds)
    return [Fold(np.delete(X, val, 0), np.delete(y, val), X[val], y[val], val) for val in rows]


def equal_folds(task: Task) -> list[Fold]:
    return cut(*data(task), 3)


@pytest.mark.slow
@pytest.mark.parametrize("family", NETWORKS)
def test_a_frozen_body_is_the_donors_and_only_the_head_is_new(family: str) -> None:
    start = pretrained(family, "regression", 2)
    frozen = {"init_from": "m", "freeze": parameters(family).depth, "dropout": 0.0}
    chosen = replace(exact("binary"), pretrained=start)
    [found] = evaluate(family, equal_folds("binary"), chosen, frozen)
    bag: Any = found.bag
    theirs, ours = (dict(model.network.named_parameters()) for model in (start, bag))
    bodies = [name for name in ours if name.startswith(("blocks.", "first."))]
    assert bodies
    for name in bodies:
        taken = theirs[name][[0, 1, 0]]  # Two members, taken in turn by three folds.
        np.testing.assert_array_equal(ours[name].detach().numpy(), taken.detach().numpy())
    assert not np.array_equal(
        ours["output.weight"].detach().numpy(),
        theirs["output.weight"][[0, 1, 0]].detach().numpy(),
    )


@pytest.mark.slow
@pytest.mark.parametrize("n_members", [1, 2, 5])
def test_a_generation_with_a_donor_is_what_its_configurations_are_alone(n_members: int) -> None:
    chosen = replace(exact("regression"), pretrained=pretrained("mlp", "regression", n_members))
    changes: list[dict[str, Any]] = [
        {**change, "init_from": "m", "body_learning_rate_factor": 0.5} for change in GENERATION
    ]
    seeds = [[10 * number + fold for fold in range(3)] for number in range(4)]
    parts = equal_folds("regression")
    together = evaluate("mlp", parts, chosen, *changes, seeds=seeds)
    for number, change in enumerate(changes):
        [alone] = evaluate("mlp", parts, chosen, change, seeds=[seeds[number]])
        assert together[number].epochs == alone.epochs
        for first, second in zip(together[number].predictions, alone.predictions, strict=True):
            np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-9)


def test_a_donors_categories_keep_their_vectors_where_a_fold_has_fewer_of_them() -> None:
    embedded = {"embeddings": {"categorical": "learned"}, "dropout": 0.0}
    wide, chosen = coded("regression"), coded_setting("regression")
    [found] = evaluate("mlp", wide[:2], chosen, embedded)
    start: Any = found.bag
    few = []
    for part in wide[:2]:
        X_train = part.X_train.copy()
        X_train[:, 2:4] = np.minimum(X_train[:, 2:4], 1)  # The validation rows keep them all.
        few.append(replace(part, X_train=X_train))
    frozen = {**embedded, "init_from": "m", "freeze": 2}
    [moved] = evaluate("mlp", few, replace(chosen, pretrained=start), frozen)
    bag: Any = moved.bag
    tables = [model.network.embed.categorical.table.detach().numpy() for model in (start, bag)]
    np.testing.assert_array_equal(tables[1], tables[0])
    assert [slot.columns for slot in bag.specs] == [slot.columns for slot in start.specs]


def test_a_donor_of_other_blocks_is_refused() -> None:
    chosen = replace(exact("regression"), pretrained=pretrained("mlp", "regression", 1))
    other = parameters("mlp", init_from="m", d_block=8)
    with pytest.raises(UserError, match=r"models\.mlp\.init_from: no block .* declare the same"):
        models.family("mlp").predict_folds(
            [Configuration(other, SEEDS)], equal_folds("regression"), chosen
        )


def test_freezing_more_blocks_than_fit_is_refused() -> None:
    shallow = pretrained("mlp", "regression", 1, n_blocks=1)
    chosen = replace(exact("regression"), pretrained=shallow)
    deeper = parameters("mlp", init_from="m", n_blocks=3, freeze=2)
    with pytest.raises(UserError, match=r"freeze must not exceed the 1 blocks that fit .* got 2"):
        models.family("mlp").fit(deeper, *data("regression"), 0, chosen, 2)


def test_a_donor_whose_categories_were_encoded_otherwise_is_refused() -> None:
    plain = pretrained("mlp", "regression", 1)
    chosen = replace(coded_setting("regression"), pretrained=plain)
    learned = parameters("mlp", init_from="m", embeddings={"categorical": "learned"})
    with pytest.raises(
        UserError, match=r"embeddings\.categorical must be .* none, but got learned"
    ):
        models.family("mlp").predict_folds(
            [Configuration(learned, SEEDS)], coded("regression"), chosen
        )


def test_a_donor_that_is_no_network_is_refused() -> None:
    X, y = data("regression")
    linear = models.family("linear").fit(parameters("linear"), X, y, 0, setting("regression"), None)
    chosen = replace(exact("regression"), pretrained=linear)
    with pytest.raises(UserError, match="must be a trained mlp, but is not a network"):
        models.family("mlp").fit(parameters("mlp", init_from="m"), X, y, 0, chosen, 2)


# --- refusals ---


@pytest.mark.parametrize("where", ["X_train", "X_val"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39])
@pytest.mark.parametrize("family", NETWORKS)
def test_a_number_that_single_precision_cannot_hold_never_reaches_a_network(
    family: str, value: float, where: str
) -> None:
    parts = folds(family, "regression")
    broken = getattr(parts[1], where).copy()
    broken[4, 2] = value
    parts[1] = replace(parts[1], **{where: broken})
    asked = [Configuration(parameters(family), SEEDS)]
    said = rf"column 2 .* holds {re.escape(str(value))} in row 4: scale it .*, or reject such rows"
    with pytest.raises(UserError, match=said):
        models.family(family).predict_folds(asked, parts, setting("regression"))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e39])
@pytest.mark.parametrize("family", NETWORKS)
def test_such_a_number_never_reaches_the_last_fit_either(family: str, value: float) -> None:
    X, y = data("regression")
    X[7, 1] = value
    said = rf"column 1 .* holds {re.escape(str(value))} in row 7: scale it .*, or reject such rows"
    with pytest.raises(UserError, match=said):
        models.family(family).fit(parameters(family), X, y, 0, setting("regression"), 2)


@pytest.mark.parametrize(
    ("family", "shape", "said"),
    [
        ("cnn", [1, 2, 4], r"the product of \[1, 2, 4\] is 8, but 6 columns"),
        ("rnn", [2, 2], r"the product of \[2, 2\] is 4, but 6 columns"),
    ],
)
def test_a_shape_must_use_up_the_columns(family: str, shape: list[int], said: str) -> None:
    wrong = parameters(family, shape=shape)
    with pytest.raises(UserError, match=rf"models\.{family}\.shape: {said}.*: correct the shape"):
        models.family(family).fit(wrong, *data("binary"), 0, setting("binary"), 2)
    asked = [Configuration(wrong, SEEDS)]
    with pytest.raises(UserError, match=said):
        models.family(family).predict_folds(asked, folds(family, "binary"), setting("binary"))


def test_folds_of_unequal_widths_fit_no_picture() -> None:
    asked = [Configuration(parameters("cnn"), SEEDS)]
    with pytest.raises(UserError, match=f"but {WIDTH - 1} or {WIDTH} columns"):
        models.family("cnn").predict_folds(asked, folds("mlp", "binary"), setting("binary"))


@pytest.mark.parametrize("weights", [{"a": 1.0, "b": 2.0, "c": 1.0}, {"a": 1.0, "e": 2.0}, {}])
def test_class_weights_must_name_the_classes(weights: dict[str, float]) -> None:
    wrong = parameters("mlp", class_weight=weights)
    said = f"must name the classes a, b, c, d, but names {', '.join(weights) or 'none'}"
    with pytest.raises(UserError, match=said):
        models.family("mlp").fit(wrong, *data("multiclass"), 0, setting("multiclass"), 2)


@pytest.mark.slow
@pytest.mark.parametrize("task", ["binary", "multiclass"])
@pytest.mark.parametrize("heavy", [0, 1])
def test_a_class_weighs_what_is_declared_under_its_name(task: Task, heavy: int) -> None:
    X, y = data(task)
    labels = CLASSES[task]
    # In another order than that of the classes.
    weights = dict.fromkeys(reversed(labels), 1.0) | {labels[heavy]: 1000.0}
    shares = []
    for declared in (None, weights):
        chosen = parameters("mlp", class_weight=declared, dropout=0.0)
        model = models.family("mlp").fit(chosen, X, y, 0, setting(task), 30)
        shares.append(model.predict([X])[:, heavy].mean())
    assert shares[1] > shares[0] + 0.25


@pytest.mark.parametrize("factor", [2.0**-900, 2.0**900])
def test_only_the_shares_of_class_weights_count(factor: float) -> None:
    """Single precision would take very small weights for 0, and very large ones for infinity."""
    X, y = data("binary")
    found = []
    for own in (1.0, factor):
        chosen = parameters("mlp", class_weight={"n": own, "y": 3 * own})
        model = models.family("mlp").fit(chosen, X, y, 0, setting("binary"), 3)
        found.append(model.predict([X]))
    np.testing.assert_array_equal(found[0], found[1])


def test_batch_norm_over_one_row_is_refused() -> None:
    parts = [
        replace(part, X_train=part.X_train[:1], y_train=part.y_train[:1])
        for part in folds("mlp", "regression")
    ]
    asked = [Configuration(parameters("mlp", normalization="batch_norm", batch_size="full"), SEEDS)]
    with pytest.raises(UserError, match="needs at least two training rows, but a fold has 1"):
        models.family("mlp").predict_folds(asked, parts, setting("regression"))


def test_networks_that_no_memory_can_hold_are_refused() -> None:
    asked = [Configuration(parameters("mlp", d_block=10**9), SEEDS)]
    with pytest.raises(UserError, match=r"models.mlp: 3 networks .* lower d_block"):
        models.family("mlp").predict_folds(asked, folds("mlp", "regression"), setting("regression"))


@pytest.mark.slow
@pytest.mark.parametrize("estimated", [False, True])
def test_a_generation_that_is_too_large_is_trained_in_halves_with_the_same_answer(
    monkeypatch: pytest.MonkeyPatch, *, estimated: bool
) -> None:
    from tenfold.training import fitting, memory

    parts, chosen = folds("mlp", "regression"), exact("regression")
    changes = [{"learning_rate": rate} for rate in (0.001, 0.01, 0.03, 0.1, 0.002)]
    expected = evaluate("mlp", parts, chosen, *changes)
    trained, train = [], fitting.train

    def within(members: Sequence[Any]) -> None:
        if len(members) > 2 * len(parts):
            raise memory.OutOfMemory("9 GiB of 8 GiB that are free")

    def short(architecture: Any, recipe: Any, members: Any, *others: Any, **options: Any) -> Any:
        if not estimated:
            within(members)
        trained.append(len(members) // len(parts))
        return train(architecture, recipe, members, *others, **options)

    def check(architecture: Any, recipe: Any, members: Any, *others: Any) -> None:
        if estimated:
            within(members)

    monkeypatch.setattr(fitting, "train", short)
    monkeypatch.setattr(memory, "check", check)
    with pytest.warns(UserWarning, match=r"mlp: 5 configurations at once need more .*9 GiB of 8"):
        found = evaluate("mlp", parts, chosen, *changes)
    assert trained == [2, 1, 2]
    for one, two in zip(found, expected, strict=True):
        assert one.epochs == two.epochs
        for first, second in zip(one.predictions, two.predictions, strict=True):
            np.testing.assert_allclose(first, second, rtol=1e-12)
