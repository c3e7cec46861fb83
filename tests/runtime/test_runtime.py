"""Refusals, locks, dying with the parent, atomic writes, fingerprints: in real processes."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import json
import math
import os
import re
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
from tenfold.runtime import UserError, files
from tests.conftest import ROOT, files_below


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


# A stage that is interrupted while it writes a folder of its outputs.
WRITING_STAGE = """
import os, time
from pathlib import Path
from tenfold import runtime
from tenfold.runtime import program

def main():
    with runtime.directory(Path("out/a")) as folder:
        (folder / "file").write_text("half")
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


def test_outputs_of_families_no_longer_declared_are_removed_unless_their_stage_runs() -> None:
    for name in ("kept", "removed", "running"):
        folder(f"outputs/train/{name}", {"file": ""})
    with runtime.lock(Path(".tenfold/locks/train@running.lock")):
        runtime.remove_undeclared(Path("outputs/train"), ["kept"])
    assert {path.name for path in Path("outputs/train").iterdir()} == {"kept", "running"}


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


# A stage that DVC has just started and whose imports take until DVC is dead.
SLOW_STAGE = """
import os, time
parent = os.getppid()
print(os.getpid(), flush=True)
while os.getppid() == parent: time.sleep(0.01)
from pathlib import Path
from tenfold.runtime import program
program.run("work", lambda: Path("ran").touch())
"""
# DVC notes in a file of its own who runs a stage.
NOTE = """
import json, os, sys
os.environ["DVC_STAGE"] = "work"
os.makedirs(".dvc/tmp", exist_ok=True)
with open(".dvc/tmp/rwlock", "w") as file:
    json.dump({"write": {"/project/out": {"pid": os.getpid(), "cmd": "dvc repro"}}}, file)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the Linux kernel")
def test_a_stage_whose_dvc_dies_before_it_can_ask_does_not_run(
    started: list[subprocess.Popen[str]],
) -> None:
    parent = start(NOTE + PARENT, SLOW_STAGE)
    started.append(parent)
    stage = int(first_line(parent))
    parent.kill()
    parent.wait()
    assert ends(stage)
    assert not Path("ran").exists()


def test_a_stage_runs_below_a_shell_or_another_program_that_dvc_started() -> None:
    wrapped = PARENT.replace("exec ", "") + "sys.exit(child.returncode)"
    code = "from tenfold.runtime import program\nprogram.run('work', lambda: print('ran'))"
    out, err = start(NOTE + wrapped, code).communicate(timeout=60)
    assert (out, err) == ("ran\n", "")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the Linux kernel")
def test_a_stage_that_has_lost_its_parent_and_does_not_end_is_ended_by_the_next(
    started: list[subprocess.Popen[str]],
) -> None:
    stubborn = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + STAGE
    parent = start(PARENT, stubborn)
    started.append(parent)
    first = int(first_line(parent))
    parent.kill()
    parent.wait()
    assert runs(first)
    code = STAGE.replace("time.sleep(600)", "")
    hurried = "from tenfold.runtime import locks\nlocks.GRACE = 1.0\n" + code
    process = start(hurried)
    started.append(process)
    try:
        assert first_line(process) == str(process.pid)
        assert not runs(first)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(first, signal.SIGKILL)


def test_a_temporary_folder_is_kept_while_its_owner_lives_wherever_that_runs(
    started: list[subprocess.Popen[str]],
) -> None:
    # A container that shares the folder sees none of the other's processes.
    code = """
import time
from tenfold import runtime
folder = runtime.TemporaryFolder("work")
print(folder.name, flush=True)
time.sleep(600)
"""
    process = start(code)
    started.append(process)
    folder = Path(first_line(process))
    apart = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*apart, "true"], capture_output=True).returncode:
        apart = []
    look = "from tenfold import runtime\nwith runtime.TemporaryFolder('work'): pass"
    subprocess.run([*apart, sys.executable, "-c", look], check=True)
    assert folder.is_dir()
    process.kill()
    process.wait()
    subprocess.run([*apart, sys.executable, "-c", look], check=True)
    assert not folder.exists()


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


def without_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a filesystem that cannot exchange two folders."""
    monkeypatch.setattr(files, "_exchanged", lambda path, other: False)


REPLACED = """
from pathlib import Path
from tenfold import runtime
from tenfold.runtime import files
from tests.conftest import files_below
for content in ("old", "new"):
    with runtime.directory(Path("out/a")) as staging:
        (staging / content).write_text(content)
    runtime.write_text(Path("out/b"), content)
    assert not list(Path(".tenfold/staging").iterdir())
assert files_below(Path("out")) == {"a/new": b"new", "b": b"new"}
assert sorted(path.name for path in Path("out").iterdir()) == ["a", "b"]
"""


def test_a_folder_and_a_file_are_replaced_also_from_a_scratch_folder_on_another_filesystem() -> (
    None
):
    mount = "mkdir -p small/.tenfold; mount -t tmpfs none small/.tenfold"
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{REPLACED}"
    ended = mounted(mount, code)
    assert ended.returncode == 0, ended.stderr


def test_a_folder_is_replaced_where_two_cannot_be_exchanged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".tenfold").mkdir()
    without_exchange(monkeypatch)
    exec(REPLACED, {})


