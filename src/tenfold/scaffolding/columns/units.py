"""Currencies, units, multiples and other signs beside a number."""

from __future__ import annotations

from functools import cache

# Spellings of one currency or unit, the first of which stands for all of them; a comma, or the end
# of a line, ends them.
CURRENCIES = """
$ usd us$ dollar dollars, € eur euro euros, £ gbp, ¥ jpy cny rmb yuan yen 円 元
₹ inr rs rs. rupees, chf fr. sfr, kr kr. sek nok dkk, r$ brl, a$ au$ aud, c$ ca$ cad, zł pln zl
₽ rub, ₩ krw, ₺ try tl, ₫ vnd, ฿ thb, ₪ ils, kč czk, ft huf, s$ sgd, hk$ hkd, nz$ nzd, r zar
₦ ngn, ₱ php, mxn, idr, ₴ uah, lei ron, aed, sar, ¢ cents
"""
UNITS = """
kg kgs kilogram kilo, g gr gram grams, mg, µg μg ug mcg, ng, lb lbs pound pounds, oz ounces
t ton tons tonnes, km kms kilometers kilometres, m meter meters metres, cm, mm, µm μm um, nm
mi mile miles, ft feet foot, " in inch inches, yd yards, m2 m² sqm qm, km2 km², sqft ft2 ft²
ha hectares, acre acres, m3 m³, cm3 cm³, l liter liters litre litres, ml, dl, cl, gal gallons
cc, hl, ms, s sec secs second seconds, min mins minute minutes, h hr hrs hour hours, d day days
week weeks wk wks, month months mo mos mth mths, year years yr yrs y, °c c, °f f, °, k, hz, khz
mhz, ghz, w, kw, mw, kwh, mwh, gwh, v, mv, kv, a, ma, mah, ah, ohm, b bytes, kb, mb, gb, tb
mbps, km/h kmh kph, mph, m/s, rpm, hp bhp ps, nm torque, bar, psi, pa, kpa, hpa, mmhg, bpm
kcal cal, kj, j, n, mg/dl, mmol/l, g/dl, mg/l, µg/l, ppm, ppb, db, px, pcs pc, x, kmpl, km/kg
mpg, l/100km, bps, pt pts, percent pct, g/km, µg/m3 µg/m³, mg/kg, iu, iu/l u/l, °/s, kg/m2 kg/m²
mp
"""
PERCENT = {"%"}
# factor: the words for it.
FACTORS = {
    1e3: "k K tsd thousand",
    1e5: "lakh lac Lac",
    1e6: "M m mn mio Mio MM million",
    1e7: "crore Cr",
    1e9: "B b bn Mrd billion",
    1e12: "T tn trillion",
}
MULTIPLES = {word: factor for factor, words in FACTORS.items() for word in words.split()}
# Multiples that may also be a unit: metres, bytes, kelvin, tons.
UNSURE_MULTIPLES = {"m", "b", "B", "K", "T"}
# Units that are also codes, as of seats: 3A.
LETTERS = {"a", "b", "c", "f", "j", "k", "n", "v", "w", "x"}
# What says nothing of the number itself; a plus does so where most cells have one.
DECORATIONS = {"~", "≈", "ca.", "ca", "approx.", "*", "**", "†", ",-", ".-"}
PLUS = "+"


def _groups(listed: str) -> list[list[str]]:
    return [group.split() for group in listed.strip().replace("\n", ",").split(",")]


KINDS = {
    word: (kind, group[0])
    for kind, listed in (("currency", CURRENCIES), ("unit", UNITS))
    for group in _groups(listed)
    for word in group
}


@cache
def kind_of(affix: str) -> tuple[str, str]:
    """Whether an affix is a currency, a unit or neither, and what it stands for."""
    plain = affix.casefold()
    for word in (plain, plain.rstrip("."), plain.replace(" ", "")):
        if word in KINDS:
            return KINDS[word]
    if plain.startswith(("/", "per ")) and not any(map(str.isdecimal, plain)):
        return "unit", plain.removeprefix("per ").strip("/ ")
    return "", plain.rstrip(".").removesuffix("s")
