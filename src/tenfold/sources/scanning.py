"""What a text file's bytes say without parsing it: that they are UTF-8, and how many lines."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tenfold.runtime import Refused

NEWLINES = b"\r\n"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Scan:
    """`lines` ends at the last line that is not empty; `quoted` if there is any quote."""

    lines: int
    quoted: bool


def scan(path: Path) -> Scan:
    """Count physical lines, empty ones at the end aside, and check that the bytes are text.

    Raises:
        Refused: with the line of the first byte that is not UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    ends, lines, quoted = 0, 0, False
    for chunk in _chunks(path):
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            line = ends + _line_ends(error.object[: error.start]) + 1
            raise Refused(
                f"{path}: line {line} is not UTF-8 text (byte 0x{error.object[error.start]:02x}): "
                "save the file as UTF-8"
            ) from None
        if b"\0" in chunk:
            raise Refused(f"{path} holds zero bytes, so it is not UTF-8 text: save it as UTF-8")
        quoted = quoted or b'"' in chunk
        content = chunk.rstrip(NEWLINES)
        if content:
            lines = ends + _line_ends(content) + 1
        ends += _line_ends(chunk)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise Refused(f"{path} ends inside a UTF-8 character: is it cut off?") from None
    return Scan(lines, quoted)


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
    return content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")
