"""Passwords wait in a line that has an end, however many come at once."""

import asyncio

import pytest

from threatweaver.auth import passwords
from threatweaver.http.errors import ServiceUnavailable


async def test_a_flood_of_passwords_is_refused_and_not_queued_without_end(monkeypatch):
    monkeypatch.setattr(passwords, "_MOST_WAITING", 4)
    tried = [asyncio.create_task(passwords.verify(None, f"guess {n}")) for n in range(12)]
    found = await asyncio.gather(*tried, return_exceptions=True)
    assert [type(item) for item in found] == [bool] * 4 + [ServiceUnavailable] * 8
    assert await passwords.verify(None, "later") is False  # the line is free again


async def test_a_password_that_nobody_waits_for_keeps_its_place_until_it_is_done(monkeypatch):
    monkeypatch.setattr(passwords, "_MOST_WAITING", 2)
    gone = [asyncio.create_task(passwords.hash_password("long enough words")) for _ in range(2)]
    await asyncio.sleep(0)
    for task in gone:
        task.cancel()
    with pytest.raises(ServiceUnavailable):
        await passwords.verify(None, "one more")
