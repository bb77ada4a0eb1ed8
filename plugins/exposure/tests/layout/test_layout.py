"""/dashboard/layout: one's own, of widgets that one may see, and back to the standard."""

from dataclasses import replace

import pytest
import pytest_asyncio
from aiohttp import DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from exposure_space import Space

from threatweaver import app as application
from threatweaver.modules.models import TenantModule
from threatweaver.sdk import DashboardWidget, NumberData, WidgetKind
from threatweaver.tenancy.standing import Standings

PATH = "/dashboard/layout"
SMALL = {"width": 1, "height": 1}


async def seven(_):
    return NumberData(value=7)


SECRET = DashboardWidget(
    name="acme.secret", title="Secret", kind=WidgetKind.NUMBER, permission="exposure:sla:write", produce=seven
)


class Unremembered(Standings):
    """As if three seconds went by between any two steps of a request."""

    async def of(self, tenant_id):
        self.forget(tenant_id)
        return await super().of(tenant_id)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def place(kernel, as_role, worker):
    """A tenant of an installation with a widget that managers see, and analysts do not."""
    registry = replace(
        kernel.registry,
        widgets=(*kernel.registry.widgets, SECRET),
        widget_modules={**kernel.registry.widget_modules, SECRET.name: "acme"},
    )
    more = replace(kernel, registry=registry, standings=Unremembered(kernel.database))
    async with TestClient(TestServer(application.build(more)), cookie_jar=DummyCookieJar()) as client:
        yield await Space.make(more, client, as_role)


@pytest_asyncio.fixture(loop_scope="session")
async def fresh(place):
    await place.empty()
    return place


async def put(space, *widgets, headers=None):
    return await space.call("PUT", PATH, json={"widgets": widgets}, headers=headers or {})


def names(widgets):
    return [item["name"] for item in widgets]


async def test_the_standard_layout_shows_every_widget_that_one_may_see(fresh):
    body = await fresh.get(PATH)
    shown = (await fresh.get("/dashboard/widgets"))["data"]
    assert names(body["widgets"]) == names(shown)
    assert [(item["title"], item["kind"]) for item in body["widgets"]] == [
        (item["title"], item["kind"]) for item in shown
    ]
    assert (body["standard"], body["hidden"], body["updatedAt"]) == (True, [], None)
    sizes = {item["kind"]: (item["width"], item["height"]) for item in body["widgets"]}
    assert sizes == {"number": (1, 1), "bars": (2, 2)}


async def test_what_is_chosen_is_kept_in_its_order_and_can_be_taken_back(fresh):
    standard = await fresh.get(PATH)
    chosen = [
        {"name": "exposure.severity_breakdown", "width": 4, "height": 3},
        {"name": "exposure.risk_score", **SMALL},
    ]
    answer = await put(fresh, *chosen)
    assert answer.status == 200, answer
    body = await fresh.get(PATH)
    assert body == answer.body
    assert [{name: item[name] for name in ("name", "width", "height")} for item in body["widgets"]] == chosen
    assert not body["standard"]
    assert body["updatedAt"]
    assert set(names(body["hidden"])) == set(names(standard["widgets"])) - {item["name"] for item in chosen}
    assert (await put(fresh)).body["widgets"] == []
    assert len(await fresh.sql("SELECT * FROM exposure_layout")) == 1
    for _ in range(2):
        assert (await fresh.call("DELETE", PATH)).status == 204
        assert await fresh.get(PATH) == standard


async def test_a_layout_is_ones_own(fresh, as_role):
    other = await as_role("viewer", fresh.tenant)
    assert (await put(fresh, {"name": "exposure.risk_score", **SMALL}, headers=other)).status == 200
    assert (await fresh.get(PATH))["standard"]
    theirs = await fresh.call("GET", PATH, headers=other)
    assert names(theirs.body["widgets"]) == ["exposure.risk_score"]
    assert (await fresh.call("DELETE", PATH)).status == 204
    assert (await fresh.call("GET", PATH, headers=other)).body == theirs.body


async def test_what_one_may_not_see_can_be_neither_placed_nor_found(fresh, as_role):
    other = await as_role("analyst", fresh.tenant)
    body = (await fresh.call("GET", PATH, headers=other)).body
    assert SECRET.name not in names(body["widgets"] + body["hidden"])
    for name in (SECRET.name, "acme.unknown"):
        answer = await put(
            fresh, {"name": "exposure.risk_score", **SMALL}, {"name": name, **SMALL}, headers=other
        )
        assert (answer.status, answer.body["details"]) == (
            400,
            [{"field": "widgets.1.name", "message": f"There is no widget {name} for you."}],
        )
    assert (await fresh.call("GET", PATH, headers=other)).body == body


async def test_a_widget_that_went_away_is_left_out_and_comes_back(fresh):
    await put(fresh, {"name": SECRET.name, **SMALL}, {"name": "exposure.risk_score", **SMALL})
    row = {"tenant_id": fresh.tenant.id, "module_id": "acme"}  # the tenant may not use it any more
    async with fresh.kernel.database.control():
        await TenantModule.create(**row)
    fresh.kernel.standings.forget(fresh.tenant.id)
    try:
        body = await fresh.get(PATH)
        assert names(body["widgets"]) == ["exposure.risk_score"]
        assert SECRET.name not in names(body["hidden"])
    finally:
        async with fresh.kernel.database.control():
            await TenantModule.filter(**row).delete()
        fresh.kernel.standings.forget(fresh.tenant.id)
    assert names((await fresh.get(PATH))["widgets"]) == [SECRET.name, "exposure.risk_score"]


async def test_who_wrote_in_between_is_not_overwritten(fresh):
    known = (await fresh.call("GET", PATH)).headers["ETag"]
    await put(fresh, {"name": "exposure.risk_score", **SMALL})
    late = await put(fresh, headers={"If-Match": known})
    gone = await fresh.call("DELETE", PATH, headers={"If-Match": known})
    assert (late.status, gone.status) == (412, 412)
    now = (await fresh.call("GET", PATH)).headers["ETag"]
    assert (await put(fresh, headers={"If-Match": now})).status == 200


@pytest.mark.parametrize(
    ("widget", "field"),
    [
        ({"name": "exposure.risk_score", "width": 5, "height": 1}, "widgets.0.width"),
        ({"name": "exposure.risk_score", "width": 1, "height": 0}, "widgets.0.height"),
        ({"name": "exposure.risk_score", "width": "1", "height": 1}, "widgets.0.width"),
        ({"name": "exposure.risk_score", "width": 1}, "widgets.0.height"),
        ({"name": "", "width": 1, "height": 1}, "widgets.0.name"),
        ({"name": "exposure.risk_score", "width": 1, "height": 1, "color": "red"}, "widgets.0.color"),
    ],
)
async def test_what_is_no_place_is_refused(fresh, widget, field):
    answer = await put(fresh, widget)
    assert (answer.status, answer.body["details"][0]["field"]) == (400, field)
    assert (await fresh.get(PATH))["standard"]


async def test_a_widget_stands_once_and_there_are_not_too_many(fresh):
    one = {"name": "exposure.risk_score", **SMALL}
    answer = await put(fresh, one, one)
    assert (answer.status, answer.body["details"][0]["field"]) == (400, "widgets.1.name")
    answer = await put(fresh, *({"name": f"acme.w{number}", **SMALL} for number in range(101)))
    assert (answer.status, answer.body["details"][0]["field"]) == (400, "widgets")


async def test_a_layout_is_its_tenants(fresh, outsider):
    await put(fresh, {"name": "exposure.risk_score", **SMALL})
    assert (await outsider.get(PATH))["standard"]
