"""A kernel that may reach loopback, browsers that keep cookies, and identity providers that may lie."""

import sys
from dataclasses import dataclass, field, replace
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession, DummyCookieJar
from aiohttp.test_utils import TestServer, unused_port

from threatweaver import app as application
from threatweaver.ids import uuid7

sys.path.insert(0, str(Path(__file__).parent))  # for saml_forge.py


@dataclass
class Browser:
    """Keeps cookies, `Secure` ones too: a browser takes loopback for a safe place. Follows no redirect."""

    session: ClientSession
    cookies: dict[str, str] = field(default_factory=dict)

    async def send(self, method, path, **options):
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **options.pop("headers", {}),
        }
        async with self.session.request(
            method, path, headers=headers, allow_redirects=False, **options
        ) as answer:
            await answer.read()
            for line in answer.headers.getall("Set-Cookie", []):
                for name, morsel in SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
            return answer

    async def get(self, path, **options):
        return await self.send("GET", path, **options)

    async def post(self, path, **options):
        return await self.send("POST", path, **options)

    async def me(self):
        answer = await self.get("/api/auth/me")
        return await answer.json() if answer.status == 200 else None


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(kernel):
    """The application, with a public URL that is its own, allowed to reach loopback."""
    port = unused_port()
    settings = replace(
        kernel.settings, public=f"http://127.0.0.1:{port}", outbound_allow="127.0.0.1,localhost"
    )
    async with TestServer(application.build(replace(kernel, settings=settings)), port=port) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def http(site):
    async with ClientSession(base_url=site, cookie_jar=DummyCookieJar()) as session:
        yield session


@pytest.fixture
def browser(http):
    return Browser(http)


@pytest.fixture
def another_browser(http):
    return Browser(http)


@pytest_asyncio.fixture(loop_scope="session")
async def add_provider(http, admin):
    """A function that adds a provider of the module's tenant, which makes accounts for example.com."""

    made = []

    async def add(**body):
        body = {"name": uuid7().hex, "justInTime": True, "allowedDomains": ["example.com"], **body}
        async with http.post("/api/sso/providers", json=body, headers=admin) as answer:
            assert answer.status == 201, await answer.text()
            made.append((await answer.json())["data"])
            return made[-1]

    yield add
    for provider in made:
        async with http.delete(f"/api/sso/providers/{provider['id']}", headers=admin) as answer:
            assert answer.status == 204


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def strangers(kernel):
    """Let the people that providers made in one module be unknown in the next: ada has one account."""
    yield
    async with kernel.database.control() as unit:
        await unit.connection.execute(
            "UPDATE user_account SET email = id || '@gone.example' WHERE password_hash = '-'"
        )


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def mapping(http, admin):
    """Group `secops` are analysts, whoever else comes is a viewer."""
    body = {"rules": [{"group": "secops", "role": "analyst"}], "defaultRole": "viewer"}
    async with http.put("/api/sso/role-mapping", json=body, headers=admin) as answer:
        assert answer.status == 200, await answer.text()
