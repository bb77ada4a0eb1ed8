"""Headers that browsers protect users by: once for each origin, as a server's configuration says them."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from threatweaver_appsec.engine.agent import About, Agent, Proof, Safety, Severity, Watcher
from threatweaver_appsec.engine.messages import Exchange, Response

HALF_A_YEAR = 15_552_000
STATE_FORM = re.compile(r"<form[^>]+method\s*=\s*[\"']?post", re.IGNORECASE)
LEAKING_REFERRERS = ("unsafe-url", "no-referrer-when-downgrade")
SCRIPT_HOSTS = re.compile(r"^(\*|https?:|data:|blob:|\*\.\w+|https?://\*)$")


def page_of(exchange: Exchange) -> Response | None:
    """Return an answer that a browser shows as a page of the application, None when it is none."""
    response = exchange.response
    if response is None or response.media_type not in ("text/html", "application/xhtml+xml"):
        return None
    return response if 200 <= response.status < 300 and response.body.strip() else None


def policy_of(response: Response) -> dict[str, list[str]]:
    """Return the directives of the Content-Security-Policy; the first of a name counts, as in browsers."""
    directives: dict[str, list[str]] = {}
    for name, value in response.headers:
        if name.lower() == "content-security-policy":
            for part in value.split(";"):
                words = part.split()
                if words:
                    directives.setdefault(words[0].lower(), [word.lower() for word in words[1:]])
    return directives


def _missing_policy(exchange: Exchange) -> Iterator[Proof]:
    page = page_of(exchange)
    if page and not policy_of(page):
        yield _proof(exchange, "The page has no Content-Security-Policy.", _said(page))


def _weak_policy(exchange: Exchange) -> Iterator[Proof]:
    page = page_of(exchange)
    policy = policy_of(page) if page else {}
    if page and policy and (weak := list(_weaknesses(policy))):
        yield _proof(
            exchange,
            f"The Content-Security-Policy lets scripts in: {'; '.join(weak)}.",
            page.header("Content-Security-Policy") or "",
        )


def _weaknesses(policy: dict[str, list[str]]) -> Iterator[str]:
    scripts = policy.get("script-src", policy.get("default-src"))
    if scripts is None:
        yield "neither script-src nor default-src"
        return
    strict = any(word.startswith(("'nonce-", "'sha256-", "'sha384-", "'sha512-")) for word in scripts)
    if "'unsafe-inline'" in scripts and not strict:  # browsers ignore it beside a nonce
        yield "script-src has 'unsafe-inline'"
    if "'strict-dynamic'" not in scripts:
        yield from (f"script-src has {word}" for word in scripts if SCRIPT_HOSTS.match(word))
    if "object-src" not in policy and policy.get("default-src") != ["'none'"] and not strict:
        allowed = policy.get("default-src", ["*"])
        if "*" in allowed:
            yield "object-src is not limited"


def _framed(exchange: Exchange) -> Iterator[Proof]:
    page = page_of(exchange)
    if page is None or "frame-ancestors" in policy_of(page):
        return
    option = (page.header("X-Frame-Options") or "").strip().upper()
    if option in ("DENY", "SAMEORIGIN"):
        return
    acts = bool(exchange.identity) and bool(STATE_FORM.search(page.text))
    proof = _proof(exchange, "The page may be shown inside another site's frame.", _said(page))
    yield Proof(
        proof.says + (" It has a form that acts for the signed-in user." if acts else ""),
        proof.excerpt,
        proof.exchanges,
        severity=Severity.LOW if acts else None,
    )


def _no_hsts(exchange: Exchange) -> Iterator[Proof]:
    page = page_of(exchange)
    if page is None or exchange.request.parts.scheme != "https":
        return
    value = page.header("Strict-Transport-Security")
    age = re.search(r"max-age\s*=\s*\"?(\d+)", value or "", re.IGNORECASE)
    if value is None:
        yield _proof(exchange, "The answer has no Strict-Transport-Security.", _said(page))
    elif age is None or int(age[1][:12]) < HALF_A_YEAR:
        yield _proof(exchange, "Strict-Transport-Security ends within half a year.", value)


def _sniffed(exchange: Exchange) -> Iterator[Proof]:
    page = page_of(exchange)
    if page and (page.header("X-Content-Type-Options") or "").strip().lower() != "nosniff":
        yield _proof(exchange, "The answer does not say X-Content-Type-Options: nosniff.", _said(page))


def _referred(exchange: Exchange) -> Iterator[Proof]:
    page = page_of(exchange)
    value = ((page.header("Referrer-Policy") if page else None) or "").lower()
    last = value.split(",")[-1].strip()
    if page and last in LEAKING_REFERRERS:
        yield _proof(exchange, f"Referrer-Policy {last} gives whole URLs to other sites.", value)


def _proof(exchange: Exchange, says: str, excerpt: str) -> Proof:
    return Proof(says, excerpt, (exchange,))


def _said(response: Response) -> str:
    """Return the headers of an answer, as proof of what is not among them."""
    kept = (f"{name}: {value[:80]}" for name, value in response.headers if name.lower() != "set-cookie")
    return "\n".join(kept)[:600]


def _watcher(
    ident: str, title: str, cwe: int, texts: tuple[str, str], look: Callable[[Exchange], Iterable[Proof]]
) -> Watcher:
    about = partial(About, owasp="A05:2021", safety=Safety.PASSIVE, per_origin=True)
    return Watcher(about(ident, title, cwe, Severity.INFO, *texts), look)


AGENTS: tuple[Agent, ...] = (
    _watcher(
        "csp-missing",
        "No Content-Security-Policy",
        693,
        (
            "Nothing limits where the pages' scripts come from, so that one injection runs any script.",
            "Send a Content-Security-Policy with a nonce for scripts, object-src 'none' and base-uri 'none'.",
        ),
        _missing_policy,
    ),
    _watcher(
        "csp-weak",
        "Content-Security-Policy stops no script",
        693,
        (
            "The policy allows inline scripts or scripts from anywhere, which is what it should prevent.",
            "Replace 'unsafe-inline' and wildcards by nonces or hashes, with 'strict-dynamic'.",
        ),
        _weak_policy,
    ),
    _watcher(
        "clickjacking",
        "Pages can be framed by other sites",
        1021,
        (
            "Another site can show the pages in a frame and have users click there without knowing.",
            "Send Content-Security-Policy: frame-ancestors 'self' (or 'none').",
        ),
        _framed,
    ),
    _watcher(
        "hsts",
        "No Strict-Transport-Security",
        319,
        (
            "A browser's first request may go over plain HTTP, where somebody on the way can answer it.",
            "Send Strict-Transport-Security: max-age=31536000; includeSubDomains.",
        ),
        _no_hsts,
    ),
    _watcher(
        "nosniff",
        "Media types may be guessed",
        693,
        (
            "Without nosniff, browsers may take what users uploaded as a script or page.",
            "Send X-Content-Type-Options: nosniff with every answer.",
        ),
        _sniffed,
    ),
    _watcher(
        "referrer-policy",
        "URLs are given to other sites",
        200,
        (
            "The Referrer-Policy gives whole URLs, with what stands in their queries, to other sites.",
            "Send Referrer-Policy: strict-origin-when-cross-origin.",
        ),
        _referred,
    ),
)
