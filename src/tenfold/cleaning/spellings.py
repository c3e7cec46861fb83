"""Texts that a person might take for one category: other case, other marks, a letter wrong."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tenfold.cleaning.cells import NUMBER

# Spellings are compared in columns of so many distinct texts at most.
MAX_CATEGORIES = 1000
# A slip of the keyboard is rare beside what was meant.
MAX_RARE_SHARE = 0.1
# In shorter words a letter makes another word; so does a consonant for another: island, inland.
MIN_LETTERS, MIN_LETTERS_FOR_OTHER = 5, 8
VOWELS = set("aeiouy")
# A short form of a word has so many letters at most: yr, St, Jan.
MAX_SHORT = 3
# Of so few categories a single letter may be short for one, however common it is: f and female.
MAX_ABBREVIATED = 10
SHORT_WORDS = {"yes", "no"}
# A longer text is a sentence; and what it has in common with others would fill the memory.
MAX_LENGTH = 100
# White space and marks between two letters, or a point behind the last: month-to-month.
BETWEEN = re.compile(r"(?<=[^\W\d_])[\s\-_.'\u2019]+(?=[^\W\d_])|\.$")


def alike(values: Sequence[str]) -> tuple[str, str] | None:
    """The first two texts that a person might take for one.

    >>> alike(["blue", "red", "Red "])
    ('red', 'Red ')
    """
    seen: dict[object, str] = {}
    for value in values:
        plain = _plain(value)
        meaning = float(plain) if re.fullmatch(NUMBER, plain) and plain.isascii() else plain
        other = seen.setdefault(meaning, value)
        if other != value:
            return other, value
    return None


def near_misses(values: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs of texts that differ in accents and marks, or in a word by a letter or its length.

    Texts with digits must agree in them: `A1` and `A2` are codes.

    >>> list(near_misses(["London", "Londn", "Paris"]))
    [('London', 'Londn')]
    """
    seen: dict[tuple[str, ...], list[str]] = {}
    found = set()
    for value in (value for value in values if len(value) <= MAX_LENGTH):
        for signature in dict.fromkeys(_signatures(value)):
            for other in seen.setdefault(signature, []):
                if (other, value) not in found and _is_near(other, value):
                    found.add((other, value))
                    yield other, value
            seen[signature].append(value)


def corrections(rows: Mapping[str, int]) -> dict[str, str]:
    """Categories that seem to be another one in another spelling -> that one.

    They differ from a commoner one in case, accents or marks, or are a near miss and rare beside
    it, or are the first letter of one among a few.

    Args:
        rows: category -> its rows.

    >>> corrections({"one year": 80, "one yr": 4, "One year": 3})
    {'one yr': 'one year', 'One year': 'one year'}
    """
    if not 2 <= len(rows) <= MAX_CATEGORIES:
        return {}
    by_frequency = sorted(rows, key=lambda word: (-rows[word], word))
    found: dict[str, str] = {}
    for common, rare in near_misses(by_frequency):
        same_letters = _letters(common) == _letters(rare)
        if same_letters or rows[rare] <= MAX_RARE_SHARE * rows[common]:
            found.setdefault(rare, found.get(common, common))
    for letter, word in _initials(by_frequency):
        if letter not in found:
            meant = found.get(word, word)
            found = {odd: meant if other == letter else other for odd, other in found.items()}
            found[letter] = meant
    return found


def _initials(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Single letters, each with the only word of a few that begins with it."""
    if len(words) > MAX_ABBREVIATED:
        return
    plain = {word: _plain(word).rstrip(".") for word in words}
    for letter in words:
        begun = [word for word in words if plain[word][:1] == plain[letter] != plain[word]]
        longer = {plain[word] for word in begun}
        if len(longer) == 1 and (len(min(longer)) > MAX_SHORT or longer <= SHORT_WORDS):
            yield letter, begun[0]


def _signatures(value: str) -> Iterator[tuple[str, ...]]:
    """What a text has in common with all that may be near it."""
    yield (_letters(value),)
    words = _words(value)
    for place, word in enumerate(words):
        if not word.isalpha():
            continue
        shorter = {word[:i] + word[i + 1 :] for i in range(len(word))} | {word}
        ends = {f"{word[0]}...{word[-1]}", f"{word[0]}..."}
        for changed in sorted((shorter if len(word) >= MIN_LETTERS else set()) | ends):
            yield (*words[:place], changed, *words[place + 1 :])


def _is_near(one: str, other: str) -> bool:
    if _letters(one) == _letters(other):
        return True
    first, second = _words(one), _words(other)
    differing = [(a, b) for a, b in zip(first, second, strict=False) if a != b]
    if len(first) != len(second) or len(differing) != 1:
        return False
    a, b = sorted(differing[0], key=len)
    return a.isalpha() and b.isalpha() and (_is_short_for(a, b) or _is_letter_off(a, b))


def _is_letter_off(short: str, long: str) -> bool:
    """Whether a letter was left out, replaced, or swapped with the next."""
    if len(short) < MIN_LETTERS or len(long) - len(short) > 1:
        return False
    if len(long) > len(short):
        return any(long[:i] + long[i + 1 :] == short for i in range(len(long)))
    wrong = [i for i, (a, b) in enumerate(zip(short, long, strict=True)) if a != b]
    if len(wrong) == 2 and wrong[1] == wrong[0] + 1:
        return [short[i] for i in wrong] == [long[i] for i in reversed(wrong)]
    if len(wrong) != 1:
        return False
    letters = {short[wrong[0]], long[wrong[0]]}
    return len(short) >= MIN_LETTERS_FOR_OTHER or letters <= VOWELS


def _is_short_for(short: str, word: str) -> bool:
    """Whether a word of a few letters is another one without some: yr, Dr, Jan."""
    if not 2 <= len(short) <= MAX_SHORT < len(word) or short[0] != word[0]:
        return False
    letters = iter(word)
    return all(letter in letters for letter in short) and (
        word.startswith(short) or short[-1] == word[-1]
    )


def _plain(word: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", word).casefold().split())


def _letters(word: str) -> str:
    """What texts have in common that differ in case, in accents or in marks between letters."""
    apart = unicodedata.normalize("NFD", BETWEEN.sub("", _plain(word)))
    kept = [
        letter
        for before, letter in itertools.pairwise(" " + apart)
        if not (unicodedata.combining(letter) and before.isascii() and before.isalpha())
    ]
    return "".join(kept)


def _words(category: str) -> list[str]:
    return re.findall(r"[^\W_]+|[^\w\s]", _plain(category))
