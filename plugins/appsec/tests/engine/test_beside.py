"""What is kept with a finding: what was asked, whichever object was meant, and what lies near it."""

from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.beside import MOST_BESIDE, beside_of
from threatweaver_appsec.engine.messages import Exchange, Request

BASE = "http://shop.test"


def known(method, path, template="", *, body=b""):
    headers = (("Content-Type", "application/json"),) if body else ()
    request = Request(method, BASE + path, headers, body)
    return Operation(request, Exchange(request, None), "openapi", template=template, writes=method != "GET")


CARD = known("GET", "/api/cards/ann", "/cards/{name}")
CARDS = known("GET", "/api/cards")
PAGES = [known("GET", f"/pages/{word}") for word in "abcdefghijklmnop"]
REGISTER = known("POST", "/register", body=b'{"username": "", "password": ""}')


def test_a_place_of_a_template_is_found_by_another_object():
    asked = {f"GET {BASE}/api/cards/bob"}
    assert beside_of([CARDS, CARD], asked, set()) == (CARD,)
    assert beside_of([CARDS, CARD], {f"POST {BASE}/api/cards/bob"}, set()) == ()
    assert beside_of([CARD], {f"GET {BASE}/api/carts/bob"}, set()) == ()


def test_what_registers_comes_before_what_is_near_and_that_before_the_rest():
    before = {f"GET {BASE}{one.request.parts.path}" for one in (*PAGES, CARDS)} | {f"POST {BASE}/register"}
    found = beside_of([*PAGES, CARDS, REGISTER, CARD], {f"GET {BASE}/api/cards/ann"}, before)
    assert found[:3] == (CARD, REGISTER, CARDS)
    assert len(found) == MOST_BESIDE
