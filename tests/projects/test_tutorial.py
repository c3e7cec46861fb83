"""The tutorial works as it is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.project import ROOT, Project
from tests.server import Server

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
SERVERS = ("tenfold ui", "tenfold serve")
CURL = re.compile(
    r"head -(?P<lines>\d+) (?P<file>\S+) \| curl -s http://127\.0\.0\.1:5001(?P<path>\S+) "
    r"-H 'Content-Type: (?P<type>\S+)' --data-binary @-"
)
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
            elif found := CURL.fullmatch(command):
                # A machine need not have curl, and other tests may have the port.
                lines = (place / found["file"]).read_text().splitlines()[: int(found["lines"])]
                asked = servers["serve"].ask(found["path"], "\n".join(lines), found["type"])
                assert asked[0] == 200
                said = asked[1]
            else:
                said = place.run("bash", "-c", command.replace(*TIME))
    finally:
        for server in servers.values():
            server.stop()
    assert '"prediction":"barolo"' in said
