"""Cursors: sealed, bound to a sort order, useless when edited."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from threatweaver.http.errors import ValidationFailed
from threatweaver.ids import uuid7
from threatweaver.resource import cursor

KEY = b"k" * 32


@pytest.mark.parametrize(
    "value",
    [
        0,
        -7,
        2**53,
        "",
        'quote " and é',
        1.25,
        datetime(2024, 2, 29, 12, 0, 0, 123456, tzinfo=UTC),
        datetime(2024, 2, 29, 12, 0, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    ],
)
def test_what_is_sealed_comes_back(value):
    row = uuid7()
    text = cursor.seal(KEY, order="-name", values=["first", value], row_id=row)
    assert cursor.open_(KEY, text, order="-name", count=3) == ["first", value, row]


def test_a_cursor_of_fewer_columns_is_refused():
    text = cursor.seal(KEY, order="name", values=["a"], row_id=uuid7())
    with pytest.raises(ValidationFailed):
        cursor.open_(KEY, text, order="name", count=3)


def test_a_cursor_of_another_order_is_refused():
    text = cursor.seal(KEY, order="name", values=["a"], row_id=uuid7())
    with pytest.raises(ValidationFailed):
        cursor.open_(KEY, text, order="-name", count=2)


def test_a_cursor_of_another_deployment_is_refused():
    text = cursor.seal(b"other" * 8, order="name", values=["a"], row_id=uuid7())
    with pytest.raises(ValidationFailed):
        cursor.open_(KEY, text, order="name", count=2)


def test_every_edit_is_noticed():
    text = cursor.seal(KEY, order="name", values=["a"], row_id=uuid7())
    survivors = []
    for place in range(len(text) - 1):  # the last character may carry unused bits
        other = "A" if text[place] != "A" else "B"
        try:
            cursor.open_(KEY, text[:place] + other + text[place + 1 :], order="name", count=2)
            survivors.append(place)
        except ValidationFailed:
            continue
    assert survivors == []


@pytest.mark.parametrize("text", ["", "A", "====", "é" * 40, "A" * 500, "\x00", " ", "null", "-_-_-_-_"])
def test_garbage_is_a_validation_error(text):
    with pytest.raises(ValidationFailed) as caught:
        cursor.open_(KEY, text, order="name", count=2)
    assert caught.value.members["details"][0]["field"] == "cursor"
