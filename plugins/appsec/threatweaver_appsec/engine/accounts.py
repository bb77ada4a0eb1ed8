"""Throwaway accounts: registered by the target's own registration, so that nobody else's is touched."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urljoin

from lxml import html

from threatweaver_appsec.engine.agent import Nonce, Operation, Site
from threatweaver_appsec.engine.answers import (
    bare,
    document_of,
    failed,
    leaves,
    refused,
    same,
    session_of,
    wearing,
)
from threatweaver_appsec.engine.messages import Exchange, Headers, Request, Response
from threatweaver_appsec.engine.points import Point, Where, points_of, put
from threatweaver_appsec.engine.references import reads

PASSWORD = re.compile(r"pass(?!port)|pwd", re.IGNORECASE)
NO_PASSWORD = re.compile(
    r"^(un)?set[-_]|^(change|reset|forgot|show|save|update|remember|submit)[-_]|usable|[-_](hint|button|submit)$",
    re.IGNORECASE,
)
"""Names of buttons and choices beside a password."""
OLD_PASSWORD = re.compile(r"(old|current|existing|actual).*(pass|pwd)", re.IGNORECASE)
EMAIL = re.compile(r"e-?mail", re.IGNORECASE)
MAIL = re.compile(r"[^@\s]{1,80}@[^@\s.]{1,80}\.[^@\s]{1,80}")
USER = re.compile(r"user(?!.?(agent|id))|login|uname|nick|handle|account.?name|^name$", re.IGNORECASE)
TOKEN = re.compile(r"token|jwt|bearer|access.?key|api.?key|session.?(id|key)$", re.IGNORECASE)
REGISTERS = re.compile(
    r"regist|sign-?_?up|join\b|enroll?\b|(user|account|member)s?/(new|create|add)", re.IGNORECASE
)
COLLECTION = re.compile(r"/(users?|accounts?|members?|customers?)/?$", re.IGNORECASE)
SIGNS_IN = re.compile(r"(log|sign)-?_?(in|on)\b|/(auth|authenticate|session|sessions|token)\b", re.IGNORECASE)
SIGNS_OUT = re.compile(r"(log|sign)[-_]?(out|off)\b", re.IGNORECASE)
ANTI_FORGERY = re.compile(r"csrf|xsrf|nonce|authenticity|__requestverification|^_?token$", re.IGNORECASE)
TRIES = 5  # a scan repeated with its seed meets the names that it made before
MAYBE_TAKEN = frozenset({200, 400, 409, 422})


@dataclass(frozen=True)
class Account:
    """Somebody who exists for the test only."""

    username: str
    password: str
    email: str
    created: Exchange | None = None
    """The registration, None for somebody whom the target has already."""

    @property
    def references(self) -> tuple[Any, ...]:
        """By what the target may name the account: its names, and the ids that the registration answered."""
        answered = leaves(document_of(self.created)) if self.created else ()
        ids = [value for path, value in answered if path and is_id(path[-1])]
        return (self.username, self.email, *(value for value in ids if isinstance(value, int | str)))


def is_id(key: str) -> bool:
    """Return whether a key is an object's id, and not another's."""
    return key.lower() in ("id", "_id", "uid", "uuid", "user_id", "userid", "guid")


def key_of(point: Point) -> str:
    """Return the last part of a point's name."""
    return point.name.rpartition("/")[2]


def takes_mail(point: Point) -> bool:
    """Return whether a point takes an address of e-mail: by its name, or by the one that stands there."""
    return bool(EMAIL.search(key_of(point)) or MAIL.fullmatch(str(point.value)))


def marked(point: Point, mark: str) -> str:
    """Return a mark as the point takes it."""
    return f"{mark}@example.com" if takes_mail(point) else mark


def fields(request: Request) -> tuple[Point, ...]:
    """Return the points of a body."""
    return tuple(point for point in points_of(request) if point.where in (Where.FORM, Where.JSON))


def passwords(request: Request) -> tuple[Point, ...]:
    """Return the points of a body that take a password, and those of a link that takes it twice."""
    found = tuple(point for point in fields(request) if _is_password(point))
    if request.method != "GET":
        return found
    asked = tuple(point for point in points_of(request) if point.where is Where.QUERY)
    typed = tuple(point for point in asked if _is_password(point))
    return typed if len(typed) > 1 else found


