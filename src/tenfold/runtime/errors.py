"""Errors that a user can mend, in one message: the rule, the value that broke it, what to do."""

from __future__ import annotations

import difflib
import errno
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

# What a message shows of many names, and of a long one.
MAX_NAMES = 20
MAX_NAME_LENGTH = 60

_FREE = "free some space, then run the same command again"
_ALLOW = "give this user access, then run the same command again"
_MOUNT = "make it writable, or move the project to where it is"
# What the system, or a library that quotes it, says of a disk or a folder: what its user can do.
CURES = {
    os.strerror(errno.ENOSPC): _FREE,
    os.strerror(errno.EDQUOT): _FREE,
    "database or disk is full": _FREE,
    os.strerror(errno.EACCES): _ALLOW,
    os.strerror(errno.EPERM): _ALLOW,
    os.strerror(errno.EROFS): _MOUNT,
    "attempt to write a readonly database": _MOUNT,
}
# A path within such words.
QUOTED = re.compile(r"""["']([^"'\\]*/[^"'\\]*)\\?["']""")


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


def unusable(error: BaseException) -> str | None:
    """The message about a full disk or a folder without access, if an error comes from one."""
    for cause in _causes(error):
        for words, cure in CURES.items():
            if words in str(cause):
                quoted = QUOTED.search(str(cause))
                named = getattr(cause, "filename", None) or (quoted and quoted[1]) or Path.cwd()
                return f"{named}: {words}: {cure}"
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
