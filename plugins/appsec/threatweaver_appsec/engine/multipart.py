"""Fields of multipart bodies: what a form with a file sends beside the file."""

import re
from collections.abc import Sequence

from threatweaver_appsec.engine.messages import Request, header

_NAME = re.compile(rb'^Content-Disposition:[^\r\n]*?[; ]name="([^"\r\n]*)"', re.IGNORECASE | re.MULTILINE)
_FILE = re.compile(rb"^Content-Disposition:[^\r\n]*[; ]filename\*?=", re.IGNORECASE | re.MULTILINE)
MOST_PARTS = 500

Pairs = list[tuple[str, str]]


def fields_of(request: Request) -> Pairs:
    """Return name and text of each field that is no file, in their order; none of another body."""
    named = ((part, _name_of(part)) for part in _parts(request))
    return [(name, _content(part).decode("utf-8", "replace")) for part, name in named if name is not None]


def with_fields(request: Request, name: str, placed: Sequence[tuple[str, str]]) -> bytes:
    """Return the body with these fields where the name stands first, and nowhere else; else at its end."""
    mark = b"--" + _boundary(request)
    new = [_part(key, text) for key, text in placed]
    found: list[bytes] = []
    at = None
    for part in _parts(request):
        if _name_of(part) != name:
            found.append(part)
        elif at is None:
            at = len(found)
    at = len(found) if at is None else at
    return b"".join(mark + part for part in (*found[:at], *new, *found[at:])) + mark + b"--\r\n"


def _parts(request: Request) -> list[bytes]:
    """Each part, from behind its delimiter to the next one."""
    boundary = _boundary(request)
    if request.media_type != "multipart/form-data" or not boundary:
        return []
    pieces = (b"\r\n" + request.body).split(b"\r\n--" + boundary, MOST_PARTS)[1:-1]
    return [piece + b"\r\n" for piece in pieces if b"\r\n\r\n" in piece]


def _boundary(request: Request) -> bytes:
    said = header(request.headers, "Content-Type") or ""
    found = re.search(r"boundary=\"?([^\";]{1,200})", said, re.IGNORECASE)
    return found[1].strip().encode("latin-1", "replace") if found else b""


def _name_of(part: bytes) -> str | None:
    """The name of a field; None for a file, and for what has no name."""
    head = part.partition(b"\r\n\r\n")[0]
    found = _NAME.search(head)
    return found[1].decode("utf-8", "replace") if found and not _FILE.search(head) else None


def _content(part: bytes) -> bytes:
    return part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")


def _part(name: str, text: str) -> bytes:
    quoted = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    head = f'\r\nContent-Disposition: form-data; name="{quoted}"\r\n\r\n'
    return f"{head}{text}\r\n".encode("utf-8", "replace")