def test_an_interruption_finds_the_old_folder_or_the_new_at_any_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # An interruption comes between two renames; where there is one, there is no between.
    rename, found = Path.rename, []

    def interrupted(path: Path, target: Path) -> Path:
        renamed = rename(path, target)
        found.append(sorted(file.name for file in Path("out/a").iterdir()))
        raise KeyboardInterrupt
        return renamed

    with runtime.directory(Path("out/a")) as staging:
        (staging / "old").touch()
    monkeypatch.setattr(Path, "rename", interrupted)
    with contextlib.suppress(KeyboardInterrupt), runtime.directory(Path("out/a")) as staging:
        (staging / "new").touch()
    assert found in ([], [["new"]])
    assert [path.name for path in Path("out").iterdir()] == ["a"]
    assert len(list(Path("out/a").iterdir())) == 1


@pytest.mark.parametrize("killed", [False, True])
def test_without_an_exchange_the_old_folder_is_put_back(
    monkeypatch: pytest.MonkeyPatch, killed: bool
) -> None:
    without_exchange(monkeypatch)
    with runtime.directory(Path("out/a")) as staging:
        (staging / "old").touch()
    rename = Path.rename

    def fails(path: Path, target: Path) -> Path:
        if target.name == "a" and not target.exists() and path.name == "a":
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, target)

    if killed:  # Between the renames: nothing was cleaned up.
        Path("out/a").rename("out/.a.old")
    else:
        monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises((OSError, ZeroDivisionError)), runtime.directory(Path("out/a")) as staging:
        assert Path("out/a/old").exists()
        if killed:
            raise ZeroDivisionError
    assert files_below(Path("out")) == {"a/old": b""}


@pytest.mark.parametrize("text", ["", "{", '["half', "\xff"])
def test_a_stamp_that_is_empty_or_cut_off_counts_as_absent(text: str) -> None:
    with runtime.directory(Path("out")):
        pass
    runtime.stamp("work", [1], Path("out"))
    assert runtime.is_current("work", [1], Path("out"))
    Path(".tenfold/stamps/work.json").write_text(text, encoding="latin-1")
    assert not runtime.is_current("work", [1], Path("out"))
    Path("stamp.json").write_text(text, encoding="latin-1")
    assert runtime.read_stamp(Path("stamp.json")) is None


def mounted(mount: str, code: str) -> subprocess.CompletedProcess[str]:
    """Run Python in `small/`, with filesystems mounted that nobody else sees."""
    Path("small").mkdir()
    apart = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec"]
    command = f'{mount}\ncd small\nexec "$@"'
    if subprocess.run([*apart, mount], capture_output=True).returncode:
        pytest.skip("may not mount a filesystem")
    return subprocess.run(
        [*apart, command, "sh", sys.executable, "-c", code], capture_output=True, text=True
    )


@pytest.mark.parametrize(
    "work",
    [
        "(folder / 'file').write_bytes(bytes(9_999_999))",
        "import duckdb; duckdb.sql(f\"COPY (FROM range(9_999_999)) TO '{folder}/file'\")",
        "import numpy, pyarrow as pa, pyarrow.parquet as pq;"
        " pq.write_table(pa.table({'a': numpy.random.rand(999_999)}), folder / 'file')",
        "import sqlite3; db = sqlite3.connect(folder / 'file');"
        " db.execute('CREATE TABLE a AS SELECT zeroblob(9999999)')",
    ],
    ids=["Python", "DuckDB", "Arrow", "SQLite"],
)
def test_a_full_disk_is_one_message_with_the_path(work: str) -> None:
    ended = mounted(
        "mount -t tmpfs -o size=500k none small",
        f"""
from pathlib import Path
from tenfold import runtime
from tenfold.runtime import program
def main():
    with runtime.directory(Path("out/a")) as folder:
        {work}
program.run("work", main)
""",
    )
    assert ended.returncode == 2, ended.stderr
    assert re.fullmatch(
        r"error: (out/a|/\S+/small\S*): (No space left on device|database or disk is full): "
        r"free some space, then run the same command again\n",
        ended.stderr,
    )


def test_a_folder_that_cannot_be_written_is_one_message_with_the_path() -> None:
    ended = mounted(
        "mkdir -p small/.tenfold small/out; mount -t tmpfs -o ro none small/out",
        """
from pathlib import Path
from tenfold import runtime
from tenfold.runtime import program
def main():
    with runtime.directory(Path("out/a")): pass
program.run("work", main)
""",
    )
    assert ended.returncode == 2
    assert re.fullmatch(
        r"error: out/\S+: Read-only file system: make it writable, or move the project .*\n",
        ended.stderr,
    )


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
    shown = subprocess.run([*apart, "make", "name"], capture_output=True, text=True, env=nameless)
    assert shown.stdout == "12345\n"


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


def test_processes_make_and_remove_temporary_folders_side_by_side(
    started: list[subprocess.Popen[str]],
) -> None:
    code = """
from tenfold import runtime
from tenfold.runtime import locks
runtime.SCRATCH.mkdir(exist_ok=True)
for _ in range(200):
    with locks.TemporaryFolder("staging"):
        pass
"""
    started += [start(code), start(code)]
    assert [process.wait() for process in started] == [0, 0]
    assert list((runtime.SCRATCH / "staging").iterdir()) == []
