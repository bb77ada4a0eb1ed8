"""Mass assignment: fields that a client should not set, sent along and read back."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from threatweaver_appsec.engine.accounts import (
    fields,
    fresh,
    key_of,
    marked,
    register,
    registrations,
    session_as,
    sign_in,
    texts,
    writings,
)
from threatweaver_appsec.engine.agent import (
    About,
    Agent,
    Nonce,
    Operation,
    Prober,
    Proof,
    Safety,
    Severity,
    Site,
    Suspicion,
)
from threatweaver_appsec.engine.answers import around, document_of, objects, wearing
from threatweaver_appsec.engine.messages import Exchange, Headers, Request
from threatweaver_appsec.engine.points import Point, Where, put
from threatweaver_appsec.engine.references import items, reads

PRIVILEGE = re.compile(
    r"admin|role|privilege|permission|staff|superuser|moderator|verified|approved|confirmed|premium|credit"
    r"|balance|paid|discount|quota|is_?active|enabled|plan$|level$|group|scope|account_?type|owner_?id|tenant",
    re.IGNORECASE,
)
SWITCH = re.compile(r"admin|is_|verified|active|enabled|staff|approved|confirmed|paid$", re.IGNORECASE)
MOST_FIELDS = 6
MOST_READ = 20
MOST_WRITTEN = 40
Found = tuple[Exchange, dict[str, Any]]
"""An answer, and the object in it that was written."""


async def _write(
    site: Site, op: Operation, extra: Mapping[str, Any], session: Headers, nonce: Nonce
) -> tuple[Exchange, str, Headers] | None:
    """Write something new with these fields more; return the answer, its mark, and whose eyes may see it."""
    if any(op is registration for registration in registrations(site)):
        account = await register(site, nonce, extra, op)
        if account is None or account.created is None:
            return None
        return account.created, account.username, await sign_in(site, account) or session
    mark = nonce.word(12)
    request = _marked(await fresh(site, op, session), mark)
    for key, value in extra.items():
        where = _where(request)
        request = put(request, Point(where, key if where is Where.FORM else f"/{key}"), value)
    answer = await site.send(request)
    return (answer, mark, session) if 200 <= answer.status < 400 else None


def _marked(request: Request, mark: str) -> Request:
    for point in texts(request):
        request = put(request, point, marked(point, mark))
    return request


async def _read_back(site: Site, answer: Exchange, mark: str, session: Headers) -> list[Found]:
    """Return the objects that have the mark: in the answer itself, and wherever something is read."""
    seen = [answer]
    seen += [await site.send(wearing(request, session)) for request in _readers(site, answer, mark)]
    return [
        (exchange, found)
        for exchange in seen
        for found in objects(document_of(exchange))
        if any(isinstance(value, str) and mark in value for value in found.values())
    ]


def _readers(site: Site, answer: Exchange, mark: str) -> Iterator[Request]:
    ids = [
        value
        for found in objects(document_of(answer))
        for key, value in found.items()
        if key.lower() in ("id", "_id", "uuid") and isinstance(value, int | str)
    ]
    structured = [op for op in site.operations if _answers_json(op)]
    for item in islice(items(structured), MOST_READ):
        yield item.of(mark)
        if ids:
            yield item.of(ids[0])
    yield from islice((op.request for op in structured if reads(op)), MOST_READ)


def _answers_json(op: Operation) -> bool:
    """Return whether an operation answers JSON, as far as is known: of a page, no field can be read back."""
    response = op.baseline.response
    return response is None or response.status >= 400 or "json" in response.media_type


@dataclass(frozen=True)
class Field:
    """A field of what was written: by which answer, where it was read, and its value there."""

    answer: Exchange
    seen: Exchange
    value: Any
    mark: str


async def _field(
    site: Site,
    op: Operation,
    key: str,
    session: Headers,
    nonce: Nonce,
    extra: Mapping[str, Any] | None = None,
) -> Field | None:
    """Write, and return a field of what was written; None where it cannot be read back."""
    written = await _write(site, op, extra or {}, session, nonce)
    if written is None:
        return None
    answer, mark, eyes = written
    for seen, found in await _read_back(site, answer, mark, eyes):
        if key in found:
            return Field(answer, seen, found[key], mark)
    return None


async def _sets(
    site: Site, op: Operation, key: str, session: Headers, nonce: Nonce, *, sends: bool = True
) -> Proof | None:
    """Show that a field takes another value than it had; without having sent it, for the control."""
    before = await _field(site, op, key, session, nonce)
    if before is None:
        return None
    wished = _other(key, before.value, nonce)
    after = await _field(site, op, key, session, nonce, {key: wished} if sends else None)
    if after is None or not _equal(after.value, wished):
        return None
    request, reader = op.request, after.seen.request.parts.path
    return Proof(
        says=f"{request.method} {request.parts.path} takes the field {key}, which its clients do not "
        f"send: what was written has {key} = {after.value!r} at {reader}.",
        excerpt=around(after.seen.text, after.mark),
        exchanges=(after.answer, after.seen),
        point=Point(_where(request), key if _where(request) is Where.FORM else f"/{key}"),
        key=key,
    )


def _where(request: Request) -> Where:
    return Where.FORM if any(point.where is Where.FORM for point in fields(request)) else Where.JSON


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return str(one).lower() in (str(other).lower(), str(int(bool(other))))
    return bool(str(one) == str(other))


def _other(key: str, value: Any, nonce: Nonce) -> Any:
    """Return what a client would like to have instead of a value."""
    if isinstance(value, bool) or (value in (0, 1) and SWITCH.search(key)):
        return type(value)(not value)
    if isinstance(value, int | float):
        return nonce.number(1_000, 999_999)
    return "admin" if value != "admin" else "user"


async def _assignment(site: Site, nonce: Nonce) -> AsyncIterator[Suspicion]:
    """Write once as clients do; what the result has beyond that is sent along then, with other values."""
    session = await session_as(site, next(iter(site.identities))) if site.identities else ()
    registering = list(registrations(site))
    for op in islice((*registering, *writings(site)), MOST_WRITTEN):
        for key in await _keys(site, op, session, nonce):
            if await _sets(site, op, key, session, nonce):
                yield Suspicion(
                    shows=partial(_sets, site, op, key, session),
                    control=partial(_sets, site, op, key, session, sends=False),
                    operation=op,
                )
                break


async def _keys(site: Site, op: Operation, session: Headers, nonce: Nonce) -> list[str]:
    """Return the fields of what is written that look like privileges, and that clients do not send."""
    written = await _write(site, op, {}, session, nonce)
    if written is None:
        return []
    sent = {key_of(point) for point in fields(op.request)}
    keys = [
        key
        for _, found in await _read_back(site, *written)
        for key, value in found.items()
        if key not in sent and PRIVILEGE.search(key) and isinstance(value, bool | int | float | str)
    ]
    return list(dict.fromkeys(keys))[:MOST_FIELDS]


AGENTS: tuple[Agent, ...] = (
    Prober(
        About(
            id="mass-assignment",
            title="Fields that clients should not set are taken",
            cwe=915,
            owasp="API3:2023",
            severity=Severity.HIGH,
            safety=Safety.INTRUSIVE,
            description="The operation writes whatever fields a request has into the object, privileges "
            "and balances included.",
            remedy="Take the fields that clients may set from the request by name, and refuse all others.",
        ),
        _assignment,
    ),
)
