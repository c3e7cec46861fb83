"""The contenders: name -> cross-validates a work and returns the folds' mean validation loss.

All train the same network with AdamW on the same folds; docs/benchmarks.md says what differs.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.bare import bare_stacked
from benchmarks.families import build_of
from benchmarks.works import LEARNING_RATE, WEIGHT_DECAY, Data, Fold, Work
from tenfold.training.fitting import Member, train
from tenfold.training.settings import Architecture, Rates, Recipe

Contender = Callable[[Work, Data], float]


USUAL = Rates(LEARNING_RATE, WEIGHT_DECAY)


def tenfold(work: Work, data: Data, trials: Sequence[Rates] = (USUAL,)) -> float:
    """All folds, of every trial, as one stacked network under one Lightning Trainer."""
    members = [
        Member(seed, fold.x_train, fold.y_train, fold.x_val, fold.y_val, rates)
        for rates in trials
        for seed, fold in enumerate(data.folds)
    ]
    apart = ~np.eye(work.folds, dtype=np.bool_)
    recipe = Recipe(loss="binary_cross_entropy", batch_size=work.batch_size, patience=work.epochs)
    trained = train(
        Architecture(kind="mlp", build=build_of("mlp"), n_blocks=2, d_block=work.width),
        recipe,
        members,
        n_outputs=1,
        max_epochs=work.epochs,
        overlaps=~np.kron(np.eye(len(trials), dtype=np.bool_), apart),
        trainer={"accelerator": work.accelerator, "devices": 1, "precision": work.precision},
    )
    return float(np.min([epoch["val_loss"] for epoch in trained.history], axis=0).mean())


def lightning_per_fold(work: Work, data: Data) -> float:
    """One Lightning fit after another, each with its own loaders."""
    return float(np.mean([_lightning(work, fold) for fold in data.folds]))


def _lightning(work: Work, fold: Fold) -> float:
    rows = [torch.from_numpy(part) for part in (fold.x_train, fold.y_train)]
    val = [torch.from_numpy(part) for part in (fold.x_val, fold.y_val)]
    on_gpu = work.accelerator == "gpu"
    trainer = pl.Trainer(
        max_epochs=work.epochs, accelerator=work.accelerator, devices=1, precision=work.precision,
        logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, num_sanity_val_steps=0,
    )  # fmt: skip
    module = Plain(work)
    trainer.fit(
        module,
        DataLoader(
            TensorDataset(*rows), batch_size=work.batch_size, shuffle=True, pin_memory=on_gpu
        ),
        DataLoader(TensorDataset(*val), batch_size=4096, pin_memory=on_gpu),
    )
    return module.best_loss


class Network(nn.Sequential):
    """One fold's network, as anybody would write it: x (batch, columns) -> logits (batch,)."""

    def __init__(self, columns: int, width: int) -> None:
        super().__init__(
            nn.Linear(columns, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(),
            nn.Linear(width, 1), nn.Flatten(0),
        )  # fmt: skip


class Plain(pl.LightningModule):
    """The same network as a user of Lightning would train it."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.network = Network(work.columns, work.width)
        self.best_loss = float("inf")

    def _loss(self, batch: list[Tensor]) -> Tensor:
        return nn.functional.binary_cross_entropy_with_logits(self.network(batch[0]), batch[1])

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        return self._loss(batch)

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.log("val_loss", self._loss(batch))

    def on_validation_epoch_end(self) -> None:
        self.best_loss = min(self.best_loss, self.trainer.callback_metrics["val_loss"].item())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(
            self.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY, fused=True
        )


def skorch(work: Work, data: Data) -> float:
    """skorch's classifier under scikit-learn's cross_validate; no validation between epochs."""
    from sklearn.model_selection import cross_validate

    library: Any = importlib.import_module("skorch")
    net = library.NeuralNetBinaryClassifier(
        Network, module__columns=work.columns, module__width=work.width,
        max_epochs=work.epochs, batch_size=work.batch_size, iterator_train__shuffle=True,
        optimizer=torch.optim.AdamW, optimizer__lr=LEARNING_RATE,
        optimizer__weight_decay=WEIGHT_DECAY, optimizer__fused=True,
        train_split=None, verbose=0, device=str(work.device),
    )  # fmt: skip
    scores = cross_validate(
        net, data.x, data.y, cv=list(_splits(data)), scoring="neg_log_loss", error_score="raise"
    )
    return float(-scores["test_score"].mean())


def _splits(data: Data) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for fold in range(len(data.folds)):
        yield np.flatnonzero(data.fold != fold), np.flatnonzero(data.fold == fold)


def pytabkit(work: Work, data: Data) -> float:
    """RealMLP without what makes it RealMLP, its folds vectorised by the library itself."""
    library: Any = importlib.import_module("pytabkit")
    # Its folds must be of one length: a row left over is trained on.
    shortest = min(len(fold.y_val) for fold in data.folds)
    held_out = np.stack([val[:shortest] for _, val in _splits(data)])
    network = library.RealMLP_TD_S_Classifier(
        device=str(work.device), n_threads=torch.get_num_threads(), random_state=0,
        n_cv=work.folds, n_refit=0, n_epochs=work.epochs, batch_size=work.batch_size,
        predict_batch_size=4096, hidden_sizes=[work.width, work.width],
        tfms=[], num_emb_type="none", add_front_scale=False, block_str="w-b-a",
        act="relu", use_parametric_act=False, p_drop=0.0, use_ls=False,
        weight_param="standard", weight_init_mode="uniform", weight_init_gain=2**0.5,
        bias_init_mode="zeros", bias_lr_factor=1.0, last_layer_config={},
        opt="adam", lr=LEARNING_RATE, lr_sched="constant", sq_mom=0.999, wd=WEIGHT_DECAY,
        val_metric_name="cross_entropy",
    )  # fmt: skip
    network.fit(data.x, data.y.astype(np.int64), val_idxs=held_out)
    return float(np.mean(network.cv_alg_interface_.model.best_val_errors["cross_entropy"][0]))


CONTENDERS: dict[str, Contender] = {
    "tenfold": tenfold,
    "lightning_per_fold": lightning_per_fold,
    "bare_stacked": bare_stacked,
    "skorch": skorch,
    "pytabkit": pytabkit,
}
# Of other libraries, which need not be installed; neither trains in bf16 by an option of its own.
OPTIONAL = ("skorch", "pytabkit")


def installed() -> list[str]:
    """The contenders whose library is here; says which are left out."""
    missing = [name for name in OPTIONAL if importlib.util.find_spec(name) is None]
    for name in missing:
        print(f"{name} is not installed: left out", flush=True)
    return [name for name in CONTENDERS if name not in missing]


def able(name: str, work: Work) -> bool:
    """Whether a contender can do a work as it is asked for."""
    return work.precision == "32-true" or name not in OPTIONAL


def seconds(name: str, work: Work, data: Data) -> tuple[float, float]:
    """How long a contender takes, and the mean validation loss that it reaches."""
    start = time.perf_counter()
    loss = CONTENDERS[name](work, data)
    if work.accelerator == "gpu":
        torch.cuda.synchronize()
    return time.perf_counter() - start, loss


def hush() -> None:
    """Libraries' advice says nothing here."""
    for name in ("pytorch_lightning", "lightning.pytorch", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
