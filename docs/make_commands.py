"""Write docs/commands.md from the parser of the command line.

Run from the project's root: `python docs/make_commands.py`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from tenfold import cli

TARGET = Path(__file__).parent / "commands.md"
HEAD = """# Commands

Written by `python docs/make_commands.py` from the parser of the command line. A command runs in the
project's folder, where params.yaml is. A mistake gives one message and exit code 2.
"""


def page() -> str:
    """The whole page."""
    parser, commands = cli.command_line()
    lines = [HEAD, "| command | what it does |", "| --- | --- |"]
    subparsers = next(
        action for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    )
    lines += [
        f"| [`tenfold {choice.dest}`](#tenfold-{choice.dest}) | {choice.help} |"
        for choice in subparsers._choices_actions
    ]
    for name, command in commands.items():
        lines += ["", f"## tenfold {name}", "", *_table(command)]
    return "\n".join(lines) + "\n"


def _table(command: argparse.ArgumentParser) -> Iterator[str]:
    rows = [
        f"| {_written(action)} | {action.help or ''}{_default(action)} |"
        for action in command._actions
        if not isinstance(action, argparse._HelpAction)
    ]
    if not rows:
        yield "It takes no arguments."
        return
    yield from ("| argument | meaning |", "| --- | --- |")
    yield from rows


def _written(action: argparse.Action) -> str:
    """How an argument is written on the command line."""
    if action.choices:
        return f"`{action.dest}`: " + ", ".join(f"`{choice}`" for choice in action.choices)
    if not action.option_strings:
        return f"`{action.dest}`"
    value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
    return f"`{action.option_strings[0]}{value}`"


def _default(action: argparse.Action) -> str:
    said = "default" in (action.help or "")
    shown = action.default is not None and action.default not in (False, "") and not said
    return f" (default: {action.default})" if shown else ""


if __name__ == "__main__":
    TARGET.write_text(page(), encoding="utf-8")
