"""A step as a CUDA graph: captured once, then repeated by one launch in place of a hundred.

Python runs at the capture alone. So what is captured reads all that changes from step to step from
tensors on the device (`step_inputs.DeviceInputs`), and its numbers are those of the eager step.
Source: "Accelerating PyTorch with CUDA Graphs" (PyTorch 2021).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Protocol

import torch
from torch import Tensor, nn

from tenfold.training.blocks import Block
from tenfold.training.catalogue import LOSSES
from tenfold.training.diagnostics import Diagnosis
from tenfold.training.settings import LossSettings

# Measurements by name, each on the device.
Measured = dict[str, Tensor]
Work = Callable[[], Measured]

# What torch's optimisers start from, where that is not 0.
FIRST_STATE = {"mu_product": 1.0}


class Recorder(Protocol):
    """Records work on a device; `CudaGraphs` does."""

    def warm_up(self, work: Work) -> Measured:
        """Do the work, apart from what else runs."""
        ...

    def record(self, work: Work) -> Callable[[], None]:
        """Return what repeats the work on the tensors that it was recorded with."""
        ...


class CudaGraphs:
    """torch's graphs of one device, which share a stream and a pool of memory.

    Graphs that share a pool may use each other's memory, so nothing that outlives a graph lies in
    it: see `Captures`.
    """

    def __init__(self, device: torch.device) -> None:
        self.stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self.pool = torch.cuda.graph_pool_handle()

    def warm_up(self, work: Work) -> Measured:
        """Do the work on the graphs' own stream."""
        before = torch.cuda.current_stream()
        self.stream.wait_stream(before)
        with torch.cuda.stream(self.stream):
            found = work()
        before.wait_stream(self.stream)
        return found

    def record(self, work: Work) -> Callable[[], None]:
        """Capture the work, which does not run meanwhile."""
        graph = torch.cuda.CUDAGraph()
        # The outer context takes the stream back where a capture fails.
        with torch.cuda.stream(self.stream), torch.cuda.graph(graph, self.pool, self.stream):
            work()
        return graph.replay


def at_once(key: Hashable, work: Work) -> Measured:
    """Do work without a graph."""
    return work()


class Captures:
    """Does work on the device: recorded when its key is first seen, repeated from then on.

    Args:
        recorder: of the device.
        changed: returns the tensors that work changes, apart from the optimiser's memory.
        optimizer: whose memory work changes.

    Attributes:
        failure: what torch said of work that cannot be captured; all work is eager from then on.
    """

    def __init__(
        self,
        recorder: Recorder,
        changed: Callable[[], Iterable[Tensor]],
        optimizer: torch.optim.Optimizer,
    ) -> None:
        self.recorder = recorder
        self.changed = changed
        self.optimizer = optimizer
        self.failure = ""
        self._recorded: dict[Hashable, tuple[Callable[[], None], Measured]] = {}

    def run(self, key: Hashable, work: Work) -> Measured:
        """Do the work of `key` and return its measurements, which the next run overwrites."""
        if key not in self._recorded and not self.failure:
            try:
                self._recorded[key] = self._record(work)
            except torch.OutOfMemoryError:
                raise
            except RuntimeError as error:
                self.failure = str(error).partition("\n")[0]
        if self.failure:
            return work()
        repeat, measured = self._recorded[key]
        repeat()
        return measured

    def forget(self) -> None:
        """Drop all that was recorded, since other parameters are trained from now on."""
        self._recorded.clear()

    def _record(self, work: Work) -> tuple[Callable[[], None], Measured]:
        """Record work as if it had never run before."""
        before = Snapshot(self.changed(), self.optimizer)
        try:
            size = -1
            # The step that makes the optimiser's memory is not the one that all later ones are.
            while size != len(_memory(self.optimizer)):
                size = len(_memory(self.optimizer))
                found = self.recorder.warm_up(work)
                # Else the next one would look for a step behind the epoch's last.
                before.restore()
            kept = {name: value.detach().clone() for name, value in found.items()}

            def work_and_keep() -> Measured:
                for name, value in work().items():
                    kept[name].copy_(value)
                return kept

            return self.recorder.record(work_and_keep), kept
        finally:
            before.restore()


class Snapshot:
    """What tensors and an optimiser's memory hold, to be put back."""

    def __init__(self, tensors: Iterable[Tensor], optimizer: torch.optim.Optimizer) -> None:
        self.optimizer = optimizer
        every = [*tensors, *(value for _, value in _memory(optimizer))]
        self.saved = {id(tensor): (tensor, tensor.detach().clone()) for tensor in every}

    @torch.no_grad()
    def restore(self) -> None:
        """Put everything back; memory that did not exist is as an optimiser makes it."""
        for tensor, value in self.saved.values():
            tensor.copy_(value)
        for name, value in _memory(self.optimizer):
            if id(value) not in self.saved:
                value.fill_(FIRST_STATE.get(name, 0.0))


def _memory(optimizer: torch.optim.Optimizer) -> list[tuple[str, Tensor]]:
    """All tensors that an optimiser keeps from step to step, with their names."""
    every = [item for own in optimizer.state.values() for item in own.items()]
    return [(name, value) for name, value in every if isinstance(value, Tensor)]


def why_not_captured(
    network: nn.Module,
    settings: LossSettings,
    device: torch.device,
    *,
    compiled: bool,
    processes: int,
    rows_on_device: bool,
) -> Diagnosis | None:
    """Why the steps of a training cannot be captured; None if they can.

    Args:
        network: its layers may be a project's own.
        settings: the loss may be a project's own.
        device: that it is trained on.
        compiled: whether torch.compile makes its kernels.
        processes: that share every batch.
        rows_on_device: whether all rows lie there.
    """
    if device.type != "cuda":
        return _eager(f"a {device.type} has no CUDA graphs", "set trainer.accelerator: gpu")
    if processes > 1:
        return _eager(
            f"{processes} processes exchange gradients at every step",
            "set trainer.devices: 1, which is faster for networks of this size",
        )
    if compiled:
        return _eager("torch.compile launches its own kernels", "leave out trainer.compile")
    if not rows_on_device:
        return _eager(
            "the rows take more than half of the device's free memory, and wait on the host",
            "use fewer rows or a larger device",
        )
    if not _is_ours(LOSSES[settings.loss].path):
        return _eager(
            f"loss {settings.loss!r} is the project's own code, which may ask the host",
            "use a loss of docs/training.md",
        )
    own = _own_layer(network)
    if own is not None:
        return _eager(
            f"{own} is the project's own code, which may ask the host",
            "use a family of docs/training.md",
        )
    return None


def failed(message: str) -> Diagnosis:
    """What is said when torch could not capture a step after all."""
    return _eager(f"torch could not capture one ({message})", "nothing: the results are the same")


def _eager(reason: str, cure: str) -> Diagnosis:
    return Diagnosis("steps one kernel at a time", reason, cure)


def _own_layer(network: nn.Module) -> str | None:
    """The module of a layer, or of what applies one, that is neither torch's nor tenfold's."""
    for layer in network.modules():
        code = [type(layer).__module__]
        if isinstance(layer, Block):
            code.append(layer.apply_parts.__module__)
        for module in code:
            if not _is_ours(module):
                return module
    return None


def _is_ours(path: str) -> bool:
    return path.partition(".")[0] in ("tenfold", "torch")
