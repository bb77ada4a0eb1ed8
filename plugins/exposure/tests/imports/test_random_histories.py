"""Random histories of imports and decisions: rollups agree, twice is once, the past stays as it was."""

from datetime import UTC, datetime, timedelta

from exposure_reports import Host, Item, day, nessus
from format_samples import MANY
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

UUIDS = ["0b8ea0d1-24d1-4c34-a6f6-2f31ac0d6d1e", "6a3c1d52-93bb-47f3-9a5e-5a3a2f7a9c11"]
TAGS = {
    "host-uuid": st.sampled_from(UUIDS),
    "mac-address": st.sampled_from(["00:50:56:aa:bb:01", "00:50:56:aa:bb:02"]),
    "host-fqdn": st.sampled_from(["a.example.com", "b.example.com"]),
    "netbios-name": st.sampled_from(["A", "B"]),
    "host-ip": st.sampled_from(["10.0.0.1", "10.0.0.2"]),
}
items = st.builds(
    Item,
    plugin=st.integers(1, 4),
    port=st.sampled_from([0, 80]),
    severity=st.integers(0, 4),
    output=st.sampled_from([None, "a", "b"]),
    service=st.sampled_from(["www", "?"]),
    cves=st.lists(st.sampled_from(["CVE-2024-1000", "CVE-2024-2000"]), max_size=2),
    cvss3=st.sampled_from([None, 3.0, 9.0]),
    modified=st.sampled_from([None, "2024/01/01", "2024/02/01"]),
)
hosts = st.builds(
    Host,
    name=st.sampled_from(["one", "two"]),
    items=st.lists(items, max_size=4),
    end=st.one_of(st.none(), st.integers(1, 5).map(day)),
    credentialed=st.sampled_from([None, True, False]),
    tags=st.fixed_dictionaries({}, optional=TAGS),
)
reports = st.builds(
    lambda found, checks: nessus(*found, checks=checks),
    st.lists(hosts, max_size=3),
    st.one_of(st.none(), st.lists(st.integers(1, 4), min_size=1, max_size=4)),
)
takebacks = st.integers(0, 4)
joins = st.tuples(st.just("merge"), st.integers(0, 9))
parts = st.tuples(st.just("split"), st.integers(0, 9))
undoings = st.tuples(st.just("undo"), st.integers(0, 4))
recipes = st.tuples(st.just("recipe"), st.sampled_from([1, 2, 2]))
decisions = st.tuples(st.sampled_from(["accept-risk", "reopen"]), st.integers(0, 9))


