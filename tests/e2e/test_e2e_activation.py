"""A module comes alive in fifty tenants: killed half-way, and with a tenant in which it cannot."""

import asyncio
import time

import asyncpg
import pytest
import tabled_plugin
from e2e_product import start, wait_until
from licenses import EXPOSURE, license_of, put_in_force, write_keys

TENANTS = 50


@pytest.fixture
def product(fresh_home, tmp_path):
    plugins = tabled_plugin.write(tmp_path / "plugins")
    settings = {"TW_LICENSE_KEYS": str(write_keys(tmp_path)), "PYTHONPATH": str(plugins)}
    running = start(fresh_home, "--port", "0", TW_TRIAL="off", **settings)
    first = running.request("POST", "/api/license/activate", json={"license": license_of(EXPOSURE)})
    assert first.status_code == 200, first.text
    wait_until(
        lambda: running.get("/api/tags").status_code == 200, seconds=20, what="the first module is there"
    )
    yield running
    assert running.stop() == 0


def dsn(product):
    folder = (product.home / "postgres" / "data" / "postmaster.pid").read_text().splitlines()[4]
    return f"postgresql://threatweaver@/threatweaver?host={folder}"


def sql(product, query, *values):
    async def go():
        held = await asyncpg.connect(dsn(product))
        try:
            return await held.fetch(query, *values)
        finally:
            await held.close()

    return asyncio.run(go())


def make_tenants(product):
    for number in range(TENANTS - 1):
        body = {"slug": f"tenant-{number}", "name": f"Tenant {number}"}
        assert product.request("POST", "/api/tenants", json=body).status_code == 201


def tables_of_each(product):
    """How many of the module's tables each tenant has."""
    rows = sql(
        product,
        """SELECT t.slug, count(c.relname) AS found FROM control.tenant t LEFT JOIN pg_class c
             ON c.relnamespace = t.schema::regnamespace AND c.relname = ANY($1) GROUP BY t.slug""",
        list(tabled_plugin.TABLES),
    )
    return {row["slug"]: row["found"] for row in rows}


def progress(product):
    return product.get(f"/api/modules/{tabled_plugin.MODULE}").json()["data"]["tenants"] or {}


def test_what_makes_the_tables_is_killed_half_way_and_no_tenant_is(product):
    make_tenants(product)
    put_in_force(product, license_of(EXPOSURE, tabled_plugin.MODULE))
    wait_until(lambda: 3 <= progress(product).get("ready", 0) < TENANTS, seconds=30, what="it has begun")
    product.child("worker").kill()
    time.sleep(0.3)  # what it had sent is rolled back
    halfway = tables_of_each(product)
    assert set(halfway.values()) <= {0, 2}, halfway
    wait_until(
        lambda: progress(product).get("ready") == TENANTS, seconds=400, what="the next worker finishes"
    )
    assert set(tables_of_each(product).values()) == {2}
    assert product.get(tabled_plugin.PATH).json() == {"rows": 0}


def test_a_tenant_in_which_it_fails_keeps_what_it_had_and_the_others_go_on(product):
    mine = product.get("/api/auth/me").json()["tenantSlug"]
    for number in range(3):
        body = {"slug": f"tenant-{number}", "name": f"Tenant {number}"}
        assert product.request("POST", "/api/tenants", json=body).status_code == 201
    ((schema,),) = sql(product, "SELECT schema FROM control.tenant WHERE slug = $1", mine)
    sql(product, f'CREATE TABLE "{schema}".tabled_second (in_the_way int)')
    put_in_force(product, license_of(EXPOSURE, tabled_plugin.MODULE))
    wait_until(lambda: progress(product).get("failed") == 1, seconds=30, what="the failure is seen")
    wait_until(
        lambda: progress(product) == {"ready": 3, "failed": 1, "total": 4}, seconds=30, what="others go on"
    )
    ((failure),) = product.get(f"/api/modules/{tabled_plugin.MODULE}/failures").json()["data"]
    assert (failure["tenantSlug"], "already exists" in failure["error"]) == (mine, True)
    assert tables_of_each(product)[mine] == 1, "only what was in the way"
    answer = product.get(tabled_plugin.PATH)
    assert (answer.status_code, answer.json()["code"]) == (503, "MODULE_UPDATING")
    assert answer.headers["Retry-After"] == "1"
    assert product.get("/api/tags").status_code == 200
    sql(product, f'DROP TABLE "{schema}".tabled_second')
    put_in_force(product, license_of(EXPOSURE, tabled_plugin.MODULE))
    wait_until(lambda: product.get(tabled_plugin.PATH).status_code == 200, seconds=30, what="it is put right")
