"""Identifiers in the one spelling that all formats share."""

import pytest
from nessus_samples import hosts, read, reports

from threatweaver_exposure.engine.identity import canonical


@pytest.mark.parametrize(
    ("stated", "spelled"),
    [
        (("mac", "02-00-5E-10-00-01"), ("mac", "02:00:5e:10:00:01")),
        (
            ("agent_uuid", "{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}"),
            ("agent_uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        ),
        (("fqdn", "WEB.Example.com."), ("fqdn", "web.example.com")),
        (("fqdn", "web"), ("hostname", "web")),
        (("hostname", "web.example.com"), ("fqdn", "web.example.com")),
        (("netbios", "DOMAIN\\web"), ("netbios", "WEB")),
        (("ip", "::ffff:10.0.0.1"), ("ip", "10.0.0.1")),
        (("ip", "2001:DB8:0::1"), ("ip", "2001:db8::1")),
    ],
)
def test_one_spelling(stated, spelled):
    assert canonical("name", [stated]) == (spelled,)


@pytest.mark.parametrize(
    "stated",
    [
        ("mac", "00:00:00:00:00:00"),
        ("mac", "01:00:5e:00:00:01"),
        ("bios_uuid", "00000000-0000-0000-0000-000000000000"),
        ("bios_uuid", "unknown"),
        ("ip", "127.0.0.1"),
        ("ip", "fe80::1"),
        ("hostname", "localhost"),
        ("netbios", " "),
        ("netbios", "DOMAIN\\"),
        ("fqdn", "not a name"),
    ],
)
def test_what_identifies_nothing_goes_and_the_name_decides(stated):
    assert canonical("Web-1", [stated]) == (("hostname", "web-1"),)
    assert canonical("", [stated]) == ()


def test_strongest_first_and_each_once():
    stated = [("ip", "10.0.0.1"), ("ip", "10.0.0.1"), ("hostname", "web"), ("mac", "02:00:5e:10:00:01")]
    assert [kind for kind, _ in canonical("", stated)] == ["mac", "hostname", "ip"]


@pytest.mark.parametrize("path", reports(), ids=lambda path: path.name)
def test_what_the_nessus_parser_says_is_spelled_so_already(path):
    for host in hosts(read(path.read_bytes())).values():
        assert canonical(host.name, host.identifiers) == host.identifiers
