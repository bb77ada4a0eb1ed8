"""Which parser takes a file, told by its content."""

from collections.abc import Callable, Sequence

from threatweaver.reports import CERTAIN, ImportParser, ReportError, ReportFault

TAIL_SIZE = 4 * 1024


def detect(
    parsers: Sequence[ImportParser],
    head: bytes,
    filename: str,
    *,
    failed: Callable[[ImportParser, Exception], None],
) -> ImportParser:
    """Return the parser that is surest of a file. Raises ReportError when none is, or two are equally sure.

    One that raises is asked no more: `failed` hears of it, and the file may still be another's.
    """
    sure: list[tuple[int, ImportParser]] = []
    for parser in parsers:
        try:
            confidence = _bounded(parser.detects(head, filename))
        except Exception as error:  # noqa: BLE001 - a plugin's parser may fail in any way; it must not stop the others
            failed(parser, error)
            continue
        if confidence:
            sure.append((confidence, parser))
    if not sure:
        raise ReportError(
            ReportFault.UNSUPPORTED,
            f"this is no report of any of the {len(parsers)} formats that /imports/formats lists",
        )
    highest = max(confidence for confidence, _ in sure)
    names = [parser.name for confidence, parser in sure if confidence == highest]
    if len(names) > 1:
        raise ReportError(
            ReportFault.AMBIGUOUS, f"the parsers {' and '.join(names)} both take this file for theirs"
        )
    return next(parser for confidence, parser in sure if confidence == highest)


def _bounded(confidence: int) -> int:
    """Return 0 to 100. Raises TypeError for anything but a whole number or a bool."""
    if confidence is True:
        return CERTAIN
    if not isinstance(confidence, int):
        raise TypeError(f"a confidence is no {type(confidence).__name__}")
    return max(0, min(CERTAIN, confidence))
