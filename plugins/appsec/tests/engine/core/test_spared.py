"""The account that a scan signs in with: an administration that could end it keeps it, whatever is tested."""

import pytest
from aiohttp import web

from threatweaver_appsec.engine.budget import Limits
from threatweaver_appsec.engine.catalog import all_agents
from threatweaver_appsec.engine.discover.discovery import Discovery
from threatweaver_appsec.engine.events import State
from threatweaver_appsec.engine.logins.form import FormLogin
from threatweaver_appsec.engine.messages import Exchange, Request, Response
from threatweaver_appsec.engine.order import Order
from threatweaver_appsec.engine.points import FORM
from threatweaver_appsec.engine.scan import Scan
from threatweaver_appsec.engine.scope import PRIVATE, Scope, origin_of
from threatweaver_appsec.engine.spared import SPARED, Spared

BASE = "http://a.test"
LIST = """<form method=post action="/office/users"><table>
<tr><td><input type=checkbox name=chosen value=7><td><a href="/office/users/7">ann</a></tr>
<tr><td><input type=checkbox name=chosen value=8><td><a href="/office/users/8">bert</a></tr>
</table><select name=action><option>remove_chosen</select><button name=go value=1>Run</button></form>"""
EDIT = """<form method=post action="/office/users/7/edit"><input name=username value=ann><input name=phone>
<button>Save</button></form><form method=post action="/office/users/7/x"><button>Deactivate</button></form>
<form method=post action="/y"><button>Close my account</button></form>
<form method=post action="/office/users/7/rights"><input name=who value=ann><input name=note>
<input type=checkbox name=is_staff checked><input type=checkbox name=is_admin></form>"""


def asks(method, path, body=b"", kind=FORM):
    return Request(method, BASE + path, (("Content-Type", kind),) if body else (), body)


def shown(path, text, kind="text/html"):
    answer = Response(200, (("Content-Type", kind),), text.encode(), 0.1)
    return Exchange(Request("GET", BASE + path), answer, identity="ann")


@pytest.fixture
def spared():
    known = Spared(frozenset({"ann"}))
    known.look(shown("/office/users", LIST))
    known.look(shown("/office/users/7/edit", EDIT))
    known.look(
        shown(
            "/api/users",
            '[{"id": 31, "username": "Ann"}, {"id": 32, "username": "bert"}]',
            "application/json",
        )
    )
    return known


@pytest.mark.parametrize(
    "request_",
    [
        asks("POST", "/office/users/7/delete", b"sure=yes"),
        asks("GET", "/office/users/delete?id=7"),
        asks("GET", "/accounts/ann/remove"),
        asks("POST", "/office/users", b"chosen=8&chosen=7&action=remove_chosen"),
        asks("POST", "/office/users", b"select_all=1&chosen=8&action=remove_chosen"),
        asks("POST", "/office/users/purge", b"name=ann"),
        asks("POST", "/office/users/7/x"),
        asks("POST", "/y"),
        asks("POST", "/office/users/7/edit", b"username=other&phone=1"),
        asks("POST", "/office/users/7/edit", b"username=ann&is_active=off"),
        asks("POST", "/office/users/7/rights", b"who=ann&note=1"),
        asks("POST", "/office/users/7/rights", b"who=ann&note=1&is_staff[$ne]=1"),
        asks("DELETE", "/api/users/31"),
        asks("PATCH", "/api/users/31", b'{"disabled": true}', "application/json"),
        asks("PUT", "/api/users/31", b'{"username": "mallory"}', "application/json"),
        asks("POST", "/account/delete", b"confirm=on"),
        asks("DELETE", "/api/me"),
        asks("POST", "/office/users/7/reset-password"),
        asks("POST", "/sessions/revoke-all"),
        asks("POST", "/logout/everywhere"),
    ],
    ids=lambda one: f"{one.method} {one.parts.path}",
)
def test_what_the_account_would_not_survive_is_left_out(spared, request_):
    assert (spared.refusal(request_, own=True) or "").startswith(SPARED)
    again = Spared(spared.names)
    again.known(spared.record())
    assert again.refusal(request_, own=True) == spared.refusal(request_, own=True)


