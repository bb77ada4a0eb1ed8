"""Random attacks on tokens: none is admitted, and what is admitted means what it says."""

import base64
import json
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rsa_of_tests import RSA

from threatweaver_licensing import (
    KeyRing,
    LicenseError,
    generate_key,
    issue,
    key_id,
    public_pem,
    trial_claims,
    verify,
)

EDWARDS = generate_key()
RING = KeyRing.from_pem(public_pem(EDWARDS) + public_pem(RSA))
CLAIMS = trial_claims(now=datetime(2030, 1, 1, tzinfo=UTC), modules=frozenset({"appsec"}))
TOKEN, RSA_TOKEN = issue(CLAIMS, EDWARDS), issue(CLAIMS, RSA)


def encode(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(payload):
    header = {"alg": "EdDSA", "kid": key_id(EDWARDS.public_key()), "typ": "JWT"}
    text = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(payload).encode())}"
    return f"{text}.{encode(EDWARDS.sign(text.encode()))}"


def test_the_seeds_of_the_attacks_are_good():
    assert (
        verify(TOKEN, RING) == verify(RSA_TOKEN, RING) == verify(signed(CLAIMS.to_payload()), RING) == CLAIMS
    )


VALID = {TOKEN, RSA_TOKEN}
LETTERS = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\x00é")
STEP = st.tuples(
    st.sampled_from(["set", "insert", "delete", "swap", "splice"]), st.integers(0, 2000), LETTERS
)


def mutate(token, steps):
    letters = list(token)
    for what, place, letter in steps:
        at = place % max(len(letters), 1)
        if what == "set":
            letters[at : at + 1] = [letter]
        elif what == "insert":
            letters.insert(at, letter)
        elif what == "delete":
            del letters[at : at + 1]
        elif what == "swap":
            letters[at : at + 2] = reversed(letters[at : at + 2])
        else:  # the other token from here on
            letters[at:] = RSA_TOKEN[at:]
    return "".join(letters)


@settings(max_examples=500, deadline=None)
@given(token=st.sampled_from([TOKEN, RSA_TOKEN]), steps=st.lists(STEP, min_size=1, max_size=4))
def test_no_mutation_is_admitted(token, steps):
    mutant = mutate(token, steps)
    assume(mutant not in VALID)
    with pytest.raises(LicenseError):
        verify(mutant, RING)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=500, deadline=None)
@given(field=st.sampled_from([*CLAIMS.to_payload(), "nbf", "fingerprint", "extra"]), value=JSON)
def test_signed_payloads_are_refused_or_mean_what_they_say(field, value):
    payload = CLAIMS.to_payload() | {field: value}
    try:
        claims = verify(signed(payload), RING)
    except LicenseError:
        return
    full = {"tenants": {"max": None}, "limits": {"assets": None, "sensors": None}}
    said = {name: {**full.get(name, {}), **part} if name in full else part for name, part in payload.items()}
    assert {name: part for name, part in said.items() if part is not None} == claims.to_payload()
