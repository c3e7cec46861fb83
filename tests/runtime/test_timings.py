"""How long results took to make is kept by what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenfold import runtime


def made(text: str) -> Path:
    folder = Path("out")
    folder.mkdir(exist_ok=True)
    (folder / "best.json").write_text(text)
    return folder


def test_results_that_come_back_have_their_own_timing() -> None:
    with runtime.timed(Path("out")):
        made("first")
    first = runtime.timing(runtime.digest(Path("out")))
    with runtime.timed(Path("out")):
        made("second")
    second = runtime.timing(runtime.digest(Path("out")))
    assert first is not None
    assert second is not None
    assert first.seconds >= 0
    assert first.start < second.start
    assert runtime.timing(runtime.digest(made("first"))) == first


def test_results_made_elsewhere_have_no_timing() -> None:
    assert runtime.timing(runtime.digest(made("elsewhere"))) is None


def test_what_fails_has_no_timing() -> None:
    def fail() -> None:
        with runtime.timed(made("half")):
            raise runtime.UserError("no")

    with pytest.raises(runtime.UserError):
        fail()
    assert runtime.timing(runtime.digest(Path("out"))) is None
