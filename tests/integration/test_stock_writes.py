"""Stock create, get, update and delete, over /tags and /asset-groups."""

import asyncio

import pytest

from threatweaver.ids import uuid7


@pytest.fixture
def call(client, admin):
    async def called(method, path, body=None, headers=None):
        async with client.request(method, path, json=body, headers=headers or admin) as answer:
            text = await answer.read()
            return answer.status, (await answer.json()) if text else None

    return called


@pytest.fixture(params=["/api/tags", "/api/asset-groups"])
def path(request):
    return request.param


async def test_the_life_of_a_row(call, path):
    name = uuid7().hex
    status, body = await call("POST", path, {"name": name})
    assert (status, body["data"]["name"]) == (201, name)
    row = body["data"]
    assert await call("GET", f"{path}/{row['id']}") == (200, {"data": row})
    status, body = await call("PUT", f"{path}/{row['id']}", {"name": f"{name} 2"})
    assert (status, body["data"]) == (200, {**row, "name": f"{name} 2"})
    assert await call("GET", f"{path}/{row['id']}") == (200, body)
    assert await call("DELETE", f"{path}/{row['id']}") == (204, None)
    for method, given in (("GET", None), ("PUT", {"name": "x"}), ("DELETE", None)):
        status, body = await call(method, f"{path}/{row['id']}", given)
        assert (status, body["code"]) == (404, "NOT_FOUND")


async def test_created_times_are_rfc_3339_in_utc(call, path):
    _, body = await call("POST", path, {"name": uuid7().hex})
    assert body["data"]["createdAt"].endswith("Z")
    again = await call("GET", f"{path}/{body['data']['id']}")
    assert again == (200, body)


async def test_an_empty_change_changes_nothing(call, path):
    _, made = await call("POST", path, {"name": uuid7().hex})
    assert await call("PUT", f"{path}/{made['data']['id']}", {}) == (200, made)


async def test_a_name_that_is_taken_is_a_conflict_and_changes_nothing(call, path):
    first, second = uuid7().hex, uuid7().hex
    _, taken = await call("POST", path, {"name": first})
    _, other = await call("POST", path, {"name": second})
    status, body = await call("POST", path, {"name": first})
    assert (status, body["code"]) == (409, "CONFLICT")
    status, body = await call("PUT", f"{path}/{other['data']['id']}", {"name": first})
    assert (status, body["code"]) == (409, "CONFLICT")
    assert first not in body["message"]
    assert await call("GET", f"{path}/{other['data']['id']}") == (200, other)
    assert await call("GET", f"{path}/{taken['data']['id']}") == (200, taken)


async def test_of_ten_at_once_with_one_name_one_wins(call, path):
    name = uuid7().hex
    answers = await asyncio.gather(*(call("POST", path, {"name": name}) for _ in range(10)))
    assert sorted(status for status, _ in answers) == [201] + [409] * 9


async def test_concurrent_changes_and_deletes_end_in_200_204_or_404(call, path):
    _, made = await call("POST", path, {"name": uuid7().hex})
    row = f"{path}/{made['data']['id']}"
    changes = [call("PUT", row, {"name": uuid7().hex}) for _ in range(6)]
    answers = await asyncio.gather(*changes, call("DELETE", row), call("DELETE", row))
    statuses = [status for status, _ in answers]
    assert set(statuses) <= {200, 204, 404}
    assert statuses.count(204) == 1


async def test_the_same_name_in_two_tenants_is_fine(call, path, stranger):
    name = uuid7().hex
    assert (await call("POST", path, {"name": name}))[0] == 201
    assert (await call("POST", path, {"name": name}, headers=stranger))[0] == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": None}, "name"),
        ({"name": 7}, "name"),
        ({"name": ["x"]}, "name"),
        ({"name": "x", "id": "00000000-0000-7000-8000-000000000000"}, "id"),
        ({"name": "x", "createdAt": "2024-01-01T00:00:00Z"}, "createdAt"),
        ({"name": "x", "created_at": "2024-01-01T00:00:00Z"}, "created_at"),
    ],
)
async def test_a_field_that_is_wrong_is_named(call, path, body, field):
    status, answer = await call("POST", path, body)
    assert (status, [item["field"] for item in answer["details"]]) == (400, [field])


@pytest.mark.parametrize("color", ["red", "#12345", "#1234567", "#12345g", "#123456\n", ""])
async def test_colors(call, color):
    status, answer = await call("POST", "/api/tags", {"name": uuid7().hex, "color": color})
    assert (status, answer["details"][0]["field"]) == (400, "color")


async def test_text_comes_back_as_it_went_in(call, path):
    for text in (
        "Ünïcödé 漢字 🙂",
        "<script>alert(1)</script>",
        "a\tb\nc",
        "\u202eright to left",
        " spaces ",
    ):
        name = f"{text}{uuid7().hex}"
        status, body = await call("POST", path, {"name": name})
        assert (status, body["data"]["name"]) == (201, name)
