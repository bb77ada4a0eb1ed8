"""A license comes with its audit line or not at all, by whichever of its three ways."""

from datetime import UTC, datetime

import pytest
from aiohttp.test_utils import TestClient, TestServer

from threatweaver import app as application
from threatweaver.license.models import License, TrustedKey
from threatweaver.testing.identities import headers_for
from threatweaver_licensing import (
    KeyRing,
    Revocation,
    RevocationList,
    generate_key,
    issue_list,
    issue_trial,
    public_pem,
)


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("POST", "/license/activate", "license_activate_post"),
        ("POST", "/license/import", "license_import_import_license"),
        ("PUT", "/admin/settings/license", "admin_settings_license_put_license"),
    ],
)
async def test_importing(alone, new_tenant, line_or_nothing, method, path, action):
    tenant = await new_tenant(alone)
    headers = await headers_for(alone, role="operator", tenant=tenant)
    token, pem = issue_trial(datetime.now(UTC))
    async with alone.database.control():
        await TrustedKey.create(kid=next(iter(KeyRing.from_pem(pem))).kid, pem=pem, trial_only=True)
        if path.endswith("/activate"):
            await License.all().delete()
    async with TestClient(TestServer(application.build(alone))) as client:

        async def attempt():
            body = {"license": token}
            async with client.request(method, f"/api{path}", json=body, headers=headers) as answer:
                return answer.status

        await line_or_nothing(alone, tenant, attempt, action=action, good=200)


async def test_revoking(alone, new_tenant, line_or_nothing, with_settings, tmp_path):
    key, keys, now = generate_key(), tmp_path / "keys.pem", datetime.now(UTC)
    keys.write_text(public_pem(key))
    kernel = with_settings(alone, license_keys=keys)
    tenant = await new_tenant(kernel)
    headers = await headers_for(kernel, role="operator", tenant=tenant)
    listed = Revocation(jti="some", at=now, reason="unpaid")
    text = issue_list(RevocationList(seq=1, issued_at=now, entries=(listed,)), key)
    async with TestClient(TestServer(application.build(kernel))) as client:

        async def attempt():
            body = {"revocations": text}
            async with client.post("/api/license/revocations", json=body, headers=headers) as answer:
                return answer.status

        action = "license_revocations_import_revocations"
        await line_or_nothing(kernel, tenant, attempt, action=action, good=200)
