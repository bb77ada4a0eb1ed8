"""The short session of a browser on its way through a sign-in: ten minutes, content in the database.

The cookie carries a random id alone. It is sent on cross-site requests too (`SameSite=None`, hence `Secure`),
because an identity provider posts a SAML response from its own pages.
"""

import json
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from aiohttp import web
from aiohttp_session import AbstractStorage, Session

from threatweaver.db.transaction import Database, connection
from threatweaver.secrets.box import SecretBox, SecretUnreadable

COOKIE = "flow"
LIFETIME = 600  # seconds


class FlowStorage(AbstractStorage):
    """Keeps sealed sessions in control.browser_flow, under the hash of the cookie."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        super().__init__(
            cookie_name=COOKIE,
            max_age=LIFETIME,
            path="/api/auth",
            secure=True,
            httponly=True,
            samesite="None",
        )
        self._database = database
        self._box = box

    async def load_session(self, request: web.Request) -> Session:
        """Return the browser's session, an empty one when it has none or the old one is over."""
        cookie = self.load_cookie(request)
        if not cookie:
            return Session(None, data=None, new=True, max_age=self.max_age)
        key = digest(cookie)
        async with self._database.control(read_only=True):
            content = await connection().fetchval(
                "SELECT content FROM browser_flow WHERE key = $1 AND expires_at > now()", key
            )
        try:
            data = json.loads(self._box.open(content, purpose=_purpose(key))) if content else None
        except SecretUnreadable:
            data = None
        if data is None:
            return Session(None, data=None, new=True, max_age=self.max_age)
        return Session(cookie, data=data, new=False, max_age=self.max_age)

    async def save_session(
        self, request: web.Request, response: web.StreamResponse, session: Session
    ) -> None:
        """Store what changed and remove what is over; an emptied session goes with its cookie."""
        if session.empty:
            if session.identity is not None:
                async with self._database.control():
                    await connection().execute(
                        "DELETE FROM browser_flow WHERE key = $1", digest(session.identity)
                    )
            self.save_cookie(response, "")
            return
        cookie = session.identity or secrets.token_urlsafe(32)
        key = digest(cookie)
        content = self._box.seal(json.dumps(self._get_session_data(session)), purpose=_purpose(key))
        async with self._database.control():
            await connection().execute(
                """INSERT INTO browser_flow (key, content, expires_at) VALUES ($1, $2, $3)
                   ON CONFLICT (key)
                   DO UPDATE SET content = excluded.content, expires_at = excluded.expires_at""",
                key,
                content,
                datetime.now(UTC) + timedelta(seconds=LIFETIME),
            )
            await connection().execute(
                """DELETE FROM browser_flow WHERE key IN (SELECT key FROM browser_flow
                   WHERE expires_at < now() ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED)"""
            )
        self.save_cookie(response, cookie, max_age=LIFETIME)


def digest(cookie: str) -> str:
    """Return what is stored of a cookie's random id: its SHA-256, in hexadecimal."""
    return sha256(cookie.encode("utf-8", "surrogateescape")).hexdigest()


def _purpose(key: str) -> str:
    return f"browser.flow:{key}"
