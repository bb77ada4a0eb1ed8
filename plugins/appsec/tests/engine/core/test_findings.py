"""Findings: stable names, no secrets, a line that runs, and a retest that tells."""

import asyncio
import json
from dataclasses import replace

import pytest
from aiohttp import web
from small_agents import ALL, about
from small_target import HANDLERS, page

from threatweaver_appsec.engine.agent import Operation, Proof, Severity
from threatweaver_appsec.engine.archive import har
from threatweaver_appsec.engine.chains import RULES, chains_of
from threatweaver_appsec.engine.credentials import STAND_IN, keeping, without_password
from threatweaver_appsec.engine.findings import Hit, finding_of, fingerprint, from_record, to_record
from threatweaver_appsec.engine.logins.form import FormLogin
from threatweaver_appsec.engine.messages import Exchange, Request, Response
from threatweaver_appsec.engine.order import Order
from threatweaver_appsec.engine.places import template_of
from threatweaver_appsec.engine.points import FORM, Point, Where
from threatweaver_appsec.engine.redact import redact
from threatweaver_appsec.engine.replay import curl
from threatweaver_appsec.engine.retest import Still, retest
from threatweaver_appsec.engine.scan import Scan
from threatweaver_appsec.engine.scope import PRIVATE, Scope, origin_of
from threatweaver_appsec.engine.site import Target

BASE = "http://a.test"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def hit_of(url, *, key="", name="q", method="GET", per_origin=False, **proof):
    request = Request(method, url, (("Cookie", "sid=secret-value"), ("Authorization", "Bearer abcdefgh")))
    answer = Response(200, (("Set-Cookie", "sid=other; Path=/"),), b'{"token": "topsecret"}', 0.1)
    exchange = Exchange(request, answer, None, "ann")
    point = Point(Where.QUERY, name, "payload")
    shown = Proof("It shows.", proof.pop("excerpt", ""), (exchange,), point, key=key)
    return Hit(about("echo", per_origin=per_origin), shown, Operation(request, exchange, "link"))


def mark(*arguments, **options):
    return fingerprint(hit_of(*arguments, **options), BASE)


def test_a_fingerprint_names_the_place_not_the_payload():
    first = mark(f"{BASE}/users/1?q=a")
    assert first == mark(f"{BASE}/users/999?q=<x>&z=1")
    others = [
        mark(f"{BASE}/users/1/x?q=a"),
        mark(f"{BASE}/users/1", name="r"),
        mark(f"{BASE}/users/1", key="k"),
        mark(f"{BASE}/users/1", method="POST"),
        mark("http://b.test/users/1"),
    ]
    assert len({first, *others}) == 6
    assert mark(f"{BASE}/a", per_origin=True) == mark(f"{BASE}/b", per_origin=True, name="r")
    assert mark(f"{BASE}/a", per_origin=True) != mark("http://b.test/a", per_origin=True)


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/users/17/x", "/users/{}/x"),
        ("/o/550e8400-e29b-41d4-a716-446655440000", "/o/{}"),
        ("/d/2024-01-31", "/d/{}"),
        ("/h/da39a3ee5e6b4b0d3255bfef95601890afd80709", "/h/{}"),
        ("/page2/Case01.jsp", "/page2/Case01.jsp"),
        ("/facade/deadbeef", "/facade/deadbeef"),
        ("", "/"),
    ],
)
def test_ids_in_paths_are_no_names(path, template):
    assert template_of(BASE + path) == template


def test_nothing_stored_has_a_secret():
    hit = hit_of(f"{BASE}/x?q=1&s=secret-value", excerpt=f"token {TOKEN}; Set-Cookie: sid=abc; Path=/")
    finding = finding_of(hit, base=BASE, at=0, secrets=frozenset({"secret-value", "abcdefgh"}))
    stored = json.dumps(to_record(finding))
    for secret in ("secret-value", "abcdefgh", "sid=other", "topsecret", "sid=abc", TOKEN[10:]):
        assert secret not in stored
    assert "$TW_COOKIE" in finding.curl
    assert 'Bearer \'"$TW_TOKEN"' in finding.curl
    assert finding.har["log"]["version"] == "1.2"
    assert from_record(json.loads(stored)) == replace(finding, har=json.loads(json.dumps(finding.har)))


@pytest.mark.parametrize(
    "text",
    [
        f"a {TOKEN} b",
        "AKIAIOSFODNN7EXAMPLE",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMIIEow",
        '{"password": "hunter22"}',
        "api_key=abcd1234",
        "Authorization: Basic dXNlcjpwYXNz",
        "Set-Cookie: sid=abcdef; HttpOnly",
        "ghp_" + "a" * 36,
    ],
)
def test_what_looks_like_a_secret_is_gone(text):
    assert "[redacted]" in redact(text)
    for part in ("eyJzdWI", "FODNN7", "MIIEow", "hunter22", "abcd1234", "dXNlcjpwYXNz", "abcdef", "a" * 36):
        assert part not in redact(text)
    assert redact("a plain page about passwords and tokens") == "a plain page about passwords and tokens"


