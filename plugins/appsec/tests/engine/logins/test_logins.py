"""Logins: each kind signs in, fails with wrong credentials, notices a lost session, and tells no secret."""

import base64
import json

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from threatweaver_appsec.engine.logins.check import Check, CheckError, asks_password
from threatweaver_appsec.engine.logins.form import FormLogin, code_form, login_form
from threatweaver_appsec.engine.logins.oauth import CLIENT, PASSWORD, REFRESH, OAuthLogin
from threatweaver_appsec.engine.logins.recorded import Extract, Recorded, RecordedLogin
from threatweaver_appsec.engine.logins.totp import Totp
from threatweaver_appsec.engine.logins.values import bearer, cookie, header
from threatweaver_appsec.engine.messages import Exchange, Request, Response

SECRET = "s3cret-Pass!"
TOKEN = "tok-4711-aaaa-bbbb"
SEED = "JBSWY3DPEHPK3PXP"


class App:
    """An application with a form, a CSRF token bound to its cookie, and what shows who is signed in."""

    def __init__(self, *, careless: bool = False, totp: Totp | None = None) -> None:
        self.careless, self.totp = careless, totp
        self.sessions: dict[str, str] = {}
        self.count = 0

    def handlers(self):
        return {
            "GET /": self.home,
            "GET /login": self.form,
            "POST /login": self.login,
            "POST /code": self.code,
            "GET /public": self.public,
        }

    def _who(self, request):
        return self.sessions.get(request.cookies.get("sid", ""), "")

    async def public(self, request):
        return web.Response(text="Welcome everybody", content_type="text/html")

    async def home(self, request):
        who = self._who(request)
        if not who:
            raise web.HTTPFound("/login")
        return web.Response(text=f"Hello {who} <a href=/logout>Log out</a>", content_type="text/html")

    async def form(self, request):
        self.count += 1
        sid = f"sid{self.count}"
        self.sessions[sid] = ""
        answer = web.Response(
            text="<form action=/search><input name=q></form><form method=post action=/login>"
            f"<input type=hidden name=csrf value=csrf-{sid}><input name=username><input type=password name=pw>"  # noqa: E501
            "<input type=checkbox name=remember><button>Sign in</button></form>",
            content_type="text/html",
        )
        answer.set_cookie("sid", sid)
        return answer

    async def login(self, request):
        data, sid = await request.post(), request.cookies.get("sid", "")
        if data["csrf"] != f"csrf-{sid}":
            raise web.HTTPForbidden
        if (data["username"], data["pw"]) != ("ann", SECRET) and not self.careless:
            return web.Response(
                text="Wrong. <form><input type=password name=pw></form>", content_type="text/html"
            )
        if self.totp:
            text = "<form method=post action=/code><input name=otp></form>"
            return web.Response(text=text, content_type="text/html")
        self.sessions[sid] = "ann"
        raise web.HTTPFound("/")

    async def code(self, request):
        if (await request.post())["otp"] != self.totp.code():
            raise web.HTTPForbidden
        self.sessions[request.cookies["sid"]] = "ann"
        raise web.HTTPFound("/")


def form(site, password=SECRET, **options):
    return FormLogin("ann", site.base + "/login", "ann", password, **options)


async def test_a_form_is_found_and_proven_both_ways(target):
    app = App()
    site = await target(app.handlers())
    login = form(site)
    result = await login.sign_in(site.client)
    assert result.ok, result
    assert [step.ok for step in result.steps] == [True] * len(result.steps)
    assert len(result.steps) >= 7
    assert SECRET not in repr(result.steps)
    assert SECRET not in repr(login)
    assert await login.alive(site.client)
    app.sessions.clear()
    assert not await login.alive(site.client)
    site.client.forget("ann")
    assert (await login.sign_in(site.client)).ok
    assert await login.alive(site.client)


class Members(App):
    """Shows everybody all names and a way in: only a link to her own account tells that she is signed in."""

    async def home(self, request):
        way = "<a href=/change-password>Account</a>" if self._who(request) else ""
        text = f"<a href=/login>Log in or out</a> {way} <a href=/u/ann>ann</a> <a href=/u/bob>bob</a>"
        return web.Response(text=text, content_type="text/html")


async def test_a_way_that_only_the_identity_is_shown_tells_that_it_is_signed_in(target):
    app = Members()
    site = await target(app.handlers())
    login = form(site)
    assert (await login.sign_in(site.client)).ok
    assert await login.alive(site.client)
    app.sessions.clear()
    assert not await login.alive(site.client)


async def test_a_wrong_password_is_no_login(target):
    site = await target(App().handlers())
    result = await form(site, "nonsense").sign_in(site.client)
    assert not result.ok
    assert "credentials are likely wrong" in result.reason
    assert "nonsense" not in repr(result)


