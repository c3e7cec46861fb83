"""Texts as codes: what they mean, when they are worth it, and how a file gets them."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.sources import dictionaries
from tenfold.sources.dictionaries import Dictionary, TooManyValues, by_appearance, pays

CELLS = st.lists(st.none() | st.sampled_from(["", "a", "b", "é", "a b"]), max_size=12)


def coded(cells: list[str | None]) -> pa.DictionaryArray:
    return pa.array(cells, pa.string()).dictionary_encode()


@pytest.mark.slow
@settings(max_examples=200)
@given(blocks=st.lists(CELLS, max_size=4))
def test_codes_of_all_blocks_mean_the_same_texts(blocks: list[list[str | None]]) -> None:
    own = Dictionary()
    codes = [own.encode(coded(cells)) for cells in blocks]
    texts = own.values.to_pylist()
    assert len(set(texts)) == len(texts)
    for block, cells in zip(codes, blocks, strict=True):
        assert [None if code is None else texts[code] for code in block.to_pylist()] == cells


def test_more_texts_than_codes_are_worth_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dictionaries, "MAX_ENTRIES", 3)
    own = Dictionary()
    own.encode(coded(["a", "b", "a", None]))
    own.encode(coded(["b", "c"]))
    with pytest.raises(TooManyValues):
        own.encode(coded(["d"]))


def test_words_that_fill_a_page_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dictionaries, "MAX_BYTES", 100)
    with pytest.raises(TooManyValues):
        Dictionary().encode(coded(["x" * 120]))


@pytest.mark.parametrize(
    ("cells", "few"),
    [
        (["a", "b"] * 2, True),
        (["a", "b", "c", "d"], False),
        (["a", "b"], False),
        ([None] * 4, True),
    ],
)
def test_texts_are_few_where_most_stand_there_again(
    cells: list[str], few: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dictionaries, "MIN_ROWS", 4)
    monkeypatch.setattr(dictionaries, "MAX_DISTINCT", 3)
    assert pays(pa.chunked_array([pa.array(cells, pa.string())])) is few


@settings(max_examples=200)
@given(cells=CELLS, start=st.integers(0, 12))
def test_a_piece_lists_its_own_texts_as_they_appear(cells: list[str | None], start: int) -> None:
    piece = coded(cells).slice(start)
    listed = by_appearance(piece)
    assert listed.to_pylist() == cells[start:]
    there = [cell for cell in dict.fromkeys(cells[start:]) if cell is not None]
    assert listed.dictionary.to_pylist() == there
