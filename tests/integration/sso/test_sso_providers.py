"""Providers, what they share, the role mapping, and who keeps a password."""

import pytest
from lxml import etree

from threatweaver.ids import uuid7

OIDC = {"issuer": "https://id.example.com", "clientId": "tw", "clientSecret": "hush-hush"}


def provider(**changes):
    return {
        "name": uuid7().hex,
        "kind": "oidc",
        "oidc": {**OIDC, "issuer": f"https://{uuid7().hex}.example.com"},
        **changes,
    }


async def test_a_provider_is_kept_without_ever_showing_its_secret(client, admin, database):
    async with client.post("/api/sso/providers", json=provider(), headers=admin) as answer:
        assert answer.status == 201, await answer.text()
        made = (await answer.json())["data"]
    assert made["hasSecret"] is True
    changed = provider(name="renamed", enabled=False)
    del changed["oidc"]["clientSecret"]
    path = f"/api/sso/providers/{made['id']}"
    async with client.put(path, json=changed, headers=admin) as answer:
        assert answer.status == 200, await answer.text()
    async with client.get(path, headers=admin) as answer:
        text = await answer.text()
        seen = (await answer.json())["data"]
    assert (seen["name"], seen["enabled"], seen["hasSecret"]) == ("renamed", False, True)
    assert "hush" not in text
    async with database.control(read_only=True) as unit:
        sealed = await unit.connection.fetchval(
            "SELECT sealed_secret FROM sso_provider WHERE id = $1", made["id"]
        )
    assert "hush" not in sealed
    async with client.delete(path, headers=admin) as answer:
        assert answer.status == 204
    async with client.get(path, headers=admin) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"kind": "saml"}, 400),
        ({"oidc": {**OIDC, "algorithms": ["none"]}}, 400),
        ({"oidc": {**OIDC, "algorithms": ["HS256"]}}, 400),
        ({"oidc": {**OIDC, "scopes": ["email"]}}, 422),
        ({"kind": "saml", "oidc": None}, 400),
        ({"allowedDomains": ["not a domain"]}, 400),
    ],
)
async def test_a_provider_that_cannot_work_is_refused(client, admin, changes, status):
    body = {key: value for key, value in provider(**changes).items() if value is not None}
    async with client.post("/api/sso/providers", json=body, headers=admin) as answer:
        assert answer.status == status, await answer.text()


@pytest.mark.parametrize(
    "xml",
    [
        "<nothing/>",
        "no xml",
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
    ],
)
async def test_metadata_that_says_nothing_or_tries_entities_is_refused(client, admin, xml):
    body = {"name": "saml", "kind": "saml", "saml": {"metadataXml": xml}}
    async with client.post("/api/sso/providers", json=body, headers=admin) as answer:
        assert (answer.status, (await answer.json())["code"]) == (422, "SSO_PROVIDER_MISCONFIGURED")


async def test_metadata_is_not_fetched_from_inside(client, admin):
    body = {"name": "saml", "kind": "saml", "saml": {"metadataUrl": "http://127.0.0.1:8080/metadata"}}
    async with client.post("/api/sso/providers", json=body, headers=admin) as answer:
        assert (answer.status, (await answer.json())["code"]) == (422, "OUTBOUND_REFUSED")


async def test_two_providers_of_one_name_conflict(client, admin):
    body = provider()
    async with client.post("/api/sso/providers", json=body, headers=admin) as answer:
        assert answer.status == 201
    async with client.post("/api/sso/providers", json=provider(name=body["name"]), headers=admin) as answer:
        assert answer.status == 409


async def test_the_metadata_names_our_key_and_where_responses_go(client, admin, tenant):
    async with client.get("/api/sso/config", headers=admin) as answer:
        config = (await answer.json())["data"]
    async with client.get("/api/sso/metadata", params={"tenant": tenant.slug}) as answer:
        assert answer.status == 200
        root = etree.fromstring(await answer.read())
    spaces = {"md": "urn:oasis:names:tc:SAML:2.0:metadata", "ds": "http://www.w3.org/2000/09/xmldsig#"}
    assert root.get("entityID") == config["entityId"]
    descriptor = root.find("md:SPSSODescriptor", spaces)
    assert (descriptor.get("WantAssertionsSigned"), descriptor.get("AuthnRequestsSigned")) == ("true", "true")
    assert descriptor.find("md:AssertionConsumerService", spaces).get("Location") == config["acsUrl"]
    assert {key.get("use") for key in descriptor.iterfind("md:KeyDescriptor", spaces)} == {
        "signing",
        "encryption",
    }
    body = "".join(config["certificate"].split("\n")[1:-2])
    assert descriptor.findtext(".//ds:X509Certificate", namespaces=spaces).replace("\n", "") == body


async def test_a_tenant_that_is_not_there_has_no_metadata_and_no_providers(client):
    async with client.get("/api/sso/metadata?tenant=nobody-here") as answer:
        assert answer.status == 404
    async with client.get("/api/sso/providers?tenant=nobody-here") as answer:
        assert await answer.json() == {"data": []}


async def test_a_sign_in_page_sees_the_enabled_providers_and_no_settings(client, admin, tenant):
    shown, hidden = provider(), provider(enabled=False)
    for body in (shown, hidden):
        async with client.post("/api/sso/providers", json=body, headers=admin) as answer:
            assert answer.status == 201

    async def choices():
        async with client.get("/api/sso/providers", params={"tenant": tenant.slug}) as answer:
            return {item["name"]: item for item in (await answer.json())["data"]}

    seen = await choices()
    assert hidden["name"] not in seen
    assert set(seen[shown["name"]]) == {"id", "name", "kind", "loginUrl"}
    off = {"enabled": False, "defaultProviderId": seen[shown["name"]]["id"]}
    async with client.put("/api/sso/config", json=off, headers=admin) as answer:
        assert (await answer.json())["data"]["defaultProviderId"] == off["defaultProviderId"]
    assert await choices() == {}
    async with client.put("/api/sso/config", json={"enabled": True}, headers=admin) as answer:
        assert answer.status == 200


async def test_a_mapping_names_roles_and_providers_that_exist(client, admin):
    rules = [{"group": "secops", "role": "analyst"}, {"group": "all", "role": "viewer"}]
    async with client.put(
        "/api/sso/role-mapping", json={"rules": rules, "defaultRole": None}, headers=admin
    ) as answer:
        assert answer.status == 200
    async with client.get("/api/sso/role-mapping", headers=admin) as answer:
        kept = (await answer.json())["data"]
    assert kept == {"rules": [{**rule, "providerId": None} for rule in rules], "defaultRole": None}
    for wrong, status in (({"role": "wizard"}, 422), ({"providerId": str(uuid7())}, 404)):
        body = {"rules": [{"group": "g", "role": "viewer", **wrong}]}
        async with client.put("/api/sso/role-mapping", json=body, headers=admin) as answer:
            assert answer.status == status


async def test_break_glass_is_for_administrators_of_this_tenant(client, admin, viewer, stranger):
    async def me(headers):
        return (await (await client.get("/api/auth/me", headers=headers)).json())["id"]

    for headers, status in ((admin, 200), (viewer, 422), (stranger, 404)):
        body = {"userIds": [await me(headers)]}
        async with client.put("/api/sso/break-glass", json=body, headers=admin) as answer:
            assert answer.status == status
    async with client.get("/api/sso/break-glass", headers=admin) as answer:
        assert [row["id"] for row in (await answer.json())["data"]] == [await me(admin)]