async def test_an_application_that_lets_everybody_in_proves_nothing(target):
    site = await target(App(careless=True).handlers())
    result = await form(site).sign_in(site.client)
    assert not result.ok
    assert "proves nothing" in result.reason


async def test_a_check_that_shows_everybody_proves_nothing(target):
    site = await target(App().handlers())
    result = await form(site, check=Check(site.base + "/public", "Welcome")).sign_in(site.client)
    assert not result.ok
    assert "shows nobody signed in as well" in result.reason


async def test_a_form_with_a_second_step_gets_its_code(target):
    site = await target(App(totp=Totp(SEED)).handlers())
    assert (await form(site, totp=Totp("jbsw y3dp ehpk 3pxp")).sign_in(site.client)).ok
    result = await form(site, totp=Totp("GEZDGNBVGY3TQOJQ")).sign_in(site.client)
    assert not result.ok
    assert "base32" in (await form(site, totp=Totp("189!")).sign_in(site.client)).reason
    assert "status 403" in result.reason


async def test_no_form_and_no_target_are_told(target, page):
    site = await target({"GET /login": page("<p>no form")})
    assert "no form with a password" in (await form(site).sign_in(site.client)).reason
    site.client.stop()
    assert not (await form(site).sign_in(site.client)).ok


def guarded(accepts):
    async def me(request):
        if not accepts(request):
            return web.json_response({"error": "who?"}, status=401)
        return web.json_response({"user": "ann"})

    return {"GET /me": me}


@pytest.mark.parametrize(
    ("make", "accepts"),
    [
        (
            lambda check, value: bearer("api", value, check),
            lambda r: r.headers.get("Authorization") == f"Bearer {TOKEN}",
        ),
        (lambda check, value: cookie("web", "sid", value, check), lambda r: r.cookies.get("sid") == TOKEN),
        (
            lambda check, value: header("key", "X-Key", value, check),
            lambda r: r.headers.get("X-Key") == TOKEN,
        ),
    ],
    ids=["bearer", "cookie", "header"],
)
async def test_a_value_that_is_carried(target, make, accepts):
    site = await target(guarded(accepts))
    check = Check(site.base + "/me", '"ann"')
    login = make(check, TOKEN)
    result = await login.sign_in(site.client)
    assert result.ok, result
    assert TOKEN not in repr(result.steps)
    assert TOKEN not in repr(login)
    site.client.enter(login.name, result.session)
    assert check.shows(await check.ask(site.client, login.name))
    assert await login.alive(site.client)
    wrong = await make(check, "other-token").sign_in(site.client)
    assert "does not show the identity signed in" in wrong.reason
    everybody = await target(guarded(lambda request: True))
    assert (
        "proves nothing"
        in (await make(Check(everybody.base + "/me"), TOKEN).sign_in(everybody.client)).reason
    )


class Tokens:
    """A token endpoint whose refresh tokens are good once."""

    def __init__(self) -> None:
        self.valid: set[str] = set()
        self.refresh = "refresh-0-abcdef"
        self.asked: list[str] = []

    def handlers(self):
        return {"POST /token": self.token, **guarded(self.accepts)}

    def accepts(self, request):
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self.valid

    async def token(self, request):
        data = await request.post()
        self.asked.append(data["grant_type"])
        basic = "Basic " + base64.b64encode(b"app:app-secret").decode()
        known = data.get("client_secret") == "app-secret" or request.headers.get("Authorization") == basic
        fits = {
            "client_credentials": known,
            "password": known and (data.get("username"), data.get("password")) == ("ann", SECRET),
            "refresh_token": known and data.get("refresh_token") == self.refresh,
        }[data["grant_type"]]
        if not fits:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token, self.refresh = f"access-{len(self.asked)}-xyz", f"refresh-{len(self.asked)}-abcdef"
        self.valid.add(token)
        return web.json_response(
            {"access_token": token, "refresh_token": self.refresh, "token_type": "bearer"}
        )


@pytest.mark.parametrize("basic", [False, True])
@pytest.mark.parametrize("grant", [CLIENT, PASSWORD, REFRESH])
async def test_oauth_gets_a_token_and_renews_it(target, grant, basic):
    app = Tokens()
    site = await target(app.handlers())
    options = {"refresh_token": app.refresh} if grant == REFRESH else {}
    login = OAuthLogin(
        "app", site.base + "/token", grant, "app", "app-secret", "ann", SECRET,
        check=Check(site.base + "/me"), basic=basic, **options,
    )  # fmt: skip
    result = await login.sign_in(site.client)
    assert result.ok, result
    assert app.asked == [grant, grant]
    for secret in (SECRET, "app-secret", login.access_token, login.refresh_token):
        assert secret not in repr(result.steps)
    assert await login.alive(site.client)
    app.valid.clear()
    assert not await login.alive(site.client)
    assert (await login.sign_in(site.client)).ok
    assert app.asked[2] == REFRESH
    assert await login.alive(site.client)


