"""Every ApiError of the product: a status with words, a stable code, one body."""

import re

import pytest

import threatweaver.auth.errors
import threatweaver.license.service  # noqa: F401 - so that their errors exist
from threatweaver.http.errors import ApiError, Forbidden, ValidationFailed


def kinds(root=ApiError):
    for kind in root.__subclasses__():
        if kind.__module__.startswith("threatweaver."):
            yield kind
            yield from kinds(kind)


@pytest.mark.parametrize("kind", sorted(set(kinds()), key=lambda item: item.__name__))
def test_a_kind_has_a_status_a_code_and_a_sentence(kind):
    assert 400 <= kind.status < 600
    assert re.fullmatch(r"[A-Z][A-Z_]+", kind.code)
    assert kind.default_message().endswith(".")
    error = kind("Said.", []) if kind is ValidationFailed else kind("Said.")
    assert error.heading


def test_the_body_has_the_seeds_members_and_those_of_rfc_9457():
    body = Forbidden(permission="a:b:c").body(instance="/api/x", request_id="r-1")
    assert body == {
        "error": "Forbidden",
        "message": "You do not have the permission this needs.",
        "code": "FORBIDDEN",
        "permission": "a:b:c",
        "type": "about:blank",
        "title": "Forbidden",
        "status": 403,
        "detail": "You do not have the permission this needs.",
        "instance": "/api/x",
        "requestId": "r-1",
    }
