"""Texts of which few differ, as codes: a tenth of the bytes, and soon filtered and written."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

# Among the first rows, and these are the least that are worth the effort, no more texts than these
# differ.
LEAST, FEW = 4096, 1000
# A column's words must all fit into one page of a Parquet file.
MOST, MOST_BYTES = 2**15 - 2, 2**19
CODE = pa.int16()
# Odd, so that no code is lost in the product, which is cut off at 64 bits: that of Knuth's MMIX.
FACTOR = np.int64(6364136223846793005)
# What a Parquet file's writer takes for codes.
CODES = pa.dictionary(pa.int32(), pa.string())


class Crowded(Exception):
    """A column has more different texts than codes are worth."""


def are_few(texts: pa.ChunkedArray) -> bool:
    """Whether codes are worth it, as far as some texts tell."""
    different: int = pc.count_distinct(texts).as_py()
    return different <= FEW and len(texts) >= LEAST


class Words:
    """The different texts of a column, as they appear."""

    def __init__(self) -> None:
        self.listed = pa.array([], pa.string())

    def codes(self, texts: pa.DictionaryArray) -> pa.Array:
        """The place of each text among the words, null where it is null; new ones are added.

        Raises:
            Crowded: if there are too many.
        """
        places = pc.index_in(texts.dictionary, self.listed)
        if places.null_count:
            new = texts.dictionary.filter(places.is_null())
            self.listed = pa.concat_arrays([self.listed, new])
            if len(self.listed) > MOST or self.listed.nbytes > MOST_BYTES:
                raise Crowded
            places = pc.index_in(texts.dictionary, self.listed)
        return places.cast(CODE).take(texts.indices)


def coded(table: pa.Table, words: Mapping[str, Words], schema: pa.Schema) -> pa.Table:
    """A table of this schema, with codes of these words in place of texts."""
    cells = [
        pa.chunked_array([words[column].codes(each) for each in table[column].chunks], CODE)
        if column in words
        else table[column]
        for column in schema.names
    ]
    return pa.table(cells, schema=schema)


def together(codes: pa.Table) -> NDArray[np.int64]:
    """A number of every row, (n,), that is the same where all codes are, and seldom elsewhere."""
    numbers = np.zeros(len(codes), np.int64)
    for column in codes.columns:
        numbers *= FACTOR
        numbers += column.fill_null(-1).to_numpy()
    return numbers


def by_appearance(texts: pa.DictionaryArray) -> pa.DictionaryArray:
    """The same texts with a dictionary of those that occur, in the order in which they do.

    So a file's writer orders them, too, and no text is told that no row has.
    """
    found = texts.indices.dictionary_encode()
    return pa.DictionaryArray.from_arrays(found.indices, texts.dictionary.take(found.dictionary))
