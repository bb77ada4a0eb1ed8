"""The trial license that a first start issues to itself."""

from datetime import datetime, timedelta
from uuid import uuid4

from threatweaver_licensing.claims import ALL, Claims, Modules
from threatweaver_licensing.keys import generate_key, public_pem
from threatweaver_licensing.token import issue


def trial_claims(
    *,
    now: datetime,
    modules: Modules = ALL,
    days: int = 14,
    seats: int = 5,
    customer: str = "Trial",
) -> Claims:
    """The claims of a trial that starts now."""
    start = now.replace(microsecond=0)
    return Claims(
        jti=f"trial-{uuid4()}",
        customer=customer,
        issued_at=start,
        expires_at=start + timedelta(days=days),
        type="trial",
        modules=modules,
        seats=seats,
        deployment="dedicated",
    )


def issue_trial(now: datetime) -> tuple[str, str]:
    """A trial license and the public key (PEM) that verifies it.

    The private key is made for this one license and forgotten, so nobody can issue a second one with it.
    """
    key = generate_key()
    return issue(trial_claims(now=now), key), public_pem(key)
