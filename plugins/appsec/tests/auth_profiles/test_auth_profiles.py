"""Authentication profiles: secrets stay in, and a success is proven both ways."""

import time

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from threatweaver_appsec.engine.logins.totp import Totp

SEED = "JBSWY3DPEHPK3PXP"
TOKEN = "tok-4711-aaaa-bbbb"
FORM = "<form method=post><input name=user><input type=password name=pass></form>"


@pytest.fixture
async def site():
    """An application with a form, a key and a page that only those who are signed in see; or everybody."""
    state = {"lax": False, "open": False}

    async def login(request):
        form = await request.post()
        response = web.Response(text="welcome")
        if state["lax"] or form.get("pass") == "right":
            response.set_cookie("sid", "s3cret")
        return response

    async def form(_):
        return web.Response(
            text=FORM,
            content_type="text/html",
        )

    async def account(request):
        signed = request.cookies.get("sid") == "s3cret" or request.headers.get("X-Key") == "k"
        signed = signed or request.headers.get("Authorization") == f"Bearer {TOKEN}"
        allowed = signed or state["open"]
        return web.Response(text="Hello Ann" if allowed else "Who?", status=200 if allowed else 401)

    async def start(_):
        return web.Response(text="<input type=hidden name=flow value='flow-1'>", content_type="text/html")

    async def finish(request):
        given, codes = await request.json(), {Totp(SEED).code(), Totp(SEED).code(time.time() - 30)}
        fits = (given["flow"], given["user"], given["password"]) == ("flow-1", "ann", 'ri"ght')
        if not (fits and given["code"] in codes):
            return web.json_response({"error": "no"}, status=403)
        return web.json_response({"session": {"token": TOKEN}})

    app = web.Application()
    app.add_routes([web.get("/login", form), web.post("/login", login), web.get("/account", account)])
    app.add_routes([web.get("/start", start), web.post("/finish", finish)])
    async with TestServer(app) as server:
        yield f"http://127.0.0.1:{server.port}", state


@pytest.fixture
async def made(space, site, kernel, monkeypatch):
    base, _ = site
    monkeypatch.setitem(kernel.registry.settings["appsec"], "allowed_targets", "127.0.0.0/8")
    target = await space.target(baseUrl=base)
    body = {
        "targetId": target["id"],
        "name": "Ann",
        "kind": "form",
        "username": "ann",
        "loginUrl": f"{base}/login",
        "usernameField": "user",
        "passwordField": "pass",
        "password": "right",
        "checkUrl": f"{base}/account",
        "checkText": "Hello Ann",
    }
    return await space.post("/auth-profiles", body, status=201), body


async def test_secrets_do_not_come_out(space, made):
    profile, _ = made
    shown = str(await space.get(f"/auth-profiles/{profile['id']}")) + str(await space.get("/auth-profiles"))
    assert "right" not in shown
    async with space.unit() as unit:
        sealed = await unit.connection.fetchval("SELECT sealed_secrets FROM appsec_auth_profile LIMIT 1")
    assert "right" not in sealed


async def test_each_step_is_shown(space, made):
    profile, _ = made
    said = await space.post(f"/auth-profiles/{profile['id']}/test")
    assert said["ok"] is True, said
    names = [step["name"] for step in said["steps"]]
    assert "Check that the identity is signed in" in names
    assert "Check that who has a wrong password is not signed in" in names
    assert "right" not in str(said["steps"])
    assert (await space.get(f"/auth-profiles/{profile['id']}"))["testOk"] is True


@pytest.mark.parametrize("fault", ["open", "lax"])
async def test_a_login_that_proves_nothing_is_not_ok(space, made, site, fault):
    profile, _ = made
    site[1][fault] = True
    said = await space.post(f"/auth-profiles/{profile['id']}/test")
    assert said["ok"] is False
    assert "proves nothing" in said["reason"]


async def test_wrong_credentials_are_not_ok(space, made):
    profile, _ = made
    await space.put(f"/auth-profiles/{profile['id']}", {"password": "wrong"})
    assert (await space.post(f"/auth-profiles/{profile['id']}/test"))["ok"] is False
    await space.call("DELETE", f"/auth-profiles/{profile['id']}", status=204)
    await space.call("POST", f"/auth-profiles/{profile['id']}/test", status=404)