_SETTINGS = settings(
    max_examples=4 * MANY or 5,
    deadline=None,
    derandomize=not MANY,
    database=None,
    phases=[Phase.generate],  # an example is short enough to read; making it shorter takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@given(history=st.lists(st.one_of(reports, decisions, takebacks), min_size=1, max_size=5))
@_SETTINGS
async def test_random_history(shared_space, history):
    await _live(shared_space, history)


@given(
    first=st.lists(reports, min_size=2, max_size=3),
    history=st.lists(
        st.one_of(joins, joins, parts, undoings, reports, decisions, takebacks, recipes),
        min_size=2,
        max_size=6,
    ),
)
@_SETTINGS
async def test_random_history_of_merges_and_splits(shared_space, first, history):
    await _live(shared_space, [*first, *history])


async def _live(shared_space, history):
    await shared_space.empty()
    await _rule(shared_space)
    await _judge_by(shared_space, datetime.now(UTC).date() - day(3).date())
    answered = []
    for step in history:
        await shared_space.a_day_passes()
        if isinstance(step, bytes):
            await _import_twice(shared_space, step)
        elif isinstance(step, int):
            await _take_back(shared_space, step)
        else:
            await _ACTS.get(step[0], _decide)(shared_space, *step)
        await shared_space.recount()
        answered.append(_of_a_day(await shared_space.known()))
    await shared_space.check_figures()
    for ago, answer in enumerate(reversed(answered)):
        then = datetime.now(UTC).date() - timedelta(days=ago)
        assert _of_a_day(await shared_space.known(asOf=then)) == answer
        await shared_space.check_sla(then)


async def _rule(space):
    """A tag and a group that follow what assets are known by, whatever happens to them."""
    for path, rule in (("/tags", {"search": "a.example"}), ("/asset-groups", {"notIp": "10.0.0.1"})):
        made = (await space.call("POST", path, json={"name": "ruled"})).body["data"]
        answer = await space.call("PUT", f"{path}/{made['id']}/rule", json={"rule": rule})
        assert answer.status == 200, answer


async def _judge_by(space, age):
    """Allow so many days that of what the scans saw first on five days some is late, on each day another."""
    days = {"critical": age.days, "high": age.days - 2, "medium": age.days - 4, "low": 1, "info": None}
    assert (await space.call("PUT", "/dashboard/sla-policy", json=days)).status == 200


async def _import_twice(space, report):
    was = await space.state()
    result = await space.take(report)
    became = await space.state()
    tried = await space.revert(result["importId"], dry_run=True)
    assert await space.state() == became
    done = await space.revert(result["importId"])
    assert done == {**tried, "dryRun": False}
    assert done["kept"] == []
    await space.is_again(was)
    result = await space.take(report)
    seen = result["created"] + result["updated"] + result["reopened"] + result["unchanged"]
    assert seen + result["duplicates"] == result["findings"]
    before = {**await space.snapshot(), "exposure_sighting": None}
    again = await space.take(report)
    assert (again["created"], again["updated"], again["reopened"], again["closed"]) == (0, 0, 0, 0)
    assert again["unchanged"] == seen
    assert {**await space.snapshot(), "exposure_sighting": None} == before


async def _take_back(space, position):
    """Revert any import: those after it, and decisions, keep what they worked on."""
    rows = await space.walk("/imports", sort="-createdAt")
    standing = [row for row in rows if row["revertedAt"] is None]
    if standing:
        await space.revert(standing[position % len(standing)]["id"])


async def _decide(space, action, position):
    rows = await space.vulnerabilities()
    if not rows:
        return
    row = rows[position % len(rows)]
    body = {"until": "2099-01-01T00:00:00Z", "reason": "known and accepted"}
    options = {"json": body} if action == "accept-risk" else {}
    answer = await space.call("POST", f"/vulnerabilities/{row['id']}/{action}", **options)
    possible = row["state"] != "fixed" if action == "accept-risk" else row["state"] == "accepted"
    assert answer.status == (200 if possible else 409)
    after = (await space.get(f"/vulnerabilities/{row['id']}"))["data"]["state"]
    assert after == ({"accept-risk": "accepted", "reopen": "reopened"}[action] if possible else row["state"])


async def _merge(space, _, position):
    rows = await space.walk("/assets", sort="firstSeen")
    if len(rows) < 2:
        return
    into, other = rows[position % len(rows)], rows[(position + 1) % len(rows)]
    await _and_back(space, lambda dry: space.merge(into["id"], other["id"], dryRun=dry))


async def _split(space, _, position):
    rows = await space.walk("/assets", sort="firstSeen")
    names = [(await space.get(f"/assets/{row['id']}/identifiers"))["data"] for row in rows]
    known = [
        (row["id"], [n for n in n_ if n["validTo"] is None]) for row, n_ in zip(rows, names, strict=True)
    ]
    several = [(asset, found) for asset, found in known if len(found) > 1]
    if several:
        asset, found = several[position % len(several)]
        chosen = [(name["kind"], name["value"]) for name in found[: 1 + position % (len(found) - 1)]]
        await _and_back(space, lambda dry: space.split(asset, *chosen, dryRun=dry))


async def _and_back(space, act):
    """Try it, do it, undo it, which leaves all as it was, and do it again."""
    was = await space.snapshot()
    tried = await act(dry=True)
    assert await space.snapshot() == was
    before = await space.state()
    done = await act(dry=False)
    assert (done["moved"], done["joined"], done["copied"]) == (
        tried["moved"],
        tried["joined"],
        tried["copied"],
    )
    await space.recount()
    undone = await space.undo(done["id"])
    assert (undone["moved"], undone["kept"]) == (done["moved"], 0)
    await space.recount()
    await space.is_again(before)
    await act(dry=False)


async def _undo(space, _, position):
    """Undo any merge or split that can be: what is left is consistent, whatever happened since."""
    rows = await space.sql("SELECT asset_id, others FROM exposure_asset_merge ORDER BY created_at")
    entries = {}
    for row in rows:
        for asset in (row["asset_id"], *row["others"]):
            for entry in (await space.get(f"/assets/{asset}/merges"))["data"]:
                entries[entry["id"]] = entry
    possible = sorted(entry["id"] for entry in entries.values() if entry["undoable"])
    if possible:
        chosen = possible[position % len(possible)]
        tried = await space.undo(chosen, dry_run=True)
        assert await space.undo(chosen) == {**tried, "dryRun": False}


async def _tell_apart(space, _, recipe):
    path = "/vulnerabilities/identity-recipes/apply"
    answer = await space.call("POST", path, json={"recipe": recipe})
    assert (await space.finished(answer.body["jobId"]))["status"] == "completed"


_ACTS = {"merge": _merge, "split": _split, "undo": _undo, "recipe": _tell_apart}


def _of_a_day(known):
    """Without the number of assets of a list: the asset of a vulnerability is that of today."""
    for stats in (known["stats"], known["high"]):
        del stats["assets"]
    return known
