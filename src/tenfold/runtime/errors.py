"""What a user is told when something is wrong: the rule, the value that broke it and the cure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

# What a message shows of many names, and of a long one.
MAX_NAMES = 20
MAX_NAME_LENGTH = 60


class UserError(Exception):
    """A user's mistake: the rule, the value that broke it and the cure, in one message."""


def nearest(name: object, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest match and the list."""
    options = sorted(known)
    guess = did_you_mean(name, options)
    listed = ", ".join(shown(option[:MAX_NAME_LENGTH]) for option in options[:MAX_NAMES])
    more = f" and {len(options) - MAX_NAMES} more" if len(options) > MAX_NAMES else ""
    return f"{guess}(known: {listed}{more})"


def shown(name: str) -> str:
    """A name as one line of a message can show it.

    >>> shown("price\\n(EUR)")
    'price\\\\n(EUR)'
    """
    return name if name.isprintable() else repr(name)[1:-1]


def did_you_mean(name: object, options: Sequence[str]) -> str:
    """`did you mean ...? ` with the option nearest to a name; nothing if none is near."""
    alike = [option for option in options if option.lower() == str(name).lower()]
    close = alike or difflib.get_close_matches(str(name), options, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}? " if close else ""