NASTY = '\'; touch /tmp/never; echo "$(id)`id`" \\ % & | < > * ? ~ # ! {a,b} \u00e9'


@pytest.mark.parametrize("body", [b"", f"a={NASTY}\n\n".encode(), b"\x00\xff'\n"])
async def test_a_replay_sends_the_same_bytes(serve, body):
    got = []

    async def take(request):
        got.append((request.method, request.raw_path, request.headers.get("X-A"), await request.read()))
        got.append(request.headers.get("Cookie"))
        return web.Response()

    base = await serve({"POST /{any:.*}": take})
    url = f"{base}/a/../b[1]?q=%27%3B{{x}}&s=$TW"
    headers = (("X-A", NASTY), ("Cookie", "sid=mine"), ("X-Empty", ""))
    line = curl([Exchange(Request("POST", url, headers, body), None)])
    running = await asyncio.create_subprocess_shell(
        line, env={"TW_COOKIE": "sid=yours", "PATH": "/usr/bin:/bin"}, stdout=-1, stderr=-1
    )
    out, problems = await running.communicate()
    assert running.returncode == 0, problems
    assert b"200 OK" in out
    assert "\n" not in line.replace(body.decode("latin-1"), "") or body
    assert got == [("POST", "/a/../b[1]?q=%27%3B{x}&s=$TW", NASTY, body), "sid=yours"]


def test_the_attacked_value_stays_in_its_replay():
    request = Request("GET", BASE, (("Cookie", "sid=mine; lang=<x>"), ("Authorization", "Bearer forged")))
    line = curl([Exchange(request, None)], Point(Where.COOKIE, "lang"))
    assert 'lang=<x>; \'"$TW_COOKIE"' in line
    assert "sid" not in line
    assert "forged" in curl([Exchange(request, None)], Point(Where.HEADER, "authorization"))
    assert "forged" not in curl([Exchange(request, None)])


async def test_the_number_of_what_the_line_makes_is_taken_from_its_answer(serve):
    gone: list[str] = []

    async def make(_):
        return web.json_response({"port": 7, "user": {"id": 42, "name": "x"}}, status=201)

    async def remove(request):
        gone.append(request.match_info["user"])
        return web.Response(status=204)

    base = await serve({"POST /users": make, "DELETE /v7/users/{user}": remove})
    created = Response(201, (("Content-Type", "application/json"),), b'{"port": 7, "user": {"id": 7}}', 0.0)
    exchanges = [
        Exchange(Request("POST", f"{base}/users"), created),
        Exchange(
            Request("DELETE", f"{base}/v7/users/7", (("X-Version", "1.7"),)), Response(204, (), b"", 0.0)
        ),
    ]
    line = curl(exchanges)
    running = await asyncio.create_subprocess_shell(line, env={"PATH": "/usr/bin:/bin"}, stdout=-1)
    await running.communicate()
    assert ("1.7" in line, gone) == (True, ["42"]), line


def test_har_is_complete_and_bounded():
    exchange = Exchange(
        Request("POST", f"{BASE}/?a=b", (("Content-Type", "text/plain"),), b"x" * 50_000),
        Response(200, (("Content-Type", "text/html"),), b"y" * 50_000, 0.25, length=50_000),
    )
    document = har([exchange] * 50, 1_700_000_000.0)
    assert len(json.dumps(document)) < 100_000
    entry = document["log"]["entries"][0]
    assert set(entry) == {"startedDateTime", "time", "request", "response", "cache", "timings"}
    assert (entry["time"], entry["response"]["content"]["size"]) == (250.0, 50_000)
    assert entry["request"]["queryString"] == [{"name": "a", "value": "b"}]
    assert har([Exchange(Request("GET", BASE), None)], 0)["log"]["entries"][0]["response"]["status"] == 0


