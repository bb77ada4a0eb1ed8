"""Targets: what may be scanned, the proof that it may, and the scope."""

import pytest

from threatweaver_appsec.targets import proof, service
from threatweaver_appsec.targets.allowed import parse


async def test_a_target_is_not_verified_by_being_there(space):
    target = await space.target()
    said = await space.get(f"/targets/{target['id']}/verification")
    assert (said["verified"], said["allowListed"]) == (False, False)
    assert said["token"] in said["metaTag"]
    assert said["fileContent"].endswith(said["token"])


async def test_a_proof_that_cannot_be_fetched_says_why(space):
    target = await space.target(baseUrl="http://127.0.0.1:9")
    said = await space.post(f"/targets/{target['id']}/verify", {"method": "file"})
    assert said["verified"] is False
    assert "not allowed" in said["checkError"]


async def test_taking_a_verification_back_makes_a_new_token(space):
    target = await space.target()
    before = (await space.get(f"/targets/{target['id']}/verification"))["token"]
    async with space.unit():
        await service.checked(target["id"], "dns", None)
    assert (await space.get(f"/targets/{target['id']}/verification"))["verified"] is True
    said = (await space.call("DELETE", f"/targets/{target['id']}/verification", status=200))["data"]
    assert (said["verified"], said["token"] == before) == (False, False)


async def test_a_target_is_named_anew_and_goes_with_its_findings(space, finding_rows):
    target = await space.target()
    path = f"/targets/{target['id']}"
    made = await space.seen(target, await space.assessment(target), [finding_rows()])
    changed = await space.put(path, {"name": "Renamed", "description": "The shop."})
    assert changed == await space.get(path)
    assert [one["id"] for one in await space.get("/targets?search=Renamed")] == [target["id"]]
    assert [one["id"] for one in await space.get(f"{path}/findings")] == [str(made.ids[0])]
    assert (await space.get(f"{path}/scope"))["prefixes"] == ["/"]
    await space.call("DELETE", path, status=204)
    await space.call("GET", f"/findings/{made.ids[0]}", status=404)


@pytest.mark.parametrize(
    "url", ["ftp://a.test", "https://u:p@a.test", "https://a.test/?x=1", "https://", "x"]
)
async def test_what_is_no_address_of_an_application(space, url):
    said = await space.call("POST", "/targets", {"name": "x", "baseUrl": url}, status=400)
    assert said["details"][0]["field"] == "baseUrl"


async def test_scope_says_what_would_be_sent(space):
    target = await space.target()
    path = f"/targets/{target['id']}/scope"
    await space.put(path, {"prefixes": ["/shop"], "exclusions": ["/shop/logout*"]})
    asked = {
        f"{target['baseUrl']}/shop/cart": True,
        f"{target['baseUrl']}/admin": False,
        f"{target['baseUrl']}/shop/%2e%2e/admin": False,
        f"{target['baseUrl']}/shop/logout?now": False,
        "https://elsewhere.example.com/shop": False,
    }
    for url, allowed in asked.items():
        said = await space.post(f"{path}/check", {"url": url})
        assert said["allowed"] is allowed, (url, said)


async def test_an_origin_that_nobody_proved_stays_out_of_scope(space):
    target, other = await space.target(), await space.target()
    path = f"/targets/{target['id']}/scope"
    await space.call("PUT", path, {"origins": [other["baseUrl"]]}, status=400)
    async with space.unit():
        await service.checked(other["id"], "meta", None)
    said = await space.put(path, {"origins": [other["baseUrl"] + "/x"]})
    assert said["origins"] == [other["baseUrl"] + ":443"]


def test_the_operators_list_names_origins_hosts_and_networks():
    allow = parse("http://lab.test:8080 shop.internal 10.1.0.0/16")
    assert allow.names("http://lab.test:8080/a")
    assert not allow.names("http://lab.test/a")
    assert allow.names("https://shop.internal:444")
    assert allow.names("http://10.1.2.3")
    assert not allow.names("http://10.2.2.3")
    assert not parse("").names("http://127.0.0.1")


def test_meta_tags_are_read_whatever_is_around_them():
    page = '<p><META NAME=x><meta content="abc" name="threatweaver-verification"><meta'
    assert proof._tokens(page) == {"abc"}


async def test_a_txt_record_is_asked_for(free_name_server):
    port = await free_name_server({"_threatweaver.shop.test": ["threatweaver-verification=abc"]})
    import asyncio

    found = await asyncio.to_thread(proof.txt_records, "_threatweaver.shop.test", "127.0.0.1", port)
    assert found == ["threatweaver-verification=abc"]


@pytest.fixture
async def free_name_server():
    """A function that starts a name server with some TXT records on a free port of loopback."""
    import asyncio
    import struct

    opened = []

    class Server(asyncio.DatagramProtocol):
        def __init__(self, records):
            self.records = records

        def connection_made(self, transport):
            self.transport = transport

        def datagram_received(self, data, address):
            at, labels = 12, []
            while data[at]:
                labels.append(data[at + 1 : at + 1 + data[at]].decode())
                at += data[at] + 1
            texts = self.records.get(".".join(labels), [])
            head = data[:2] + struct.pack("!5H", 0x8180, 1, len(texts), 0, 0)
            answers = b"".join(
                b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 60, len(t) + 1) + bytes([len(t)]) + t.encode()
                for t in texts
            )
            self.transport.sendto(head + data[12 : at + 5] + answers, address)

    async def start(records):
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: Server(records), local_addr=("127.0.0.1", 0)
        )
        opened.append(transport)
        return transport.get_extra_info("sockname")[1]

    yield start
    for transport in opened:
        transport.close()
