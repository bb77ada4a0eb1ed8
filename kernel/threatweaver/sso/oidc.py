"""OpenID Connect: discovery, the authorization code with PKCE, and what an ID token has to pass."""

import base64
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from threatweaver import outbound
from threatweaver.kernel import Kernel
from threatweaver.outbound import OutboundFailed
from threatweaver.sso.asserted import Asserted, texts
from threatweaver.sso.errors import ProviderMisconfigured, ProviderUnavailable, SsoRefused

_SKEW = 60  # seconds that clocks may differ
_OLDEST = 600  # seconds since an ID token was issued
_REMEMBER = 600.0  # seconds that discovery and keys are kept
_PAUSE = 10.0  # seconds between two looks for a key that was not there
_MOST = 500
_ASYMMETRIC = frozenset({"RSA", "EC", "OKP"})
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A sign-in on its way: where the browser goes, and what its answer is held against."""

    url: str
    state: str
    nonce: str
    verifier: str


_documents: dict[str, tuple[float, Mapping[str, Any]]] = {}
"""URL → when it was read, and its JSON; what is public, the same for every tenant."""


async def discover(kernel: Kernel, issuer: str) -> Mapping[str, Any]:
    """Return the issuer's own description.

    Raises ProviderUnavailable, ProviderMisconfigured, OutboundRefused.
    """
    found = await _document(kernel, f"{issuer.rstrip('/')}/.well-known/openid-configuration", _REMEMBER)
    if found.get("issuer") != issuer:
        raise ProviderMisconfigured(f"The issuer calls itself {found.get('issuer')!r}, not {issuer!r}.")
    schemes = {"https"} if issuer.startswith("https:") else {"https", "http"}
    if any(urlsplit(str(found.get(name))).scheme not in schemes for name in _NEEDED):
        raise ProviderMisconfigured("The issuer's description lacks a secure endpoint that is needed.")
    return found


async def start(kernel: Kernel, options: Mapping[str, Any], redirect_uri: str) -> Start:
    """Return a fresh authorization request. Raises as `discover`."""
    described = await discover(kernel, options["issuer"])
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": options["clientId"],
        "redirect_uri": redirect_uri,
        "scope": " ".join(options["scopes"]),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    endpoint = described["authorization_endpoint"]
    url = f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"
    return Start(url=url, state=state, nonce=nonce, verifier=verifier)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What the code is exchanged with."""

    code: str
    verifier: str
    redirect_uri: str
    client_secret: str


async def finish(kernel: Kernel, options: Mapping[str, Any], exchange: Exchange, nonce: str) -> Asserted:
    """Exchange the code and return whom the ID token names. Raises SsoRefused and as `discover`."""
    described = await discover(kernel, options["issuer"])
    answer = await _exchanged(kernel, options, described, exchange)
    claims = dict(await verify(kernel, options, str(answer.get("id_token", "")), nonce=nonce))
    claims = await _with_user_info(kernel, options, described, claims, str(answer.get("access_token", "")))
    return asserted(options, claims)


async def verify(
    kernel: Kernel, options: Mapping[str, Any], token: str, *, nonce: str | None
) -> Mapping[str, Any]:
    """Return the claims of an ID token that is the issuer's, for us, fresh, and of this sign-in.

    Without a nonce (a pasted token, to be looked at) that one check is left out. Raises SsoRefused.
    """
    described = await discover(kernel, options["issuer"])
    claims = await _signed(kernel, options, described["jwks_uri"], token)
    _check_claims(options, claims)
    if nonce is not None and not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise SsoRefused(reason="WRONG_NONCE")
    return claims


def asserted(options: Mapping[str, Any], claims: Mapping[str, Any]) -> Asserted:
    """Read a person from checked claims."""
    email = claims.get("email")
    return Asserted(
        subject=claims["sub"],
        email=email.strip().lower() if isinstance(email, str) else "",
        name=str(claims.get("name") or ""),
        groups=texts(claims.get(options["groupsClaim"])),
        verified=claims.get("email_verified") is True or bool(options["trustEmail"]),
        mfa="mfa" in texts(claims.get("amr")),
        claims=claims,
    )


