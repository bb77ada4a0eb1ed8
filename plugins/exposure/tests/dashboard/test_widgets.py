"""/dashboard/widgets: own widgets and those of other modules, and what becomes of one that fails."""

import asyncio
from dataclasses import replace
from datetime import date

import pytest
import pytest_asyncio
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from exposure_space import Space
from exposure_story import tell

from threatweaver import app as application
from threatweaver.dashboard import service
from threatweaver.modules.models import TenantModule
from threatweaver.sdk import (
    BarsData,
    Conflict,
    DashboardWidget,
    Line,
    NumberData,
    SeriesData,
    TableData,
    WidgetKind,
    connection,
)

OWN = [
    "exposure.total_assets",
    "exposure.open_vulnerabilities",
    "exposure.risk_score",
    "exposure.severity_breakdown",
]
FILTERS = [
    {},
    {"severity": "critical,HIGH"},
    {"tag": "PRODUCTION"},
    {"assetGroup": "group"},
    {"startDate": "2024-05-02", "endDate": "2024-05-02"},
    {"tag": "web", "severity": "CRITICAL"},
    {"assetGroup": "group", "startDate": "2024-05-02", "severity": "INFO"},
]
LOOK = "exposure:dashboard:read"
seen = []


def widget(name, kind, produce, *, permission=LOOK, **options):
    return DashboardWidget(
        name=f"acme.{name}", title=name, kind=kind, permission=permission, produce=produce, **options
    )


def giving(data):
    async def produce(filters):
        seen.append(filters)
        return data

    return produce


async def broken_sql(filters):
    await connection().fetchval("SELECT 1 FROM there_is_no_such_table")


async def writing(filters):
    await connection().execute("DELETE FROM exposure_tag")


async def raising(filters):
    raise LookupError("of the inside")


async def refusing(filters):
    raise Conflict("Not before noon.")


async def slow(filters):
    await connection().execute("SELECT pg_sleep(20)")


async def sleeping(filters):
    await asyncio.sleep(20)


DAY = date(2024, 5, 1)
WIDGETS = {
    item.name: item
    for item in (
        widget("number", WidgetKind.NUMBER, giving(NumberData(value=7, unit="%")), filters=("tag",)),
        widget("broken_sql", WidgetKind.NUMBER, broken_sql),
        widget("writing", WidgetKind.NUMBER, writing),
        widget("raising", WidgetKind.NUMBER, raising),
        widget("refusing", WidgetKind.NUMBER, refusing),
        widget("slow", WidgetKind.NUMBER, slow),
        widget("sleeping", WidgetKind.NUMBER, sleeping),
        widget("mistaken", WidgetKind.BARS, giving(NumberData(value=7))),
        widget("nothing", WidgetKind.BARS, giving(None)),
        widget(
            "series", WidgetKind.SERIES, giving(SeriesData(lines=(Line(label="a", points=((DAY, 1.5),)),)))
        ),
        widget("bars", WidgetKind.BARS, giving(BarsData(bars=(("x", 1), ("y", 2))))),
        widget("table", WidgetKind.TABLE, giving(TableData(columns=("a", "b"), rows=(("x", None),) * 101))),
        widget("secret", WidgetKind.NUMBER, giving(NumberData(value=1)), permission="exposure:import:write"),
    )
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(kernel, as_role, worker):
    """An inventory in an installation with another module's widgets."""
    registry = replace(
        kernel.registry,
        widgets=(*kernel.registry.widgets, *WIDGETS.values()),
        widget_modules={**kernel.registry.widget_modules, **dict.fromkeys(WIDGETS, "acme")},
    )
    more = replace(kernel, registry=registry)  # the trial names every module
    async with TestClient(TestServer(application.build(more)), cookie_jar=DummyCookieJar()) as client:
        yield await tell(await Space.make(more, client, as_role))


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch):
    monkeypatch.setattr(service, "_EACH", 3.0)  # enough where the machine is full, too
    seen.clear()


async def shown(place, *names, headers=None, **filters):
    given = {"widgets": ",".join(names), **filters} if names else filters
    answer = await place.call("GET", "/dashboard/widgets", params=given, headers=headers or {})
    assert answer.status == 200, answer
    return answer.body["data"]


@pytest.mark.parametrize("given", FILTERS, ids=str)
async def test_own_widgets_say_what_the_key_figures_say(place, given):
    if "assetGroup" in given:
        given = {**given, "assetGroup": place.group}
    kpis = await place.get("/dashboard/kpis", **given)
    assets, opened, risk, bars = await shown(place, *OWN, **given)
    assert opened["number"] == {"value": kpis["totalVulnerabilities"], "unit": ""}
    assert (assets["number"]["value"], risk["number"]["value"]) == (kpis["totalAssets"], kpis["riskScore"])
    assert {bar["label"].lower(): bar["value"] for bar in bars["bars"]} == {
        name: kpis[name] for name in ("critical", "high", "medium", "low", "info")
    }
    assert set(opened["filters"]) == set(bars["filters"]) == set(given)
    assert set(assets["filters"]) == set(given) & {"tag", "assetGroup"}


