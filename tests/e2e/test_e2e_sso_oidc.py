"""OpenID Connect in a browser, with oidc-provider-mock as the provider on another site."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress

import cdp
import e2e_product as products
import pytest
import requests


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    """The running provider, in a process of its own; by name, so that it is another site than the product."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (tmp_path_factory.mktemp("oidc") / "provider.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)],
        env={**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"},
        stdout=log,
        stderr=log,
    )
    url = f"http://localhost:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None
            assert time.monotonic() < deadline
            with suppress(requests.ConnectionError):
                requests.get(f"{url}/.well-known/openid-configuration", timeout=5)
                break
            time.sleep(0.1)
        claims = {"email": "ada@example.com", "email_verified": True, "groups": ["secops"], "name": "Ada"}
        assert requests.put(f"{url}/users/ada", json=claims, timeout=5).status_code == 204
        yield url
    finally:
        process.terminate()
        process.wait(10)
        log.close()


@pytest.fixture(scope="module")
def sso_product(shared_home):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "TW_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TW_OUTBOUND_ALLOW": "127.0.0.1,localhost",
        "TW_PROCESSES": "2",
    }
    started = products.start(shared_home, "--port", str(port), **settings)
    yield started
    assert started.stop() == 0, started.log[-2000:]


async def test_a_person_signs_in_at_their_provider_and_comes_back(sso_product, issuer, artifacts):
    body = {
        "name": "OpenID",
        "kind": "oidc",
        "justInTime": True,
        "allowedDomains": ["example.com"],
        "oidc": {"issuer": issuer, "clientId": "threatweaver", "clientSecret": "hush"},
    }
    made = sso_product.request("POST", "/api/sso/providers", json=body)
    assert made.status_code == 201, made.text
    rules = {"rules": [{"group": "secops", "role": "security_analyst"}]}
    assert sso_product.request("PUT", "/api/sso/role-mapping", json=rules).status_code == 200
    async with cdp.browser() as page:
        await page.send("Page.navigate", url=f"{sso_product.url}/api/auth/sso/login?next=/api/auth/me")
        await page.until("!!document.querySelector('input[name=sub]')")
        assert (await page.run("location.origin")) == issuer
        await page.screenshot(artifacts / "sso-oidc-provider.png")
        await page.run("document.querySelector('input[name=sub]').value = 'ada'")
        await page.run("document.querySelector('input[name=sub]').form.requestSubmit()")
        await page.until("location.pathname === '/api/auth/me' && document.body.innerText.includes('{')")
        me = json.loads(await page.run("document.body.innerText"))
        cookies = (await page.send("Network.getCookies", urls=[sso_product.url + "/api/auth"]))["cookies"]
    assert (me["email"], me["name"], me["role"]) == ("ada@example.com", "Ada", "security_analyst")
    assert "flow" not in {cookie["name"] for cookie in cookies}
