"""Looking for the proof that a target may be scanned: a TXT record, a file, a meta tag."""

import asyncio
import secrets
import socket
import struct
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

from threatweaver.sdk import OutboundFailed, OutboundRefused, outbound_request
from threatweaver_appsec.engine.scope import origin_of
from threatweaver_appsec.targets import service
from threatweaver_appsec.targets.allowed import AllowList
from threatweaver_appsec.targets.models import Target

if TYPE_CHECKING:
    from threatweaver.sdk import Context

_TXT, _PATIENCE = 16, 5.0


async def look(ctx: "Context", target: Target, method: str, allow: AllowList) -> str | None:
    """Return why a proof is not there, None where it is."""
    said = service.instructions(target, allow)
    if method == "dns":
        return await _dns(said["dnsName"], said["dnsValue"])
    url = said["fileUrl"] if method == "file" else target.base_url
    try:
        async with outbound_request(ctx.kernel, "GET", url) as answer:
            status, body = answer.status, (await answer.read()).decode("utf-8", "replace")
            ended = origin_of(str(answer.url))
    except (OutboundFailed, OutboundRefused) as error:
        return error.message[:300]
    if ended != origin_of(url):
        return "The target sends elsewhere: a proof has to be on its own origin."
    if status != 200:
        return f"The target answered {status}."
    if method == "file":
        return None if body.strip() == said["fileContent"] else "The file has another content."
    return None if target.verification_token in _tokens(body) else "The page has no such meta tag."


class _Meta(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the contents of our tags."""
        said = dict(attrs)
        if tag == "meta" and said.get("name") == "threatweaver-verification":
            self.found.add(said.get("content") or "")


def _tokens(page: str) -> set[str]:
    parser = _Meta()
    parser.feed(page)
    return parser.found


async def _dns(name: str | None, value: str) -> str | None:
    if name is None:
        return "An address has no TXT records."
    try:
        found = await asyncio.to_thread(txt_records, name)
    except (OSError, ValueError, UnicodeError):
        return "The name server did not answer."
    return None if value in found else f"{name} has no such TXT record."[:300]


def txt_records(name: str, server: str | None = None, port: int = 53) -> list[str]:
    """Return the TXT records of a name. Raises OSError, ValueError for what is no answer."""
    asked, question = secrets.randbelow(1 << 16), _question(name)
    packet = struct.pack("!6H", asked, 0x0100, 1, 0, 0, 0) + question
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.settimeout(_PATIENCE)
        held.connect((server or _name_server(), port))
        held.send(packet)
        answer = held.recv(4096)
    try:
        return _read(answer, asked, len(question))
    except (IndexError, struct.error):
        raise ValueError("malformed answer") from None


def _name_server() -> str:
    for line in Path("/etc/resolv.conf").read_text(encoding="ascii", errors="replace").splitlines():
        word, _, rest = line.partition(" ")
        if word == "nameserver" and ":" not in rest:
            return rest.strip()
    raise OSError("no name server")


def _question(name: str) -> bytes:
    labels = [label.encode("idna") for label in name.split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0" + struct.pack("!2H", _TXT, 1)


def _read(answer: bytes, asked: int, question: int) -> list[str]:
    number, flags, _, count, _, _ = struct.unpack("!6H", answer[:12])
    if number != asked or not flags & 0x8000:
        raise ValueError("answer to another question")
    at, found = 12 + question, []
    for _ in range(count):
        while (length := answer[at]) and length < 0xC0:
            at += length + 1
        at += 2 if answer[at] >= 0xC0 else 1
        kind, _, _, size = struct.unpack("!HHIH", answer[at : at + 10])
        data, at = answer[at + 10 : at + 10 + size], at + 10 + size
        if kind == _TXT:
            found.append(_joined(data))
    return found


def _joined(data: bytes) -> str:
    parts, at = [], 0
    while at < len(data):
        parts.append(data[at + 1 : at + 1 + data[at]])
        at += data[at] + 1
    return b"".join(parts).decode("utf-8", "replace")
