"""The world of the stories: one application, two tenants, and the event loop they live on."""

import asyncio
import sys
from functools import partial
from pathlib import Path

import pytest_asyncio
from aiohttp import ClientSession, DummyCookieJar
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).parent))

from stateful_machine import World, kinds_of

from threatweaver.audit import roots, verify
from threatweaver.ids import uuid7
from threatweaver.tenancy import provision
from threatweaver.testing.contract import known
from threatweaver.testing.contract.document import DocumentedApi
from threatweaver.testing.contract.person import Person


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(kernel, client, worker, as_role):
    slugs = [f"story-{uuid7().hex[-12:]}" for _ in range(2)]
    apps = kernel.registry.apps
    tenant, other = [
        await provision.create(kernel.database, slug=slug, name=slug, apps=apps) for slug in slugs
    ]

    async def newcomer():
        return await as_role("admin", tenant)

    async with ClientSession(base_url=client.make_url("/"), cookie_jar=DummyCookieJar()) as session:
        api = DocumentedApi(session, kernel.registry.routes)
        admin = Person(api, await newcomer(), known.EXAMPLES, newcomer)
        held = (await admin.call("GET", "/auth/me")).body["permissions"]
        await admin.fill()
        scope = partial(kernel.database.owner, tenant.schema)
        public = Ed25519PrivateKey.from_private_bytes(kernel.keys.audit).public_key()
        yield World(
            run=asyncio.get_running_loop().run_until_complete,
            api=api,
            kernel=kernel,
            tenant=tenant,
            admin=admin,
            viewer=await as_role("viewer", tenant),
            stranger=await as_role("admin", other),
            verify=partial(verify.verify_live, tenant.schema, scope, {roots.key_id(public): public}),
            kinds=kinds_of(kernel.registry.routes, held),
        )
