"""Colors of light and dark, as style sheets that never change: a security policy names their digests."""

import base64
import hashlib
from collections.abc import Mapping

THEMES = ("light", "dark")

_FONT = '-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif'
_LIGHT = {
    "paper": "#ffffff", "ink": "#1b2430", "muted": "#566273", "grid": "#e3e8ee", "axis": "#97a3b1",
    "critical": "#97132f", "high": "#d9480f", "medium": "#bf7a06", "low": "#2b6cb0", "info": "#77869a",
    "good": "#2b8a57", "warn": "#bf7a06", "bad": "#b3261e", "idle": "#8793a3",
    "s1": "#2563ab", "s2": "#cf5f0c", "s3": "#7c4dbd", "s4": "#0c7f8a", "s5": "#b02a5b", "s6": "#6b7280",
    "h0": "#f0f3f7", "h1": "#d6e4f3", "h2": "#a9c9e6", "h3": "#72a6d4", "h4": "#2f6fae", "h5": "#173f73",
    "on0": "#1b2430", "on1": "#1b2430", "on2": "#1b2430", "on3": "#0f1720", "on4": "#fff", "on5": "#fff",
}  # fmt: skip
_DARK = {
    "paper": "#12181f", "ink": "#e8edf3", "muted": "#a3b0bf", "grid": "#28323d", "axis": "#5d6b7a",
    "critical": "#f2607f", "high": "#f58a4b", "medium": "#efc14a", "low": "#5fa8ea", "info": "#94a3b5",
    "good": "#52c489", "warn": "#efc14a", "bad": "#f36d63", "idle": "#7f8d9d",
    "s1": "#6aaef2", "s2": "#f5994f", "s3": "#b794f0", "s4": "#45c4cf", "s5": "#f07aa6", "s6": "#9aa6b4",
    "h0": "#1b232c", "h1": "#1d3550", "h2": "#22517f", "h3": "#2f74b3", "h4": "#6caae4", "h5": "#bcdcf8",
    "on0": "#e8edf3", "on1": "#e8edf3", "on2": "#fff", "on3": "#fff", "on4": "#0c1218", "on5": "#0c1218",
}  # fmt: skip
_SHAPE = f"""
.tw text{{font-family:{_FONT};font-size:12px}}
.tw .title{{font-size:17px;font-weight:600}}
.tw .big{{font-size:30px;font-weight:600}}
.tw .line{{fill:none;stroke-width:2.25;stroke-linejoin:round;stroke-linecap:round}}
.tw .grid{{stroke-width:1}}.tw .axis{{stroke-width:1}}.tw .mark{{stroke-width:2.5}}
.tw .arc{{fill:none;stroke-width:24}}
"""


def _colors(palette: Mapping[str, str]) -> str:
    tones = [name for name in palette if not name.startswith(("on", "paper", "ink", "muted", "grid", "axis"))]
    rules = [
        f".tw .paper{{fill:{palette['paper']}}}",
        f".tw .edge{{stroke:{palette['paper']};stroke-width:1.5}}",
        f".tw text{{fill:{palette['ink']}}}",
        f".tw .muted{{fill:{palette['muted']}}}",
        f".tw .grid{{stroke:{palette['grid']}}}",
        f".tw .axis{{stroke:{palette['axis']}}}",
        f".tw .mark{{stroke:{palette['ink']}}}",
        f".tw .rest{{stroke:{palette['grid']}}}",
        f".tw .plate{{fill:{palette['h0']}}}",
        *(f".tw .f-{name}{{fill:{palette[name]}}}.tw .l-{name}{{stroke:{palette[name]}}}" for name in tones),
        *(f".tw text.on{step}{{fill:{palette[f'on{step}']}}}" for step in range(6)),
    ]
    return "\n".join(rules) + "\n"


SHEETS: Mapping[str | None, str] = {
    "light": _SHAPE + _colors(_LIGHT),
    "dark": _SHAPE + _colors(_DARK),
    None: f"{_SHAPE}{_colors(_LIGHT)}@media (prefers-color-scheme:dark){{\n{_colors(_DARK)}}}\n",
}
"""The sheet of a theme; that of None follows the reader's system."""


def policy() -> str:
    """Return a content security policy that lets a chart have these sheets and nothing else."""
    digests = [hashlib.sha256(sheet.encode()).digest() for sheet in SHEETS.values()]
    sources = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        f"default-src 'none'; style-src {sources}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; sandbox"
    )
