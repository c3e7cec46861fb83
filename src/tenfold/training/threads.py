"""The number of threads of a training step, chosen by timing.

A second thread saves a third of a small step's time on an idle machine, and on busy cores threads
that wait for each other cost a hundredfold. So the steps themselves are timed. The number of
threads never changes a number: members are whole tasks of one batched product, and MKL is told to
add up in the same order (`MKL_CBWR`).
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Hashable, Iterator

import torch

# Numbers per layer and step above which all threads always pay.
ALL_THREADS_ABOVE = 1 << 21
# Numbers below which starting a second thread costs more than it saves.
ONE_THREAD_BELOW = 1 << 13
EPOCHS_PER_RETRY = 24


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread what would otherwise depend on the number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def flushed_denormals() -> Iterator[None]:
    """Take numbers next to zero, which processors handle a hundred times slower, for zero.

    torch's threads take this over from the thread that starts them, at their first work.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


class ThreadTuner:
    """Times epochs with one thread and with several, and uses the faster.

    Args:
        numbers: activations of one layer in one step, over all members.
        alone: whether there is one member only: its product is split among the threads, and
            not every machine then adds up in the same order, so nothing is timed.
    """

    def __init__(self, numbers: int, *, alone: bool = False) -> None:
        self.n_threads = torch.get_num_threads()
        if (
            self.n_threads == 1
            or numbers < ONE_THREAD_BELOW
            or (alone and numbers <= ALL_THREADS_ABOVE)
        ):
            self.choices = [1]
        elif numbers > ALL_THREADS_ABOVE:
            self.choices = [self.n_threads]
        else:
            self.choices = sorted({1, min(4, self.n_threads), self.n_threads})
        self.seconds: dict[int, float] = {}
        self.epochs = 0

    def choose(self) -> int:
        """Threads of the next epoch: each choice once, then the fastest, now and then another."""
        untried = [choice for choice in self.choices if choice not in self.seconds]
        if untried:
            return untried[-1]
        fastest = min(self.seconds, key=self.seconds.__getitem__)
        if self.epochs % EPOCHS_PER_RETRY == 0:
            others = [choice for choice in self.choices if choice != fastest]
            if others:
                return others[self.epochs // EPOCHS_PER_RETRY % len(others)]
        return fastest

    @contextlib.contextmanager
    def epoch(self) -> Iterator[None]:
        """Run one epoch with the threads chosen, and remember how long it took."""
        threads = self.choose()
        torch.set_num_threads(threads)
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[threads] = time.perf_counter() - start
            self.epochs += 1
            torch.set_num_threads(self.n_threads)


def tuner_for(work: Hashable, numbers: int, *, alone: bool) -> ThreadTuner:
    """The tuner of this process for a kind of work, so that a search times its epochs once."""
    return _remembered(work, numbers, alone, torch.get_num_threads())


@functools.lru_cache(maxsize=256)
def _remembered(work: Hashable, numbers: int, alone: bool, threads: int) -> ThreadTuner:
    return ThreadTuner(numbers, alone=alone)
