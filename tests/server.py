"""A `tenfold serve` or `tenfold ui` that answers on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import urllib.error
import urllib.request
from typing import Any

from tests.project import BINARIES, Project, wait_until

# The command, which becomes a server in its own process and not by starting Python anew.
FORKED = """
import os, runpy, sys
from tenfold import cli

def become(binary, command, environment):
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = command
    runpy.run_path(str(binary), run_name="__main__")

os.execve = become
cli.main(sys.argv[1:])
"""


class Server:
    """A tenfold command that answers over HTTP on a free port of loopback.

    If `forked`, it runs in a fork of a process that has its libraries in memory.
    """

    def __init__(self, project: Project, command: str, ready: str, *, forked: bool = False) -> None:
        self.port = free_port()
        program = ["python", "-c", FORKED] if forked else [str(BINARIES / "tenfold")]
        # As if nobody had activated the environment.
        outside = {} if forked else {"PATH": "/usr/local/bin:/usr/bin:/bin"}
        words = [*program, command, "--port", str(self.port)]
        self.process = project.start(*words, env=outside, forked=forked)
        try:
            wait_until(lambda: self._answers(ready), f"tenfold {command} to answer")
        except BaseException:
            self.stop()
            print(project.log.read_text())
            raise

    def ask(
        self, path: str, content: Any = None, content_type: str = "application/json"
    ) -> tuple[int, str]:
        """GET, or POST of JSON (text is sent as it is); return the status and the body."""
        data = content if isinstance(content, str) or content is None else json.dumps(content)
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=None if data is None else data.encode(),
            headers={"Content-Type": content_type},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def stop(self) -> None:
        """End the whole process group."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _answers(self, path: str) -> bool:
        assert self.process.poll() is None, "the server has ended"
        with contextlib.suppress(OSError):
            return self.ask(path)[0] == 200
        return False


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
