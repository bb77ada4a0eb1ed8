"""Random histories of reports, reverts and snapshots: scores are what the newest of both says, always."""

from datetime import UTC, datetime, timedelta

from exposure_reports import Host, Item, day, nessus
from format_samples import MANY
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from intel_desk import epss, kev

CVES = ["CVE-2024-1000", "CVE-2024-2000", "CVE-2024-3000"]
items = st.builds(
    Item,
    plugin=st.integers(1, 3),
    severity=st.integers(0, 4),
    cves=st.lists(st.sampled_from(CVES), max_size=2, unique=True),
    epss=st.sampled_from([None, 0.1, 0.8]),
    cvss3=st.sampled_from([None, 6.0]),
)
hosts = st.builds(Host, items=st.lists(items, min_size=1, max_size=3), end=st.integers(1, 5).map(day))
reports = st.tuples(st.just("report"), st.builds(nessus, hosts))
reverts = st.tuples(st.just("revert"), st.integers(0, 4))
known = st.dictionaries(st.sampled_from(CVES), st.sampled_from([0.0, 0.3, 1.0]), max_size=3)
scores = st.tuples(st.just("epss"), known, st.integers(0, 6))
catalogs = st.tuples(st.just("kev"), st.sets(st.sampled_from(CVES)), st.integers(0, 6))


@given(history=st.lists(st.one_of(reports, reverts, scores, catalogs), min_size=2, max_size=7))
@settings(
    max_examples=4 * MANY or 5,
    deadline=None,
    derandomize=not MANY,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_random_history_of_snapshots(desk, history):
    await desk.space.empty()
    held = {}
    for step in history:
        match step:
            case "report", report:
                was = await desk.space.state()
                taken = await desk.space.take(report)
                await desk.space.revert(taken["importId"])
                await desk.space.is_again(was)
                await desk.space.take(report)
            case "revert", position:
                rows = await desk.space.walk("/imports", sort="-createdAt")
                standing = [row["id"] for row in rows if row["revertedAt"] is None]
                if standing:
                    await desk.space.revert(standing[position % len(standing)])
            case name, told, number:
                at = datetime(2024, 5, 1, tzinfo=UTC) + timedelta(days=number - 1)
                made = [epss(c, s) for c, s in told.items()] if name == "epss" else map(kev, sorted(told))
                await desk.take(desk.pack(name, made, published=at), replay=True)
                held[name] = (told, at)
        await desk.space.check()
        await told_right(desk.space, held)


async def told_right(space, held):
    """Compare what each definition was told with what holds, worked out on its own."""
    rows = await space.sql("SELECT * FROM exposure_definition")
    scores, scored = held.get("epss", ({}, None))
    exploited, cataloged = held.get("kev", (set(), None))
    for row in rows:
        best = max((scores[cve] for cve in row["cves"] if cve in scores), default=None)
        assert (row["intel_epss"], row["intel_epss_at"]) == (best, None if best is None else scored)
        listed = bool(exploited & set(row["cves"])) if row["cves"] and cataloged else None
        assert (row["intel_kev"], row["intel_kev_at"]) == (listed, cataloged if row["cves"] else None)
    for shown in await space.vulnerabilities():
        (row,) = (each for each in rows if each["plugin_id"] == shown["pluginId"])
        newer = row["intel_epss_at"] is not None and row["intel_epss_at"] >= row["updated_at"]
        expected = row["intel_epss"] if newer or row["epss_score"] is None else row["epss_score"]
        detail = (await space.get(f"/vulnerabilities/{shown['id']}"))["data"]
        assert detail["epssScore"] == expected
