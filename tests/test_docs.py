"""What the documents say is what the code does."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tenfold import models
from tenfold.metrics import METRICS
from tests.project import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize(
    "script", ["make_params", "make_bad_input", "make_commands", "make_contract"]
)
def test_a_page_that_a_script_writes_is_up_to_date(script: str) -> None:
    specification = importlib.util.spec_from_file_location(script, ROOT / "docs" / f"{script}.py")
    assert specification is not None and specification.loader is not None
    made = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(made)
    assert made.TARGET.read_text(encoding="utf-8") == made.page()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8"))
    missing = [
        link
        for link in links
        if not link.startswith("http") and not (document.parent / link).exists()
    ]
    assert missing == []


def test_the_site_has_every_page_and_links_to_nothing_beside_it() -> None:
    site = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert set(_pages(site["nav"])) == pages
    beside = [
        page
        for page in sorted(pages)
        if re.search(r"\]\(\.\./", (ROOT / "docs" / page).read_text(encoding="utf-8"))
    ]
    assert beside == []


def _pages(entries: list[dict[str, Any]]) -> Iterator[str]:
    for entry in entries:
        for target in entry.values():
            yield from [target] if isinstance(target, str) else _pages(target)


def test_every_make_target_named_in_the_readme_exists() -> None:
    named = set(re.findall(r"make ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    assert {"repro", "test", "ui", "serve"} <= named
    assert named <= targets


def test_every_family_and_metric_stands_in_the_reference_or_the_table() -> None:
    reference = (ROOT / "docs" / "params.md").read_text(encoding="utf-8")
    assert all(f"## models.{name}" in reference for name in models.names())
    assert all(name in reference for name in METRICS)


def test_the_architecture_names_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = {path.stem for path in (ROOT / "src" / "tenfold").iterdir() if path.stem[0] != "_"}
    missing = [room for room in sorted(rooms - {"py", "cli"}) if f"`{room}" not in page]
    assert missing == []
