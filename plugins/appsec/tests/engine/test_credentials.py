"""The password of who scans: requests that take one are told apart, and leave it as it is."""

import pytest

from threatweaver_appsec.engine.agent import Operation
from threatweaver_appsec.engine.credentials import keeping, put_alike, repeated, sets_password, signs_in
from threatweaver_appsec.engine.messages import Exchange, Request
from threatweaver_appsec.engine.plan import places
from threatweaver_appsec.engine.points import FORM, Where, points_of

OWN = "own-Pass-1"


def form(path, body, method="POST"):
    return Request(method, f"http://a.test{path}", (("Content-Type", FORM),), body.encode())


@pytest.mark.parametrize(
    ("request_", "signs", "sets"),
    [
        (form("/login", "username=a&password=b"), True, False),
        (form("/api/register", "name=a&password=b"), True, False),
        (form("/account/password", "old=x&new_password=b&again_password=b"), False, True),
        (form("/users/7", "email=a@b.test&password=b", "PUT"), False, True),
        (form("/auth/users/1/password", "password1=b&password2=b&set-password=Change"), False, True),
        (form("/search", "q=password"), False, False),
        (form("/users/7", "password=b", "DELETE"), False, False),
        (Request("GET", "http://a.test/account?password=b&password2=b"), False, True),
        (Request("GET", "http://a.test/enter?name=a&password=b"), False, False),
    ],
)
def test_what_a_request_does_with_a_password(request_, signs, sets):
    assert (signs_in(request_), sets_password(request_)) == (signs, sets)


def test_a_password_stays_what_it_is_where_it_is_known():
    change = form("/account/password", "current_password=x&new_password=y&email=a@b.test")
    assert keeping(change, OWN).body == f"current_password={OWN}&new_password={OWN}&email=a%40b.test".encode()
    assert keeping(change, "") == change
    button = form("/auth/users/1/password", "password1=y&set-password=Change&usable_password=true")
    assert keeping(button, OWN).body == f"password1={OWN}&set-password=Change&usable_password=true".encode()
    link = Request("GET", "http://a.test/account?password_new=y&password_again=y&save=1")
    assert keeping(link, OWN).url.endswith(f"?password_new={OWN}&password_again={OWN}&save=1")
    login = form("/login", "user=a&password=b")
    assert keeping(login, OWN) == login


def test_a_password_that_is_typed_twice_is_attacked_as_one():
    change = form("/account/password", "old_password=x&password=y&password_again=y&note=y")
    points = {point.name: point for point in points_of(change)}
    assert (
        put_alike(change, points["password"], "z").body
        == b"old_password=x&password=z&password_again=z&note=y"
    )
    assert put_alike(change, points["old_password"], "z").body == (
        b"old_password=z&password=y&password_again=y&note=y"
    )
    assert put_alike(change, points["note"], "z").body == b"old_password=x&password=y&password_again=y&note=z"


def test_a_password_that_is_typed_twice_is_one_place():
    change = form("/account/password", "old_password=x&password=y&password_again=y&note=y")
    assert [point.name for point in repeated(change)] == ["password_again"]
    place = Operation(change, Exchange(change, None), "form")
    attacked, _ = places([place], safe=False)
    names = {one.point.name for one in attacked if one.point.where is Where.FORM}
    assert names == {"old_password", "password", "note"}
