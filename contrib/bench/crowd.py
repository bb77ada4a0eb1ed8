"""Measures signing in and listing users among 10 tenants and among 5,000, asked in turns.

The other tenants and their people are rows made by SQL, and suspended so that no job is run for them: they
have no schemas of their own. What making a real tenant costs is measured on a sample.
"""

import asyncio
import http.client
import json
import statistics
import time
from pathlib import Path

import asyncpg
from figures import Figure
from load_client import press
from product import EMAIL, PASSWORD, Product

from threatweaver import app as application
from threatweaver import config
from threatweaver.db import orm
from threatweaver.db.transaction import Database
from threatweaver.tenancy import provision

FEW, MANY, PEOPLE = 10, 5_000, 10
_ROUNDS = 5
_LOGINS = 8  # a round: each costs a password check of some 30 ms
_LISTS = 60
_SAMPLE = 5

_TENANTS = """
INSERT INTO control.tenant (id, slug, name, plan, schema, schema_version, created_at, suspended_at)
SELECT gen_random_uuid(), 'crowd-' || n, 'Crowd ' || n, 'standard', 't_' || md5(n::text), '', now(), now()
FROM generate_series(1, $1::int) n
"""
_USERS = """
INSERT INTO control.user_account (id, email, name, password_hash, is_active, created_at)
SELECT gen_random_uuid(), 'crowd-' || t || '-' || n || '@example.com', 'Somebody ' || n, '-', true, now()
FROM generate_series(0, $1::int) t, generate_series(1, $2::int) n
"""
_MEMBERS = """
INSERT INTO control.membership (id, user_id, tenant_id, role, created_at)
SELECT gen_random_uuid(), u.id, t.id, 'viewer', now() FROM control.tenant t JOIN control.user_account u
ON split_part(u.email, '-', 2) = CASE t.slug WHEN 'default' THEN '0' ELSE split_part(t.slug, '-', 2) END
WHERE u.name LIKE 'Somebody %'
"""


async def _fill(dsn: str, tenants: int) -> None:
    held = await asyncpg.connect(dsn)
    try:
        await held.execute(_TENANTS, tenants - 1)
        await held.execute(_USERS, tenants - 1, PEOPLE)
        await held.execute(_MEMBERS)
        await held.execute("ANALYZE")
    finally:
        await held.close()


def fill(product: Product, tenants: int) -> None:
    """Add suspended tenants with people, as rows, until there are so many."""
    asyncio.run(_fill(product.dsn, tenants))


def _login(product: Product) -> float:
    """Return the seconds of one sign-in."""
    body = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
    link = http.client.HTTPConnection(*product.address, timeout=60)
    try:
        began = time.perf_counter()
        link.request("POST", "/api/auth/login", body, {"Content-Type": "application/json"})
        answer = link.getresponse()
        answer.read()
        taken = time.perf_counter() - began
    finally:
        link.close()
    if answer.status != 200:
        raise RuntimeError(f"signing in answered {answer.status}")
    return taken


def compare(few: Product, many: Product) -> list[Figure]:
    """Sign in and list users in both installations in turns."""
    logins: dict[str, list[float]] = {few.url: [], many.url: []}
    lists: dict[str, list[float]] = {few.url: [], many.url: []}
    for _ in range(_ROUNDS):
        for product in (few, many):
            logins[product.url] += [_login(product) for _ in range(_LOGINS)]
            product.tokens.clear()  # so many sign-ins ended the session of the last token
            load = press(product.address, "/api/admin/users", token=product.sign_in(), most=_LISTS)
            lists[product.url].append(load.p50)
    return [
        _ratio("POST /api/auth/login", logins[few.url], logins[many.url]),
        _ratio("GET /api/admin/users", lists[few.url], lists[many.url]),
    ]


def _ratio(name: str, few: list[float], many: list[float]) -> Figure:
    medians = statistics.median(few), statistics.median(many)
    return Figure(
        name=f"{name}: p50 among {MANY:,} tenants over {FEW}",
        value=medians[1] / medians[0],
        unit="x",
        digits=2,
        goal=1.5,
        best="low",
        beside=f"{medians[0] * 1e3:.1f} ms and {medians[1] * 1e3:.1f} ms; {MANY * PEOPLE:,} people",
    )


def provisioning(product: Product) -> Figure:
    """Make a few real tenants among the many, each with its schema and role."""
    taken = asyncio.run(_provision(product.dsn, product.home))
    return Figure(
        name="making a tenant with its schema",
        value=statistics.median(taken) * 1e3,
        unit="ms",
        beside=f"median of {_SAMPLE}, among {MANY:,} rows of tenants",
    )


async def _provision(dsn: str, home: Path) -> list[float]:
    database = Database(dsn, size=2, statement_timeout=600)
    await database.open()
    try:
        await orm.bind(orm.KERNEL_APPS)
        kernel = await application.assemble(config.load({}, home=home), database)
        taken = []
        for number in range(_SAMPLE):
            began = time.perf_counter()
            name = f"sample-{number}"
            await provision.create(database, slug=name, name=name, apps=kernel.registry.apps)
            taken.append(time.perf_counter() - began)
        return taken
    finally:
        await database.close()
