"""Saying that something of the plugin API will go."""

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

_Thing = TypeVar("_Thing", bound=Callable[..., Any])


class PluginDeprecation(DeprecationWarning):
    """A plugin uses what a later version of the kernel API will not have."""


def deprecated(*, since: str, use: str) -> Callable[[_Thing], _Thing]:
    """Mark a function or class that goes with the next major version of the API; `use` says what is better.

    Whoever calls it gets a PluginDeprecation, at most once a line as Python's filters are; tests show it, and
    `-W error::threatweaver.sdk.PluginDeprecation` makes it an error. See docs/plugin-api.md for the policy.
    """

    def mark(thing: _Thing) -> _Thing:
        text = f"{thing.__name__} is deprecated since kernel API {since}: use {use}"
        if inspect.isclass(thing):
            thing.__init__ = _warning(thing.__init__, text)  # type: ignore[method-assign]
            return thing
        marked: _Thing = _warning(thing, text)
        return marked

    return mark


def _warning(function: Any, text: str) -> Any:
    @functools.wraps(function)
    def warned(*args: Any, **options: Any) -> Any:
        warnings.warn(text, PluginDeprecation, stacklevel=2)
        return function(*args, **options)

    return warned
