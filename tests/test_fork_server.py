"""A forked program starts, reads, writes and ends as the interpreter's own would."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fork_server import programs
from tests.project import Project, wait_until

pytestmark = pytest.mark.slow
PROGRAMS = {
    "says what it was given": """
        import os, pathlib, sys
        print(sys.argv, pathlib.Path.cwd().name, os.environ["ASKED"], sys.path[:2])
        print(repr(sys.stdin.read()), __name__, file=sys.stderr)""",
    "ends with a code": "import sys; print('half a line', end=''); sys.exit(7)",
    "ends with a message": "import sys; sys.exit('no way')",
    "raises": "1 / 0",
    "replaces the hook": "import sys; sys.excepthook = lambda *_: print('mine'); 1 / 0",
    "leaves something for the end": "import atexit; atexit.register(print, 'last')",
    "leaves a thread": """
        import threading, time
        threading.Thread(target=lambda: (time.sleep(0.1), print('thread'))).start()""",
    "is killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
}


def last_lines(ended: subprocess.CompletedProcess[str]) -> tuple[int, str, Sequence[str]]:
    return ended.returncode, ended.stdout, ended.stderr.splitlines()[-1:]


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_forked_program_behaves_as_one_started_anew(program: str, tmp_path: Path) -> None:
    lines = program.splitlines()
    (tmp_path / "program.py").write_text("\n".join(line.strip() for line in lines))
    here = Project(tmp_path)
    asked = {"ASKED": "yes", "PYTHONHASHSEED": "1"}
    forked, anew = (
        here.attempt("python", "program.py", "a b", "ü", env=asked, forked=forked)
        for forked in (True, False)
    )
    assert last_lines(forked) == last_lines(anew)


def test_code_on_the_command_line_is_forked_too(tmp_path: Path) -> None:
    code = "import sys, os; print('torch' in sys.modules, __name__, sys.argv, sys.path[0])"
    here = Project(tmp_path)
    assert here.run("python", "-c", code, "a b") == "True __main__ ['-c', 'a b'] \n"
    assert here.run("python", "-c", code, "a b", forked=False).startswith("False __main__ ")
    seeds = "print(hash('one'), __import__('torch').get_num_threads())"
    one, other = (here.run("python", "-c", seeds, env={"OMP_NUM_THREADS": n}) for n in ("1", "2"))
    assert one.split()[0] != other.split()[0]
    assert (one.split()[1], other.split()[1]) == ("1", "2")


WAITING = "import pathlib, time; pathlib.Path('started').write_text('x'); time.sleep(300)"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_reaches_the_forked_program(number: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(WAITING)
    command = [str(programs() / "python"), "program.py"]
    client = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    wait_until((tmp_path / "started").exists, "the program to start")
    client.send_signal(number)
    assert client.wait() == -number


def test_a_forked_program_ends_with_its_client(tmp_path: Path) -> None:
    pid = "import os; pathlib.Path('pid').write_text(str(os.getpid()))"
    (tmp_path / "program.py").write_text(WAITING.replace("; time", f"; {pid}; time"))
    with subprocess.Popen([programs() / "python", "program.py"], cwd=tmp_path) as client:
        wait_until((tmp_path / "pid").exists, "the program to start")
        wait_until(lambda: (tmp_path / "pid").read_text() != "", "its number")
        process = Path("/proc", (tmp_path / "pid").read_text())
        assert process.exists()
        client.kill()
    wait_until(lambda: not process.exists(), "it to end")


def test_libraries_are_there_already_and_tenfold_is_the_project_s(tmp_path: Path) -> None:
    (tmp_path / "src/tenfold").mkdir(parents=True)
    (tmp_path / "src/tenfold/__init__.py").write_text("HERE = True")
    (tmp_path / "program.py").write_text(
        "import sys, tenfold; print('torch' in sys.modules, tenfold.HERE)"
    )
    assert Project(tmp_path).run("python", "program.py") == "True True\n"
