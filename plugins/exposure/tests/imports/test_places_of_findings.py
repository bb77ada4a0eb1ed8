"""Findings without a port: where they are tells them apart; who hands them in says of what they are."""

import json

import pytest
from exposure_reports import day


def bandit(*results, at=1):
    """A Bandit report of (check, file, code) on a day of the story; None is a report without a date."""
    return json.dumps(
        {
            "generated_at": at and day(at).isoformat(),
            "metrics": {"_totals": {}},
            "results": [
                {
                    "test_id": check,
                    "test_name": check.lower(),
                    "issue_severity": "HIGH",
                    "issue_confidence": "HIGH",
                    "issue_text": "Weak.",
                    "filename": file,
                    "line_number": number,
                    "code": code,
                }
                for number, (check, file, code) in enumerate(results, start=1)
            ],
        }
    ).encode()


async def taken(space, data, *, asset=None, name="bandit.json"):
    path = "/imports" if asset is None else f"/imports?asset={asset}"
    headers = {"X-Filename": name, "Prefer": "wait=60"}
    answer = await space.call("POST", path, data=data, headers=headers)
    assert answer.body["status"] == "completed", answer
    return answer.body["result"]


async def test_one_check_at_two_places_is_two_vulnerabilities(space):
    result = await taken(space, bandit(("B1", "a.py", "x()"), ("B1", "b.py", "x()"), ("B1", "a.py", "y()")))
    assert (result["created"], result["duplicates"]) == (3, 0)
    rows = await space.vulnerabilities()
    assert sorted(row["location"].split()[0] for row in rows) == ["a.py", "a.py", "b.py"]
    assert len({row["location"] for row in rows}) == 3
    await space.check()


async def test_the_place_stays_when_lines_move_and_code_is_indented_anew(space):
    await taken(space, bandit(("B1", "a.py", "10 x( 1)\n11 y()\n")))
    result = await taken(space, bandit(("B9", "z.py", "n()"), ("B1", "a.py", "70   x(1)\n71   y()"), at=2))
    assert (result["created"], result["unchanged"] + result["updated"], result["closed"]) == (1, 1, 0)


async def test_who_hands_a_report_in_says_what_it_is_about(space):
    data = bandit(("B1", "a.py", "x()"))
    for asset in ("shop", "bank"):
        assert (await taken(space, data, asset=asset))["created"] == 1
    assert (await taken(space, data, asset="shop"))["created"] == 0
    assert (await taken(space, data))["created"] == 1  # else its file's name says it
    names = [asset["name"] for asset in await space.walk("/assets")]
    assert sorted(names) == ["bandit.json", "bank", "shop"]
    listed = await space.get("/imports", sort="createdAt")
    assert [item["asset"] for item in listed["data"]] == ["shop", "bank", "shop", None]


@pytest.mark.parametrize("asset", ["", "x" * 256])
async def test_a_name_has_1_to_255_characters(space, asset):
    answer = await space.call("POST", f"/imports?asset={asset}", data=bandit(), headers={"X-Filename": "b"})
    assert (answer.status, answer.body["details"][0]["field"]) == (400, "asset")


async def test_what_a_whole_report_does_not_show_any_more_is_fixed(space):
    await taken(space, bandit(("B1", "a.py", "x()"), ("B2", "a.py", "y()")))
    result = await taken(space, bandit(("B2", "a.py", "y()"), at=2))
    assert (result["closed"], result["updated"]) == (1, 1)  # the other one moved to another line


async def test_a_report_without_a_date_counts_from_when_it_first_came(space):
    old = bandit(("B1", "a.py", "x()"), ("B2", "a.py", "y()"), at=None)
    await taken(space, old)
    assert (await taken(space, bandit(("B2", "a.py", "y()"), at=None)))["closed"] == 1
    again = await taken(space, old)  # as old as before: it reopens nothing
    assert (again["reopened"], again["created"], again["unchanged"]) == (0, 0, 2)
    await space.check()


async def test_long_places_are_told_apart_by_their_ends(space):
    path = "p/" * 300
    result = await taken(space, bandit(("B1", f"{path}a.py", "x()"), ("B1", f"{path}b.py", "x()")))
    assert result["created"] == 2
    assert all(len(row["location"]) <= 500 for row in await space.vulnerabilities())
