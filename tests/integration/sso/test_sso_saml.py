"""SAML: responses as identity providers send them, and as attackers do."""

import base64
import copy
import zlib
from urllib.parse import parse_qsl, urlsplit

import pytest
import pytest_asyncio
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree
from saml_forge import DS, NS, SAML, SAMLP, Forge, assertion, encode, key_pair

from threatweaver.ids import uuid7

MALLORY = "mallory@example.com"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def forge(http, admin):
    async with http.get("/api/sso/config", headers=admin) as answer:
        config = (await answer.json())["data"]
    return Forge(config["entityId"], config["acsUrl"], config["certificate"].encode())


@pytest.fixture
def provider(forge, add_provider):
    async def add(**changes):
        forge.issuer = f"https://idp.example.com/{uuid7().hex}"
        options = {
            "entityId": forge.issuer,
            "ssoUrl": "https://idp.example.com/sso?tenant=7",
            "certificates": [forge.pair[1].decode()],
            **changes,
        }
        return await add_provider(kind="saml", saml=options)

    return add


@pytest.fixture
def start(tenant):
    """A function that begins a sign-in in a browser; returns the request and the URL it was sent with."""

    async def begin(browser, provider, next_path="/here"):
        query = {"tenant": tenant.slug, "provider": provider["id"], "next": next_path}
        answer = await browser.get("/api/auth/sso/login", params=query)
        assert answer.status == 303, await answer.text()
        url = answer.headers["Location"]
        packed = dict(parse_qsl(urlsplit(url).query))["SAMLRequest"]
        return etree.fromstring(zlib.decompress(base64.b64decode(packed), -15)), url

    return begin


@pytest.fixture
def post(tenant):
    """A function that posts a response as the provider's page does."""

    async def send(browser, response):
        path = f"/api/auth/sso/callback?tenant={tenant.slug}"
        return await browser.post(path, data={"SAMLResponse": encode(response), "RelayState": ""})

    return send


@pytest.fixture
def answered(browser, provider, start, post):
    """A function that begins a sign-in and posts what is made from the request's id."""

    async def run(make, **options):
        request, _ = await start(browser, await provider(**options))
        return await post(browser, make(request.get("ID")))

    return run


async def refused(answer):
    body = await answer.json()
    assert (answer.status, body["code"]) == (401, "SSO_REFUSED"), body
    return body["reason"]


async def test_the_request_is_signed_with_the_key_of_the_metadata(browser, provider, start, forge):
    request, url = await start(browser, await provider())
    assert (request.findtext("saml:Issuer", namespaces=NS), request.get("AssertionConsumerServiceURL")) == (
        forge.entity_id,
        forge.acs,
    )
    signed, _, signature = url.partition("?")[2].partition("&Signature=")
    value = dict(parse_qsl(f"Signature={signature}"))["Signature"]
    certificate = x509.load_pem_x509_certificate(forge.sp_certificate)
    certificate.public_key().verify(
        base64.b64decode(value),
        signed.removeprefix("tenant=7&").encode(),
        padding.PKCS1v15(),
        hashes.SHA256(),
    )


async def test_a_signed_assertion_signs_in(answered, browser, forge, tenant):
    answer = await answered(lambda asked: forge.signed(asked, name_id="Grace@Example.com"))
    assert (answer.status, answer.headers["Location"]) == (303, "/here")
    me = await browser.me()
    assert (me["email"], me["role"], me["tenantSlug"]) == ("grace@example.com", "analyst", tenant.slug)


@pytest_asyncio.fixture(loop_scope="session")
async def attempt(browser, forge, provider, start, post):
    """A function: the status of one more sign-in of somebody with one provider."""
    made = await provider()

    async def sign_in():
        request, _ = await start(browser, made)
        return (await post(browser, forge.signed(request.get("ID"), name_id="line@example.com"))).status

    return sign_in


