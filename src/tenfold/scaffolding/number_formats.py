"""Numbers in disguise: money, percents, units, thousands marks, brackets, limits of detection."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, NamedTuple

# A column holds numbers if at most this share of its cells says otherwise, or a single cell.
MAX_ODD_SHARE = 0.01
# Words of an affix, at most so long: `USD`, `mg/dL`, `employees`.
MAX_AFFIX = 20
# A unit that is not listed below stands in most cells, behind a space: `12 rooms`.
MIN_UNIT_SHARE = 0.9

# Texts are numbers in a way that is not known if most hold digits, and these are most signs.
MIN_WITH_DIGITS, MIN_DIGITS = 0.9, 0.4

# Longer integers are not exact as doubles.
MAX_DIGITS = 15

SPACE = " \t\u00a0\u2007\u2009\u202f"
APOSTROPHES = "'\u2019"
MINUS = "\\-\u2212"
CELL = re.compile(
    rf"(?P<open>\()?\s*(?P<limit>[<>]=?|[≤≥])?\s*(?P<sign>[+{MINUS}])?\s*"
    rf"(?P<before>[^\d\s()<>=+{MINUS}][^\d()<>=+{MINUS}]{{0,7}}?)??\s*(?P<inner>[+{MINUS}])?\s*"
    rf"(?P<digits>\d(?:[\d.,{SPACE}{APOSTROPHES}]*\d)?[.,]?|[.,]\d+)(?P<exponent>[eE][+-]?\d+)?"
    rf"(?P<gap>\s*)(?P<after>[^\d\s(){MINUS}][^()]{{0,{MAX_AFFIX}}}?)?\s*(?P<close>[){MINUS}])?"
)
# Spellings of one currency or unit, the first of which stands for all of them here.
CURRENCIES = [
    *("$ usd us$ dollar dollars", "€ eur euro euros", "£ gbp", "¥ jpy cny rmb yuan yen 円 元"),
    *("₹ inr rs rs. rupees", "chf fr. sfr", "kr kr. sek nok dkk", "r$ brl", "a$ au$ aud"),
    *("c$ ca$ cad", "zł pln zl", "₽ rub", "₩ krw", "₺ try tl", "₫ vnd", "฿ thb", "₪ ils"),
    *("kč czk", "ft huf", "s$ sgd", "hk$ hkd", "nz$ nzd", "r zar", "₦ ngn", "₱ php", "mxn", "idr"),
    *("₴ uah", "lei ron", "aed", "sar", "¢ cents"),
]
UNITS = [
    *("kg kgs kilogram kilo", "g gr gram grams", "mg", "µg μg ug mcg", "ng", "lb lbs pound pounds"),
    *("oz ounces", "t ton tons tonnes", "km kms kilometers kilometres", "m meter meters metres"),
    *(
        "cm",
        "mm",
        "µm μm um",
        "nm",
        "mi mile miles",
        "ft feet foot",
        '" in inch inches',
        "yd yards",
    ),
    *("m2 m² sqm qm", "km2 km²", "sqft ft2 ft²", "ha hectares", "acre acres", "m3 m³", "cm3 cm³"),
    *("l liter liters litre litres", "ml", "dl", "cl", "gal gallons", "cc", "hl"),
    *("ms", "s sec secs second seconds", "min mins minute minutes", "h hr hrs hour hours"),
    *("d day days", "week weeks wk wks", "month months mo mos mth mths", "year years yr yrs y"),
    *("°c c", "°f f", "°", "k", "hz", "khz", "mhz", "ghz", "w", "kw", "mw", "kwh", "mwh", "gwh"),
    *("v", "mv", "kv", "a", "ma", "mah", "ah", "ohm", "b bytes", "kb", "mb", "gb", "tb", "mbps"),
    *("km/h kmh kph", "mph", "m/s", "rpm", "hp bhp ps", "nm torque", "bar", "psi", "pa", "kpa"),
    *("hpa", "mmhg", "bpm", "kcal cal", "kj", "j", "n", "mg/dl", "mmol/l", "g/dl", "mg/l", "µg/l"),
    *("ppm", "ppb", "db", "px", "pcs pc", "x", "kmpl", "km/kg", "mpg", "l/100km", "bps", "pt pts"),
    *("percent pct", "g/km", "µg/m3 µg/m³", "mg/kg", "iu", "iu/l u/l", "°/s", "kg/m2 kg/m²", "mp"),
]
PERCENT = {"%"}
MULTIPLES = {
    **{"k": 1e3, "K": 1e3, "tsd": 1e3, "thousand": 1e3, "M": 1e6, "m": 1e6, "mn": 1e6, "mio": 1e6},
    **{
        "Mio": 1e6,
        "MM": 1e6,
        "million": 1e6,
        "lakh": 1e5,
        "lac": 1e5,
        "Lac": 1e5,
        "crore": 1e7,
        "Cr": 1e7,
        "B": 1e9,
    },
    **{"b": 1e9, "bn": 1e9, "Mrd": 1e9, "billion": 1e9, "T": 1e12, "tn": 1e12, "trillion": 1e12},
}
# Multiples that may also be a unit: metres, bytes, kelvin, tons.
UNSURE_MULTIPLES = {"m", "b", "B", "K", "T"}
# Units that are also codes, as of seats: 3A.
LETTERS = {"a", "b", "c", "f", "j", "k", "n", "v", "w", "x"}
# What says nothing of the number itself; a plus does so where most cells have one.
DECORATIONS = {"~", "≈", "ca.", "ca", "approx.", "*", "**", "†", ",-", ".-"}
PLUS = "+"
KINDS = {
    **{word: ("currency", line.split()[0]) for line in CURRENCIES for word in line.split()},
    **{word: ("unit", line.split()[0]) for line in UNITS for word in line.split()},
}


@dataclass(frozen=True)
class NumberFormat:
    """How the cells of a column write numbers.

    Attributes:
        cast: what `clean.types` declares; empty where the cells do not agree.
        values: number -> its cells.
        odd: texts that are no such numbers -> their cells.
        questions: what a person must decide, in words.
        notes: what the declaration does, in words.
        is_sure: whether the declaration may be made unasked.
    """

    cast: Mapping[str, Any]
    values: Mapping[float, int]
    odd: Mapping[str, int]
    questions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_sure: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether the numbers are written as most programs write them."""
        return set(self.cast) <= {"type"}


