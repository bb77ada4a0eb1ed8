"""Revocation lists: their form, their order, every refusal with its own code, and no mix-up with licenses."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from rsa_of_tests import RSA

from threatweaver_licensing import (
    KeyRing,
    LicenseError,
    Refused,
    Revocation,
    RevocationList,
    RevocationsError,
    RevocationsMalformed,
    RevocationsOlder,
    RevocationsTooLarge,
    check_list,
    evaluate,
    generate_key,
    issue,
    issue_list,
    key_id,
    public_pem,
    trial_claims,
    verify,
    verify_list,
)
from threatweaver_licensing.revocations import MAX_LIST_BYTES, MOST_ENTRIES, read_unverified_list

NOW = datetime(2030, 1, 1, tzinfo=UTC)
EDWARDS, UNTRUSTED = generate_key(), generate_key()
RING = KeyRing.from_pem(public_pem(EDWARDS) + public_pem(RSA))
ENTRY = {"jti": "lic-1", "at": 1893369600, "reason": "Key leaked"}
PAYLOAD = {
    "iss": "threatweaver-license",
    "ver": 1,
    "seq": 3,
    "iat": 1893456000,
    "entries": [ENTRY, ENTRY | {"jti": "lic-2"}],
}
LIST = RevocationList(
    seq=3,
    issued_at=NOW,
    entries=tuple(
        Revocation(jti=jti, at=datetime(2029, 12, 31, tzinfo=UTC), reason="Key leaked")
        for jti in ("lic-1", "lic-2")
    ),
)
HEADER = {"alg": "EdDSA", "kid": key_id(EDWARDS.public_key()), "typ": "tw-revocations+jwt"}


def encode(data):
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forge(header=None, payload=None, key=EDWARDS):
    text = f"{encode(HEADER if header is None else header)}.{encode(PAYLOAD if payload is None else payload)}"
    return f"{text}.{encode(key.sign(text.encode()))}"


def code_of(token, ring=RING):
    with pytest.raises(RevocationsError) as caught:
        verify_list(token, ring)
    return caught.value.code


@pytest.mark.parametrize("key", [EDWARDS, RSA], ids=["ed25519", "rsa"])
def test_what_is_issued_is_verified(key):
    token = issue_list(LIST, key)
    assert verify_list(token, RING) == read_unverified_list(token) == LIST
    assert json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["typ"] == "tw-revocations+jwt"


def test_the_wire_form():
    assert LIST.to_payload() == PAYLOAD
    assert RevocationList.from_payload(PAYLOAD) == LIST
    assert verify_list(forge(), RING) == LIST  # else the refusals below would prove nothing


def test_a_state_takes_it_as_it_is():
    claims = trial_claims(now=NOW)
    taken = RevocationList(seq=1, issued_at=NOW, entries=(Revocation(jti=claims.jti, at=NOW, reason="x"),))
    assert evaluate(claims, now=NOW, revoked=taken.revoked).state == "REVOKED"
    assert evaluate(claims, now=NOW, revoked=LIST.revoked).state == "ACTIVE"
    assert dict(taken.revoked) == {claims.jti: NOW}
    with pytest.raises(TypeError):
        taken.revoked["other"] = NOW


class TestNoMixUp:
    def test_a_list_is_no_license(self):
        with pytest.raises(LicenseError) as caught:
            verify(issue_list(LIST, EDWARDS), RING)
        assert (caught.value.code, caught.value.field) == ("LICENSE_MALFORMED", "typ")

    def test_a_license_is_no_list(self):
        assert code_of(issue(trial_claims(now=NOW), EDWARDS)) == "REVOCATIONS_MALFORMED"

    def test_nor_under_the_others_type(self):
        assert code_of(forge(payload=trial_claims(now=NOW).to_payload())) == "REVOCATIONS_MALFORMED"
        with pytest.raises(LicenseError) as caught:
            verify(forge(HEADER | {"typ": "JWT"}), RING)
        assert caught.value.code == "LICENSE_MALFORMED"

    def test_the_codes_of_the_two_are_apart(self):
        kinds = [Refused]
        for kind in kinds:
            kinds += kind.__subclasses__()
        codes = {kind.code for kind in kinds}
        assert len(codes) == len(set(kinds)) - 1  # Malformed itself is never raised
        assert all(kind.code.startswith("LICENSE_") for kind in set(kinds) if issubclass(kind, LicenseError))
        lists = {kind.code for kind in set(kinds) if issubclass(kind, RevocationsError)}
        assert lists == {
            "REVOCATIONS_REFUSED",
            "REVOCATIONS_MALFORMED",
            "REVOCATIONS_TOO_LARGE",
            "REVOCATIONS_UNKNOWN_KEY",
            "REVOCATIONS_ALGORITHM",
            "REVOCATIONS_SIGNATURE",
            "REVOCATIONS_OLDER",
        }


class TestRefused:
    def test_signatures(self):
        header, payload, signature = issue_list(LIST, EDWARDS).split(".")
        edited = encode(PAYLOAD | {"entries": []})
        assert code_of(f"{header}.{edited}.{signature}") == "REVOCATIONS_SIGNATURE"
        assert code_of(forge(key=UNTRUSTED)) == "REVOCATIONS_SIGNATURE"
        assert code_of(issue_list(LIST, UNTRUSTED)) == "REVOCATIONS_UNKNOWN_KEY"
        assert code_of(f"{encode(HEADER | {'alg': 'none'})}.{payload}.") == "REVOCATIONS_ALGORITHM"
        assert code_of(forge(HEADER | {"alg": "RS256"})) == "REVOCATIONS_ALGORITHM"

    @pytest.mark.parametrize("name", [*PAYLOAD, "extra"])
    def test_members(self, name):
        payload = {key: value for key, value in PAYLOAD.items() if key != name}
        payload = payload if name in PAYLOAD else payload | {name: 1}
        with pytest.raises(RevocationsMalformed) as caught:
            verify_list(forge(payload=payload), RING)
        assert caught.value.field == name

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("iss", "someone"),
            ("iss", None),
            ("ver", 2),
            ("ver", True),
            ("ver", "1"),
            ("seq", 0),
            ("seq", -1),
            ("seq", True),
            ("seq", 1.0),
            ("seq", "3"),
            ("seq", 2**31),
            ("iat", 0),
            ("iat", True),
            ("iat", "1893456000"),
            ("iat", 10**400),
            ("entries", None),
            ("entries", {}),
            ("entries", "lic-1"),
            ("entries", ["lic-1"]),
            ("entries", [ENTRY, ENTRY]),
            ("entries", [{"jti": "lic-1", "at": 1893369600}]),
            ("entries", [ENTRY | {"by": "me"}]),
            ("entries", [ENTRY | {"jti": ""}]),
            ("entries", [ENTRY | {"jti": "a b"}]),
            ("entries", [ENTRY | {"jti": 5}]),
            ("entries", [ENTRY | {"jti": None}]),
            ("entries", [ENTRY | {"at": 1893456001}]),
            ("entries", [ENTRY | {"at": 1.5}]),
            ("entries", [ENTRY | {"at": None}]),
            ("entries", [ENTRY | {"reason": ""}]),
            ("entries", [ENTRY | {"reason": "a\nb"}]),
            ("entries", [ENTRY | {"reason": "x" * 201}]),
            ("entries", [ENTRY | {"reason": None}]),
        ],
    )
    def test_values(self, field, value):
        assert code_of(forge(payload=PAYLOAD | {field: value})) == "REVOCATIONS_MALFORMED"

    def test_a_member_twice(self):
        raw = json.dumps(PAYLOAD)[:-1] + ',"entries":[]}'
        assert code_of(forge(payload=raw.encode())) == "REVOCATIONS_MALFORMED"

    @pytest.mark.parametrize("token", ["", "a.b", "a.b.c", None, 5, b"a.b.c", "\ud800"])
    def test_garbage(self, token):
        assert code_of(token) == "REVOCATIONS_MALFORMED"

    def test_the_bound_is_exact_and_first(self):
        assert code_of("!" * MAX_LIST_BYTES) == "REVOCATIONS_MALFORMED"
        assert code_of("!" * (MAX_LIST_BYTES + 1)) == "REVOCATIONS_TOO_LARGE"

    def test_as_many_entries_as_fit(self):
        def of(number, reason="Key leaked"):
            entries = [Revocation(jti=f"license-{at:028}", at=NOW, reason=reason) for at in range(number)]
            return RevocationList(seq=1, issued_at=NOW, entries=tuple(entries))

        most = of(MOST_ENTRIES)
        assert verify_list(issue_list(most, EDWARDS), RING) == most
        with pytest.raises(RevocationsMalformed):
            of(MOST_ENTRIES + 1)
        over = most.to_payload()
        over["entries"] = over["entries"] + [ENTRY]
        with pytest.raises(RevocationsMalformed, match="at most"):
            RevocationList.from_payload(over)
        with pytest.raises(RevocationsTooLarge):
            issue_list(of(MOST_ENTRIES, reason="x" * 200), EDWARDS)

    @pytest.mark.parametrize(
        "changes",
        [{"entries": [ENTRY]}, {"issued_at": datetime(2030, 1, 1)}, {"seq": 0}, {"seq": None}],  # noqa: DTZ001
    )
    def test_a_value_cannot_be_built_wrong(self, changes):
        with pytest.raises(RevocationsMalformed):
            RevocationList(**({"seq": 1, "issued_at": NOW} | changes))


class TestOrder:
    def of(self, seq, issued_at=NOW):
        return RevocationList(seq=seq, issued_at=issued_at)

    @pytest.mark.parametrize("current", [None, 1, 2])
    def test_a_newer_list_replaces_an_older(self, current):
        check_list(self.of(3), None if current is None else self.of(current))

    @pytest.mark.parametrize("current", [4, 1000])
    def test_an_older_list_is_refused(self, current):
        with pytest.raises(RevocationsOlder):
            check_list(self.of(3), self.of(current))

    def test_the_same_list_comes_again(self):
        check_list(LIST, RevocationList.from_payload(PAYLOAD))
        assert not LIST.newer_than(LIST)

    def test_another_list_of_the_same_number_is_refused(self):
        with pytest.raises(RevocationsOlder):
            check_list(self.of(3), LIST)

    def test_the_number_decides_not_the_time(self):
        check_list(self.of(4, NOW - timedelta(days=9)), LIST)
        with pytest.raises(RevocationsOlder):
            check_list(self.of(2, NOW + timedelta(days=9)), LIST)
