"""Bad inputs: files that are no table, or not the one they say they are."""

from __future__ import annotations

import codecs
import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.bad_input.making import X, Y, arrays, as_csv, as_parquet, lines, nothing
from tests.bad_input.outcomes import Case, Kept, Mended, Refused, Warned

LABELS = ["no", "déjà"] * 6
ACCENTED = lines().replace("yes", "déjà")


def sound_parquet() -> bytes:
    """A whole Parquet file of many pages."""
    buffer = pa.BufferOutputStream()
    noise = [hash((number, 7)) % 10**9 / 7 for number in range(5000)]
    table = pa.table({"x": noise, "y": ["no", "yes"] * 2500})
    pq.write_table(table, buffer, compression="none", use_dictionary=False, row_group_size=1000)
    return bytes(buffer.getvalue())


def lying(places: int) -> Callable[[Path], None]:
    """What makes a file whose footer tells of 13 rows, not 12, in the first places or in all."""

    def make(path: Path) -> None:
        pq.write_table(arrays({}), path)
        whole = path.read_bytes()
        size = int.from_bytes(whole[-8:-4], "little")
        footer = whole[-8 - size : -8]
        # Thrift's compact protocol: a field of 64 bits, and 12 or 13 as a zigzag number.
        told = footer.replace(b"\x16\x18", b"\x16\x1a", places)
        assert told != footer
        path.write_bytes(whole[: -8 - size] + told + whole[-8:])

    return make


def cut(content: bytes, share: float) -> bytes:
    """The beginning of a file."""
    return content[: int(len(content) * share)]


def damaged(content: bytes) -> bytes:
    """A file with a hole of zeros in the middle."""
    middle = len(content) // 2
    return content[:middle] + bytes(400) + content[middle + 400 :]


def bomb(path: Path) -> None:
    """A small file that unpacks to a large one."""
    with gzip.open(path, "wb") as file:
        file.write(b"x,y\n")
        for _ in range(300):
            file.write(b"1,2\n" * (1 << 18))


def neighbour(path: Path) -> None:
    """A file with another name."""
    path.with_name("t.csv").write_text(lines())


def two(path: Path) -> None:
    """Two files that a pattern matches, of different columns."""
    path.with_name("a.csv").write_text(as_csv({"x": X, "z": X, "y": X}))
    path.with_name("b.csv").write_text(lines())


def folder(path: Path) -> None:
    """A folder with a file's name."""
    path.mkdir()


def pipe(path: Path) -> None:
    """A pipe with a file's name."""
    os.mkfifo(path)


def lost_link(path: Path) -> None:
    """A link that leads nowhere."""
    path.symlink_to("nowhere")


def from_pandas(path: Path) -> None:
    """A filtered frame, whose index pandas writes as a column."""
    frame = arrays({}).to_pandas()
    frame.index = pd.Index([2 * number for number in range(len(frame))])
    frame.to_parquet(path)


def with_index(path: Path) -> None:
    """A frame whose index pandas writes as a column without a name."""
    arrays({}).to_pandas().to_csv(path)


def more(path: Path) -> None:
    """Somebody writes on at the end of the file."""
    with path.open("ab") as file:
        file.write(b"99.5,no\n")


def less(path: Path) -> None:
    """Somebody cuts the file."""
    os.truncate(path, path.stat().st_size // 2)


def other(path: Path) -> None:
    """Somebody puts another file of the same size in its place."""
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content.replace(b"no", b"On"))


