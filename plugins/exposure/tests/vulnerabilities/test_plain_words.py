"""Plain words become the list's own filter, which is shown; what is not understood is said."""

from datetime import date

import pytest
from exposure_reports import Host, Item, nessus

from threatweaver_exposure.vulnerabilities.language import understand

TODAY = date(2026, 11, 26)
TAGS = {"internet-facing": "Internet-Facing", "web": "web"}
GROUPS = {"data center": "0b8ea0d1-24d1-4c34-a6f6-2f31ac0d6d1e"}


@pytest.mark.parametrize(
    ("text", "found", "ignored"),
    [
        (
            "critical unpatched on internet-facing Windows servers from the last 30 days",
            {
                "severity": "CRITICAL",
                "state": "open,reopened",
                "tag": "Internet-Facing",
                "startDate": "2026-10-27",
            },
            ["windows", "servers"],
        ),
        ("high or above", {"severity": "HIGH,CRITICAL"}, []),
        ("High and low", {"severity": "LOW,HIGH"}, []),
        ("show me everything about cve-2021-44228", {"cve": "CVE-2021-44228"}, ["everything", "about"]),
        (
            "fixed last week in the data center",
            {"state": "fixed", "startDate": "2026-11-19", "assetGroup": GROUPS["data center"]},
            [],
        ),
        ("accepted since 2026-01-31", {"state": "accepted", "startDate": "2026-01-31"}, []),
        ("since 2026-02-31", {}, []),
        ("new since yesterday", {"startDate": "2026-11-25"}, []),
        ('open "OpenSSL 1.0"', {"state": "open,reopened", "search": "OpenSSL 1.0".lower()}, []),
        ("unobserved on webserver", {"unobserved": "true"}, ["webserver"]),
        ("???", {}, []),
    ],
)
def test_words_become_parameters(text, found, ignored):
    made = understand(text, tags=TAGS, groups=GROUPS, today=TODAY)
    assert (made.filter, made.ignored) == (found, ignored)


async def asked(space, text, **params):
    answer = await space.call("POST", "/vulnerabilities/search", json={"query": text}, params=params)
    assert answer.status == 200, answer
    return answer.body


async def test_the_filter_that_is_shown_gives_the_same_rows(space):
    items = [Item(plugin=1001, severity=4), Item(plugin=1002, severity=3), Item(plugin=1003, severity=1)]
    await space.take(nessus(Host(items=items)))
    found = await asked(space, "critical or high ones that are open")
    assert found["filter"] == {"severity": "HIGH,CRITICAL", "state": "open,reopened"}
    assert found["ignored"] == ["ones"]
    listed = await space.get("/vulnerabilities", **found["filter"])
    assert found["data"] == listed["data"]
    assert found["meta"]["total"] == listed["meta"]["total"] == 2
    assert len((await asked(space, "high or above", limit="1"))["data"]) == 1


async def test_tags_are_known_by_their_names(space):
    await space.take(nessus(Host(items=[Item()]), Host(name="10.0.0.2", items=[Item()])))
    await space.call("POST", "/tags", json={"name": "DMZ"})
    assets = await space.walk("/assets")
    await space.call("PUT", f"/assets/{assets[0]['id']}/tags", json={"tags": ["DMZ"]})
    found = await asked(space, "all vulnerabilities in the dmz")
    assert (found["filter"], found["meta"]["total"]) == ({"tag": "DMZ"}, 1)


async def test_a_question_has_words(space):
    answer = await space.call("POST", "/vulnerabilities/search", json={"query": ""})
    assert (answer.status, answer.body["details"][0]["field"]) == (400, "query")
