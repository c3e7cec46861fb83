"""What all tests of the training room share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

# A skipped test is a defect: what needs a GPU is not collected without one.
collect_ignore = [] if torch.cuda.is_available() else ["test_cuda.py"]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads that wait for each other cost more than these small networks."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
