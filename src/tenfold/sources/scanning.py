"""What a text file's bytes say without parsing it: that they are UTF-8, and how many lines."""

from __future__ import annotations

import codecs
import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tenfold.runtime import Refused

NEWLINES = b"\r\n"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Scan:
    """What the bytes say.

    Attributes:
        lines: up to the last line that is not empty.
        quoted: whether there is any quote.
        mixed: whether lines end in more than one way.
        zeros: whether there is a zero byte, which no cell may hold.
    """

    lines: int
    quoted: bool
    mixed: bool
    zeros: bool


def scan(path: Path, readable: Path, quote: str = '"') -> Scan:
    """Count physical lines, empty ones at the end aside, and check that the bytes are text.

    Args:
        path: as messages name it.
        readable: the file itself, or its text where it had to be unpacked.
        quote: the character whose presence is noted.

    Raises:
        Refused: with the line of the first byte that is not UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    mark = quote.encode()
    ends = lines = feeds = pairs = returns = 0
    quoted = zeros = False
    for chunk in _chunks(readable):
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            line = ends + _line_ends(error.object[: error.start]) + 1
            raise Refused(
                f"{path}: line {line} is not UTF-8 text (byte 0x{error.object[error.start]:02x}): "
                "set data.encoding (cp1252 or latin-1 for most files of old), or save it as UTF-8"
            ) from None
        zeros = zeros or b"\0" in chunk
        if ends == 0 and 4 * chunk[:200].count(0) > len(chunk[:200]):
            raise Refused(
                f"{path} holds zero bytes as UTF-16 does: set data.encoding: utf-16, or save it as "
                "UTF-8"
            )
        quoted = quoted or mark in chunk
        feeds += chunk.count(b"\n")
        returns += chunk.count(b"\r")
        pairs += chunk.count(b"\r\n") if returns else 0
        ends = feeds + returns - pairs
        content = chunk.rstrip(NEWLINES)
        if content:
            lines = ends - _line_ends(chunk[len(content) :]) + 1
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Refused(f"{path} ends inside a UTF-8 character: is it cut off?") from None
    kinds = sum((feeds > pairs, returns > pairs, pairs > 0))
    return Scan(lines, quoted, kinds > 1, zeros)


def recurs(path: Path) -> bool:
    """Whether a file's first line is one of the others, too."""
    with path.open("rb") as file:
        line = file.readline().rstrip(NEWLINES).removeprefix(codecs.BOM_UTF8)
        if not line or b"\r" in line:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            place = content.find(b"\n" + line)
            while place >= 0:
                behind = place + 1 + len(line)
                if content[behind : behind + 1] in (b"", b"\r", b"\n"):
                    return True
                place = content.find(b"\n" + line, behind)
    return False


def _chunks(path: Path) -> Iterator[bytes]:
    """The file in pieces that never part a carriage return from its line feed."""
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