@pytest.mark.parametrize(
    "request_",
    [
        asks("POST", "/office/users/7/rights", b"who=ann&note=1%27&is_staff=on"),
        asks("POST", "/office/users/8/rights", b"who=bert&note=1"),
        asks("POST", "/office/users/8/delete", b"sure=yes"),
        asks("POST", "/office/users", b"chosen=8&action=remove_chosen"),
        asks("POST", "/office/users/7/edit", b"username=ann&phone='--&is_active=on"),
        asks("GET", "/office/users/7"),
        asks("POST", "/login", b"username=ann&password=x"),
        asks("DELETE", "/api/users/32"),
        asks("POST", "/account/addresses/3/delete"),
        asks("POST", "/basket/delete", b"item=7"),
        asks("POST", "/account/email", b"email=b@example.com"),
        asks("POST", "/unlock", b"name=ann"),
        asks("POST", "/account/reset-password", b"username=ann"),
    ],
    ids=lambda one: f"{one.method} {one.parts.path}",
)
def test_everything_else_is_tested(spared, request_):
    assert spared.refusal(request_, own=True) is None


def test_a_scan_whose_names_are_not_known_spares_what_it_is_asked_as():
    unknown = Spared.of([object()])
    assert unknown.refusal(asks("DELETE", "/api/me"), own=True)
    assert unknown.refusal(asks("DELETE", "/api/users/31"), own=True) is None
    assert Spared.of([]).refusal(asks("DELETE", "/api/me"), own=True) is None


def test_who_is_somebody_else_may_end_their_own_account(spared):
    assert spared.refusal(asks("POST", "/account/delete"), own=False) is None
    assert spared.refusal(asks("DELETE", "/api/users/31"), own=False)


