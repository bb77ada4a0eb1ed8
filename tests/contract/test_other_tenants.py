"""Ids of another tenant in a body, where a refusal is no 404."""


async def test_a_group_takes_no_assets_of_another_tenant(person, stranger, client):
    asset = await person.some("/assets")
    own = await (await client.post("/api/asset-groups", json={"name": "own"}, headers=stranger)).json()
    path = f"/api/asset-groups/{own['data']['id']}/members"
    async with client.post(path, json={"assetIds": [asset]}, headers=stranger) as answer:
        assert answer.status == 422