def _is_password(point: Point) -> bool:
    return bool(PASSWORD.search(key_of(point))) and not NO_PASSWORD.search(key_of(point))


def registrations(site: Site) -> Iterator[Operation]:
    """Yield what looks like it makes an account, the clearest first."""
    candidates = [op for op in site.operations if _takes_account(op)]
    yield from (op for op in candidates if REGISTERS.search(op.request.parts.path))
    yield from (op for op in candidates if COLLECTION.search(op.request.parts.path))


def logins(site: Site) -> Iterator[Operation]:
    """Yield what looks like it signs somebody in, the clearest first."""
    for op in site.operations:
        path = op.request.parts.path
        if not _takes_account(op) or len(passwords(op.request)) != 1 or REGISTERS.search(path):
            continue
        if SIGNS_IN.search(path) or (op.page and SIGNS_IN.search(op.page)):
            yield op


def writings(site: Site) -> Iterator[Operation]:
    """Yield what writes as a signed-in user: no login, no logout, and nothing that sets a password."""
    for op in site.operations:
        writes = op.request.method in ("POST", "PUT", "PATCH") and not SIGNS_OUT.search(op.request.parts.path)
        if writes and texts(op.request) and not passwords(op.request):
            yield op


def texts(request: Request) -> tuple[Point, ...]:
    """Return the points of a body that take text: no password, no number, no token against forgery."""
    return tuple(
        point
        for point in fields(request)
        if isinstance(point.value, str)
        and not point.value.isdigit()
        and not PASSWORD.search(key_of(point))
        and not ANTI_FORGERY.search(key_of(point))
    )


def _takes_account(op: Operation) -> bool:
    if op.request.method not in ("POST", "PUT") or not passwords(op.request):
        return False
    return any(
        USER.search(key_of(point)) or EMAIL.search(key_of(point)) for point in fields(op.request)
    ) and not any(OLD_PASSWORD.search(key_of(point)) for point in fields(op.request))


def filled(request: Request, username: str, password: str, email: str) -> Request:
    """Return a registration or login for an account; what is empty else gets the name, too."""
    for point in fields(request):
        key = key_of(point)
        if PASSWORD.search(key):
            request = put(request, point, password)
        elif takes_mail(point):
            request = put(request, point, email)
        elif USER.search(key) or point.value == "":
            request = put(request, point, username)
    return request


async def register(
    site: Site, nonce: Nonce, extra: Mapping[str, Any] | None = None, op: Operation | None = None
) -> Account | None:
    """Make an account, with further fields where asked; None where the target does not make one."""
    for candidate in [op] if op else registrations(site):
        for _ in range(TRIES if await is_open(site, candidate) else 0):
            word, password = nonce.word(10), f"Aa1-{nonce.word(10)}"
            email = f"{word}@example.com"
            request = filled(await fresh(site, candidate), word, password, email)
            where = Where.FORM if any(point.where is Where.FORM for point in fields(request)) else Where.JSON
            for key, value in (extra or {}).items():
                request = put(request, Point(where, key if where is Where.FORM else f"/{key}"), value)
            created = await site.send(request)
            if made(created):
                return Account(word, password, email, created)
            if created.status not in MAYBE_TAKEN:
                break
    return None


async def is_open(site: Site, op: Operation) -> bool:
    """Return whether nobody in particular is shown the page of a form."""
    return not op.page or (await site.send(Request("GET", op.page))).status in range(200, 300)


def made(created: Exchange) -> bool:
    """Return whether a registration was taken; many lead to the login then, and none of a bad one does."""
    return 300 <= created.status < 400 or (200 <= created.status < 300 and not refused(created))


async def sign_in(site: Site, account: Account, password: str | None = None) -> Headers | None:
    """Return the session of an account, None when its login is refused."""
    answer = await login_answer(site, account, password)
    return await session_from(site, answer) if answer else None


async def session_from(site: Site, answer: Exchange) -> Headers:
    """Return the session that a login's answer gives."""
    token = token_in(answer)
    return (*([await _header_for(site, token)] if token else []), *cookies_of(answer))


