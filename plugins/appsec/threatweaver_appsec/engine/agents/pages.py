"""Pages: how they send passwords, what they load, and what of a user's a cache or another site may keep."""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from urllib.parse import parse_qsl, urljoin, urlsplit

from lxml import html

from threatweaver_appsec.engine.agent import About, Agent, Proof, Safety, Severity, Watcher
from threatweaver_appsec.engine.agents.headers import page_of
from threatweaver_appsec.engine.answers import PRIVATE_KEY, document_of, leaves, redacted
from threatweaver_appsec.engine.messages import Exchange

SESSION_IN_URL = re.compile(
    r"^(jsessionid|phpsessid|sid|session_?id|access_?token|auth_?token|id_token|api_?key)$", re.IGNORECASE
)
CALLBACK = re.compile(r"^(callback|jsonp|cb|jsonpcallback)$", re.IGNORECASE)
MOST_TEXT = 1_000_000


def _tree(exchange: Exchange) -> html.HtmlElement | None:
    if page_of(exchange) is None:
        return None
    try:
        return html.fromstring(exchange.text[:MOST_TEXT])
    except (ValueError, AssertionError, html.etree.LxmlError):
        return None


def _password_forms(exchange: Exchange) -> Iterator[tuple[html.HtmlElement, str, html.HtmlElement]]:
    """Yield each form that takes a password, where it leads, and the field."""
    tree = _tree(exchange)
    for form in tree.iter("form") if tree is not None else ():
        field = next(
            (one for one in form.iter("input") if (one.get("type") or "").lower() == "password"), None
        )
        if field is not None:
            yield form, urljoin(exchange.request.url, form.get("action") or ""), field


def _by_get(exchange: Exchange) -> Iterator[Proof]:
    for form, action, field in _password_forms(exchange):
        if (
            (form.get("method") or "get").lower() == "get"
            and form.get("onsubmit") is None
            and form.get("action")
        ):
            says = f"A form of {exchange.request.parts.path} sends its password by GET, to {action[:99]}."
            yield Proof(says, _markup(field), (exchange,))


def _in_clear(exchange: Exchange) -> Iterator[Proof]:
    for _, action, field in _password_forms(exchange):
        if urlsplit(action).scheme == "http" and not is_local(urlsplit(action).hostname or ""):
            says = f"A form of {exchange.request.parts.path} sends its password over HTTP, to {action[:99]}."
            yield Proof(says, _markup(field), (exchange,))