async def test_a_header(space, made):
    _, body = made
    more = {"targetId": body["targetId"], "name": "Key", "kind": "header", "header": "X-Key", "value": "k"}
    key = await space.post("/auth-profiles", more | {"checkUrl": body["checkUrl"]}, status=201)
    said = await space.post(f"/auth-profiles/{key['id']}/test")
    assert said["ok"] is True, said


async def test_secrets_do_not_follow_to_another_address(space, made):
    profile, _ = made
    path = f"/auth-profiles/{profile['id']}"
    said = await space.call("PUT", path, {"loginUrl": "https://evil.example.com/login"}, status=400)
    assert said["details"][0]["field"] == "password"


async def test_nothing_is_sent_to_a_target_that_nobody_proved(space, made, kernel, monkeypatch):
    profile, _ = made
    monkeypatch.setitem(kernel.registry.settings["appsec"], "allowed_targets", "")
    said = await space.post(f"/auth-profiles/{profile['id']}/test")
    assert (said["ok"], said["steps"]) == (False, [])


def recorded(body, base):
    """The profile of a login that takes two steps and a one-time code, and answers a token."""
    finish = {
        "method": "POST",
        "url": f"{base}/finish",
        "headers": [{"name": "Content-Type", "value": "application/json"}],
        "body": '{"flow":"{{flow}}", "user":"{{username}}", "password":"{{password}}", "code":"{{totp}}"}',
        "extracts": [{"name": "token", "pointer": "/session/token"}],
    }
    flow = {"name": "flow", "before": "name=flow value='", "after": "'"}
    return {
        "targetId": body["targetId"],
        "name": "Ann, by steps",
        "kind": "recorded",
        "username": "ann",
        "password": 'ri"ght',
        "totpSeed": SEED,
        "steps": [{"url": f"{base}/start", "extracts": [flow]}, finish],
        "carries": [{"name": "Authorization", "value": "Bearer {{token}}"}],
        "checkUrl": body["checkUrl"],
    }


async def test_recorded_steps_sign_in_with_a_code_and_show_no_secret(space, made, site):
    given = recorded(made[1], site[0])
    profile = await space.post("/auth-profiles", given, status=201)
    assert profile["settings"]["steps"][1]["body"] == given["steps"][1]["body"]
    path = f"/auth-profiles/{profile['id']}"
    said = await space.post(f"{path}/test")
    assert said["ok"] is True, said
    shown = [(step["name"], step["detail"][:17]) for step in said["steps"][:2]]
    assert shown == [("Step 1", "GET /start: 200"), ("Step 2", "POST /finish: 200")]
    assert not [secret for secret in (TOKEN, "ri", SEED, "flow-1") if secret in str(said)]
    await space.put(path, {"password": "wrong"})
    said = await space.post(f"{path}/test")
    assert (said["ok"], said["reason"]) == (False, "Step 2 was answered with 403.")
    await space.put(path, {"password": 'ri"ght'})  # the seed stays
    assert (await space.post(f"{path}/test"))["ok"] is True


async def test_the_secret_of_recorded_steps_does_not_follow_to_other_steps(space, made, site):
    given = recorded(made[1], site[0])
    profile = await space.post("/auth-profiles", given, status=201)
    steps = [{"url": f"{site[0]}/echo?p={{{{password}}}}"}]
    said = await space.call("PUT", f"/auth-profiles/{profile['id']}", {"steps": steps}, status=400)
    assert said["details"][0]["field"] == "password"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"steps": []}, "steps"),
        ({"steps": [{"url": "https://a.test/login"}]}, "steps"),
        ({"steps": [{"method": "PUT", "url": "https://a.test/", "body": "{{password}}"}]}, "steps.0.method"),
        (
            {"steps": [{"url": "https://a.test/{{password}}", "extracts": [{"name": "x"}]}]},
            "steps.0.ext",
        ),
        ({"steps": [{"url": "https://a.test/{{password}}", "then": "x"}]}, "steps.0.then"),
        ({"carries": [{"name": "Cookie", "value": "sid=recorded"}]}, "carries.0.value"),
        ({"password": None}, "password"),
    ],
)
async def test_steps_that_prove_nothing_or_hold_a_secret_are_refused(space, change, field):
    given = recorded({"targetId": str(space.tenant.id), "checkUrl": "https://a.test/me"}, "https://a.test")
    body = {name: value for name, value in (given | change).items() if value is not None}
    said = await space.call("POST", "/auth-profiles", body, status=400)
    assert said["details"][0]["field"].startswith(field), said
