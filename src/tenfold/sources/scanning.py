"""Scan a text file without parsing it: whether it is UTF-8, and how many lines it has."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tenfold.runtime import UserError
from tenfold.sources import encodings

NEWLINES, FEED = b"\r\n", ord("\n")
# Small, so that Python reuses the memory of one chunk for the next.
CHUNK = 1 << 18


@dataclass(frozen=True)
class Scan:
    """What a scan of a file found.

    Attributes:
        lines: up to the last line that is not empty.
        quoted: whether there is any quote.
        mixed: whether lines end in more than one way.
        zeros: whether there is a zero byte, which no cell may contain.
        feeds: whether every line ends in a line feed, with or without a carriage return.
        longest: an upper bound of the bytes of a line.
    """

    lines: int
    quoted: bool
    mixed: bool
    zeros: bool
    feeds: bool
    longest: int


def scan(path: Path, readable: Path, quote: str = '"') -> Scan:
    """Count lines, empty ones at the end aside, and check that the bytes are UTF-8.

    Args:
        path: the file that messages name.
        readable: the file itself, or its text as UTF-8.
        quote: the character whose presence is noted.

    Raises:
        UserError: with the line of the first byte that is not UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    mark = quote.encode()
    ends = lines = feeds = pairs = returns = longest = begun = 0
    quoted = zeros = False
    whole = True  # Whether the chunks so far end between two characters.
    for chunk in _chunks(readable):
        try:
            if not (chunk.isascii() and whole):
                decoder.decode(chunk)
                whole = not decoder.getstate()[0]
        except UnicodeDecodeError as error:
            line = ends + _line_ends(error.object[: error.start]) + 1
            raise UserError(
                f"{path}: line {line} is not UTF-8 text (byte 0x{error.object[error.start]:02x}): "
                f"set data.encoding{_likely(readable)}, or save it as UTF-8"
            ) from None
        zeros = zeros or b"\0" in chunk
        if ends == 0 and 4 * chunk[:200].count(0) > len(chunk[:200]):
            raise UserError(
                f"{path} holds zero bytes as UTF-16 does: set data.encoding"
                f"{_likely(readable)}, or save it as UTF-8"
            )
        quoted = quoted or mark in chunk
        before = ends
        feeds += int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == FEED))
        if b"\r" in chunk:
            returns += chunk.count(b"\r")
            pairs += chunk.count(b"\r\n")
        ends = feeds + returns - pairs
        # A line that continues in the next chunk counts with all of these chunks.
        begun += len(chunk)
        longest = max(longest, begun)
        begun = len(chunk) if ends > before else begun
        content = chunk.rstrip(NEWLINES)
        if content:
            lines = ends - _line_ends(chunk[len(content) :]) + 1
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise UserError(
            f"{path} ends inside a UTF-8 character: is it cut off? Write it again"
        ) from None
    kinds = sum((feeds > pairs, returns > pairs, pairs > 0))
    return Scan(lines, quoted, kinds > 1, zeros, returns == pairs, longest)


def _likely(path: Path) -> str:
    found = encodings.guess(path)
    if found is None:
        return " to the one that it was saved in"
    return f": {found.name}{found.shown and f' ({found.shown})'}"


def recurs(path: Path, skipped: int = 0) -> bool:
    """Whether a file's first line, behind those that are skipped, occurs again."""
    with path.open("rb") as file:
        for _ in range(skipped):
            file.readline()
        line = file.readline().rstrip(NEWLINES).removeprefix(codecs.BOM_UTF8)
        if not line or b"\r" in line:
            return False
        needle, held = b"\n" + line, b"\n"
        while chunk := file.read(CHUNK):
            held += chunk
            place = held.find(needle)
            while place >= 0:
                behind = place + len(needle)
                if held[behind : behind + 1] in (b"\r", b"\n"):
                    return True
                place = held.find(needle, behind)
            held = held[-len(needle) :]
    return held == needle


def lines(path: Path, numbers: NDArray[np.int64]) -> Iterator[bytes]:
    """The lines with these increasing numbers, from 1, of a file whose lines end in line feeds."""
    first = 1
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            chunk += file.readline()
            ends = np.flatnonzero(np.frombuffer(chunk, np.uint8) == FEED) + 1
            if not chunk.endswith(b"\n"):
                ends = np.append(ends, len(chunk))
            low, high = np.searchsorted(numbers, (first, first + len(ends)))
            for place in numbers[low:high] - first:
                start = ends[place - 1] if place else 0
                yield chunk[start : ends[place]].rstrip(NEWLINES) + b"\n"
            first += len(ends)


def _chunks(path: Path) -> Iterator[bytes]:
    """The file in chunks that never separate a carriage return from its line feed."""
    with path.open("rb") as file:
        held = b""
        while chunk := file.read(CHUNK):
            chunk = held + chunk
            held = b"\r" if chunk.endswith(b"\r") else b""
            yield chunk[: len(chunk) - len(held)]
        yield held


def _line_ends(content: bytes) -> int:
    returns = content.count(b"\r")
    return content.count(b"\n") + returns - (content.count(b"\r\n") if returns else 0)