async def _signed(kernel: Kernel, options: Mapping[str, Any], uri: str, token: str) -> dict[str, Any]:
    """Check the signature with the issuer's keys; a key that is not known may be a new one, so look again."""
    for age in (_REMEMBER, _PAUSE):
        try:
            keys = _asymmetric(await _document(kernel, uri, age))
            return dict(jwt.decode(token, keys, algorithms=options["algorithms"]).claims)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    raise SsoRefused(reason="BAD_SIGNATURE")


def _asymmetric(document: Mapping[str, Any]) -> KeySet:
    """Return the public signature keys of a key set; a shared secret in it would be nobody's proof."""
    chosen = [
        key
        for key in document.get("keys", [])
        if isinstance(key, dict) and key.get("kty") in _ASYMMETRIC and key.get("use", "sig") == "sig"
    ]
    return KeySet.import_key_set({"keys": chosen})


def _check_claims(options: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    now, client = time.time(), options["clientId"]
    audience = texts(claims.get("aud"))
    times = [claims.get(name) for name in ("exp", "iat")]
    nbf = claims.get("nbf", 0)
    checks = {
        "WRONG_ISSUER": claims.get("iss") == options["issuer"],
        "WRONG_AUDIENCE": client in audience,
        "WRONG_PARTY": claims.get("azp", client if len(audience) == 1 else None) == client,
        "NO_SUBJECT": isinstance(claims.get("sub"), str) and 0 < len(claims["sub"]) <= 512,
        "NO_TIMES": all(isinstance(value, int | float) for value in (*times, nbf)),
    }
    failed = [reason for reason, good in checks.items() if not good]
    if failed:
        raise SsoRefused(reason=failed[0])
    if claims["exp"] <= now - _SKEW or claims["iat"] < now - _OLDEST:
        raise SsoRefused(reason="EXPIRED")
    if max(claims["iat"], nbf) > now + _SKEW:
        raise SsoRefused(reason="NOT_YET_VALID")


async def _exchanged(
    kernel: Kernel, options: Mapping[str, Any], described: Mapping[str, Any], exchange: Exchange
) -> Mapping[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": exchange.code,
        "redirect_uri": exchange.redirect_uri,
        "code_verifier": exchange.verifier,
    }
    headers = {"Accept": "application/json"}
    methods = described.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if exchange.client_secret and "client_secret_basic" in methods:
        pair = f"{quote(options['clientId'], safe='')}:{quote(exchange.client_secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        form["client_id"] = options["clientId"]
        form |= {"client_secret": exchange.client_secret} if exchange.client_secret else {}
    endpoint = described["token_endpoint"]
    async with outbound.request(kernel, "POST", endpoint, headers=headers, data=form) as response:
        if response.status != 200:
            raise SsoRefused(reason="CODE_REFUSED")
        return _object(await response.read())


async def _with_user_info(
    kernel: Kernel,
    options: Mapping[str, Any],
    described: Mapping[str, Any],
    claims: dict[str, Any],
    access_token: str,
) -> dict[str, Any]:
    """Add what the ID token leaves out and the user info endpoint knows of the same subject."""
    endpoint = described.get("userinfo_endpoint")
    if not endpoint or not access_token or {"email", options["groupsClaim"]} <= claims.keys():
        return claims
    headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
    async with outbound.request(kernel, "GET", str(endpoint), headers=headers) as response:
        further = _object(await response.read()) if response.status == 200 else {}
    return {**further, **claims} if further.get("sub") == claims["sub"] else claims


async def _document(kernel: Kernel, url: str, age: float) -> Mapping[str, Any]:
    """Return a public JSON document, at most `age` seconds old.

    Raises ProviderUnavailable, OutboundRefused.
    """
    now = time.monotonic()
    known = _documents.get(url)
    if known is not None and now - known[0] < age:
        return known[1]
    try:
        async with outbound.request(kernel, "GET", url, headers={"Accept": "application/json"}) as response:
            if response.status != 200:
                raise ProviderUnavailable
            found = _object(await response.read())
    except OutboundFailed:
        raise ProviderUnavailable from None
    while len(_documents) >= _MOST:
        _documents.pop(next(iter(_documents)))
    _documents[url] = (now, found)
    return found


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        raise ProviderUnavailable from None
    if not isinstance(found, dict):
        raise ProviderUnavailable
    return found
