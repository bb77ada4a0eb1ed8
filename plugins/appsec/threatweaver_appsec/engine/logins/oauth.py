"""OAuth 2.0 (RFC 6749): client credentials, password and refresh grants."""

import json
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

from threatweaver_appsec.engine.logins.check import Check
from threatweaver_appsec.engine.logins.told import WRONG, Probe, Story, negatives, positive
from threatweaver_appsec.engine.messages import Exchange, Headers, Request
from threatweaver_appsec.engine.points import FORM
from threatweaver_appsec.engine.ports import Sender, Session, SignedIn

CLIENT, PASSWORD, REFRESH = "client_credentials", "password", "refresh_token"
GRANTS = frozenset({CLIENT, PASSWORD, REFRESH})
LONGEST_TOKEN = 16_000


@dataclass
class OAuthLogin:
    """A token endpoint and what to ask it with. Keeps the refresh token that it gets, and uses it first."""

    name: str
    token_url: str
    grant: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    user: str | None = None
    password: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    scope: str = ""
    check: Check = field(default_factory=lambda: Check(""))
    basic: bool = False
    """Send the client's secret in the header, not in the body."""
    access_token: str = field(default="", repr=False)

    @property
    def username(self) -> str | None:
        """What it signs in as."""
        return self.user

    async def sign_in(self, sender: Sender) -> SignedIn:
        """Get a token; check it, that nobody passes without, and that wrong credentials get none."""
        story = self._story()
        if self.grant not in GRANTS:
            return story.failed(f"{self.grant[:40]} is no grant that is known.")
        if not self.check.url:
            return story.failed("There is no place to check whether the token is accepted: name a URL.")
        token = await self._token(story, sender)
        if token is None:
            return story.failed("The token endpoint gave no access token: the credentials are likely wrong.")
        story.secrets = (*story.secrets, token, self.refresh_token)
        headers = _bearer(token)
        reason = await positive(story, sender, Probe(self.check, self.name, headers))
        reason = reason or await negatives(
            story,
            sender,
            (
                ("nobody", Probe(self.check, None)),
                ("a wrong token", Probe(self.check, f"{self.name} (wrong)", _bearer(WRONG))),
            ),
        )
        reason = reason or await self._wrong(story, sender)
        if reason:
            return story.failed(reason)
        self.access_token = token
        return story.done(Session(headers=headers, secrets=tuple(filter(None, story.secrets))))

    async def alive(self, sender: Sender) -> bool:
        """Return whether the token is still accepted."""
        return self.check.shows(await self.check.ask(sender, self.name, _bearer(self.access_token)))

    def _story(self) -> Story:
        return Story((self.client_secret, self.password, self.refresh_token))

    async def _token(self, story: Story, sender: Sender) -> str | None:
        if self.refresh_token:
            said = await self._ask(story, sender, REFRESH, self.client_secret)
            if token := _taken(said, "access_token"):
                self.refresh_token = _taken(said, "refresh_token") or self.refresh_token
                return token
            if self.grant == REFRESH:
                return None
            self.refresh_token = ""
        said = await self._ask(story, sender, self.grant, self.client_secret)
        self.refresh_token = _taken(said, "refresh_token") or ""
        return _taken(said, "access_token")

    async def _wrong(self, story: Story, sender: Sender) -> str | None:
        """Ask with a wrong secret: no token may come. A public client has none, so its user's is wrong."""
        grant = self.grant
        wrong = OAuthLogin(
            f"{self.name} (wrong)",
            self.token_url,
            grant,
            self.client_id,
            self.client_secret if grant == PASSWORD else WRONG,
            self.user,
            WRONG,
            WRONG,
            self.scope,
            basic=self.basic,
        )
        said = await wrong._ask(story, sender, grant, wrong.client_secret, wrong=True)
        token = _taken(said, "access_token")
        return "The token endpoint gives a token for wrong credentials: it proves nothing." if token else None

    async def _ask(
        self, story: Story, sender: Sender, grant: str, secret: str, *, wrong: bool = False
    ) -> Mapping[str, Any]:
        fields = {"grant_type": grant}
        if grant == PASSWORD:
            fields |= {"username": self.user or "", "password": self.password}
        elif grant == REFRESH:
            fields["refresh_token"] = self.refresh_token
        if self.scope and grant != REFRESH:
            fields["scope"] = self.scope
        headers: Headers = (("Content-Type", FORM), ("Accept", "application/json"))
        if self.basic:
            headers = (*headers, ("Authorization", _basic(self.client_id, secret)))
        else:
            fields |= {"client_id": self.client_id} | ({"client_secret": secret} if secret else {})
        request = Request("POST", self.token_url, headers, urlencode(fields).encode())
        exchange = await sender.send(request, identity=f"{self.name} (token)")
        said = _json(exchange)
        got = _taken(said, "access_token") is not None
        error = str(said.get("error", ""))[:60]
        story.asked(
            f"Ask for a token with {'wrong credentials' if wrong else grant}",
            exchange,
            ok=got is not wrong and exchange.response is not None,
            note=error,
        )
        return said


def _bearer(token: str) -> Headers:
    return (("Authorization", f"Bearer {token}"),)


def _basic(client: str, secret: str) -> str:

    return "Basic " + b64encode(f"{quote_plus(client)}:{quote_plus(secret)}".encode()).decode()


def _json(exchange: Exchange) -> Mapping[str, Any]:
    try:
        said = json.loads(exchange.text[:200_000])
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) and 200 <= exchange.status < 500 else {}


def _taken(said: Mapping[str, Any], name: str) -> str | None:
    token = said.get(name)
    fits = (
        isinstance(token, str) and 0 < len(token) <= LONGEST_TOKEN and token.isascii() and token.isprintable()
    )
    return token if fits else None
