"""Ten thousand mutants of licenses and as many of revocation lists, by a seed: none is admitted."""

import base64
import json
import random
from datetime import UTC, datetime

import pytest
from rsa_of_tests import RSA

from threatweaver_licensing import (
    KeyRing,
    LicenseError,
    Revocation,
    RevocationList,
    RevocationsError,
    generate_key,
    issue,
    issue_list,
    public_pem,
    trial_claims,
    verify,
    verify_list,
)

MUTANTS = 10_000
NOW = datetime(2030, 1, 1, tzinfo=UTC)
EDWARDS, OTHER, UNTRUSTED = generate_key(), generate_key(), generate_key()
RING = KeyRing.from_pem(public_pem(EDWARDS) + public_pem(OTHER) + public_pem(RSA))
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
CLAIMS = trial_claims(now=NOW, modules=frozenset({"appsec"}))
LISTED = RevocationList(
    seq=5, issued_at=NOW, entries=tuple(Revocation(jti=f"lic-{n}", at=NOW, reason="x") for n in range(3))
)
LICENSES = [
    *(issue(CLAIMS, key) for key in (EDWARDS, OTHER, RSA)),
    issue(trial_claims(now=NOW, seats=9), EDWARDS),
]
LISTS = [
    *(issue_list(LISTED, key) for key in (EDWARDS, OTHER, RSA)),
    issue_list(RevocationList(seq=6, issued_at=NOW), EDWARDS),
]
CHANGES = [
    {"seats": 5000},
    {"modules": "*"},
    {"exp": 4102444800},
    {"iat": 1893456001},
    {"type": "enterprise"},
    {"fingerprint": None},
    {"entries": []},
    {"seq": 99},
    {"iss": "threatweaver-license "},
    {"ver": 1.0},
]
HEADERS = [
    {"alg": "none"},
    {"alg": "HS256"},
    {"alg": "RS256"},
    {"alg": "EdDSA"},
    {"alg": "PS256"},
    {"typ": "jwt"},
    {"typ": "JWT"},
    {"typ": "tw-revocations+jwt"},
    {"kid": "x"},
    {"crit": []},
    {"jwk": {}},
    {"b64": False},
]


def encode(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def edited(part, changes):
    return encode(json.dumps(json.loads(decode(part)) | changes).encode())


def flip_bits(parts, chance, _):
    at = chance.randrange(3)
    raw = bytearray(decode(parts[at]))
    for _ in range(chance.randint(1, 3)):
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    parts[at] = encode(bytes(raw))


def swap_part(parts, chance, pool):
    at = chance.randrange(3)
    parts[at] = chance.choice(pool).split(".")[at]


def move_parts(parts, chance, _):
    chance.shuffle(parts)


def respell_base64(parts, chance, _):
    """Another spelling of the same bytes: unused bits, padding, the other alphabet, blanks."""
    at = chance.randrange(3)
    part = parts[at]
    last = ALPHABET[ALPHABET.index(part[-1]) ^ chance.randint(1, 15)]
    spelled = [part[:-1] + last, part + "=", part + "==", part.replace("-", "+").replace("_", "/")]
    place = chance.randrange(len(part))
    spelled += [part[:place] + blank + part[place:] for blank in (" ", "\n", "\r\n", "\t", "\x00", "=")]
    parts[at] = chance.choice(spelled)


def edit_letters(parts, chance, _):
    at = chance.randrange(3)
    letters = list(parts[at])
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(letters))
        chance.choice([letters.insert, letters.__setitem__])(place, chance.choice(ALPHABET + ".=+/ é"))
    parts[at] = "".join(letters)


def edit_header(parts, chance, _):
    parts[0] = edited(parts[0], chance.choice(HEADERS))


def edit_payload(parts, chance, _):
    parts[1] = edited(parts[1], chance.choice(CHANGES))


def member_twice(parts, chance, _):
    at = chance.randrange(2)
    member = json.dumps(chance.choice([HEADERS, CHANGES][at]))[1:-1]
    inner = decode(parts[at]).decode()[1:-1]
    parts[at] = encode(("{" + ",".join(chance.choice([[inner, member], [member, inner]])) + "}").encode())


def cut(parts, chance, _):
    whole = ".".join(parts)
    parts[:] = [whole[: chance.randrange(len(whole))]]


def sign_again(parts, chance, _):
    """A good signature by a key that nobody trusts, over the content or over an edit of it."""
    if chance.random() < 0.7:
        parts[1] = edited(parts[1], chance.choice(CHANGES))
    parts[2] = encode(UNTRUSTED.sign(f"{parts[0]}.{parts[1]}".encode()))


def empty_signature(parts, chance, _):
    if chance.random() < 0.5:
        parts[0] = edited(parts[0], {"alg": "none"})
    parts[2] = chance.choice(["", "AA", "A" * 86, "A" * 512])


WAYS = [
    flip_bits,
    swap_part,
    move_parts,
    respell_base64,
    edit_letters,
    edit_header,
    edit_payload,
    member_twice,
    cut,
    sign_again,
    empty_signature,
]


def mutants(originals, seed):
    """Mutants that are none of the originals, each way as often as the others."""
    chance = random.Random(seed)
    made = 0
    while made < MUTANTS:
        parts = chance.choice(originals).split(".")
        way = WAYS[made % len(WAYS)]
        way(parts, chance, originals)
        mutant = ".".join(parts)
        if mutant not in originals:
            made += 1
            yield way.__name__, mutant


@pytest.mark.parametrize(
    ("originals", "check", "error"),
    [(LICENSES, verify, LicenseError), (LISTS, verify_list, RevocationsError)],
    ids=["licenses", "revocation lists"],
)
def test_no_mutant_is_admitted(originals, check, error):
    assert all(check(token, RING) for token in originals)
    admitted, codes = [], set()
    for way, mutant in mutants(originals, seed=20301231):
        try:
            check(mutant, RING)
        except error as refused:
            codes.add(refused.code.split("_", 1)[1])
        else:
            admitted.append((way, mutant))
    assert admitted == []
    assert codes == {"MALFORMED", "SIGNATURE", "ALGORITHM", "UNKNOWN_KEY"}


def test_neither_kind_is_admitted_as_the_other():
    for token in LICENSES:
        with pytest.raises(RevocationsError):
            verify_list(token, RING)
    for token in LISTS:
        with pytest.raises(LicenseError):
            verify(token, RING)
