"""How a program ends: one message, its exit code, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tenfold import runtime
from tests.project import ROOT
from tests.runtime.stages import PARENT, WRITING_STAGE, ends, first_line, start


def test_a_refusal_is_one_message_and_exit_code_2() -> None:
    code = """
from tenfold import runtime
from tenfold.runtime import program
def main(): raise runtime.UserError("the rule, the value, the cure")
program.run("work", main)
"""
    process = start(code)
    out, err = process.communicate()
    assert process.returncode == 2
    assert err == "error: the rule, the value, the cure\n"
    assert out == ""


def test_a_bug_keeps_its_traceback() -> None:
    process = start("from tenfold.runtime import program\nprogram.run('work', lambda: 1 / 0)")
    _, err = process.communicate()
    assert process.returncode == 1
    assert "ZeroDivisionError" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_is_one_message_and_cleans_up(
    started: list[subprocess.Popen[str]], number: signal.Signals
) -> None:
    process = start(WRITING_STAGE)
    started.append(process)
    first_line(process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert err == "interrupted: run the same command again to go on\n"
    assert list(Path("out").iterdir()) == []
    assert list(Path(".tenfold/staging").iterdir()) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the Linux kernel")
def test_a_killed_parent_leaves_nothing_that_its_stage_was_writing(
    started: list[subprocess.Popen[str]],
) -> None:
    parent = start(PARENT, WRITING_STAGE)
    started.append(parent)
    stage = int(first_line(parent))
    parent.kill()
    assert ends(stage)
    assert list(Path("out").iterdir()) == []
    assert list(Path(".tenfold/staging").iterdir()) == []


def test_what_a_killed_stage_was_writing_is_not_in_its_outputs_and_goes_at_the_next_start(
    started: list[subprocess.Popen[str]],
) -> None:
    for _ in range(2):
        process = start(WRITING_STAGE)
        started.append(process)
        first_line(process)
        process.kill()
        process.wait()
        assert list(Path("out").iterdir()) == []
        assert len(list(Path(".tenfold/staging").iterdir())) == 1
    with runtime.directory(Path("out/a")):
        pass
    assert list(Path(".tenfold/staging").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["where DuckDB asks", "in a stream that DuckDB reads"])
def test_an_interruption_that_duckdb_makes_an_error_of_is_one_message_too(asked: str) -> None:
    code = f"""
import os, signal, threading, time
import duckdb, pyarrow as pa
from tenfold import runtime
from tenfold.runtime import program

def press():
    os.kill(os.getpid(), signal.SIGINT)

def batches():
    for _ in range(3):
        yield pa.record_batch({{"a": [1, 2]}})
        if {asked.startswith("in")}:
            press()
            time.sleep(0.2)

def work():
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    rows = pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), batches())
    connection.register("rows", rows)
    query = "SELECT sum(a) FROM rows"
    if {asked.startswith("where")}:
        threading.Timer(0.5, press).start()
        query = "SELECT sum(hash(a)) FROM range(100_000_000_000) r(a)"
    try:
        connection.execute(query)
    except duckdb.Error:
        runtime.check_interrupted()

program.run("work", work)
"""
    process = start(code)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "interrupted: run the same command again to go on\n")


def test_a_second_ctrl_c_says_nothing_more() -> None:
    code = """
import os, signal, sys
from tenfold.runtime import program

def press(*_):
    os.kill(os.getpid(), signal.SIGINT)

sys.exit = press
program.run("work", press)
"""
    _, err = start(code).communicate(timeout=60)
    assert err == "interrupted: run the same command again to go on\n"


def test_who_has_been_told_to_ignore_ctrl_c_ignores_it() -> None:
    code = """
import os, signal
from tenfold.runtime import program
signal.signal(signal.SIGINT, signal.SIG_IGN)
program.run("work", lambda: os.kill(os.getpid(), signal.SIGINT))
"""
    assert start(code).wait() == 0


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["clean", "split", "cross_validate", "train", "select_model"])
def test_an_interruption_among_a_programs_imports_is_one_message_too(stage: str) -> None:
    # What is imported after the program's own room is where the seconds go.
    code = f"""
import runpy, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name in ("tenfold.params", "tenfold.dataset"): raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
runpy.run_path({str(ROOT / "pipelines" / stage)!r} + ".py", run_name="__main__")
"""
    _, err = start(code).communicate(timeout=60)
    assert err == "interrupted: run the same command again to go on\n"


@pytest.mark.slow
def test_a_user_without_a_name_is_told_to_set_one_before_dvc_fails() -> None:
    apart = ["unshare", "--user", "--map-user=12345", "--map-group=12345"]
    if subprocess.run([*apart, "true"], capture_output=True).returncode:
        pytest.skip("may not become another user")
    nameless = {key: value for key, value in os.environ.items() if key != "LOGNAME"}
    nameless = {key: value for key, value in nameless.items() if "USER" not in key}
    for command in (["check"], ["init", "table.csv", "--target", "a"]):
        ended = subprocess.run(
            [*apart, sys.executable, "-c", f"from tenfold import cli; cli.main({command})"],
            capture_output=True,
            text=True,
            env=nameless,
        )
        assert (ended.returncode, ended.stderr) == (
            2,
            "error: DVC needs a user's name, but user 12345 has none: set one with "
            "`export USER=me`, then run the same command again\n",
        )
    # make gives its commands one.
    Path("Makefile").write_text(f"include {ROOT}/Makefile\nname:\n\t@echo $$USER\n")
    shown = subprocess.run(
        [*apart, "make", "--no-print-directory", "name"],
        capture_output=True,
        text=True,
        env=nameless,
    )
    assert shown.stdout == "12345\n"


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    code = (
        "from tenfold.runtime import program\n"
        "with program.one_message():\n"
        "    while True: print('line', flush=True)"
    )
    piped = subprocess.run(
        ["bash", "-c", '"$0" -c "$1" | head -n 1', sys.executable, code],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert piped.stdout == "line\n"
    assert piped.stderr == ""
