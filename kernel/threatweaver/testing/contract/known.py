"""Calls of the kernel's own rare routes, and the very few that no test can make succeed."""

from collections.abc import Callable

from threatweaver.http.example import ExampleOf
from threatweaver.plugins.registry import Registry
from threatweaver.testing.contract import signing_in

EXAMPLES: dict[str, ExampleOf] = {**signing_in.EXAMPLES}

_FORTNIGHT = "needs a fortnight of history and a night; the tests of anomalies tell a month of it"
_BROWSER = "needs a browser that a provider sends back; the tests of single sign-on do it"

UNCALLABLE: dict[str, str] = {
    **signing_in.UNCALLABLE,
    "GET /auth/sso/login": _BROWSER,
    "GET /auth/sso/callback": _BROWSER,
    "POST /auth/sso/callback": _BROWSER,
    "POST /auth/sso/ldap": "needs a directory server; the tests of single sign-on start one",
    "POST /license/activate": "works once, before the first license; the tests of the license do it",
    "PUT /admin/settings/license": "needs a license signed with the vendor's key; its own tests do it",
    "POST /license/revocations": "needs a list signed with the vendor's key; the tests of the license do it",
    "POST /threat-intel/snapshots": "needs a snapshot signed with a trusted key; the tests of exposure do it",
    "GET /anomaly/{id}": _FORTNIGHT,
    "POST /anomaly/{id}/acknowledge": _FORTNIGHT,
    "POST /license/import": "needs a license signed with the vendor's key; the tests of the license do it",
}
"""Route → why no call of it succeeds here; the tests fail when one of them does."""

WITHOUT: dict[str, Callable[[Registry], bool]] = {
    "/modules/{moduleId}": lambda registry: not registry.decisions,
    "/anomaly/": lambda registry: not any(r.path == "/anomaly" for r in registry.routes),
    "/threat-intel/": lambda registry: not any(r.path == "/threat-intel/feeds" for r in registry.routes),
    "/admin/quarantine/": lambda registry: not any(r.path == "/imports" for r in registry.routes),
}
"""Beginning of paths → whether plugins are missing that bring what these routes are about."""

INSTALLATION: dict[str, str] = {
    "PUT /modules/{moduleId}": "modules are the deployment's",
    "PUT /admin/rate-limits/config": "limits are the deployment's",
    "POST /security/keys/rotate": "the ring is the deployment's",
}
"""Routes that change the whole installation: a probe of a live one leaves them alone."""

SHARED: dict[str, str] = {
    "GET /security/isolation-reports/{id}": "reports are of the installation, for every administrator",
}
"""Routes with an id that belongs to no tenant: the id of another tenant's call is as good as one's own."""
