"""Mini-batches as index tensors: every row once an epoch, for every member."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tenfold.training import batches
from tenfold.training.batches import DeviceRows, EpochOrder, StackedRows
from tests.training.differences import largest_difference

SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=5)


def real_rows(epochs: EpochOrder, epoch: int, member: int, width: int) -> list[list[int]]:
    """The member's own row numbers of each step, padding left out."""
    order = epochs.order(epoch)[:, member] - member * width
    present = epochs.weight[:, member] > 0
    return [order[step][present[step]].tolist() for step in range(order.shape[0])]


@given(SIZES, st.integers(1, 12), st.integers(0, 5), st.integers(0, 3), st.integers(0, 2**31))
def test_every_row_comes_exactly_once_an_epoch_for_every_member(
    sizes: list[int], steps: int, epoch: int, padding: int, seed: int
) -> None:
    width = max(sizes) + padding
    epochs = EpochOrder(sizes, range(seed, seed + len(sizes)), steps, width)
    order = epochs.order(epoch)
    assert order.shape[:2] == (steps, len(sizes))
    assert order.shape == epochs.weight.shape
    for member, size in enumerate(sizes):
        rows = real_rows(epochs, epoch, member, width)
        assert sorted(row for batch in rows for row in batch) == list(range(size))
        counts = [len(batch) for batch in rows]
        assert max(counts) - min(counts) <= 1
        # Padding points at some row of the same member, never at another's.
        inside = order[:, member] - member * width
        assert (inside >= 0).all()
        assert (inside < size).all()


def test_full_batches_leave_out_the_rows_beyond_them() -> None:
    sizes = [10, 9, 3]
    steps = batches.steps_per_epoch(sizes, 4, drop_last=True)
    epochs = EpochOrder(sizes, [1, 2, 3], steps, 10, most=4)
    assert steps == 2
    counts = [[len(batch) for batch in real_rows(epochs, 0, m, 10)] for m in range(3)]
    assert counts == [[4, 4], [4, 4], [1, 2]]
    seen = [batch for epoch in range(20) for batch in real_rows(epochs, epoch, 0, 10)]
    assert set().union(*seen) == set(range(10))


@given(SIZES, st.integers(1, 12))
def test_the_rows_of_a_batch_weigh_one_together(sizes: list[int], steps: int) -> None:
    epochs = EpochOrder(sizes, [0] * len(sizes), steps, max(sizes))
    for member, size in enumerate(sizes):
        weights = epochs.weight[:, member]
        for step in range(steps):
            present = weights[step][weights[step] > 0]
            assert len(present) == (step + 1) * size // steps - step * size // steps
            torch.testing.assert_close(
                present, torch.full_like(present, 1 / max(len(present), 1)), rtol=0, atol=0
            )


@given(SIZES, st.integers(1, 12), st.integers(0, 5), st.integers(0, 99))
def test_a_members_order_depends_on_its_seed_and_the_epoch_alone(
    sizes: list[int], steps: int, epoch: int, seed: int
) -> None:
    together = EpochOrder(sizes, [seed + i for i in range(len(sizes))], steps, max(sizes) + 2)
    for member, size in enumerate(sizes):
        alone = EpochOrder([size], [seed + member], steps, size)
        assert real_rows(together, epoch, member, max(sizes) + 2) == real_rows(
            alone, epoch, 0, size
        )


def test_orders_differ_between_epochs_and_seeds() -> None:
    epochs = EpochOrder([50, 50], [1, 2], 1, 50)
    assert real_rows(epochs, 0, 0, 50) != real_rows(epochs, 1, 0, 50)
    assert real_rows(epochs, 0, 0, 50) != real_rows(epochs, 0, 1, 50)
    assert real_rows(epochs, 0, 0, 50) == real_rows(epochs, 0, 0, 50)


def test_padded_says_whether_any_batch_is() -> None:
    assert not EpochOrder([8, 8], [1, 2], 2, 8).padded
    assert EpochOrder([8, 7], [1, 2], 2, 8).padded


@pytest.mark.parametrize(
    ("sizes", "batch_size", "steps"), [([64], 32, 2), ([65, 10], 32, 3), ([5], 32, 1), ([9], 1, 9)]
)
def test_the_largest_member_decides_on_the_number_of_steps(
    sizes: list[int], batch_size: int, steps: int
) -> None:
    assert batches.steps_per_epoch(sizes, batch_size) == steps
    assert batches.steps_per_epoch(sizes, "full") == 1


@pytest.mark.parametrize(
    ("rows", "size"), [(1, 32), (2_800, 32), (2_801, 64), (32_000, 256), (10**6, 1024)]
)
def test_batches_of_size_auto_grow_with_the_rows(rows: int, size: int) -> None:
    assert batches.steps_per_epoch([1, rows], "auto") == -(-rows // size)


def test_stacking_pads_with_zeros_behind_each_members_rows() -> None:
    xs = [np.ones((3, 2)), np.full((2, 4), 2.0)]
    ys = [np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0])]
    part = batches.stack(xs, ys, torch.float64, codes=False)
    assert part.x.shape == (2, 3, 4)
    assert part.n_rows.tolist() == [3, 2]
    assert part.y.tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 0.0]]
    assert part.x[0].tolist() == [[1.0, 1.0, 0.0, 0.0]] * 3
    assert part.x[1].tolist() == [[2.0] * 4, [2.0] * 4, [0.0] * 4]


