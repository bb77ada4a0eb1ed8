"""Who may do what: objects and functions of others, members that are not to be set, races."""

import asyncio
import secrets
import time
from typing import Any

from aiohttp import web

from lab.case import Case, Handler, Parameter, Route
from lab.pages import answer, document
from lab.world import USERS, need_user, world

_ORDERS = {
    1001: {"owner": "alice", "item": "Lamp", "street": "1 Alice Lane"},
    1002: {"owner": "bob", "item": "Table", "street": "2 Bob Road"},
    1003: {"owner": "alice", "item": "Chair", "street": "1 Alice Lane"},
}
_WINDOW = 0.1  # seconds between looking and taking
_REFILL = 1.0  # seconds until a bonus may be taken again


async def _orders(request: web.Request) -> web.Response:
    user = need_user(request)
    return answer({"orders": [number for number, order in _ORDERS.items() if order["owner"] == user]})


def _order(*, checked: bool) -> Handler:
    async def order(request: web.Request) -> web.Response:
        user = need_user(request)
        number = request.match_info["order"]
        found = _ORDERS.get(int(number)) if number.isdecimal() and len(number) < 10 else None
        if found is None or (checked and found["owner"] != user):
            return answer({"error": f"no order {number} of {user}"}, 404)
        return answer({"order": int(number), **found, "trace": secrets.token_hex(8)})

    return order


def _profile(*, strict: bool) -> Handler:
    async def profile(request: web.Request) -> web.Response:
        user = need_user(request)
        content = await document(request)
        mine = world(request).state["profiles"].setdefault(user, {"name": user, "city": "", "role": "user"})
        allowed = {key: value for key, value in content.items() if not strict or key in {"name", "city"}}
        mine.update({key: allowed[key] for key in mine.keys() & allowed.keys()})
        ignored = sorted(content.keys() - mine.keys())
        return answer({**mine, "ignored": ignored})

    return profile


async def _read_profile(request: web.Request) -> web.Response:
    user = need_user(request)
    mine = world(request).state["profiles"].get(user, {"name": user, "city": "", "role": "user"})
    return answer(mine)


def _customers(*, checked: bool) -> Handler:
    async def customers(request: web.Request) -> web.Response:
        user = need_user(request)
        if checked and user != "admin":
            return answer({"error": "administrators only"}, 403)
        return answer({"customers": [{"name": name, "email": f"{name}@example.com"} for name in USERS]})

    return customers


_INVOICES = [{"number": 71, "customer": "alice", "iban": "XX00 0000 0000 0071", "total": 310}]


async def _invoices_vulnerable(_request: web.Request) -> web.Response:
    return answer({"invoices": _INVOICES})


async def _invoices_safe(request: web.Request) -> web.Response:
    if need_user(request) != "alice":
        return answer({"invoices": []})
    return answer({"invoices": _INVOICES})


async def _bonus_vulnerable(request: web.Request) -> web.Response:
    user = need_user(request)
    taken = world(request).state["bonus"]
    if time.monotonic() - taken.get(user, 0) < _REFILL:
        return answer({"error": "taken already"}, 409)
    await asyncio.sleep(_WINDOW)  # as long as a payment service takes to answer
    taken[user] = time.monotonic()
    return _paid(request, user)


async def _bonus_safe(request: web.Request) -> web.Response:
    user = need_user(request)
    taken = world(request).state["bonus"]
    if time.monotonic() - taken.get(user, 0) < _REFILL:
        return answer({"error": "taken already"}, 409)
    taken[user] = time.monotonic()  # nothing is awaited between looking and taking
    await asyncio.sleep(_WINDOW)
    return _paid(request, user)


def _paid(request: web.Request, user: str) -> web.Response:
    wallets: dict[str, Any] = world(request).state["wallets"]
    wallets[user] = wallets.get(user, 0) + 5
    return answer({"paid": 5, "balance": wallets[user]})


async def _wallet(request: web.Request) -> web.Response:
    user = need_user(request)
    return answer({"balance": world(request).state["wallets"].get(user, 0)})


CASES: tuple[Case, ...] = (
    Case(
        name="bola",
        kind="bola",
        cwe=639,
        owasp="API1:2023",
        title="Orders of others",
        method="GET",
        path="/api/orders/{order}",
        parameter=Parameter("order", "path"),
        sample={"order": 1001},
        needs="two identities",
        api=True,
        description="An order is shown to everybody who is signed in; 1001 is alice's, 1002 bob's.",
        vulnerable=_order(checked=False),
        safe=_order(checked=True),
        more=(Route(method="GET", path="/api/orders", vulnerable=_orders, sample={}, needs="login"),),
    ),
    Case(
        name="mass-assignment",
        kind="massassignment",
        cwe=915,
        owasp="API3:2023",
        title="A role that may be set",
        method="PATCH",
        path="/api/profile",
        parameter=Parameter("role", "json"),
        sample={"name": "Alice", "city": "Ulm"},
        needs="login",
        api=True,
        description="Every member of the profile is taken from the body; the document names name and city.",
        vulnerable=_profile(strict=False),
        safe=_profile(strict=True),
        more=(Route(method="GET", path="/api/profile", vulnerable=_read_profile, sample={}, needs="login"),),
    ),
    Case(
        name="bfla",
        kind="bfla",
        cwe=285,
        owasp="API5:2023",
        title="A function of administrators",
        method="GET",
        path="/api/admin/customers",
        needs="two identities",
        api=True,
        description="Everybody who is signed in is answered.",
        vulnerable=_customers(checked=False),
        safe=_customers(checked=True),
    ),
    Case(
        name="broken-authentication",
        kind="unauth",
        cwe=306,
        owasp="API2:2023",
        title="Nobody is asked for a token",
        method="GET",
        path="/api/invoices",
        needs="login",
        api=True,
        description="Documented to need a session, answered without one.",
        vulnerable=_invoices_vulnerable,
        safe=_invoices_safe,
    ),
    Case(
        name="race",
        kind="race",
        cwe=362,
        owasp="API6:2023",
        title="A bonus taken twice at once",
        method="POST",
        path="/api/bonus",
        needs="login",
        api=True,
        description="Once a second is allowed; between looking and taking lies a tenth of one.",
        vulnerable=_bonus_vulnerable,
        safe=_bonus_safe,
        more=(Route(method="GET", path="/api/wallet", vulnerable=_wallet, sample={}, needs="login"),),
    ),
)
