"""Rate limits: the seed's table, by address."""

import pytest

from threatweaver import config
from threatweaver.http.errors import TooManyRequests
from threatweaver.http.ratelimit import RateLimiter


def limiter(limit=3):
    return RateLimiter(config.load({"TW_RATE_LIMIT": str(limit)}))


def test_the_window_counts_down_and_closes():
    made = limiter()
    left = [made.take("/api/assets", "10.0.0.1").remaining for _ in range(3)]
    assert left == [2, 1, 0]
    with pytest.raises(TooManyRequests) as caught:
        made.take("/api/vulnerabilities", "10.0.0.1")
    headers = caught.value.headers
    assert headers["RateLimit-Limit"] == "3"
    assert headers["RateLimit-Remaining"] == "0"
    assert 1 <= int(headers["Retry-After"]) <= 60


def test_addresses_do_not_share_a_window():
    made = limiter(1)
    made.take("/api/assets", "10.0.0.1")
    assert made.take("/api/assets", "10.0.0.2").remaining == 0


def test_signing_in_has_a_stricter_window_of_its_own():
    made = limiter(100)
    for _ in range(10):
        made.take("/api/auth/login", "10.0.0.1")
    with pytest.raises(TooManyRequests) as caught:
        made.take("/api/auth/login", "10.0.0.1")
    assert int(caught.value.headers["Retry-After"]) > 60
    assert made.take("/api/assets", "10.0.0.1").limit == 100


@pytest.mark.parametrize("path", ["/api/dashboard/kpis", "/api/health/live", "/api-docs/swagger.json"])
def test_exempt_paths(path):
    made = limiter(1)
    assert [made.take(path, "10.0.0.1") for _ in range(3)] == [None] * 3


def test_zero_switches_limits_off():
    made = limiter(0)
    assert [made.take("/api/auth/login", "10.0.0.1") for _ in range(20)] == [None] * 20
