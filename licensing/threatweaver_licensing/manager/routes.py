"""The API: paths, scopes, and what each answers."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web
from tortoise.connection import get_connection

from threatweaver_licensing.claims import JTI
from threatweaver_licensing.manager import customers as customer_service
from threatweaver_licensing.manager import licenses, schemas, signing
from threatweaver_licensing.manager.errors import NotFound
from threatweaver_licensing.manager.http import Handler, actor, answer, body, file, guarded
from threatweaver_licensing.manager.licenses import Found
from threatweaver_licensing.manager.models import AuditLine, Customer, ListIssue
from threatweaver_licensing.manager.signing import Signer
from threatweaver_licensing.revocations import read_unverified_list

SIGNER: Final = web.AppKey("signer", Signer)


async def health(request: web.Request) -> web.Response:
    """Whether the manager can work; needs no token."""
    await get_connection("default").execute_query("SELECT 1")
    return answer({"status": "ok", "kid": request.app[SIGNER].public.kid})


async def create_customer(request: web.Request) -> web.Response:
    """Add a customer."""
    name, contact = schemas.customer(await body(request))
    made = await customer_service.create(name, contact, actor(request))
    return answer({"data": _customer(made)}, status=201)


async def list_customers(request: web.Request) -> web.Response:
    """Customers by name."""
    search, page, limit = schemas.customers(_query(request))
    found, total = await customer_service.find(search, page, limit)
    return answer({"data": [_customer(item) for item in found], "meta": _meta(page, limit, total)})


async def issue(request: web.Request) -> web.Response:
    """Issue a license."""
    order = schemas.order(await body(request))
    return _made(await licenses.issue(order, request.app[SIGNER], actor(request)))


async def list_licenses(request: web.Request) -> web.Response:
    """Licenses, the last issued first."""
    asked = schemas.search(_query(request))
    found, total = await licenses.find(asked)
    meta = _meta(asked.page, asked.limit, total)
    return answer({"data": [_license(item) for item in found], "meta": meta})


async def get_license(request: web.Request) -> web.Response:
    """A license, its claims, and the line it stands in: what it renews and what renews it."""
    schemas.nothing(_query(request))
    found, line = await licenses.get(_jti(request))
    history = [_license(item) for item in line]
    return answer({"data": _license(found) | {"claims": found.claims.to_payload(), "history": history}})


async def download(request: web.Request) -> web.Response:
    """The license file for the customer."""
    schemas.nothing(_query(request))
    row = await licenses.download(_jti(request), actor(request))
    name = re.sub(r"[^A-Za-z0-9]+", "-", row.customer.name).strip("-").lower() or "customer"
    return file(f"{row.token}\n", f"{name}-{row.expires_at.date()}.license")


async def renew(request: web.Request) -> web.Response:
    """Issue a license anew with a later end."""
    renewal = schemas.renewal(await body(request))
    return _made(await licenses.renew(_jti(request), renewal, request.app[SIGNER], actor(request)))


async def revoke(request: web.Request) -> web.Response:
    """Take a license back for good."""
    reason = schemas.revocation(await body(request))
    found, listed = await licenses.revoke(_jti(request), reason, request.app[SIGNER], actor(request))
    return answer({"data": _license(found) | {"listSeq": listed.seq}})


async def revocations(request: web.Request) -> web.Response:
    """The revocation list in force."""
    schemas.nothing(_query(request))
    listed = await _list()
    entries = [
        {"jti": entry.jti, "at": entry.at, "reason": entry.reason}
        for entry in read_unverified_list(listed.token).entries
    ]
    shown = {"seq": listed.seq, "issuedAt": listed.issued_at, "kid": listed.kid, "entries": entries}
    return answer({"data": shown})


async def revocations_file(request: web.Request) -> web.Response:
    """The signed revocation list for deployments."""
    schemas.nothing(_query(request))
    listed = await _list()
    return file(f"{listed.token}\n", f"revocations-{listed.seq}.jwt")


async def keys(request: web.Request) -> web.Response:
    """The keys of the ring, and until when deployments need each."""
    schemas.nothing(_query(request))
    return answer({"data": await signing.keys()})


async def keys_file(request: web.Request) -> web.Response:
    """The ring for deployments (TW_LICENSE_KEYS)."""
    schemas.nothing(_query(request))
    return file(await signing.needed(datetime.now(UTC)), "threatweaver-license-keys.pem")


async def audit(request: web.Request) -> web.Response:
    """The audit log from a line on."""
    after, limit = schemas.audit(_query(request))
    lines = await AuditLine.filter(seq__gt=after).order_by("seq").limit(limit)
    return answer({"data": [_line(item) for item in lines], "meta": {"limit": limit}})


TABLE: Final[Sequence[tuple[str, str, str, Handler]]] = (
    ("POST", "/api/customers", "issue", create_customer),
    ("GET", "/api/customers", "read", list_customers),
    ("POST", "/api/licenses", "issue", issue),
    ("GET", "/api/licenses", "read", list_licenses),
    ("GET", "/api/licenses/{jti}", "read", get_license),
    ("GET", "/api/licenses/{jti}/file", "read", download),
    ("POST", "/api/licenses/{jti}/renew", "issue", renew),
    ("POST", "/api/licenses/{jti}/revoke", "revoke", revoke),
    ("GET", "/api/revocations", "lists", revocations),
    ("GET", "/api/revocations/file", "lists", revocations_file),
    ("GET", "/api/keys", "lists", keys),
    ("GET", "/api/keys/file", "lists", keys_file),
    ("GET", "/api/audit", "audit", audit),
)
"""Method, path, the scope that a client needs, and the handler."""


def add_to(app: web.Application) -> None:
    """Mount every path."""
    app.router.add_route("GET", "/health", health)
    for method, path, scope, handler in TABLE:
        app.router.add_route(method, path, guarded(scope, handler))


def _query(request: web.Request) -> dict[str, str]:
    names = [name for name, _ in request.query.items()]  # a multidict's keys come once each
    if twice := [name for name in names if names.count(name) > 1]:
        raise schemas.repeated(twice[0])
    return dict(request.query)


def _jti(request: web.Request) -> str:
    jti = request.match_info["jti"]
    if not JTI.fullmatch(jti):
        raise NotFound
    return jti


async def _list() -> ListIssue:
    found = await ListIssue.all().order_by("-seq").first()
    if found is None:
        raise NotFound  # serve signs a first list before it listens
    return found


def _made(found: Found) -> web.Response:
    headers = {"Location": f"/api/licenses/{found.row.jti}"}
    return answer({"data": _license(found)}, status=201, headers=headers)


def _customer(row: Customer) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "contact": row.contact, "createdAt": row.created_at}


def _license(found: Found) -> dict[str, Any]:
    row, state, revoked = found.row, found.evaluation, found.revoked
    return {
        "jti": row.jti,
        "customer": row.customer.name,
        "reference": row.reference,
        "type": row.type,
        "modules": found.claims.to_payload()["modules"],
        "seats": found.claims.seats,
        "state": state.state.value,
        "reason": state.reason,
        "nextChangeAt": state.next_change_at,
        "issuedAt": row.issued_at,
        "notBefore": row.not_before,
        "expiresAt": row.expires_at,
        "kid": row.key_id,
        "issuedBy": row.issued_by,
        "renews": row.renews_id,
        "renewedBy": found.renewed_by,
        "revokedAt": revoked and revoked.at,
        "revokedReason": revoked and revoked.reason,
    }


def _line(row: AuditLine) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "at": row.at,
        "actor": row.actor,
        "action": row.action,
        "target": row.target,
        "details": json.loads(row.details),
        "requestId": row.request_id,
        "address": row.address,
        "hash": row.hash,
    }


def _meta(page: int, limit: int, total: int) -> dict[str, int]:
    return {"page": page, "limit": limit, "total": total, "totalPages": -(-total // limit)}