async def test_oauth_with_wrong_credentials_is_no_login(target):
    site = await target(Tokens().handlers())
    login = OAuthLogin("app", site.base + "/token", CLIENT, "app", "nope", check=Check(site.base + "/me"))
    result = await login.sign_in(site.client)
    assert "no access token" in result.reason
    assert "invalid_grant" in result.steps[0].detail


async def test_recorded_steps_take_values_along(target):
    async def start(request):
        return web.json_response({"flow": {"ids": ["flow-1"]}})

    async def finish(request):
        data = json.loads(await request.text())
        if data != {"flow": "flow-1", "user": "ann", "password": 'a"b&c'}:
            return web.json_response({"error": "no"}, status=403)
        return web.json_response({"token": TOKEN})

    site = await target(
        {"GET /start": start, "POST /finish": finish}
        | guarded(lambda request: request.headers.get("Authorization") == f"Bearer {TOKEN}")
    )
    steps = (
        Recorded("GET", site.base + "/start", extracts=(Extract("flow", pointer="/flow/ids/0"),)),
        Recorded(
            "POST", site.base + "/finish", (("Content-Type", "application/json"),),
            '{"flow": "{{flow}}", "user": "{{username}}", "password": "{{ password }}"}',
            (Extract("token", pattern=r'"token": "([^"]+)"'),),
        ),
    )  # fmt: skip
    carries = (("Authorization", "Bearer {{token}}"),)
    check = Check(site.base + "/me")
    login = RecordedLogin("ann", steps, check, "ann", 'a"b&c', carries=carries)
    result = await login.sign_in(site.client)
    assert result.ok, result
    assert TOKEN not in repr(result.steps)
    assert result.session.headers == (("Authorization", f"Bearer {TOKEN}"),)
    assert await login.alive(site.client)
    wrong = await RecordedLogin("ann", steps, check, "ann", "nope", carries=carries).sign_in(site.client)
    assert wrong.reason == "Step 2 was answered with 403."
    fixed = (steps[0], Recorded("POST", site.base + "/finish", body="x"))
    assert not (await RecordedLogin("ann", fixed, check).sign_in(site.client)).ok


@pytest.mark.parametrize(
    ("extract", "value"),
    [
        (Extract("v", before="<i>", after="</i>"), "one"),
        (Extract("v", before="</i>"), "two"),
        (Extract("v", after="<i>"), ""),
        (Extract("v", header="X-Token", before="t="), "abc"),
        (Extract("v", header="X-Token"), "t=abc"),
        (Extract("v", before="<b>", after="</b>"), None),
        (Extract("v", before="<i>", after="</b>"), None),
    ],
)
def test_a_value_stands_between_two_texts(extract, value):
    answer = Response(200, (("X-Token", "t=abc"),), b"<i>one</i>two", 0.0)
    assert extract.of(Exchange(Request("GET", "http://a.test/"), answer)) == value


def test_a_check_refuses_what_is_no_pattern():
    for pattern in ("(", "a" * 501):
        with pytest.raises(CheckError):
            Check("http://a.test/", pattern)


def test_a_wrong_code_is_never_near_the_right_one():
    totp = Totp(SEED)
    published = Totp(base64.b32encode(b"12345678901234567890").decode(), 8)  # RFC 6238, appendix B
    assert [published.code(at) for at in (59, 1111111109, 20000000000)] == [
        "94287082",
        "07081804",
        "65353130",
    ]
    assert totp.wrong(59) not in {totp.code(29), totp.code(59), totp.code(89)}


_MARKUP = st.sampled_from(
    [
        "<form>",
        "<input type=password name=",
        "<input name=otp>",
        "</form>",
        "<a href=/login>",
        "Log out",
        "'",
        ">",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(_MARKUP | st.text(max_size=15), max_size=25).map("".join), st.text(max_size=30))
def test_any_page_and_any_pointer_can_be_looked_at(text, pointer):
    response = Response(200, (("Content-Type", "text/html"),), text.encode("utf-8", "replace"), 0.0)
    exchange = Exchange(Request("GET", "http://a.test/"), response)
    found = login_form(exchange)
    assert found is None or found.passwords
    code_form(exchange)
    assert Check("http://a.test/").why_not(exchange) is None or asks_password(exchange)
    for body in (text, '{"a": [1, {"b/c": "x"}]}', "[" * 50_000):
        value = Extract("v", pointer=pointer or "/").of(
            Exchange(exchange.request, Response(200, (), body.encode("utf-8", "replace"), 0.0))
        )
        assert value is None or isinstance(value, str)
