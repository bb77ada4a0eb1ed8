"""What was measured of agents: of agents that there are, at targets that were scanned to the end."""

import json
from importlib import resources

from threatweaver_appsec.engine import measured as module
from threatweaver_appsec.engine.catalog import all_agents
from threatweaver_appsec.engine.measured import Measurement, measured, precision_of

KEPT = json.loads(resources.files("threatweaver_appsec.engine").joinpath("measured.json").read_text())


def test_what_is_kept_is_of_agents_that_there_are_and_of_whole_scans():
    known = {agent.about.id for agent in all_agents()}
    assert {one["state"] for one in KEPT["targets"]} == {"completed"}
    assert {agent for one in KEPT["targets"] for agent in one["agents"]} <= known
    assert len(measured().agents) > 30


def test_sums_over_targets_count_what_somebody_decided(tmp_path, monkeypatch):
    def target(name, at, **agents):
        counts = {
            agent: dict(zip(("right", "wrong", "unlisted"), said, strict=True))
            for agent, said in agents.items()
        }
        return {"name": name, "at": at, "agents": counts}

    kept = tmp_path / "measured.json"
    targets = [
        target("a", "2026-01-02", xss=(2, 0, 1), odd=(0, 0, 4)),
        target("b", "2026-01-01", xss=(0, 1, 0)),
    ]
    kept.write_text(json.dumps({"targets": targets}))
    monkeypatch.setattr(module, "_KEPT", kept)
    measured.cache_clear()
    try:
        told = measured()
        assert told.agents == {"xss": Measurement(2, 1, 1)}
        assert (told.targets, told.at) == (("a", "b"), "2026-01-02")
        assert (precision_of("xss"), precision_of("odd"), precision_of("none")) == (0.667, None, None)
    finally:
        measured.cache_clear()
