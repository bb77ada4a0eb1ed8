from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp.test_utils import TestClient, TestServer

from threatweaver import app as application
from threatweaver.admin.flags import service as flags
from threatweaver.admin.flags.kernel import DAILY_RETENTION
from threatweaver.admin.retention import jobs
from threatweaver.admin.retention.models import RetentionRun
from threatweaver.ids import uuid7
from threatweaver.jobs.run import JobRun
from threatweaver.license.current import CurrentLicense
from threatweaver_licensing import trial_claims

FLAGS, LICENSE = "/api/admin/settings/feature-flags", "/api/admin/settings/license"


@pytest.fixture
def ask(client, admin):
    async def asked(method, path, *, headers=admin, through=client, **options):
        async with through.request(method, path, headers=headers, **options) as answer:
            return answer.status, await answer.json()

    return asked


async def test_a_flag_stands_as_declared_until_it_is_turned(ask, kernel, tenant, stranger):
    name = DAILY_RETENTION.name

    async def found(headers):
        _, body = await ask("GET", FLAGS, headers=headers)
        return next(item for item in body["data"] if item["name"] == name)

    assert (await found(stranger))["changedBy"] is None
    status, body = await ask("PUT", FLAGS, json={"flags": {name: False}})
    assert status == 200
    turned = next(item for item in body["data"] if item["name"] == name)
    assert (turned["enabled"], turned["default"]) == (False, True)
    assert (await found(stranger))["enabled"] is True
    async with kernel.database.tenant(tenant.schema, read_only=True):
        assert not await flags.is_on(DAILY_RETENTION)


async def test_the_flag_of_daily_retention_stops_it(ask, kernel, tenant):
    run = JobRun(id=uuid7(), tenant_id=tenant.id, schema=tenant.schema, attempt=1, kernel=kernel)

    async def runs():
        async with kernel.database.tenant(tenant.schema, read_only=True):
            return await RetentionRun.filter(started_by__isnull=True).count()

    for wanted, more in ((False, 0), (True, 1)):
        await ask("PUT", FLAGS, json={"flags": {DAILY_RETENTION.name: wanted}})
        before = await runs()
        await jobs.apply_retention_daily.function(run)
        assert await runs() == before + more


@pytest.mark.parametrize("given", [{"nobody.knows": True}, {DAILY_RETENTION.name: "yes"}, {}])
async def test_unknown_flags_and_other_types_are_refused(ask, given):
    status, body = await ask("PUT", FLAGS, json={"flags": given})
    assert (status, body["code"]) == (400, "VALIDATION_ERROR")


async def test_the_license_page_tells_operators_more(ask, kernel, as_role, tenant):
    _, plain = await ask("GET", LICENSE)
    assert (plain["data"]["state"], plain["data"]["claims"], plain["data"]["seats"]) == ("ACTIVE", None, None)
    assert [item["admitted"] for item in plain["data"]["modules"]] == [True, True]
    _, whole = await ask("GET", LICENSE, headers=await as_role("operator", tenant))
    assert whole["data"]["claims"]["type"] == "trial"
    assert whole["data"]["seats"]["licensed"] == kernel.license.claims.seats
    assert whole["data"]["seats"]["used"] >= 1
    assert whole["data"]["tenants"]["used"] >= 1


async def test_a_license_of_nobody_is_refused(ask):
    status, body = await ask("PUT", LICENSE, json={"license": "a.b.c"})
    assert (status, body["code"]) == (422, "LICENSE_REFUSED")


async def test_in_a_saas_deployment_operators_alone_import_licenses(ask, kernel, as_role, tenant):
    under = replace(kernel, settings=replace(kernel.settings, deployment_mode="saas"))
    async with TestClient(TestServer(application.build(under))) as saas:
        for method, path in (("PUT", LICENSE), ("POST", "/api/license/import")):
            status, body = await ask(method, path, through=saas, json={"license": "a.b.c"})
            assert (status, body["code"]) == (403, "FORBIDDEN")
            operator = await as_role("operator", tenant)
            status, body = await ask(method, path, through=saas, headers=operator, json={"license": "a.b.c"})
            assert (status, body["code"]) == (422, "LICENSE_REFUSED")


async def test_the_license_bounds_the_number_of_tenants(ask, kernel, as_role, tenant):
    claims = replace(trial_claims(now=datetime.now(UTC) - timedelta(days=1)), tenants_max=1)
    under = replace(kernel, license=CurrentLicense(claims))
    async with TestClient(TestServer(application.build(under))) as bounded:
        status, body = await ask(
            "POST",
            "/api/tenants",
            through=bounded,
            headers=await as_role("operator", tenant),
            json={"slug": "one-too-many", "name": "One too many"},
        )
    assert (status, body["code"]) == (409, "TENANT_LIMIT")
