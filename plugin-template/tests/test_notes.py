async def test_a_note_is_written_and_finished(client, analyst, viewer):
    created = await client.post("/api/template/notes", json={"title": "Patch the gateway"}, headers=analyst)
    note = (await created.json())["data"]
    assert (created.status, note["done"]) == (201, False)
    finished = await client.post(f"/api/template/notes/{note['id']}/finish", headers=analyst)
    assert (await finished.json())["data"]["done"] is True
    listed = await client.get("/api/template/notes?search=gateway", headers=viewer)
    assert (await listed.json())["meta"]["total"] == 1


async def test_a_viewer_writes_nothing(client, viewer):
    refused = await client.post("/api/template/notes", json={"title": "Mine"}, headers=viewer)
    assert (refused.status, (await refused.json())["permission"]) == (403, "template:note:write")
