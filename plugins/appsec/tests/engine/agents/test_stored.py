"""What is stored and comes back: markup, broken queries, files that run, and things done more than once."""

import asyncio
import html
import json
import re

import pytest
from aiohttp import web

from threatweaver_appsec.engine.agents import races, stored, uploads
from threatweaver_appsec.engine.points import FORM

FORMS = (("Content-Type", FORM),)
JSON = (("Content-Type", "application/json"),)
POLICY = "script-src 'nonce-abc'; object-src 'none'"


class Board:
    """A board of notes that shows them as `shows` says."""

    def __init__(self, shows, headers=None, content_type="text/html"):
        self.shows, self.headers, self.content_type, self.notes = shows, headers or {}, content_type, []

    async def page(self, request):
        text = "".join(f"<p>{self.shows(note)}</p>" for note in self.notes)
        return web.Response(
            text=f"<h1>Notes</h1>{text}", content_type=self.content_type, headers=self.headers
        )

    async def add(self, request):
        self.notes.append((await request.post())["text"])
        raise web.HTTPFound("/notes")


@pytest.mark.parametrize(
    ("board", "found"),
    [
        (lambda: Board(str), [None]),
        (lambda: Board(html.escape), []),
        (lambda: Board(lambda note: re.sub("<[^>]*>", "", note)), []),
        (lambda: Board(lambda note: f"<textarea>{note}</textarea>"), []),  # text to a browser
        (lambda: Board(str, {"Content-Security-Policy": POLICY}), ["LOW"]),
        (lambda: Board(str, content_type="text/plain"), []),
    ],
)
async def test_markup_that_comes_back(site_of, probe, board, found):
    notes = board()
    site = await site_of({"GET /notes": notes.page, "POST /notes": notes.add})
    await site.find("GET", "/notes")
    await site.find("POST", "/notes", headers=FORMS, body=b"text=hello", page=f"{site.base}/notes")
    assert [proof.severity for proof in await probe(stored.AGENTS, "xss-stored", site)] == found


@pytest.mark.parametrize(
    ("keeps", "shows", "count"),
    [
        (True, str, 1),
        (True, html.escape, 0),
        (False, str, 0),  # an echo in the answer is reflected, and not kept
    ],
)
async def test_markup_that_an_address_stores(site_of, probe, keeps, shows, count):
    kept = []

    async def page(request):
        now = [request.query["note"]] if "note" in request.query else []
        kept.extend(now if keeps else [])
        return web.Response(text="".join(map(shows, kept or now)), content_type="text/html")

    site = await site_of({"GET /notes": page})
    await site.find("GET", "/notes?note=hello")
    assert len(await probe(stored.AGENTS, "xss-stored", site)) == count


class Report:
    """Names are stored safely, and put into the query of a report: escaped or not."""

    def __init__(self, *, escapes):
        self.escapes, self.name = escapes, ""

    async def save(self, request):
        self.name = (await request.post())["name"]
        return web.Response(text="saved")

    async def profile(self, request):
        return web.Response(text=html.escape(self.name), content_type="text/html")

    async def report(self, request):
        name = self.name.replace("'", "''") if self.escapes else self.name
        if name.count("'") % 2:
            raise web.HTTPInternalServerError(text='sqlite3.OperationalError: near "x": syntax error')
        return web.Response(text="no orders")


@pytest.mark.parametrize("escapes", [True, False])
async def test_a_quote_that_breaks_a_later_query(site_of, probe, escapes):
    report = Report(escapes=escapes)
    site = await site_of(
        {"POST /name": report.save, "GET /profile": report.profile, "GET /report": report.report}
    )
    await site.find("POST", "/name", headers=FORMS, body=b"name=ann")
    await site.find("GET", "/profile")
    await site.find("GET", "/report")
    assert len(await probe(stored.AGENTS, "sqli-second-order", site)) == (0 if escapes else 1)