async def test_all_that_one_may_see_or_those_that_are_named(place):
    everything = [item["name"] for item in await shown(place)]
    assert everything == [*OWN, *WIDGETS]
    chosen = ["acme.bars", OWN[2], "acme.bars", "acme.table"]
    assert [item["name"] for item in await shown(place, *chosen)] == ["acme.bars", OWN[2], "acme.table"]


async def test_each_kind_of_data(place):
    found = {
        item["kind"]: item
        for item in await shown(place, *(f"acme.{n}" for n in ("number", "series", "bars", "table")))
    }
    assert found["number"]["number"] == {"value": 7, "unit": "%"}
    assert found["series"]["series"] == [{"label": "a", "points": [{"at": "2024-05-01", "value": 1.5}]}]
    assert found["bars"]["bars"] == [{"label": "x", "value": 1}, {"label": "y", "value": 2}]
    assert found["table"]["table"] == {"columns": ["a", "b"], "rows": [["x", None]] * 100}
    assert not any("error" in item for item in found.values())


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("broken_sql", "WIDGET_FAILED"),
        ("writing", "WIDGET_FAILED"),
        ("raising", "WIDGET_FAILED"),
        ("refusing", "CONFLICT"),
        ("slow", "WIDGET_TIMEOUT"),
        ("sleeping", "WIDGET_TIMEOUT"),
        ("mistaken", "WIDGET_FAILED"),
        ("nothing", "WIDGET_FAILED"),
    ],
)
async def test_one_that_fails_says_so_and_the_others_are_shown(place, name, code):
    before, failed, after = await shown(place, OWN[0], f"acme.{name}", OWN[1])
    assert failed["error"]["code"] == code
    assert failed["error"]["message"]
    assert "inside" not in failed["error"]["message"]
    assert not set(failed) & {"number", "bars", "series", "table"}
    assert before["number"]["value"] == 5
    assert after["number"]["value"] > 0


async def test_all_together_have_a_limit_too(place, monkeypatch):
    monkeypatch.setattr(service, "_TOGETHER", 0.1)
    first, second = await shown(place, "acme.sleeping", OWN[0])
    assert (first["error"]["code"], second["error"]["code"]) == ("WIDGET_TIMEOUT", "WIDGET_TIMEOUT")


async def test_a_widget_gets_the_filters_that_it_names(place):
    (item,) = await shown(place, "acme.number", tag="web", severity="HIGH", startDate="2024-05-01")
    (filters,) = seen
    assert (item["filters"], filters.tag, filters.severity, filters.start_date) == (
        ["tag"],
        "web",
        None,
        None,
    )


@pytest.mark.parametrize("name", ["acme.unknown", "acme", "acme.secret"])
async def test_a_widget_that_is_not_yours_is_none(place, as_role, name):
    viewer = await as_role("viewer", place.tenant)
    answer = await place.call(
        "GET", "/dashboard/widgets", params={"widgets": f"{OWN[0]},{name}"}, headers=viewer
    )
    assert (answer.status, answer.body["details"]) == (
        400,
        [{"field": "widgets", "message": f"There is no widget {name} for you."}],
    )


async def test_a_viewer_sees_no_widget_whose_permission_they_lack(place, as_role):
    names = [item["name"] for item in await shown(place, headers=await as_role("viewer", place.tenant))]
    assert OWN[0] in names
    assert "acme.secret" not in names


async def test_a_module_that_the_tenant_may_not_use_shows_nothing(place, kernel):
    row = {"tenant_id": place.tenant.id, "module_id": "acme"}
    async with kernel.database.control():
        await TenantModule.create(**row)
    place.kernel.standings.forget(place.tenant.id)
    try:
        assert [item["name"] for item in await shown(place)] == OWN
    finally:
        async with kernel.database.control():
            await TenantModule.filter(**row).delete()
        place.kernel.standings.forget(place.tenant.id)


@pytest.mark.parametrize(
    "text", ["severity=BAD", "tag=", "assetGroup=x", "startDate=x", "widget=a", "page=1", "widgets="]
)
async def test_what_is_not_documented_is_refused(place, text):
    body = await place.refusal("/dashboard/widgets", **dict([text.split("=", 1)]))
    assert body["details"][0]["field"].startswith(text.split("=")[0])


def test_a_widget_names_filters_that_there_are():
    with pytest.raises(ValueError, match=r"acme\.x: a dashboard has no filter color"):
        widget("x", WidgetKind.NUMBER, raising, filters=("tag", "color"))
