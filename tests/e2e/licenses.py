"""Licenses of a vendor who lives as long as the tests."""

from datetime import UTC, datetime, timedelta

from threatweaver_licensing import ALL, Claims, generate_key, issue, public_pem

KEY = generate_key()
EXPOSURE = "vulnerability_dashboard"
_issued = iter(range(1_000_000))


def license_of(*modules, lasts=timedelta(days=90), key=KEY, **changes):
    """Return a license; each is issued a second after the one before."""
    now = datetime.now(UTC).replace(microsecond=0)
    issued = now - timedelta(days=30) + timedelta(seconds=next(_issued))
    claims = {
        "jti": f"e2e-{issued:%H%M%S}",
        "customer": "Acme",
        "issued_at": issued,
        "expires_at": now + lasts,
        "type": "standard",
        "modules": frozenset(modules) or ALL,
        "seats": 200,
    }
    return issue(Claims(**(claims | changes)), key)


def write_keys(folder):
    """Write the vendor's public key; return the file for TW_LICENSE_KEYS."""
    path = folder / "keys.pem"
    path.write_text(public_pem(KEY))
    return path


def put_in_force(product, token):
    """Import a license; return what the answer says of it."""
    answer = product.request("POST", "/api/license/import", json={"license": token})
    assert answer.status_code == 200, answer.text
    return answer.json()
