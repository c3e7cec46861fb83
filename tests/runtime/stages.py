"""Small programs that run as stages, and what becomes of them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest


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


# As DVC starts a stage: `exec` leaves no shell between the two.
PARENT = """
import subprocess, sys
command = 'exec "$0" -c "$1"'
child = subprocess.Popen(["/bin/sh", "-c", command, sys.executable, sys.argv[1]])
child.wait()
"""


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


def folder(name: str, files: dict[str, str]) -> Path:
    for file, content in files.items():
        path = Path(name, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return Path(name)
