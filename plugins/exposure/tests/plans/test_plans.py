"""The plans of what is asked most: the right index, no walk over all rows, no sort of all rows.

What is asked is what the services really run; PostgreSQL explains it over a stock with statistics.
"""

import pytest
import pytest_asyncio
from stocked_space import DEFINITIONS, VULNERABILITIES, plans_of, stock

from threatweaver import running
from threatweaver_exposure.assets import queries as assets
from threatweaver_exposure.backlog import tops
from threatweaver_exposure.fixing import queries as fixing
from threatweaver_exposure.fixing.schemas import TopRisksQuery
from threatweaver_exposure.history.queries import disagreements
from threatweaver_exposure.trends import anomalies, bands, service
from threatweaver_exposure.trends.schemas import CohortsQuery, TrendsQuery
from threatweaver_exposure.vulnerabilities import queries

KEY = b"k" * 32
LIMIT = 50
FEW = 2_000  # rows; what is sorted at most, where a filter leaves few
BIG = ("exposure_vulnerability", "exposure_event")
RANKED = {
    "riskScore": "exposure_vulnerability_rank",
    "severity": "exposure_vulnerability_severity",
    "firstSeen": "exposure_vulnerability_first_seen",
    "lastSeen": "exposure_vulnerability_last_seen",
}
ORDERS = [sign + name for name in RANKED for sign in ("", "-")]
FIGURES = {
    "trends": (service.trends, TrendsQuery),
    "severity-history": (service.severity_history, TrendsQuery),
    "remediation-velocity": (service.velocity, TrendsQuery),
    "risk-score": (service.risk_score, TrendsQuery),
    "risk-trend": (bands.risk_trend, TrendsQuery),
    "cohorts": (service.cohorts, CohortsQuery),
    "anomalies": (anomalies.anomalies, TrendsQuery),
}
ENDINGS = {"mttr": service.mttr, "reopened": service.reopened}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stocked(make_space):
    space = await make_space()
    await stock(space)
    return space


async def page_plan(space, **params):
    """The nodes of the plan of a first page, its total left out."""
    asked = queries.LISTING.query().load({"limit": LIMIT, **params})
    listing = queries.listing(asked)
    (page, *_) = await plans_of(space, lambda: listing.page(asked, KEY))
    assert "ORDER BY" in page[0]
    return page[1]


