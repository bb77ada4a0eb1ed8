"""What plugin authors see of something that will go."""

from dataclasses import dataclass

import pytest

from threatweaver.sdk import PluginDeprecation, deprecated

TEXT = "{} is deprecated since kernel API 1.4: use new"
old = deprecated(since="1.4", use="new")


@old
def count(left, right=1):
    """Count."""
    return left + right


@old
async def wait(seconds):
    """Wait."""
    return seconds


@old
@dataclass(frozen=True, slots=True)
class Thing:
    """A thing."""

    size: int


def test_a_function_warns_where_it_is_called_and_works_on():
    with pytest.warns(PluginDeprecation, match=TEXT.format("count")) as seen:
        assert count(1, right=2) == 3
    assert seen[0].filename == __file__
    assert (count.__doc__, count.__name__) == ("Count.", "count")


async def test_a_coroutine_function_warns_when_it_is_called():
    with pytest.warns(PluginDeprecation, match=TEXT.format("wait")):
        waiting = wait(7)
    assert await waiting == 7


def test_a_class_warns_when_one_is_made():
    with pytest.warns(PluginDeprecation, match=TEXT.format("Thing")) as seen:
        thing = Thing(size=7)
    assert seen[0].filename == __file__
    assert (thing, isinstance(thing, Thing), thing.size) == (thing, True, 7)
