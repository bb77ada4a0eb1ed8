"""What the kernel and the exposure plugin raise by themselves."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from threatweaver.access.tokens.models import ApiToken
from threatweaver.auth import service as auth
from threatweaver.ids import uuid7
from threatweaver.jobs import schedule
from threatweaver.license.current import CurrentLicense
from threatweaver.testing.plugin import running_worker

PASSWORD = "correct horse battery staple 7"
FINDING = """<ReportItem port="{port}" svc_name="www" protocol="tcp" severity="{severity}" pluginID="{port}"
 pluginName="x" pluginFamily="General"><description>d</description>{more}</ReportItem>"""
KEV = "<cisa-known-exploited>2024/01/01</cisa-known-exploited>"


def report(*findings, end="</ReportHost></Report></NessusClientData_v2>"):
    items = "".join(
        FINDING.format(port=port, severity=severity, more=more) for port, severity, more in findings
    )
    return f"""<?xml version="1.0"?>
<NessusClientData_v2><Report name="r"><ReportHost name="h"><HostProperties>
<tag name="host-ip">192.0.2.7</tag><tag name="HOST_END">Mon Jan  1 10:00:00 2024</tag></HostProperties>
{items}{end}""".encode()


@pytest.fixture
def raised(scene):
    """A function: the events of the tenant, as (name, title, user)."""

    async def events(name):
        return [
            tuple(row)
            for row in await scene.sql(
                "SELECT title, severity, user_id FROM notification_event WHERE name = $1 ORDER BY id", name
            )
        ]

    return events


@pytest.fixture
def account(scene):
    async def made():
        email = f"{uuid7().hex[-12:]}@example.com"
        await auth.create_user(
            scene.kernel.database, email=email, password=PASSWORD, role="viewer", tenant_id=scene.tenant.id
        )
        return email

    return made


async def test_a_sign_in_from_a_new_device_is_told_to_its_person(scene, api, account, raised):
    email = await account()

    async def sign_in(program):
        body = {"email": email, "password": PASSWORD}
        async with api.post("/api/auth/login", json=body, headers={"User-Agent": program}) as answer:
            assert answer.status == 200, await answer.text()
            return UUID((await answer.json())["user"]["id"])

    for program in ("Firefox/120.0", "Firefox/121.0"):
        await sign_in(program)
    assert await raised("kernel.new_device") == []
    user_id = await sign_in("curl/8.1")
    assert await raised("kernel.new_device") == [("You signed in from a new device", 2, user_id)]
    assert await scene.deliver() == 1
    assert "curl/8.1" in scene.mailbox.got[0][2].get_content()


async def test_guessing_a_password_is_told_once_to_administrators(api, account, raised):
    email = await account()
    for _ in range(12):
        async with api.post("/api/auth/login", json={"email": email, "password": "wrong"}) as answer:
            assert answer.status in {401, 429}
    ((title, _, user_id),) = await raised("kernel.user_locked")
    assert email in title
    assert user_id is None


@pytest.fixture
def import_report(scene, api, admin):
    """A function: import a report and wait for its end."""

    async def imported(data):
        headers = {**admin, "X-Filename": "r.nessus", "Content-Type": "application/octet-stream"}
        headers["Prefer"] = "wait=30"
        async with (
            running_worker(scene.kernel),
            asyncio.timeout(40),
            api.post("/api/imports", data=data, headers=headers) as answer,
        ):
            assert answer.status == 202, await answer.text()
            return (await answer.json())["status"]

    return imported


async def test_an_import_tells_its_end_and_one_event_of_what_is_new_and_bad(import_report, raised):
    findings = [(1, 4, ""), (2, 4, KEV), (3, 2, KEV), (4, 3, "")]
    assert await import_report(report(*findings)) == "completed"
    assert await raised("kernel.import_completed") == [("An import was completed", 0, None)]
    expected = ("New vulnerabilities: 2 critical, 2 known to be exploited", 4, None)
    assert await raised("exposure.new_findings") == [expected]
    assert await import_report(report(*findings)) == "completed"
    assert len(await raised("exposure.new_findings")) == 1


async def test_an_import_that_fails_is_told(import_report, raised):
    broken = report(end="</ReportHost></Oops></NessusClientData_v2>")
    assert await import_report(broken) == "failed"
    ((title, severity, _),) = await raised("kernel.import_failed")
    assert (title.startswith("An import failed: "), severity) == (True, 2)
    assert await raised("kernel.import_completed") == []


async def test_a_token_that_expires_is_told_once_to_its_owner(scene, account, raised, admin, api):
    async with api.get("/api/auth/me", headers=admin) as answer:
        owner = UUID((await answer.json())["id"])
    async with scene.kernel.database.control():
        for name, days in (("soon", 3), ("later", 40)):
            await ApiToken.create(
                user_id=owner,
                tenant_id=scene.tenant.id,
                name=name,
                prefix="tw_x",
                hash=uuid7().hex,
                expires_at=datetime.now(UTC) + timedelta(days=days),
            )
    claims = replace(scene.kernel.license.claims, expires_at=datetime.now(UTC) + timedelta(days=99))
    kernel = replace(scene.kernel, license=CurrentLicense(claims))
    for _ in range(2):
        assert await schedule.run_due(kernel, minute=0) == 0
        await scene.deliver()
    told = await raised("kernel.token_expiring")
    assert ["token soon expires" in title for title, _, _ in told] == [True, True]
    assert {user_id for _, _, user_id in told} == {owner}
    assert len(scene.mailbox.got) == 1


async def test_a_change_of_the_license_is_told_step_by_step_once_each(scene):
    watch = scene.kernel.registry.jobs["kernel.watch_expiries"]
    claims = replace(scene.kernel.license.claims, jti="ending", grace_days=7)
    days = (31, 29, 28, 13, 8, 6, 5, 0.2, -3, -6.5)  # before the end; then before modules are locked
    for left in days:
        ends = datetime.now(UTC) + timedelta(days=left)
        kernel = replace(
            scene.kernel,
            license=CurrentLicense(replace(claims, issued_at=ends - timedelta(days=90), expires_at=ends)),
            registry=replace(scene.kernel.registry, jobs={watch.name: watch}),
        )
        assert await schedule.run_due(kernel, minute=0) == 0
        await scene.plan()
    accepted = await scene.sql(
        """SELECT severity, data ->> 'state' AS state, (data ->> 'days')::int AS days
           FROM notification_event WHERE status = 'accepted' AND name = 'kernel.license_expiring'
             AND key LIKE 'ending %' ORDER BY occurred_at"""
    )
    steps = [("GRACE", 30), ("GRACE", 14), ("GRACE", 7), ("GRACE", 1), ("LOCKED", 7), ("LOCKED", 1)]
    assert [(row["state"], row["days"]) for row in accepted] == steps
    assert [row["severity"] for row in accepted] == [2, 2, 3, 4, 3, 4]


async def test_jobs_that_nobody_asked_for_are_not_listed(scene, api, admin):
    await scene.add_channel()
    await scene.happen()
    assert await schedule.run_due(scene.kernel, minute=1) == 0
    async with api.get("/api/jobs", headers=admin) as answer:
        listed = {job["kind"] for job in (await answer.json())["data"]}
    jobs = "SELECT count(*) FROM job WHERE kind = 'kernel.deliver_notifications' AND tenant_id = $1"
    async with scene.kernel.database.control() as unit:
        assert await unit.connection.fetchval(jobs, scene.tenant.id) > 0
    assert not [kind for kind in listed if kind.startswith("kernel.")]