def walked(nodes):
    """Big tables that are read from end to end; the partition of what was before the first month is empty."""
    read = {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"}
    read.discard("exposure_event_default")
    return {table for table in BIG if any(name.startswith(table) for name in read)}


def indexes(nodes):
    return {node["Index Name"] for node in nodes if "Index Name" in node}


def sorted_rows(nodes):
    """How many rows are sorted at most; those of a sort within what is in order already do not count."""
    return max((node["Plan Rows"] for node in nodes if node["Node Type"] == "Sort"), default=0)


async def test_the_stock_is_what_its_rollups_say(stocked):
    async with stocked.kernel.database.tenant(stocked.tenant.schema, read_only=True):
        assert await disagreements() == []


@pytest.mark.parametrize("order", ORDERS)
async def test_a_first_page_walks_the_index_of_its_order(stocked, order):
    nodes = await page_plan(stocked, sort=order)
    assert RANKED[order.lstrip("-")] in indexes(nodes)
    assert walked(nodes) == set()
    assert sorted_rows(nodes) <= 1  # the others of a flaw, for each row that is shown


@pytest.mark.parametrize("order", ["-riskScore", "severity"])
async def test_states_of_both_halves_are_merged_of_two_indexes(stocked, order):
    nodes = await page_plan(stocked, sort=order, state="all")
    assert len(indexes(nodes) & {
        "exposure_vulnerability_rank", "exposure_vulnerability_settled",
        "exposure_vulnerability_severity", "exposure_vulnerability_settled_severity",
    }) == 2  # fmt: skip
    assert walked(nodes) == set()
    assert sorted_rows(nodes) <= 2 * (LIMIT + 1)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("chosen", [{"severity": "CRITICAL"}, {"riskFrom": "50"}], ids=str)
async def test_a_filter_that_leaves_many_rows_does_not_sort_them(stocked, order, chosen):
    nodes = await page_plan(stocked, sort=order, **chosen)
    assert walked(nodes) == set()
    assert sorted_rows(nodes) <= FEW


@pytest.mark.parametrize("order", ["riskScore", "-riskScore", "severity", "-severity"])
@pytest.mark.parametrize(
    "chosen",
    [{"kev": "true"}, {"kev": "true", "severity": "HIGH"}, {"epssTo": "0.1"}, {"cve": "CVE-2024-10007"}],
    ids=str,
)
async def test_of_chosen_definitions_the_first_of_each_are_merged(stocked, order, chosen):
    nodes = await page_plan(stocked, sort=order, **chosen)
    assert "exposure_vulnerability_first_of_each" in indexes(nodes)
    assert walked(nodes) == set()
    assert sorted_rows(nodes) <= DEFINITIONS * (LIMIT + 1) < VULNERABILITIES


@pytest.mark.parametrize("order", ["riskScore", "-riskScore", "severity", "-severity"])
async def test_what_became_critical_is_merged_of_each_severity(stocked, order):
    nodes = await page_plan(stocked, sort=order, criticalSince="2024-05-31")
    assert "exposure_vulnerability_severity" in indexes(nodes)
    assert walked(nodes) == set()
    assert sorted_rows(nodes) <= 5 * (LIMIT + 1)


@pytest.mark.parametrize("order", ["riskScore", "-severity"])
async def test_what_became_critical_is_all_of_it_in_order(stocked, order):
    rows = await stocked.follow("/vulnerabilities", limit=500, criticalSince="2024-05-31", sort=order)
    names = ("info", "low", "medium", "high", "critical")
    places = [(names.index(row["severity"].lower()), row["riskScore"]) for row in rows]
    key = (lambda place: place[1]) if order == "riskScore" else (lambda place: (-place[0], -place[1]))
    assert places == sorted(places, key=key)
    known = await stocked.sql(
        "SELECT id FROM exposure_vulnerability WHERE state <= 1 AND (severity = 4 OR risk_score >= 90)"
    )
    assert {place[0] for place in places} == set(range(5))
    assert sorted(row["id"] for row in rows) == sorted(str(row["id"]) for row in known)


@pytest.mark.parametrize("order", ["riskScore", "severity"])
async def test_pages_of_chosen_definitions_follow_each_other(stocked, order):
    """All pages together are the list; the order of each is that of all."""
    rows = await stocked.follow("/vulnerabilities", limit=500, kev="true", sort=order)
    names = ("info", "low", "medium", "high", "critical")
    places = [
        (names.index(row["severity"].lower()) * (order == "severity"), row["riskScore"]) for row in rows
    ]
    assert places == sorted(places)
    known = await stocked.sql(
        """SELECT v.id FROM exposure_vulnerability v JOIN exposure_definition d ON d.id = v.definition_id
           WHERE d.kev AND v.state <= 1"""
    )
    assert sorted(row["id"] for row in rows) == sorted(str(row["id"]) for row in known)


@pytest.mark.parametrize("order", ORDERS)
async def test_what_few_rows_have_is_found_and_sorted(stocked, order):
    definition = (await stocked.sql("SELECT min(id) AS id FROM exposure_definition"))[0]["id"]
    asset = (await stocked.sql("SELECT id FROM exposure_asset ORDER BY id LIMIT 1"))[0]["id"]
    made = await stocked.sql("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = $1", BIG[0])
    by_column = {
        column: {row["indexname"] for row in made if f"({column}" in row["indexdef"]}
        for column in ("definition_id", "asset_id")
    }
    for chosen, column in (
        ({"definitionId": str(definition)}, "definition_id"),
        ({"cve": "CVE-2024-10007"}, "definition_id"),
        ({"assetId": str(asset)}, "asset_id"),
    ):
        nodes = await page_plan(stocked, sort=order, **chosen)
        assert walked(nodes) == set()
        assert indexes(nodes) & by_column[column], chosen
        assert sorted_rows(nodes) <= FEW


@pytest.mark.parametrize("listing", [queries.LISTING, assets.LISTING], ids=["vulnerabilities", "assets"])
async def test_text_is_looked_for_by_its_index(stocked, listing):
    asked = listing.query().load({"search": "host-41", "limit": LIMIT})
    (page, *_) = await plans_of(stocked, lambda: listing.page(asked, KEY))
    assert "exposure_asset_identifier_trigrams" in indexes(page[1])
    read = {node["Relation Name"] for node in page[1] if node["Node Type"] == "Seq Scan"}
    assert "exposure_asset_identifier" not in read


async def test_networks_are_looked_for_by_their_index(stocked):
    asked = assets.LISTING.query().load({"ip": "192.0.2.0/24", "limit": LIMIT})
    (page, *_) = await plans_of(stocked, lambda: assets.LISTING.page(asked, KEY))
    assert "exposure_asset_identifier_address" in indexes(page[1])


@pytest.mark.parametrize(
    ("order", "everywhere"), [("-riskScore", False), ("firstSeen", False), ("firstSeen", True)]
)
async def test_words_are_looked_for_once_by_their_index(stocked, order, everywhere):
    asked = queries.LISTING.query().load({"text": '"flaw 41" openssl -apache', "sort": order, "limit": LIMIT})
    listing = queries._WALKED if everywhere else queries.listing(asked)
    (page, *_) = await plans_of(stocked, lambda: listing.page(asked, KEY))
    assert "exposure_definition_words" in indexes(page[1])
    assert walked(page[1]) == set()
    assert (RANKED["firstSeen"] in indexes(page[1])) == everywhere


@pytest.mark.parametrize("chosen", [{}, {"severity": "HIGH"}, {"kev": "true"}, {"epssFrom": "0.9"}], ids=str)
async def test_totals_are_read_from_rollups(stocked, chosen):
    asked = queries.LISTING.query().load(chosen)
    for _, nodes in await plans_of(stocked, lambda: queries.listing(asked).total_of(asked)):
        read = {node["Relation Name"] for node in nodes if "Relation Name" in node}
        assert not any(name.startswith(BIG) for name in read)


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("chosen", [{}, {"severity": "CRITICAL"}], ids=str)
async def test_figures_over_time_read_rollups_alone(stocked, name, chosen):
    ask, schema = FIGURES[name]
    asked = schema().load(chosen)
    for statement, nodes in await plans_of(stocked, lambda: ask(asked)):
        read = {node["Relation Name"] for node in nodes if "Relation Name" in node}
        assert not any(table.startswith(BIG) for table in read), statement


@pytest.mark.parametrize("by", [{}, {"severity": "CRITICAL"}], ids=str)
@pytest.mark.parametrize(
    "ask",
    [fixing.top_risks, fixing.patches, tops.top_definitions, tops.top_cves],
    ids=lambda ask: ask.__name__,
)
async def test_tops_are_added_up_from_what_is_kept(stocked, ask, by):
    asked = TopRisksQuery().load(by)
    for statement, nodes in await plans_of(stocked, lambda: ask(asked)):
        assert walked(nodes) == set(), statement
        assert sorted_rows(nodes) <= FEW


@pytest.mark.parametrize("name", ENDINGS)
async def test_endings_are_found_by_their_index(stocked, name):
    asked = TrendsQuery().load({})
    for _, nodes in await plans_of(stocked, lambda: ENDINGS[name](asked)):
        assert walked(nodes) == set()
        assert any("at_vulnerability_id" in index or "ended" in index for index in indexes(nodes))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("by", ["definitionId", "text"])
async def test_a_definition_that_very_many_rows_have_is_walked_in_order(stocked, monkeypatch, order, by):
    definition = (await stocked.sql("SELECT min(id) AS id FROM exposure_definition"))[0]["id"]
    (named,) = await stocked.sql(f"SELECT name FROM exposure_definition WHERE id = {definition}")
    asked = {by: str(definition) if by == "definitionId" else f'"{named["name"]}"', "sort": order}
    few = await stocked.follow("/vulnerabilities", limit=20, **asked)
    monkeypatch.setattr(queries, "_VERY_MANY", 1)
    assert await stocked.follow("/vulnerabilities", limit=20, **asked) == few
    assert len(few) > 20
    query = queries.LISTING.query().load(asked)
    with running.on(stocked.kernel):
        async with stocked.kernel.database.tenant(stocked.tenant.schema, read_only=True):
            by_time = order.lstrip("-").endswith("Seen")
            assert await queries.quickest(query) is (queries._WALKED if by_time else queries.LISTING)
            settled = {**query, "state": [2, 3]}
            assert await queries.quickest(settled) not in (queries._WALKED, queries.LISTING)
