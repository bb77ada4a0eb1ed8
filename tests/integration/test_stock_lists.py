"""Stock lists, over /tags and /asset-groups: search, order, pages and cursors."""

import pytest
import pytest_asyncio
from yarl import URL

from threatweaver.ids import uuid7

NAMES = [
    "alpha",
    "Beta",
    "50% off",
    "a_b",
    "axb",
    "c:\\temp",
    "ctemp",
    "Ünïcödé",
    "'; DROP TABLE x; --",
    "%%",
]


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def tags(client, admin):
    return [await create(client, admin, name) for name in NAMES]


async def create(client, headers, name):
    async with client.post("/api/tags", json={"name": name}, headers=headers) as answer:
        assert answer.status == 201, await answer.text()
        return (await answer.json())["data"]


async def fetch(client, headers, path="/api/tags", **query):
    async with client.get(path, params=query, headers=headers) as answer:
        return answer.status, await answer.json()


async def names(client, headers, **query):
    status, body = await fetch(client, headers, **query)
    assert status == 200, body
    return [row["name"] for row in body["data"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ALPHA", {"alpha"}),
        ("%", {"50% off", "%%"}),
        ("_", {"a_b"}),
        ("a_b", {"a_b"}),
        ("\\", {"c:\\temp"}),
        ("c:\\temp", {"c:\\temp"}),
        ("ünïcödé", {"Ünïcödé"}),
        ("'; DROP", {"'; DROP TABLE x; --"}),
        ("nothing like it", set()),
        ("%%%", set()),
        ("\\%", set()),
    ],
)
async def test_search_is_literal_and_ignores_case(client, admin, text, found):
    status, body = await fetch(client, admin, search=text)
    assert status == 200
    assert ({row["name"] for row in body["data"]}, body["meta"]["total"]) == (found, len(found))


async def test_orders_and_their_reverse(client, admin, tags):
    up, down = await names(client, admin, sort="name"), await names(client, admin, sort="-name")
    assert (up, sorted(up)) == (down[::-1], sorted(NAMES))
    assert await names(client, admin, sort="createdAt") == NAMES
    assert await names(client, admin) == up


async def test_pages_cover_everything_once(client, admin):
    pages = [await names(client, admin, limit=3, page=number) for number in (1, 2, 3, 4, 5)]
    assert [len(page) for page in pages] == [3, 3, 3, 1, 0]
    assert [name for page in pages for name in page] == await names(client, admin)
    _, body = await fetch(client, admin, limit=3, page=4)
    assert body["meta"] == {"total": 10, "page": 4, "limit": 3, "totalPages": 4, "nextCursor": None}


async def walk(client, headers, between, **query):
    """Follow the cursors to the end; call `between` before each next page."""
    seen, cursor = [], {}
    while True:
        status, body = await fetch(client, headers, **query, **cursor)
        assert status == 200, body
        seen += [row["id"] for row in body["data"]]
        if body["meta"]["nextCursor"] is None:
            return seen
        cursor = {"cursor": body["meta"]["nextCursor"]}
        await between()


@pytest.mark.parametrize("sort", ["name", "-name", "createdAt", "-createdAt"])
async def test_a_walk_sees_each_row_once_while_others_are_inserted(client, as_role, other_tenant, sort):
    headers = await as_role("admin", other_tenant)
    before = {(await create(client, headers, uuid7().hex[::-1]))["id"] for _ in range(12)}

    async def insert():
        for _ in range(2):
            await create(client, headers, uuid7().hex[::-1])

    calls = 0

    async def a_few_times():
        nonlocal calls
        calls += 1
        if calls < 6:
            await insert()

    seen = await walk(client, headers, a_few_times, sort=sort, limit=3)
    assert calls >= 4
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


@pytest.mark.parametrize("sort", ["createdAt", "-createdAt"])
async def test_rows_with_one_and_the_same_value_are_told_apart(client, as_role, kernel, new_tenant, sort):
    tenant = await new_tenant(kernel)
    async with kernel.database.tenant(tenant.schema) as unit:
        await unit.connection.execute(
            "INSERT INTO exposure_tag (id, name, color, created_at) "
            "SELECT gen_random_uuid(), n::text, '#000000', '2024-01-01' FROM generate_series(1, 60) n"
        )
    headers = await as_role("viewer", tenant)

    async def nothing():
        return None

    seen = await walk(client, headers, nothing, sort=sort, limit=7)
    assert (len(seen), len(set(seen))) == (60, 60)
    paged = [
        row["id"]
        for page in range(1, 10)
        for row in (await fetch(client, headers, sort=sort, limit=7, page=page))[1]["data"]
    ]
    assert paged == seen


async def test_a_cursor_belongs_to_its_order(client, admin):
    _, body = await fetch(client, admin, sort="name", limit=2)
    cursor = body["meta"]["nextCursor"]
    for query in ({"sort": "-name"}, {"sort": "createdAt"}):
        status, refused = await fetch(client, admin, cursor=cursor, limit=2, **query)
        assert (status, refused["details"][0]["field"]) == (400, "cursor")


@pytest.mark.parametrize(
    "edit",
    [
        lambda c: c[:-4] + "AAAA",
        lambda c: ("B" if c[0] == "A" else "A") + c[1:],
        lambda c: c + "A",
        str.swapcase,
    ],
)
async def test_an_edited_cursor_is_refused(client, admin, edit):
    _, body = await fetch(client, admin, sort="name", limit=2)
    status, refused = await fetch(
        client, admin, sort="name", limit=2, cursor=edit(body["meta"]["nextCursor"])
    )
    assert (status, refused["code"]) == (400, "VALIDATION_ERROR")


async def test_a_cursor_and_a_page_together_are_refused(client, admin):
    _, body = await fetch(client, admin, limit=2)
    cursor = body["meta"]["nextCursor"]
    assert (await fetch(client, admin, limit=2, cursor=cursor, page=2))[0] == 400
    assert (await fetch(client, admin, limit=2, cursor=cursor, page=1))[0] == 200


async def test_a_cursor_needs_no_escaping(client, admin):
    _, body = await fetch(client, admin, sort="name", limit=2)
    assert set(body["meta"]["nextCursor"]) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )
    assert str(URL("/").with_query(cursor=body["meta"]["nextCursor"])).count("%") == 0


async def test_the_largest_page_and_a_page_far_behind(client, admin):
    assert len(await names(client, admin, limit=500)) == len(NAMES)
    status, body = await fetch(client, admin, limit=500, page=1_000_000)
    assert (status, body["data"], body["meta"]["total"]) == (200, [], len(NAMES))