@dataclass(frozen=True)
class Marks:
    """The marks between the digits of numbers.

    Attributes:
        thousands: the mark between groups of digits, if any.
        decimal: the decimal mark.
    """

    thousands: str | None
    decimal: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Digits that are well-formed."""
        mark, point = re.escape(self.thousands or ""), re.escape(self.decimal)
        whole = "0|[1-9][0-9]*"
        if mark:
            indian = f"[1-9][0-9]?(?:{mark}[0-9]{{2}})+{mark}[0-9]{{3}}"
            whole += f"|[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{3}})+|{indian}"
        return re.compile(f"(?:{whole})(?:{point}[0-9]*)?|{point}[0-9]+")

    def number(self, digits: str) -> float:
        """The number that well-formed digits write."""
        plain = digits.replace(self.thousands, "") if self.thousands else digits
        return float(plain.replace(self.decimal, "."))


class Cell(NamedTuple):
    """A text that may be a number, taken apart."""

    word: str
    rows: int
    digits: str
    exponent: str
    negative: bool
    brackets: bool
    trailing: bool
    limit: str
    before: str
    after: str
    is_spaced: bool

    @property
    def shape(self) -> str:
        """The digits as ones, but for a leading zero."""
        return self.digits[0] + self.digits[1:].translate(ONES)


NO_CENTS = re.compile("[.,]-$")
# A number whose point groups no digits, and one whose point may.
DECIMAL_POINT = re.compile(r"[+-]?(?:[0-9]+\.(?:[0-9]{1,2}|[0-9]{4,})|0\.[0-9]+)")
ONES = str.maketrans("023456789", "111111111")
SPACES = str.maketrans({**dict.fromkeys(SPACE, " "), **dict.fromkeys(APOSTROPHES, "'")})


def detect(
    words: Mapping[str, int], decimal: str = ".", known: str | None = None
) -> NumberFormat | None:
    """How a column writes numbers, if it does.

    Args:
        words: the distinct texts of the column -> their cells.
        decimal: `data.decimal`.
        known: the decimal mark that other columns certainly have.

    Returns:
        None if most cells are no numbers.

    >>> detect({"$1,200.50": 1, "$950": 1}).cast
    {'type': 'double', 'strip': ['$'], 'thousands': ','}
    """
    total = sum(words.values())
    cells = [cell for cell in map(_taken_apart, words.items()) if cell]
    if 2 * sum(cell.rows for cell in cells) < total or not total:
        return None
    if 2 * sum(cell.rows for cell in cells if cell.limit) > total:
        return None
    affixes = Affixes.of(cells, total)
    if affixes.are_codes:
        return None
    good = [cell for cell in cells if affixes.accepts(cell)]
    if 2 * sum(cell.rows for cell in good) < total:
        return None
    marks, question = _marks(good, decimal, known)
    if marks is None:
        return None
    pattern = marks.pattern
    read = [cell for cell in good if pattern.fullmatch(cell.digits)]
    values: Counter[float] = Counter()
    for cell in read:
        values[affixes.scaled(cell, marks.number(cell.digits))] += cell.rows
    cast, notes = _cast(read, affixes, marks, decimal)
    fine = {cell.word for cell in read}
    odd = {word: rows for word, rows in words.items() if word not in fine}
    questions = [*affixes.questions, *([question] if question else [])]
    return NumberFormat(cast, values, odd, tuple(questions), tuple(notes), is_sure=affixes.is_sure)


def may_be_grouped(words: Iterable[str], decimal: str) -> bool:
    """Whether all texts are numbers of up to three digits, or of groups of three."""
    looks = re.compile(
        rf"[+-]?(?:[1-9][0-9]{{0,2}}(?:{re.escape(decimal)}[0-9]{{3}})+|[0-9]{{1,3}})"
    )
    return all(looks.fullmatch(word) for word in words)


def example_of_digits(words: Collection[str]) -> str:
    """A text of those most of which hold digits beside other signs; empty if most do not."""
    mixed = [word for word in words if _digits(word) and not (word.isascii() and word.isdigit())]
    n_digits, n_signs = sum(map(_digits, mixed)), sum(map(len, mixed))
    if len(mixed) < MIN_WITH_DIGITS * len(words) or n_digits < MIN_DIGITS * n_signs:
        return ""
    return next(iter(mixed), "")


def _digits(word: str) -> int:
    return sum(map(str.isdigit, word))


def few_odd(odd: int, total: int) -> bool:
    """Whether so few cells are odd that the others decide."""
    return odd <= max(1, MAX_ODD_SHARE * total)


def _taken_apart(item: tuple[str, int]) -> Cell | None:
    word, rows = item
    found = CELL.fullmatch(word.strip())
    if not found or bool(found["open"]) != (found["close"] == ")"):
        return None
    if len(found["digits"]) > MAX_DIGITS and found["digits"].isdecimal():
        # No number holds it exactly: an id.
        return None
    signs = [found[part] for part in ("sign", "inner") if found[part]]
    # 5,- is a price without cents.
    no_cents = NO_CENTS.search(word)
    trailing = found["close"] not in (None, ")") and not no_cents
    if len(signs) + bool(found["open"]) + trailing > 1:
        return None
    return Cell(
        word=word,
        rows=rows,
        digits=found["digits"].translate(SPACES).rstrip(",." if no_cents else ""),
        exponent=found["exponent"] or "",
        negative=signs in (["-"], ["\u2212"]),
        brackets=bool(found["open"]),
        trailing=trailing,
        limit=(found["limit"] or "")[:1].translate(str.maketrans("≤≥", "<>")),
        before=(found["before"] or "").strip(),
        after=no_cents[0] if no_cents else (found["after"] or "").strip(),
        is_spaced=bool(found["gap"]),
    )


# Chapter: what stands before and behind the digits


@dataclass
class Affixes:
    """What the cells of a column have before and behind their digits.

    Attributes:
        units: spelling -> the unit or currency it stands for.
        multiples: spelling -> factor.
        percent: whether cells are shares of a hundred.
        strip: all that is taken off, as it is spelt.
        is_sure: whether the cells agree.
        are_codes: whether letters behind the digits are no units.
    """

    units: dict[str, str] = field(default_factory=dict)
    multiples: dict[str, float] = field(default_factory=dict)
    percent: bool = False
    strip: list[str] = field(default_factory=list)
    is_sure: bool = True
    are_codes: bool = False
    questions: list[str] = field(default_factory=list)
    _known_parts: dict[str, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, cells: Iterable[Cell], total: int) -> Affixes:
        """What most cells have, as far as it can be made sense of."""
        cells = list(cells)
        found = cls()
        behind: Counter[str] = Counter()
        around: Counter[str] = Counter()
        for cell in cells:
            behind[cell.after] += cell.rows
            around[cell.before] += cell.rows
        money = any(_kind(word)[0] == "currency" for word in (*around, *behind))
        found._find_multiples(behind, money=money)
        found._find_units(cells, total)
        found._find_percent(cells, total)
        return found

    def accepts(self, cell: Cell) -> bool:
        """Whether what stands around a cell's digits is known."""
        multiple, unit = self._parts(cell.after)
        known = {*self.units, *DECORATIONS, *self.strip, ""}
        if cell.before not in known:
            return False
        return multiple in (*self.multiples, "") and (unit in known or unit in PERCENT)

    def scaled(self, cell: Cell, number: float) -> float:
        """The value of a cell whose digits are a number."""
        multiple, unit = self._parts(cell.after)
        value = float(f"{number!r}{cell.exponent}") if cell.exponent else number
        value *= self.multiples.get(multiple, 1.0)
        if self.percent and unit in PERCENT:
            value /= 100
        if cell.limit == "<":
            value /= 2
        return -value if cell.negative or cell.brackets or cell.trailing else value

    def _parts(self, after: str) -> tuple[str, str]:
        """The multiple and the unit that stand behind digits."""
        if after not in self._known_parts:
            self._known_parts[after] = self._split(after)
        return self._known_parts[after]

    def _split(self, after: str) -> tuple[str, str]:
        if after in self.multiples:
            return after, ""
        for multiple in sorted(self.multiples, key=len, reverse=True):
            rest = after.removeprefix(multiple).strip()
            if after.startswith(multiple) and _kind(rest)[0] == "currency":
                return multiple, rest
        return "", after

    def _find_multiples(self, behind: Mapping[str, int], *, money: bool) -> None:
        candidates = {}
        for after in behind:
            for multiple in sorted(MULTIPLES, key=len, reverse=True):
                rest = after.removeprefix(multiple).strip()
                if after.startswith(multiple) and (not rest or _kind(rest)[0] == "currency"):
                    candidates[multiple] = MULTIPLES[multiple]
                    break
        sure = set(candidates) - UNSURE_MULTIPLES
        several = len(candidates) > 1
        if candidates and (sure or several or money or "K" in candidates):
            self.multiples = candidates

    def _find_units(self, cells: list[Cell], total: int) -> None:
        """At most one currency and one unit; cells with another one are odd, if they are few."""
        seen: dict[str, Counter[str]] = {"currency": Counter(), "unit": Counter()}
        spelt: dict[str, Counter[str]] = {}
        common = self._common(cells, total)
        for cell in cells:
            for word in (cell.before, self._parts(cell.after)[1]):
                kind, unit = _kind(word)
                if word == cell.before and kind == "unit":
                    continue
                if not kind and word and unit == common:
                    kind = "unit"
                if kind:
                    seen[kind][unit] += cell.rows
                    spelt.setdefault(unit, Counter())[word] += cell.rows
                elif word in DECORATIONS:
                    self.strip.append(word)
        for units in seen.values():
            if not units:
                continue
            (most, _), *others = units.most_common()
            few = few_odd(sum(rows for _, rows in others), total)
            for unit in [most] if few else list(units):
                self.units |= dict.fromkeys(spelt[unit], unit)
                self.strip += [word for word, _ in spelt[unit].most_common()]
            if not few:
                self.is_sure = False
                self.are_codes = self.are_codes or bool(LETTERS & set(units))
                listed = ", ".join(f"{unit} ({rows} cells)" for unit, rows in units.most_common())
                self.questions.append(f"several units: {listed}")
        plus = sum(cell.rows for cell in cells if cell.after == PLUS)
        if plus >= MIN_UNIT_SHARE * total:
            self.strip.append(PLUS)
        self.strip = list(dict.fromkeys(self.strip))

    def _common(self, cells: list[Cell], total: int) -> str | None:
        """A word that is not listed and stands behind most numbers, as a unit does."""
        words: Counter[str] = Counter()
        for cell in cells:
            word = self._parts(cell.after)[1]
            apart = cell.is_spaced or not word[:1].isalpha()
            digits = any(map(str.isdecimal, word))
            if word and apart and not digits and word not in DECORATIONS | PERCENT:
                words[_kind(word)[1]] += cell.rows
        for word, rows in words.most_common(1):
            if rows >= MIN_UNIT_SHARE * total:
                return word
        return None

    def _find_percent(self, cells: list[Cell], total: int) -> None:
        shares = [cell for cell in cells if self._parts(cell.after)[1] in PERCENT]
        bare = [cell for cell in cells if not cell.after and not cell.before]
        n_shares, n_bare = (sum(cell.rows for cell in part) for part in (shares, bare))
        if not n_shares:
            return
        if few_odd(n_bare, total):
            self.percent = True
            return
        # A bare share is at most one: 5% beside 0.05 cannot be told from 5% beside 0.05%.
        self.is_sure = not all(re.fullmatch(r"[01]?([.,]\d*)?", cell.digits) for cell in bare)
        self.strip += dict.fromkeys(self._parts(cell.after)[1] for cell in shares)
        self.questions.append(
            f"{n_shares} cells have a percent sign ({shares[0].word!r}) and {n_bare} have none "
            f"({bare[0].word!r})"
        )