async def test_a_sign_in_comes_with_its_line(attempt, kernel, tenant, line_or_nothing):
    for action in ("sso_member_made", "sso_sign_in"):  # the first one makes the account
        await line_or_nothing(kernel, tenant, attempt, action=action, good=303)


async def test_a_signed_and_encrypted_assertion_signs_in(answered, browser, forge):
    def encrypted(asked):
        return forge.encrypt(forge.signed(asked, name_id="enc@example.com"))

    answer = await answered(encrypted, requireEncryption=True)
    assert answer.status == 303, await answer.text()
    assert (await browser.me())["email"] == "enc@example.com"


async def test_an_assertion_may_be_signed_beside_its_response(answered, forge):
    answer = await answered(lambda asked: forge.sign(forge.signed(asked)))
    assert answer.status == 303, await answer.text()


async def test_encryption_may_be_required(answered, forge):
    answer = await answered(forge.signed, requireEncryption=True)
    assert await refused(answer) == "UNENCRYPTED"


async def test_an_assertion_encrypted_for_another_key_is_refused(answered, forge):
    other = key_pair()[1]
    assert await refused(await answered(lambda a: forge.encrypt(forge.signed(a), other))) == "UNREADABLE"


async def test_an_encrypted_assertion_without_a_signature_is_refused(answered, forge):
    answer = await answered(lambda asked: forge.encrypt(forge.response(asked)))
    assert await refused(answer) == "UNSIGNED"


async def test_an_unsigned_response_is_refused(answered, browser, forge):
    assert await refused(await answered(forge.response)) == "UNSIGNED"
    assert await browser.me() is None


async def test_a_response_that_is_signed_around_an_unsigned_assertion_is_refused(answered, forge):
    assert await refused(await answered(lambda asked: forge.sign(forge.response(asked)))) == "UNSIGNED"


async def test_a_signature_of_somebody_else_is_refused(answered, forge):
    def foreign(asked):
        response, pair = forge.response(asked), key_pair()
        forge.sign(assertion(response), pair)
        return response

    assert await refused(await answered(foreign)) == "BAD_SIGNATURE"


async def test_an_assertion_changed_after_it_was_signed_is_refused(answered, forge):
    def changed(asked):
        response = forge.signed(asked)
        response.find(".//saml:NameID", NS).text = MALLORY
        return response

    assert await refused(await answered(changed)) == "BAD_SIGNATURE"


async def test_sha1_is_refused(answered, forge):
    def weak(asked):
        response = forge.response(asked)
        forge.sign(assertion(response), method=xmlsec.Transform.RSA_SHA1, digest=xmlsec.Transform.SHA1)
        return response

    assert await refused(await answered(weak)) == "WEAK_SIGNATURE"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"audience": "https://other.example.com"}, "WRONG_AUDIENCE"),
        ({"audience": ""}, "WRONG_AUDIENCE"),
        ({"recipient": "https://other.example.com/acs"}, "UNCONFIRMED_SUBJECT"),
        ({"destination": "https://other.example.com/acs"}, "WRONG_DESTINATION"),
        ({"issuer": "https://other.example.com"}, "WRONG_ISSUER"),
        ({"minutes": -2, "begin": -10}, "UNCONFIRMED_SUBJECT"),
        ({"minutes": -10, "begin": -20}, "EXPIRED"),
        ({"minutes": 10, "begin": 2}, "NOT_YET_VALID"),
        ({"answered": ""}, "NOT_OUR_REQUEST"),
        ({"name_id": ""}, "NO_SUBJECT"),
        ({"name_id": f"{'a' * 512}@example.com"}, "NO_SUBJECT"),
        ({"asked": ""}, "NOT_OUR_REQUEST"),
        ({"asked": ' InResponseTo="_other"', "answered": ' InResponseTo="_other"'}, "NOT_OUR_REQUEST"),
    ],
)
async def test_a_response_that_is_not_for_us_and_now_is_refused(answered, forge, changes, expected):
    assert await refused(await answered(lambda asked: forge.signed(asked, **changes))) == expected


