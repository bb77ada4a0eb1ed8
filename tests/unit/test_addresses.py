"""Which addresses are an ordinary part of the Internet, and what an operator may add."""

from ipaddress import ip_address

import pytest

from threatweaver import addresses, config
from threatweaver.config import ConfigError

INSIDE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("text", INSIDE)
def test_inner_addresses_are_refused_in_every_spelling(text):
    policy = addresses.parse("", "80,443")
    assert not policy.allows("example.com", [ip_address(text)], port=443)
    assert not policy.allows("example.com", [ip_address(text)])


@pytest.mark.parametrize("text", ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"])
def test_public_addresses_are_allowed_on_the_listed_ports_only(text):
    policy = addresses.parse("", "80,443")
    assert policy.allows("example.com", [ip_address(text)], port=443)
    assert policy.allows("example.com", [ip_address(text)])
    assert not policy.allows("example.com", [ip_address(text)], port=5432)


def test_one_inner_address_among_public_ones_is_enough_to_refuse():
    policy = addresses.parse("", "443")
    assert not policy.allows("example.com", [ip_address("8.8.8.8"), ip_address("10.0.0.1")], port=443)


def test_the_operator_allows_networks_addresses_and_names_on_any_port():
    policy = addresses.parse("10.0.0.0/8, 192.168.7.7, fd00::/8, Hook.Internal", "443")
    assert policy.allows("a", [ip_address("10.9.9.9")], port=9000)
    assert policy.allows("a", [ip_address("192.168.7.7")], port=9000)
    assert not policy.allows("a", [ip_address("192.168.7.8")], port=443)
    assert policy.allows("a", [ip_address("fd00::1")], port=443)
    assert policy.allows("hook.internal.", [ip_address("127.0.0.1")], port=25)
    assert not policy.allows("evil.hook.internal", [ip_address("127.0.0.1")], port=443)


@pytest.mark.parametrize("text", ["10.0.0.1/8", "300.1.2.3/8", "http://x", "*.example.com", "a b"])
def test_an_allow_list_that_cannot_be_meant_stops_the_start(text):
    with pytest.raises(ConfigError, match="TW_OUTBOUND_ALLOW"):
        config.load({"TW_OUTBOUND_ALLOW": text})


@pytest.mark.parametrize("text", ["0", "65536", "https", "80-90"])
def test_ports_are_numbers(text):
    with pytest.raises(ConfigError, match="TW_OUTBOUND_PORTS"):
        config.load({"TW_OUTBOUND_PORTS": text})
