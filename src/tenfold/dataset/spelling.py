"""One spelling of a category, however its source writes it: 3.0 is 3, and TRUE is true."""

from __future__ import annotations

import re

# A whole number with a fraction of zeros, as programs write it whose columns hold doubles.
WHOLE = re.compile(r"(0|-?[1-9][0-9]*)\.0+")
TRUTH = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false"}


def category(words: str) -> str:
    """The spelling of a category that stands for all others.

    >>> [category(words) for words in ("3.0", "3.10", "TRUE", "Trueman", "007.0")]
    ['3', '3.10', 'true', 'Trueman', '007.0']
    """
    found = WHOLE.fullmatch(words)
    return found[1] if found else TRUTH.get(words, words)
