"""Passwords and tokens are masked in every text, whatever form a URL gives them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tenfold.runtime import masked


@pytest.mark.parametrize(
    ("address", "secrets"),
    [
        ("https://me:secret@host/path", ["secret"]),
        ("https://tok-1234@host/path", ["tok-1234"]),
        ("https://me:p%40ss%2Fword@host:5000", ["p%40ss%2Fword", "p@ss/word"]),
        ("postgresql://me:p@ss/word@host/db", ["p@ss/word", "p%40ss%2Fword"]),
        (
            "postgresql://host/db?user=me&password=a%20secret",
            ["a%20secret", "a secret", "a+secret"],
        ),
        ("https://host/path?access_token=tok-1234&page=2", ["tok-1234"]),
    ],
)
def test_a_secret_of_the_environment_is_masked_in_every_form(
    address: str, secrets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    shown = masked(f"{address}: no answer")
    assert shown.endswith("no answer")
    assert "host" in shown
    for secret in secrets:
        assert secret not in shown
        assert secret not in masked(f"refused: {secret!r}")


@pytest.mark.parametrize("name", ["MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"])
def test_a_variable_that_is_a_secret_is_masked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "abc-1234")
    assert masked("Bearer abc-1234") == "Bearer ***"


def test_an_address_that_we_were_not_given_is_masked() -> None:
    assert masked("see https://me:secret@host/x") == "see https://***@host/x"


@pytest.mark.parametrize(
    "text",
    ["sqlite:////project/mlruns/mlflow.db", "me@host", "https://host:5000/a@b", "a key = 'b'"],
)
def test_other_texts_stay_as_they_are(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://host:5000/a@b")
    monkeypatch.setenv("DATABASE", "postgresql://postgres@host/db")
    assert masked(text) == text
    assert "postgresql" in masked("a postgresql database")


@pytest.mark.parametrize("raised", ["ValueError", "UserError"])
def test_tracebacks_and_refusals_are_masked(raised: str) -> None:
    code = (
        "import tenfold.runtime.program as program; from tenfold.runtime import UserError\n"
        f"def main(): raise {raised}('https://me:secret@host')\n"
        "with program.one_message(): main()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "https://***@host" in ended.stderr
    # The line of the program itself is no secret.
    assert "me:secret" not in ended.stderr.replace(code, "")
