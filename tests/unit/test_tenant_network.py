import pytest

from threatweaver.tenancy.network import Kind, network, parse_address, parse_range


def refusal(rules, address):
    return network(rules).refusal(address)


def test_without_lists_everybody_passes():
    assert refusal([], "192.0.2.1") is None
    assert refusal([], "") is None


@pytest.mark.parametrize(
    ("range_", "inside", "outside"),
    [
        ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
        ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("0.0.0.0/0", "255.255.255.255", "2001:db8::1"),
        ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"),
        ("::/0", "fe80::1%eth0", "192.0.2.1"),
        ("::ffff:192.0.2.0/120", "192.0.2.9", "192.0.3.9"),
        ("192.0.2.0/24", "::ffff:192.0.2.9", "::ffff:192.0.3.9"),
        ("192.0.2.0/24", "::ffff:c000:0209", "::c000:0209"),
    ],
)
def test_a_block_list_refuses_what_it_has_and_an_allow_list_what_it_lacks(range_, inside, outside):
    blocked, allowed = [(Kind.BLOCK, range_)], [(Kind.ALLOW, range_)]
    assert (refusal(blocked, inside), refusal(blocked, outside)) == (Kind.BLOCK, None)
    assert (refusal(allowed, inside), refusal(allowed, outside)) == (None, Kind.ALLOW)


def test_the_block_list_wins():
    rules = [(Kind.ALLOW, "10.0.0.0/8"), (Kind.BLOCK, "10.1.0.0/16"), (Kind.ALLOW, "2001:db8::/32")]
    assert refusal(rules, "10.2.0.1") is None
    assert refusal(rules, "10.1.0.1") == Kind.BLOCK
    assert refusal(rules, "2001:db8::5") is None


def test_an_unknown_address_passes_no_allow_list():
    assert refusal([(Kind.ALLOW, "0.0.0.0/0")], "") == Kind.ALLOW
    assert refusal([(Kind.BLOCK, "0.0.0.0/0")], "unix") is None


@pytest.mark.parametrize(
    "text", ["192.0.2.1/24", "300.1.1.1", "192.0.2.0/33", "example.com", "", "1", "::1/129"]
)
def test_what_is_no_network_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        parse_range(text)


def test_ranges_have_one_form():
    assert str(parse_range("2001:DB8:0:0::/64")) == "2001:db8::/64"
    assert str(parse_range("::ffff:192.0.2.7")) == "192.0.2.7/32"
    assert str(parse_address("::ffff:192.0.2.7")) == "192.0.2.7"
    assert parse_address("no address") is None
