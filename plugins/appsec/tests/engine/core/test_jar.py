"""Cookies of an identity: kept as a browser does, bounded whatever a target sets."""

from threatweaver_appsec.engine.jar import MOST_COOKIES, Jar

BASE = "https://shop.a.test/app/x"


def jar_of(*lines):
    jar = Jar()
    jar.take(BASE, tuple(("set-cookie", line) for line in lines))
    return jar


def test_cookies_go_where_they_belong():
    jar = jar_of("a=1", "b=2; Path=/app", "c=3; Path=/other", "d=4; Domain=.a.test", "e=5; Domain=evil.test")
    assert jar.pairs(BASE) == {"a": "1", "b": "2", "d": "4"}
    assert jar.pairs("https://shop.a.test/apple") == {"a": "1", "d": "4"}
    assert jar.pairs("https://other.a.test/app") == {"d": "4"}
    assert jar.pairs("https://nota.test/app") == {}


def test_cookies_end():
    ended = ("a=; Max-Age=0", "a=x; Max-Age=-1", "a=; Expires=Thu, 01-Jan-1970 00:00:00 GMT", "a=; max-age=x")
    for line in ended:
        assert jar_of("a=1", line).pairs(BASE) == {}
    for line in (
        "a=2; Max-Age=999999999999999",
        "a=2; Expires=nonsense",
        "a=2; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
    ):
        assert jar_of("a=1", line).pairs(BASE) == {"a": "2"}


def test_a_longer_path_wins():
    assert jar_of("a=long; Path=/app", "a=short").pairs(BASE) == {"a": "long"}


def test_a_flood_is_bounded():
    jar = jar_of(*(f"c{number}=x" for number in range(10_000)), "big=" + "x" * 10_000, "=x", "")
    assert len(jar.pairs(BASE)) == MOST_COOKIES
