"""Which media type an `Accept` header prefers."""

import pytest

from threatweaver.http.renditions import prefers

CHROMIUM_IMAGE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
CHROMIUM_PAGE = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"
)


@pytest.mark.parametrize(
    ("accept", "drawn"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("image/svg+xml", True),
        ("IMAGE/SVG+XML; charset=utf-8", True),
        ("image/*", True),
        ("image/png", False),
        (CHROMIUM_IMAGE, True),
        (CHROMIUM_PAGE, False),
        ("application/json, image/svg+xml", False),
        ("application/json;q=0.5, image/svg+xml", True),
        ("image/svg+xml;q=0.5, */*", False),
        ("image/svg+xml;q=0.5, */*;q=0.1", True),
        ("image/*, image/svg+xml;q=0", False),
        ("image/svg+xml;q=0, image/*", False),
        ("image/svg+xml;q=many", False),
        ("image/svg+xml;q=nan", False),
        ("image/svg+xml;level=1;q=0.9, application/json;q=0.8", True),
        (",;q=1,,image/svg+xml,", True),
        ("image/svg+xml" * 2000, False),
    ],
)
def test_prefers(accept, drawn):
    assert prefers(accept, "image/svg+xml") is drawn
