"""A stage ends with its parent, in real processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tenfold import runtime
from tests.runtime.stages import PARENT, STAGE, ends, first_line, runs, start


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
