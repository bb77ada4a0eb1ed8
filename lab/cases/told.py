"""What answers tell to whom they should not, or in a form that others read: scripts, sheets, caches."""

import csv
import io
import json
import re
import secrets
import time
from hashlib import scrypt

from aiohttp import web

from lab.case import Case, Handler, Parameter, Route
from lab.pages import answer, document, page, query
from lab.world import USERS, need_user, user_of, world

_NAME = re.compile(r"[\w.]{1,40}")
_CARD = "4929 1234 5678 " + "9015"  # the checksum is right; put together here, for scanners of ours


def _address(*, shared: bool) -> Handler:
    async def address(request: web.Request) -> web.Response:
        response = answer({"user": need_user(request), "phone": "555-0142", "street": "1 Alice Lane"})
        response.headers["Cache-Control"] = "public, max-age=60" if shared else "private, no-store"
        return response

    return address


def _own(*, wrapped: bool) -> Handler:
    async def own(request: web.Request) -> web.Response:
        text = json.dumps({"user": need_user(request), "street": "1 Alice Lane"})
        name = query(request, "callback")
        if wrapped and _NAME.fullmatch(name):
            return web.Response(text=f"{name}({text})", content_type="text/javascript")
        return web.Response(text=text, content_type="application/json")

    return own


def _rates(*, checked: bool) -> Handler:
    async def rates(request: web.Request) -> web.Response:
        name = query(request, "callback")
        if checked and not _NAME.fullmatch(name):
            return answer({"error": "callback is no name"}, 400)
        return web.Response(text=f'{name}({{"lamp": 30}})', content_type="text/javascript")

    return rates


def _staff(*, cut: bool) -> Handler:
    async def staff(request: web.Request) -> web.Response:
        need_user(request)
        people = [{"username": name, "password": word, "desk": 3} for name, word in sorted(USERS.items())]
        kept = ("username", "desk") if cut else tuple(people[0])
        return answer({"staff": [{key: one[key] for key in kept} for one in people]})

    return staff


def _hashes(*, cut: bool) -> Handler:
    async def hashes(request: web.Request) -> web.Response:
        user = need_user(request)
        key = scrypt(USERS.get(user, "").encode(), salt=user.encode(), n=2, r=8, p=1, dklen=32).hex()
        return answer({"username": user} if cut else {"username": user, "password_hash": key})

    return hashes


def _receipt(*, whole: bool) -> Handler:
    async def receipt(_request: web.Request) -> web.Response:
        shown = _CARD if whole else f"**** **** **** {_CARD[-4:]}"
        return page("Receipt", f"<p>Paid with <b>{shown}</b>, reference 4929 1234 5678 9016.</p>")

    return receipt


def _sheet(*, marked: bool) -> Handler:
    async def sheet(request: web.Request) -> web.Response:
        note = query(request, "note")
        if marked and note[:1] in {"=", "+", "-", "@", "\t", "\r"}:
            note = f"'{note}"
        out = io.StringIO()
        csv.writer(out).writerows([("item", "note"), ("Lamp", note)])
        return web.Response(text=out.getvalue(), content_type="text/csv")

    return sheet


def _feed(*, cut: bool) -> Handler:
    async def feed(_request: web.Request) -> web.Response:
        posts = [
            {
                "text": f"Note {number}",
                "author": {"username": name} | ({} if cut else {"phone": f"555-0{number}"}),
            }
            for number, name in enumerate(sorted(USERS), 101)
        ]
        return answer({"posts": posts})

    return feed


def _reset(*, told: bool) -> Handler:
    async def reset(request: web.Request) -> web.Response:
        name = str((await document(request)).get("username"))
        known = told and name in world(request).users
        return answer({"status": "sent"} | ({"reset_token": secrets.token_hex(8)} if known else {}))

    return reset


def _member(*, exact: bool) -> Handler:
    """A page of a user's own before which a cache keeps for a while what is named like a style."""

    async def member(request: web.Request) -> web.Response:
        file = request.match_info.get("file", "")
        cache = world(request).state["member-cache"]
        at, kept = cache.get(request.path, (0.0, ""))
        if kept and time.monotonic() - at < 5:
            return web.Response(text=kept, content_type="text/html")
        if exact and file:
            raise web.HTTPNotFound
        user = user_of(request)
        if user is None:
            raise web.HTTPFound("/login")
        shown = page("Member", f"<p>Hello {user}, your number is {len(user)}.</p>")
        if file.endswith(".css"):
            cache[request.path] = (time.monotonic(), shown.text)
        return shown

    return member


