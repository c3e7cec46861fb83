"""Files and folders that are written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from tenfold import runtime
from tenfold.runtime import UserError, files
from tests.project import ROOT, files_below
from tests.runtime.stages import mounted


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
from tests.project import files_below
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


@pytest.mark.slow
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
