"""From a request's credentials to a Principal, remembered for three seconds.

A revocation, a role change or a deactivation therefore takes effect within three seconds everywhere.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict

from threatweaver.auth import tokens
from threatweaver.auth.principal import Principal
from threatweaver.auth.queries import live_session
from threatweaver.db.transaction import Database
from threatweaver.http.errors import NoToken, TokenInvalid

_TTL = 3.0
_MOST = 10_000


class Identifier:
    """Verifies access tokens and looks their session up."""

    def __init__(self, database: Database, key: bytes, grants: Mapping[str, frozenset[str]]) -> None:
        self._database = database
        self._key = key
        self._grants = grants
        self._known: OrderedDict[tuple[str, bool], tuple[float, Principal]] = OrderedDict()
        self._forgotten = 0

    async def identify(self, authorization: str | None, cookie: str | None) -> Principal:
        """Return the caller. Raises NoToken, TokenInvalid, TokenExpired."""
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise NoToken
            return await self._principal(token.strip(), by_cookie=False)
        if cookie:
            return await self._principal(cookie, by_cookie=True)
        raise NoToken

    async def _principal(self, token: str, *, by_cookie: bool) -> Principal:
        now = time.monotonic()
        known = self._known.get((token, by_cookie))
        if known is not None and known[0] > now:
            return known[1]
        claims, forgotten = tokens.verify(self._key, token), self._forgotten
        async with self._database.control(read_only=True):
            found = await live_session(claims.session_id)
        if found is None:
            raise TokenInvalid
        identity, state = found
        if identity.user_id != claims.user_id or identity.tenant_id != claims.tenant_id:
            raise TokenInvalid
        principal = Principal(
            **asdict(identity),
            session_id=claims.session_id,
            session=state,
            permissions=self._grants.get(identity.role, frozenset()),
            by_cookie=by_cookie,
        )
        if forgotten != self._forgotten:  # a logout went by while we asked: answer, remember nothing
            return principal
        left = claims.expires_at.timestamp() - time.time()
        self._known[(token, by_cookie)] = (now + min(_TTL, left), principal)
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        return principal

    def forget(self) -> None:
        """Drop what is remembered; this process sees a logout of its own at once."""
        self._known.clear()
        self._forgotten += 1