CASES: tuple[Case, ...] = (
    Case(
        name="private-cached",
        kind="privatecached",
        cwe=525,
        owasp="A05:2021",
        title="A cache may keep a user's address for all",
        method="GET",
        path="/api/address",
        needs="login",
        api=True,
        description="Cache-Control says public.",
        vulnerable=_address(shared=True),
        safe=_address(shared=False),
    ),
    Case(
        name="jsonp",
        kind="jsonp",
        cwe=346,
        owasp="A05:2021",
        title="A user's data as a script",
        method="GET",
        path="/api/own",
        parameter=Parameter("callback", "query"),
        sample={"callback": "show"},
        needs="login",
        api=True,
        description="Wrapped in a call of whatever function the request names.",
        vulnerable=_own(wrapped=True),
        safe=_own(wrapped=False),
    ),
    Case(
        name="jsonp-callback",
        kind="xss",
        cwe=79,
        owasp="A03:2021",
        title="A callback's name that is code",
        method="GET",
        path="/api/rates",
        parameter=Parameter("callback", "query"),
        sample={"callback": "show"},
        api=True,
        description="What should be a name stands unchecked at the beginning of a script.",
        vulnerable=_rates(checked=False),
        safe=_rates(checked=True),
    ),
    Case(
        name="passwords-plain",
        kind="excessivedata",
        cwe=256,
        owasp="API3:2023",
        title="Passwords as they were chosen",
        method="GET",
        path="/api/staff",
        needs="login",
        api=True,
        description="The rows of the table are answered, all columns.",
        vulnerable=_staff(cut=False),
        safe=_staff(cut=True),
    ),
    Case(
        name="password-hash",
        kind="excessivedata",
        cwe=200,
        owasp="API3:2023",
        title="The hash of a password",
        method="GET",
        path="/api/me",
        needs="login",
        api=True,
        description="The row of the user is answered, all columns.",
        vulnerable=_hashes(cut=False),
        safe=_hashes(cut=True),
    ),
    Case(
        name="card-number",
        kind="infodisclosure",
        cwe=359,
        owasp="A02:2021",
        title="A whole card number",
        method="GET",
        path="/receipt",
        description="The twin shows four digits, and a reference that is no card's.",
        vulnerable=_receipt(whole=True),
        safe=_receipt(whole=False),
    ),
    Case(
        name="formula",
        kind="csvinjection",
        cwe=1236,
        owasp="A03:2021",
        title="A cell that is a formula",
        method="GET",
        path="/stock.csv",
        parameter=Parameter("note", "query"),
        sample={"note": "fragile"},
        description="A note becomes a cell as it is; the twin writes an apostrophe before it.",
        vulnerable=_sheet(marked=False),
        safe=_sheet(marked=True),
    ),
    Case(
        name="excessive-data",
        kind="excessivedata",
        cwe=213,
        owasp="API3:2023",
        title="Phones of all authors",
        method="GET",
        path="/api/posts",
        api=True,
        description="Each post has its author's phone.",
        vulnerable=_feed(cut=False),
        safe=_feed(cut=True),
    ),
    Case(
        name="reset-told",
        kind="resettold",
        cwe=640,
        owasp="API2:2023",
        title="The token of a password's reset, to whoever asks",
        method="POST",
        path="/api/forgot",
        parameter=Parameter("username", "json"),
        sample={"username": "alice"},
        api=True,
        description="It should go to the mailbox only.",
        vulnerable=_reset(told=True),
        safe=_reset(told=False),
    ),
    Case(
        name="cache-deception",
        kind="cachedeception",
        cwe=524,
        owasp="A05:2021",
        title="A user's page under the name of a style",
        method="GET",
        path="/member",
        needs="login",
        description="What follows the path is ignored, and the cache keeps what ends with .css.",
        vulnerable=_member(exact=False),
        safe=_member(exact=True),
        more=(
            Route(
                method="GET",
                path="/member/{file}",
                vulnerable=_member(exact=False),
                safe=_member(exact=True),
            ),
        ),
    ),
)
