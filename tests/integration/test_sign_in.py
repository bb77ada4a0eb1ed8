from threatweaver.auth import service
from threatweaver.ids import uuid7


async def test_login_and_me(client, kernel, tenant):
    name = f"ada-{uuid7().hex}@example.com"
    await service.create_user(
        kernel.database,
        email=name.title(),
        password="a long passphrase",
        role="analyst",
        tenant_id=tenant.id,
    )
    answer = await client.post("/api/auth/login", json={"email": name, "password": "a long passphrase"})
    body = await answer.json()
    assert answer.status == 200
    assert set(body["user"]) == {"id", "email", "role", "tenantId", "tenantSlug"}
    me = await client.get("/api/auth/me", headers={"Authorization": f"Bearer {body['token']}"})
    assert (await me.json())["tenantSlug"] == tenant.slug
