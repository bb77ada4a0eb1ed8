"""Undoing a merge: all is as it was, but for what was worked on since."""

from datetime import UTC, datetime, timedelta

import pytest
from exposure_reports import Item
from merge_scans import accept, assets, found, scan


@pytest.fixture
async def merged(space):
    """Two assets with a finding in common, and one each of their own; the state before, and the merge."""
    await space.take(scan("a", Item(plugin=1001, output="a"), Item(plugin=1002), at=2))
    await space.take(scan("b", Item(plugin=1001, severity=1, output="b"), Item(plugin=1003), at=1))
    known, was = await assets(space), await space.state()
    before = await found(space, assetId=known["a"]), await found(space, assetId=known["b"])
    done = await space.merge(known["a"], known["b"])
    return known, was, done["id"], before


async def test_all_is_as_it_was(space, merged):
    known, was, merge_id, _ = merged
    done = await space.undo(merge_id)
    assert (done["moved"], done["restored"], done["kept"], done["keeps"]) == (1, 2, 0, [])
    await space.is_again(was)
    assert (await space.call("POST", f"/assets/merges/{merge_id}/undo")).body["code"] == "NOT_UNDOABLE"
    again = await space.merge(known["a"], known["b"])
    await space.undo(again["id"])
    await space.is_again(was)


async def test_what_a_later_report_said_stays(space, merged):
    known, _, merge_id, (of_a, of_b) = merged
    taken = await space.take(
        scan("a", Item(plugin=1001, severity=4, output="later"), Item(plugin=1004), at=3)
    )
    done = await space.undo(merge_id)
    kept = of_b[1001]["id"]
    assert [(row["id"], row["assetId"], row["because"], row["importId"]) for row in done["keeps"]] == [
        (kept, known["b"], "import", taken["importId"])
    ]
    assert {row["id"]: row["severity"] for row in await space.vulnerabilities(pluginId=1001)} == {
        kept: "CRITICAL",
        of_a[1001]["id"]: "MEDIUM",
    }
    assert set(await found(space, assetId=known["a"])) == {1001, 1002, 1004}
    assert set(await found(space, assetId=known["b"])) == {1001, 1003}
    await space.check()
    await space.revert(taken["importId"])
    assert (await found(space, assetId=known["b"]))[1001]["severity"] == "LOW"


async def test_what_a_person_decided_stays(space, merged):
    _, _, merge_id, (_, of_b) = merged
    await accept(space, of_b[1001]["id"])
    done = await space.undo(merge_id)
    assert [(row["because"], row["state"]) for row in done["keeps"]] == [("decision", "accepted")]


async def test_what_was_accepted_on_either_is_accepted_there_again(space):
    for name in ("a", "b"):
        await space.take(scan(name, Item(plugin=1001), Item(plugin=1002)))
    known = await assets(space)
    of_a, of_b = [await found(space, assetId=known[name]) for name in ("a", "b")]
    for row in (of_a[1001], of_b[1001], of_b[1002]):
        await accept(space, row["id"], reason=f"known at {row['assetId']}")
    was = await space.state()
    await space.undo((await space.merge(known["a"], known["b"]))["id"])
    await space.is_again(was)


async def test_an_import_of_before_keeps_what_was_merged_and_can_be_reverted_after(space):
    was = await space.state()
    first = await space.take(scan("a", Item(plugin=1001), at=1))
    second = await space.take(scan("b", Item(plugin=1001), Item(plugin=1002), at=2))
    known = await assets(space)
    merge_id = (await space.merge(known["a"], known["b"]))["id"]
    tried = await space.revert(second["importId"], dry_run=True)
    assert (tried["withdrawn"], tried["keptForDecisions"], tried["assetsWithdrawn"]) == (0, 1, 0)
    await space.undo(merge_id)
    for done in (await space.revert(second["importId"]), await space.revert(first["importId"])):
        assert (done["keptForDecisions"], done["assetsWithdrawn"]) == (0, 1)
    await space.is_again(was)


async def test_past_days_know_what_was_there(space, merged):
    _, _, merge_id, _ = merged
    answers = [await space.known()]
    await space.a_day_passes()
    await space.undo(merge_id)
    answers.append(await space.known())
    for ago, answer in enumerate(reversed(answers)):
        then = await space.known(asOf=datetime.now(UTC).date() - timedelta(days=ago))
        for known in (then, answer):
            for stats in (known["stats"], known["high"]):
                del stats["assets"]  # the asset of a vulnerability is that of today
        assert then == answer
