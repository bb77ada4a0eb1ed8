"""From a request's credentials to a Principal, remembered for three seconds.

A revocation, a role change or a deactivation therefore takes effect within three seconds everywhere.
"""

import ipaddress
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from aiohttp import web

from threatweaver.access import rights
from threatweaver.access.rights import Rights
from threatweaver.access.tokens import queries as api_tokens
from threatweaver.auth import tokens
from threatweaver.auth.principal import Principal
from threatweaver.auth.queries import Identity, live_session
from threatweaver.auth.refusals import CredentialRefused
from threatweaver.db.transaction import Database
from threatweaver.http.errors import NoToken, TokenAddressRefused, TokenExpired, TokenInvalid
from threatweaver.remembered import Remembered

_MINUTE = timedelta(minutes=1)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class _Caller:
    """A credential's principal, until when it is good, and the networks it is bound to."""

    principal: Principal
    good_until: datetime
    networks: tuple[Network, ...] = ()

    def seconds_left(self) -> float:
        """Return for how long it is still good."""
        return self.good_until.timestamp() - time.time()

    def check(self, address: str) -> Principal:
        """Return the principal. Raises CredentialRefused."""
        if self.networks and not _within(address, self.networks):
            raise CredentialRefused(self.principal.holder(), TokenAddressRefused())
        return self.principal


class Identifier:
    """Finds out who calls: by an access token, as a header or a cookie, or by an API token."""

    def __init__(self, database: Database, key: bytes, grants: Mapping[str, frozenset[str]]) -> None:
        self._database = database
        self._key = key
        self._grants = grants
        self._remembered: Remembered[tuple[str, bool], _Caller] = Remembered(_Caller.seconds_left)

    async def identify(self, request: web.Request, address: str) -> Principal:
        """Return who calls from here. Raises NoToken, TokenInvalid, TokenExpired, CredentialRefused."""
        if (authorization := request.headers.get("Authorization")) is not None:
            scheme, _, token = authorization.partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise NoToken
            if token.startswith(tokens.PREFIX):  # how a directory that provisions users sends it
                return await self._by_api_token(token.strip(), address)
            return await self._by_access_token(token.strip(), by_cookie=False)
        if (secret := request.headers.get("X-API-Key")) is not None:
            return await self._by_api_token(secret, address)
        if cookie := request.cookies.get("token"):
            return await self._by_access_token(cookie, by_cookie=True)
        raise NoToken

    async def _by_access_token(self, token: str, *, by_cookie: bool) -> Principal:
        async def ask() -> _Caller:
            claims = tokens.verify(self._key, token)
            async with self._database.control(read_only=True):
                found = await live_session(claims.session_id)
                if found is None:
                    raise TokenInvalid
                identity, state = found
                if (identity.user_id, identity.tenant_id) != (claims.user_id, claims.tenant_id):
                    raise TokenInvalid
                held = await self._rights(identity)
            principal = Principal(
                **asdict(identity),
                session_id=claims.session_id,
                session=state,
                permissions=held.everywhere,
                scoped=held.scoped,
                by_cookie=by_cookie,
            )
            return _Caller(principal=principal, good_until=claims.expires_at)

        return (await self._remembered.get((token, by_cookie), ask)).principal

    async def _by_api_token(self, secret: str, address: str) -> Principal:
        if not secret.startswith(tokens.PREFIX):
            raise TokenInvalid
        digest = tokens.digest(secret).hex()

        async def ask() -> _Caller:
            now = datetime.now(UTC)
            async with self._database.control(read_only=True):
                found = await api_tokens.find(digest)
                if found is None:
                    raise TokenInvalid
                if found.good_until <= now:
                    raise CredentialRefused(found.holder(), TokenExpired())
                held = (await self._rights(found.identity)).only(found.scopes)
            principal = Principal(
                **asdict(found.identity),
                session_id=None,
                token_id=found.token_id,
                permissions=held.everywhere,
                scoped=held.scoped,
            )
            networks = tuple(ipaddress.ip_network(text) for text in found.addresses)
            caller = _Caller(principal=principal, good_until=found.good_until, networks=networks)
            caller.check(address)
            if found.last_used_at is None or found.last_used_at < now - _MINUTE:
                async with self._database.control():
                    await api_tokens.note_use(found.token_id, address)
            return caller

        return (await self._remembered.get((digest, False), ask)).check(address)

    async def _rights(self, identity: Identity) -> Rights:
        return await rights.evaluate(
            self._grants, schema=identity.schema, user_id=identity.user_id, role=identity.role
        )

    def forget(self) -> None:
        """Drop what is remembered; this process sees a logout of its own at once."""
        self._remembered.clear()


def _within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in networks)
