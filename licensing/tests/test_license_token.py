"""Tokens: what is issued is verified, and every known attack is refused with its own code."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from rsa_of_tests import RSA

from threatweaver_licensing import (
    AlgorithmRefused,
    BadSignature,
    DeploymentMismatch,
    IssuedBeforeRevocation,
    KeyRing,
    LicenseError,
    LicenseExpired,
    LicenseMalformed,
    LicenseRevoked,
    LicenseTooLarge,
    NotYetValid,
    OlderLicense,
    PublicKey,
    UnknownKey,
    WrongMachine,
    generate_key,
    issue,
    key_id,
    public_pem,
    read_unverified,
    trial_claims,
    verify,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
EDWARDS, OTHER, UNTRUSTED = generate_key(), generate_key(), generate_key()
RING = KeyRing.from_pem(public_pem(EDWARDS) + public_pem(OTHER) + public_pem(RSA))
CLAIMS = trial_claims(now=NOW, modules=frozenset({"appsec"}))
TOKEN = issue(CLAIMS, EDWARDS)
RSA_TOKEN = issue(CLAIMS, RSA)


def kid(key):
    return key_id(key.public_key())


def encode(data):
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def forge(header=None, payload=None, key=EDWARDS):
    """A token signed over exactly this header and payload, by hand."""
    header = {"alg": "EdDSA", "kid": kid(key), "typ": "JWT"} if header is None else header
    payload = CLAIMS.to_payload() if payload is None else payload
    text = f"{encode(header)}.{encode(payload)}"
    return f"{text}.{encode(key.sign(text.encode()))}"


def code_of(token, ring=RING):
    with pytest.raises(LicenseError) as caught:
        verify(token, ring)
    return caught.value.code


@pytest.mark.parametrize("key", [EDWARDS, OTHER, RSA], ids=["ed25519", "ed25519-2", "rsa"])
def test_what_is_issued_is_verified(key):
    token = issue(CLAIMS, key)
    assert verify(token, RING) == CLAIMS
    algorithm = "RS256" if key is RSA else "EdDSA"
    assert decode(token.split(".")[0]) == {"alg": algorithm, "kid": kid(key), "typ": "JWT"}


def test_the_forging_helper_makes_good_tokens():
    assert verify(forge(), RING) == CLAIMS  # else the refusals below would prove nothing


def test_time_is_not_looked_at():
    long_ago = trial_claims(now=datetime(2001, 1, 1, tzinfo=UTC))
    far_off = trial_claims(now=datetime(2900, 1, 1, tzinfo=UTC))
    assert [verify(issue(claims, EDWARDS), RING) for claims in (long_ago, far_off)] == [long_ago, far_off]


class TestAlgorithm:
    @pytest.mark.parametrize(
        "name", ["none", "None", "NONE", "nOnE", "", "HS256", "RS512", "PS256", "ES256", "eddsa"]
    )
    def test_another_name(self, name):
        header = {"alg": name, "kid": kid(EDWARDS), "typ": "JWT"}
        assert code_of(forge(header)) == "LICENSE_ALGORITHM"
        unsigned = f"{encode(header)}.{encode(CLAIMS.to_payload())}."
        assert code_of(unsigned) == "LICENSE_ALGORITHM"

    @pytest.mark.parametrize("key", [EDWARDS, RSA], ids=["ed25519", "rsa"])
    @pytest.mark.parametrize("alg", ["HS256", "EdDSA", "RS256"])
    def test_the_public_key_is_no_shared_secret(self, key, alg):
        text = f"{encode({'alg': alg, 'kid': kid(key), 'typ': 'JWT'})}.{encode(CLAIMS.to_payload())}"
        mac = hmac.new(public_pem(key).encode(), text.encode(), hashlib.sha256).digest()
        assert code_of(f"{text}.{encode(mac)}") in {"LICENSE_ALGORITHM", "LICENSE_SIGNATURE"}

    def test_no_signature_is_refused_before_the_key_matters(self):
        header = {"alg": "none", "kid": "unknown", "typ": "JWT"}
        assert code_of(f"{encode(header)}.{encode(CLAIMS.to_payload())}.") == "LICENSE_ALGORITHM"
        with pytest.raises(AlgorithmRefused):
            read_unverified(f"{encode(header)}.{encode(CLAIMS.to_payload())}.")

    def test_the_algorithm_of_another_key(self):
        assert code_of(forge({"alg": "RS256", "kid": kid(EDWARDS), "typ": "JWT"})) == "LICENSE_ALGORITHM"
        assert code_of(forge({"alg": "EdDSA", "kid": kid(RSA), "typ": "JWT"})) == "LICENSE_ALGORITHM"


class TestKey:
    def test_an_untrusted_key(self):
        assert code_of(issue(CLAIMS, UNTRUSTED)) == "LICENSE_UNKNOWN_KEY"
        assert code_of(TOKEN, KeyRing()) == "LICENSE_UNKNOWN_KEY"

    def test_an_untrusted_key_under_a_trusted_id(self):
        token = forge({"alg": "EdDSA", "kid": kid(EDWARDS), "typ": "JWT"}, key=UNTRUSTED)
        assert code_of(token) == "LICENSE_SIGNATURE"

    def test_the_id_of_another_trusted_key(self):
        token = forge({"alg": "EdDSA", "kid": kid(OTHER), "typ": "JWT"}, key=EDWARDS)
        assert code_of(token) == "LICENSE_SIGNATURE"

    @pytest.mark.parametrize("name", ["", "x", "../../etc/passwd", "' OR 1=1", "\x00", "é"])
    def test_an_unknown_id(self, name):
        assert code_of(forge({"alg": "EdDSA", "kid": name, "typ": "JWT"})) == "LICENSE_UNKNOWN_KEY"


class TestHeader:
    @pytest.mark.parametrize(
        "extra",
        [
            {"crit": ["exp"]},
            {"crit": []},
            {"b64": False, "crit": ["b64"]},
            {"b64": True},
            {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}},
            {"jku": "https://example.com/keys"},
            {"x5u": "https://example.com/cert"},
            {"x5c": ["AAAA"]},
            {"zip": "DEF"},
            {"cty": "JWT"},
        ],
        ids="+".join,
    )
    def test_an_extra_member(self, extra):
        header = {"alg": "EdDSA", "kid": kid(EDWARDS), "typ": "JWT"} | extra
        with pytest.raises(LicenseMalformed) as caught:
            verify(forge(header), RING)
        assert caught.value.field == min(extra)

    @pytest.mark.parametrize("name", ["alg", "kid", "typ"])
    @pytest.mark.parametrize("value", [None, 5, True, [], ["EdDSA"], {}])
    def test_a_wrong_type(self, name, value):
        header = {"alg": "EdDSA", "kid": kid(EDWARDS), "typ": "JWT"}
        assert code_of(forge(header | {name: value})) == "LICENSE_MALFORMED"
        del header[name]
        assert code_of(forge(header)) == "LICENSE_MALFORMED"

    @pytest.mark.parametrize(
        "header", [[], "x", 5, True, None, b"", b"{", b"\xff\xfe", b'{"alg":NaN}', b"[" * 9000]
    )
    def test_no_header(self, header):
        raw = header if isinstance(header, bytes) else json.dumps(header).encode()
        assert code_of(f"{encode(raw)}.{encode({})}.{encode(b'x')}") == "LICENSE_MALFORMED"

    def test_a_member_twice(self):
        twice = f'{{"alg":"none","alg":"EdDSA","kid":"{kid(EDWARDS)}","typ":"JWT"}}'
        assert code_of(forge(twice.encode())) == "LICENSE_MALFORMED"

    def test_another_type(self):
        header = {"alg": "EdDSA", "kid": kid(EDWARDS), "typ": "at+jwt"}
        assert code_of(forge(header)) == "LICENSE_MALFORMED"


class TestPayload:
    @pytest.mark.parametrize("changes", [{"seats": 5000}, {"modules": "*"}, {"exp": 4102444800}])
    @pytest.mark.parametrize("token", [TOKEN, RSA_TOKEN], ids=["ed25519", "rsa"])
    def test_edited(self, token, changes):
        header, payload, signature = token.split(".")
        edited = encode(decode(payload) | changes)
        assert code_of(f"{header}.{edited}.{signature}") == "LICENSE_SIGNATURE"

    @pytest.mark.parametrize(
        "changes",
        [{"admin": True}, {"ver": 2}, {"iss": "someone"}, {"seats": "5"}, {"seats": 10**400}, {"exp": 1e300}],
    )
    def test_signed_but_wrong(self, changes):
        token = forge(payload=CLAIMS.to_payload() | changes)
        with pytest.raises(LicenseMalformed) as caught:
            verify(token, RING)
        assert caught.value.field in changes

    @pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"5", b"{}", b'{"seats":1,"seats":2}', b"\xff"])
    def test_signed_but_no_claims(self, raw):
        assert code_of(forge(payload=raw)) == "LICENSE_MALFORMED"

    @pytest.mark.parametrize("raw", [b"9" * 5000, b"[" * 9000, b'{"a":' * 2000, b"NaN", b"Infinity"])
    def test_signed_but_hostile_json(self, raw):
        assert code_of(forge(payload=raw)) == "LICENSE_MALFORMED"

    def test_a_claim_twice(self):
        raw = json.dumps(CLAIMS.to_payload())[:-1] + ',"seats":5000}'
        assert code_of(forge(payload=raw.encode())) == "LICENSE_MALFORMED"

    def test_utf16_is_not_guessed(self):
        raw = json.dumps(CLAIMS.to_payload()).encode("utf-16-le")
        assert code_of(forge(payload=raw)) == "LICENSE_MALFORMED"


class TestShape:
    @pytest.mark.parametrize(
        "token",
        [
            "",
            ".",
            "..",
            "...",
            "a.b",
            "garbage",
            "a.b.c.d",
            "é.é.é",
            "\ud800",
            "null",
            "🔑" * 100,
            "\x00" * 10,
        ],
    )
    def test_garbage(self, token):
        assert code_of(token) == "LICENSE_MALFORMED"

    @pytest.mark.parametrize("token", [None, 5, TOKEN.encode(), [TOKEN]])
    def test_no_text(self, token):
        assert code_of(token) == "LICENSE_MALFORMED"

    @pytest.mark.parametrize("edit", ["{}\n", " {}", "{}=", "{}==", "{}.", ".{}", "Bearer {}", "\ufeff{}"])
    def test_additions(self, edit):
        assert code_of(edit.format(TOKEN)) == "LICENSE_MALFORMED"

    @pytest.mark.parametrize("token", [TOKEN, RSA_TOKEN], ids=["ed25519", "rsa"])
    def test_every_truncation(self, token):
        for length in range(len(token)):
            assert code_of(token[:length]) in {"LICENSE_MALFORMED", "LICENSE_SIGNATURE"}

    def test_another_spelling_of_the_same_signature(self):
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        last = alphabet.index(TOKEN[-1])  # 64 bytes leave 4 bits of the last letter unused
        for unused in range(1, 16):
            assert code_of(TOKEN[:-1] + alphabet[last ^ unused]) == "LICENSE_MALFORMED"


def test_errors_say_what_is_documented_and_nothing_of_the_token():
    expected = {
        LicenseMalformed: "LICENSE_MALFORMED",
        LicenseTooLarge: "LICENSE_TOO_LARGE",
        UnknownKey: "LICENSE_UNKNOWN_KEY",
        AlgorithmRefused: "LICENSE_ALGORITHM",
        BadSignature: "LICENSE_SIGNATURE",
        NotYetValid: "LICENSE_NOT_YET_VALID",
        LicenseRevoked: "LICENSE_REVOKED",
        IssuedBeforeRevocation: "LICENSE_BEFORE_REVOCATION",
        DeploymentMismatch: "LICENSE_DEPLOYMENT",
        WrongMachine: "LICENSE_WRONG_MACHINE",
        LicenseExpired: "LICENSE_EXPIRED",
        OlderLicense: "LICENSE_OLDER",
    }
    assert {kind: kind.code for kind in LicenseError.__subclasses__()} == expected
    assert str(BadSignature()) == "The signature of the license does not match its content."
    with pytest.raises(LicenseMalformed) as caught:
        verify(forge(payload=CLAIMS.to_payload() | {"customer": "Secret\x07Customer"}), RING)
    assert "Secret" not in str(caught.value)


class TestUnverified:
    def test_shows_what_nobody_checked(self):
        found = read_unverified(issue(CLAIMS, UNTRUSTED))
        assert (found.claims, found.kid, found.algorithm) == (CLAIMS, kid(UNTRUSTED), "EdDSA")

    def test_a_hostile_key_id_is_not_shown(self):
        header = {"alg": "EdDSA", "kid": "\x1b[2J", "typ": "JWT"}
        assert "\x1b" not in read_unverified(forge(header)).kid

    @pytest.mark.parametrize("token", ["", "a.b.c", TOKEN[:50]], ids=["empty", "dots", "cut"])
    def test_garbage(self, token):
        with pytest.raises(LicenseMalformed):
            read_unverified(token)


def test_a_ring_keeps_one_key_per_id():
    key = PublicKey.of(EDWARDS.public_key())
    assert len(KeyRing([key, key])) == 1