@cache
def _kind(affix: str) -> tuple[str, str]:
    """Whether an affix is a currency, a unit or neither, and what it stands for."""
    plain = affix.casefold()
    for word in (plain, plain.rstrip("."), plain.replace(" ", "")):
        if word in KINDS:
            return KINDS[word]
    if plain.startswith(("/", "per ")) and not any(map(str.isdecimal, plain)):
        return "unit", plain.removeprefix("per ").strip("/ ")
    return "", plain.rstrip(".").removesuffix("s")


# Chapter: the marks between the digits


def _marks(cells: list[Cell], decimal: str, known: str | None) -> tuple[Marks | None, str]:
    """The marks that fit almost all cells, and a question if two readings do."""
    shapes: Counter[str] = Counter()
    for cell in cells:
        shapes[cell.shape] += cell.rows
    total = sum(shapes.values())
    seen = {mark for shape in shapes for mark in shape if mark != "1" and mark != "0"}
    fits = {}
    for thousands in (None, *sorted(seen)):
        points = {".": [","], ",": ["."]}.get(
            thousands or "", [decimal, *sorted(seen & {".", ","})]
        )
        for point in dict.fromkeys(points):
            marks = Marks(thousands, point)
            fits[marks] = sum(n for shape, n in shapes.items() if marks.pattern.fullmatch(shape))
    good = [marks for marks, rows in fits.items() if few_odd(total - rows, total)]
    if not good:
        return None, ""
    # A mark that no cell needs is none.
    needed = [m for m in good if not any(_is_simpler(other, m, fits) for other in good)]
    best = max(needed, key=lambda marks: fits[marks])
    for rival in needed:
        unsure = next((one for one in cells if _differ(one.digits, best, rival)), None)
        if unsure is None:
            continue
        grouped = next((marks for marks in (best, rival) if marks.thousands is not None), None)
        plain = next((marks for marks in (best, rival) if marks.thousands is None), None)
        if grouped and plain:
            return _decided(cells, unsure, grouped, plain, known)
    return best, ""


