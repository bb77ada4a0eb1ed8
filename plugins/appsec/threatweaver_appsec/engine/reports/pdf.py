r"""Results as PDF: text in the standard fonts on A4, written to a file; nothing in it is a link or runs.

What those fonts cannot show is spelled out (\u202e), and with it what a reader could be misled by.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import getFont
from reportlab.pdfgen.canvas import Canvas

from threatweaver_appsec.engine.agent import Severity
from threatweaver_appsec.engine.findings import Finding
from threatweaver_appsec.engine.reports.result import WORST_FIRST, Result

rl_config.useA85 = 0  # streams as bytes: a text of them takes longer than all the rest
MARGIN = 56.0  # points
LONGEST = 5_000  # characters of one text; the JSON report has all of them
MOST_REASONS = 200
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Style:
    """A font, the space above its text, and its color; sizes in points."""

    font: str
    size: float
    above: float = 0.0
    color: tuple[float, float, float] = (0.1, 0.1, 0.15)
    keep: int = 1
    """Lines that have to fit on the page with it."""


TITLE = Style("Helvetica-Bold", 20, keep=4)
HEAD = Style("Helvetica-Bold", 14, above=18, keep=4)
TEXT = Style("Helvetica", 10, above=4)
STRONG = Style("Helvetica-Bold", 10, above=4)
CODE = Style("Courier", 8, above=4, color=(0.2, 0.25, 0.35))
FOOT = Style("Helvetica", 8, color=(0.45, 0.45, 0.5))
COLORS = {
    Severity.CRITICAL: (0.55, 0.0, 0.15),
    Severity.HIGH: (0.75, 0.15, 0.1),
    Severity.MEDIUM: (0.75, 0.45, 0.0),
    Severity.LOW: (0.3, 0.4, 0.1),
    Severity.INFO: (0.2, 0.35, 0.6),
}


def write(result: Result, file: BinaryIO) -> None:
    """Write the report: the verdict, every finding with its proof, and what was not tested."""
    paper = Paper(file, f"Scan of {result.base}")
    paper.put(TITLE, f"Scan of {result.base}")
    paper.put(STRONG, f"{result.state}{f': {result.reason}' if result.reason else ''}")
    counts = Counter(finding.severity for finding in result.findings)
    said = ", ".join(f"{counts[severity]} {severity}" for severity in WORST_FIRST if counts[severity])
    paper.put(TEXT, f"Findings: {said or 'none'}.")
    paper.put(TEXT, f"{result.requests} requests in {result.seconds:.0f} seconds.")
    if result.chains:
        paper.put(HEAD, "Attack chains")
    for chain in result.chains:
        paper.put(STRONG, f"{chain.severity}: {chain.title}")
        paper.put(TEXT, chain.story)
    for finding in result.findings:
        _finding(paper, finding)
    _not_tested(paper, result)
    paper.close()


def _finding(paper: "Paper", finding: Finding) -> None:
    color = COLORS[finding.severity]
    paper.put(Style(HEAD.font, HEAD.size, HEAD.above, color, 6), f"{finding.severity}: {finding.title}")
    paper.put(CODE, finding.place)
    paper.put(TEXT, f"CWE-{finding.cwe}, {finding.owasp}. Shown {finding.shown} of {finding.of} times.")
    paper.put(TEXT, finding.says)
    if finding.excerpt:
        paper.put(CODE, finding.excerpt)
    paper.put(TEXT, finding.description)
    paper.put(STRONG, "Remedy")
    paper.put(TEXT, finding.remedy)
    if finding.curl:
        paper.put(STRONG, "Again with")
        paper.put(CODE, finding.curl)


def _not_tested(paper: "Paper", result: Result) -> None:
    left = result.coverage.get("not_tested", ())
    paper.put(HEAD, "Not tested")
    reasons: dict[str, list[str]] = {}
    for one in left:
        reasons.setdefault(str(one["why"]), []).append(str(one["what"]))
    for why, what in list(reasons.items())[:MOST_REASONS]:
        more = f", and {len(what) - 3} more" if len(what) > 3 else ""
        paper.put(TEXT, f"{', '.join(what[:3])}{more}: {why}")
    if not left:
        paper.put(TEXT, "Nothing was left out.")


class Paper:
    """Pages that are filled from the top. A page that is full is compressed; the rest is not held twice."""

    def __init__(self, file: BinaryIO, title: str) -> None:
        self._canvas = Canvas(file, pagesize=A4, pageCompression=1, invariant=1)
        self._canvas.setTitle(shown(title))
        self._canvas.setAuthor("ThreatWeaver")
        self._width, self._height = A4[0] - 2 * MARGIN, A4[1]
        self._title, self._page = shown(title)[:100], 1
        self._y = self._height - MARGIN

    def put(self, style: Style, text: str) -> None:
        """Write a text below what is there, on as many pages as it takes."""
        leading = style.size * 1.3
        if self._y - style.above - leading * style.keep < MARGIN:
            self._turn()
        self._y -= style.above
        lines = list(wrapped(shown(text), style, self._width))
        while lines:
            room = int((self._y - MARGIN) / leading)
            if room < 1:
                self._turn()
                continue
            self._lines(style, lines[:room], leading)
            lines = lines[room:]

    def close(self) -> None:
        """Write the end of the file."""
        self._foot()
        self._canvas.save()

    def _lines(self, style: Style, lines: list[str], leading: float) -> None:
        block = self._canvas.beginText(MARGIN, self._y - style.size)
        block.setFont(style.font, style.size, leading)
        block.setFillColorRGB(*style.color)
        for line in lines:
            block.textLine(line)
        self._canvas.drawText(block)
        self._y -= leading * len(lines)

    def _turn(self) -> None:
        self._foot()
        self._canvas.showPage()
        self._page += 1
        self._y = self._height - MARGIN

    def _foot(self) -> None:
        block = self._canvas.beginText(MARGIN, MARGIN / 2)
        block.setFont(FOOT.font, FOOT.size)
        block.setFillColorRGB(*FOOT.color)
        block.textLine(f"ThreatWeaver · {self._title} · page {self._page}")
        self._canvas.drawText(block)


def shown(text: str) -> str:
    """Return a text in the characters that the fonts have, the others spelled out, cut where it is long."""
    cut = text[:LONGEST].replace("\r\n", "\n").replace("\t", "    ")
    cut = _CONTROL.sub(lambda char: f"\\x{ord(char[0]):02x}", cut)
    kept = cut.encode("cp1252", "backslashreplace").decode("cp1252")
    return kept if len(text) <= LONGEST else f"{kept}\n[{len(text) - LONGEST} more characters]"


def wrapped(text: str, style: Style, width: float) -> Iterator[str]:
    """Yield lines of a text as `shown` returns it, broken at blanks where that is possible."""
    widths: list[int] = getFont(style.font).widths
    room = width * 1000 / style.size
    for line in text.split("\n"):
        sizes = [widths[code] for code in line.encode("cp1252")]
        start = at = used = 0
        blank = -1
        while at < len(line):
            used += sizes[at]
            if used > room and at > start:
                end = blank if blank > start else at
                yield line[start:end]
                start = at = end + (end == blank)
                used, blank = 0, -1
                continue
            if line[at] == " ":
                blank = at
            at += 1
        yield line[start:]
