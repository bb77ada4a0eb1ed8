"""Suppressions: what they fit, and that it counts again without them."""

import pytest

REASON = "Known, and shielded by the gateway."


@pytest.mark.parametrize(
    ("rule", "hidden"),
    [
        ({"agent": "sqli.error"}, 3),
        ({"agent": "sqli.error", "place": "GET /items/a*"}, 2),
        ({"agent": "sqli.error", "place": "GET /items/_"}, 0),
        ({"agent": "sqli.error", "worst": "MEDIUM"}, 0),
        ({"agent": "", "cwe": 89, "parameter": "id"}, 3),
        ({"agent": "other"}, 0),
    ],
)
async def test_a_rule_fits(space, finding_rows, rule, hidden):
    target = await space.target()
    made = await space.assessment(target)
    await space.seen(target, made, [finding_rows(key) for key in ("a", "ab", "b")])
    rule = rule | {"targetId": target["id"]}
    assert (await space.post("/suppressions/preview", rule))["matched"] == hidden
    rule = rule | {"name": "Gateway", "reason": REASON}
    kept = await space.post("/suppressions", rule, status=201)
    assert kept["findings"] == hidden
    assert await space.get(f"/suppressions/{kept['id']}") == kept
    assert [one["id"] for one in await space.get("/suppressions")] == [kept["id"]]
    listed = f"/findings?targetId={target['id']}&suppressed=true"
    assert len(await space.get(listed)) == hidden
    await space.put(f"/suppressions/{kept['id']}", {"expiresAt": "2020-01-01T00:00:00Z"})
    assert await space.get(listed) == []
    await space.call("DELETE", f"/suppressions/{kept['id']}", status=204)


async def test_a_rule_for_everything_is_refused(space):
    body = {"name": "All", "reason": REASON, "agent": ""}
    await space.call("POST", "/suppressions", body, status=400)
