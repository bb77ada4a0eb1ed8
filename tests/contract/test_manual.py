"""docs/hooks.md, docs/events.md and docs/errors.md say what the code says."""

import re
from collections import defaultdict

import manual
from reviewed import FOLDER, compare_below

from threatweaver.plugins import loader


def test_hooks():
    compare_below("hooks.md", manual.hooks())
    assert {
        line.removeprefix("## ") for line in manual.hooks().splitlines() if line.startswith("## ")
    } == set(loader._KINDS)


def test_events(kernel):
    compare_below("events.md", manual.events(kernel.registry))


def test_every_event_says_what_happened(kernel):
    assert [kind.__name__ for kind in kernel.registry.event_types if not (kind.__doc__ or "").strip()] == []


def test_errors(kernel):
    compare_below("errors.md", manual.errors(kernel.registry))


def test_the_page_on_the_api_names_codes_that_there_are(kernel):
    known = {item.code for item in manual.classes(kernel.registry)}
    table = (FOLDER.parents[1] / "docs" / "api.md").read_text(encoding="utf-8").split("| Status | Codes |")[1]
    named = set(re.findall(r"`([A-Z][A-Z_]+)`", table))
    assert len(named) > 20
    assert named - known == set()


def test_a_code_has_one_status(kernel):
    statuses = defaultdict(set)
    for item in manual.classes(kernel.registry):
        statuses[item.code].add(item.status)
    assert {code: found for code, found in statuses.items() if len(found) > 1} == {}
    assert len(statuses) > 60
