"""Every refusal names a cure; the cure is tried, and the refusal is gone and no other has come."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.cures.cases import REFUSALS
from tests.cures.elsewhere import TRIED_ELSEWHERE
from tests.cures.refusals import START, Change, Outcome, Refusal, message, outcome
from tests.cures.sites import Place, all_places
from tests.project import ROOT, shared

TRIED = [
    pytest.param(refusal, cure, id=f"{refusal.name}: {cure.says}")
    for refusal in REFUSALS
    for cure in refusal.cures
]


@pytest.fixture(scope="session")
def provoked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Refusal], Outcome]:
    """What a refusal's change provokes; one worker runs it for all."""

    def outcome_of(refusal: Refusal) -> Outcome:
        def build(file: Path) -> None:
            found = outcome(START.changed(refusal.provoked_by))
            places = [asdict(place) for place in found.made_at]
            file.write_text(json.dumps([found.message, places, [*found.problems]]))

        file = shared(tmp_path_factory, f"refusal-{REFUSALS.index(refusal)}", build).root
        said, places, problems = json.loads(file.read_text())
        return Outcome(said, frozenset(Place(**place) for place in places), frozenset(problems))

    return outcome_of


@pytest.mark.slow
@pytest.mark.parametrize("refusal", [pytest.param(one, id=one.name) for one in REFUSALS])
def test_a_refusal_names_its_cures(
    refusal: Refusal, provoked: Callable[[Refusal], Outcome]
) -> None:
    said = provoked(refusal).message
    assert said is not None, "nothing is refused"
    assert refusal.provoked_by.says in said
    for cure in refusal.cures:
        assert cure.says in said


@pytest.mark.slow
@pytest.mark.parametrize(("refusal", "cure"), TRIED)
def test_a_cure_works(refusal: Refusal, cure: Change) -> None:
    cured = START.changed(refusal.provoked_by).changed(cure)
    assert message(cured) is None


@pytest.mark.slow
def test_every_place_that_makes_a_message_is_tried(
    provoked: Callable[[Refusal], Outcome],
) -> None:
    """A new refusal needs a case here, or its line in `elsewhere`."""
    tried = {place for refusal in REFUSALS for place in provoked(refusal).made_at}
    known = dict.fromkeys(TRIED_ELSEWHERE, False)
    untried = []
    for place, text in all_places().items():
        named = [one for one in known if one[0] == place.file and one[1] in text]
        known.update(dict.fromkeys(named, True))
        if place not in tried and not named:
            untried.append(f"{place.file}:{place.line}: {text}")
        assert not (place in tried and named), f"{named} is tried here"
    assert untried == []
    assert all(known.values()), "a line of `elsewhere` is about no message"


@pytest.mark.parametrize(("file", "words"), TRIED_ELSEWHERE, ids=" ".join)
def test_what_is_tried_elsewhere_is_there(file: str, words: str) -> None:
    test = TRIED_ELSEWHERE[file, words]
    if "::" in test:
        path, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / "tests" / path).read_text(encoding="utf-8")


def test_the_table_names_every_refusal_once() -> None:
    assert len({refusal.name for refusal in REFUSALS}) == len(REFUSALS)