async def login_answer(site: Site, account: Account, password: str | None = None) -> Exchange | None:
    """Return what an account's login is answered, None when it is refused."""
    async for answer in login_answers(site, account, password):
        return answer
    return None


async def login_answers(site: Site, account: Account, password: str | None = None) -> AsyncIterator[Exchange]:
    """Yield what each login answers an account that takes it.

    A login counts when it answers otherwise than with a wrong password, and gives a token or a cookie.
    """
    given = account.password if password is None else password
    for op in logins(site):
        request = await fresh(site, op)
        answer = await site.send(filled(request, account.username, given, account.email))
        wrong = await site.send(filled(request, account.username, given[::-1] + "x", account.email))
        if failed(answer) or same(answer, wrong, least=1.0):
            continue
        if (token_in(answer) and token_in(wrong) is None) or (cookies_of(answer) and not refused(answer)):
            yield answer


def token_in(exchange: Exchange) -> str | None:
    """Return the token that a login answered."""
    for path, value in leaves(document_of(exchange)):
        if (
            path
            and TOKEN.search(path[-1])
            and isinstance(value, str)
            and len(value) > 15
            and " " not in value
        ):
            return value
    return None


async def _header_for(site: Site, token: str) -> tuple[str, str]:
    """Say the token as the scan's own identities say theirs."""
    for identity in list(site.identities)[:1]:
        for name, value in await session_as(site, identity):
            if name.lower() != "cookie" and len(value.rpartition(" ")[2]) > 15:
                scheme = value.rpartition(" ")[0]
                return (name, f"{scheme} {token}".strip())
    return ("Authorization", f"Bearer {token}")


async def session_as(site: Site, identity: str) -> Headers:
    """Return the headers that make an identity's session now."""
    readers = (op.request for op in site.operations if reads(op))
    return session_of(await site.send(bare(next(readers, Request("GET", site.base))), identity=identity))


def set_cookies(response: Response | None) -> Iterator[tuple[str, str]]:
    """Yield the name and value of each cookie that a response sets."""
    for name, value in response.headers if response else ():
        if name.lower() == "set-cookie":
            jar: SimpleCookie = SimpleCookie()
            try:
                jar.load(value.partition(";")[0])
            except CookieError:
                continue
            yield from ((key, morsel.coded_value) for key, morsel in jar.items())


def cookies_of(exchange: Exchange) -> Headers:
    """Return the Cookie header after an exchange: what its request had, and what its response set."""
    jar: dict[str, str] = {}
    for name, value in exchange.request.headers:
        if name.lower() == "cookie":
            jar |= {key.strip(): text for key, _, text in (part.partition("=") for part in value.split(";"))}
    jar |= dict(set_cookies(exchange.response))
    return (("Cookie", "; ".join(f"{key}={text}" for key, text in jar.items())),) if jar else ()


async def fresh(site: Site, op: Operation, session: Headers = ()) -> Request:
    """Return the operation's request for this session, hidden fields and cookies of its form taken anew."""
    request = wearing(op.request, session)
    if not op.page or not any(point.where is Where.FORM for point in points_of(request)):
        return request
    page = await site.send(wearing(Request("GET", op.page), session))
    for name, value in hidden_fields(page, request.url).items():
        if any(point.name == name for point in fields(request)):
            request = put(request, Point(Where.FORM, name), value)
    if cookies := cookies_of(page):
        request = replace(request, headers=(*request.with_header("Cookie", None).headers, *cookies))
    return request


def hidden_fields(page: Exchange, action: str) -> dict[str, str]:
    """Return the hidden fields of the form on a page that is sent to this URL."""
    try:
        tree = html.fromstring(page.text)
    except (ValueError, AssertionError, html.etree.LxmlError):
        return {}
    for form in tree.iter("form"):
        if urljoin(page.request.url, form.get("action") or "").partition("#")[0] == action:
            return {
                str(field.get("name")): str(field.get("value") or "")
                for field in form.iter("input")
                if field.get("name") and (field.get("type") or "").lower() == "hidden"
            }
    return {}
