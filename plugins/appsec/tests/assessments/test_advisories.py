"""The file of advisories that a setting names: read when it changed, and a scan says where it cannot be."""

import json
import os

import pytest

from threatweaver_appsec.assessments import advisories
from threatweaver_appsec.engine.messages import Exchange, Request, Response


def told(path, fixed):
    events = [{"introduced": "0"}, {"fixed": fixed}]
    affected = {
        "package": {"ecosystem": "npm", "name": "jquery"},
        "ranges": [{"type": "SEMVER", "events": events}],
    }
    path.write_text(json.dumps({"id": "GHSA-1", "affected": [affected]}) + "\n")


def seen(agent):
    page = Response(200, (("Content-Type", "text/html"),), b"<script src=/jquery-3.4.1.js></script>", 0.1)
    return [proof.key for proof in agent.look(Exchange(Request("GET", "https://shop.test/"), page))]


async def test_a_changed_file_is_read_anew(tmp_path):
    path = tmp_path / "osv.jsonl"
    settings = {"appsec": {advisories.SETTING: str(path)}}
    told(path, "3.5.0")
    (agent,) = await advisories.agents(settings)
    assert seen(agent) == ["npm/jquery@3.4.1"]
    told(path, "3.0.0")
    os.utime(path, ns=(1, 1))
    (agent,) = await advisories.agents(settings)
    assert seen(agent) == []


async def test_without_a_file_there_is_no_agent_and_with_a_lost_one_no_scan(tmp_path):
    assert await advisories.agents({"appsec": {advisories.SETTING: ""}}) == ()
    with pytest.raises(ValueError, match="advisories cannot be read"):
        await advisories.agents({"appsec": {advisories.SETTING: str(tmp_path / "none")}})
