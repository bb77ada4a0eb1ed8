"""threatweaver.sdk is a promise: reviewed line by line, described, and changed only with a fragment."""

import ast
import inspect

import pytest
import reviewed
import surface
from reviewed import Accounts, compare

from threatweaver import hookspecs, sdk


def test_a_changed_surface_has_a_new_fragment():
    accounts, text = Accounts.read(), surface.text()
    if reviewed.UPDATING:
        accounts = accounts.updated(text)
    compare("sdk.txt", text)
    assert accounts.wrong(text) is None


def test_every_public_name_says_what_it_is():
    assert [name for name in sdk.__all__ if not said(surface.description(name))] == []
    silent = [
        f"{name}.{method}" for name in sdk.__all__ for method, text in surface.methods(name) if not said(text)
    ]
    assert silent == []


def said(text):
    return text and len(text.split()) >= 2 and text.strip().split("\n")[0][-1] in ".:,"


def test_every_hook_says_what_it_takes():
    assert [name for name, node in surface.hooks() if not said(ast.get_docstring(node))] == []
    assert len(surface.hooks()) >= 16


def test_the_facade_is_a_list_and_nothing_else():
    body = ast.parse(inspect.getsource(sdk)).body[1:]
    imported = [
        item.asname or item.name for node in body if isinstance(node, ast.ImportFrom) for item in node.names
    ]
    assert sorted(imported) == sorted(sdk.__all__)
    assert [type(node).__name__ for node in body if not isinstance(node, ast.ImportFrom)] == ["Assign"]


def test_what_hooks_return_can_be_made_of_public_names():
    returned = {
        name
        for _, node in surface.hooks()
        for name in ast.unparse(node.returns)
        .strip("'\"")
        .removeprefix("Sequence[")
        .removesuffix("]")
        .split(", ")
    }
    assert returned - {"str", "type"} <= set(sdk.__all__)
    assert hookspecs.hookimpl is sdk.hookimpl


class TestAccounts:
    """The mechanism itself: what `make snapshots` lets pass, and what the tests refuse."""

    KNOWN = Accounts.of("one\n", ["a.added.md"])

    def test_nothing_changed(self):
        assert self.KNOWN.wrong("one\n", ["a.added.md"]) is None
        assert self.KNOWN.updated("one\n", ["a.added.md"]) == self.KNOWN

    def test_a_change_without_a_fragment_is_refused_by_the_tests_and_by_the_update(self):
        assert "make snapshots" in self.KNOWN.wrong("two\n", ["a.added.md"])
        with pytest.raises(AssertionError, match="docs/changes/plugin-api"):
            self.KNOWN.updated("two\n", ["a.added.md"])

    def test_a_fragment_of_something_else_does_not_stand_for_it_later(self):
        """Each fragment is accounted for as soon as it is there, so none is left over for a later change."""
        assert "make snapshots" in self.KNOWN.wrong("one\n", ["a.added.md", "b.added.md"])
        then = self.KNOWN.updated("one\n", ["a.added.md", "b.added.md"])
        with pytest.raises(AssertionError):
            then.updated("two\n", ["a.added.md", "b.added.md"])

    def test_a_change_with_a_fragment(self):
        then = self.KNOWN.updated("two\n", ["a.added.md", "b.changed.md"])
        assert then.wrong("two\n", ["a.added.md", "b.changed.md"]) is None

    def test_a_release_takes_the_fragments_away_and_starts_anew(self):
        then = self.KNOWN.updated("one\n", [])
        assert then.wrong("one\n", []) is None
        with pytest.raises(AssertionError):
            then.updated("two\n", [])