class Office:
    """An administration of accounts where everything works, by forms as they are usual."""

    def __init__(self):
        self.users = {1: "ann", 2: "bert", 3: "carl"}
        self.off: set[int] = set()
        self.passwords = {1: "ann-Pass-1"}
        self.without: set[int] = set()
        self.gone: list[str] = []

    def handlers(self):
        return {
            "GET /login": self.form,
            "POST /login": self.login,
            "GET /users": self.list,
            "POST /users": self.act,
            "GET /users/{id}/edit": self.edit,
            "POST /users/{id}/edit": self.save,
            "POST /users/{id}/delete": self.delete,
            "GET /auth/users/{id}/password": self.ask,
            "POST /auth/users/{id}/password": self.set,
            "GET /account": self.account,
            "POST /account/close": self.close,
        }

    def page(self, text):
        return web.Response(text=f'<p>Hello</p><a href="/users">users</a>{text}', content_type="text/html")

    def signed_in(self, request):
        name = request.cookies.get("who")
        number = next((key for key, value in self.users.items() if value == name), None)
        if number is None or number in self.off:
            raise web.HTTPFound("/login")
        return number

    async def form(self, request):
        fields = "<input name=username><input type=password name=password>"
        text = f"<form method=post>{fields}<button>Go</button></form>"
        return web.Response(text=text, content_type="text/html")

    async def login(self, request):
        sent = await request.post()
        known = {self.users.get(key): password for key, password in self.passwords.items()}
        if known.get(str(sent.get("username")), "") != sent.get("password"):
            return await self.form(request)
        response = web.Response(status=302, headers={"Location": "/account"})
        response.set_cookie("who", sent["username"])
        return response

    async def list(self, request):
        self.signed_in(request)
        rows = "".join(
            f"<tr><td><input type=checkbox name=chosen value={key}>"
            f'<td><a href="/users/{key}/edit">{name}</a></tr>'
            for key, name in self.users.items()
        )
        choice = "<select name=action><option>delete_chosen</select><button>Run</button>"
        return self.page(f"<form method=post><table>{rows}</table>{choice}</form>")

    async def act(self, request):
        self.signed_in(request)
        sent = await request.post()
        for key in sent.getall("chosen", []) if sent.get("action") == "delete_chosen" else []:
            self.end(key)
        raise web.HTTPFound("/users")

    async def edit(self, request):
        self.signed_in(request)
        key = int(request.match_info["id"]) if request.match_info["id"].isdigit() else 0
        if key not in self.users:
            raise web.HTTPNotFound
        fields = f'<input name=username value="{self.users[key]}"><input type=checkbox name=active checked>'
        save = f"<form method=post>{fields}<input name=note><button>Save</button></form>"
        sure = "<input type=hidden name=sure value=yes><button>Delete</button>"
        more = f'<form method=post action="/users/{key}/delete">{sure}</form>'
        return self.page(f'{save}{more}<a href="/auth/users/{key}/password">password</a>')

    async def save(self, request):
        self.signed_in(request)
        key, sent = int(request.match_info["id"]), await request.post()
        if key in self.users:
            self.users[key] = str(sent.get("username"))
            (self.off.discard if sent.get("active") == "on" else self.off.add)(key)
        raise web.HTTPFound("/users")

    async def ask(self, request):
        self.signed_in(request)
        fields = "<input type=password name=password1><input type=password name=password2>"
        buttons = (
            "<input type=submit name=set-password value=Set><input type=submit name=unset-password value=No>"
        )
        return self.page(f"<form method=post>{fields}{buttons}</form>")

    async def set(self, request):
        self.signed_in(request)
        key, sent = int(request.match_info["id"]), await request.post()
        if "unset-password" in sent:
            self.passwords.pop(key, None)
            self.without.add(key)
        elif sent["password1"] == sent["password2"]:
            self.passwords[key] = sent["password1"]
        raise web.HTTPFound("/users")

    async def delete(self, request):
        self.signed_in(request)
        self.end(request.match_info["id"])
        raise web.HTTPFound("/users")

    async def account(self, request):
        name = self.users[self.signed_in(request)]
        close = '<form method=post action="/account/close"><button>Close account</button></form>'
        return self.page(f"<p>You are <b>{name}</b></p>{close}")

    async def close(self, request):
        self.end(str(self.signed_in(request)))
        raise web.HTTPFound("/login")

    def end(self, key):
        if key.isdigit() and int(key) in self.users:
            self.gone.append(self.users.pop(int(key)))


async def test_an_unsafe_scan_of_an_administration_keeps_its_account(serve):
    office = Office()
    base = await serve(office.handlers() | {"GET /": office.account})
    order = Order(
        base,
        Scope(frozenset({origin_of(base)}), allowed=PRIVATE, safe=False),
        all_agents(),
        Discovery(safe=False, words=(), browser=None, password="ann-Pass-1"),
        logins=[FormLogin("ann", f"{base}/login", "ann", "ann-Pass-1")],
        limits=Limits(per_second=10_000.0),
        only=frozenset({"sql-error", "reflected-xss", "csrf", "xss-stored", "bola-object-write"}),
    )
    end = [event async for event in Scan(order).events()][-1]
    assert (end.state, end.reason) == (State.COMPLETED, "")
    assert (office.users[1], office.passwords[1]) == ("ann", "ann-Pass-1")
    assert not office.off & {1}
    assert 1 not in office.without
    assert office.gone  # whom it does not sign in with is not spared
    left = {one["what"]: one["why"] for one in end.coverage["not_tested"] if one["why"].startswith(SPARED)}
    assert {what.replace(base, "") for what in left} >= {
        "POST /users",
        "POST /users/1/delete",
        "POST /account/close",
        "POST /users/{}/edit",
    }