async def test_an_address_that_merely_begins_or_contains_ours_is_refused(answered, forge):
    longer = forge.acs + "#evil"
    assert await refused(await answered(lambda a: forge.signed(a, recipient=longer))) == "WRONG_RECIPIENT"
    assert await refused(await answered(lambda a: forge.signed(a, destination=longer))) == "WRONG_DESTINATION"


async def test_a_replayed_response_is_refused(browser, another_browser, provider, start, post, forge):
    request, _ = await start(browser, await provider())
    response = forge.signed(request.get("ID"))
    stolen = dict(browser.cookies)
    assert (await post(browser, response)).status == 303
    assert await refused(await post(browser, response)) == "UNSOLICITED"
    another_browser.cookies = stolen
    assert await refused(await post(another_browser, response)) == "UNSOLICITED"


async def test_a_replayed_unsolicited_response_is_refused_on_whatever_process(
    browser, another_browser, provider, post, forge
):
    await provider(idpInitiated=True)
    response = forge.signed()
    assert (await post(browser, response)).status == 303
    assert await refused(await post(another_browser, response)) == "REPLAYED"
    assert await another_browser.me() is None


async def test_a_response_to_another_browser_is_refused(
    browser, another_browser, provider, start, post, forge
):
    made = await provider(idpInitiated=True)
    request, _ = await start(browser, made)
    response = forge.signed(request.get("ID"))
    assert await refused(await post(another_browser, response)) == "UNSOLICITED"
    await start(another_browser, made)
    assert await refused(await post(another_browser, response)) == "NOT_OUR_REQUEST"


async def test_an_unsolicited_response_is_refused_unless_the_provider_may(browser, provider, post, forge):
    await provider(idpInitiated=False)
    assert await refused(await post(browser, forge.signed())) == "UNSOLICITED"
    await provider(idpInitiated=True)
    answer = await post(browser, forge.signed())
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert (await browser.me())["email"] == "ada@example.com"


async def test_an_unsolicited_response_for_another_tenant_is_refused(browser, provider, forge, other_tenant):
    await provider(idpInitiated=True)
    path = f"/api/auth/sso/callback?tenant={other_tenant.slug}"
    answer = await browser.post(path, data={"SAMLResponse": encode(forge.signed())})
    assert await refused(answer) == "UNSOLICITED"


def evil_copy(response):
    """The signed assertion of a response, copied, its signature gone and its name changed."""
    evil = copy.deepcopy(assertion(response))
    evil.remove(evil.find("ds:Signature", NS))
    evil.set("ID", "_evil")
    evil.find(".//saml:NameID", NS).text = MALLORY
    return evil


def wrap_before(response):
    response.insert(list(response).index(assertion(response)), evil_copy(response))


def wrap_after(response):
    response.append(evil_copy(response))


def wrap_same_id(response):
    evil = evil_copy(response)
    evil.set("ID", assertion(response).get("ID"))
    response.insert(2, evil)


def wrap_in_extensions(response):
    evil, good = evil_copy(response), assertion(response)
    response.replace(good, evil)
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(good)
    response.insert(1, extensions)


def wrap_in_own_signature(response):
    """The evil assertion carries the good one's signature, with the good one in an object of it."""
    evil, good = evil_copy(response), assertion(response)
    response.replace(good, evil)
    signature = copy.deepcopy(good.find("ds:Signature", NS))
    etree.SubElement(signature, f"{{{DS}}}Object").append(good)
    evil.insert(1, signature)


def wrap_in_advice(response):
    evil, good = evil_copy(response), assertion(response)
    response.replace(good, evil)
    advice = etree.Element(f"{{{SAML}}}Advice")
    advice.append(good)
    evil.insert(list(evil).index(evil.find("saml:Conditions", NS)) + 1, advice)


def wrap_signature_moved(response):
    """The good assertion's signature hangs on the response, which it does not cover."""
    good = assertion(response)
    signature = good.find("ds:Signature", NS)
    evil = evil_copy(response)
    response.replace(good, evil)
    response.insert(1, signature)


