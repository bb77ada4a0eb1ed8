"""SAML in a browser, with SimpleSAMLphp as the identity provider on another site."""

import json
import socket

import cdp
import e2e_product as products
import pytest
import requests
import simplesaml


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


@pytest.fixture(scope="module")
def identity_provider():
    with simplesaml.identity_provider() as running:
        yield running


@pytest.fixture(scope="module")
def provider(sso_product, identity_provider):
    """Each side imports the other's metadata, as administrators do."""
    url, home = identity_provider
    ours = requests.get(f"{sso_product.url}/api/sso/metadata", timeout=20)
    assert ours.status_code == 200, ours.text
    (home / "sp.xml").write_text(ours.text, encoding="utf-8")
    body = {
        "name": "SimpleSAMLphp",
        "kind": "saml",
        "justInTime": True,
        "allowedDomains": ["example.com"],
        "saml": {"metadataUrl": f"{url}/saml2/idp/metadata.php", "requireEncryption": True},
    }
    made = sso_product.request("POST", "/api/sso/providers", json=body)
    assert made.status_code == 201, made.text
    rules = {"rules": [{"group": "secops", "role": "security_analyst"}]}
    assert sso_product.request("PUT", "/api/sso/role-mapping", json=rules).status_code == 200
    return made.json()["data"]


async def test_a_person_signs_in_at_their_provider_and_comes_back(
    sso_product, provider, identity_provider, artifacts
):
    async with cdp.browser() as page:
        login = f"{sso_product.url}/api/auth/sso/login?provider={provider['id']}&next=/api/auth/me"
        await page.send("Page.navigate", url=login)
        await page.until("!!document.querySelector('#username')")
        assert (await page.run("location.origin")) == identity_provider[0]
        await page.screenshot(artifacts / "sso-saml-provider.png")
        await page.run(f"document.querySelector('#username').value = '{simplesaml.USER}'")
        await page.run(f"document.querySelector('#password').value = '{simplesaml.PASSWORD}'")
        await page.run("document.querySelector('form[name=f]').submit()")
        await page.until("location.pathname === '/api/auth/me' && document.body.innerText.includes('{')")
        me = json.loads(await page.run("document.body.innerText"))
        cookies = (await page.send("Network.getCookies", urls=[sso_product.url + "/api/auth"]))["cookies"]
    assert (me["email"], me["role"]) == (f"{simplesaml.USER}@example.com", "security_analyst")
    kept = {cookie["name"]: cookie for cookie in cookies}
    assert kept["token"]["httpOnly"]
    assert kept["token"]["sameSite"] == "Lax"
    assert "flow" not in kept
    posted = [url for url in page.requests if "/api/auth/sso/callback" in url]
    assert len(posted) == 1
