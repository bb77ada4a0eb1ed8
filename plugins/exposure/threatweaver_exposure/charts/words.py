"""Text and numbers on a chart: clean, as wide as there is room, and round."""

import math
import unicodedata

from threatweaver_exposure.charts.figure import Value

_MOST = 1e18
_STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
# Widths in em that the usual fonts without serifs do not exceed; others by kind.
_EM = {
    **dict.fromkeys("cksvxyz", 0.6),
    **dict.fromkeys("frt()[]{}`/*-", 0.42),
    **dict.fromkeys(" !',.:;Iijl|", 0.34),
    **dict.fromkeys("%@MWm—…", 1.0),
    "w": 0.83,
}
_LONGEST = 400


def clean(text: str) -> str:
    """Return a stranger's text on one line: no controls, nothing that turns it, no towers of accents."""
    kept: list[str] = []
    marks = 0
    for letter in unicodedata.normalize("NFKC", text[:_LONGEST]):
        kind = unicodedata.category(letter)
        marks = marks + 1 if kind in {"Mn", "Me"} else 0
        if kind in {"Cc", "Zs", "Zl", "Zp"}:
            kept.append(" ")
        elif kind in {"Cs", "Cn", "Co"}:
            kept.append("\N{REPLACEMENT CHARACTER}")
        elif kind != "Cf" and marks <= 1:
            kept.append(letter)
    return " ".join("".join(kept).split())


def width(text: str, size: float) -> float:
    """Return a width that text of this size does not exceed in the usual fonts without serifs."""
    return size * sum(map(_em, text))


def _em(letter: str) -> float:
    base = unicodedata.normalize("NFD", letter)[0]
    if unicodedata.category(base) in {"Mn", "Me"}:
        return 0.0
    return _EM.get(base, 0.78 if base.isupper() else 0.65) if base.isascii() else 1.2


def fit(text: str, room: float, size: float) -> str:
    """Return the text, or as much of its beginning as there is room for, and an ellipsis."""
    text = clean(text)
    if width(text, size) <= room:
        return text
    while text and width(text + "…", size) > room:
        text = text[:-1]
    return text.rstrip() + "…" if room >= width("…", size) else ""


def number(value: Value) -> str:
    """Return a number as people read it: 1,234, 12.3k, 4.5M; a dash for none."""
    value = finite(value)
    if value is None:
        return "\N{EN DASH}"
    size = abs(value)
    if size >= 1e15:
        return f"{value:.3g}"
    if size >= 1e4:
        # Rounded first, so that 999,950 becomes a million and not 1000k.
        size = float(f"{size:.3g}")
        least, letter = next(item for item in _STEPS if size >= item[0])
        return f"{math.copysign(size, value) / least:.3g}{letter}"
    if value == int(value) or size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}".rstrip("0").rstrip(".") if size < 10 else f"{value:.1f}".removesuffix(".0")


def finite(value: Value) -> Value:
    """Return a number that can be drawn, None for what is none; nothing that is counted exceeds 10^18."""
    if value is None or isinstance(value, bool) or value != value:  # noqa: PLR0124 - NaN
        return None
    return float(max(-_MOST, min(_MOST, value)))


def ticks(least: float, most: float, about: int = 5) -> list[float]:
    """Return round numbers from at most `least` to at least `most`, a 1, 2 or 5 with zeros apart."""
    span = max(most - least, 0.0)
    if span < 1e-6:
        span = max(abs(most), 1.0)
        most = least + span
    rough = span / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(least / step + 1e-9), math.ceil(most / step - 1e-9)
    return [float(f"{place * step:.12g}") for place in range(first, max(last, first + 1) + 1)]


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(text: str) -> str:
    """Return a date of JSON as an axis has it, `Jan 2`; other text as it is."""
    parts = text[:10].split("-")
    if len(parts) == 3 and all(part.isdigit() for part in parts) and 1 <= int(parts[1]) <= 12:
        return f"{_MONTHS[int(parts[1]) - 1]} {int(parts[2])}"
    return text
