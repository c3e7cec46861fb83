"""A text file as plain UTF-8: compressed files are unpacked, other encodings are converted."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from tenfold.runtime import UserError
from tenfold.sources.encodings import UTF_16
from tenfold.sources.source_files import PACKED

CODECS = {".gz": "gzip", ".zst": "zstd"}
CHUNK = 1 << 20
# Tables are compressed ten to fifty times; a file made to fill the disk, a thousand times.
MAX_RATIO = 200
# Bytes that any file may unpack to, however small it is.
MIN_LIMIT = 1 << 28


def as_utf8(path: Path, encoding: str, scratch: Path) -> tuple[Path, list[str]]:
    """The file itself if it is plain UTF-8, else its text in `scratch`; and notes.

    Raises:
        UserError: if the file is broken, unpacks to too many bytes, or is not in the encoding.
    """
    notes = []
    if path.suffix.lower() in PACKED:
        unpacked = scratch / path.stem
        _write(unpacked, _unpacked(path))
        notes.append(f"{path} was unpacked")
        path = unpacked
    if encoding == "utf-8" and _beginning(path).startswith(UTF_16):
        encoding = "utf-16"
        notes.append(f"{path.name} begins as UTF-16 does, and was read so")
    if encoding not in ("utf-8", "utf-8-sig", "ascii"):
        recoded = scratch / f"recoded-{path.name}"
        _write(recoded, _recoded(path, encoding))
        path = recoded
    return path, notes


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _write(path: Path, chunks: Iterator[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(chunks)


def _unpacked(path: Path) -> Iterator[bytes]:
    limit = max(MIN_LIMIT, MAX_RATIO * path.stat().st_size)
    total = 0
    try:
        with pa.input_stream(str(path), compression=CODECS[path.suffix.lower()]) as stream:
            while chunk := stream.read(CHUNK):
                total += len(chunk)
                if total > limit:
                    raise UserError(
                        f"data.path: {path} unpacks to more than {MAX_RATIO} times its size: "
                        "if it is sound, unpack it yourself and name the file that comes out"
                    )
                yield chunk
    except (OSError, pa.ArrowException) as error:
        raise UserError(
            f"data.path: {path} cannot be unpacked ({error}): write it again, or rename it if it "
            "is packed otherwise or not at all"
        ) from None


def _recoded(path: Path, encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                raise UserError(
                    f"{path.name}: not {encoding} text after line {lines + 1} ({error}): set "
                    "data.encoding to the file's own, or remove data.encoding if the file is UTF-8"
                ) from None
            lines += text.count("\n")
            yield text.encode("utf-8", "surrogatepass")
            if not chunk:
                return
