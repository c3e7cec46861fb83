"""Every refusal names a cure; the cure is tried, and the refusal is gone and no other has come."""

from __future__ import annotations

import pytest

from tests.cures.cases import REFUSALS
from tests.cures.refusals import START, Change, Refusal, message

TRIED = [
    pytest.param(refusal, cure, id=f"{refusal.name}: {cure.says}")
    for refusal in REFUSALS
    for cure in refusal.cures
]


@pytest.mark.parametrize("refusal", [pytest.param(one, id=one.name) for one in REFUSALS])
def test_a_refusal_names_its_cures(refusal: Refusal) -> None:
    said = message(START.changed(refusal.provoked_by))
    assert said is not None, "nothing is refused"
    assert refusal.provoked_by.says in said
    for cure in refusal.cures:
        assert cure.says in said


@pytest.mark.parametrize(("refusal", "cure"), TRIED)
def test_a_cure_works(refusal: Refusal, cure: Change) -> None:
    cured = START.changed(refusal.provoked_by).changed(cure)
    assert message(cured) is None
