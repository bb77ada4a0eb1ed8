"""/sso/test shows what a provider says, and signs nobody in."""

import pytest_asyncio
from saml_forge import Forge, encode

from threatweaver.auth.models import User


@pytest_asyncio.fixture(loop_scope="session")
async def forge(http, admin):
    async with http.get("/api/sso/config", headers=admin) as answer:
        config = (await answer.json())["data"]
    return Forge(config["entityId"], config["acsUrl"], config["certificate"].encode())


@pytest_asyncio.fixture(loop_scope="session")
async def test(http, admin, add_provider, forge):
    options = {
        "entityId": forge.issuer,
        "ssoUrl": "https://idp.example.com/sso",
        "certificates": [forge.pair[1].decode()],
    }
    provider = await add_provider(kind="saml", saml=options)

    async def run(**body):
        body = {"providerId": provider["id"], **body}
        async with http.post("/api/sso/test", json=body, headers=admin) as answer:
            return answer.status, await answer.json(), answer.headers

    return run


async def test_a_good_response_shows_its_claims_and_the_rule_that_fires(test, forge, kernel):
    response = encode(forge.signed("_whatever", name_id="shown@example.com"))
    status, body, headers = await test(samlResponse=response)
    shown = body["data"]
    assert (status, shown["accepted"], shown["reason"]) == (200, True, None)
    assert shown["person"]["email"] == "shown@example.com"
    assert shown["claims"]["attributes"] == {"groups": ["secops"]}
    assert (shown["role"], shown["rule"]["group"]) == ("analyst", "secops")
    assert "Set-Cookie" not in headers
    async with kernel.database.control(read_only=True):
        assert not await User.exists(email="shown@example.com")
    assert (await test(samlResponse=response))[1]["data"]["accepted"] is True  # it is not used up


async def test_a_forged_response_is_shown_with_the_reason_of_its_refusal(test, forge):
    response = forge.signed("_whatever")
    response.find(".//saml:NameID", {"saml": "urn:oasis:names:tc:SAML:2.0:assertion"}).text = "m@example.com"
    _, body, _ = await test(samlResponse=encode(response))
    shown = body["data"]
    assert (shown["accepted"], shown["reason"]) == (False, "BAD_SIGNATURE")
    assert shown["person"]["email"] == "m@example.com"


async def test_an_encrypted_response_is_decrypted(test, forge):
    _, body, _ = await test(samlResponse=encode(forge.encrypt(forge.signed("_whatever"))))
    assert body["data"]["person"]["email"] == "ada@example.com"


async def test_rubbish_is_refused_and_a_wrong_input_is_a_mistake(test):
    _, body, _ = await test(samlResponse="AAAA")
    assert (body["data"]["accepted"], body["data"]["reason"]) == (False, "UNREADABLE")
    status, _, _ = await test(idToken="a.b.c")
    assert status == 422


async def test_a_provider_of_another_tenant_is_not_there(http, stranger, add_provider, forge):
    options = {
        "entityId": "https://other.example.com",
        "ssoUrl": "https://idp.example.com/sso",
        "certificates": [forge.pair[1].decode()],
    }
    provider = await add_provider(kind="saml", saml=options)
    body = {"providerId": provider["id"]}
    async with http.post("/api/sso/test", json=body, headers=stranger) as answer:
        assert answer.status == 404


async def test_an_address_that_the_saml_library_does_not_take_is_the_administrators_problem(
    http, admin, add_provider, forge
):
    options = {"entityId": "x", "ssoUrl": "https://a/sso", "certificates": [forge.pair[1].decode()]}
    provider = await add_provider(kind="saml", saml=options)
    body = {"providerId": provider["id"], "samlResponse": encode(forge.signed())}
    async with http.post("/api/sso/test", json=body, headers=admin) as answer:
        assert (answer.status, (await answer.json())["code"]) == (422, "SSO_PROVIDER_MISCONFIGURED")
