"""Sessions in cookies: forged, fixed, outliving their logout, and used by other sites' forms."""

import base64
import hashlib
import hmac
import json
import re
from urllib.parse import urlencode

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agent import Severity
from threatweaver_appsec.engine.agents import forgery, forgery_links, identity_cookies, sessions
from threatweaver_appsec.engine.points import FORM

FORMS = (("Content-Type", FORM),)
LOGIN = '<form method=post action="/login"><input name=username><input type=password name=password></form>'


def unsigned(name):
    return base64.b64encode(json.dumps({"username": name}).encode()).decode()


def signed(name, secret):
    text = unsigned(name).rstrip("=")
    return f"{text}.{hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()}"


def home_of(read):
    async def home(request):
        try:
            name = read(request.cookies.get("user", ""))
        except ValueError:
            name = None
        if name not in ("ann", "bob"):
            raise web.HTTPUnauthorized
        return web.Response(text=f"<p>Hello {name}</p><p>Balance of {name}: 12</p>", content_type="text/html")

    return home


def read_unsigned(text):
    return json.loads(base64.b64decode(text))["username"]


def read_signed(text):
    name = read_unsigned(text.partition(".")[0] + "==")
    return name if hmac.compare_digest(signed(name, b"strong"), text) else None


@pytest.mark.parametrize(
    ("make", "read", "count"),
    [(unsigned, read_unsigned, 1), (lambda name: signed(name, b"strong"), read_signed, 0)],
)
async def test_a_cookie_that_says_who_its_user_is(site_of, probe, person, make, read, count):
    people = [person(f"the {name}", name, (("Cookie", f"user={make(name)}"),)) for name in ("ann", "bob")]
    site = await site_of({"GET /": home_of(read)}, *people)
    await site.find("GET", "/")
    assert len(await probe(identity_cookies.AGENTS, "session-forgery", site)) == count


def express(text, secret):
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return (
        f"s%3A{text}.{base64.b64encode(digest).decode().rstrip('=').replace('/', '%2F').replace('+', '%2B')}"
    )


FLASK = "eyJ1c2VyIjoiYW5uIn0.aSe9xQ."  # what Flask 3 writes for {"user": "ann"}


def flask(secret):
    key = hmac.new(secret.encode(), b"cookie-session", hashlib.sha1).digest()
    digest = hmac.new(key, FLASK[:-1].encode(), hashlib.sha1).digest()
    return FLASK + base64.urlsafe_b64encode(digest).decode().rstrip("=")


@pytest.mark.parametrize(
    ("cookie", "count"),
    [
        (express("k3y", "keyboard cat"), 1),
        (express("k3y", "9f2b6c1e7a"), 0),
        (flask("changeme"), 1),
        (flask("9f2b6c1e7a"), 0),
        ("random.words.only", 0),
    ],
)
async def test_a_cookie_signed_with_a_common_word(site_of, probe, person, cookie, count):
    site = await site_of({"GET /": everything}, person("first", "ann", (("Cookie", f"sid={cookie}"),)))
    await site.find("GET", "/")
    assert len(await probe(identity_cookies.AGENTS, "session-weak-secret", site)) == count


async def everything(request):
    return web.Response(text="hello")


class Shop:
    """Server-side sessions and a profile form, with one mistake or none."""

    def __init__(self, mistake=""):
        self.mistake, self.users, self.sessions, self.bios, self.count = mistake, {}, {}, {}, 0

    def handlers(self):
        return {
            "POST /register": self.register,
            "GET /login": self.form,
            "POST /login": self.login,
            "POST /logout": self.logout,
            "GET /profile": self.profile,
            "POST /profile": self.save,
        }

    def begin(self, response, name=None):
        self.count += 1
        sid = f"session-{self.count}"
        self.sessions[sid] = name
        response.set_cookie("sid", sid, samesite="Lax" if self.mistake == "lax" else None)
        return response

    def user(self, request):
        return self.sessions.get(request.cookies.get("sid"))

    async def register(self, request):
        sent = await request.post()
        self.users[sent["username"]] = sent["password"]
        return web.Response(text="welcome")

    async def form(self, request):
        return self.begin(web.Response(text=LOGIN, content_type="text/html"))

    async def login(self, request):
        sent = await request.post()
        if self.users.get(sent["username"]) != sent["password"]:
            return web.Response(text=f"wrong {LOGIN}", content_type="text/html")
        response = web.Response(status=302, headers={"Location": "/profile"})
        if self.mistake == "fixation" and request.cookies.get("sid") in self.sessions:
            self.sessions[request.cookies["sid"]] = sent["username"]
            return response
        return self.begin(response, sent["username"])

    async def logout(self, request):
        response = web.Response(status=302, headers={"Location": "/login"})
        response.del_cookie("sid")
        if self.mistake != "logout":
            self.sessions.pop(request.cookies.get("sid"), None)
        return response

    async def profile(self, request):
        name = self.user(request)
        if not name:
            raise web.HTTPFound("/login")
        text = f"<p>{name}</p><p>{self.bios.get(name, '')}</p><form method=post><input name=bio>"
        token = f'<input type=hidden name=csrf value="{name[::-1]}">' if self.mistake != "csrf" else ""
        return web.Response(text=text + token + "</form>", content_type="text/html")

    async def save(self, request):
        name, sent = self.user(request), await request.post()
        if not name or (self.mistake not in ("csrf", "lax") and sent.get("csrf") != name[::-1]):
            raise web.HTTPForbidden
        self.bios[name] = sent["bio"]
        raise web.HTTPFound("/profile")


