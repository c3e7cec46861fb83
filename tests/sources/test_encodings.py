"""The encoding of a text file that is not UTF-8."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from tenfold.params import Data
from tenfold.runtime import UserError
from tenfold.sources import encodings, read

CITIES = {
    "cp1250": ["Łódź", "Kraków", "Gdańsk", "Poznań", "Wrocław", "Świdnica"],
    "cp1251": ["Москва", "Санкт-Петербург", "Казань", "Новосибирск"],
    "koi8_r": ["Москва", "Санкт-Петербург", "Казань", "Новосибирск"],
    "iso8859_15": ["Orléans", "Cœur €", "Besançon", "Nîmes"],
    "cp1252": ["Orléans", "Besançon", "Nîmes", "Köln", "München"],
    "cp1253": ["Αθήνα", "Θεσσαλονίκη", "Πάτρα"],
    "cp1254": ["İstanbul", "Diyarbakır", "Eskişehir", "Muğla"],
    "cp932": ["東京", "大阪", "京都", "札幌"],
    "euc_jp": ["東京", "大阪", "京都", "札幌"],
    "gb18030": ["北京", "上海", "广州", "深圳"],
    "big5": ["臺北", "高雄", "臺中", "新竹"],
    "cp949": ["서울", "부산", "대구", "인천"],
    "cp850": ["Orléans", "Besançon", "Nîmes", "Köln", "München"],
    "mac_roman": ["Orléans", "Besançon", "Nîmes", "Köln", "München"],
    "utf-16-le": ["Łódź", "Kraków"],
    "utf-16-be": ["Łódź", "Kraków"],
}


@pytest.fixture(params=CITIES)
def encoding(request: pytest.FixtureRequest) -> str:
    """One encoding of a table of cities."""
    return str(request.param)


@pytest.fixture
def file(encoding: str, tmp_path: Path) -> Path:
    """A table of cities in that encoding."""
    rows = [f"{city},{number}" for number, city in enumerate(CITIES[encoding] * 3)]
    path = tmp_path / "t.csv"
    path.write_bytes("\n".join(["city,y", *rows, ""]).encode(encoding))
    return path


def test_an_encoding_is_found_by_its_letters(encoding: str, file: Path) -> None:
    found = encodings.guess(file)
    assert found is not None and found.name == encoding
    assert not encodings.is_unicode(file)


@pytest.mark.slow
def test_the_refusal_names_the_encoding_that_reads_the_file(encoding: str, file: Path) -> None:
    with pytest.raises(UserError, match=f"set data.encoding: {encoding}[ ,]"):
        read(Data(path=str(file), target="y"))
    source = read(Data(path=str(file), target="y", encoding=encoding))
    cities = source.connection.execute("SELECT DISTINCT city FROM raw").fetchall()
    assert {city for (city,) in cities} == set(CITIES[encoding])


@pytest.mark.parametrize(
    "content",
    [b"city,y\nParis,1\n", "city,y\nŁódź,1\n".encode(), codecs.BOM_UTF16_LE + b"c\0"],
    ids=["ASCII", "UTF-8", "marked UTF-16"],
)
def test_unicode_needs_no_declaration(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    assert encodings.is_unicode(tmp_path / "t.csv")


def test_encodings_that_are_as_likely_are_shown_with_the_cells_that_differ(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("city,y\nParis,1\nOrléans,1\nNîmes,2\n".encode("cp1252"))
    found = encodings.guess(tmp_path / "t.csv")
    assert found is not None
    assert found.shown == "cells are then 'Nîmes'; with cp1257: 'Nīmes'"


def test_bytes_that_no_encoding_reads_ask_for_the_right_one(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"city,y\n\x81\x8d\xff\xfe\x80\x90,1\n")
    with pytest.raises(UserError, match=r"set data\.encoding"):
        read(Data(path=str(path), target="y"))
