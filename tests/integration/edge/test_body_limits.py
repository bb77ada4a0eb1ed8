"""Bodies that are made to hurt are refused before anything is built of them."""

import io
import time

import pytest

JSON = {"Content-Type": "application/json"}
MIB = 1 << 20


async def send(client, admin, body):
    async with client.post("/api/tags", data=body, headers={**admin, **JSON}) as answer:
        return answer.status, (await answer.json())["code"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[" * (MIB - 1), "MALFORMED_JSON"),
        (b'{"a":' * 200_000, "MALFORMED_JSON"),
        (b"[" * 500_000 + b"]" * 500_000, "VALIDATION_ERROR"),
        ((b"[" * 900 + b"]" * 900 + b",") * 500, "VALIDATION_ERROR"),
        (b'{"name":"' + b"[" * 900_000 + b'"}', "VALIDATION_ERROR"),
        (b'{"name":"' + b"\\" * 900_001, "MALFORMED_JSON"),
        (b'"' * (MIB - 1), "MALFORMED_JSON"),
        (b"[" * 40 + b'"' + b'\\"' * 500_000, "MALFORMED_JSON"),
        (b"[" * 40 + b'"' + b'\\"' * 500_000 + b"\\", "MALFORMED_JSON"),
        (b"[],[" * 250_000, "MALFORMED_JSON"),
    ],
    ids=range(10),
)
async def test_a_mebibyte_of_brackets_is_refused_at_once(client, admin, body, code):
    began = time.process_time()
    assert await send(client, admin, body) == (400, code)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(("levels", "message"), [(32, "Unknown field"), (33, "Nested too deeply")])
async def test_the_deepest_that_is_read(client, admin, levels, message):
    body = b'{"x":' * (levels - 1) + b"[]" + b"}" * (levels - 1)
    async with client.post("/api/tags", data=body, headers={**admin, **JSON}) as answer:
        assert message in str((await answer.json())["details"])


async def test_brackets_in_text_are_no_nesting(client, admin):
    name = '[{"\\' * 20
    async with client.post("/api/tags", json={"name": name}, headers=admin) as answer:
        assert (answer.status, (await answer.json())["data"]["name"]) == (201, name)


async def test_a_larger_body_is_413_with_its_length_and_without(client, admin):
    async def chunks():
        for _ in range(20):
            yield b" " * (1 << 16)

    assert await send(client, admin, io.BytesIO(b" " * (MIB + 1))) == (413, "PAYLOAD_TOO_LARGE")
    assert await send(client, admin, chunks()) == (413, "PAYLOAD_TOO_LARGE")
