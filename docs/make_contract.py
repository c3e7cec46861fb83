"""Write docs/contract.md from the docstrings that code of one's own relies on.

Run from the project's root: `python docs/make_contract.py`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tenfold import metrics, models
from tenfold.training import catalogue

TARGET = Path(__file__).parent / "contract.md"
HEAD = """# The contract

Written by `python docs/make_contract.py` from the docstrings. It is what a family, a metric or a
loss of your own must do, and what it is given; [your own code](custom_code.md) shows how to begin.
"""
# What is imported from where.
PUBLISHED: dict[str, list[type]] = {
    "tenfold.models": [
        models.Family,
        models.Fitted,
        models.FamilyParameters,
        models.FitSettings,
        models.Fold,
        models.FoldPredictions,
        models.Diverged,
    ],
    "tenfold.metrics": [metrics.Metric],
    "tenfold.training.catalogue": [catalogue.Loss],
}


def page() -> str:
    """The whole page."""
    lines = [HEAD.rstrip()]
    for module, published in PUBLISHED.items():
        for one in published:
            lines += ["", f"## {module}.{one.__name__}", "", *_described(one)]
            for name, member in vars(one).items():
                function = member.fget if isinstance(member, property) else member
                function = getattr(function, "__func__", function)
                if name.startswith("_") or not inspect.isfunction(function):
                    continue
                signature = "" if isinstance(member, property) else _signature(function)
                lines += ["", f"### {one.__name__}.{name}", "", f"`{name}{signature}`", ""]
                lines += _described(function)
    return "\n".join(lines) + "\n"


def _signature(function: Any) -> str:
    """Names and types without `self`; the types as they stand in the source."""
    text = str(inspect.signature(function)).replace("'", "")
    return re.sub(r"\((self|cls)(, )?", "(", text)


def _described(documented: Any) -> Iterator[str]:
    """A docstring as Markdown: its `Args:`, `Returns:` and the like become lists."""
    for line in (inspect.getdoc(documented) or "").splitlines():
        if re.fullmatch(r"(Args|Attributes|Returns|Raises):", line):
            yield f"**{line[:-1]}**"
            yield ""
        elif found := re.fullmatch(r" {4}([\w, ]+): (.*)", line):
            yield f"- `{found[1]}`: {found[2]}"
        else:
            yield f"  {line.strip()}" if line.startswith(" ") else line


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