def _is_simpler(one: Marks, other: Marks, fits: Mapping[Marks, int]) -> bool:
    """Whether `one` does with fewer marks what `other` does."""
    if one == other or fits[one] < fits[other]:
        return False
    same_point = one.decimal == other.decimal
    return same_point and one.thousands is None and other.thousands is not None


def _differ(digits: str, one: Marks, other: Marks) -> bool:
    """Whether two readings make different numbers of the same digits."""
    both = one.pattern.fullmatch(digits) and other.pattern.fullmatch(digits)
    return bool(both) and one.number(digits) != other.number(digits)


def _decided(
    cells: list[Cell], one: Cell, grouped: Marks, plain: Marks, known: str | None
) -> tuple[Marks, str]:
    """Which of two readings of a mark before three digits is likelier: 1,200 or 1.2."""
    mark = plain.decimal
    marked = [cell for cell in cells if mark in cell.digits]
    bare = [cell for cell in cells if mark not in cell.digits]
    # Three digits without a mark go on where four with one begin.
    n_bare, n_marked = (sum(cell.rows for cell in part) for part in (bare, marked))
    continues = 2 * sum(cell.rows for cell in bare if len(cell.digits) >= 3) > n_bare
    round_ones = 2 * sum(cell.rows for cell in marked if cell.digits[-1] == "0") > n_marked
    grouping_shows = continues or round_ones
    if (mark == "." or known == mark) and not grouping_shows:
        return plain, ""
    beside = f" beside {bare[0].word!r}" if bare else ""
    ways = [f"{grouped.number(one.digits):g} (thousands: {mark!r})"]
    ways.insert(int(known != mark), f"{plain.number(one.digits):g} (decimal: {mark!r})")
    chosen = plain if known == mark else grouped
    return chosen, f"{one.word!r}{beside} is read as {ways[0]}: or is it {ways[1]}?"


# Chapter: what is declared


def _cast(
    cells: list[Cell], affixes: Affixes, marks: Marks, decimal: str
) -> tuple[dict[str, Any], list[str]]:
    """The declaration of `clean.types` and, in words, what in it is a choice."""
    cast: dict[str, Any] = {"type": "double"}
    notes = []
    if affixes.strip:
        cast["strip"] = affixes.strip
    if marks.thousands is not None:
        cast["thousands"] = marks.thousands
    if marks.decimal != decimal and (
        marks.thousands == decimal or any(marks.decimal in cell.digits for cell in cells)
    ):
        cast["decimal"] = marks.decimal
    if affixes.percent:
        cast["percent"] = True
    if affixes.multiples:
        cast["multiples"] = {word: int(by) for word, by in affixes.multiples.items()}
    if any(cell.brackets for cell in cells):
        cast["negative"] = "brackets"
    elif any(cell.trailing for cell in cells):
        cast["negative"] = "trailing"
    limits = sum(cell.rows for cell in cells if cell.limit)
    if limits:
        cast["detection_limit"] = "half"
        one = next(cell.word for cell in cells if cell.limit)
        notes.append(f"{limits} cells such as {one}: half of it; or limit, zero, missing")
    return cast, notes