async def test_a_replay_reproduces_and_a_retest_closes(serve):
    mended = False

    def changing(request):
        return HANDLERS["GET /safe" if mended else "GET /echo"](request)

    base = await serve({"GET /": lambda _: page('<a href="/x?q=1">x</a>'), "GET /x": changing})
    scope = Scope(frozenset({origin_of(base)}), allowed=PRIVATE)

    async def crawl(sender, base, identity):
        request = Request("GET", f"{base}/x?q=1")
        yield Operation(request, await sender.send(request), "link")

    scan = Scan(Order(base, scope, ALL, crawl))
    assert [event async for event in scan.events()][-1].state == "completed"
    findings = {one.agent: one for one in scan.memory.findings.values()}
    shell = await asyncio.create_subprocess_shell(findings["echo"].curl, stdout=-1)
    assert findings["echo"].excerpt in (await shell.communicate())[0].decode()

    async def states():
        async with Scan(Order(base, scope, ALL, crawl)).client as client:
            target = Target(client, base, "other")
            again = [await retest(findings[name], target, ALL) for name in ("echo", "server")]
            assert max(one.seconds for one in again) < 5
            return [one.state for one in again]

    assert await states() == [Still.OPEN, Still.OPEN]
    mended = True
    assert await states() == [Still.CLOSED, Still.OPEN]
    gone = "http://127.0.0.1:1"
    nobody = Order(gone, Scope(frozenset({gone}), allowed=PRIVATE), ALL, crawl)
    async with Scan(nobody).client as client:
        moved = replace(findings["echo"], request=Request("GET", f"{gone}/x?q=1"))
        answer = await retest(moved, Target(client, gone, "s"), ALL)
        assert (answer.state, "refused" in answer.says) == (Still.INCONCLUSIVE, True)
        assert (await retest(moved, Target(client, gone, "s"), ())).state == Still.INCONCLUSIVE


def finding(cwe):
    base = finding_of(hit_of(f"{BASE}/{cwe}"), base=BASE, at=0)
    return replace(base, cwe=cwe, fingerprint=f"f{cwe}")


def test_findings_make_chains_by_rules():
    assert chains_of([finding(79), finding(601)]) == []
    (chain,) = chains_of([finding(1004), finding(79)])
    assert (chain.rule, chain.severity, chain.findings) == (
        "session-theft",
        Severity.CRITICAL,
        ("f79", "f1004"),
    )
    rules = [chain.rule for chain in chains_of([finding(204), finding(307), finding(521)])]
    assert rules == ["account-takeover-by-guessing"]  # which says what guessing-at-scale says, and more
    assert [chain.rule for chain in chains_of([finding(204), finding(307)])] == ["guessing-at-scale"]
    assert {chain.rule for chain in chains_of([finding(639), finding(915)])} == {"privilege-by-assignment"}
    everything = [
        finding(cwe) for cwe in sorted({cwe for rule in RULES for step in rule.steps for cwe in step})
    ]
    assert chains_of(everything) == chains_of(everything)
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(("identity", "state"), [("", Still.CLOSED), ("ann", Still.INCONCLUSIVE)])
async def test_a_place_that_lets_nobody_in_is_mended_only_for_nobody(serve, identity, state):
    async def refused(_):
        return web.Response(status=401)

    base = await serve({"GET /echo": refused})
    finding = replace(finding_of(hit_of(f"{base}/echo?q=1"), base=base, at=0.0), identity=identity)
    order = Order(base, Scope(frozenset({origin_of(base)}), allowed=PRIVATE), ALL, lambda *_: None)
    async with Scan(order).client as client:
        assert (await retest(finding, Target(client, base, "seed"), ALL)).state is state


async def test_what_is_kept_has_no_password_and_a_retest_leaves_it_as_it_is(serve):
    """A finding at a form that sets the password: sent again as it is kept, it would lock everybody out."""
    sent = []

    async def change(request):
        sent.append((await request.post())["password"])
        return page(sent[-1])

    base = await serve({"POST /password": change, "GET /": lambda _: page("here")})
    place = Request("POST", f"{base}/password", (("Content-Type", FORM),), b"password=own-Pass-1")
    operation = Operation(place, Exchange(place, Response(200, (), b"own-Pass-1", 0.1)), "form")
    kept = without_password(operation, "own-Pass-1")
    assert (kept.request.body, kept.baseline.text) == (f"password={STAND_IN}".encode(), STAND_IN)
    assert keeping(kept.request, "own-Pass-1") == place

    shown = Proof("It shows.", "", (operation.baseline,), Point(Where.FORM, "password", "x"))
    found = finding_of(
        Hit(about("echo"), shown, operation), base=base, at=0.0, secrets=frozenset({"own-Pass-1"})
    )
    assert b"own-Pass-1" not in found.request.body
    scope = Scope(frozenset({origin_of(base)}), allowed=PRIVATE, safe=False)
    async with Scan(Order(base, scope, ALL, lambda *_: None)).client as client:
        ann = FormLogin("ann", f"{base}/login", "ann", "own-Pass-1")
        as_ann = Target(client, base, "seed", identities={"ann": ann})
        assert (await retest(found, as_ann, ALL)).state is Still.OPEN
        assert sent[0] == sent[-1] == "own-Pass-1"
        before = len(sent)
        assert (await retest(found, Target(client, base, "seed"), ALL)).state is Still.INCONCLUSIVE
        assert len(sent) == before
