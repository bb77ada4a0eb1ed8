"""How hosts are identified, and how dates are read."""

from datetime import UTC, date, datetime

import pytest

from threatweaver_exposure.engine.dates import read_day, read_epoch, read_time
from threatweaver_exposure.engine.identity import MOST, identify


def test_strongest_identifier_comes_first():
    properties = {
        "host-ip": "10.0.0.1",
        "netbios-name": "CORP\\srv1",
        "host-fqdn": "SRV1.Example.com.",
        "mac-address": "00:0C:29:AA:BB:CC\n02-42-ac-11-00-02",
        "bios-uuid": "D9BC2642-A273-0103-5B7E-66959128A033",
        "host-uuid": "44d62c4215394c9d8079ea2f87120006",
        "agent-uuid": "11111111-2222-3333-4444-555555555555",
    }
    assert identify("whatever", properties) == (
        ("agent_uuid", "11111111-2222-3333-4444-555555555555"),
        ("tenable_uuid", "44d62c42-1539-4c9d-8079-ea2f87120006"),
        ("bios_uuid", "d9bc2642-a273-0103-5b7e-66959128a033"),
        ("mac", "00:0c:29:aa:bb:cc"),
        ("mac", "02:42:ac:11:00:02"),
        ("fqdn", "srv1.example.com"),
        ("netbios", "SRV1"),
        ("ip", "10.0.0.1"),
    )


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("bios-uuid", "00000000-0000-0000-0000-000000000000"),
        ("bios-uuid", "03000200-0400-0500-0006-000700080009"),
        ("host-uuid", "not a uuid"),
        ("mac-address", "00:00:00:00:00:00\nff:ff:ff:ff:ff:ff\n01:00:5e:00:00:01\n74820 x"),
        ("host-fqdn", "localhost.localdomain"),
        ("host-fqdn", "has_a:colon and space!"),
        ("host-fqdn", "http://[broken/"),
        ("host-ip", "127.0.0.1"),
        ("host-ip", "fe80::1"),
        ("host-ip", "10.20.0.0.1"),
        ("host-fqdns", "[broken"),
        ("host-fqdns", "[" * 100_000),
        ("host-rdns", "ec2-1-2-3-4.compute.example.com"),
    ],
)
def test_what_identifies_nobody_is_left_out(tag, value):
    found = identify("10.9.9.9", {tag: value})
    assert not {kind for kind, _ in found} - {"fqdn", "hostname", "ip"}
    assert ("ip", "10.9.9.9") in found or tag == "host-fqdn"
    assert "127.0.0.1" not in dict(found).values()


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("http://google.com/", "google.com"),
        ("https://Shop.Example.com:8443/x", "shop.example.com"),
        ("a_b.example.com", "a_b.example.com"),
    ],
)
def test_fqdn_forms(value, name):
    assert identify("x", {"host-fqdn": value}) == (("fqdn", name),)


def test_first_of_host_fqdns_stands_in():
    listed = '[{"FQDN":"a.example.com","sources":["x"]},{"FQDN":"ptr.example.net"}]'
    assert identify("x", {"host-fqdns": listed}) == (("fqdn", "a.example.com"),)


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("10.0.0.7", ("ip", "10.0.0.7")),
        ("2001:DB8:0::1", ("ip", "2001:db8::1")),
        ("::ffff:10.0.0.7", ("ip", "10.0.0.7")),
        ("Web01.Example.com", ("fqdn", "web01.example.com")),
        ("http://google.com/", ("fqdn", "google.com")),
        ("WEB01", ("hostname", "web01")),
        ("localhost", ("hostname", "localhost")),
    ],
)
def test_name_decides_when_nothing_else_is_there(name, identifier):
    assert identify(name, {}) == (identifier,)


def test_short_name_is_a_hostname():
    assert identify("10.0.0.1", {"hostname": "WEB01", "host-ip": "10.0.0.1"}) == (
        ("hostname", "web01"),
        ("ip", "10.0.0.1"),
    )


def test_identifiers_are_bounded_and_distinct():
    macs = " ".join(f"02:00:00:00:{n // 256:02x}:{n % 256:02x}" for n in range(1000))
    assert len(identify("x", {"mac-address": macs})) == MOST
    assert len(identify("x", {"host-ip": "10.0.0.1,10.0.0.1 10.0.0.2"})) == 2


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Thu Mar 24 10:11:12 2016", datetime(2016, 3, 24, 10, 11, 12, tzinfo=UTC)),
        ("Fri Sep  6 15:20:08 2013", datetime(2013, 9, 6, 15, 20, 8, tzinfo=UTC)),
        ("2021-03-12T12:34:30.12031+00:00", datetime(2021, 3, 12, 12, 34, 30, 120310, tzinfo=UTC)),
        ("2018-09-17T19:44:39Z", datetime(2018, 9, 17, 19, 44, 39, tzinfo=UTC)),
        ("Thu Foo 24 10:11:12 2016", None),
        ("Thu Mar 24 25:11:12 2016", None),
        ("0001-01-01T00:00:00+10:00", None),
        ("", None),
        (None, None),
    ],
)
def test_times(text, moment):
    assert read_time(text) == moment


@pytest.mark.parametrize(
    ("text", "known"), [("1648042311", True), ("9" * 30, False), ("x", False), (None, False)]
)
def test_epochs(text, known):
    assert (read_epoch(text) is not None) is known


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2018/07/11", date(2018, 7, 11)),
        ("2018-7-1T00:00:00", date(2018, 7, 1)),
        ("2018/13/01", None),
        ("0000/01/01", None),
        ("2018/07/111", None),
        ("July", None),
    ],
)
def test_days(text, day):
    assert read_day(text) == day
