"""The tutorial works as it is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.project import ROOT, Project
from tests.server import Server

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
SERVERS = ("tenfold ui", "tenfold serve")
# Less than the tutorial's minute buys a reference and little else.
TIME = ("--time 1m", "--time 15s")


@pytest.mark.slow
def test_every_command_of_the_tutorial_works(tmp_path: Path) -> None:
    (script,) = re.findall(r"```python\n# make_wine.py\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "make_wine.py").write_text(script)
    place, said = Project(tmp_path), ""
    servers: dict[str, Server] = {}
    try:
        for command in re.findall(r"^\$ (.*)$", PAGE, flags=re.MULTILINE):
            if command.startswith("source "):
                continue
            if command.startswith("cd "):
                place = Project(tmp_path / command.removeprefix("cd "))
            elif command in SERVERS:
                word = command.split()[1]
                servers[word] = Server(place, word, "/health", forked=True)
            else:
                port = str(servers["serve"].port) if "curl" in command else ""
                written = command.replace("5001", port).replace(*TIME)
                said = place.run("bash", "-c", written)
    finally:
        for server in servers.values():
            server.stop()
    assert '"prediction":"barolo"' in said