def test_class_codes_stay_integers_and_values_take_the_inputs_type() -> None:
    xs, ys = [np.ones((2, 1))], [np.array([0, 2])]
    assert batches.stack(xs, ys, torch.float32, codes=True).y.dtype == torch.int64
    assert batches.stack(xs, ys, torch.float32, codes=False).y.dtype == torch.float32


def test_rows_need_not_lie_side_by_side_in_memory() -> None:
    x = np.arange(12.0).reshape(3, 4).T[::2]
    part = batches.stack([x], [np.zeros(2)], torch.float64, codes=False)
    np.testing.assert_array_equal(part.x[0].numpy(), x)


def parts() -> tuple[StackedRows, StackedRows]:
    """Three trials of two folds: given the same arrays, and given copies."""
    rng = np.random.default_rng(0)
    xs = [rng.normal(size=(n, d)) for n, d in ((7, 3), (5, 4))]
    ys = [rng.integers(0, 3, len(x)) for x in xs]
    shared = batches.stack(xs * 3, ys * 3, torch.float64, codes=True)
    copies = [x.copy() for _ in range(3) for x in xs]
    return shared, batches.stack(copies, ys * 3, torch.float64, codes=True)


def test_members_that_were_given_the_same_arrays_share_their_rows() -> None:
    shared, apart = parts()
    assert len(shared.x) == 2
    assert shared.table.tolist() == [0, 1, 0, 1, 0, 1]
    assert shared.shared
    assert len(apart.x) == 6
    assert not apart.shared


def test_shared_rows_are_read_as_if_every_member_had_its_own() -> None:
    cpu = torch.device("cpu")
    weights = torch.tensor([[1.0, 2.0, 3.0], [0.5, 0.0, 1.0]] * 3, dtype=torch.float64)
    read: list[list[torch.Tensor]] = []
    for part in parts():
        rows = DeviceRows(part, weights)
        sizes = part.n_rows[part.table].tolist()
        epochs = EpochOrder(sizes, range(6), 2, part.y.shape[1], part.table)
        found = []
        for step, places in enumerate(epochs.order(3)):
            found += [*rows.take(places, cpu), rows.reweigh(epochs.weight[step], places)]
        for seen in flat(rows):
            found += seen
        read.append(found)
    assert largest_difference(zip(*read, strict=True)) == 0.0


@pytest.mark.slow
@given(
    st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=9), min_size=1, max_size=4),
    st.lists(st.sampled_from([0.0, 0.3, 1.0, 7.0]), min_size=3, max_size=3),
    st.integers(1, 12),
)
def test_class_weights_are_shared_out_within_each_batch(
    codes: list[list[int]], weights: list[float], steps: int
) -> None:
    sizes = [len(own) for own in codes]
    xs = [np.zeros((size, 1)) for size in sizes]
    part = batches.stack(xs, [np.array(own) for own in codes], torch.float64, codes=True)
    rows = DeviceRows(part, torch.tensor([weights] * len(codes), dtype=torch.float64))
    epochs = EpochOrder(sizes, range(len(sizes)), steps, max(sizes))
    for step, places in enumerate(epochs.order(0)):
        found = rows.reweigh(epochs.weight[step], places)
        for member, own in enumerate(codes):
            present = epochs.weight[step, member] > 0
            batch = places[member, present] - member * max(sizes)
            expected = np.array([weights[own[row]] for row in batch.tolist()])
            # A batch in which no row weighs anything teaches nothing.
            expected /= max(expected.sum(initial=0.0), 1e-30)
            np.testing.assert_allclose(found[member, present].numpy(), expected, rtol=1e-12)
            assert not found[member, ~present].any()


def flat(rows: DeviceRows) -> list[tuple[torch.Tensor, ...]]:
    passes = rows.chunks(torch.device("cpu"))
    return [(x, y, own.weight, own.present) for x, y, own in passes]


@pytest.mark.parametrize("weighted", [False, True])
def test_validation_rows_come_in_passes_whose_weights_add_up_to_one(
    weighted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, _ = parts()
    weights = torch.tensor([[1.0, 2.0, 3.0]] * 6, dtype=torch.float64) if weighted else None
    (whole,) = flat(DeviceRows(part, weights))
    monkeypatch.setattr(batches, "MAX_CHUNK_ROWS", 12)
    passes = flat(DeviceRows(part, weights))
    assert len(passes) == 4
    for one, many in zip(whole, zip(*passes, strict=True), strict=True):
        assert torch.equal(one, torch.cat(many, dim=1))
    assert largest_difference([(whole[2].sum(1), np.ones(6))]) < 1e-12
    for member in range(6):
        own = whole[2][member, : int(part.n_rows[part.table[member]])]
        if weighted:
            classes = part.y[part.table[member], : len(own)]
            expected = (classes + 1).double() / (classes + 1).sum()
        else:
            expected = torch.full_like(own, 1 / len(own))
        assert largest_difference([(own, expected)]) < 1e-12