async def shop_with(site_of, person, mistake):
    site = await site_of(Shop(mistake).handlers(), person("first", "ann", (("Cookie", "sid=none"),)))
    who = {"headers": FORMS, "body": b"username=x&password=y"}
    await site.find("POST", "/register", **who)
    await site.find("POST", "/login", page=f"{site.base}/login", **who)
    await site.find("POST", "/logout")
    await site.find("GET", "/profile")
    token = b"" if mistake == "csrf" else b"&csrf=zzz"
    await site.find("POST", "/profile", headers=FORMS, body=b"bio=" + token, page=f"{site.base}/profile")
    return site


@pytest.mark.parametrize(
    ("agents", "ident", "mistake"),
    [
        (sessions.AGENTS, "session-fixation", "fixation"),
        (sessions.AGENTS, "logout-ineffective", "logout"),
        (forgery.AGENTS, "csrf", "csrf"),
    ],
)
async def test_each_mistake_is_found_and_no_other(site_of, probe, person, agents, ident, mistake):
    assert len(await probe(agents, ident, await shop_with(site_of, person, mistake))) == 1
    for other in {"", "lax", "fixation", "logout", "csrf"} - {mistake}:
        if not (other == "fixation" and ident == "csrf"):
            assert await probe(agents, ident, await shop_with(site_of, person, other)) == [], other


@pytest.mark.parametrize("asks_kind", [True, False])
async def test_json_that_another_site_can_send_as_text(site_of, probe, person, asks_kind):
    kept = []

    async def add(request):
        if "sid" not in request.cookies:
            raise web.HTTPUnauthorized
        if asks_kind and request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        kept.append(json.loads(await request.read())["text"])
        return web.json_response({})

    async def every(request):
        return web.json_response(kept)

    site = await site_of(
        {"POST /notes": add, "GET /notes": every}, person("first", "ann", (("Cookie", "sid=1"),))
    )
    await site.find("GET", "/notes")
    await site.find("POST", "/notes", headers=(("Content-Type", "application/json"),), body=b'{"text": "x"}')
    assert len(await probe(forgery.AGENTS, "csrf", site)) == (0 if asks_kind else 1)


class Notes:
    """A page that stores what a link says, and another whose link sets a password."""

    def __init__(self, mistake=""):
        self.mistake, self.kept, self.passwords = mistake, ["first"], []

    def handlers(self):
        return {"GET /notes": self.notes, "GET /echo": self.echo, "GET /secret": self.secret}

    async def notes(self, request):
        if "sid" not in request.cookies:
            raise web.HTTPFound("/login")
        text = request.query.get("text")
        if text and (self.mistake in ("link", "blank") or request.query.get("csrf") == "known"):
            self.kept.append(text)
        if self.mistake == "blank" and text != "":  # shows what it keeps where nothing is given
            return web.Response(text="<p>Thanks.</p>", content_type="text/html")
        return web.Response(text="".join(f"<p>{one}</p>" for one in self.kept), content_type="text/html")

    async def echo(self, request):
        return web.Response(text=f"<p>{request.query.get('text')}</p>", content_type="text/html")

    async def secret(self, request):
        sent = request.query
        agree = sent.get("new_password") == sent.get("new_password2")
        if agree and (self.mistake == "password" or sent.get("csrf") == "known"):
            self.passwords.append(sent.get("new_password"))
            return web.Response(text="<p>Changed.</p>", content_type="text/html")
        return web.Response(text="<p>They differ, or this page is too old.</p>", content_type="text/html")