class Gallery:
    """Keeps files by their names, and serves them as `served` says; PHP files may be run."""

    def __init__(self, *, allows=r".*", runs=False, attached=False):
        self.allows, self.runs, self.attached, self.kept = re.compile(allows), runs, attached, {}

    async def add(self, request):
        sent = (await request.post())["picture"]
        if not self.allows.fullmatch(sent.filename):
            raise web.HTTPUnsupportedMediaType
        self.kept[sent.filename] = sent.file.read()
        return web.json_response({"url": f"/pictures/{sent.filename}"})

    async def get(self, request):
        name = request.match_info["name"]
        if name not in self.kept:
            raise web.HTTPNotFound
        body = self.kept[name]
        product = re.search(rb"echo (\d+)\*(\d+)", body)
        if self.runs and name.endswith(".php") and product:
            return web.Response(text=str(int(product[1]) * int(product[2])))
        kinds = {"html": "text/html", "svg": "image/svg+xml", "txt": "text/plain"}
        headers = {"Content-Disposition": "attachment"} if self.attached else {}
        kind = kinds.get(name.rpartition(".")[2], "application/octet-stream")
        return web.Response(body=body, content_type=kind, headers=headers)


PICTURE = (
    b'--xyz\r\nContent-Disposition: form-data; name="title"\r\n\r\nHello\r\n'
    b'--xyz\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n'
    b"Content-Type: image/png\r\n\r\n"
    b"\x89PNG\r\n--xyz--\r\n"
)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"runs": True}, ["CRITICAL"]),
        ({}, [None]),
        ({"allows": r".*\.svg"}, [None]),
        ({"attached": True}, []),
        ({"allows": r".*\.(png|txt)"}, []),
    ],
)
async def test_files_that_run(site_of, probe, options, found):
    gallery = Gallery(**options)
    site = await site_of({"POST /pictures": gallery.add, "GET /pictures/{name}": gallery.get})
    kind = (("Content-Type", "multipart/form-data; boundary=xyz"),)
    await site.find("POST", "/pictures", headers=kind, body=PICTURE)
    assert [proof.severity for proof in await probe(uploads.AGENTS, "file-upload", site)] == found


class Coupons:
    """Each account redeems a coupon once: checked and noted at once, or with a moment between."""

    def __init__(self, *, pause, once=True):
        self.pause, self.once, self.users, self.used = pause, once, {}, set()

    async def register(self, request):
        sent = await request.json()
        self.users[sent["username"]] = sent["password"]
        return web.json_response({"status": "ok"})

    async def login(self, request):
        sent = await request.json()
        if self.users.get(sent["username"]) != sent["password"]:
            raise web.HTTPUnauthorized
        return web.json_response({"token": f"token-of-{sent['username']}"})

    async def redeem(self, request):
        name = request.headers.get("Authorization")
        if not name:
            raise web.HTTPUnauthorized
        if name in self.used and self.once:
            return web.json_response({"error": "used already"}, status=409)
        if self.pause:
            await asyncio.sleep(0.05)
        self.used.add(name)
        return web.json_response({"status": "ok", "credit": 10})


@pytest.mark.parametrize(
    ("options", "count"), [({"pause": True}, 1), ({"pause": False}, 0), ({"pause": True, "once": False}, 0)]
)
async def test_a_coupon_is_redeemed_once(site_of, probe, options, count):
    coupons = Coupons(**options)
    site = await site_of(
        {
            "POST /register": coupons.register,
            "POST /login": coupons.login,
            "POST /coupons/redeem": coupons.redeem,
        }
    )
    body = json.dumps({"username": "x", "password": "y"}).encode()
    await site.find("POST", "/register", headers=JSON, body=body)
    await site.find("POST", "/login", headers=JSON, body=body)
    await site.find("POST", "/coupons/redeem", headers=JSON, body=b'{"code": "SPRING"}')
    assert len(await probe(races.AGENTS, "race-condition", site)) == count
