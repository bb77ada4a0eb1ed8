"""The manager's API over both databases: customers, licenses, renewals, revocations, keys, audit."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from threatweaver_licensing import (
    KeyRing,
    LicenseRevoked,
    PluginConstraint,
    check_import,
    evaluate,
    verify,
    verify_list,
)

FULL = {
    "reference": "PO-4711",
    "type": "enterprise",
    "modules": ["appsec", "exposure"],
    "seats": 25,
    "tenants": {"max": 3, "names": ["acme", "globex"]},
    "plugins": [{"name": "threatweaver-exposure", "versions": ">=1.2,<2", "sha256": "ab" * 32}],
    "deployment": "saas",
    "limits": {"assets": 1000},
    "graceDays": 14,
    "fingerprint": "tw1-0123",
    "expires": "2040-01-01",
    "notBefore": "2030-06-01T12:00:00+02:00",
}


def ring(manager):
    return KeyRing.from_pem(manager.text("/api/keys/file"))


def claims_of(manager, jti):
    return verify(manager.text(f"/api/licenses/{jti}/file").strip(), ring(manager))


class TestIssue:
    def test_everything_said_is_in_the_license(self, manager):
        made = manager.issue("Everything Ltd", **FULL)
        claims = claims_of(manager, made["jti"])
        assert (claims.customer, claims.type, claims.seats) == ("Everything Ltd", "enterprise", 25)
        assert (claims.modules, claims.deployment) == ({"appsec", "exposure"}, "saas")
        assert (claims.tenants_max, claims.tenant_names) == (3, ("acme", "globex"))
        assert claims.plugins == (
            PluginConstraint(name="threatweaver-exposure", versions=">=1.2,<2", sha256="ab" * 32),
        )
        assert (claims.limits.assets, claims.limits.sensors, claims.grace_days) == (1000, None, 14)
        assert claims.fingerprint == "tw1-0123"
        assert claims.expires_at == datetime(2040, 1, 1, tzinfo=UTC)
        assert claims.not_before == datetime(2030, 6, 1, 10, tzinfo=UTC)
        assert (made["state"], made["reason"], made["expiresAt"]) == (
            "LOCKED",
            "not yet valid",
            "2040-01-01T00:00:00Z",
        )
        assert (made["reference"], made["issuedBy"]) == ("PO-4711", "everything")

    def test_defaults(self, manager):
        made = manager.issue("Defaults Ltd")
        claims = claims_of(manager, made["jti"])
        assert (claims.type, claims.deployment, claims.grace_days) == ("standard", "dedicated", 7)
        assert claims.expires_at - claims.issued_at == timedelta(days=30)
        assert abs(datetime.now(UTC) - claims.issued_at) < timedelta(minutes=1)
        assert made["state"] == "ACTIVE"

    def test_a_customer_must_be_known(self, manager):
        body = {"customer": "Mistyped Ltd", "modules": "*", "seats": 5, "days": 30}
        status, answer = manager.call("POST", "/api/licenses", body)
        assert (status, answer["code"]) == (422, "UNKNOWN_CUSTOMER")

    def test_a_reference_is_used_once(self, manager):
        made = manager.issue("Referred Ltd", reference="PO-1")
        again = {"customer": "Referred Ltd", "modules": "*", "seats": 5, "days": 30, "reference": "PO-1"}
        status, answer = manager.call("POST", "/api/licenses", again)
        assert (status, answer["code"], answer["jti"]) == (409, "REFERENCE_USED", made["jti"])

    def test_a_license_too_large_for_a_deployment_is_not_issued(self, manager):
        modules = [f"module_{number:050}" for number in range(300)]
        manager.issue("Large Ltd")
        body = {"customer": "Large Ltd", "modules": modules, "seats": 5, "days": 30}
        status, answer = manager.call("POST", "/api/licenses", body)
        assert (status, answer["code"]) == (422, "TOO_LARGE")

    def test_where_it_is(self, manager):
        body = {"customer": "Defaults Ltd", "modules": "*", "seats": 5, "days": 30}
        headers = {"Authorization": f"Bearer {manager.token}"}
        answer = requests.post(f"{manager.url}/api/licenses", json=body, headers=headers, timeout=30)
        found = requests.get(manager.url + answer.headers["Location"], headers=headers, timeout=30)
        assert found.json()["data"]["jti"] == answer.json()["data"]["jti"]


class TestRenew:
    def test_a_line_of_renewals(self, manager):
        first = manager.issue("Loyal Ltd", **FULL | {"reference": "L-1", "notBefore": None})
        status, answer = manager.call(
            "POST", f"/api/licenses/{first['jti']}/renew", {"days": 365, "seats": 50, "reference": "L-2"}
        )
        second = answer["data"]
        assert (status, second["renews"], second["seats"]) == (201, first["jti"], 50)
        assert second["expiresAt"] == "2040-12-31T00:00:00Z"
        third = manager.call("POST", f"/api/licenses/{second['jti']}/renew", {"expires": "2044-01-01"})[1][
            "data"
        ]
        line = [first["jti"], second["jti"], third["jti"]]
        for jti in line:
            shown = manager.call("GET", f"/api/licenses/{jti}")[1]["data"]
            assert [item["jti"] for item in shown["history"]] == line
            assert shown["claims"]["jti"] == jti
        assert manager.call("GET", f"/api/licenses/{first['jti']}")[1]["data"]["renewedBy"] == second["jti"]

    def test_it_says_the_same_for_longer_and_is_taken(self, manager):
        first = manager.issue("Same Ltd", **FULL | {"reference": None, "notBefore": None})
        second = manager.call("POST", f"/api/licenses/{first['jti']}/renew", {"days": 1})[1]["data"]
        before, after = claims_of(manager, first["jti"]), claims_of(manager, second["jti"])
        changed = {"jti", "iat", "exp"}
        said = [
            {name: part for name, part in claims.to_payload().items() if name not in changed}
            for claims in (before, after)
        ]
        assert said[0] == said[1]
        check_import(after, before, now=datetime.now(UTC), fingerprint="tw1-0123", deployment="saas")

    def test_what_is_null_goes(self, manager):
        first = manager.issue("Moving Ltd", fingerprint="tw1-0123", plugins=FULL["plugins"])
        body = {"days": 1, "fingerprint": None, "plugins": []}
        second = manager.call("POST", f"/api/licenses/{first['jti']}/renew", body)[1]["data"]
        after = claims_of(manager, second["jti"])
        assert (after.fingerprint, after.plugins) == (None, ())

    def test_only_the_last_one_is_renewed(self, manager):
        first = manager.issue("Twice Ltd")
        second = manager.call("POST", f"/api/licenses/{first['jti']}/renew", {"days": 1})[1]["data"]
        status, answer = manager.call("POST", f"/api/licenses/{first['jti']}/renew", {"days": 1})
        assert (status, answer["code"], answer["renewedBy"]) == (409, "ALREADY_RENEWED", second["jti"])

    def test_a_revoked_license_is_not_renewed(self, manager):
        made = manager.issue("Gone Ltd")
        manager.call("POST", f"/api/licenses/{made['jti']}/revoke", {"reason": "x"})
        status, answer = manager.call("POST", f"/api/licenses/{made['jti']}/renew", {"days": 1})
        assert (status, answer["code"]) == (409, "ALREADY_REVOKED")


class TestRevoke:
    def test_it_is_on_the_next_list(self, manager):
        made = manager.issue("Leaky Ltd")
        before = manager.call("GET", "/api/revocations")[1]["data"]
        status, answer = manager.call("POST", f"/api/licenses/{made['jti']}/revoke", {"reason": "Key leaked"})
        assert (status, answer["data"]["state"], answer["data"]["listSeq"]) == (
            200,
            "REVOKED",
            before["seq"] + 1,
        )
        assert (answer["data"]["revokedReason"], answer["data"]["revokedAt"][-1]) == ("Key leaked", "Z")
        listed = verify_list(manager.text("/api/revocations/file").strip(), ring(manager))
        assert (listed.seq, len(listed.entries)) == (before["seq"] + 1, len(before["entries"]) + 1)
        claims = claims_of(manager, made["jti"])
        assert evaluate(claims, now=datetime.now(UTC), revoked=listed.revoked).state == "REVOKED"
        shown = manager.call("GET", "/api/revocations")[1]["data"]
        assert made["jti"] in [entry["jti"] for entry in shown["entries"]]

    def test_twice(self, manager):
        made = manager.issue("Doubly Ltd")
        path = f"/api/licenses/{made['jti']}/revoke"
        manager.call("POST", path, {"reason": "x"})
        seq = manager.call("GET", "/api/revocations")[1]["data"]["seq"]
        status, answer = manager.call("POST", path, {"reason": "x"})
        assert (status, answer["code"]) == (409, "ALREADY_REVOKED")
        assert manager.call("GET", "/api/revocations")[1]["data"]["seq"] == seq

    def test_a_replacement_is_taken_where_the_revoked_one_was(self, manager):
        made = manager.issue("Replaced Ltd")
        old = claims_of(manager, made["jti"])
        manager.call("POST", f"/api/licenses/{made['jti']}/revoke", {"reason": "x"})
        revoked = verify_list(manager.text("/api/revocations/file").strip(), ring(manager)).revoked
        new = claims_of(manager, manager.issue("Replaced Ltd")["jti"])
        check_import(new, old, now=datetime.now(UTC), revoked=revoked)
        with pytest.raises(LicenseRevoked):
            check_import(old, new, now=datetime.now(UTC), revoked=revoked)


@pytest.fixture(scope="module")
def searched(manager):
    for number in range(7):
        manager.issue("Searched Ltd", type="oem", reference=f"S-{number}", expires=f"204{number}-01-01")


@pytest.mark.usefixtures("searched")
class TestFind:
    def find(self, manager, query):
        status, answer = manager.call("GET", f"/api/licenses?{query}")
        assert status == 200, answer
        return answer

    def test_pages(self, manager):
        pages = [self.find(manager, f"customer=Searched%20Ltd&limit=3&page={page}") for page in (1, 2, 3, 4)]
        assert [len(page["data"]) for page in pages] == [3, 3, 1, 0]
        assert len({row["jti"] for page in pages for row in page["data"]}) == 7
        assert pages[0]["meta"] == {"page": 1, "limit": 3, "total": 7, "totalPages": 3}

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("type=oem", 7),
            ("type=trial", 0),
            ("customer=searched%20ltd", 0),
            ("search=searched", 7),
            ("search=S-3", 1),
            ("search=%25", 0),
            ("search=_", 0),
            ("search='", 0),
            ("type=oem&expiresBefore=2043-01-01", 3),
            ("type=oem&state=ACTIVE", 7),
            ("type=oem&state=GRACE", 0),
            ("type=oem&state=REVOKED", 0),
        ],
    )
    def test_filters(self, manager, query, count):
        found = self.find(manager, query)
        assert (found["meta"]["total"], len(found["data"])) == (count, count)

    def test_by_id(self, manager):
        made = manager.issue("Found Ltd")
        assert [row["jti"] for row in self.find(manager, f"search={made['jti']}")["data"]] == [made["jti"]]

    def test_customers(self, manager):
        status, answer = manager.call("GET", "/api/customers?search=SEARCHED")
        assert (status, [row["name"] for row in answer["data"]]) == (200, ["Searched Ltd"])
        status, answer = manager.call("POST", "/api/customers", {"name": "Searched Ltd"})
        assert (status, answer["code"]) == (409, "CUSTOMER_EXISTS")
        made = manager.call("POST", "/api/customers", {"name": "Ünïcode GmbH", "contact": "a@b.example"})[1][
            "data"
        ]
        assert (made["name"], made["contact"]) == ("Ünïcode GmbH", "a@b.example")
        everybody = manager.call("GET", "/api/customers?limit=1")[1]
        assert (len(everybody["data"]), everybody["meta"]["total"] > 1) == (1, True)


@pytest.mark.parametrize("jti", ["nowhere", "a%20b", "%27", "x" * 200, "%00", "..%2F.."])
@pytest.mark.parametrize(
    ("method", "rest"), [("GET", ""), ("GET", "/file"), ("POST", "/renew"), ("POST", "/revoke")]
)
def test_no_such_license(manager, jti, method, rest):
    bodies = {"/renew": {"days": 1}, "/revoke": {"reason": "x"}}
    status, answer = manager.call(method, f"/api/licenses/{jti}{rest}", bodies.get(rest))
    assert (status, answer["code"]) == (404, "NOT_FOUND")


def test_a_file_that_can_be_saved(manager):
    made = manager.issue('"Quoted" / Ltd', expires="2040-01-01")
    headers = {"Authorization": f"Bearer {manager.token}"}
    answer = requests.get(f"{manager.url}/api/licenses/{made['jti']}/file", headers=headers, timeout=30)
    name = 'attachment; filename="quoted-ltd-2040-01-01.license"'
    assert answer.headers["Content-Disposition"] == name
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_keys(manager):
    (key,) = manager.call("GET", "/api/keys")[1]["data"]
    assert (key["algorithm"], key["retiredAt"]) == ("EdDSA", None)
    assert key["neededUntil"] >= "2040-01-01T00:00:00Z"
    assert [item.kid for item in ring(manager)] == [key["kid"]]
    assert "PRIVATE" not in str(key)


def test_health(manager):
    answer = requests.get(f"{manager.url}/health", timeout=30)
    (key,) = manager.call("GET", "/api/keys")[1]["data"]
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "kid": key["kid"]})


def test_writers_take_turns(manager):
    manager.issue("Busy Ltd")
    ids = [manager.issue("Busy Ltd")["jti"] for _ in range(8)]
    before = manager.call("GET", "/api/revocations")[1]["data"]["seq"]

    def work(jti):
        return manager.call("POST", f"/api/licenses/{jti}/revoke", {"reason": "x"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(work, ids * 2))
    assert sorted(status for status, _ in answers) == [200] * 8 + [409] * 8
    numbers = sorted(body["data"]["listSeq"] for status, body in answers if status == 200)
    assert numbers == list(range(before + 1, before + 9))
    listed = verify_list(manager.text("/api/revocations/file").strip(), ring(manager))
    assert listed.seq == before + 8
    assert listed.revoked.keys() >= set(ids)
    assert manager.command("verify-audit")[0] == 0
