"""Scan profiles, word lists and agents."""


async def test_what_comes_with_the_product_is_there_and_stays(space):
    known = {one["name"]: one for one in await space.get("/scan-profiles?builtIn=true")}
    assert set(known) == {"quick", "full", "api-only", "passive"}
    assert all(one["safe"] for one in known.values())
    path = f"/scan-profiles/{known['quick']['id']}"
    await space.call("PUT", path, {"maxRequests": 5}, status=409)
    await space.call("DELETE", path, status=409)
    copy = await space.post(f"{path}/clone", {"name": "quicker"}, status=201)
    assert (copy["builtIn"], copy["basedOn"]) == (False, "quick")
    changed = await space.put(f"/scan-profiles/{copy['id']}", {"maxRequests": 5})
    assert changed["maxRequests"] == 5
    assert await space.get(f"/scan-profiles/{copy['id']}") == changed
    await space.call("PUT", f"/scan-profiles/{copy['id']}", {"agents": ["no-such"]}, status=400)
    await space.call("DELETE", f"/scan-profiles/{copy['id']}", status=204)
    await space.call("GET", f"/scan-profiles/{copy['id']}", status=404)


async def test_word_lists(space):
    made = await space.post(
        "/wordlists", {"name": "Admin", "words": ["admin", "backup", "admin"]}, status=201
    )
    assert made["size"] == 2
    words = await space.call("GET", f"/wordlists/{made['id']}/words", status=200)
    assert words == b"admin\nbackup\n"
    await space.put(f"/wordlists/{made['id']}", {"words": []})
    assert (await space.get(f"/wordlists/{made['id']}"))["size"] == 0
    await space.call("POST", "/wordlists", {"name": "x", "words": ["a\nb"]}, status=400)
    assert [one["name"] for one in await space.get("/wordlists?search=adm")] == ["Admin"]
    await space.call("DELETE", f"/wordlists/{made['id']}", status=204)
    assert await space.get("/wordlists") == []


async def test_payload_sets(space):
    body = {"name": "Odd", "kind": "script", "payloads": ["<b {{word}}>", "<i {{word}}>", "<b {{word}}>"]}
    made = await space.post("/payload-sets", body, status=201)
    path = f"/payload-sets/{made['id']}"
    assert (made["size"], made["safe"]) == (2, False)
    assert await space.call("GET", f"{path}/payloads", status=200) == b"<b {{word}}>\n<i {{word}}>\n"
    said = await space.call("PUT", path, {"payloads": ["{{word}}", "{{value}}<b>"]}, status=400)
    assert said["details"][0]["field"] == "payloads.1"
    changed = await space.put(path, {"payloads": ["{{word}}"], "safe": True})
    assert await space.get(path) == changed
    assert [one["size"] for one in await space.get("/payload-sets?kind=script&search=odd")] == [1]
    await space.call("POST", "/payload-sets", body, status=409)
    profile = await space.post("/scan-profiles", {"name": "odd", "payloadSetIds": [made["id"]]}, status=201)
    copy = await space.post(f"/scan-profiles/{profile['id']}/clone", {"name": "odder"}, status=201)
    assert copy["payloadSetIds"] == [made["id"]]
    await space.call("DELETE", path, status=204)
    again = {"payloadSetIds": [made["id"]]}
    await space.call("PUT", f"/scan-profiles/{profile['id']}", again, status=422)


async def test_agents_are_switched(space):
    agents = await space.get("/agents")
    assert len(agents) == len({one["id"] for one in agents}) > 10
    chosen = next(one for one in agents if not one["optIn"])
    assert chosen["enabled"] is True
    path = f"/agents/{chosen['id']}"
    assert (await space.put(path, {"enabled": False}))["enabled"] is False
    shown = await space.get(path)
    assert (shown["enabled"], shown["openFindings"], shown["title"]) == (False, 0, chosen["title"])
    assert shown["updatedBy"]
    assert {one["id"]: one["measurement"] for one in agents}[chosen["id"]] == shown["measurement"]
    assert next(o for o in await space.get("/agents") if o["id"] == chosen["id"])["enabled"] is False
    assert (await space.call("DELETE", path, status=200))["data"]["enabled"] is True
    await space.call("GET", "/agents/no-such", status=404)


async def test_the_agent_that_needs_advisories_is_switched_like_any_other(space):
    path = "/agents/outdated-component"
    assert (await space.put(path, {"enabled": False}))["enabled"] is False
    chosen = {"name": "parts", "agents": ["outdated-component"]}
    assert (await space.post("/scan-profiles", chosen, status=201))["agents"] == chosen["agents"]
