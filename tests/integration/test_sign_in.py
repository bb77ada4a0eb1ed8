from threatweaver.auth import service


async def test_login_and_me(client, kernel, tenant):
    await service.create_user(
        kernel.database,
        email="Ada@Example.com",
        password="a long passphrase",
        role="analyst",
        tenant_id=tenant.id,
    )
    answer = await client.post(
        "/api/auth/login", json={"email": "ada@example.com", "password": "a long passphrase"}
    )
    body = await answer.json()
    assert answer.status == 200
    assert set(body["user"]) == {"id", "email", "role", "tenantId", "tenantSlug"}
    me = await client.get("/api/auth/me", headers={"Authorization": f"Bearer {body['token']}"})
    assert (await me.json())["tenantSlug"] == tenant.slug
