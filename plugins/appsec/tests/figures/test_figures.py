"""Statistics and compliance: the figures are what the lists say."""


async def test_figures_are_what_the_lists_say(space, finding_rows):
    target = await space.target()
    made = await space.assessment(target)
    await space.seen(target, made, [finding_rows("a"), finding_rows("b", owasp="API1:2023", severity="LOW")])
    await space.put(
        f"/findings/{(await space.get('/findings?severity=LOW'))[0]['id']}", {"status": "in_progress"}
    )
    summary = await space.get("/statistics/summary")
    open_ = {
        level: len(await space.get(f"/findings?severity={level}&status=open,in_progress"))
        for level in ("HIGH", "LOW")
    }
    assert {level: summary["openFindings"][level] for level in open_} == open_
    assert (await space.get("/statistics/trend?days=2"))[-1]["found"] >= 2
    row = next(one for one in await space.get("/statistics/targets") if one["targetId"] == target["id"])
    assert (row["high"], row["low"]) == (1, 1)
    agent = next(one for one in await space.get("/statistics/agents") if one["agent"] == "sqli.error")
    assert agent["total"] >= 2
    assert len(await space.get("/statistics/fix-times")) == 5
    lists = {one["id"]: one["controls"] for one in await space.get("/compliance")}
    assert lists["owasp-top-10-2021"] == len(await space.get("/compliance/owasp-top-10-2021")) == 10
    web = {
        one["id"]: one for one in await space.get(f"/compliance/owasp-top-10-2021?targetId={target['id']}")
    }
    assert (web["A03:2021"]["high"], web["A01:2021"]["low"], web["A02:2021"]["open"]) == (1, 1, 0)
    listed = await space.get(f"/compliance/pci-dss-4.0/6.2.4/findings?targetId={target['id']}")
    assert len(listed) == 2
    await space.call("GET", "/compliance/no-such", status=404)
    await space.call("GET", "/compliance/pci-dss-4.0/9.9/findings", status=404)
