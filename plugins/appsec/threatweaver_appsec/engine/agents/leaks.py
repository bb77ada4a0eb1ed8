"""What answers say of the inside that nobody needs: addresses, versions, maps, lists, notes."""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from http import HTTPStatus

from threatweaver_appsec.engine.agent import About, Agent, Proof, Safety, Severity, Watcher
from threatweaver_appsec.engine.answers import redacted
from threatweaver_appsec.engine.messages import Exchange

MOST_TEXT = 500_000
ADDRESS = re.compile(
    r"(?<![\d.\w-])(10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})(?![\d.\w-])"
)
BANNERS = ("Server", "X-Powered-By", "X-AspNet-Version", "X-AspNetMvc-Version", "X-Generator", "X-Runtime")
MAP = re.compile(r"//[#@]\s*sourceMappingURL=(?!data:)(\S{1,1000})[ \t]*$", re.MULTILINE)
COMMENT = re.compile(r"<!--((?:(?!<!--).){1,2000}?)-->", re.DOTALL)
NOTE = re.compile(
    r"(?:password|passwd|pwd|secret|api[_-]?key)\s*[:=]\s*[\"']?([^\s\"'<>]{4,60})", re.IGNORECASE
)
LISTING = re.compile(
    r"<title>Index of /|<h1>Index of /|<title>Directory listing for /|<h1>Directory: /"
    r"|\[To Parent Directory\]|<title>listing directory /",
    re.IGNORECASE,
)
UNCLAIMED = (
    ("GitHub Pages", "There isn't a GitHub Pages site here."),
    ("Amazon S3", "<Code>NoSuchBucket</Code>"),
    ("Heroku", '<iframe src="//www.herokucdn.com/error-pages/no-such-app.html">'),
    ("Azure", "404 Web Site not found."),
    ("Fastly", "Fastly error: unknown domain"),
    ("Shopify", "Sorry, this shop is currently unavailable."),
    ("Surge", "project not found"),
    ("Bitbucket", "Repository not found</title>"),
    ("Ghost", "The thing you were looking for is no longer here, or never was"),
)


def _text(exchange: Exchange) -> str:
    return exchange.text[:MOST_TEXT]


def _addresses(exchange: Exchange) -> Iterator[Proof]:
    response = exchange.response
    if response is None or (exchange.request.parts.hostname or "") == "localhost":
        return
    try:
        if not ipaddress.ip_address(exchange.request.parts.hostname or "").is_global:
            return  # a target that is inside itself says nothing new
    except ValueError:
        pass
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers)
    for text in (headers, _text(exchange)):
        for found in ADDRESS.findall(text):
            if all(int(part) < 256 for part in found.split(".")):
                yield Proof(f"The answer has the internal address {found}.", found, (exchange,), key=found)
                return


def _banners(exchange: Exchange) -> Iterator[Proof]:
    for name in BANNERS:
        value = (exchange.response.header(name) if exchange.response else None) or ""
        if re.search(r"\d", value):
            yield Proof(
                f"{name} says which version runs: {value[:80]}.",
                f"{name}: {value[:80]}",
                (exchange,),
                key=name,
            )


def _maps(exchange: Exchange) -> Iterator[Proof]:
    response = exchange.response
    if response is None or "javascript" not in response.media_type:
        return
    tail = exchange.text[-2_000:]
    found = MAP.search(tail)
    place = found[1] if found else response.header("SourceMap") or response.header("X-SourceMap")
    if place:
        yield Proof(f"The script names a map to its source: {place[:120]}.", place[:120], (exchange,))


def _notes(exchange: Exchange) -> Iterator[Proof]:
    if exchange.response is None or exchange.response.media_type != "text/html":
        return
    if exchange.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return  # the source, and what was sent, in the trace of an error
    for comment in COMMENT.findall(_text(exchange)):
        found = NOTE.search(comment)
        if found and not re.fullmatch(
            r"(\W*|\{+.*\}*|your.*|x+|\*+|none|null|true|false)", found[1], re.IGNORECASE
        ):
            says = "A comment of the page has what looks like credentials."
            yield Proof(says, found.group().replace(found[1], redacted(found[1])), (exchange,))
            return


def _listings(exchange: Exchange) -> Iterator[Proof]:
    text = exchange.text[:5_000]
    if exchange.status == 200 and (found := LISTING.search(text)) and "<a " in exchange.text.lower():
        yield Proof(f"{exchange.request.parts.path} lists the files of a folder.", found.group(), (exchange,))


def _unclaimed(exchange: Exchange) -> Iterator[Proof]:
    for service, sign in UNCLAIMED:
        if exchange.status in (404, 500, 503) and sign in exchange.text[:20_000]:
            yield Proof(
                f"The name leads to {service}, where nobody has claimed it: whoever does answers for it.",
                sign,
                (exchange,),
                key=service,
            )
            return


def _watcher(
    ident: str,
    title: str,
    cwe: int,
    severity: Severity,
    look: Callable[[Exchange], Iterable[Proof]],
    *texts: str,
) -> Watcher:
    owasp = "A05:2021"
    once = ident in ("internal-address", "version-banner", "subdomain-takeover")
    about = partial(About, owasp=owasp, safety=Safety.PASSIVE, per_origin=once)
    return Watcher(about(ident, title, cwe, severity, *texts), look)


AGENTS: tuple[Agent, ...] = (
    _watcher(
        "internal-address",
        "Internal address in an answer",
        200,
        Severity.INFO,
        _addresses,
        "An answer has an address of the inner network.",
        "Leave internal addresses out of what is answered.",
    ),
    _watcher(
        "version-banner",
        "Version of the server's software",
        200,
        Severity.INFO,
        _banners,
        "A header says which software and version answers.",
        "Turn the banner off, or leave the version out.",
    ),
    _watcher(
        "source-map",
        "Script names a map to its source",
        540,
        Severity.INFO,
        _maps,
        "A script says where the map is that leads from it to its source.",
        "Do not deploy source maps, or serve them to developers only.",
    ),
    _watcher(
        "credentials-in-comment",
        "Credentials in a comment",
        615,
        Severity.MEDIUM,
        _notes,
        "A comment in a page has a password or key.",
        "Remove the comment, and replace what it tells.",
    ),
    _watcher(
        "directory-listing",
        "Folder is listed",
        548,
        Severity.LOW,
        _listings,
        "The server lists the files of a folder that has no page of its own.",
        "Turn listings off (Options -Indexes, autoindex off).",
    ),
    _watcher(
        "subdomain-takeover",
        "Name leads to a service where nobody claims it",
        350,
        Severity.INFO,
        _unclaimed,
        "A name points to a hosting service that does not know it: a hint that anybody may claim it there.",
        "Remove the record, or claim the name at the service.",
    ),
)
