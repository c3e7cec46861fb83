"""A split that a table brings along: a column that says which rows are for the test."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tenfold.splitting.given import IN_TEST, IN_TRAIN

TRAIN_WORDS = {"train", "training", "trn", "tr", "learn", "learning"}
TEST_WORDS = {"test", "testing", "tst", "te", "holdout", "hold-out", "hold_out", "heldout"}
VALIDATION_WORDS = {"validation", "valid", "val", "dev", "development", "eval", "evaluation"}
# Columns that are called so name parts by numbers, too, or say yes and no.
PART_NAME = re.compile(r"(cv_?)?(part|partition|split|fold|folds|set|subset|sample)(_?(id|no|nr))?")
TRAIN_NAME = re.compile(r"(is|in|for)?_?(train|training)(_?(set|flag|row|data))?")
TEST_NAME = re.compile(r"(is|in|for)?_?(test|testing|holdout)(_?(set|flag|row|data))?")
YES, NO = {"1", "1.0", "true", "yes", "y", "t"}, {"0", "0.0", "false", "no", "n", "f"}


@dataclass(frozen=True)
class PublishedSplit:
    """The column of a published split.

    Attributes:
        column: its name.
        reason: what it holds, in words.
        replaced: words of it -> those that `strategy: given` knows.
        names_folds: whether it says which rows validate.
    """

    column: str
    reason: str
    replaced: Mapping[str, str] = field(default_factory=dict)
    names_folds: bool = False


def find(words: Mapping[str, Iterable[str]]) -> PublishedSplit | None:
    """The first of some columns that says of every row in which part it is.

    Args:
        words: column -> all its values, as texts.

    >>> find({"set": ["Train", "Test"]}).replaced
    {'Train': 'train', 'Test': 'test'}
    """
    found = (_of_column(column, sorted(set(own))) for column, own in words.items())
    return next((split for split in found if split is not None), None)


def _of_column(column: str, words: list[str]) -> PublishedSplit | None:
    parts = {word: part for word in words if (part := _part(word))}
    others = [word for word in words if word not in parts]
    name = _plain(column)
    listed = f"holds {', '.join(words[:5])}"
    if not words or IN_TRAIN not in parts.values():
        by_name = TRAIN_NAME.fullmatch(name), TEST_NAME.fullmatch(name)
        return _yes_or_no(column, words, is_train=bool(by_name[0])) if any(by_name) else None
    is_part = PART_NAME.fullmatch(name) is not None
    if others and not (is_part and all(word.isdecimal() for word in others)):
        return None
    validation = [word for word, part in parts.items() if part not in (IN_TRAIN, IN_TEST)]
    if IN_TEST not in parts.values():
        if len(validation) != 1 or others:
            return None
        parts[validation.pop()] = IN_TEST
    return PublishedSplit(
        column,
        listed,
        {word: part for word, part in parts.items() if word != part},
        names_folds=bool(validation or others),
    )


def _part(word: str) -> str | None:
    plain = word.strip().lower()
    if plain in TRAIN_WORDS:
        return IN_TRAIN
    if plain in TEST_WORDS:
        return IN_TEST
    return "validation" if plain in VALIDATION_WORDS else None


def _yes_or_no(column: str, words: list[str], *, is_train: bool) -> PublishedSplit | None:
    """A column such as `is_train` with 0 and 1."""
    yes = [word for word in words if word.lower() in YES]
    no = [word for word in words if word.lower() in NO]
    if not yes or not no or len(yes) + len(no) < len(words):
        return None
    ways = (IN_TRAIN, IN_TEST) if is_train else (IN_TEST, IN_TRAIN)
    replaced = dict.fromkeys(yes, ways[0]) | dict.fromkeys(no, ways[1])
    return PublishedSplit(column, f"holds {', '.join(words)}", replaced)


def _plain(name: str) -> str:
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower().replace(" ", "_")