CHANGED = "changed while it was read: run again when it is whole"
CASES = [
    Case("an empty file", Refused("is empty: it needs a header and rows"), b"", b""),
    Case(
        "a title above the header, declared",
        Kept(["'x' is double, 0 missing, 12 distinct"], {"x": X}),
        "Report\n\n" + lines(),
        data={"skip_lines": 2},
    ),
    Case(
        "a line that names the delimiter",
        Mended(["note: t.csv: line 1 says that ',' is the delimiter"], {"x": X}),
        "sep=,\n" + lines(),
    ),
    Case("only line ends", Refused("line 1 is empty: it must hold the column names"), b"\n\n\n"),
    Case("only a byte order mark", Refused("line 1 is empty"), codecs.BOM_UTF8),
    Case(
        "a header and no rows",
        Refused("has no rows: it needs at least one"),
        "x,y\n",
        as_parquet(pa.table({"x": pa.array([], pa.float64()), "y": pa.array([], pa.string())})),
    ),
    Case("no columns", Refused("t.parquet cannot be read"), parquet=as_parquet(pa.table({}))),
    Case("no such file", Refused("there is no file"), nothing, nothing),
    Case("a folder with a file's name", Refused("is a folder: name a file"), folder, folder),
    Case("a pipe with a file's name", Refused("is no regular file"), pipe, pipe),
    Case("a link that leads nowhere", Refused("there is no file"), lost_link, lost_link),
    Case("an unknown ending", Refused("unknown ending '.docx'"), lines(), file="t.docx"),
    Case("a database", Refused("a database is named sqlite:t.db, with a"), lines(), file="t.db"),
    Case(
        "a format that the ending does not tell",
        Refused("t.csv is a Parquet file: name it t.parquet"),
        sound_parquet(),
        lines(),
        as_parquet=Refused("t.parquet is no Parquet file: it does not begin and end with PAR1"),
    ),
    Case(
        "the delimiter declared wrongly",
        Refused("has one column, 'x,y', but a table needs a target and a feature"),
        lines(),
        data={"delimiter": ";"},
    ),
    Case(
        "a header with another delimiter than the rows",
        Refused("rejected: {'malformed: 1 cells, but the header has 2': 12}"),
        lines().replace(",", ";").replace("x;y", "x,y"),
    ),
    Case(
        "one column",
        Refused("has one column, 'y', but a table needs a target and a feature"),
        "y\n1\n2\n",
        as_parquet(pa.table({"y": Y})),
    ),
    Case(
        "a name mistyped",
        Refused("there is no file tt.csv; in .: did you mean 't.csv'?"),
        neighbour,
        file="tt.csv",
    ),
    Case(
        "no header line",
        Refused("is its header line missing? then set data.header: false"),
        lines().removeprefix("x,y\n"),
    ),
    Case(
        "Latin-1",
        Refused("line 3 is not UTF-8 text (byte 0xe9): set data.encoding"),
        ACCENTED.encode("latin-1"),
    ),
    Case(
        "Latin-1, declared",
        Kept(["'y' is text, 0 missing, 2 distinct"], {"y": LABELS}),
        ACCENTED.encode("latin-1"),
        data={"encoding": "latin-1"},
    ),
    Case(
        "UTF-16 with its mark",
        Mended(["note: t.csv begins as UTF-16 does, and was read so"], {"y": LABELS}),
        ACCENTED.encode("utf-16"),
    ),
    Case(
        "UTF-16 without its mark",
        Refused("holds zero bytes as UTF-16 does: set data.encoding: utf-16"),
        lines().encode("utf-16-le"),
    ),
    Case(
        "a byte order mark",
        Kept(["'x' is double"], {"x": X}),
        codecs.BOM_UTF8 + lines().encode(),
    ),
    Case(
        "a byte order mark before a quoted name",
        Kept(["'x' is double"], {"x": X}),
        codecs.BOM_UTF8 + lines((1, '"x","y"')).encode(),
    ),
    Case("cut off inside a character", Refused("is it cut off?"), ACCENTED.encode()[:-2]),
    Case(
        "packed with gzip",
        Mended(["note: t.csv.gz was unpacked"], {"x": X}),
        gzip.compress(lines().encode()),
        file="t.csv.gz",
    ),
    Case(
        "packed, without the ending",
        Refused("t.csv is packed with gzip: name it t.csv.gz"),
        gzip.compress(lines().encode()),
    ),
    Case(
        "plain, with the ending of a packed file",
        Refused("t.csv.gz cannot be unpacked"),
        lines(),
        file="t.csv.gz",
    ),
    Case(
        "gzip, cut off",
        Refused("t.csv.gz cannot be unpacked"),
        cut(gzip.compress(lines().encode()), 0.6),
        file="t.csv.gz",
    ),
    Case(
        "gzip, with something behind its end",
        Refused("t.csv.gz cannot be unpacked"),
        gzip.compress(lines().encode()) + b"something",
        file="t.csv.gz",
    ),
    Case(
        "a gzip bomb",
        Refused("unpacks to more than 200 times its size: if it is sound, unpack it yourself"),
        bomb,
        file="t.csv.gz",
    ),
    Case(
        "Parquet whose footer lies about the file's rows",
        Refused("t.parquet does not hold what it says (12 rows, but 13 records): write it again"),
        parquet=lying(1),
    ),
    Case(
        "Parquet whose footer lies about every column's rows",
        Refused("t.parquet cannot be read"),
        parquet=lying(-1),
    ),
    Case(
        "Parquet, cut off",
        Refused("t.parquet is no Parquet file: it does not begin and end with PAR1"),
        parquet=cut(sound_parquet(), 0.7),
    ),
    Case(
        "Parquet with a damaged page",
        Refused("t.parquet cannot be read"),
        parquet=damaged(sound_parquet()),
    ),
    Case(
        "Parquet with a damaged footer",
        Refused("t.parquet cannot be read"),
        parquet=sound_parquet()[:-400] + bytes(200) + sound_parquet()[-200:],
    ),
    Case(
        "written to while it is read",
        Refused(CHANGED),
        lines(),
        sound_parquet(),
        before_judging=more,
    ),
    Case(
        "cut while it is read",
        Refused(CHANGED),
        lines(),
        sound_parquet(),
        before_judging=less,
    ),
    Case(
        "written to between the first look and the second",
        Refused(CHANGED),
        lines(),
        sound_parquet(),
        before_writing=more,
    ),
    Case(
        "replaced between the first look and the second",
        Refused(CHANGED),
        lines(),
        as_parquet(arrays({})),
        before_writing=other,
    ),
    Case(
        "the index of a pandas frame",
        Warned(
            ["note: t.csv: column 1 has no name and is called column_1"],
            {"x": X, "column_1": list(range(12))},
        ),
        with_index,
        from_pandas,
        as_parquet=Warned(
            ["note: __index_level_0__ is the index of a pandas frame"],
            {"x": X, "__index_level_0__": list(range(0, 24, 2))},
        ),
    ),
    Case(
        "two files of different columns",
        Refused("has a column 'z', but b.csv has none: all files must have the same columns"),
        two,
        file="[ab].csv",
    ),
]
