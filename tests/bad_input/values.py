"""Bad inputs: cells that are missing, no numbers, or not the numbers they seem."""

from __future__ import annotations

from decimal import Decimal

from tests.bad_input.making import N, X, Y, both, without
from tests.bad_input.outcomes import Kept, Mended, Refused, Warned

INF, NAN = float("inf"), float("nan")
PADDED = [f"{n:05}" for n in range(N)]
LARGE = [10**30 + n for n in range(N)]
IDS = [2**53 + 1 + n for n in range(N)]
DAYS = [f"2024-01-{n + 1:02}" for n in range(N)]
SEVERAL = [f"2024-01-{n + 1:02}" if n % 2 else f"{n + 1:02}.01.2024" for n in range(N)]
COMMAS = [f"{n},25" for n in range(N)]
THOUSANDS = [f"{n + 1},000" for n in range(N)]
ALMOST = ["#N/A", *map(str, range(1, N))]


def swapped(place: int, cell: object) -> list[object]:
    """The cells of x with another in one place."""
    return [*X[:place], cell, *X[place + 1 :]]


MANY = 18_000
KINDS = [f"k{n}" for n in range(MANY)]
CASES = [
    both(
        "an infinite cell",
        {"x": swapped(2, "inf")},
        Mended(["1 rejected: infinite: x"], {"x": without(4)}),
        {"x": swapped(2, INF)},
    ),
    both(
        "every cell infinite",
        {"x": ["-Infinity"] * N},
        Refused("no row is left of 12; rejected: {'infinite: x': "),
        {"x": [-INF] * N},
        clean={"drop_duplicates": False},
    ),
    both(
        "a number whose square is infinite",
        {"x": swapped(2, "1e200")},
        Mended(["1 rejected: over 1e100: x"], {"x": without(4)}),
        {"x": swapped(2, 1e200)},
    ),
    both(
        "NaN among numbers",
        {"x": swapped(2, "NaN")},
        Kept(["'x' is double, 1 missing"], {"x": swapped(2, None)}),
        {"x": swapped(2, NAN)},
    ),
    both(
        "a missing cell",
        {"x": swapped(2, None)},
        Kept(["'x' is double, 1 missing"], {"x": swapped(2, None)}),
    ),
    both(
        "a column without any value",
        {"z": [None] * N},
        Mended(["dropped: 'z': no value in any row"], {"x": X}),
    ),
    both("features without any value", {"x": [None] * N}, Refused("no feature column is left")),
    both(
        "NA as a real category",
        {"z": ["NA", "EU", "AS"] * 4},
        Kept(["'z' is text, 0 missing, 3 distinct"], {"z": ["NA", "EU", "AS"] * 4}),
    ),
    both(
        "NA among numbers, not declared",
        {"z": ALMOST},
        Warned(["note: z is text, but 11 of 12 cells are numbers ('#N/A' is not)"], {"z": ALMOST}),
    ),
    both(
        "mixed types",
        {"z": [1, "b"] * 6},
        Warned(
            ["note: z is text, but 6 of 12 cells are numbers ('b' is not)"], {"z": ["1", "b"] * 6}
        ),
        {"z": ["1", "b"] * 6},
    ),
    both(
        "ids with leading zeros",
        {"z": PADDED},
        Kept(["'z' is text, 0 missing, 12 distinct"], {"z": PADDED}),
    ),
    both(
        "integers too large for a double",
        {"z": IDS},
        Kept(["'z' is text, 0 missing, 12 distinct"], {"z": list(map(str, IDS))}),
    ),
    both(
        "integers too large for 128 bits",
        {"z": [n * 10**12 for n in LARGE]},
        Kept(["'z' is text, 0 missing, 12 distinct"], {"z": [str(n * 10**12) for n in LARGE]}),
        {"z": [str(n * 10**12) for n in LARGE]},
    ),
    both(
        "integers too large for 64 bits",
        {"z": LARGE},
        Kept(["'z' is text, 0 missing, 12 distinct"], {"z": list(map(str, LARGE))}),
        {"z": list(map(Decimal, LARGE))},
    ),
    both(
        "a decimal comma",
        {"z": COMMAS},
        Warned(
            ["note: z is text, but its cells are numbers with a decimal comma: set data.decimal"],
            {"z": COMMAS},
        ),
    ),
    both(
        "a decimal comma, declared",
        {"z": COMMAS},
        Kept(["'z' is double, 0 missing, 12 distinct"], {"z": [n + 0.25 for n in range(N)]}),
        data={"decimal": ","},
        clean={"types": {"x": {"type": "double", "decimal": "."}}},
    ),
    both(
        "thousands separators",
        {"z": [f"{n + 1},000.5" for n in range(N)]},
        Warned(
            ["note: z is text, but its cells are numbers with marks between the digits"],
            {"z": [f"{n + 1},000.5" for n in range(N)]},
        ),
    ),
    both(
        "a comma that may mark thousands or decimals",
        {"z": THOUSANDS},
        Warned(["note: z is text, but its cells are numbers with"], {"z": THOUSANDS}),
    ),
    both(
        "dates as text",
        {"z": DAYS},
        Warned(["note: z is text, but its cells are dates"], {"z": DAYS}),
    ),
    both(
        "dates in several formats",
        {"z": SEVERAL},
        Warned(["note: z is text, but its cells are dates, in several formats"], {"z": SEVERAL}),
    ),
    both(
        "true and false in words",
        {"z": ["yes", "No", "TRUE"] * 4},
        Mended(
            ["4 mended: z: written as one category (3.0 is 3, TRUE is true)"],
            {"z": ["yes", "No", "true"] * 4},
        ),
    ),
    both(
        "categories that differ only in case",
        {"z": ["red", "Red", "blue"] * 4},
        Warned(
            ["note: z: 'Red' and 'red' look alike: if they are one, say so in clean.replace"],
            {"z": ["red", "Red", "blue"] * 4},
        ),
    ),
    both(
        "white space around texts",
        {"z": ["red ", "red", " blue"] * 4},
        Mended(
            ["8 mended: z: white space trimmed", "'z' is text, 0 missing, 2 distinct"],
            {"z": ["red", "red", "blue"] * 4},
        ),
    ),
    both(
        "an accent written in two ways",
        {"z": ["é", "e\u0301", "u"] * 4},
        Warned(["note: z: 'e\\u0301' and '\\xe9' look alike"], {"z": ["é", "e\u0301", "u"] * 4}),
    ),
    both(
        "hexadecimal numbers and underscores",
        {"z": ["0x1F", "1_000", "0b1"] * 4},
        Kept(["'z' is text, 0 missing, 3 distinct"], {"z": ["0x1F", "1_000", "0b1"] * 4}),
    ),
    both(
        "a spreadsheet's formula",
        {"z": ["=cmd()", "+1+1", "@sum"] * 4},
        Kept(["'z' is text, 0 missing, 3 distinct"], {"z": ["=cmd()", "+1+1", "@sum"] * 4}),
    ),
    both(
        "one value only",
        {"z": [1] * N},
        Warned(["note: z has one value only"], {"z": [1] * N}),
    ),
    both(
        "a column twice under two names",
        {"z": X},
        Warned(["note: z holds the same as x: name one in clean.drop_columns"], {"z": X}),
    ),
    both(
        "a feature that is the target",
        {"z": Y},
        Warned(["note: z holds the same as the target y: it gives the answer away"], {"z": Y}),
    ),
    both(
        "every row twice",
        {"x": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6], "y": list("aabbaabbaabb")},
        Mended(["6 rejected: duplicate"], {"x": [1, 2, 3, 4, 5, 6]}),
    ),
    both(
        "18,000 categories",
        {"x": list(range(MANY)), "z": KINDS, "y": ["no", "yes"] * (MANY // 2)},
        Refused("free text is no feature, but there is 'z' (18000 different", "split"),
    ),
]
