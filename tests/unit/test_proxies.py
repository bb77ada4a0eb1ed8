"""Who the client is, told by a real server: headers are believed from trusted proxies alone."""

from dataclasses import asdict
from ipaddress import ip_network

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from threatweaver.http.errors import ValidationFailed
from threatweaver.http.proxies import Proxies, parse

PROXY = ("127.0.0.0/8",)
CHAIN = ("127.0.0.0/8", "10.0.0.0/8", "2001:db8:ffff::/48")


async def ask(trusted, *headers):
    """Return what the server makes of a request with these headers, or the detail of its refusal."""
    proxies = Proxies(tuple(ip_network(text) for text in trusted))

    async def tell(request):
        try:
            return web.json_response(asdict(proxies.identify(request)))
        except ValidationFailed as refused:
            return web.json_response(refused.members["details"][0])

    app = web.Application()
    app.router.add_get("/", tell)
    async with TestClient(TestServer(app)) as client, client.get("/", headers=headers) as answer:
        return await answer.json()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1:4711 ", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
        ("::1", "::1"),
    ],
)
def test_addresses_with_ports_and_brackets_are_read(text, address):
    assert str(parse(text)) == address


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "unknown",
            "_hidden",
            "1.2.3",
            "1.2.3.4.5",
            "256.1.1.1",
            "01.2.3.4",
            "1.2.3.4:",
            "[::1",
            "::1]",
        ),
        *(
            "[1]",
            "fe80::1%eth0",
            "1.2.3.4 5",
            "::" * 30,
            "\x00",
            "\u0661.2.3.4",
            "1.2.3.4:999999",
            "localhost",
        ),
    ],
)
def test_what_is_no_address_is_none(text):
    assert parse(text) is None


@pytest.mark.parametrize(
    "header",
    [
        ("X-Forwarded-For", "192.0.2.9"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "evil.example"),
        ("Forwarded", "for=192.0.2.9;proto=https;host=evil.example"),
        ("X-Real-IP", "192.0.2.9"),
        ("X-Forwarded-For", "junk"),
    ],
)
@pytest.mark.parametrize("trusted", [(), ("10.0.0.0/8",)])
async def test_headers_of_an_untrusted_peer_are_ignored(trusted, header):
    client = await ask(trusted, header)
    assert (client["address"], client["secure"]) == ("127.0.0.1", False)
    assert client["host"].startswith("127.0.0.1:")


async def test_a_trusted_peer_without_headers_is_the_client():
    assert (await ask(PROXY))["address"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("192.0.2.9", "192.0.2.9"),
        ("6.6.6.6, 192.0.2.9", "192.0.2.9"),  # what the client itself sent stands to the left
        ("junk, 192.0.2.9:4711", "192.0.2.9"),
        ("6.6.6.6, 2001:db8::9", "2001:db8::9"),
        ("6.6.6.6, 192.0.2.9, 10.1.2.3", "192.0.2.9"),
        ("6.6.6.6, 192.0.2.9, 10.1.2.3, [2001:db8:ffff::1]:80", "192.0.2.9"),
        ("10.9.9.9, 10.1.2.3", "10.9.9.9"),
    ],
)
async def test_the_rightmost_untrusted_hop_is_the_client(value, address):
    assert (await ask(CHAIN, ("X-Forwarded-For", value)))["address"] == address


async def test_several_header_lines_are_one_list():
    lines = [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "192.0.2.9")]
    assert (await ask(PROXY, *lines))["address"] == "192.0.2.9"


async def test_scheme_and_host_are_the_proxys():
    headers = [("X-Forwarded-For", "192.0.2.9"), ("X-Forwarded-Proto", "http, HTTPS")]
    client = await ask(PROXY, *headers, ("X-Forwarded-Host", "a.example, tw.example:8443"))
    assert client == {"address": "192.0.2.9", "secure": True, "host": "tw.example:8443"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("for=192.0.2.9", ("192.0.2.9", False)),
        ("For=192.0.2.9;Proto=https", ("192.0.2.9", True)),
        ('for="192.0.2.9:4711"; proto=http', ("192.0.2.9", False)),
        ('for=6.6.6.6;proto=http, for="[2001:db8::9]:4711";proto=https', ("2001:db8::9", True)),
        ('for=unknown, for="\\192.0.2.9"', ("192.0.2.9", False)),
        ("for=192.0.2.9;proto=https, for=10.1.2.3;proto=http", ("192.0.2.9", True)),
    ],
)
async def test_forwarded_of_rfc_7239(value, expected):
    client = await ask(CHAIN, ("Forwarded", value))
    assert (client["address"], client["secure"]) == expected


@pytest.mark.parametrize(
    "value",
    [
        'for=6.6.6.6;x=", for="[2001:db8::9]"',  # the proxy's own quote closes the client's
        'for=6.6.6.6;x=", for=192.0.2.9',
        "for=6.6.6.6;;",
        "for",
        "for=192.0.2.9 proto=https",
        "for=_hidden",
        "proto=https",
        ", ".join(["for=10.1.1.1"] * 40),
    ],
)
async def test_a_forwarded_header_that_cannot_be_read_is_refused(value):
    assert (await ask(CHAIN, ("Forwarded", value)))["field"] == "Forwarded"


@pytest.mark.parametrize("value", ["unknown", "", "6.6.6.6,", "6.6.6.6, junk, 10.1.2.3", ",".join("a" * 50)])
async def test_a_list_that_does_not_reach_the_client_is_refused(value):
    assert (await ask(CHAIN, ("X-Forwarded-For", value)))["field"] == "X-Forwarded-For"


async def test_the_two_kinds_of_headers_must_agree():
    agreed = [("X-Forwarded-For", "6.6.6.6, 192.0.2.9"), ("Forwarded", "for=192.0.2.9;proto=https")]
    assert (await ask(PROXY, *agreed))["address"] == "192.0.2.9"
    forged = [("X-Forwarded-For", "192.0.2.9"), ("Forwarded", "for=6.6.6.6")]
    assert (await ask(PROXY, *forged))["field"] == "Forwarded"