def wrap_in_attribute(response):
    evil, good = evil_copy(response), assertion(response)
    response.replace(good, evil)
    evil.find(".//saml:AttributeValue", NS).append(good)


def wrap_second_reference(response):
    signature = assertion(response).find("ds:Signature", NS)
    info = signature.find("ds:SignedInfo", NS)
    info.append(copy.deepcopy(info.find("ds:Reference", NS)))


def wrap_empty_reference(response):
    assertion(response).find(".//ds:Reference", NS).set("URI", "")


def wrap_xpath_transform(response):
    transform = assertion(response).find(".//ds:Transform", NS)
    transform.set("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")
    etree.SubElement(transform, f"{{{DS}}}XPath").text = "not(ancestor-or-self::*)"


@pytest.mark.parametrize(
    "wrap",
    [
        wrap_before,
        wrap_after,
        wrap_same_id,
        wrap_in_extensions,
        wrap_in_own_signature,
        wrap_in_advice,
        wrap_signature_moved,
        wrap_in_attribute,
        wrap_second_reference,
        wrap_empty_reference,
        wrap_xpath_transform,
    ],
)
async def test_signature_wrapping_is_refused(answered, browser, forge, wrap):
    def wrapped(asked):
        response = forge.signed(asked)
        wrap(response)
        return response

    assert await refused(await answered(wrapped)) in {
        "WRAPPED",
        "MALFORMED",
        "UNSIGNED",
        "BAD_SIGNATURE",
        "WEAK_SIGNATURE",
    }
    assert await browser.me() is None


@pytest.mark.parametrize("comment", ["ada@example.com<!---->.evil.example", "ada@example.com<!-- x --> "])
async def test_a_comment_cuts_no_name_short(answered, browser, forge, comment):
    """Canonical XML has no comments, so the signature holds; the name must still be read as a whole."""

    def commented(asked):
        response = forge.signed(asked, name_id=comment.replace("<!---->", "").replace("<!-- x -->", ""))
        text = etree.tostring(response)
        plain = comment.replace("<!---->", "").replace("<!-- x -->", "").encode()
        assert plain in text
        return text.replace(plain, comment.encode())

    answer = await answered(commented)
    if ".evil" in comment:
        assert await refused(answer) == "WRONG_DOMAIN"
        assert await browser.me() is None
    else:
        assert (await browser.me())["email"] == "ada@example.com"


async def test_a_processing_instruction_in_a_name_is_refused_or_read_whole(answered, browser, forge):
    def instructed(asked):
        text = etree.tostring(forge.signed(asked, name_id="ada@example.com.evil.example"))
        return text.replace(b"ada@example.com.evil", b"ada@example.com<?x y?>.evil")

    assert await refused(await answered(instructed)) in {"BAD_SIGNATURE", "WRONG_DOMAIN"}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\x00",
        b"<a/>",
        b"no xml",
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>',
        b'<!DOCTYPE a [<!ENTITY e "x"><!ENTITY f "&e;&e;&e;">]><a>&f;</a>',
    ],
)
async def test_what_is_no_response_is_refused(answered, text):
    assert await refused(await answered(lambda _: text or b" ")) in {"UNREADABLE", "MALFORMED", "UNSIGNED"}


async def test_a_document_type_on_a_good_response_is_refused(answered, forge):
    def typed(asked):
        return b"<!DOCTYPE a [<!ENTITY e 'x'>]>" + etree.tostring(forge.signed(asked))

    assert await refused(await answered(typed)) == "UNREADABLE"


async def test_another_body_is_no_form(http):
    for options, status in (
        ({"json": {"SAMLResponse": "x"}}, 415),
        ({"data": {"other": "x"}}, 400),
        ({"data": [("SAMLResponse", "x"), ("SAMLResponse", "y")]}, 400),
    ):
        async with http.post("/api/auth/sso/callback", **options) as answer:
            assert answer.status == status
