"""One call and what came back, on whichever server the client speaks to."""

import asyncio
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from yarl import URL

from threatweaver.http.route import Route

_STREAMED = 1 << 20  # aiohttp warns of larger bodies that it would write from memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request; `path` starts below /api and is sent as it stands."""

    route: Route
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    data: bytes | None = None

    def by(self, headers: Mapping[str, str]) -> "Call":
        """Return the same call of somebody else, or with further headers."""
        return replace(self, headers={**self.headers, **headers})

    def anonymous(self) -> "Call":
        """Return the same call of nobody."""
        return replace(self, headers={k: v for k, v in self.headers.items() if k != "Authorization"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; `body` is decoded JSON, or bytes."""

    route: Route
    path: str
    status: int
    body: Any
    headers: Any  # a multi-dict

    @property
    def code(self) -> str | None:
        """Return an error's code, None of a success."""
        return self.body.get("code") if isinstance(self.body, dict) else None

    def __str__(self) -> str:
        return f"{self.route.method} {self.route.path} -> {self.status} {self.code or ''}".rstrip()


class Api:
    """Sends calls through an aiohttp client, which must keep no cookies."""

    def __init__(self, client: Any, routes: Sequence[Route]) -> None:
        self.client = client
        self.routes = tuple(routes)
        self._named = {f"{route.method} {route.path}": route for route in routes}

    def find(self, name: str) -> Route | None:
        """Return the route called `GET /tags`."""
        return self._named.get(name)

    async def send(self, call: Call) -> Answer:
        """Send a call; redirects are answers, not followed."""
        options: dict[str, Any] = {"headers": dict(call.headers), "allow_redirects": False}
        if call.data is not None:
            options["data"] = io.BytesIO(call.data) if len(call.data) > _STREAMED else call.data
        elif call.json is not None:
            options["json"] = call.json
        url = URL(f"/api{call.path}", encoded=True)
        async with self.client.request(call.route.method, url, **options) as response:
            raw = await response.read()
            decoded = (
                await response.json(content_type=None)
                if response.content_type.endswith(("/json", "+json"))
                else raw
            )
            answer = Answer(
                route=call.route,
                path=call.path,
                status=response.status,
                body=decoded,
                headers=response.headers,
            )
        self.check(answer)
        return answer

    def check(self, answer: Answer) -> None:
        """Look at every answer; the tests compare it with the OpenAPI document."""


class PatientApi(Api):
    """An Api for a running installation: waits when that says it had enough."""

    async def send(self, call: Call) -> Answer:
        """Send a call, again after the time that a 429 asks for."""
        while True:
            answer = await super().send(call)
            if answer.status != 429:
                return answer
            await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))


def query(path: str, values: Mapping[str, str]) -> str:
    """Return the path with a query string."""
    return f"{path}?{urlencode(values)}" if values else path
