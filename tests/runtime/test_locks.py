"""Locks and temporary folders, in real processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tenfold import runtime
from tests.runtime.stages import PARENT, STAGE, first_line, folder, runs, start


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


@pytest.mark.slow
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


@pytest.mark.slow
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


def test_a_folder_that_vanishes_while_another_looks_for_unowned_ones_is_no_error(
    tmp_path: Path,
) -> None:
    runtime.SCRATCH.mkdir(parents=True, exist_ok=True)
    kept = runtime.TemporaryFolder("work")
    listed = [*Path(kept.name).parent.iterdir(), tmp_path / "gone"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "iterdir", lambda _: iter(listed))
        other = runtime.TemporaryFolder("work")
    assert Path(kept.name).is_dir()
    assert Path(other.name).is_dir()
