"""Refusals, locks, dying with the parent, atomic writes, fingerprints: in real processes."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenfold import runtime
from tenfold.runtime import UserError
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def _inside_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that end with the test, whatever it found."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def runs(pid: int) -> bool:
    """Whether a process is alive; a zombie that nobody has waited for is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def ends(pid: int) -> bool:
    """Whether a process ends by itself before we lose patience."""
    give_up = time.monotonic() + 20
    while runs(pid) and time.monotonic() < give_up:
        time.sleep(0.02)
    return not runs(pid)


# A stage that says that it runs, and then works for long.
STAGE = """
import os, time
from tenfold.runtime import program

def main():
    print(os.getpid(), flush=True)
    time.sleep(600)

program.run("work", main)
"""


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


def test_an_interruption_is_one_message_and_exit_code_130(
    started: list[subprocess.Popen[str]],
) -> None:
    process = start(STAGE)
    started.append(process)
    first_line(process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "interrupted: run the same command again to go on\n"


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


def test_who_has_been_told_to_ignore_ctrl_c_ignores_it() -> None:
    code = """
import os, signal
from tenfold.runtime import program
signal.signal(signal.SIGINT, signal.SIG_IGN)
program.run("work", lambda: os.kill(os.getpid(), signal.SIGINT))
"""
    assert start(code).wait() == 0


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


def test_a_stage_runs_once_at_a_time_and_a_killed_one_frees_its_lock(
    started: list[subprocess.Popen[str]],
) -> None:
    first = start(STAGE)
    started.append(first)
    pid = first_line(first)
    second = start(STAGE)
    started.append(second)
    out, err = second.communicate(timeout=60)
    assert second.returncode == 2
    assert out == ""
    assert f"work is already running here, as process {pid}: wait for it or stop it" in err
    assert err.count("\n") == 1
    first.kill()
    first.communicate()
    third = start(STAGE)
    started.append(third)
    assert first_line(third) == str(third.pid)


def test_other_stages_may_run_beside() -> None:
    with runtime.lock(Path("locks/a.lock")), runtime.lock(Path("locks/b.lock")):
        pass


def test_a_lock_is_freed_by_the_end_of_its_block_even_if_that_fails() -> None:
    with pytest.raises(ZeroDivisionError), runtime.lock(Path("a.lock")):
        raise ZeroDivisionError
    with runtime.lock(Path("a.lock")):
        pass


def test_a_lock_can_be_waited_for(started: list[subprocess.Popen[str]]) -> None:
    code = """
from pathlib import Path
from tenfold import runtime
print("asking", flush=True)
with runtime.lock(Path("a.lock"), wait=True):
    print("held", flush=True)
"""
    with runtime.lock(Path("a.lock")):
        process = start(code)
        started.append(process)
        assert first_line(process) == "asking"
        assert process.poll() is None
    assert first_line(process) == "held"


# As DVC starts a stage: `exec` leaves no shell between the two.
PARENT = """
import subprocess, sys
command = 'exec "$0" -c "$1"'
child = subprocess.Popen(["/bin/sh", "-c", command, sys.executable, sys.argv[1]])
child.wait()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the Linux kernel")
def test_a_stage_dies_with_its_parent(started: list[subprocess.Popen[str]]) -> None:
    parent = start(PARENT, STAGE)
    started.append(parent)
    stage = int(first_line(parent))
    try:
        assert stage != parent.pid
        assert runs(stage)
        parent.kill()
        parent.wait()
        assert ends(stage)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(stage, signal.SIGKILL)
    with runtime.lock(Path(".tenfold/locks/work.lock")):
        pass


def test_a_folder_appears_only_when_its_block_has_succeeded() -> None:
    with runtime.directory(Path("out/a")) as staging:
        (staging / "inner").mkdir()
        (staging / "inner" / "file").write_text("x")
        assert not Path("out/a").exists()
    assert Path("out/a/inner/file").read_text() == "x"
    assert [path.name for path in Path("out").iterdir()] == ["a"]


def test_nothing_is_left_of_a_block_that_failed() -> None:
    with pytest.raises(ZeroDivisionError), runtime.directory(Path("out/a")) as staging:
        (staging / "file").write_text("x")
        raise ZeroDivisionError
    assert list(Path("out").iterdir()) == []


def test_a_block_that_failed_leaves_the_old_folder_as_it_was() -> None:
    with runtime.directory(Path("out/a")) as staging:
        (staging / "file").write_text("old")
    with pytest.raises(UserError), runtime.directory(Path("out/a")) as staging:
        (staging / "file").write_text("new")
        raise UserError
    assert Path("out/a/file").read_text() == "old"
    assert [path.name for path in Path("out").iterdir()] == ["a"]


def test_a_folder_is_replaced_whole() -> None:
    for name in ("old", "new"):
        with runtime.directory(Path("out/a")) as staging:
            (staging / name).write_text(name)
    assert [path.name for path in Path("out/a").iterdir()] == ["new"]
    assert [path.name for path in Path("out").iterdir()] == ["a"]


def test_others_may_read_what_is_written() -> None:
    with runtime.directory(Path("a")):
        pass
    runtime.write_text(Path("b"), "")
    assert Path("a").stat().st_mode & 0o777 == 0o755
    assert Path("b").stat().st_mode & 0o777 == 0o644


def test_text_that_cannot_be_written_leaves_the_old_file_as_it_was() -> None:
    runtime.write_text(Path("out/a.txt"), "old\n")
    with pytest.raises(UnicodeEncodeError):
        runtime.write_text(Path("out/a.txt"), "half\ud800")
    assert Path("out/a.txt").read_text() == "old\n"
    assert [path.name for path in Path("out").iterdir()] == ["a.txt"]
    runtime.write_text(Path("out/a.txt"), "new é\n")
    assert Path("out/a.txt").read_bytes() == "new é\n".encode()


def test_a_file_that_is_replaced_is_another_file() -> None:
    runtime.write_text(Path("a"), "old")
    with Path("a").open() as reader:
        runtime.write_text(Path("a"), "new")
        assert reader.read() == "old"


def test_json_has_sorted_keys_and_one_form() -> None:
    runtime.write_json(Path("a.json"), {"b": [1, 2.5, None], "a": {"d": True, "c": "é"}})
    text = Path("a.json").read_text()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"
    assert text.index('"a"') < text.index('"b"')
    assert runtime.read_json(Path("a.json")) == {"a": {"c": "é", "d": True}, "b": [1, 2.5, None]}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_json_holds_only_numbers(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        runtime.write_json(Path("a.json"), {"a": value})
    assert not Path("a.json").exists()
    with pytest.raises(ValueError, match="not JSON compliant"):
        runtime.fingerprint(value)


def test_rows_are_read_back_as_text_with_every_key_a_column() -> None:
    rows: list[dict[str, Any]] = [{"b": 1, "a": 'x,"\n'}, {"c": 0.1}]
    runtime.write_rows(Path("a.csv"), rows, ["a"])
    assert Path("a.csv").read_bytes().split(b"\n")[0] == b"a,b,c"
    assert runtime.read_rows(Path("a.csv")) == [
        {"a": 'x,"\n', "b": "1", "c": ""},
        {"a": "", "b": "", "c": "0.1"},
    ]


def test_no_rows_are_a_header() -> None:
    runtime.write_rows(Path("a.csv"), [], ["a", "b"])
    assert Path("a.csv").read_text() == "a,b\n"
    assert runtime.read_rows(Path("a.csv")) == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(VALUES)
def test_a_fingerprint_does_not_depend_on_the_order_of_keys(value: Any) -> None:
    def turned(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: turned(part[key]) for key in reversed(part)}
        return [turned(one) for one in part] if isinstance(part, list) else part

    assert runtime.fingerprint(value) == runtime.fingerprint(turned(value))


@given(VALUES, VALUES)
def test_fingerprints_are_equal_only_for_equal_values(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (runtime.fingerprint(one) == runtime.fingerprint(other)) == same


def test_a_fingerprint_is_the_same_on_every_machine() -> None:
    expected = hashlib.sha256(b'[{"a":[1,2.5],"b":null},"x"]').hexdigest()
    assert runtime.fingerprint({"b": None, "a": [1, 2.5]}, "x") == expected


def test_parts_are_told_apart() -> None:
    assert runtime.fingerprint("ab", "c") != runtime.fingerprint("a", "bc")
    assert runtime.fingerprint(1) != runtime.fingerprint("1")


def folder(name: str, files: dict[str, str]) -> Path:
    for file, content in files.items():
        path = Path(name, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return Path(name)


def test_a_digest_depends_on_names_and_contents_alone() -> None:
    original = runtime.digest(folder("a", {"x": "1", "in/y": "2"}))
    assert runtime.digest(folder("b", {"in/y": "2", "x": "1"})) == original
    assert runtime.digest(folder("c", {"x": "1", "in/y": "3"})) != original
    assert runtime.digest(folder("d", {"x": "1", "in/z": "2"})) != original
    assert runtime.digest(folder("e", {"x": "1", "y": "2"})) != original
    assert runtime.digest(folder("f", {"x": "1", "in/y": "2", "z": ""})) != original
    os.utime("a/x", (0, 0))
    assert runtime.digest(Path("a")) == original


@given(st.lists(st.integers() | st.text(max_size=5), max_size=4))
def test_a_seed_has_31_bits_and_depends_on_its_parts_alone(parts: list[Any]) -> None:
    seed = runtime.derive_seed(*parts)
    assert 0 <= seed < 2**31
    assert runtime.derive_seed(*parts) == seed
    assert runtime.derive_seed(*parts, 0) != seed


def test_seeds_of_neighbours_differ() -> None:
    seeds = {runtime.derive_seed(*parts) for parts in itertools.product(range(9), repeat=3)}
    assert len(seeds) == 9**3


def test_scratch_is_named_by_what_the_work_depends_on() -> None:
    assert runtime.scratch("studies", 1) == runtime.scratch("studies", 1)
    assert runtime.scratch("studies", 1) != runtime.scratch("studies", 2)
    assert runtime.scratch("studies", 1).parent == Path(".tenfold/studies")
    made = runtime.scratch("studies", 1)
    made.mkdir(parents=True)
    runtime.discard(made)
    runtime.discard(made)
    assert not made.exists()


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