@pytest.mark.parametrize(
    ("mistake", "places"),
    [("link", ["/notes"]), ("blank", ["/notes"]), ("password", ["/secret"]), ("", [])],
)
@pytest.mark.parametrize("signed_in", [True, False])
async def test_a_link_that_changes_something(site_of, probe, person, mistake, places, signed_in):
    notes = Notes(mistake)
    people = [person("first", "ann", (("Cookie", "sid=1"),))] if signed_in else []
    site = await site_of(notes.handlers(), *people)
    await site.find("GET", "/notes?text=first")
    await site.find("GET", "/echo?text=first")
    await site.find("GET", "/secret?new_password=own-1&new_password2=own-1")
    proofs = await probe(forgery_links.AGENTS, "csrf-link", site)
    if not signed_in and mistake in ("link", "blank"):
        assert proofs == []  # nobody stores anything there
        return
    assert [proof.exchanges[0].request.parts.path for proof in proofs] == places
    assert {proof.severity for proof in proofs} <= {None if signed_in else Severity.LOW}
    assert set(notes.passwords) <= {"own-1"}  # which it is already


async def test_a_session_that_is_not_sent_along_is_not_used(site_of, probe, person):
    notes = Notes("link")
    headers = (("Authorization", "Bearer 1"), ("Cookie", "sid=1"))
    site = await site_of(notes.handlers(), person("first", "ann", headers))
    await site.find("GET", "/notes?text=first")
    assert await probe(forgery_links.AGENTS, "csrf-link", site) == []


@pytest.mark.parametrize(("asks_token", "count"), [(False, 1), (True, 0)])
async def test_a_form_is_forged_with_dates_amounts_and_addresses_that_are_ones(
    site_of, probe, person, asks_token, count
):
    orders = []

    async def order(request):
        sent = await request.post()
        right = re.fullmatch(r"\d+€", sent["price"]) and re.fullmatch(r"\d{4}-\d\d-\d\d", sent["day"])
        if not right or not re.fullmatch(r"\w+@example\.com", sent["mail"]):
            raise web.HTTPBadRequest
        if "sid" not in request.cookies or (asks_token and sent.get("csrf") != "known"):
            raise web.HTTPForbidden
        orders.append(sent["street"])
        return web.Response(text="ordered")

    async def every(request):
        return web.Response(text=" ".join(orders))

    ann = person("a", "ann", (("Cookie", "sid=1"),))
    site = await site_of({"POST /order": order, "GET /orders": every}, ann)
    await site.find("GET", "/orders")
    body = urlencode({"mail": "a@example.com", "price": "30€", "day": "2026-05-17", "street": "x"}).encode()
    await site.find("POST", "/order", headers=FORMS, body=body)
    assert len(await probe(forgery.AGENTS, "csrf", site)) == count


class Locker(Shop):
    """A shop with a second login, of something else, and a form that sets the password."""

    def handlers(self):
        more = {"POST /till/login": self.till, "GET /password": self.ask, "POST /password": self.set}
        return more | super().handlers()

    async def till(self, request):
        sent = await request.post()
        right = self.users.get(sent["username"]) == sent["password"]
        response = web.Response(text="till" if right else "no", status=200 if right else 401)
        response.set_cookie("till", "1")
        return response

    async def ask(self, request):
        if not self.user(request):
            raise web.HTTPFound("/login")
        token = "" if self.mistake == "csrf" else '<input type=hidden name=csrf value="known">'
        text = f"<form method=post><input type=password name=password>{token}</form>"
        return web.Response(text=text, content_type="text/html")

    async def set(self, request):
        name, sent = self.user(request), await request.post()
        if not name or (self.mistake != "csrf" and sent.get("csrf") != "known"):
            raise web.HTTPForbidden
        self.users[name] = sent["password"]
        return web.Response(text="set")


@pytest.mark.parametrize(("mistake", "count"), [("csrf", 1), ("", 0)])
async def test_a_forged_password_where_there_are_several_logins(site_of, probe, person, mistake, count):
    site = await site_of(Locker(mistake).handlers(), person("first", "ann", (("Cookie", "sid=none"),)))
    who = {"headers": FORMS, "body": b"username=x&password=y"}
    await site.find("POST", "/register", **who)
    await site.find("POST", "/till/login", **who)
    await site.find("POST", "/login", page=f"{site.base}/login", **who)
    token = b"" if mistake == "csrf" else b"&csrf=zzz"
    await site.find(
        "POST", "/password", headers=FORMS, body=b"password=z" + token, page=f"{site.base}/password"
    )
    assert len(await probe(forgery.AGENTS, "csrf", site)) == count
