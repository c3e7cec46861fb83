"""Which encoding a text file has where it is not UTF-8, judged by its cells with other letters."""

from __future__ import annotations

import codecs
import itertools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
CHUNK = 1 << 20
# Encodings that tables are saved in; of equally likely ones the first is taken.
CANDIDATES = (
    *("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257"),
    *("iso8859_15", "koi8_r", "gb18030", "cp932", "euc_jp", "big5", "cp949", "cp850"),
    *("mac_roman", "cp874"),
)
# A delimiter, a quote or a line end: in no candidate are they the second byte of a letter.
CELL = re.compile(rb'[^,;\t"\r\n]*[\x80-\xff][^,;\t"\r\n]*')
MAX_CELLS = 2_000
MAX_SHOWN = 3
# Bytes in which UTF-16 is looked for; every other one of a table's is zero.
N_FIRST = 4096
MIN_ZEROS = 0.2
# A reading whose share of unlikely letters is greater by more than this is no rival.
TOLERANCE = 0.1


@dataclass(frozen=True)
class GuessedEncoding:
    """The likeliest encoding of a file.

    Attributes:
        name: as Python knows it.
        cells: some of the file's cells, read so.
        others: other encodings that are as likely -> the same cells, read so.
    """

    name: str
    cells: str = ""
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """Some cells as this encoding reads them, and as its rivals do; empty for UTF-16."""
        also = "".join(f"; with {name}: {cells}" for name, cells in self.others.items())
        return f"cells are then {self.cells}{also}" if self.cells else ""


def is_unicode(path: Path) -> bool:
    """Whether a file is read without a declaration: it is all UTF-8, or marked as UTF-16."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        chunk = file.read(CHUNK)
        if chunk.startswith(UTF_16):
            return True
        if utf_16(path):
            return False
        try:
            while chunk:
                decoder.decode(chunk)
                chunk = file.read(CHUNK)
        except UnicodeDecodeError:
            return False
    return True


def guess(path: Path) -> GuessedEncoding | None:
    """The likeliest encoding of a file that is not UTF-8; None if no candidate can read it."""
    half = utf_16(path)
    if half:
        return GuessedEncoding(half)
    cells = list(dict.fromkeys(_cells(path)))
    readings = _readings(b"\n".join(cells))
    if not readings:
        return None
    (best, text), *rest = [(name, text.split("\n")) for name, text in readings.items()]
    # Cells that are the same in all readings would decide nothing.
    decisive = [place for place, cell in enumerate(text) if any(r[place] != cell for _, r in rest)]
    places = (decisive or range(len(text)))[:MAX_SHOWN]
    shown = {name: ", ".join(repr(r[i]) for i in places) for name, r in [(best, text), *rest]}
    others = {name: cells for name, cells in shown.items() if cells != shown[best]}
    return GuessedEncoding(best, shown[best], dict(list(others.items())[:MAX_SHOWN]))


def utf_16(path: Path) -> str:
    """The kind of UTF-16 that a file's zero bytes show; empty if it has too few."""
    with path.open("rb") as file:
        first = file.read(N_FIRST)
    zeros = [first[start::2].count(0) for start in (0, 1)]
    if sum(zeros) < MIN_ZEROS * len(first):
        return ""
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def _cells(path: Path) -> Iterator[bytes]:
    """Cells with bytes beyond ASCII."""
    found = 0
    with path.open("rb") as file:
        for line in file:
            for cell in [] if line.isascii() else CELL.findall(line):
                yield cell.strip()
                found += 1
            if found >= MAX_CELLS:
                return


def _readings(cells: bytes) -> dict[str, str]:
    """The likeliest encodings and what the cells are in each, the likeliest first."""
    from charset_normalizer import from_bytes

    found = from_bytes(cells, cp_isolation=list(CANDIDATES))
    least = min((one.chaos for one in found), default=0.0)
    rivals = [(_misplaced(str(one)), one) for one in found if one.chaos <= least + TOLERANCE]
    fewest = min((misplaced for misplaced, _ in rivals), default=0)
    likely = [one for misplaced, one in rivals if misplaced == fewest]
    likely.sort(key=lambda one: (one.chaos, -one.coherence, _place(one)))
    return {CANDIDATES[_place(one)]: str(one) for one in likely}


def _place(match: CharsetMatch) -> int:
    """The place among the candidates of the first that gives the same text."""
    same = {match.encoding, *match.could_be_from_charset}
    return next(place for place, name in enumerate(CANDIDATES) if name in same)


def _misplaced(text: str) -> int:
    """How many neighbours no word has: a letter and a symbol, two scripts, a capital inside."""
    return sum(
        (a.isalpha() and _is_symbol(b))
        or (_is_symbol(a) and b.isalpha())
        or (_is_of_a_word(a) and _is_of_a_word(b) and _is_latin(a) != _is_latin(b))
        or (a.islower() and b.isupper())
        for a, b in itertools.pairwise(text)
    )


def _is_symbol(character: str) -> bool:
    return unicodedata.category(character) in ("Sc", "Sk", "Sm", "So", "No")


def _is_of_a_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM"


def _is_latin(letter: str) -> bool:
    return "LATIN" in unicodedata.name(letter, "")