def is_local(host: str) -> bool:
    """Return whether a host is this machine, whose traffic nobody else reads."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _remembered(exchange: Exchange) -> Iterator[Proof]:
    for form, _, field in _password_forms(exchange):
        wanted = (field.get("autocomplete") or form.get("autocomplete") or "").lower()
        if wanted == "on":
            yield Proof("A password field asks browsers to fill it in.", _markup(field), (exchange,))


def _mixed(exchange: Exchange) -> Iterator[Proof]:
    tree = _tree(exchange)
    if tree is None or exchange.request.parts.scheme != "https":
        return
    for element in tree.iter("script", "iframe", "link", "object", "embed"):
        place = element.get("src") or element.get("data") or ""
        if element.tag == "link" and (element.get("rel") or "").lower() == "stylesheet":
            place = element.get("href") or ""
        if place.lower().startswith("http://"):
            says = f"The page at {exchange.request.parts.path} loads a {element.tag} over plain HTTP."
            yield Proof(says, place[:200], (exchange,))
            return


def _foreign(exchange: Exchange) -> Iterator[Proof]:
    tree = _tree(exchange)
    for element in tree.iter("script") if tree is not None else ():
        place = urlsplit(urljoin(exchange.request.url, element.get("src") or ""))
        if (
            place.hostname
            and place.hostname != exchange.request.parts.hostname
            and not element.get("integrity")
        ):
            says = f"The page runs a script of {place.hostname}, and does not say which one it expects."
            yield Proof(says, (element.get("src") or "")[:200], (exchange,), key=place.hostname)


def _kept(exchange: Exchange) -> Iterator[Proof]:
    response = exchange.response
    if response is None or not exchange.identity or response.status != 200:
        return
    control = (response.header("Cache-Control") or "").lower()
    private = [
        path[-1]
        for path, value in leaves(document_of(exchange))
        if path and value and PRIVATE_KEY.search(path[-1])
    ]
    if private and ("public" in control or "s-maxage" in control):
        says = f"Shared caches may keep {private[0]} of a signed-in user at {exchange.request.parts.path}."
        yield Proof(says, f"Cache-Control: {control}", (exchange,))


def _wrapped(exchange: Exchange) -> Iterator[Proof]:
    response = exchange.response
    if (
        response is None
        or not exchange.identity
        or response.status != 200
        or "javascript" not in response.media_type
    ):
        return
    for name, value in parse_qsl(exchange.request.parts.query):
        if CALLBACK.match(name) and re.match(
            rf"\s*(/\*\*/\s*)?(typeof {re.escape(value)}.{{0,60}})?{re.escape(value)}\(\s*[\[{{]",
            exchange.text,
        ):
            says = f"{exchange.request.parts.path} gives a user's data as a script, which any site may load."
            yield Proof(says, exchange.text[:160], (exchange,))


def _in_address(exchange: Exchange) -> Iterator[Proof]:
    tree = _tree(exchange)
    for element in tree.iter("a", "form") if tree is not None else ():
        target = urlsplit(urljoin(exchange.request.url, element.get("href") or element.get("action") or ""))
        pairs = parse_qsl(target.query)
        if ";jsessionid=" in target.path.lower():
            pairs.append(("jsessionid", target.path.lower().partition(";jsessionid=")[2]))
        for name, value in pairs:
            if (
                SESSION_IN_URL.match(name)
                and len(value) >= 16
                and target.hostname == exchange.request.parts.hostname
            ):
                says = (
                    f"A link of {exchange.request.parts.path} has a session or token in its address ({name})."
                )
                yield Proof(says, f"{name}={redacted(value)}", (exchange,), key=name)
                return


def _markup(element: html.HtmlElement) -> str:
    return str(html.tostring(element, encoding="unicode"))[:200]


def _watcher(
    ident: str,
    title: str,
    cwe: int,
    severity: Severity,
    look: Callable[[Exchange], Iterable[Proof]],
    *texts: str,
) -> Watcher:
    owasp = "A02:2021" if cwe in (319, 598) else "A05:2021"
    once = ident in ("foreign-script", "session-in-address")
    about = partial(About, owasp=owasp, safety=Safety.PASSIVE, per_origin=once)
    return Watcher(about(ident, title, cwe, severity, *texts), look)


AGENTS: tuple[Agent, ...] = (
    _watcher(
        "password-in-address",
        "Password is sent in the address",
        598,
        Severity.MEDIUM,
        _by_get,
        "A form sends a password by GET: it stands in logs, in the history and in the Referer.",
        "Send forms with passwords by POST.",
    ),
    _watcher(
        "password-in-clear",
        "Password is sent over plain HTTP",
        319,
        Severity.MEDIUM,
        _in_clear,
        "A form sends a password unencrypted: whoever is on the way reads it.",
        "Serve the page and the form's target over HTTPS only.",
    ),
    _watcher(
        "password-autocomplete",
        "Password field is filled in by browsers",
        522,
        Severity.INFO,
        _remembered,
        "A field asks browsers to keep and fill in the password, on shared machines, too.",
        "Say autocomplete=current-password or new-password, so that password managers decide.",
    ),
    _watcher(
        "mixed-content",
        "Page loads parts over plain HTTP",
        311,
        Severity.LOW,
        _mixed,
        "A page of an HTTPS site loads scripts, frames or styles over HTTP, where anybody can change them.",
        "Load everything over HTTPS (Content-Security-Policy: upgrade-insecure-requests).",
    ),
    _watcher(
        "foreign-script",
        "Script of another site without integrity",
        353,
        Severity.INFO,
        _foreign,
        "A page runs a script of another site, whatever that one says at the time.",
        "Say the script's hash (integrity), or serve it yourself.",
    ),
    _watcher(
        "private-cached",
        "Shared caches may keep private data",
        525,
        Severity.LOW,
        _kept,
        "An answer for a signed-in user says that shared caches may keep it.",
        "Say Cache-Control: no-store for what belongs to a user.",
    ),
    _watcher(
        "jsonp",
        "User's data is given as a script",
        346,
        Severity.LOW,
        _wrapped,
        "Data is wrapped into a call of a function that the request names: any site loads it as a script.",
        "Answer JSON, and allow other origins by CORS where needed.",
    ),
    _watcher(
        "session-in-address",
        "Session stands in addresses",
        598,
        Severity.LOW,
        _in_address,
        "A session's id or a token is part of an address: it stands in logs, histories and Referers.",
        "Keep sessions in cookies, and tokens in headers.",
    ),
)
